/* harness/run/directory.h -- a fresh directory per store, gone afterwards. */
#ifndef TL_HARNESS_RUN_DIRECTORY_H
#define TL_HARNESS_RUN_DIRECTORY_H

#include "tl/status.h"

#include <stdint.h>

/* Make the directory and all that are missing above it; one that exists is fine. */
TL_MUST_USE tl_status tl_directory_make(const char *path);

/* Make a directory that must not exist yet: TL_EXISTS otherwise. */
TL_MUST_USE tl_status tl_directory_make_fresh(const char *path);

/* Remove the directory and all inside, without following links; one that is missing is fine. */
tl_status tl_directory_remove(const char *path);

/* What the files in a directory occupy, holes left out.  `log_prefixes` are words separated by
 * spaces, or NULL: files whose names begin with one are counted apart. */
TL_MUST_USE tl_status tl_directory_bytes(const char *path, const char *log_prefixes,
                                         uint64_t *data_bytes, uint64_t *log_bytes);

tl_status tl_directory_status(int error_number); /* errno as a status; TL_IO when in doubt */

#endif
