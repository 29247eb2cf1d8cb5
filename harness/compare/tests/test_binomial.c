/* harness/compare/tests/test_binomial.c -- exact bounds of a share, against values that can be
 * worked out by hand. */
#include "harness/compare/binomial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double value, double right)
{
    if (!(fabs(value - right) < 1e-9))
        fail_msg("%.12g is not %.12g", value, right);
}

static void nothing_in_n_has_the_bound_that_can_be_solved_for(void **state)
{
    (void)state;
    static const uint64_t ns[] = {1, 30, 299, 10000};
    for (size_t i = 0; i < 4; i++) { /* (1 - p)^n = 0.05 */
        near(tl_binomial_upper(0, ns[i], 0.05), 1 - pow(0.05, 1 / (double)ns[i]));
        near(tl_binomial_lower(ns[i], ns[i], 0.05), pow(0.05, 1 / (double)ns[i]));
    }
    near(tl_binomial_lower(0, 30, 0.05), 0);
    near(tl_binomial_upper(30, 30, 0.05), 1);
    near(tl_binomial_upper(0, 0, 0.05), 1);
    near(tl_binomial_lower(0, 0, 0.05), 0);
}

static void bounds_are_where_the_sum_of_chances_is_the_level(void **state)
{
    (void)state;
    for (uint64_t k = 1; k < 20; k++) {
        near(tl_binomial_at_most(k, 20, tl_binomial_upper(k, 20, 0.05)), 0.05);
        near(1 - tl_binomial_at_most(k - 1, 20, tl_binomial_lower(k, 20, 0.05)), 0.05);
    }
    near(tl_binomial_at_most(1, 3, 0.5), 0.5); /* (1 + 3) / 8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_n_has_the_bound_that_can_be_solved_for),
        cmocka_unit_test(bounds_are_where_the_sum_of_chances_is_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
