/* harness/compare/tests/test_walsh.c -- estimates, bounds and p-values of paired samples. */
#include "harness/compare/bootstrap.h"
#include "harness/compare/walsh.h"
#include "workloads/keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static tl_walsh made(const double *values, size_t n)
{
    tl_walsh walsh;
    assert_int_equal(tl_walsh_make(values, n, &walsh), TL_OK);
    return walsh;
}

static double uniform(tl_dice *dice) /* in (-1, 1) */
{
    return (double)(tl_dice_next(dice) >> 11) * 0x1p-52 - 1 + 0x1p-53;
}

/* Hollander and Wolfe, Nonparametric Statistical Methods (1973), example 3.1: depression scores of
 * nine patients, before and after a tranquiliser: estimate -0.46, T+ = 5, one-sided p = 0.020. */
static void the_textbook_example_comes_out_as_printed(void **state)
{
    (void)state;
    static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    static const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double change[9];
    for (size_t i = 0; i < 9; i++)
        change[i] = after[i] - before[i];
    tl_walsh walsh = made(change, 9);
    assert_true(fabs(tl_walsh_estimate(&walsh) + 0.46) < 0.001);
    assert_true(fabs(tl_walsh_p_below(&walsh, 0) - 0.01953125) < 1e-12);
    tl_walsh_release(&walsh);
}

/* The number of Walsh averages above 0 is T: ranks of absolute values whose value is positive. */
static void p_values_are_those_of_ranks_and_all_sign_patterns(void **state)
{
    (void)state;
    tl_dice dice;
    tl_dice_init(&dice, 7);
    for (int round = 0; round < 50; round++) {
        enum { N = 9 };
        double values[N];
        uint32_t t = 0, at_least = 0;
        for (size_t i = 0; i < N; i++)
            values[i] = uniform(&dice) + 0.2;
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N && values[i] > 0; j++)
                t += fabs(values[j]) <= fabs(values[i]) ? 1 : 0;
        for (uint32_t signs = 0; signs < 1u << N; signs++) {
            uint32_t sum = 0;
            for (uint32_t rank = 1; rank <= N; rank++)
                sum += (signs >> (rank - 1) & 1) != 0 ? rank : 0;
            at_least += sum >= t;
        }
        tl_walsh walsh = made(values, N);
        assert_true(tl_walsh_p_above(&walsh, 0) == (double)at_least / (1u << N));
        tl_walsh_release(&walsh);
    }
}

static void a_p_value_is_at_most_a_level_exactly_when_the_bound_is_beyond(void **state)
{
    (void)state;
    tl_dice dice;
    tl_dice_init(&dice, 8);
    for (int round = 0; round < 400; round++) {
        double values[20];
        size_t n = 5 + tl_dice_below(&dice, 16);
        for (size_t i = 0; i < n; i++) /* few different values: ties abound */
            values[i] = (double)tl_dice_below(&dice, 9) - 3.5;
        double asked = (double)tl_dice_below(&dice, 9) - 4,
               level = 0.002 + 0.1 * fabs(uniform(&dice));
        double lower = -(double)INFINITY, upper = (double)INFINITY;
        tl_walsh walsh = made(values, n);
        tl_walsh_lower(&walsh, level, &lower);
        tl_walsh_upper(&walsh, level, &upper);
        assert_int_equal(lower > asked, tl_walsh_p_above(&walsh, asked) <= level);
        assert_int_equal(upper < asked, tl_walsh_p_below(&walsh, asked) <= level);
        assert_true(lower <= tl_walsh_estimate(&walsh) && tl_walsh_estimate(&walsh) <= upper);
        tl_walsh_release(&walsh);
    }
}

static void a_level_that_the_size_cannot_reach_is_said_to_be_out_of_reach(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    double bound = 77;
    tl_walsh walsh = made(values, 9); /* 2^-9 is 0.2 % */
    assert_false(tl_walsh_lower(&walsh, 0.001, &bound));
    assert_false(tl_walsh_upper(&walsh, 0.001, &bound));
    assert_true(bound == 77);
    tl_walsh_release(&walsh);
    walsh = made(values, 10); /* 2^-10 is below 0.1 % */
    assert_true(tl_walsh_lower(&walsh, 0.001, &bound));
    assert_true(bound == 1);
    tl_walsh_release(&walsh);
}

enum { ROUNDS = 4000 };

/* How often the true middle, 0, is below the lower bound and above the upper one. */
static void misses(double (*draw)(tl_dice *dice), size_t n, double level, uint64_t seed,
                   double *low, double *high)
{
    double values[TL_SIGNED_RANK_N_MAX];
    tl_dice dice;
    tl_dice_init(&dice, seed);
    *low = *high = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n; i++)
            values[i] = draw(&dice);
        double bound = 0;
        tl_walsh walsh = made(values, n);
        assert_true(tl_walsh_lower(&walsh, level, &bound));
        *low += bound > 0 ? 1.0 / ROUNDS : 0;
        assert_true(tl_walsh_upper(&walsh, level, &bound));
        *high += bound < 0 ? 1.0 / ROUNDS : 0;
        tl_walsh_release(&walsh);
    }
}

