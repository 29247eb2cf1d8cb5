/* engine/tree/split.h -- one split under way: between split.c and shift.c. */
#ifndef TL_TREE_SPLIT_H
#define TL_TREE_SPLIT_H

#include "engine/tree/division.h"
#include "engine/tree/streak.h"

typedef struct tl_splitting {
    tl_writer *writer;
    unsigned i, index;  /* path level of the page; where the new entry goes */
    uint8_t *page;      /* owned; what it held is in `old` */
    const uint8_t *old; /* scratch */
    tl_slice key;       /* of the new entry */
    tl_slice value;
    tl_ref child;
    tl_division whole; /* old entries and the new one */
    uint32_t streak;   /* of the page, with the new entry */
    tl_split_input input;
    tl_page_view left, right;
} tl_splitting;

/* Carry out a plan that involves a neighbour.  False: it is impossible and nothing has changed;
 * the reason is counted. */
bool tl_split_with_sibling(tl_splitting *split, const tl_split_plan *plan, tl_split_plan *done);

/* See the neighbours that the strategy wants to see. */
void tl_split_look_around(tl_splitting *split);

/* Tell the page that holds the new entry, at `index`, of the run it continues. */
void tl_split_remember(const tl_splitting *split, uint8_t *page, unsigned index,
                       const tl_split_plan *plan);

/* Enter a separator and the page to its right above path level `i`, as entry `index`. */
void tl_parent_enter(tl_writer *writer, unsigned i, unsigned index, tl_slice separator, tl_ref left,
                     tl_ref right);

/* Ask the strategy; the time it takes is counted. */
void tl_split_choose(tl_splitting *split, tl_split_plan *plan);
/* A page was split at `separator`: remember, and look whether it was merged just before. */
void tl_split_note_event(const tl_splitting *split, tl_slice separator);

/* append.c: a new last record of the last leaf, which is full, opens a leaf of its own, while the
 * full one stays as it is.  False: that is not the case, or it must be written anew; unchanged. */
bool tl_split_append(tl_writer *writer, tl_slice key, tl_slice value);
/* The strategy's plan was made in this mode. */
void tl_split_count_mode(tl_writer *writer, unsigned mode);

/* Put the new entry into the run of old ones. */
void tl_split_add_new(const tl_splitting *split, tl_run *run);

#endif
