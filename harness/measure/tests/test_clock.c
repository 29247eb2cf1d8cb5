/* harness/measure/tests/test_clock.c -- the clock that times operations tells the same time as
 * CLOCK_MONOTONIC, and resource counts move. */
#include "harness/measure/clock.h"
#include "harness/measure/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STRETCH_NS = 20000000, TRIES = 20 };

static void wait_ns(uint64_t span_ns)
{
    for (uint64_t begin_ns = tl_clock_ns(); tl_clock_ns() - begin_ns < span_ns;)
        ;
}

/* Both clocks around one stretch.  Being descheduled between two readings makes them differ, so
 * some tries are allowed; a wrong rate fails all of them. */
static void operation_clock_agrees_with_clock_monotonic_within_a_thousandth(void **state)
{
    (void)state;
    const tl_clock *clock = tl_clock_fastest();
    print_message("clock %s, one reading %.1f ns\n", clock->name, clock->cost_ns);
    for (int try = 0; try < TRIES; try++) {
        uint64_t begin_ns = tl_clock_ns();
        uint64_t begin_ticks = tl_clock_ticks(clock);
        wait_ns(STRETCH_NS);
        uint64_t end_ns = tl_clock_ns();
        uint64_t end_ticks = tl_clock_ticks(clock);
        double told = (double)tl_clock_span_ns(clock, begin_ticks, end_ticks);
        double truth = (double)(end_ns - begin_ns);
        if (told > truth * 0.999 && told < truth * 1.001)
            return;
    }
    fail_msg("%s disagrees with CLOCK_MONOTONIC in %d tries", clock->name, TRIES);
}

static void every_clock_has_a_name_and_a_cost(void **state)
{
    (void)state;
    assert_string_equal(tl_clock_plain()->name, "CLOCK_MONOTONIC");
    assert_false(tl_clock_plain()->is_tsc);
    assert_true(tl_clock_plain()->cost_ns > 0);
    assert_true(tl_clock_fastest()->cost_ns > 0);
}

static void a_span_that_runs_backwards_is_zero(void **state)
{
    (void)state;
    assert_true(tl_clock_span_ns(tl_clock_fastest(), 1000, 999) == 0);
    assert_true(tl_clock_span_ns(tl_clock_plain(), 1000, 999) == 0);
    assert_true(tl_clock_span_ns(tl_clock_plain(), 1000, 1042) == 42);
}

static void cpu_time_grows_with_work(void **state)
{
    (void)state;
    uint64_t before_ns = tl_clock_cpu_ns();
    wait_ns(STRETCH_NS);
    assert_true(tl_clock_cpu_ns() > before_ns);
}

static void touching_fresh_memory_shows_as_page_faults(void **state)
{
    (void)state;
    enum { BLOCK_BYTES = 8 << 20, STEP_BYTES = 1024 };
    tl_resources before = tl_resources_now();
    volatile char *block = malloc(BLOCK_BYTES);
    assert_non_null((const void *)block);
    for (size_t i = 0; i < BLOCK_BYTES; i += STEP_BYTES)
        block[i] = 1;
    tl_resources after = tl_resources_now();
    free((void *)block);
    tl_resources between = tl_resources_between(&before, &after);
    assert_true(between.minflt > 0);
    assert_true(between.rss_peak_bytes >= BLOCK_BYTES);
}

static void counts_between_readings_never_go_below_zero(void **state)
{
    (void)state;
    tl_resources early = {.minflt = 5, .rd_bytes = 7, .rss_peak_bytes = 9};
    tl_resources late = {.minflt = 8, .rd_bytes = 6, .rss_peak_bytes = 4};
    tl_resources between = tl_resources_between(&early, &late);
    assert_true(between.minflt == 3 && between.rd_bytes == 0 && between.rss_peak_bytes == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operation_clock_agrees_with_clock_monotonic_within_a_thousandth),
        cmocka_unit_test(every_clock_has_a_name_and_a_cost),
        cmocka_unit_test(a_span_that_runs_backwards_is_zero),
        cmocka_unit_test(cpu_time_grows_with_work),
        cmocka_unit_test(touching_fresh_memory_shows_as_page_faults),
        cmocka_unit_test(counts_between_readings_never_go_below_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
