/* engine/tree/strategies/fill_leanstore60.c -- merge eagerly, below 60 percent, as LeanStore does.
 *
 * Two pages become one whenever one page holds both with a little room to spare, and up to five
 * leaves side by side become one fewer when four hold them; entries are not moved between pages
 * that stay as many.
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
    .summary = "merge below 60 % fill whenever one page fewer holds all of two to five",
    .no_moves = true,
    .merge_among = 5,
    .merge_below = below,
    .merge_upto = upto};
