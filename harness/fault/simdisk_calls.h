/* harness/fault/simdisk_calls.h -- what the functions of a simulated disk's vtable have in common.
 *
 * Each has the same shape: enter, act on the image, append to the log, leave.
 */
#ifndef TL_HARNESS_SIMDISK_CALLS_H
#define TL_HARNESS_SIMDISK_CALLS_H

#include "harness/fault/simdisk_body.h"

static inline tl_simdisk *tl_simdisk_of(tl_io *io)
{
    return (tl_simdisk *)io;
}

/* Lock, count, and tell whether a planned fault fires.  Pair with leave on every path. */
TL_MUST_USE tl_status tl_simdisk_enter(tl_simdisk *disk, tl_simdisk_call call);
tl_status tl_simdisk_leave(tl_simdisk *disk, tl_status status); /* returns `status` */
/* Apply `op` to the image and append it to the log: both or neither. */
TL_MUST_USE tl_status tl_simdisk_perform(tl_simdisk *disk, const tl_simdisk_op *op);

/* How many of these bytes the file has. */
static inline size_t tl_simdisk_bytes_there(const tl_simdisk *disk, const tl_file *file,
                                            uint64_t offset, size_t size_bytes)
{
    uint64_t size = disk->image.files[file->file].size_bytes;
    uint64_t there = offset < size ? size - offset : 0;
    return there < size_bytes ? (size_t)there : size_bytes;
}

/* simdisk_read.c */
tl_status tl_simdisk_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                           size_t size_bytes, size_t *got);
tl_status tl_simdisk_read_units(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                size_t size_bytes, size_t unit_bytes, tl_io_verify_fn wanted,
                                void *context, size_t *got);
tl_status tl_simdisk_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                   size_t size_bytes, tl_io_verify_fn verify, void *context);
void tl_simdisk_remember(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                         size_t size_bytes, const void *facts, size_t facts_bytes);
bool tl_simdisk_recall(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                       size_t size_bytes, void *facts, size_t facts_bytes);
uint64_t tl_simdisk_identify(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes);
bool tl_simdisk_pass_over(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes);

/* simdisk_write.c */
tl_status tl_simdisk_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                             size_t span_count);
tl_status tl_simdisk_truncate(tl_io *io, tl_file *file, uint64_t size_bytes);
tl_status tl_simdisk_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes);

#endif
