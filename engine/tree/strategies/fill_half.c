/* engine/tree/strategies/fill_half.c -- merge below one half, as the textbooks do. */
#include "engine/tree/strategies/rows.h"

static unsigned half(void *self)
{
    (void)self;
    return 50;
}

const tl_fill_strategy tl_fill_half = {
    .name = "half", .summary = "merge or refill below 50 % fill", .merge_below = half};
