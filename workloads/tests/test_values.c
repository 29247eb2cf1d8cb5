/* workloads/tests/test_values.c -- claims of values.h. */
#include "workloads/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The definition in values.c's essay, one lane and one byte at a time. */
static unsigned char payload_byte(uint64_t seed, size_t position)
{
    static const uint64_t constants[8] = {
        0x9e3779b97f4a7c15u, 0xd1342543de82ef95u, 0xaf251af3b0f025b5u, 0x3c6ef372fe94f82au,
        0x5851f42d4c957f2du, 0xda942042e4dd58b5u, 0x14057b7ef767814fu, 0x853c49e6748fea9bu};
    uint64_t s = seed + 0x9e3779b97f4a7c15u;
    s = (s ^ (s >> 30)) * 0xbf58476d1ce4e5b9u;
    s = (s ^ (s >> 27)) * 0x94d049bb133111ebu;
    uint64_t x = (s ^ (s >> 31)) + constants[position / 8 % 8];
    for (size_t block = 0; block <= position / 64; block++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return (unsigned char)(x >> (8 * (position % 8)));
}

static void fill_follows_its_definition_at_every_length_and_alignment(void **state)
{
    unsigned char buffer[400];
    (void)state;
    for (size_t size_bytes = 0; size_bytes <= 300; size_bytes++) {
        size_t offset = size_bytes % 17;
        uint64_t seed = size_bytes * 0x123456789u;
        memset(buffer, 0xee, sizeof buffer);
        tl_fill(buffer + offset, size_bytes, seed);
        for (size_t i = 0; i < size_bytes; i++)
            assert_int_equal(buffer[offset + i], payload_byte(seed, i));
        for (size_t i = 0; i < offset; i++)
            assert_int_equal(buffer[i], 0xee);
        assert_int_equal(buffer[offset + size_bytes], 0xee);
    }
}

static void fill_of_nothing_needs_no_buffer(void **state)
{
    (void)state;
    tl_fill(NULL, 0, 1);
}

/* Literal bytes: a change of the format fails here even if the definition above follows it. */
static void fill_never_changes_between_versions(void **state)
{
    static const unsigned char expected[16] = {0xff, 0x6b, 0xba, 0xb7, 0x0d, 0x74, 0x6d, 0xe1,
                                               0x16, 0x48, 0x0c, 0x1a, 0xca, 0xce, 0x38, 0x51};
    unsigned char bytes[16];
    (void)state;
    tl_fill(bytes, sizeof bytes, 42);
    assert_memory_equal(bytes, expected, sizeof bytes);
}

static int number_compare(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void neighbouring_seeds_differ_within_eight_bytes(void **state)
{
    enum { COUNT = 50000 };
    uint64_t *words = calloc(COUNT, sizeof *words);
    (void)state;
    assert_non_null(words);
    for (uint64_t seed = 0; seed < COUNT; seed++)
        tl_fill(&words[seed], sizeof words[seed], seed);
    qsort(words, COUNT, sizeof *words, number_compare);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(words[i - 1] != words[i]);
    free(words);
}

static void sizes_stay_in_range_and_halve_their_share_by_doubling(void **state)
{
    enum { DRAWS = 40000 };
    tl_sizes sizes;
    uint64_t octave_counts[4] = {0};
    (void)state;
    tl_sizes_init(&sizes, 4096, 65536, 11);
    for (uint64_t id = 0; id < DRAWS; id++) {
        uint64_t size_bytes = tl_sizes_at(&sizes, id);
        assert_in_range(size_bytes, 4096, 65536);
        octave_counts[size_bytes < 8192    ? 0
                      : size_bytes < 16384 ? 1
                      : size_bytes < 32768 ? 2
                                           : 3]++;
    }
    for (int i = 0; i < 4; i++) /* 10 000 each, five standard deviations */
        assert_in_range(octave_counts[i], 10000 - 433, 10000 + 433);
}

static void sizes_with_equal_or_odd_ends_stay_between_them(void **state)
{
    static const uint64_t ends[][2] = {
        {0,   0   },
        {1,   1   },
        {1,   2   },
        {1,   3   },
        {100, 100 },
        {500, 1700}
    };
    (void)state;
    for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
        tl_sizes sizes;
        bool low_seen = false, high_seen = false;
        tl_sizes_init(&sizes, ends[e][0], ends[e][1], e);
        for (uint64_t id = 0; id < 20000; id++) {
            uint64_t size_bytes = tl_sizes_at(&sizes, id);
            assert_in_range(size_bytes, ends[e][0], ends[e][1]);
            low_seen = low_seen || size_bytes == ends[e][0];
            high_seen = high_seen || size_bytes == ends[e][1];
        }
        assert_true(low_seen && high_seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_follows_its_definition_at_every_length_and_alignment),
        cmocka_unit_test(fill_of_nothing_needs_no_buffer),
        cmocka_unit_test(fill_never_changes_between_versions),
        cmocka_unit_test(neighbouring_seeds_differ_within_eight_bytes),
        cmocka_unit_test(sizes_stay_in_range_and_halve_their_share_by_doubling),
        cmocka_unit_test(sizes_with_equal_or_odd_ends_stay_between_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
