/* harness/compare/tests/test_decide.c -- from p-values to answers: Holm, looks, verdicts. */
#include "harness/compare/holm.h"
#include "harness/compare/looks.h"
#include "harness/compare/normal.h"
#include "harness/compare/verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void holm_steps_down_and_stops_at_the_first_that_is_too_large(void **state)
{
    (void)state;
    tl_holm_row rows[] = {{.p = 0.01}, {.p = 0.04}, {.p = 0.03}, {.p = 0.005}};
    tl_holm(rows, 4, 0.05); /* 0.005 < 0.0125, 0.01 < 0.0167, but 0.03 > 0.025; 0.04 waits behind */
    assert_true(rows[3].rejected && rows[0].rejected);
    assert_false(rows[2].rejected || rows[1].rejected);
    assert_true(fabs(rows[3].level - 0.0125) < 1e-12 && fabs(rows[0].level - 0.05 / 3) < 1e-12);
    assert_true(fabs(rows[1].level - 0.025) < 1e-12 && fabs(rows[2].level - 0.025) < 1e-12);
}

static void holm_never_rejects_what_is_no_number(void **state)
{
    (void)state;
    tl_holm_row rows[] = {{.p = (double)NAN}, {.p = 0}};
    tl_holm(rows, 2, 0.05);
    assert_false(rows[0].rejected);
}

static void default_looks_share_one_percent(void **state)
{
    (void)state;
    tl_looks looks = tl_looks_default(), parsed;
    assert_int_equal(looks.count, 4);
    assert_true(fabs(looks.rows[0].alpha - 0.001) < 1e-12);
    assert_true(fabs(looks.rows[3].alpha - 0.004) < 1e-12);
    assert_int_equal(looks.rows[3].launches, 128);
    assert_true(fabs(tl_looks_share(&looks, 3, 0.05) - 0.02) < 1e-12);
    assert_true(tl_looks_parse("16:0.1%,32:0.2%,64:0.003,128:0.4%", &parsed));
    for (size_t i = 0; i < 4; i++)
        assert_true(fabs(looks.rows[i].alpha - parsed.rows[i].alpha) < 1e-12);
    assert_true(tl_looks_parse("16,32,64,128", &parsed));
    assert_true(fabs(tl_looks_alpha(&parsed) - 0.01) < 1e-12);
}

static void looks_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "129",
        "32,16",
        "16,16",
        "16,",
        "16:0",
        "16:60%",
        "16:0.1%,32",
        "16:40%,32:40%",
        "-16",
        "16 ,32",
        "1,2,3,4,5,6,7,8,9",
        "16:x",
        "16:0.1%x",
    };
    tl_looks looks;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(tl_looks_parse(texts[i], &looks));
}

static void quantiles_of_the_normal_law_are_the_known_ones(void **state)
{
    (void)state;
    assert_true(fabs(tl_normal_quantile(0.975) - 1.959963984540054) < 1e-9);
    assert_true(fabs(tl_normal_quantile(0.001) + 3.090232306167813) < 1e-9);
    assert_true(fabs(tl_normal_below(1) - 0.8413447460685429) < 1e-12);
    assert_true(isinf(tl_normal_quantile(0)) && isinf(tl_normal_quantile(1)));
}

static tl_effect judged(double middle, double spread, size_t n)
{
    double values[TL_SIGNED_RANK_N_MAX];
    tl_margins margins = tl_margins_default();
    tl_effect effect;
    for (size_t i = 0; i < n; i++) /* even steps over middle +- spread */
        values[i] = middle + spread * (2 * (double)i / (double)(n - 1) - 1);
    assert_int_equal(tl_effect_make(values, n, 0.001, 0.005, &margins, &effect), TL_OK);
    return effect;
}

static void an_effect_is_told_with_bounds_width_and_what_could_be_detected(void **state)
{
    (void)state;
    tl_effect same = judged(0, 0.01, 32), slow = judged(tl_effect_log(10), 0.01, 32),
              fast = judged(-0.1, 0.01, 32);
    assert_true(same.equivalent && !same.improved);
    assert_true(fast.improved && !fast.equivalent && !slow.improved);
    assert_true(slow.p_above < 0.001 && same.p_above > 0.4 && same.p_below < 0.001);
    assert_true(fabs(tl_effect_percent(slow.estimate) - 10) < 1e-9);
    assert_true(slow.lower < slow.estimate && slow.estimate < slow.upper);
    assert_true(fabs(same.half_width - (same.upper - same.lower) / 2) < 1e-15);
    assert_true(same.detectable > same.half_width + tl_effect_log(0.5));
    assert_true(same.pass_upper < same.upper);
}

static void too_few_launches_have_no_interval(void **state)
{
    (void)state;
    tl_effect few = judged(0, 0.01, 8); /* 2^-8 is 0.4 % */
    assert_true(isnan(few.lower) && isnan(few.upper) && isnan(few.half_width));
    assert_true(!isnan(few.pass_upper));
    assert_true(isnan(few.detectable) && !few.improved && !few.equivalent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holm_steps_down_and_stops_at_the_first_that_is_too_large),
        cmocka_unit_test(holm_never_rejects_what_is_no_number),
        cmocka_unit_test(default_looks_share_one_percent),
        cmocka_unit_test(looks_that_make_no_sense_are_refused),
        cmocka_unit_test(quantiles_of_the_normal_law_are_the_known_ones),
        cmocka_unit_test(an_effect_is_told_with_bounds_width_and_what_could_be_detected),
        cmocka_unit_test(too_few_launches_have_no_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
