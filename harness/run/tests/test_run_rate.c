/* harness/run/tests/test_run_rate.c -- open loops: timetables, and what a stall does to those who
 * wait, by a clock that the test winds. */
#include "harness/run/cell.h"
#include "harness/run/tests/get_workload.h"
#include "harness/run/tests/stalling_store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NS_PER_S UINT64_C(1000000000)

typedef struct fixture {
    char dir[64];
    tl_run_arm arm;
    tl_run_load load;
    tl_run_request request;
    tl_cell_tools tools;
    tl_run_cell cell;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/treelab-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(tl_cell_tools_make(&f->tools), TL_OK);
    f->tools.clock = &stalling_clock;
    f->arm = (tl_run_arm){.driver = &stalling_driver, .label = "stalling"};
    f->load = (tl_run_load){.workload = &get_workload};
    f->request = (tl_run_request){.arms = &f->arm,
                                  .arm_count = 1,
                                  .loads = &f->load,
                                  .load_count = 1,
                                  .seed = 7,
                                  .durability = TL_DURABILITY_NONE,
                                  .repeat = 1,
                                  .interval_ns = NS_PER_S,
                                  .value_bytes_max = 5000,
                                  .data_dir = f->dir};
    f->cell = (tl_run_cell){.arm = &f->arm, .load = &f->load};
    stalling = (stalling_script){.now_ns = 5000000, .op_ns = 10000};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    tl_cell_release(&f->cell);
    tl_cell_tools_release(&f->tools);
    int left = rmdir(f->dir);
    free(f);
    return left;
}

static const tl_run_phase *run(fixture *f, const char *rate, uint64_t ops)
{
    f->request.ops = ops;
    assert_true(tl_rate_parse(rate, &f->request.rate));
    assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
    return &f->cell.phases[0];
}

static void assert_within_percent(double told, double truth)
{
    if (fabs(told - truth) > truth / 100)
        fail_msg("%.0f is not within 1 %% of %.0f", told, truth);
}

static uint64_t percentile(const tl_run_latency *latency, double percentile)
{
    for (size_t i = 0; i < latency->curve_count; i++)
        if (latency->curve[i].percentile >= percentile - 1e-9)
            return latency->curve[i].value_ns;
    return latency->max;
}

/* Operations come every T = 100 us and take s = 10 us.  One takes S = 100 ms; those that come
 * meanwhile start one after the other behind it.  The k-th of them comes k T after the stalled one
 * and is answered at S + k s, so it waits S - k (T - s): the responses fall evenly from S to s over
 * S / (T - s) operations, and the p-th percentile of n is S - (1 - p) n (T - s). */
static void a_stall_gives_the_analytic_response_times(void **state)
{
    enum { OPS = 10000 };
    const double stall = 100e6, gap = 100e3, one = 10e3;
    static const double percentiles[] = {90, 95, 98, 99, 99.5, 99.9, 99.99};
    stalling.stall_at = 3000;
    stalling.stall_ns = 100000000;
    const tl_run_phase *phase = run(*state, "constant:10000", OPS);
    const tl_run_latency *response = &phase->response[TL_OP_GET];
    assert_int_equal(response->count, OPS);
    assert_int_equal(response->max, 100000000);
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        double above = OPS - ceil(percentiles[i] * OPS / 100 - 1e-6); /* that are longer */
        assert_within_percent((double)percentile(response, percentiles[i]),
                              stall - above * (gap - one));
    }
    assert_within_percent((double)response->p50, one);
    /* The store itself was slow once: no percentile of the service time shows it. */
    assert_in_range(phase->latency[TL_OP_GET].p99_9, 10000, 10010);
    assert_int_equal(phase->latency[TL_OP_GET].max, 100000000);
}

