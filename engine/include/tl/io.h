/* engine/include/tl/io.h -- the disk, as a table of functions.
 *
 * Every byte that the engine reads from or writes to a disk passes through one of these
 * functions, so a recorder, a simulated disk or a failing disk can stand in for the real one.
 * A backend embeds `tl_io` as its first member and defines `tl_file` as it likes.
 *
 * Threads   size, pread, read_verified, pwritev, fdatasync and fallocate may be called by many
 *           threads at once; writes of one file at a time never overlap.  All others are called by
 *           one thread at a time, perhaps beside those.
 * Failure   on any status but TL_OK, out-parameters are left untouched.  A failed write may have
 *           changed any part of its range; nothing else.
 */
#ifndef TL_IO_H
#define TL_IO_H

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tl_file tl_file; /* an open file: the body belongs to the backend */
typedef struct tl_io tl_io;

typedef struct tl_io_span { /* one piece of a gathered write */
    const void *data;
    size_t size_bytes;
} tl_io_span;

/* Tell whether `size_bytes` at `bytes` are what was once written whole.  Pure: it reads only the
 * bytes and `context`, so a simulated disk may call it on several candidate contents. */
typedef bool (*tl_io_verify_fn)(void *context, const void *bytes, size_t size_bytes);

enum {
    TL_IO_WRITE = 1,       /* open for writing too; without it, read-only */
    TL_IO_LOCK = 4,        /* hold the file itself, alone (with TL_IO_WRITE) or among readers:
                              TL_BUSY when someone else does, under whatever name */
    TL_IO_CREATE = 2,      /* create the file, empty, when it is absent */
    TL_IO_SPANS_MAX = 512, /* most spans in one pwritev */
};

struct tl_io {
    /* Open the file at `path`.  TL_NOT_FOUND when it is absent and TL_IO_CREATE is not given. */
    tl_status (*open)(tl_io *io, const char *path, unsigned flags, tl_file **file);
    void (*close)(tl_io *io, tl_file *file); /* makes nothing durable; releases a lock */
    tl_status (*size)(tl_io *io, tl_file *file, uint64_t *size_bytes);

    /* Read up to `size_bytes` at `offset`; *got is less only where the file ends. */
    tl_status (*pread)(tl_io *io, tl_file *file, uint64_t offset, void *buffer, size_t size_bytes,
                       size_t *got);
    /* Read exactly `size_bytes` that carry their own checksum.  TL_CORRUPT when the file is too
     * short or `verify` refuses them; the buffer's content is then unspecified.  Every read of
     * checksummed bytes uses this, so that a simulated disk can branch on the verdict. */
    tl_status (*read_verified)(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                               size_t size_bytes, tl_io_verify_fn verify, void *context);
    /* Write all spans, one after the other, at `offset`; the file grows when needed. */
    tl_status (*pwritev)(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                         size_t span_count);
    tl_status (*fdatasync)(tl_io *io, tl_file *file);   /* data and size of this file are durable */
    tl_status (*fsync_dir)(tl_io *io, const char *dir); /* names in this directory are durable */
    tl_status (*truncate)(tl_io *io, tl_file *file, uint64_t size_bytes);
    /* Reserve real blocks for [offset, offset+bytes); new bytes read as zero, the size grows. */
    tl_status (*fallocate)(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes);
    tl_status (*rename)(tl_io *io, const char *from, const char *to); /* replaces `to` */
    tl_status (*unlink)(tl_io *io, const char *path);
    /* Take the lock named `path` without waiting, shared or exclusive; a holder anywhere, also in
     * this process, makes it TL_BUSY with *holder_pid set (0 when unknown).  Taking it exclusively
     * creates the file; taking it shared when it is absent is TL_NOT_FOUND.  close releases it. */
    tl_status (*lock)(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                      uint64_t *holder_pid);
    /* As pread, of a range that is looked at in units of `unit_bytes`, each by itself: one that
     * `wanted` refuses may come back as any other bytes that it refuses.  The caller asks `wanted`
     * again.  For a simulated disk, which then decides about the answer instead of the bytes; NULL
     * where pread will do. */
    tl_status (*read_units)(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                            size_t size_bytes, size_t unit_bytes, tl_io_verify_fn wanted,
                            void *context, size_t *got);
    /* For a simulated disk that shows the same bytes many thousand times; all four NULL elsewhere.
     * Keep what the caller found out about some bytes: those in this range of the file, or, without
     * a file, those at `bytes`.  Facts hold wherever equal bytes lie: they depend on nothing else.
     */
    void (*remember)(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                     size_t size_bytes, const void *facts, size_t facts_bytes);
    /* True: *facts are what was remembered of bytes equal to these. */
    bool (*recall)(tl_io *io, tl_file *file, uint64_t offset, const void *bytes, size_t size_bytes,
                   void *facts, size_t facts_bytes);
    /* A number for what this range of the file holds: never the same for other bytes in a range of
     * the same size.  0: it has none. */
    uint64_t (*identify)(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes);
    /* The caller does not read this range, because of what it recalled: this counts as a
     * read_verified that was accepted.  False: it has to read. */
    bool (*pass_over)(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes);
};

/* The real disk.  One static instance without state, shared by all; never released. */
tl_io *tl_io_posix(void);

#ifdef __cplusplus
}
#endif
#endif
