/* harness/run/tests/test_run_limits.c -- phases that end by time or when steady, and warm-ups. */
#include "harness/run/cell.h"
#include "harness/run/tests/get_workload.h"
#include "harness/run/tests/memory_store.h"
#include "harness/run/tests/stalling_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static const char *one_phase_until; /* of the phase that one_phase makes */

typedef struct fixture {
    char dir[64];
    tl_run_arm arms[2];
    tl_run_load load;
    tl_workload_setting setting;
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
    f->arms[0] = (tl_run_arm){.driver = &stalling_driver, .label = "stalling"};
    f->load = (tl_run_load){.workload = &get_workload};
    f->request = (tl_run_request){.arms = f->arms,
                                  .arm_count = 1,
                                  .loads = &f->load,
                                  .load_count = 1,
                                  .ops = 1000000,
                                  .seed = 7,
                                  .durability = TL_DURABILITY_NONE,
                                  .repeat = 1,
                                  .value_bytes_max = 5000,
                                  .data_dir = f->dir};
    f->cell = (tl_run_cell){.arm = f->arms, .load = &f->load};
    stalling = (stalling_script){.now_ns = 5000000, .op_ns = 1000};
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

static const tl_run_cell *run(fixture *f)
{
    assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
    return &f->cell;
}

static void a_phase_ends_when_its_time_is_up(void **state)
{
    fixture *f = *state;
    f->request.duration_ns = 20 * MS;
    const tl_run_phase *phase = &run(f)->phases[0];
    assert_int_equal(phase->end, TL_RUN_END_DURATION);
    assert_true(phase->limited && phase->partial);
    assert_in_range(phase->wall_ns, 20 * MS, 20 * MS + 16000); /* a chunk more at most */
    assert_int_equal(phase->ops, phase->wall_ns / 1000);
    assert_int_equal(phase->latency[TL_OP_GET].count, phase->ops);
}

static void a_stream_that_ends_before_its_time_is_told(void **state)
{
    fixture *f = *state;
    f->request.ops = 1000;
    f->request.duration_ns = 20 * MS;
    const tl_run_phase *phase = &run(f)->phases[0];
    assert_int_equal(phase->end, TL_RUN_END_STREAM);
    tl_run whole = {.request = &f->request, .cells = &f->cell, .cell_count = 1};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    tl_run_print_table(out, &whole, NULL);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "its stream ended after 0.00 s; more --ops"));
    free(text);
}

/* What the warm-up does is in no number of the phase itself. */
static void a_warm_up_is_a_phase_of_its_own(void **state)
{
    fixture *f = *state;
    f->request.warmup_ns = 5 * MS;
    f->request.duration_ns = 10 * MS;
    f->request.interval_ns = 1 * MS;
    stalling.stall_at = 100;
    stalling.stall_ns = 1 * MS;
    const tl_run_cell *cell = run(f);
    assert_int_equal(cell->phase_count, 2);
    assert_string_equal(cell->phases[0].name, "get.warmup");
    assert_false(cell->phases[0].measured);
    assert_int_equal(cell->phases[0].latency[TL_OP_GET].max, 1 * MS);
    assert_string_equal(cell->phases[1].name, "get");
    assert_true(cell->phases[1].measured);
    assert_int_equal(cell->phases[1].latency[TL_OP_GET].max, 1000);
    assert_in_range(cell->phases[1].wall_ns, 10 * MS, 10 * MS + 16000);
    assert_int_equal(stalling.gets, cell->phases[0].ops + cell->phases[1].ops);
}

static void a_stream_that_ends_in_its_warm_up_measures_nothing(void **state)
{
    fixture *f = *state;
    f->request.ops = 100;
    f->request.warmup_ns = 5 * MS;
    const tl_run_cell *cell = run(f);
    assert_int_equal(cell->phase_count, 1);
    assert_string_equal(cell->phases[0].name, "get.warmup");
    assert_int_equal(cell->phases[0].end, TL_RUN_END_STREAM);
}

/* 1 us, then a dip that lasts from 20 ms to 60 ms, then 1 us again. */
static uint64_t dipping(uint64_t now_ns)
{
    double x = ((double)now_ns / (double)MS - 45) / 20;
    return x < -1 || x > 1 ? 1000 : (uint64_t)(1000 / (0.4 + 0.6 * x * x));
}

static void a_phase_ends_when_steady_and_not_inside_a_dip(void **state)
{
    fixture *f = *state;
    assert_true(tl_steady_parse("steady(slope<5%/20ms, windows=2)", &f->request.until));
    stalling.op_ns_at = dipping; /* the clock is at 5 ms already */
    const tl_run_phase *phase = &run(f)->phases[0];
    assert_int_equal(phase->end, TL_RUN_END_STEADY);
    assert_true(phase->series.steady.reached);
    assert_in_range(phase->wall_ns, 94 * MS, 104 * MS); /* the dip ends at 60, 40 more are needed */
    assert_in_range(phase->series.steady.at_ns, phase->wall_ns - 2 * MS, phase->wall_ns);
    tl_json *cell = tl_run_cell_json(&f->request, &f->cell);
    const tl_json *steady = tl_json_get(tl_json_at(tl_json_get(cell, "phases"), 0), "steady");
    assert_true(tl_json_is_true(tl_json_get(steady, "reached")));
    assert_string_equal(tl_json_text(tl_json_get(steady, "rule"), ""),
                        "steady(slope<5%/20ms,windows=2)");
    assert_true(tl_json_real(tl_json_get(steady, "at_s"), 0) > 0.094);
    tl_json_free(cell);
}

