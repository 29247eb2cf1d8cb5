/* engine/tree/strategies/split_short_sep.c -- move the cut a little where the separator is short.
 *
 * Bayer and Unterauer (Prefix B-trees, 1977) give up a few percent of balance for a shorter
 * separator: branch pages hold more of them and the tree is flatter.
 */
#include "engine/tree/strategies/rows.h"

enum { WINDOW_PERCENT = 8 };

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    if (input->rightmost && input->new_index == input->count - 1) {
        plan->kind = TL_NEWRIGHT;
        return;
    }
    plan->at = tl_split_half(input);
    plan->window = WINDOW_PERCENT;
}

const tl_split_strategy tl_split_short_sep = {.name = "short_sep",
                                              .summary =
                                                  "the shortest separator within 8 % of the middle",
                                              .opens_right = true,
                                              .choose = choose};
