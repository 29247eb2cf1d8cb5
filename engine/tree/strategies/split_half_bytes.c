/* engine/tree/strategies/split_half_bytes.c -- halve by bytes (Bayer and McCreight, 1972). */
#include "engine/tree/strategies/rows.h"

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    plan->at = tl_split_half(input);
}

const tl_split_strategy tl_split_half_bytes = {
    .name = "half_bytes", .summary = "both sides equal in bytes", .choose = choose};
