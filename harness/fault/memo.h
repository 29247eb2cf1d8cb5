/* harness/fault/memo.h -- what the users of a simulated disk found out about contents.
 *
 * Facts are kept by contents, never by where these lie: a page that two states hold at two places
 * is one entry.  Contents of the trace are known by the versions of their sectors, which never
 * change; what a state wrote itself, and what is only in memory, by a hash of its bytes.
 */
#ifndef TL_HARNESS_MEMO_H
#define TL_HARNESS_MEMO_H

#include "harness/fault/versions.h"

#include <stdbool.h>

enum { TL_MEMO_SMALL_MAX = 64, TL_MEMO_FACTS_MAX = 1 << 20 };

typedef struct tl_memo tl_memo;

/* For versions below `version_end`.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_memo_create(uint32_t version_end, tl_memo **memo);
void tl_memo_destroy(tl_memo *memo); /* NULL is fine */

typedef struct tl_memo_key { /* of some contents */
    bool known;              /* false: they can have no facts */
    uint32_t version;        /* the first of consecutive ones; 0: by hash */
    uint32_t size_bytes;
    tl_hash128 hash;
} tl_memo_key;

/* Contents of a row of sectors.  Those with a choice, and mixtures of several writes, have none. */
tl_memo_key tl_memo_key_of_sectors(const tl_memo *memo, const tl_versions *versions,
                                   const uint32_t *sectors, uint32_t sector_count);
/* A number that only these contents have, if they are of the trace and one write made them; else 0.
 */
uint32_t tl_memo_number(const tl_memo *memo, const uint32_t *sectors, uint32_t sector_count);
tl_memo_key tl_memo_key_of_bytes(const void *bytes, size_t size_bytes);

/* False: nothing of this size is known of them. */
bool tl_memo_find(tl_memo *memo, const tl_memo_key *key, void *facts, size_t facts_bytes);
/* Contents have small facts and larger ones than TL_MEMO_SMALL_MAX, each the latest.  Those beyond
 * TL_MEMO_FACTS_MAX, and those for which there is no room, are forgotten. */
void tl_memo_add(tl_memo *memo, const tl_memo_key *key, const void *facts, size_t facts_bytes);

typedef struct tl_memo_counts {
    uint64_t found, missed, entries;
} tl_memo_counts;
tl_memo_counts tl_memo_count(const tl_memo *memo);

#endif
