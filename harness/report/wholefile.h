/* harness/report/wholefile.h -- files that are there whole or not at all.
 *
 * Failure   every call that fails leaves errno set, so that a message can tell the reason.
 */
#ifndef TL_HARNESS_WHOLEFILE_H
#define TL_HARNESS_WHOLEFILE_H

#include "tl/status.h"

#include <stddef.h>

/* The status that an errno of open, write, mkdir and the like stands for: TL_NO_SPACE, TL_ACCESS,
 * TL_NO_MEMORY, TL_NOT_OURS for a directory, otherwise TL_IO. */
tl_status tl_wholefile_status(int error_number);

/* Write `bytes` to a temporary file beside `path`, fsync it, rename it to `path`, fsync the
 * directory.  On failure an older file is as it was and no temporary file stays (only when the
 * very last step fails, syncing the directory, the new file is there already).  "-" is stdout;
 * a device or pipe is written in place; a symbolic link is followed. */
TL_MUST_USE tl_status tl_wholefile_write(const char *path, const void *bytes, size_t size_bytes);

/* Whether `path` can be written, asked before the work whose outcome goes there: a file is made
 * beside it and removed.  NULL and "-" are well; of a device only that it is there.
 * TL_NOT_FOUND when there is no such directory; otherwise statuses of tl_wholefile_write. */
TL_MUST_USE tl_status tl_wholefile_check(const char *path);

/* Read the file at `path`, at most `size_bytes_max`; *bytes has a NUL behind its end and is
 * released with free().  TL_NOT_FOUND; TL_INVALID when the file is larger; TL_IO, TL_ACCESS,
 * TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_wholefile_read(const char *path, size_t size_bytes_max, char **bytes,
                                        size_t *size_bytes);

#endif
