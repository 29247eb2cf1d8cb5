/* engine/platform/io_posix.c -- the real disk: plain system calls behind tl/io.h.
 *
 * Interrupted calls are repeated and short transfers continued here, so callers see whole
 * operations.  A failed fdatasync is reported once and never repeated: after it the kernel may have
 * dropped the bytes and a second call would succeed without them.
 */
#define _GNU_SOURCE /* fallocate */
#include "engine/base/mutant.h"
#include "tl/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct tl_file {
    int descriptor;
};

static tl_status status_of(int error)
{
    static const struct {
        int error;
        tl_status status;
    } rows[] = {
        {ENOSPC,       TL_NO_SPACE },
        {EDQUOT,       TL_NO_SPACE },
        {EFBIG,        TL_NO_SPACE },
        {ENOMEM,       TL_NO_MEMORY},
        {EACCES,       TL_ACCESS   },
        {EPERM,        TL_ACCESS   },
        {EROFS,        TL_ACCESS   },
        {ENOENT,       TL_NOT_FOUND},
        {ENOTDIR,      TL_NOT_FOUND},
        {ENAMETOOLONG, TL_INVALID  },
        {EISDIR,       TL_NOT_OURS },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].error == error)
            return rows[i].status;
    return TL_IO;
}

static tl_status file_create(int descriptor, tl_file **file)
{
    if (descriptor < 0)
        return status_of(errno);
    tl_file *made = malloc(sizeof *made);
    if (made == NULL) {
        close(descriptor);
        return TL_NO_MEMORY;
    }
    made->descriptor = descriptor;
    *file = made;
    return TL_OK;
}

static tl_status hold(int descriptor, bool alone)
{
    while (flock(descriptor, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
        if (errno != EINTR)
            return errno == EWOULDBLOCK ? TL_BUSY : status_of(errno);
    return TL_OK;
}

/* On network and FUSE file systems even this waits, and may be interrupted. */
static int open_patiently(const char *path, int how)
{
    int descriptor;
    do
        descriptor = open(path, how, 0644);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

static tl_status posix_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    (void)io;
    /* O_NONBLOCK: a pipe of that name must not make the caller wait; regular files ignore it. */
    int how = O_CLOEXEC | O_NONBLOCK | ((flags & TL_IO_WRITE) != 0 ? O_RDWR : O_RDONLY) |
              ((flags & TL_IO_CREATE) != 0 ? O_CREAT : 0);
    int descriptor = open_patiently(path, how);
    struct stat about;
    if (descriptor < 0)
        return status_of(errno);
    tl_status status = fstat(descriptor, &about) != 0 ? status_of(errno)
                       : S_ISREG(about.st_mode)       ? TL_OK
                                                      : TL_NOT_OURS;
    if (status == TL_OK && (flags & TL_IO_LOCK) != 0)
        status = hold(descriptor, (flags & TL_IO_WRITE) != 0);
    if (status != TL_OK) {
        close(descriptor);
        return status;
    }
    return file_create(descriptor, file);
}

static void posix_close(tl_io *io, tl_file *file)
{
    (void)io;
    if (file == NULL)
        return;
    close(file->descriptor);
    free(file);
}

static tl_status posix_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    (void)io;
    struct stat about;
    if (fstat(file->descriptor, &about) != 0)
        return status_of(errno);
    *size_bytes = (uint64_t)about.st_size;
    return TL_OK;
}

static tl_status posix_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                             size_t size_bytes, size_t *got)
{
    (void)io;
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t step = pread(file->descriptor, (char *)buffer + done, size_bytes - done,
                             (off_t)(offset + done));
        if (step < 0 && errno == EINTR)
            continue;
        if (step < 0)
            return status_of(errno);
        if (step == 0)
            break;
        done += (size_t)step;
    }
    *got = done;
    return TL_OK;
}

static tl_status posix_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                     size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    size_t got = 0;
    tl_status status = posix_pread(io, file, offset, buffer, size_bytes, &got);
    if (status != TL_OK)
        return status;
    return got == size_bytes && verify(context, buffer, size_bytes) ? TL_OK : TL_CORRUPT;
}

/* Drop `done` bytes from the front of the spans; return how many spans are then empty. */
static size_t spans_advance(struct iovec *spans, size_t span_count, size_t done)
{
    size_t first = 0;
    while (first < span_count && done >= spans[first].iov_len)
        done -= spans[first++].iov_len;
    if (first < span_count) {
        spans[first].iov_base = (char *)spans[first].iov_base + done;
        spans[first].iov_len -= done;
    }
    return first;
}

