/* engine/tree/strategies/split_rightmost.c -- keep the left page full when keys are appended.
 *
 * At the right edge of the tree a new last entry gets a page of its own; everywhere else the split
 * halves by bytes.  Ascending inserts so leave full pages behind instead of half-full ones.
 */
#include "engine/tree/strategies/rows.h"

static unsigned rightmost_choose(const tl_split_input *input)
{
    if (!input->rightmost || input->new_index != input->count - 1)
        return tl_split_half(input);
    return input->leaf ? input->count - 1 : input->count - 2;
}

const tl_split tl_split_rightmost = {
    "rightmost", "a new last key opens a new page, else equal in bytes", rightmost_choose};
