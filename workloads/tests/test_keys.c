/* workloads/tests/test_keys.c -- claims of keys.h. */
#include "workloads/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void permutation_visits_each_number_once(void **state)
{
    static const uint64_t counts[] = {1, 2, 3, 4, 5, 7, 8, 9, 10, 63, 64, 65, 1000, 4097, 50000};
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            tl_permutation permutation;
            tl_permutation_init(&permutation, counts[c], seed);
            bool *seen = calloc(counts[c], sizeof *seen);
            assert_non_null(seen);
            for (uint64_t i = 0; i < counts[c]; i++) {
                uint64_t number = tl_permutation_at(&permutation, i);
                assert_true(number < counts[c]);
                assert_false(seen[number]);
                seen[number] = true;
            }
            free(seen);
        }
    }
}

static void permutation_by_runs_equals_one_at_a_time(void **state)
{
    enum { COUNT = 1237, RUN = 64 };
    tl_permutation permutation;
    (void)state;
    tl_permutation_init(&permutation, COUNT, 9);
    for (uint64_t first = 0; first < COUNT; first += RUN) {
        uint64_t run[RUN];
        size_t run_count = COUNT - first < RUN ? (size_t)(COUNT - first) : RUN;
        tl_permutation_run(&permutation, first, run_count, run);
        for (size_t i = 0; i < run_count; i++)
            assert_int_equal(run[i], tl_permutation_at(&permutation, first + i));
    }
}

static void permutation_of_a_huge_range_stays_inside_it(void **state)
{
    tl_permutation permutation;
    uint64_t count = ((uint64_t)1 << TL_PERMUTATION_BITS_MAX) - 12345;
    (void)state;
    tl_permutation_init(&permutation, count, 3);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(tl_permutation_at(&permutation, i) < count);
        assert_true(tl_permutation_at(&permutation, count - 1 - i) < count);
    }
}

/* Pearson's statistic of successive pairs over 8 x 8 cells: 63 degrees of freedom, so that an
 * honest shuffle is above 120 once in 100 000 times. */
static void permutation_has_no_order_that_eight_by_eight_cells_can_see(void **state)
{
    enum { COUNT = 100000, CELLS = 8 };
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint64_t cells[CELLS][CELLS] = {{0}};
        tl_permutation permutation;
        tl_permutation_init(&permutation, COUNT, seed);
        uint64_t before = tl_permutation_at(&permutation, 0);
        for (uint64_t i = 1; i < COUNT; i++) {
            uint64_t number = tl_permutation_at(&permutation, i);
            cells[before * CELLS / COUNT][number * CELLS / COUNT]++;
            before = number;
        }
        double expected = (double)(COUNT - 1) / (CELLS * CELLS), statistic = 0;
        for (int i = 0; i < CELLS * CELLS; i++) {
            double off = (double)cells[i / CELLS][i % CELLS] - expected;
            statistic += off * off / expected;
        }
        assert_true(statistic < 120);
    }
}

