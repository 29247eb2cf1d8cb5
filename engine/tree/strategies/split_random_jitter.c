/* engine/tree/strategies/split_random_jitter.c -- cut somewhere between 40 and 60 percent.
 *
 * Pages that were loaded together fill together, and then all split within a short time: "waves of
 * misery" (Glombiewski, Seeger, Graefe, BTW 2019).  Uneven cuts let them drift apart.  The place
 * follows from the env's seed and the new key, so equal runs give equal pages.
 */
#include "engine/base/hash.h"
#include "engine/tree/strategies/rows.h"

enum { SHARE_MIN = 40, SHARE_RANGE = 21 };

static void choose(void *self, const tl_split_input *input, tl_split_plan *plan)
{
    unsigned char buffer[2040];
    tl_slice key = input->key(input, input->new_index, buffer);
    if (input->rightmost && input->new_index == input->count - 1) {
        plan->kind = TL_NEWRIGHT;
        return;
    }
    uint64_t mixed = tl_seed_of(self);
    for (size_t i = 0; i < key.size_bytes; i++)
        mixed = tl_mix64(mixed ^ ((const unsigned char *)key.data)[i]);
    plan->at = tl_split_share(input, SHARE_MIN + (unsigned)(mixed % SHARE_RANGE));
}

const tl_split_strategy tl_split_random_jitter = {.name = "random_jitter",
                                                  .summary =
                                                      "40 to 60 % stay left, by seed and key",
                                                  .open = tl_seed_keep,
                                                  .choose = choose,
                                                  .close = tl_seed_drop};
