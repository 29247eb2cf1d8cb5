/* harness/check/hashset.h -- which images were seen: a set of 128-bit hashes. */
#ifndef TL_HARNESS_HASHSET_H
#define TL_HARNESS_HASHSET_H

#include "harness/fault/versions.h"

#include <stdbool.h>

typedef struct tl_hashset {
    tl_hash128 *slots; /* {0, 0}: empty */
    size_t capacity, count;
} tl_hashset;

void tl_hashset_clear(tl_hashset *set); /* an all-zero set is empty and ready */
/* *added tells whether the hash was new.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_hashset_add(tl_hashset *set, tl_hash128 hash, bool *added);

#endif
