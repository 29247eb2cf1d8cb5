/* harness/measure/tests/test_histogram.c -- what the histogram promises, against sorted arrays. */
#include "harness/measure/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VALUE_COUNT = 4000, ROUNDS = 24 };

/* xorshift64*: the tests need numbers, not quality; never seeded with 0. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* TREELAB_TEST_SEED replays a failure; otherwise fixed, so that a build fails reproducibly. */
static uint64_t test_seed(void)
{
    const char *text = getenv("TREELAB_TEST_SEED");
    uint64_t seed = text == NULL ? 20240607 : strtoull(text, NULL, 0);
    print_message("seed: TREELAB_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed == 0 ? 1 : seed;
}

/* Latencies span magnitudes: draw the number of bits first, then the bits. */
static uint64_t random_latency_ns(uint64_t *random)
{
    unsigned bits = (unsigned)(next_random(random) % 41) + 1;
    return next_random(random) >> (64 - bits);
}

static int by_value(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static tl_histogram *new_histogram(void)
{
    tl_histogram *histogram = tl_histogram_new();
    assert_non_null(histogram);
    return histogram;
}

static tl_histogram *random_histogram(uint64_t *random, size_t count)
{
    tl_histogram *histogram = new_histogram();
    for (size_t i = 0; i < count; i++)
        tl_histogram_record(histogram, random_latency_ns(random));
    return histogram;
}

/* The reference slots of HdrHistogram(1, 3600000000000, 3), computed by its published formula. */
static void slots_are_those_of_hdrhistogram(void **state)
{
    (void)state;
    static const struct {
        uint64_t value_ns;
        size_t slot;
    } golden[] = {
        {0,             0    },
        {1,             1    },
        {1023,          1023 },
        {1024,          1024 },
        {2047,          2047 },
        {2048,          2048 },
        {2049,          2048 },
        {2050,          2049 },
        {4095,          3071 },
        {4096,          3072 },
        {10000,         4322 },
        {1000000,       11169},
        {123456789,     18267},
        {3600000000000, 33420},
    };
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        assert_int_equal(tl_histogram_slot(golden[i].value_ns), golden[i].slot);
    assert_int_equal(TL_HISTOGRAM_SLOT_COUNT, 33792);
    assert_true(tl_histogram_slot_high(TL_HISTOGRAM_SLOT_COUNT - 1) == (UINT64_C(1) << 42) - 1);
}

static void slots_tile_the_values_without_gap_and_stay_within_a_thousandth(void **state)
{
    (void)state;
    uint64_t expected_low = 0;
    for (size_t slot = 0; slot < TL_HISTOGRAM_SLOT_COUNT; slot++) {
        uint64_t low = tl_histogram_slot_low(slot), high = tl_histogram_slot_high(slot);
        assert_true(low == expected_low);
        assert_true((high - low) * 1000 <= low);
        assert_int_equal(tl_histogram_slot(low), slot);
        assert_int_equal(tl_histogram_slot(high), slot);
        expected_low = high + 1;
    }
}

static void percentiles_are_within_a_thousandth_of_the_sorted_truth(void **state)
{
    (void)state;
    static const double percentiles[] = {0, 1, 10, 50, 75, 90, 99, 99.9, 99.99, 99.999, 100};
    uint64_t random = test_seed();
    uint64_t *truth = calloc(VALUE_COUNT, sizeof *truth);
    assert_non_null(truth);
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + next_random(&random) % VALUE_COUNT;
        tl_histogram *histogram = new_histogram();
        for (size_t i = 0; i < count; i++) {
            truth[i] = random_latency_ns(&random);
            tl_histogram_record(histogram, truth[i]);
        }
        qsort(truth, count, sizeof *truth, by_value);
        for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
            double rank = ceil(percentiles[i] * (double)count / 100.0 - 1e-6);
            uint64_t true_ns = truth[rank < 1 ? 0 : (size_t)rank - 1];
            uint64_t told_ns = tl_histogram_percentile(histogram, percentiles[i]);
            assert_true(told_ns >= true_ns);
            assert_true((told_ns - true_ns) * 1000 <= true_ns);
        }
        tl_histogram_free(histogram);
    }
    free(truth);
}

