/* workloads/places.h -- where in the order of keys the i-th new record goes.
 *
 * Records are born one after the other, ids 0, 1, 2 ...; keys have numbers, in their order.  A
 * block of births (the inserts of one phase) fills its own numbers in some order:
 *
 *     ascending, descending
 *     random            all of them in a random order
 *     runs:N            N ascending runs, each over the whole range: what a merge of N sorted
 *                       inputs looks like when they are loaded one by one
 *     local:LENGTH      runs of LENGTH neighbours, ascending; the runs come in a random order
 *     almost:P@D        ascending, but a share P of the records is up to D places off
 *     zigzag            smallest, largest, second smallest, second largest ...
 *     inside_out        from the middle: below, above, below, above ...
 *
 * and the block as a whole lies after, before or evenly among the blocks before it, or anywhere:
 * the random blocks of a workload share one random permutation.  All of it is a bijection from ids
 * to numbers, computed in no memory; integers only.
 */
#ifndef TL_WORKLOADS_PLACES_H
#define TL_WORKLOADS_PLACES_H

#include "workloads/keys.h"

#include <stdbool.h>

typedef enum tl_order_kind {
    TL_ORDER_ASCENDING,
    TL_ORDER_DESCENDING,
    TL_ORDER_RANDOM,
    TL_ORDER_RUNS,
    TL_ORDER_LOCAL,
    TL_ORDER_ALMOST,
    TL_ORDER_ZIGZAG,
    TL_ORDER_INSIDE_OUT,
} tl_order_kind;

typedef struct tl_order {
    tl_order_kind kind;
    uint64_t size;  /* RUNS: N; LOCAL: LENGTH; ALMOST: D */
    uint64_t bound; /* ALMOST: draws below it move */
    uint64_t seed;  /* set by tl_order_fit, as what follows */
    uint64_t count;
    tl_permutation permutation;
} tl_order;

/* False after explaining in `error` (may be NULL) what is wrong with the text. */
bool tl_order_parse(const char *text, tl_order *order, char *error, size_t error_bytes);
void tl_order_fit(tl_order *order, uint64_t count, uint64_t seed); /* count >= 1 */
uint64_t tl_order_at(const tl_order *order, uint64_t index);       /* a bijection of 0..count-1 */

typedef enum tl_place {
    TL_PLACE_ANYWHERE, /* with order random only */
    TL_PLACE_AFTER,
    TL_PLACE_BEFORE,
    TL_PLACE_AMONG,
} tl_place;

enum { TL_BLOCKS_MAX = 16 };
#define TL_BIRTHS_MAX ((uint64_t)1 << 32)

typedef struct tl_places {
    struct tl_block {
        uint64_t births, first_id;
        uint64_t below; /* births in the blocks that it is placed against */
        tl_place place;
        tl_order order;
        uint64_t pool_first; /* ANYWHERE: births before it in the pool */
    } blocks[TL_BLOCKS_MAX];
    size_t block_count;
    uint64_t births; /* of all blocks */
    uint64_t pool_births;
    tl_permutation pool;
} tl_places;

/* Append a block; `order` as parsed.  All births together are at most TL_BIRTHS_MAX. */
void tl_places_add(tl_places *places, uint64_t births, tl_place place, const tl_order *order);
void tl_places_fit(tl_places *places, uint64_t seed);            /* after the last block */
uint64_t tl_places_number(const tl_places *places, uint64_t id); /* id < births */

#endif
