/* harness/run/tests/test_run_run.c -- whole runs: every kind of lie is caught and named. */
#include "harness/run/run.h"
#include "harness/run/tests/memory_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OPS = 100, ARMS_MAX = 3 };

typedef struct fixture {
    char dir[64], error[TL_RUN_TEXT_MAX], faults[ARMS_MAX][8];
    tl_run_arm arms[ARMS_MAX];
    tl_driver_setting arm_settings[ARMS_MAX];
    tl_run_load load;
    tl_workload_setting setting;
    tl_run_request request;
    tl_run *run;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/treelab-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->setting = (tl_workload_setting){"phases", "insert,get,get_absent,scan,update,delete,insert"};
    f->load = (tl_run_load){
        .workload = tl_workload_find("random"), .settings = &f->setting, .setting_count = 1};
    f->request = (tl_run_request){.arms = f->arms,
                                  .loads = &f->load,
                                  .load_count = 1,
                                  .ops = OPS,
                                  .seed = 7,
                                  .durability = TL_DURABILITY_NONE,
                                  .page_bytes = 8192,
                                  .repeat = 2,
                                  .value_bytes_max = 5000,
                                  .data_dir = f->dir};
    memory_calls_seen = (memory_calls){0};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    tl_run_free(f->run);
    memory_store_forget();
    int left = rmdir(f->dir); /* fails when a cell left something behind */
    free(f);
    return left;
}

static void add_arm(fixture *f, const tl_driver *driver, const char *label, memory_fault fault)
{
    size_t at = f->request.arm_count++;
    snprintf(f->faults[at], sizeof f->faults[at], "%d", (int)fault);
    f->arm_settings[at] = (tl_driver_setting){"fault", f->faults[at]};
    f->arms[at] = (tl_run_arm){driver, label, &f->arm_settings[at], 1};
}

static const tl_run *execute(fixture *f)
{
    tl_run_free(f->run);
    f->run = NULL;
    tl_status status = tl_run_execute(&f->request, &f->run, f->error, sizeof f->error);
    if (status != TL_OK)
        fail_msg("%s: %s", tl_status_name(status), f->error);
    return f->run;
}

static void a_sound_store_is_right_in_every_phase_and_audit(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    add_arm(f, &memory_keeping_driver, "keeping", MEMORY_SOUND);
    const tl_run *run = execute(f);
    assert_int_equal(run->cell_count, 4);
    for (size_t i = 0; i < run->cell_count; i++) {
        const tl_run_cell *cell = &run->cells[i];
        if (cell->status != TL_RUN_CELL_OK)
            fail_msg("%s: %s", cell->id, cell->error);
        assert_int_equal(cell->phase_count, 8);
        assert_string_equal(cell->phases[7].name, "audit");
        assert_int_equal(cell->phases[7].answers_checked, OPS);
    }
    assert_int_equal(run->wrong_answers, 0);
    /* per cell: get, get_absent, scan and audit answer 100 times each */
    assert_int_equal(run->answers_checked, 4 * 4 * OPS);
    assert_int_equal(tl_run_status(run), TL_RESULT_OK);
}

/* The lie is found where the spec asks, before anything reads the record. */
static void a_verify_phase_finds_a_lost_record_in_its_place(void **state)
{
    fixture *f = *state;
    f->setting = (tl_workload_setting){"phases", "load,verify,run"};
    f->load.workload = tl_workload_find("phases");
    f->request.repeat = 1;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    const tl_run *run = execute(f);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_OK);
    assert_string_equal(run->cells[0].phases[1].name, "verify");
    assert_int_equal(run->cells[0].phases[1].answers_checked, OPS);
    assert_false(run->cells[0].phases[1].measured);

    f->request.arm_count = 0;
    add_arm(f, &memory_driver, "memory", MEMORY_PUT_DROPPED);
    run = execute(f);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_WRONG);
    assert_non_null(strstr(run->cells[0].error, "phase verify: "));
    assert_non_null(strstr(run->cells[0].error, "100 records were written and kept"));
}

