/* engine/tree/walk.h -- a place among the records of one snapshot, and steps to its neighbours.
 *
 * No page names its neighbour (copy-on-write would have to copy the whole chain), so a walk keeps
 * the way down and finds the next leaf through the parents.
 */
#ifndef TL_TREE_WALK_H
#define TL_TREE_WALK_H

#include "engine/tree/tree.h"

typedef struct tl_walk {
    tl_pager *pager;
    const tl_root *root; /* of the snapshot */
    tl_search_counts *counts;
    struct {
        const uint8_t *page;
        unsigned index;
    } at[TL_TREE_DEPTH_MAX];
    unsigned depth;        /* 0: stands nowhere */
    unsigned prefix_bytes; /* of `key`, already in place for the present leaf */
    /* What is left to ask for of the leaf behind this one, a little at each forward step: cells lie
     * in the order of their insertion, which no hardware can guess. */
    const uint8_t *ahead, *ahead_end;
    uint8_t key[TL_KEY_BYTES_MAX];
} tl_walk;

/* Each gives TL_NOT_FOUND past the end, and then stands nowhere. */
TL_MUST_USE tl_status tl_walk_first(tl_walk *walk);
TL_MUST_USE tl_status tl_walk_last(tl_walk *walk);
TL_MUST_USE tl_status tl_walk_seek(tl_walk *walk, tl_slice from); /* first record >= from */
TL_MUST_USE tl_status tl_walk_next(tl_walk *walk);                /* it stands somewhere */
TL_MUST_USE tl_status tl_walk_prev(tl_walk *walk);
TL_MUST_USE tl_status tl_walk_next_leaf(tl_walk *walk); /* the first record of the next leaf */

/* The record here; the key lives until the next step.  The value may be a reference
 * (TL_VALUE_IS_REF). */
void tl_walk_record(tl_walk *walk, tl_slice *key, tl_slice *value);

#endif