static void count_min_max_and_mean_are_exact(void **state)
{
    (void)state;
    uint64_t random = test_seed() ^ 0x5eed;
    tl_histogram *histogram = new_histogram();
    uint64_t sum = 0, min = UINT64_MAX, max = 0;
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        uint64_t value_ns = random_latency_ns(&random);
        tl_histogram_record(histogram, value_ns);
        sum += value_ns;
        min = value_ns < min ? value_ns : min;
        max = value_ns > max ? value_ns : max;
    }
    assert_true(histogram->count == VALUE_COUNT);
    assert_true(histogram->min_ns == min && tl_histogram_percentile(histogram, 0) == min);
    assert_true(histogram->max_ns == max && tl_histogram_percentile(histogram, 100) == max);
    assert_true(tl_histogram_mean(histogram) == (double)sum / VALUE_COUNT);
    tl_histogram_free(histogram);
}

static void values_beyond_an_hour_are_clamped_and_counted(void **state)
{
    (void)state;
    tl_histogram *histogram = new_histogram();
    tl_histogram_record(histogram, TL_HISTOGRAM_NS_MAX);
    assert_true(histogram->clamped == 0);
    tl_histogram_record(histogram, TL_HISTOGRAM_NS_MAX + 1);
    tl_histogram_record(histogram, UINT64_C(1) << 62);
    assert_true(histogram->clamped == 2 && histogram->count == 3);
    assert_true(histogram->slots[tl_histogram_slot(TL_HISTOGRAM_NS_MAX)] == 3);
    assert_true(histogram->max_ns == UINT64_C(1) << 62);
    tl_histogram_free(histogram);
}

static void an_empty_histogram_answers_zero(void **state)
{
    (void)state;
    tl_histogram *histogram = new_histogram();
    tl_histogram_point points[TL_HISTOGRAM_CURVE_MAX];
    assert_true(tl_histogram_percentile(histogram, 50) == 0);
    assert_true(tl_histogram_mean(histogram) == 0);
    assert_int_equal(tl_histogram_curve(histogram, points), 0);
    tl_histogram_free(histogram);
}

static void merging_is_commutative_associative_and_loses_nothing(void **state)
{
    (void)state;
    uint64_t random = test_seed() ^ 0xadd;
    tl_histogram *parts[3];
    for (size_t i = 0; i < 3; i++)
        parts[i] = random_histogram(&random, 500 * (i + 1));
    static const size_t orders[][3] = {
        {0, 1, 2},
        {2, 1, 0},
        {1, 0, 2}
    };
    tl_histogram *first = NULL;
    for (size_t i = 0; i < 3; i++) { /* (a + b) + c, in several orders */
        tl_histogram *sum = new_histogram();
        for (size_t j = 0; j < 3; j++)
            tl_histogram_merge(sum, parts[orders[i][j]]);
        if (first == NULL)
            first = sum;
        else {
            assert_memory_equal(first, sum, sizeof *sum);
            tl_histogram_free(sum);
        }
    }
    tl_histogram_merge(parts[1], parts[2]); /* a + (b + c) */
    tl_histogram_merge(parts[0], parts[1]);
    assert_memory_equal(first, parts[0], sizeof *first);
    assert_true(first->count == 3000);
    tl_histogram_free(first);
    for (size_t i = 0; i < 3; i++)
        tl_histogram_free(parts[i]);
}

static void the_curve_rises_to_the_maximum_and_agrees_with_percentiles(void **state)
{
    (void)state;
    uint64_t random = test_seed() ^ 0xc0;
    static const size_t counts[] = {1, 2, 10, 1000, VALUE_COUNT};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        tl_histogram *histogram = random_histogram(&random, counts[i]);
        tl_histogram_point points[TL_HISTOGRAM_CURVE_MAX];
        size_t count = tl_histogram_curve(histogram, points);
        assert_in_range(count, 1, TL_HISTOGRAM_CURVE_MAX);
        for (size_t j = 0; j < count; j++) {
            assert_true(points[j].value_ns ==
                        tl_histogram_percentile(histogram, points[j].percentile));
            assert_true(j == 0 || (points[j].percentile > points[j - 1].percentile &&
                                   points[j].value_ns >= points[j - 1].value_ns));
        }
        assert_true(points[count - 1].percentile == 100);
        assert_true(points[count - 1].value_ns == histogram->max_ns);
        tl_histogram_free(histogram);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_those_of_hdrhistogram),
        cmocka_unit_test(slots_tile_the_values_without_gap_and_stay_within_a_thousandth),
        cmocka_unit_test(percentiles_are_within_a_thousandth_of_the_sorted_truth),
        cmocka_unit_test(count_min_max_and_mean_are_exact),
        cmocka_unit_test(values_beyond_an_hour_are_clamped_and_counted),
        cmocka_unit_test(an_empty_histogram_answers_zero),
        cmocka_unit_test(merging_is_commutative_associative_and_loses_nothing),
        cmocka_unit_test(the_curve_rises_to_the_maximum_and_agrees_with_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
