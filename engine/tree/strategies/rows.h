/* engine/tree/strategies/rows.h -- the rows that registry.c lists. */
#ifndef TL_TREE_STRATEGIES_ROWS_H
#define TL_TREE_STRATEGIES_ROWS_H

#include "engine/tree/strategy.h"

extern const tl_split tl_split_half_bytes, tl_split_rightmost;
extern const tl_fill tl_fill_lmdb25;

#endif
