/* engine/tree/strategies/split_bstar23.c -- share with a neighbour; when it is full, two to three.
 *
 * Knuth's B*-tree (The Art of Computer Programming, vol. 3): pages are two thirds full at least.
 * Any neighbour in memory serves, also one that must be copied for it: space is what this is for.
 */
#include "engine/tree/strategies/rows.h"

enum { FREE_PERCENT_MIN = 12 }; /* a neighbour with less gets no entries: it would soon be back */

static unsigned free_percent(const tl_split_input *input, const tl_page_view *view)
{
    return view == NULL ? 0 : 100 * (input->page_bytes - view->used_bytes) / input->page_bytes;
}

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    unsigned left = free_percent(input, input->left), right = free_percent(input, input->right);
    if (input->rightmost && input->new_index == input->count - 1)
        plan->kind = TL_NEWRIGHT;
    else if (left >= right && left >= FREE_PERCENT_MIN)
        plan->kind = TL_SHIFT_LEFT;
    else if (right >= FREE_PERCENT_MIN)
        plan->kind = TL_SHIFT_RIGHT;
    else if (input->right != NULL)
        plan->kind = TL_SPLIT2TO3_RIGHT;
    else if (input->left != NULL)
        plan->kind = TL_SPLIT2TO3_LEFT;
    else
        plan->at = tl_split_half(input);
}

const tl_split_strategy tl_split_bstar23 = {
    .name = "bstar23",
    .summary = "share with a neighbour, copied if need be; else two pages become three",
    .siblings = TL_SIBLINGS_ANY,
    .choose = choose};
