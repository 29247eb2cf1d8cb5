/* engine/tree/strategies/fill_leanstore60.c -- merge eagerly, below 60 percent, as LeanStore does.
 *
 * Two pages become one whenever one page holds both with a little room to spare; entries are not
 * moved between pages that stay two.
 */
#include "engine/tree/strategies/rows.h"

static unsigned below(void *self)
{
    (void)self;
    return 60;
}

static unsigned upto(void *self)
{
    (void)self;
    return 95; /* a full page would split at the next insert */
}

const tl_fill_strategy tl_fill_leanstore60 = {
    .name = "leanstore60",
    .summary = "merge below 60 % fill whenever one page holds both",
    .no_moves = true,
    .merge_below = below,
    .merge_upto = upto};
