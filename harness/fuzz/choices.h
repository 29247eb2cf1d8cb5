/* harness/fuzz/choices.h -- where chance comes from: a seed, or the bytes a fuzzer wants to try.
 *
 * The same bytes give the same choices.  Bytes that have run out answer 0 and are done.
 */
#ifndef TL_HARNESS_FUZZ_CHOICES_H
#define TL_HARNESS_FUZZ_CHOICES_H

#include "workloads/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tl_choices {
    const uint8_t *bytes; /* NULL: the dice decide */
    size_t left;
    tl_dice dice;
} tl_choices;

static inline tl_choices tl_choices_of_seed(uint64_t seed)
{
    tl_choices choices = {.bytes = NULL};
    tl_dice_init(&choices.dice, seed);
    return choices;
}

static inline tl_choices tl_choices_of_bytes(const uint8_t *bytes, size_t count)
{
    static const uint8_t none = 0;
    tl_choices choices = {.bytes = count == 0 ? &none : bytes, .left = count};
    return choices;
}

/* No choice is left: a seed never ends. */
static inline bool tl_choices_done(const tl_choices *choices)
{
    return choices->bytes != NULL && choices->left == 0;
}

/* 0 <= answer < bound, bound >= 1. */
static inline uint64_t tl_choose(tl_choices *choices, uint64_t bound)
{
    if (choices->bytes == NULL)
        return tl_dice_below(&choices->dice, bound);
    uint64_t number = 0;
    for (uint64_t reach = 1; reach < bound && choices->left > 0; choices->left--) {
        number = number << 8 | *choices->bytes++;
        reach = reach > UINT64_MAX >> 8 ? UINT64_MAX : reach << 8;
    }
    return number % bound;
}

#endif
