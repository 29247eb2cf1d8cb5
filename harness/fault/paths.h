/* harness/fault/paths.h -- names of files and directories as small numbers.
 *
 * Paths are put into one spelling ("./a//b/" is "a/b", "" is "."), so that one file has one name
 * and the directory given to fsync_dir is the one its files lie in.
 */
#ifndef TL_HARNESS_PATHS_H
#define TL_HARNESS_PATHS_H

#include "tl/status.h"

#include <stdint.h>

typedef struct tl_path_entry {
    char *text;
    uint32_t dir; /* the path number of its directory; of "." and "/": itself */
    uint64_t hash;
} tl_path_entry;

typedef struct tl_paths {
    tl_path_entry *entries;
    uint32_t count, capacity;
} tl_paths;

void tl_paths_clear(tl_paths *paths);

/* The number of `text`, a new one when it is new.  TL_NO_MEMORY; TL_INVALID: 4096 bytes or more */
TL_MUST_USE tl_status tl_paths_number(tl_paths *paths, const char *text, uint32_t *number);

#endif