static void a_stall_that_is_made_up_for_is_no_overload(void **state)
{
    stalling.stall_at = 3000;
    stalling.stall_ns = 100000000;
    const tl_run_phase *phase = run(*state, "constant:10000", 10000);
    assert_in_range(phase->schedule.backlog_max, 995, 1005);
    assert_int_equal(phase->schedule.late_ns, 0);
    assert_false(phase->schedule.overloaded);
    assert_within_percent(phase->schedule.achieved_per_s, 10000);
}

static void a_store_that_cannot_keep_up_is_overloaded(void **state)
{
    stalling.op_ns = 110000; /* 9091 a second of 10000 */
    const tl_run_phase *phase = run(*state, "constant:10000", 10000);
    assert_true(phase->schedule.overloaded);
    assert_within_percent(phase->schedule.achieved_per_s, 1e9 / 110000);
    assert_within_percent((double)phase->schedule.backlog_max, 10000 - 9091);
    assert_within_percent((double)phase->response[TL_OP_GET].max, 10000 * 10000.0);
    assert_int_equal(phase->latency[TL_OP_GET].max, 110000);
}

static void an_overload_is_told_beside_the_numbers(void **state)
{
    fixture *f = *state;
    stalling.op_ns = 110000;
    run(f, "constant:10000", 10000);
    tl_run whole = {.request = &f->request, .cells = &f->cell, .cell_count = 1};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    tl_run_print_table(out, &whole, NULL);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "get, response: OVERLOADED"));
    assert_non_null(strstr(text, "overloaded: "));
    free(text);
    tl_json *cell = tl_run_cell_json(&f->request, &f->cell);
    const tl_json *phase = tl_json_at(tl_json_get(cell, "phases"), 0);
    assert_true(tl_json_is_true(tl_json_get(tl_json_get(phase, "schedule"), "overloaded")));
    const tl_json *get = tl_json_get(tl_json_get(phase, "response"), "get");
    assert_string_equal(tl_json_text(tl_json_get(get, "kind"), ""), "response");
    get = tl_json_get(tl_json_get(phase, "latency"), "get");
    assert_string_equal(tl_json_text(tl_json_get(get, "kind"), ""), "service");
    tl_json_free(cell);
}

/* It stalls once, near the end of the warm-up: what is measured keeps its timetable. */
static void a_warmup_that_fell_behind_is_no_overload_of_what_is_measured(void **state)
{
    fixture *f = *state;
    f->request.warmup_ns = 50000000;
    stalling.stall_at = 450;
    stalling.stall_ns = 20000000;
    run(f, "constant:10000", 10000);
    assert_int_equal(f->cell.phase_count, 2);
    assert_true(f->cell.phases[0].is_warmup && f->cell.phases[0].schedule.overloaded);
    assert_false(f->cell.phases[1].schedule.overloaded);
    tl_run whole = {.request = &f->request, .cells = &f->cell, .cell_count = 1};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    tl_run_print_table(out, &whole, NULL);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "get, response"));
    assert_null(strstr(text, "overloaded"));
    assert_null(strstr(text, "OVERLOADED"));
    free(text);
}

static void a_closed_loop_has_no_timetable(void **state)
{
    const tl_run_phase *phase = run(*state, "closed", 100);
    assert_int_equal(phase->schedule.rate.mode, TL_RATE_CLOSED);
    assert_int_equal(phase->response[TL_OP_GET].count, 0);
}

/* Waiting in a queue with one server, constant service and random arrivals: its mean is that of
 * Pollaczek and Khinchine. */
static void poisson_arrivals_wait_as_long_as_queueing_theory_says(void **state)
{
    stalling.op_ns = 50000;
    const tl_run_phase *phase = run(*state, "poisson:10000", 2000000); /* half of the time busy */
    double load = 0.5, mean_ns = 50000 * (1 + load / (2 * (1 - load)));
    assert_within_percent(phase->response[TL_OP_GET].mean, mean_ns);
    assert_false(phase->schedule.overloaded);
}

/* Timetables. */

