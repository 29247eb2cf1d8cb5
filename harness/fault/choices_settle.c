/* harness/fault/choices_settle.c -- a run's state, whole: also what it left open is decided.
 *
 * Newest first.  Sectors that were refused together are taken one by one, each as new as leaves
 * some mixture of the others that was refused.
 */
#include "harness/fault/choices_body.h"

static void settle_one(tl_choices *choices, uint32_t index)
{
    tl_open *open = &choices->opens[index];
    for (uint32_t content = open->count; content-- > 0;) {
        uint64_t mask = UINT64_C(1) << content;
        if ((open->mask & mask) != 0 && tl_choices_possible(choices, index, mask)) {
            tl_choices_narrow(choices, index, mask);
            return;
        }
    }
}

void tl_choices_settle(tl_choices *choices, uint32_t *versions)
{
    const tl_possible *possible = choices->possible;
    for (uint32_t i = 0; i < possible->open_count; i++)
        versions[i] = possible->open[i].count - 1;
    for (uint32_t i = 0; i < choices->open_count; i++) {
        settle_one(choices, i);
        const tl_open *open = &choices->opens[i];
        const tl_open_sector *source = &possible->open[open->source];
        uint32_t v = source->count - 1;
        while (v > 0 && (open->mask >> choices->content_of[source->first + v] & 1) == 0)
            v--; /* ends: some version has each content that is left */
        versions[open->source] = v;
    }
}