static void every_kind_of_lie_is_a_wrong_cell_that_says_what_came(void **state)
{
    fixture *f = *state;
    static const struct {
        memory_fault fault;
        const char *phase, *text; /* where it shows first, and how it is told */
    } rows[] = {
        {MEMORY_GET_WRONG_BYTE,  "get",        "first difference at byte 99"                 },
        {MEMORY_GET_SHORT,       "get",        "expected 100 bytes 0x"                       },
        {MEMORY_GET_MISSING,     "get",        "got TL_NOT_FOUND"                            },
        {MEMORY_GET_RESURRECTS,  "get_absent", "expected no such key, got 0x67686f7374"      },
        {MEMORY_PUT_DROPPED,     "get",        "got TL_NOT_FOUND"                            },
        {MEMORY_PUT_WRONG_VALUE, "get",        "first difference at byte 99"                 },
        {MEMORY_INSERT_REFUSED,  "insert",     "expected the key to be absent, got TL_EXISTS"},
        {MEMORY_DEL_DENIES,      "delete",     "expected TL_OK, got TL_NOT_FOUND"            },
        {MEMORY_SCAN_SWAPPED,    "scan",       "strictly ascending"                          },
        {MEMORY_SCAN_SKIPS,      "scan",       "expected 100 records, got 99"                },
        {MEMORY_SCAN_WRONG_BYTE, "scan",       "expected 100 records of hash"                },
        {MEMORY_SCAN_WRONG_ONCE, "scan",       "expected the same records as the scan before"},
    };
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    f->request.repeat = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(f->faults[0], sizeof f->faults[0], "%d", (int)rows[i].fault);
        const tl_run *run = execute(f);
        const tl_run_cell *cell = &run->cells[0];
        char begins[64];
        snprintf(begins, sizeof begins, "phase %s: ", rows[i].phase);
        if (cell->status != TL_RUN_CELL_WRONG || strstr(cell->error, begins) != cell->error ||
            strstr(cell->error, rows[i].text) == NULL)
            fail_msg("fault %d: status %s, error '%s'", (int)rows[i].fault,
                     tl_run_cell_status_name(cell->status), cell->error);
        assert_true(run->wrong_answers > 0);
        assert_int_equal(run->wrong_cells, 1);
        assert_int_equal(tl_run_status(run), TL_RESULT_WRONG);
        assert_int_equal(run->failed_cells, 1);
    }
}

/* A workload that scans a part and does not say what it should find there. */
enum { PEEK_RECORDS = 20, PEEK_COUNT = 10 };

typedef struct peek {
    size_t phase;
    bool done;
    char keys[PEEK_RECORDS][4];
} peek;

static void *peek_create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                         size_t error_bytes)
{
    (void)host, (void)spec, (void)error, (void)error_bytes;
    peek *made = calloc(1, sizeof *made);
    assert_non_null(made);
    for (int i = 0; i < PEEK_RECORDS; i++)
        snprintf(made->keys[i], sizeof made->keys[i], "k%02u", (unsigned)i % 100);
    return made;
}

static const tl_phase *peek_phases(void *generator, size_t *count)
{
    static const tl_phase phases[] = {
        {.name = "insert", .ops = PEEK_RECORDS, .measured = true},
        { .name = "peek",        .ops = 1,   .read_only = true, .measured = true},
    };
    (void)generator;
    *count = 2;
    return phases;
}

static void peek_start(void *generator, size_t index)
{
    peek *p = generator;
    p->phase = index;
    p->done = false;
}

static size_t peek_next_n(void *generator, tl_op *ops, size_t capacity)
{
    peek *p = generator;
    assert_true(capacity >= PEEK_RECORDS);
    if (p->done)
        return 0;
    p->done = true;
    ops[0] = (tl_op){.kind = TL_OP_SCAN, .scan_count = PEEK_COUNT};
    if (p->phase == 1)
        return 1;
    for (size_t i = 0; i < PEEK_RECORDS; i++)
        ops[i] = (tl_op){.kind = TL_OP_INSERT,
                         .key = p->keys[i],
                         .key_bytes = 3,
                         .value = p->keys[i],
                         .value_bytes = 3};
    return PEEK_RECORDS;
}

static const tl_workload peek_workload = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "peek",
    .create = peek_create,
    .destroy = free,
    .phases = peek_phases,
    .start = peek_start,
    .next_n = peek_next_n,
};

static void an_answer_that_nothing_foretells_must_equal_the_other_stores(void **state)
{
    fixture *f = *state;
    f->load = (tl_run_load){.workload = &peek_workload};
    f->request.repeat = 1;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    add_arm(f, &memory_driver, "liar", MEMORY_SCAN_WRONG_TWICE);
    const tl_run *run = execute(f);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_OK);
    assert_int_equal(run->cells[1].status, TL_RUN_CELL_WRONG);
    assert_non_null(strstr(run->cells[1].error, "phase peek: result hash 0x"));
    assert_non_null(strstr(run->cells[1].error, "in cell memory/peek/none/r0"));
    assert_int_equal(tl_run_status(run), TL_RESULT_WRONG);
}

static void a_dropped_put_is_found_even_when_nothing_reads(void **state)
{
    fixture *f = *state;
    f->setting.value = "insert";
    f->request.repeat = 1;
    add_arm(f, &memory_driver, "memory", MEMORY_PUT_DROPPED);
    const tl_run_cell *cell = &execute(f)->cells[0];
    assert_int_equal(cell->status, TL_RUN_CELL_WRONG);
    assert_string_equal(cell->error,
                        "phase audit: 100 records were written and kept, the store has 99");
}

