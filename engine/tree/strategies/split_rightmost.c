/* engine/tree/strategies/split_rightmost.c -- keep the left page full when keys are appended.
 *
 * At the right edge of the tree a new last entry gets a page of its own; everywhere else the split
 * halves by bytes.  Ascending inserts so leave full pages behind instead of half-full ones.
 */
#include "engine/tree/strategies/rows.h"

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    if (input->rightmost && input->new_index == input->count - 1)
        plan->kind = TL_NEWRIGHT;
    else
        plan->at = tl_split_half(input);
}

const tl_split_strategy tl_split_rightmost = {
    .name = "rightmost",
    .summary = "a new last key opens a new page, else equal in bytes",
    .opens_right = true,
    .choose = choose};