static int key_compare_16(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static void scrambled_keys_are_distinct(void **state)
{
    enum { COUNT = 100000 };
    const tl_keys keys = {.key_bytes = 16, .seed = 42};
    unsigned char(*all)[16] = calloc(COUNT, sizeof *all);
    (void)state;
    assert_non_null(all);
    for (uint64_t id = 0; id < COUNT; id++)
        tl_key_scrambled(&keys, id, all[id]);
    qsort(all, COUNT, sizeof *all, key_compare_16);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(memcmp(all[i - 1], all[i], 8) < 0); /* the first 8 bytes alone differ */
    free(all);
}

static void scrambled_keys_fill_every_length_and_no_more(void **state)
{
    unsigned char longest[41], key[41];
    (void)state;
    tl_key_scrambled(&(tl_keys){.key_bytes = 40, .seed = 1}, 7, longest);
    for (size_t key_bytes = TL_KEY_BYTES_MIN; key_bytes <= 40; key_bytes++) {
        memset(key, 0xee, sizeof key);
        tl_key_scrambled(&(tl_keys){.key_bytes = key_bytes, .seed = 1}, 7, key);
        assert_memory_equal(key, longest, key_bytes);
        assert_int_equal(key[key_bytes], 0xee);
    }
}

static void ordered_keys_ascend_and_end_in_a_big_endian_number(void **state)
{
    static const unsigned char expected[16] = {'t', 'r', 'e', 'e', 'l', 'a', 'b', '/',
                                               1,   2,   3,   4,   5,   6,   7,   8};
    unsigned char before[32], key[33];
    (void)state;
    tl_key_ordered(&(tl_keys){.key_bytes = 16}, 0x0102030405060708u, key);
    assert_memory_equal(key, expected, 16);
    tl_key_ordered(&(tl_keys){.key_bytes = 8}, 0x0102030405060708u, key);
    assert_memory_equal(key, expected + 8, 8);
    for (size_t key_bytes = TL_KEY_BYTES_MIN; key_bytes <= 32; key_bytes++) {
        const tl_keys keys = {.key_bytes = key_bytes};
        memset(key, 0xee, sizeof key);
        tl_key_ordered(&keys, 0, before);
        for (uint64_t id = 1; id < 600; id++) { /* over a carry into the second byte */
            tl_key_ordered(&keys, id, key);
            assert_true(memcmp(before, key, key_bytes) < 0);
            memcpy(before, key, key_bytes);
        }
        assert_int_equal(key[key_bytes], 0xee);
    }
}

static void dice_are_the_published_generator(void **state)
{
    /* xoshiro256** from the state 1, 2, 3, 4: the first numbers follow from its definition. */
    tl_dice dice = {
        {1, 2, 3, 4}
    };
    (void)state;
    assert_int_equal(tl_dice_next(&dice), 11520);
    assert_int_equal(tl_dice_next(&dice), 0);
    assert_int_equal(tl_dice_next(&dice), 1509978240);
    assert_int_equal(tl_dice_next(&dice), 1215971899390074240);
}

static void dice_below_a_bound_are_below_it_and_even(void **state)
{
    static const uint64_t bounds[] = {1, 2, 3, 10, 100, ((uint64_t)1 << 33) + 1, UINT64_MAX};
    tl_dice dice;
    (void)state;
    tl_dice_init(&dice, 5);
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        uint64_t low_half_count = 0;
        for (int i = 0; i < 10000; i++) {
            uint64_t number = tl_dice_below(&dice, bounds[b]);
            assert_true(number < bounds[b]);
            low_half_count += number < bounds[b] / 2;
        }
        double share = (double)(bounds[b] / 2) / (double)bounds[b];
        double off = (double)low_half_count - 10000 * share;
        assert_true(off * off <= 250 * 250); /* five standard deviations */
    }
}

static void streams_of_one_seed_differ(void **state)
{
    (void)state;
    for (uint64_t a = 0; a < 50; a++) {
        for (uint64_t b = 0; b < a; b++) {
            assert_int_not_equal(tl_stream(42, a), tl_stream(42, b));
            assert_int_not_equal(tl_stream(a, 7), tl_stream(b, 7));
            assert_int_not_equal(tl_stream(a, b), tl_stream(b, a));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutation_visits_each_number_once),
        cmocka_unit_test(permutation_by_runs_equals_one_at_a_time),
        cmocka_unit_test(permutation_of_a_huge_range_stays_inside_it),
        cmocka_unit_test(permutation_has_no_order_that_eight_by_eight_cells_can_see),
        cmocka_unit_test(scrambled_keys_are_distinct),
        cmocka_unit_test(scrambled_keys_fill_every_length_and_no_more),
        cmocka_unit_test(ordered_keys_ascend_and_end_in_a_big_endian_number),
        cmocka_unit_test(dice_are_the_published_generator),
        cmocka_unit_test(dice_below_a_bound_are_below_it_and_even),
        cmocka_unit_test(streams_of_one_seed_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
