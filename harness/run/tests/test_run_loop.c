/* harness/run/tests/test_run_loop.c -- transactions, latencies and unsupported operations. */
#include "harness/run/cell.h"
#include "harness/run/directory.h"
#include "harness/run/tests/memory_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OPS = 100 };

typedef struct fixture {
    char dir[64];
    tl_run_arm arm;
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
    f->setting = (tl_workload_setting){"phases", "insert,get,get_absent,update,scan,delete"};
    f->arm = (tl_run_arm){.driver = &memory_driver, .label = "memory"};
    f->load = (tl_run_load){
        .workload = tl_workload_find("random"), .settings = &f->setting, .setting_count = 1};
    f->request = (tl_run_request){.arms = &f->arm,
                                  .arm_count = 1,
                                  .loads = &f->load,
                                  .load_count = 1,
                                  .ops = OPS,
                                  .seed = 7,
                                  .durability = TL_DURABILITY_NONE,
                                  .page_bytes = 8192,
                                  .repeat = 1,
                                  .value_bytes_max = 5000,
                                  .data_dir = f->dir};
    f->cell = (tl_run_cell){.arm = &f->arm, .load = &f->load};
    memory_calls_seen = (memory_calls){0};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    tl_cell_release(&f->cell);
    tl_cell_tools_release(&f->tools);
    int left = rmdir(f->dir); /* fails when a cell left something behind */
    free(f);
    return left;
}

static const tl_run_phase *phase_named(const tl_run_cell *cell, const char *name)
{
    for (size_t i = 0; i < cell->phase_count; i++)
        if (strcmp(cell->phases[i].name, name) == 0)
            return &cell->phases[i];
    fail_msg("no phase %s", name);
    return NULL;
}

static void every_operation_has_one_latency_of_its_kind(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *phase;
        tl_op_kind kind;
        uint64_t ops;
    } rows[] = {
        {"insert",     TL_OP_INSERT, OPS},
        {"get",        TL_OP_GET,    OPS},
        {"get_absent", TL_OP_GET,    OPS},
        {"update",     TL_OP_PUT,    OPS},
        {"delete",     TL_OP_DEL,    OPS},
        {"scan",       TL_OP_SCAN,   1  },
    };
    assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(f->cell.status, TL_RUN_CELL_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const tl_run_phase *phase = phase_named(&f->cell, rows[i].phase);
        assert_int_equal(phase->ops, rows[i].ops);
        assert_int_equal(phase->latency[rows[i].kind].count, rows[i].ops);
        uint64_t all = 0;
        for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
            all += phase->latency[kind].count;
        assert_int_equal(all, rows[i].ops + phase->latency[TL_OP_COMMIT].count);
    }
}

static void batches_cut_writing_phases_and_leave_reading_ones_whole(void **state)
{
    fixture *f = *state;
    static const struct {
        uint64_t batch, commits;
    } rows[] = {
        {0,    1  },
        {1,    100},
        {7,    15 },
        {50,   2  },
        {99,   2  },
        {100,  1  },
        {1000, 1  }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f->request.batch_given = true;
        f->request.batch = rows[i].batch;
        memory_calls_seen = (memory_calls){0};
        assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
        const tl_run_phase *insert = phase_named(&f->cell, "insert");
        assert_int_equal(insert->latency[TL_OP_COMMIT].count, rows[i].commits);
        assert_int_equal(insert->transactions, rows[i].commits);
        assert_int_equal(phase_named(&f->cell, "get")->transactions, 1);
        assert_int_equal(phase_named(&f->cell, "get")->latency[TL_OP_COMMIT].count, 0);
        assert_int_equal(memory_calls_seen.commits, 3 * rows[i].commits);
        assert_int_equal(memory_calls_seen.begins_write, 3 * rows[i].commits);
        /* three reading phases, and the scan's repetition */
        assert_int_equal(memory_calls_seen.begins_read, 4);
        assert_int_equal(memory_calls_seen.aborts, 4);
        tl_cell_release(&f->cell);
    }
}

static void an_operation_the_driver_lacks_is_unsupported_not_failed(void **state)
{
    fixture *f = *state;
    tl_driver driver = memory_driver;
    driver.del = NULL;
    f->arm.driver = &driver;
    assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(f->cell.status, TL_RUN_CELL_UNSUPPORTED);
    assert_string_equal(f->cell.error, "driver memory has no del");
    assert_int_equal(phase_named(&f->cell, "scan")->ops, 1); /* what could run has run */
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void a_stopped_cell_counts_for_nothing_and_leaves_nothing(void **state)
{
    fixture *f = *state;
    f->request.stop = stop_at_once;
    assert_false(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(memory_calls_seen.opens, memory_calls_seen.closes);
}

static void a_directory_that_is_taken_is_not_touched(void **state)
{
    fixture *f = *state;
    char taken[128];
    snprintf(taken, sizeof taken, "%s/store-0-0", f->dir);
    assert_int_equal(tl_directory_make_fresh(taken), TL_OK);
    assert_true(tl_cell_run(&f->request, &f->tools, NULL, &f->cell));
    assert_int_equal(f->cell.status, TL_RUN_CELL_FAILED);
    assert_int_equal(f->cell.failure, TL_EXISTS);
    assert_int_equal(rmdir(taken), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_operation_has_one_latency_of_its_kind, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(batches_cut_writing_phases_and_leave_reading_ones_whole,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_operation_the_driver_lacks_is_unsupported_not_failed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_stopped_cell_counts_for_nothing_and_leaves_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_directory_that_is_taken_is_not_touched, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
