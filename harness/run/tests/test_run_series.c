/* harness/run/tests/test_run_series.c -- a phase over time, by a clock that the test winds. */
#include "harness/measure/hdr_codec.h"
#include "harness/measure/hlog.h"
#include "harness/run/cell.h"
#include "harness/run/pace.h"
#include "harness/run/tests/get_workload.h"
#include "harness/run/tests/stalling_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
    f->arm = (tl_run_arm){.driver = &stalling_driver, .label = "stalling:x=1"};
    f->load = (tl_run_load){.workload = &get_workload};
    f->request = (tl_run_request){.arms = &f->arm,
                                  .arm_count = 1,
                                  .loads = &f->load,
                                  .load_count = 1,
                                  .seed = 7,
                                  .durability = TL_DURABILITY_NONE,
                                  .repeat = 1,
                                  .interval_ns = 1000000,
                                  .value_bytes_max = 5000,
                                  .data_dir = f->dir};
    f->cell = (tl_run_cell){.arm = &f->arm, .load = &f->load};
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

static const tl_series *run(fixture *f, uint64_t ops)
{
    f->request.ops = ops;
    assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
    return &f->cell.phases[0].series;
}

static void each_interval_has_the_operations_that_ended_in_it(void **state)
{
    const tl_series *series = run(*state, 3500); /* of 1 us each: 3.5 intervals of 1 ms */
    assert_int_equal(series->count, 4);
    assert_int_equal(series->rows[0].ops, 999); /* the next one ends when the interval does */
    assert_int_equal(series->rows[1].ops, 1000);
    assert_int_equal(series->rows[2].ops, 1000);
    assert_int_equal(series->rows[3].ops, 501);
    assert_int_equal(series->wall_ns, 3500000);
    assert_false(series->counters_known);
    assert_int_equal(series->rows[1].latency[TL_OP_GET].count, 1000);
    assert_in_range(series->rows[1].latency[TL_OP_GET].p50_ns, 1000, 1009);
}

static void a_stall_is_rows_of_zeros_and_one_long_latency_behind_them(void **state)
{
    stalling.stall_at = 500;
    stalling.stall_ns = 3000000;
    const tl_series *series = run(*state, 2000);
    static const uint64_t ops[] = {500, 0, 0, 500, 1000};
    assert_int_equal(series->count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_in_range(series->rows[i].ops + 1, ops[i], ops[i] + 2); /* to one at the ends */
    assert_int_equal(series->rows[1].latency[TL_OP_GET].count, 0);
    assert_in_range(series->rows[3].latency[TL_OP_GET].max_ns, 3000000, 3030000);
    assert_in_range(series->rows[3].latency[TL_OP_GET].p50_ns, 1000, 1009);
}

static void without_an_interval_there_is_no_series(void **state)
{
    fixture *f = *state;
    f->request.interval_ns = 0;
    assert_int_equal(run(f, 100)->count, 0);
}

/* What the files say adds up to the phase. */
static void the_files_tell_all_of_the_phase(void **state)
{
    fixture *f = *state;
    stalling.stall_at = 1500;
    stalling.stall_ns = 700000;
    const tl_series *series = run(f, 3500);
    const tl_run_phase *phase = &f->cell.phases[0];
    tl_run whole = {.request = &f->request, .cells = &f->cell, .cell_count = 1};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    tl_run_write_hlog(out, &whole);
    assert_int_equal(fclose(out), 0);
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    tl_hdr *sum = tl_hdr_new(&layout), *exact = NULL;
    tl_hlog_reader reader = {.next = text};
    tl_hlog_interval interval;
    size_t lines = 0;
    double length_s = 0;
    assert_non_null(sum);
    for (; tl_hlog_next(&reader, &interval) == TL_OK; lines++) {
        assert_string_equal(interval.tag, "stalling:x=1/gets/get/get");
        tl_hdr_merge(sum, interval.hdr);
        length_s += interval.length_s;
        tl_hdr_free(interval.hdr);
    }
    assert_int_equal(lines, series->count);
    assert_true(length_s > 0.00419899 && length_s < 0.00419901);
    const char *problem;
    const char *hdr = phase->latency[TL_OP_GET].hdr; /* the same at three figures */
    assert_int_equal(tl_hdr_decode(hdr, strlen(hdr), &exact, &problem), TL_OK);
    assert_true(exact->count == 3500 && sum->count == 3500);
    for (size_t slot = 0; slot < exact->layout.slot_count; slot++)
        if (exact->slots[slot] != 0)
            assert_true(sum->slots[tl_hdr_slot(&layout, tl_hdr_slot_low(&exact->layout, slot))] >=
                        exact->slots[slot]);
    tl_hdr_free(sum);
    tl_hdr_free(exact);
    free(text);
}

static void the_csv_has_a_rate_and_the_latencies_of_each_interval(void **state)
{
    fixture *f = *state;
    run(f, 1500);
    tl_run whole = {.request = &f->request, .cells = &f->cell, .cell_count = 1};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    tl_run_write_series(out, &whole);
    assert_int_equal(fclose(out), 0);
    size_t lines = 0, commas = 0;
    for (const char *at = text; *at != '\0'; at++) {
        commas += *at == ',';
        lines += *at == '\n';
    }
    assert_int_equal(lines, 5);
    assert_int_equal(commas % lines, 0); /* as many in each */
    assert_non_null(strstr(text, "\nstalling:x=1,gets,0,get,0.000000,0.001000,all,,999,999000.0,"));
    assert_non_null(
        strstr(text, "\nstalling:x=1,gets,0,get,0.001000,0.000500,get,service,501,1002000.0,100"));
    free(text);
}

/* Both files had the name of the generator, so that ycsb_a and ycsb_b were one `phases`. */
static void files_name_a_load_as_the_result_does(void **state)
{
    fixture *f = *state;
    f->load.name = "gets:keys=9";
    run(f, 1500);
    tl_run whole = {.request = &f->request, .cells = &f->cell, .cell_count = 1};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    assert_non_null(out);
    tl_run_write_series(out, &whole);
    tl_run_write_hlog(out, &whole);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "\nstalling:x=1,gets:keys=9,0,get,"));
    assert_non_null(strstr(text, "stalling:x=1/gets:keys=9/get/get"));
    assert_null(strstr(text, ",gets,"));
    assert_null(strstr(text, "/gets/"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_interval_has_the_operations_that_ended_in_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stall_is_rows_of_zeros_and_one_long_latency_behind_them,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(without_an_interval_there_is_no_series, setup, teardown),
        cmocka_unit_test_setup_teardown(the_files_tell_all_of_the_phase, setup, teardown),
        cmocka_unit_test_setup_teardown(the_csv_has_a_rate_and_the_latencies_of_each_interval,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(files_name_a_load_as_the_result_does, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
