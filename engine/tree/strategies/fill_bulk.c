/* engine/tree/strategies/fill_bulk.c -- how full pages are packed that are written in key order.
 *
 *   bulk100      to the brim: smallest, and the first inserts between split everything
 *   bulk90       a little room for inserts that come later
 *   bulk_jitter  70 to 95 percent, by seed and page number: pages do not all fill up, and split, at
 *                the same time
 *
 * They merge like lmdb25.
 */
#include "engine/base/hash.h"
#include "engine/tree/strategies/rows.h"

enum { JITTER_MIN = 70, JITTER_RANGE = 26 };

unsigned tl_percent_25(void *self)
{
    (void)self;
    return 25;
}

static unsigned fill_100(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page, (void)level;
    return 100;
}

static unsigned fill_90(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page, (void)level;
    return 90;
}

static unsigned fill_jitter(void *self, uint64_t nth_page, unsigned level)
{
    uint64_t mixed = tl_mix64(tl_seed_of(self) ^ tl_mix64(nth_page + 1) ^ level);
    return JITTER_MIN + (unsigned)(mixed % JITTER_RANGE);
}

const tl_fill_strategy tl_fill_bulk100 = {.name = "bulk100",
                                          .summary = "pack to 100 %, merge below 25 %",
                                          .leaf_fill = fill_100,
                                          .merge_below = tl_percent_25};
const tl_fill_strategy tl_fill_bulk90 = {.name = "bulk90",
                                         .summary = "pack to 90 %, merge below 25 %",
                                         .leaf_fill = fill_90,
                                         .merge_below = tl_percent_25};
const tl_fill_strategy tl_fill_bulk_jitter = {.name = "bulk_jitter",
                                              .summary =
                                                  "pack to 70..95 % by seed, merge below 25 %",
                                              .open = tl_seed_keep,
                                              .close = tl_seed_drop,
                                              .leaf_fill = fill_jitter,
                                              .merge_below = tl_percent_25};
