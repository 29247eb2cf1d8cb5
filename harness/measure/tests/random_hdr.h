/* harness/measure/tests/random_hdr.h -- random layouts and histograms, the same for equal seeds. */
#ifndef TL_MEASURE_TESTS_RANDOM_HDR_H
#define TL_MEASURE_TESTS_RANDOM_HDR_H

#include "harness/measure/hdr.h"

#include <stdlib.h>

/* xorshift64*: the tests need numbers, not quality; never seeded with 0. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* TREELAB_TEST_SEED replays a failure; otherwise fixed, so that a build fails reproducibly. */
static inline uint64_t test_seed(uint64_t stream)
{
    const char *text = getenv("TREELAB_TEST_SEED");
    uint64_t seed = (text == NULL ? 20261122 : strtoull(text, NULL, 0)) + stream;
    return seed == 0 ? 1 : seed;
}

/* Values span magnitudes: draw the number of bits first, then the bits. */
static inline uint64_t random_value(uint64_t *random, unsigned bits_max)
{
    unsigned bits = (unsigned)(next_random(random) % bits_max) + 1;
    return next_random(random) >> (64 - bits);
}

static inline tl_hdr_layout random_layout(uint64_t *random)
{
    tl_hdr_layout layout;
    uint32_t figures;
    uint64_t lowest, highest;
    do {
        figures = (uint32_t)(next_random(random) % TL_HDR_FIGURES_MAX) + 1;
        lowest = next_random(random) % 3 != 0 ? 1 : random_value(random, 30);
        highest = random_value(random, 62);
    } while (!tl_hdr_layout_init(&layout, lowest, highest, figures) ||
             layout.slot_count > (next_random(random) % 64 == 0 ? 1u << 19 : 1u << 13));
    return layout;
}

/* Fill with up to 200 different values, all within the layout, some counted very often. */
static inline void random_fill(uint64_t *random, tl_hdr *hdr)
{
    size_t values = (size_t)(next_random(random) % 200);
    for (size_t i = 0; i < values; i++) {
        uint64_t value = random_value(random, 62) % (hdr->layout.highest + 1);
        uint64_t count = next_random(random) % 4 == 0 ? random_value(random, 50) | 1 : 1;
        tl_hdr_record(hdr, value, count);
    }
}

#endif