/* A phase of its own kind: what its spec says about its end instead of what the run says. */
static const tl_phase *one_phase(void *generator, size_t *count)
{
    static tl_phase phase;
    phase = get_workload.phases(generator, count)[0];
    phase.until = one_phase_until;
    return &phase;
}

static void a_phase_has_its_own_limit_instead_of_the_runs(void **state)
{
    fixture *f = *state;
    tl_workload workload = get_workload;
    workload.phases = one_phase;
    f->load.workload = &workload;
    f->request.duration_ns = 50 * MS;
    one_phase_until = "20ms";
    const tl_run_phase *phase = &run(f)->phases[0];
    assert_int_equal(phase->end, TL_RUN_END_DURATION);
    assert_in_range(phase->wall_ns, 20 * MS, 20 * MS + 16000);
    tl_cell_release(&f->cell);

    one_phase_until = "steady(slope<5%/10ms, windows=2)";
    phase = &run(f)->phases[0];
    assert_int_equal(phase->end, TL_RUN_END_STEADY);
    assert_in_range(phase->wall_ns, 20 * MS, 24 * MS);
    tl_cell_release(&f->cell);

    one_phase_until = "stream";
    f->request.ops = 100000; /* 100 ms */
    phase = &run(f)->phases[0];
    assert_int_equal(phase->end, TL_RUN_END_STREAM);
    assert_true(phase->asked_whole && !phase->limited && !phase->partial);
}

/* A limit that cannot be kept is no limit that is silently left out. */
static void a_limit_of_a_phase_that_later_ones_need_whole_is_refused(void **state)
{
    fixture *f = *state;
    char error[TL_RUN_TEXT_MAX];
    const tl_workload_setting settings[] = {
        {"phases",     "load,run"},
        {"load.until", "20ms"    },
        {"run.until",  "20ms"    },
    };
    tl_run *whole = NULL;
    f->arms[0] = (tl_run_arm){.driver = &memory_driver, .label = "memory"};
    f->request.ops = 100;
    f->load = (tl_run_load){
        .workload = tl_workload_find("phases"), .settings = settings, .setting_count = 3};
    assert_int_equal(tl_run_execute(&f->request, &whole, error, sizeof error), TL_INVALID);
    assert_non_null(strstr(error, "phase load: until=20ms"));
    tl_run_free(whole);
}

/* By the real clock: the answers of phases that were cut, and what they left, are checked. */
static void cut_phases_are_checked_as_whole_ones_are(void **state)
{
    fixture *f = *state;
    static const char *const phases[] = {"insert,get,update", "insert,get,delete", "insert",
                                         "insert,get"};
    char error[TL_RUN_TEXT_MAX];
    f->arms[0] = (tl_run_arm){.driver = &memory_keeping_driver, .label = "memory"};
    f->arms[1] = (tl_run_arm){.driver = &memory_driver, .label = "other"};
    f->request.arm_count = 2;
    f->request.repeat = 2;
    f->load = (tl_run_load){
        .workload = tl_workload_find("random"), .settings = &f->setting, .setting_count = 1};
    f->request.duration_ns = 1 * MS;
    f->request.warmup_ns = 1 * MS;
    f->request.ops = 3000;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        tl_run *whole = NULL;
        f->setting = (tl_workload_setting){"phases", phases[i]};
        assert_int_equal(tl_run_execute(&f->request, &whole, error, sizeof error), TL_OK);
        for (size_t c = 0; c < whole->cell_count; c++)
            if (whole->cells[c].status != TL_RUN_CELL_OK)
                fail_msg("%s: %s", phases[i], whole->cells[c].error);
        assert_int_equal(whole->cell_count, 4);
        tl_run_free(whole);
        memory_store_forget();
    }
}

/* A store that loses a record of a cut phase is found out. */
static void a_record_lost_in_a_cut_phase_is_found(void **state)
{
    fixture *f = *state;
    char error[TL_RUN_TEXT_MAX], fault[8];
    snprintf(fault, sizeof fault, "%d", (int)MEMORY_PUT_DROPPED);
    tl_driver_setting setting = {"fault", fault};
    f->arms[0] = (tl_run_arm){
        .driver = &memory_driver, .label = "memory", .settings = &setting, .setting_count = 1};
    f->setting = (tl_workload_setting){"phases", "insert"};
    f->load = (tl_run_load){
        .workload = tl_workload_find("random"), .settings = &f->setting, .setting_count = 1};
    f->request.duration_ns = 2 * MS;
    f->request.ops = 100000;
    tl_run *whole = NULL;
    assert_int_equal(tl_run_execute(&f->request, &whole, error, sizeof error), TL_OK);
    assert_int_equal(whole->cells[0].status, TL_RUN_CELL_WRONG);
    tl_run_free(whole);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_phase_ends_when_its_time_is_up),
        WITH_STORE(a_stream_that_ends_before_its_time_is_told),
        WITH_STORE(a_warm_up_is_a_phase_of_its_own),
        WITH_STORE(a_stream_that_ends_in_its_warm_up_measures_nothing),
        WITH_STORE(a_phase_ends_when_steady_and_not_inside_a_dip),
        WITH_STORE(a_phase_has_its_own_limit_instead_of_the_runs),
        WITH_STORE(a_limit_of_a_phase_that_later_ones_need_whole_is_refused),
        WITH_STORE(cut_phases_are_checked_as_whole_ones_are),
        WITH_STORE(a_record_lost_in_a_cut_phase_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