static void a_record_lost_by_closing_is_found(void **state)
{
    fixture *f = *state;
    f->request.repeat = 1;
    add_arm(f, &memory_keeping_driver, "keeping", MEMORY_FORGETS_ON_CLOSE);
    const tl_run_cell *cell = &execute(f)->cells[0];
    assert_int_equal(cell->status, TL_RUN_CELL_WRONG);
    assert_non_null(strstr(cell->error, "the store has 99"));
}

static void a_store_that_claims_nothing_is_neither_checked_nor_called_right(void **state)
{
    fixture *f = *state;
    f->request.repeat = 1;
    add_arm(f, &memory_mute_driver, "mute", MEMORY_GET_WRONG_BYTE);
    const tl_run *run = execute(f);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_OK);
    assert_int_equal(run->answers_checked, 0);
    tl_json *json = tl_run_cell_json(&f->request, &run->cells[0]);
    const tl_json *phase = tl_json_at(tl_json_get(json, "phases"), 1);
    const tl_json *check = tl_json_get(phase, "check");
    assert_int_equal(tl_json_count(tl_json_get(check, "answers_checked"), 99), 0);
    assert_string_equal(tl_json_text(tl_json_get(check, "result_hash"), "null"), "null");
    tl_json_free(json);
}

static void a_failing_commit_fails_its_cell_and_not_the_others(void **state)
{
    fixture *f = *state;
    f->request.repeat = 1;
    add_arm(f, &memory_driver, "broken", MEMORY_COMMIT_FAILS);
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    const tl_run *run = execute(f);
    assert_int_equal(run->cell_count, 2);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_FAILED);
    assert_int_equal(run->cells[0].failure, TL_IO);
    assert_non_null(strstr(run->cells[0].error, "phase update: commit 1: TL_IO"));
    assert_int_equal(run->cells[1].status, TL_RUN_CELL_OK);
    assert_int_equal(run->failure, TL_IO);
    assert_int_equal(run->wrong_cells, 0);
    assert_int_equal(tl_run_status(run), TL_RESULT_INVALID);
}

static void a_full_disk_ends_the_run_and_keeps_what_was_finished(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    add_arm(f, &memory_driver, "full", MEMORY_DISK_FULL);
    const tl_run *run = execute(f);
    assert_int_equal(run->cell_count, 2); /* of four */
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_OK);
    assert_int_equal(run->failure, TL_NO_SPACE);
    assert_int_equal(tl_run_status(run), TL_RESULT_ABORTED);
}

static void equal_seeds_give_equal_hashes_and_other_seeds_do_not(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "one", MEMORY_SOUND);
    add_arm(f, &memory_driver, "two", MEMORY_SOUND);
    const tl_run *run = execute(f);
    uint64_t hashes[8];
    for (size_t p = 0; p < 8; p++) {
        hashes[p] = run->cells[0].phases[p].result_hash;
        for (size_t c = 1; c < run->cell_count; c++)
            assert_true(run->cells[c].phases[p].result_hash == hashes[p]);
    }
    f->request.seed = 8;
    run = execute(f);
    assert_true(run->cells[0].phases[3].result_hash != hashes[3]); /* scan */
    assert_true(run->cells[0].phases[7].result_hash != hashes[7]); /* audit */
}

static void a_run_that_measured_nothing_is_invalid(void **state)
{
    fixture *f = *state;
    tl_driver driver = memory_driver;
    driver.put = NULL;
    add_arm(f, &driver, "memory", MEMORY_SOUND);
    const tl_run *run = execute(f);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_UNSUPPORTED);
    assert_int_equal(run->failure, TL_OK);
    assert_int_equal(tl_run_status(run), TL_RESULT_INVALID);
}

static bool stop_after_one(void *context)
{
    (void)context;
    return memory_calls_seen.closes >= 1;
}

static void an_interrupted_run_keeps_its_finished_cells(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    f->request.repeat = 5;
    f->request.stop = stop_after_one;
    f->request.context = f;
    const tl_run *run = execute(f);
    assert_true(run->interrupted);
    assert_int_equal(tl_run_status(run), TL_RESULT_ABORTED);
    assert_int_equal(run->cell_count, 1);
    assert_int_equal(run->cells[0].status, TL_RUN_CELL_OK);
}

static void probing_finds_the_common_value_limit_and_refused_settings(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    f->request.value_bytes_max = 0;
    assert_int_equal(tl_run_probe(&f->request, f->error, sizeof f->error), TL_OK);
    assert_int_equal(f->request.value_bytes_max, 5000);
    add_arm(f, &memory_driver, "memory:lief=bump", MEMORY_OPEN_REFUSED);
    assert_int_equal(tl_run_probe(&f->request, f->error, sizeof f->error), TL_INVALID);
    assert_string_equal(f->error, "memory:lief=bump: open: unknown setting 'lief'");
}

