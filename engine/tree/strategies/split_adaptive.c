/* engine/tree/strategies/split_adaptive.c -- look at the run of inserts, then choose.  The default.
 *
 * Each page remembers where its latest insert went and how many in a row went right behind or
 * right before the one before (engine/tree/streak.h; InnoDB and PostgreSQL keep similar hints).
 *
 *   ascending   cut behind the new entry: what is left behind is full, the run has room
 *   descending  cut before the new entry, likewise
 *   else        random: share with a neighbour that has much room; else halve by bytes
 *
 * A neighbour that this txn has not written is copied for it.  That is no extra write on balance:
 * fewer pages take the same inserts, so later inserts find more of them copied already (README.md
 * has the counts).
 */
#include "engine/tree/strategies/rows.h"

enum {
    RUN_MIN = 4,           /* of inserts in a row; on pages of few entries half their number */
    FREE_PERCENT_MIN = 30, /* of a neighbour, to share with it: less would soon be back */
};

static unsigned mode_of(const tl_split_input *input)
{
    int least = input->count / 2 < RUN_MIN ? (int)(input->count / 2) : RUN_MIN;
    least = least < 2 ? 2 : least;
    if (input->run >= least)
        return TL_MODE_ASCENDING;
    return input->run <= -least ? TL_MODE_DESCENDING : TL_MODE_RANDOM;
}

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    plan->mode = mode_of(input);
    if (input->rightmost && input->new_index == input->count - 1)
        plan->kind = TL_NEWRIGHT;
    else if (plan->mode == TL_MODE_ASCENDING)
        plan->at = tl_split_behind_new(input);
    else if (plan->mode == TL_MODE_DESCENDING)
        plan->at = tl_split_before_new(input);
    else if (!tl_split_shift(input, FREE_PERCENT_MIN, plan))
        plan->at = tl_split_half(input);
}

const tl_split_strategy tl_split_adaptive = {
    .name = "adaptive",
    .summary = "by the run of inserts: behind, before, shared with a neighbour, or halved",
    .siblings = TL_SIBLINGS_ANY,
    .opens_right = true,
    .choose = choose};
