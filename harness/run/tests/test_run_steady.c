/* harness/run/tests/test_run_steady.c -- when a phase's throughput counts as settled. */
#include "harness/run/steady.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The sample, from 1, at which a throughput over time is called steady; 0: never within `count`. */
static uint64_t steady_at(const char *rule, double (*rate)(double sample), uint64_t count)
{
    tl_steady steady = {.sample_count = 0};
    assert_true(tl_steady_parse(rule, &steady.rule));
    for (uint64_t i = 1; i <= count; i++) {
        tl_steady_add(&steady, rate((double)i));
        if (steady.reached) {
            assert_int_equal(steady.at_ns, i * tl_steady_sample_ns(&steady.rule));
            return i;
        }
    }
    return 0;
}

#define RULE "steady(slope<1%/5s, windows=2)" /* ten samples a window */

static double level(double sample)
{
    (void)sample;
    return 50000;
}

/* Falls, lies flat and climbs again within 40 samples, then stays. */
static double dip(double sample)
{
    if (sample > 60)
        return 100000;
    double x = (sample - 40) / 20; /* -1 .. 1 from 20 to 60 */
    return sample < 20 ? 100000 : 100000 * (0.4 + 0.6 * x * x);
}

/* The same dip from the very start: nothing flat before it. */
static double dip_at_once(double sample)
{
    return dip(sample + 19);
}

static double falling(double sample)
{
    return 100000 * pow(0.995, sample);
}

static double cliff(double sample) /* between two windows */
{
    return sample <= 10 ? 100000 : sample <= 20 ? 80000 : 80000 * pow(0.9, sample - 20);
}

static double warming(double sample) /* towards 100000 */
{
    return 100000 * (1 - exp(-sample / 20));
}

static double stopped(double sample)
{
    (void)sample;
    return 0;
}

static void a_level_is_steady_after_all_windows(void **state)
{
    (void)state;
    assert_int_equal(steady_at(RULE, level, 100), 20);
    assert_int_equal(steady_at("steady(slope<1%/5s,windows=4)", level, 100), 40);
}

/* The bottom of a dip is flat within one window: with one only the phase would end there. */
static void a_phase_does_not_end_inside_a_dip(void **state)
{
    (void)state;
    static const char wide[] = "steady(slope<5%/5s, windows=2)"; /* wide enough for the bottom */
    assert_in_range(steady_at(wide, dip_at_once, 200), 58, 62);  /* 20 samples behind the dip */
    tl_steady one = {.sample_count = 0};
    assert_true(tl_steady_parse(wide, &one.rule));
    one.rule.windows = 1; /* what the rule guards against */
    uint64_t i = 0;
    while (!one.reached && i < 200)
        tl_steady_add(&one, dip_at_once((double)++i));
    assert_in_range(i, 20, 30);
}

static void what_keeps_falling_is_never_steady(void **state)
{
    (void)state;
    assert_int_equal(steady_at(RULE, falling, 1000), 0);
}

static void a_cliff_between_two_windows_is_no_steady_state(void **state)
{
    (void)state;
    assert_int_equal(steady_at(RULE, cliff, 40), 0);
}

static void a_store_that_stands_still_is_not_steady(void **state)
{
    (void)state;
    assert_int_equal(steady_at(RULE, stopped, 100), 0);
}

static void warming_up_is_waited_for(void **state)
{
    (void)state;
    uint64_t at = steady_at(RULE, warming, 1000);
    assert_true(at > 80 && warming((double)at - 20) > 97000);
    uint64_t later = steady_at("steady(slope<0.1%/5s, windows=2)", warming, 1000);
    assert_true(later > at);
}

static void rules_are_read_and_printed(void **state)
{
    (void)state;
    tl_steady_rule rule;
    char text[TL_STEADY_TEXT_MAX];
    assert_true(tl_steady_parse("steady( slope < 2.5% / 500ms )", &rule));
    tl_steady_print(&rule, text);
    assert_string_equal(text, "steady(slope<2.5%/500ms,windows=2)");
    assert_true(tl_steady_parse(text, &rule));
    static const char *const bad[] = {
        "",
        "steady",
        "steady()",
        "steady(slope<1%)",
        "steady(slope<1%/5x)",
        "steady(slope<0%/5s)",
        "steady(slope<101%/5s)",
        "steady(slope<nan%/5s)",
        "steady(slope<1%/1ms)",
        "steady(slope<1%/5s,windows=1)",
        "steady(slope<1%/5s,windows=9)",
        "steady(slope<1%/5s,windows=2) ever",
        "steady(slope<1%/5s,windows=2",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_steady_parse(bad[i], &rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_is_steady_after_all_windows),
        cmocka_unit_test(a_phase_does_not_end_inside_a_dip),
        cmocka_unit_test(what_keeps_falling_is_never_steady),
        cmocka_unit_test(a_cliff_between_two_windows_is_no_steady_state),
        cmocka_unit_test(a_store_that_stands_still_is_not_steady),
        cmocka_unit_test(warming_up_is_waited_for),
        cmocka_unit_test(rules_are_read_and_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
