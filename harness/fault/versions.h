/* harness/fault/versions.h -- contents of sectors, each written once and named by a number.
 *
 * Version 0 is the sector of zeros.  Versions made by one write have consecutive numbers and lie
 * side by side in memory, so a read of what one write wrote is one copy.  Numbers are given out in
 * order; giving back everything from a mark on costs nothing, which is how the states of a sweep
 * use the same memory again and again.
 */
#ifndef TL_HARNESS_VERSIONS_H
#define TL_HARNESS_VERSIONS_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tl_hash128 { /* two independent sums: equal means equal, for practical purposes */
    uint64_t low, high;
} tl_hash128;

typedef struct tl_versions {
    uint8_t *bytes;     /* TL_SECTOR_BYTES each; moves when more are added */
    tl_hash128 *hashes; /* of one content; known below hashed_count */
    uint64_t *sums;     /* of all hashes before one version: see tl_version_row_hash */
    uint32_t count, capacity, hashed_count;
} tl_versions;

TL_MUST_USE tl_status tl_versions_init(tl_versions *versions); /* version 0 is there at once */
void tl_versions_clear(tl_versions *versions);

/* Make `added` consecutive versions of unspecified content.  *first is the first of them.
 * TL_NO_MEMORY, also when 2^32 versions are used up. */
TL_MUST_USE tl_status tl_versions_add(tl_versions *versions, uint32_t added, uint32_t *first);
void tl_versions_release(tl_versions *versions, uint32_t mark); /* forget versions >= mark */

static inline uint8_t *tl_version_bytes(const tl_versions *versions, uint32_t version)
{
    return versions->bytes + (size_t)version * 512;
}

/* Hash of one version's content.  Counts on the content not to change afterwards. */
void tl_version_hash_up_to(tl_versions *versions, uint32_t version);
static inline tl_hash128 tl_version_hash(tl_versions *versions, uint32_t version)
{
    if (version >= versions->hashed_count)
        tl_version_hash_up_to(versions, version);
    return versions->hashes[version];
}

/* A hash of the contents of several sectors in a row, `hash` being that of those before them: the
 * same however their versions are numbered.  Here of `count` consecutive versions, at most
 * TL_VERSION_ROW_MAX. */
enum { TL_VERSION_ROW_MAX = 64 };
uint64_t tl_version_row_hash(tl_versions *versions, uint64_t hash, uint32_t first, uint32_t count);

#endif