static void constant_timetables_do_not_drift(void **state)
{
    (void)state;
    tl_rate rate = {TL_RATE_CONSTANT, 30000};
    tl_arrivals whole, shares[3];
    tl_arrivals_begin(&whole, &rate, 1, 0, 1);
    for (uint64_t i = 0; i < 3; i++)
        tl_arrivals_begin(&shares[i], &rate, 1, i, 3);
    for (uint64_t i = 0; i < 3000000; i++) {
        uint64_t at_ns = tl_arrivals_next(&whole);
        assert_int_equal(at_ns, i * NS_PER_S / 30000);
        assert_int_equal(tl_arrivals_next(&shares[i % 3]), at_ns);
    }
}

/* Kolmogorov and Smirnov's distance of a million gaps from the exponential law. */
static int by_value(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void poisson_gaps_are_exponential(void **state)
{
    (void)state;
    enum { GAPS = 1000000 };
    tl_rate rate = {TL_RATE_POISSON, 1000};
    tl_arrivals arrivals;
    uint64_t *gaps = malloc(GAPS * sizeof *gaps), before_ns = 0;
    assert_non_null(gaps);
    tl_arrivals_begin(&arrivals, &rate, 42, 0, 1);
    for (size_t i = 0; i < GAPS; i++) {
        uint64_t at_ns = tl_arrivals_next(&arrivals);
        gaps[i] = at_ns - before_ns;
        before_ns = at_ns;
    }
    assert_true(fabs((double)before_ns / (GAPS * 1e6) - 1) < 0.004); /* 4 standard deviations */
    qsort(gaps, GAPS, sizeof *gaps, by_value);
    double distance = 0;
    for (size_t i = 0; i < GAPS; i++) {
        double law = 1 - exp(-(double)gaps[i] / 1e6);
        distance = fmax(distance, fabs(law - (double)i / GAPS));
    }
    assert_true(distance < 1.95 / sqrt(GAPS)); /* 1 in 1000 */
    free(gaps);
}

/* The same on every compiler and host. */
static void timetables_are_a_format(void **state)
{
    (void)state;
    tl_rate rate = {TL_RATE_POISSON, 20000};
    tl_arrivals arrivals;
    uint64_t hash = 0;
    tl_arrivals_begin(&arrivals, &rate, 42, 1, 2);
    for (int i = 0; i < 100000; i++)
        hash = (hash ^ tl_arrivals_next(&arrivals)) * UINT64_C(0x9e3779b97f4a7c15);
    print_message("timetable hash 0x%016llx\n", (unsigned long long)hash);
    assert_true(hash == UINT64_C(0xa2e957c32d566b2f));
}

static void rates_are_refused_unless_they_are_whole(void **state)
{
    (void)state;
    tl_rate rate = {TL_RATE_CLOSED, 7};
    static const char *const bad[] = {"",           "constant",     "constant:",  "constant:0",
                                      "uniform:5",  "constant:1.5", "poisson:-1", "poisson:1e10",
                                      "poisson:5x", "constant:5e",  "constants:5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_rate_parse(bad[i], &rate));
    assert_int_equal(rate.per_s, 7);
    assert_true(tl_rate_parse("poisson:2e4", &rate));
    assert_true(rate.mode == TL_RATE_POISSON && rate.per_s == 20000);
    assert_true(tl_rate_parse("constant:1000000000", &rate));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_stall_gives_the_analytic_response_times),
        WITH_STORE(a_stall_that_is_made_up_for_is_no_overload),
        WITH_STORE(a_store_that_cannot_keep_up_is_overloaded),
        WITH_STORE(a_warmup_that_fell_behind_is_no_overload_of_what_is_measured),
        WITH_STORE(an_overload_is_told_beside_the_numbers),
        WITH_STORE(a_closed_loop_has_no_timetable),
        WITH_STORE(poisson_arrivals_wait_as_long_as_queueing_theory_says),
        cmocka_unit_test(constant_timetables_do_not_drift),
        cmocka_unit_test(poisson_gaps_are_exponential),
        cmocka_unit_test(timetables_are_a_format),
        cmocka_unit_test(rates_are_refused_unless_they_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
