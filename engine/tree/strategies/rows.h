/* engine/tree/strategies/rows.h -- the rows that registry.c lists, and what some of them share. */
#ifndef TL_TREE_STRATEGIES_ROWS_H
#define TL_TREE_STRATEGIES_ROWS_H

#include "engine/tree/strategy.h"

extern const tl_split_strategy tl_split_half_bytes, tl_split_half_keys, tl_split_rightmost,
    tl_split_after_insert, tl_split_adaptive, tl_split_short_sep, tl_split_bstar23,
    tl_split_shift_first, tl_split_random_jitter, tl_split_never_at_prefix_break;
extern const tl_fill_strategy tl_fill_lmdb25, tl_fill_half, tl_fill_free_at_empty,
    tl_fill_leanstore60, tl_fill_bulk100, tl_fill_bulk90, tl_fill_bulk_jitter;

/* The cut right behind, right before the new entry, or the nearest there is. */
unsigned tl_split_behind_new(const tl_split_input *input);
unsigned tl_split_before_new(const tl_split_input *input);

/* Plan a shift to the emptier neighbour, if one with this much room is to be seen. */
bool tl_split_shift(const tl_split_input *input, unsigned free_percent_min, tl_split_plan *plan);

unsigned tl_percent_25(void *self);

/* `self` is nothing but the env's seed. */
tl_status tl_seed_keep(const tl_strategy_config *config, void **self);
void tl_seed_drop(void *self);
uint64_t tl_seed_of(const void *self);

#endif
