/* engine/tree/strategies/split_shift_first.c -- share with a neighbour that is dirty anyway.
 *
 * No page is written for it that the txn has not written already.  Only a neighbour with a good
 * piece of free room is worth it: each shift rewrites two pages.
 */
#include "engine/tree/strategies/rows.h"

enum { FREE_PERCENT_MIN = 20 };

static uint32_t room(const tl_split_input *input, const tl_page_view *view)
{
    return view == NULL ? 0 : input->page_bytes - view->used_bytes;
}

bool tl_split_shift(const tl_split_input *input, unsigned free_percent_min, tl_split_plan *plan)
{
    uint32_t left = room(input, input->left), right = room(input, input->right);
    uint32_t most = left > right ? left : right;
    if ((uint64_t)most * 100 < (uint64_t)input->page_bytes * free_percent_min)
        return false;
    plan->kind = left >= right ? TL_SHIFT_LEFT : TL_SHIFT_RIGHT;
    return true;
}

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    if (input->rightmost && input->new_index == input->count - 1)
        plan->kind = TL_NEWRIGHT;
    else if (!tl_split_shift(input, FREE_PERCENT_MIN, plan))
        plan->at = tl_split_half(input);
}

const tl_split_strategy tl_split_shift_first = {
    .name = "shift_first",
    .summary = "share with a neighbour this txn has written, else equal in bytes",
    .siblings = TL_SIBLINGS_OWNED,
    .opens_right = true,
    .choose = choose};
