/* engine/tree/strategies/fill_lmdb25.c -- merge when less than a quarter is used, as LMDB does. */
#include "engine/tree/strategies/rows.h"

const tl_fill_strategy tl_fill_lmdb25 = {
    .name = "lmdb25", .summary = "merge or refill below 25 % fill", .merge_below = tl_percent_25};
