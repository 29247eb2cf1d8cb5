/* engine/tree/strategies/split_never_at_prefix_break.c -- keep long common prefixes on both sides.
 *
 * A page cuts off the common beginning of its fences.  Among the cuts that leave a third at least
 * on each side, the one is taken after which the prefixes save the most bytes, if that is
 * noticeably more than halving saves: uneven cuts cost room as well.
 */
#include "engine/tree/strategies/rows.h"

enum { SHARE_MIN = 33, SHARE_MAX = 67, GAIN_SHARE = 32 /* of a page */ };

static size_t common(tl_slice a, tl_slice b)
{
    const unsigned char *x = a.data, *y = b.data;
    size_t most = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes, same = 0;
    while (same < most && x[same] == y[same])
        same++;
    return same;
}

/* Key bytes that both pages leave out when the cut is at `at`. */
static size_t saved(const tl_split_input *input, unsigned at)
{
    unsigned char buffer[2040];
    tl_slice separator = input->key(input, at, buffer);
    separator.size_bytes = tl_split_separator_bytes(input, at);
    unsigned behind = input->level == 0 ? at : at + 1;
    return common(input->lower, separator) * at +
           common(separator, input->upper) * (input->count - behind);
}

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    (void)self;
    if (input->rightmost && input->new_index == input->count - 1) {
        plan->kind = TL_NEWRIGHT;
        return;
    }
    unsigned half = tl_split_half(input), low = tl_split_share(input, SHARE_MIN);
    unsigned high = tl_split_share(input, SHARE_MAX);
    plan->at = half;
    size_t best = saved(input, half) + input->page_bytes / GAIN_SHARE;
    for (unsigned at = low; at <= high; at++) {
        size_t bytes = saved(input, at);
        if (bytes > best) {
            best = bytes;
            plan->at = at;
        }
    }
}

const tl_split_strategy tl_split_never_at_prefix_break = {
    .name = "never_at_prefix_break",
    .summary = "the cut between 33 and 67 % whose prefixes save most",
    .opens_right = true,
    .choose = choose};