static tl_status posix_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                               size_t span_count)
{
    (void)io;
    struct iovec vectors[TL_IO_SPANS_MAX];
    if (span_count > TL_IO_SPANS_MAX)
        return TL_INVALID;
    uint64_t left = 0;
    for (size_t i = 0; i < span_count; i++) {
        vectors[i] = (struct iovec){(void *)(uintptr_t)spans[i].data, spans[i].size_bytes};
        left += spans[i].size_bytes;
    }
    struct iovec *rest = vectors;
    while (left > 0) {
        ssize_t step = pwritev(file->descriptor, rest, (int)span_count, (off_t)offset);
        if (step < 0 && errno == EINTR) {
            if (TL_MUTANT(eintr_is_success))
                return TL_OK;
            continue;
        }
        if (step <= 0) /* 0: it would be repeated for ever */
            return step < 0 ? status_of(errno) : TL_IO;
        left -= (uint64_t)step;
        if (left == 0 || TL_MUTANT(ignore_short_write))
            break;
        offset += (uint64_t)step;
        size_t skipped = spans_advance(rest, span_count, (size_t)step);
        rest += skipped;
        span_count -= skipped;
    }
    return TL_OK;
}

static tl_status posix_fdatasync(tl_io *io, tl_file *file)
{
    (void)io;
    return fdatasync(file->descriptor) == 0 ? TL_OK : TL_IO;
}

static tl_status posix_fsync_dir(tl_io *io, const char *dir)
{
    (void)io;
    int descriptor = open_patiently(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return status_of(errno);
    tl_status status = fsync(descriptor) == 0 ? TL_OK : TL_IO;
    close(descriptor);
    return status;
}

static tl_status posix_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    (void)io;
    while (ftruncate(file->descriptor, (off_t)size_bytes) != 0)
        if (errno != EINTR)
            return status_of(errno);
    return TL_OK;
}

/* File systems without fallocate get zeros written: the blocks must be real either way. */
static tl_status write_zeros(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    static const char zeros[65536];
    while (size_bytes != 0) {
        size_t step = size_bytes < sizeof zeros ? (size_t)size_bytes : sizeof zeros;
        tl_status status = posix_pwritev(io, file, offset, &(tl_io_span){zeros, step}, 1);
        if (status != TL_OK)
            return status;
        offset += step;
        size_bytes -= step;
    }
    return TL_OK;
}

static tl_status posix_fallocate_(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    for (;;) {
        if (fallocate(file->descriptor, 0, (off_t)offset, (off_t)size_bytes) == 0)
            return TL_OK;
        if (errno == EOPNOTSUPP || errno == ENOSYS)
            break;
        if (errno != EINTR)
            return status_of(errno);
    }
    uint64_t size = 0;
    tl_status status = posix_size(io, file, &size);
    if (status != TL_OK || offset + size_bytes <= size)
        return status;
    return write_zeros(io, file, size, offset + size_bytes - size);
}

static tl_status posix_rename(tl_io *io, const char *from, const char *to)
{
    (void)io;
    return rename(from, to) == 0 ? TL_OK : status_of(errno);
}

static tl_status posix_unlink(tl_io *io, const char *path)
{
    (void)io;
    return unlink(path) == 0 ? TL_OK : status_of(errno);
}

/* The exclusive holder leaves its process id in the lock file, for the message of the next one. */
static uint64_t holder_read(int descriptor)
{
    char text[32] = {0};
    ssize_t got = pread(descriptor, text, sizeof text - 1, 0);
    return got > 0 ? strtoull(text, NULL, 10) : 0;
}

static void holder_write(int descriptor)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%-20ld\n", (long)getpid());
    if (pwrite(descriptor, text, (size_t)length, 0) != length)
        return; /* a convenience: the lock itself is the flock */
}

static tl_status posix_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                            uint64_t *holder_pid)
{
    (void)io;
    int descriptor = open_patiently(path, O_CLOEXEC | (exclusive ? O_RDWR | O_CREAT : O_RDONLY));
    if (descriptor < 0)
        return status_of(errno);
    tl_status status = hold(descriptor, exclusive);
    if (status == TL_BUSY)
        *holder_pid = holder_read(descriptor);
    if (status != TL_OK) {
        close(descriptor);
        return status;
    }
    if (exclusive)
        holder_write(descriptor);
    return file_create(descriptor, lock);
}

tl_io *tl_io_posix(void)
{
    static tl_io io = {
        posix_open,
        posix_close,
        posix_size,
        posix_pread,
        posix_read_verified,
        posix_pwritev,
        posix_fdatasync,
        posix_fsync_dir,
        posix_truncate,
        posix_fallocate_,
        posix_rename,
        posix_unlink,
        posix_lock,
        NULL, /* read_units: pread does */
        NULL,
        NULL,
        NULL,
        NULL, /* nothing is remembered */
    };
    return &io;
}
