/* engine/tree/strategies/split_half_keys.c -- halve by number of entries, whatever their sizes.
 *
 * The textbook's split, kept as a control: with entries of mixed sizes it shows what counting bytes
 * is worth.
 */
#include "engine/tree/strategies/rows.h"

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    unsigned middle = input->count / 2, last = tl_split_last(input);
    plan->at = middle < 1 ? 1 : middle > last ? last : middle;
}

const tl_split_strategy tl_split_half_keys = {
    .name = "half_keys", .summary = "both sides equal in entries (control)", .choose = choose};