static void a_bad_workload_setting_is_refused_before_any_cell(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    f->setting.value = "get,insert";
    assert_int_equal(tl_run_execute(&f->request, &f->run, f->error, sizeof f->error), TL_INVALID);
    assert_non_null(strstr(f->error, "insert comes first"));
    assert_int_equal(memory_calls_seen.opens, 0);
}

static void the_table_has_a_row_per_driver_and_phase_with_promise_and_ratio(void **state)
{
    fixture *f = *state;
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND);
    add_arm(f, &memory_driver, "other", MEMORY_SOUND);
    f->request.durability = TL_DURABILITY_COMMIT;
    const tl_run *run = execute(f);
    char text[8192] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    tl_run_print_table(out, run, "memory");
    assert_true(fclose(out) == 0);
    assert_non_null(strstr(text, "x memory"));
    assert_non_null(strstr(text, "get_absent"));
    assert_non_null(strstr(text, "weaker"));
    assert_non_null(strstr(text, "1.00 [1.00..1.00]")); /* the baseline against itself */
    assert_null(strstr(text, "audit"));                 /* not measured */
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1 + 2 * 7);
}

static void shapes_are_measured_at_even_distances_of_phases_that_write(void **state)
{
    fixture *f = *state;
    f->setting.value = "insert,get,update";
    f->request.ops = 4096;
    f->request.repeat = 1;
    f->request.shapes = 8;
    f->arms[f->request.arm_count++] = (tl_run_arm){tl_driver_find("tree"), "tree", NULL, 0};
    add_arm(f, &memory_driver, "memory", MEMORY_SOUND); /* has none to tell */
    const tl_run *run = execute(f);
    assert_int_equal(run->cell_count, 2);
    assert_int_equal(tl_run_status(run), TL_RESULT_OK);
    const tl_run_cell *cell = &run->cells[0];
    const tl_shapes *shapes = &cell->phases[0].shapes;
    assert_int_equal(shapes->count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(shapes->at[i].ops, 512 * (i + 1));
        assert_int_equal(shapes->at[i].shape.levels[0].entries, 512 * (i + 1));
    }
    assert_null(cell->phases[1].shapes.at);
    assert_int_equal(cell->phases[2].shapes.count, 8);
    assert_null(run->cells[1].phases[0].shapes.at);
}

static void samples_closer_than_a_chunk_of_operations_are_fewer(void **state)
{
    fixture *f = *state;
    f->setting.value = "insert";
    f->request.repeat = 1;
    f->request.shapes = TL_SHAPES_MAX; /* of 100 operations, which are two chunks */
    f->arms[f->request.arm_count++] = (tl_run_arm){tl_driver_find("tree"), "tree", NULL, 0};
    const tl_shapes *shapes = &execute(f)->cells[0].phases[0].shapes;
    assert_int_equal(shapes->count, 2);
    assert_int_equal(shapes->at[0].ops, 64);
    assert_int_equal(shapes->at[1].ops, OPS);
}

static void the_null_driver_measures_the_harness(void **state)
{
    (void)state;
    tl_run_cost cost = tl_run_cost_measure();
    double op_ns = cost.null_op_ns;
    print_message("null_op_ns %.1f\n", op_ns);
    assert_true(op_ns > 0); /* not NAN */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_store_is_right_in_every_phase_and_audit),
        TEST(a_verify_phase_finds_a_lost_record_in_its_place),
        TEST(every_kind_of_lie_is_a_wrong_cell_that_says_what_came),
        TEST(an_answer_that_nothing_foretells_must_equal_the_other_stores),
        TEST(a_dropped_put_is_found_even_when_nothing_reads),
        TEST(a_record_lost_by_closing_is_found),
        TEST(a_store_that_claims_nothing_is_neither_checked_nor_called_right),
        TEST(a_failing_commit_fails_its_cell_and_not_the_others),
        TEST(a_full_disk_ends_the_run_and_keeps_what_was_finished),
        TEST(equal_seeds_give_equal_hashes_and_other_seeds_do_not),
        TEST(a_run_that_measured_nothing_is_invalid),
        TEST(an_interrupted_run_keeps_its_finished_cells),
        TEST(probing_finds_the_common_value_limit_and_refused_settings),
        TEST(a_bad_workload_setting_is_refused_before_any_cell),
        TEST(the_table_has_a_row_per_driver_and_phase_with_promise_and_ratio),
        TEST(shapes_are_measured_at_even_distances_of_phases_that_write),
        TEST(samples_closer_than_a_chunk_of_operations_are_fewer),
        cmocka_unit_test(the_null_driver_measures_the_harness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
