/* engine/tree/strategies/fill_free_at_empty.c -- let pages run empty before they go.
 *
 * Johnson and Shasha (B-trees with inserts and deletes: why free-at-empty is better than
 * merge-at-half, 1989): where inserts come back, merged pages only have to be split again.
 */
#include "engine/tree/strategies/rows.h"

static unsigned never(void *self)
{
    (void)self;
    return 0;
}

const tl_fill_strategy tl_fill_free_at_empty = {.name = "free_at_empty",
                                                .summary =
                                                    "a page goes when it is empty, not before",
                                                .no_moves = true,
                                                .merge_below = never};
