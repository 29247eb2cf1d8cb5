/* engine/tree/strategies/fill_lmdb25.c -- merge when less than a quarter is used, as LMDB does. */
#include "engine/tree/strategies/rows.h"

static uint32_t quarter(uint32_t usable_bytes)
{
    return usable_bytes / 4;
}

const tl_fill tl_fill_lmdb25 = {"lmdb25", "merge or refill below 25 % fill", quarter};
