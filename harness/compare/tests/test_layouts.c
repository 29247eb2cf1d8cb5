/* harness/compare/tests/test_layouts.c -- spread between layouts, from samples that are made up. */
#include "harness/compare/layouts.h"
#include "workloads/keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LAYOUTS = 8, N = 128, SAMPLES = 200 };

/* Roughly normal, deviation 1. */
static double lot(tl_dice *dice)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (double)tl_dice_below(dice, 1u << 20) / (double)(1u << 20);
    return sum - 6;
}

static double deviation_of(double lasting, double passing, size_t n, unsigned seed)
{
    tl_dice dice;
    tl_dice_init(&dice, seed);
    tl_layout_spread spread = {0};
    for (int s = 0; s < SAMPLES; s++) {
        double of_layout[LAYOUTS], values[N];
        for (int i = 0; i < LAYOUTS; i++)
            of_layout[i] = lasting * lot(&dice);
        for (size_t i = 0; i < n; i++)
            values[i] = 0.03 + of_layout[i % LAYOUTS] + passing * lot(&dice);
        tl_layout_spread_add(&spread, values, n, LAYOUTS);
    }
    return tl_layout_deviation(&spread);
}

static void near(double is, double wanted, double share)
{
    if (!(fabs(is - wanted) <= share * wanted))
        fail_msg("%g is not within %g of %g", is, share * wanted, wanted);
}

static void what_layouts_differ_by_is_told_from_what_launches_do(void **state)
{
    (void)state;
    near(deviation_of(0.02, 0.01, N, 1), 0.02, 0.1);
    near(deviation_of(0.01, 0.03, N, 2), 0.01, 0.1);
}

static void an_unequal_number_of_launches_biases_nothing(void **state)
{
    (void)state;
    near(deviation_of(0.02, 0.02, 21, 3), 0.02, 0.1);
}

static void equal_layouts_show_next_to_nothing(void **state)
{
    (void)state;
    assert_true(deviation_of(0, 0.02, N, 4) < 0.002);
}

static void one_turn_of_layouts_tells_nothing(void **state)
{
    (void)state;
    assert_true(isnan(deviation_of(0.02, 0.01, LAYOUTS, 5)));
    assert_true(isnan(deviation_of(0.02, 0.01, 2 * LAYOUTS - 1, 5)));
    tl_layout_spread spread = {0};
    double values[N] = {0};
    tl_layout_spread_add(&spread, values, N, 0); /* no layouts at all */
    assert_true(isnan(tl_layout_deviation(&spread)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_layouts_differ_by_is_told_from_what_launches_do),
        cmocka_unit_test(an_unequal_number_of_launches_biases_nothing),
        cmocka_unit_test(equal_layouts_show_next_to_nothing),
        cmocka_unit_test(one_turn_of_layouts_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
