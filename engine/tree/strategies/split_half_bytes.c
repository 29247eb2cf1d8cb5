/* engine/tree/strategies/split_half_bytes.c -- halve by bytes (Bayer and McCreight, 1972). */
#include "engine/tree/strategies/rows.h"

/* Bytes of the heavier side when entry `at` begins the right page (leaf) or moves up (branch). */
static uint32_t heavier(const tl_split_input *input, unsigned at)
{
    uint32_t left = input->weights[at];
    uint32_t right = input->weights[input->count] - input->weights[input->leaf ? at : at + 1];
    return left > right ? left : right;
}

unsigned tl_split_half(const tl_split_input *input)
{
    unsigned last = input->leaf ? input->count - 1 : input->count - 2, best = 1;
    for (unsigned at = 2; at <= last; at++) {
        if (heavier(input, at) > heavier(input, best))
            break; /* weights only grow: past the middle it gets worse */
        best = at;
    }
    return best;
}

const tl_split tl_split_half_bytes = {"half_bytes", "both sides equal in bytes", tl_split_half};