static double draw_bell(tl_dice *dice)
{
    return uniform(dice) + uniform(dice) + uniform(dice);
}

static double draw_heavy(tl_dice *dice) /* quotient of two: no mean */
{
    return uniform(dice) / uniform(dice);
}

static double draw_tied(tl_dice *dice) /* -2 .. 2 in whole steps: zeros and ties everywhere */
{
    return (double)tl_dice_below(dice, 5) - 2;
}

static void bounds_miss_as_often_as_they_say(void **state)
{
    (void)state;
    double (*const draws[])(tl_dice *) = {draw_bell, draw_heavy};
    for (size_t i = 0; i < 2; i++)
        for (size_t n = 12; n <= 20; n += 8) {
            double low, high, slack = 4 * sqrt(0.05 * 0.95 / ROUNDS);
            tl_signed_rank *t = NULL;
            assert_int_equal(tl_signed_rank_make((unsigned)n, &t), TL_OK);
            double exact = (double)tl_signed_rank_at_most(t, tl_signed_rank_critical(t, 0.05) - 1);
            tl_signed_rank_free(t);
            misses(draws[i], n, 0.05, 11 + i, &low, &high);
            assert_true(fabs(low - exact) < slack && fabs(high - exact) < slack);
        }
}

static void ties_and_zeros_never_make_a_bound_miss_more_often(void **state)
{
    (void)state;
    double low, high;
    misses(draw_tied, 16, 0.05, 13, &low, &high);
    assert_true(low < 0.05 && high < 0.05);
    static const double zeros[16];
    tl_walsh walsh = made(zeros, 16);
    assert_true(tl_walsh_estimate(&walsh) == 0);
    assert_true(tl_walsh_p_above(&walsh, 0) == 1 && tl_walsh_p_below(&walsh, 0) == 1);
    tl_walsh_release(&walsh);
}

static void values_that_are_no_numbers_are_refused(void **state)
{
    (void)state;
    double values[] = {0.1, (double)NAN, 0.2};
    tl_walsh walsh = {0};
    assert_int_equal(tl_walsh_make(values, 3, &walsh), TL_INVALID);
    values[1] = (double)INFINITY;
    assert_int_equal(tl_walsh_make(values, 3, &walsh), TL_INVALID);
    assert_int_equal(tl_walsh_make(values, 0, &walsh), TL_INVALID);
    assert_null(walsh.averages);
}

static void the_bootstrap_agrees_with_the_exact_bounds_and_repeats_itself(void **state)
{
    (void)state;
    double values[40];
    tl_dice dice;
    tl_dice_init(&dice, 21);
    for (size_t i = 0; i < 40; i++)
        values[i] = 0.03 + 0.02 * draw_bell(&dice);
    tl_bootstrap first, second;
    assert_int_equal(tl_bootstrap_make(values, 40, 0.05, 2000, 5, &first), TL_OK);
    assert_int_equal(tl_bootstrap_make(values, 40, 0.05, 2000, 5, &second), TL_OK);
    assert_memory_equal(&first, &second, sizeof first);
    double lower = 0, upper = 0;
    tl_walsh walsh = made(values, 40);
    assert_true(tl_walsh_lower(&walsh, 0.05, &lower) && tl_walsh_upper(&walsh, 0.05, &upper));
    double estimate = tl_walsh_estimate(&walsh), slack = 0.2 * (upper - lower);
    tl_walsh_release(&walsh);
    assert_true(first.percentile_lower < estimate && estimate < first.percentile_upper);
    assert_true(fabs(first.percentile_lower - lower) < slack);
    assert_true(fabs(first.percentile_upper - upper) < slack);
    assert_true(fabs(first.bca_lower - lower) < slack && fabs(first.bca_upper - upper) < slack);
    assert_int_equal(tl_bootstrap_make(values, 1, 0.05, 2000, 5, &first), TL_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_textbook_example_comes_out_as_printed),
        cmocka_unit_test(p_values_are_those_of_ranks_and_all_sign_patterns),
        cmocka_unit_test(a_p_value_is_at_most_a_level_exactly_when_the_bound_is_beyond),
        cmocka_unit_test(a_level_that_the_size_cannot_reach_is_said_to_be_out_of_reach),
        cmocka_unit_test(bounds_miss_as_often_as_they_say),
        cmocka_unit_test(ties_and_zeros_never_make_a_bound_miss_more_often),
        cmocka_unit_test(values_that_are_no_numbers_are_refused),
        cmocka_unit_test(the_bootstrap_agrees_with_the_exact_bounds_and_repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
