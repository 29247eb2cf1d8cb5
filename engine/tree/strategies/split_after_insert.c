/* engine/tree/strategies/split_after_insert.c -- split right behind the new entry when inserts run.
 *
 * After the nbtree of PostgreSQL 12: several ascending runs that grow in the middle of the tree
 * (orders of each customer, points of each sensor) leave full pages behind, as at the right edge.
 * An insert right behind the one before it is enough to begin.
 */
#include "engine/tree/strategies/rows.h"

unsigned tl_split_behind_new(const tl_split_input *input)
{
    unsigned last = tl_split_last(input);
    unsigned at = input->new_index == input->count - 1 ? last : input->new_index + 1;
    return at > last ? last : at;
}

unsigned tl_split_before_new(const tl_split_input *input)
{
    unsigned last = tl_split_last(input), at = input->new_index;
    return at == 0 ? 1 : at > last ? last : at;
}

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    if (input->rightmost && input->new_index == input->count - 1)
        plan->kind = TL_NEWRIGHT;
    else if (input->run > 1)
        plan->at = tl_split_behind_new(input);
    else
        plan->at = tl_split_half(input);
}

const tl_split_strategy tl_split_after_insert = {.name = "after_insert",
                                                 .summary =
                                                     "right behind the new entry when inserts run",
                                                 .opens_right = true,
                                                 .choose = choose};
