/* What finished is kept line by line, survives a cut, and is taken as done by the next start. */
#define _GNU_SOURCE
#include "harness/report/tests/folder.h"
#include "harness/run/journal.h"
#include "harness/run/run.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const tl_journal_origin origin = {"ab12cd34ef56", "0x0123456789abcdef"};
static char error[TL_RUN_TEXT_MAX];

static tl_journal *open_journal(void **state, bool resume)
{
    folder *scratch = *state;
    tl_journal *journal = NULL;
    tl_status status =
        tl_journal_open(scratch->path, &origin, resume, &journal, error, sizeof error);
    if (status != TL_OK)
        fail_msg("%s", error);
    return journal;
}

static tl_status append(tl_journal *journal, const char *id, uint64_t ops)
{
    tl_json *cell = tl_json_object_new();
    tl_json_add_text(cell, "id", id);
    tl_json_add_count(cell, "ops", ops);
    tl_status status = tl_journal_append(journal, cell);
    tl_json_free(cell);
    return status;
}

static uint64_t ops_of(const tl_journal *journal, const char *id)
{
    tl_json *cell = tl_journal_cell(journal, id);
    uint64_t ops = tl_json_count(tl_json_get(cell, "ops"), 0);
    tl_json_free(cell);
    return ops;
}

static void appended_cells_come_back_when_the_run_is_resumed(void **state)
{
    tl_journal *journal = open_journal(state, false);
    assert_int_equal(append(journal, "a/r0", 9007199254740991), TL_OK);
    assert_int_equal(append(journal, "b/r0", 2), TL_OK);
    assert_true(ops_of(journal, "a/r0") == 9007199254740991);
    tl_journal_close(journal);
    journal = open_journal(state, true);
    assert_int_equal(tl_journal_count(journal), 2);
    assert_string_equal(tl_journal_id(journal, 1), "b/r0");
    assert_true(ops_of(journal, "a/r0") == 9007199254740991);
    assert_null(tl_journal_cell(journal, "c/r0"));
    assert_int_equal(append(journal, "c/r0", 3), TL_OK);
    tl_journal_close(journal);
    journal = open_journal(state, true);
    assert_int_equal(tl_journal_count(journal), 3);
    tl_journal_close(journal);
}

/* A journal of two cells; gives the sizes after each. */
static void write_two(void **state, const char *path, struct stat sizes[2])
{
    (void)unlink(path);
    tl_journal *journal = open_journal(state, false);
    assert_int_equal(append(journal, "a/r0", 1), TL_OK);
    assert_int_equal(stat(path, &sizes[0]), 0);
    assert_int_equal(append(journal, "b/r0", 2), TL_OK);
    assert_int_equal(stat(path, &sizes[1]), 0);
    tl_journal_close(journal);
}

/* Whatever the length that a crash leaves, all whole lines count and the rest does not. */
static void a_cut_at_any_byte_costs_the_torn_line_and_no_other(void **state)
{
    char path[PATH_MAX];
    struct stat sizes[2];
    snprintf(path, sizeof path, "%s", folder_join(*state, TL_JOURNAL_FILE));
    write_two(state, path, sizes);
    for (off_t size = sizes[1].st_size; size >= 0; size--) {
        write_two(state, path, sizes);
        assert_int_equal(truncate(path, size), 0);
        tl_journal *journal = open_journal(state, true);
        size_t whole = size == sizes[1].st_size ? 2 : size >= sizes[0].st_size ? 1 : 0;
        assert_int_equal(tl_journal_count(journal), whole);
        assert_int_equal(append(journal, "z/r0", 26), TL_OK);
        tl_journal_close(journal);
        journal = open_journal(state, true);
        assert_int_equal(tl_journal_count(journal), whole + 1);
        assert_int_equal(ops_of(journal, "z/r0"), 26);
        tl_journal_close(journal);
    }
}

static void cells_are_not_mixed_with_those_of_another_program_or_machine(void **state)
{
    folder *scratch = *state;
    const tl_journal_origin others[] = {
        {"000000000000",  origin.class_key    },
        {origin.revision, "0x0000000000000000"}
    };
    static const char *const reasons[] = {"of revision ab12cd34ef56, this program of 000000000000",
                                          "another class of machine"};
    tl_journal *journal = open_journal(state, false);
    assert_int_equal(append(journal, "a/r0", 1), TL_OK);
    tl_journal_close(journal);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            tl_journal_open(scratch->path, &others[i], true, &journal, error, sizeof error),
            TL_INVALID);
        assert_non_null(strstr(error, reasons[i]));
    }
    assert_int_equal(tl_journal_open(scratch->path, &origin, false, &journal, error, sizeof error),
                     TL_EXISTS);
    assert_non_null(strstr(error, "has 1 finished cells; add --resume"));
    folder_write(folder_join(scratch, TL_JOURNAL_FILE), "something else\n");
    assert_int_equal(tl_journal_open(scratch->path, &origin, true, &journal, error, sizeof error),
                     TL_INVALID);
}

static void a_disk_that_is_full_costs_one_cell_and_harms_no_other(void **state)
{
    char path[PATH_MAX];
    struct rlimit before, full;
    struct stat about;
    snprintf(path, sizeof path, "%s", folder_join(*state, TL_JOURNAL_FILE));
    tl_journal *journal = open_journal(state, false);
    assert_int_equal(append(journal, "a/r0", 1), TL_OK);
    assert_int_equal(stat(path, &about), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = before;
    full.rlim_cur = (rlim_t)about.st_size + 5; /* a part of the line fits */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    tl_status status = append(journal, "b/r0", 2);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_not_equal(status, TL_OK);
    assert_null(tl_journal_cell(journal, "b/r0"));
    assert_int_equal(append(journal, "c/r0", 3), TL_OK);
    tl_journal_close(journal);
    journal = open_journal(state, true);
    assert_int_equal(tl_journal_count(journal), 2);
    assert_int_equal(ops_of(journal, "c/r0"), 3);
    tl_journal_close(journal);
}

/* A run of two cells, then the same again with the first restored from its JSON. */
typedef struct again {
    tl_json *cells[2];
    size_t finished, earlier;
} again;

static tl_run_request request;

static tl_status note_cell(void *context, const tl_run_cell *cell)
{
    again *a = context;
    if (a->finished < 2 && a->cells[a->finished] == NULL)
        a->cells[a->finished] = tl_run_cell_json(&request, cell);
    a->finished++;
    return TL_OK;
}

static bool take_cell(void *context, tl_run_cell *cell)
{
    again *a = context;
    bool taken = tl_run_cell_restore(a->cells[0], cell) == TL_OK;
    a->earlier += taken;
    return taken;
}

static void a_restored_cell_counts_as_the_one_that_ran(void **state)
{
    folder *scratch = *state;
    again a = {
        {NULL, NULL},
        0, 0
    };
    const tl_run_arm arm = {tl_driver_find("model"), "model", NULL, 0};
    const tl_run_load load = {.workload = tl_workload_find("random"), .name = "named"};
    request = (tl_run_request){.arms = &arm,
                               .arm_count = 1,
                               .loads = &load,
                               .load_count = 1,
                               .ops = 100,
                               .seed = 7,
                               .durability = TL_DURABILITY_NONE,
                               .repeat = 2,
                               .value_bytes_max = 5000,
                               .data_dir = scratch->path,
                               .finished = note_cell,
                               .context = &a};
    tl_run *first = NULL, *second = NULL;
    assert_int_equal(tl_run_execute(&request, &first, error, sizeof error), TL_OK);
    assert_int_equal(a.finished, 2);
    assert_string_equal(first->cells[0].id, "model/named/none/r0");

    request.earlier = take_cell;
    a.finished = 0;
    assert_int_equal(tl_run_execute(&request, &second, error, sizeof error), TL_OK);
    assert_int_equal(a.earlier, 1);
    assert_int_equal(a.finished, 1); /* the second repetition was run */
    assert_int_equal(second->cell_count, 2);
    assert_int_equal(second->answers_checked, first->answers_checked);
    assert_int_equal(second->measured_ops, first->measured_ops);
    const tl_run_cell *was = &first->cells[0], *is = &second->cells[0];
    assert_int_equal(is->phase_count, was->phase_count);
    for (size_t i = 0; i < was->phase_count; i++) {
        assert_string_equal(is->phases[i].name, was->phases[i].name);
        assert_true(is->phases[i].wall_ns == was->phases[i].wall_ns);
        assert_true(is->phases[i].result_hash == was->phases[i].result_hash);
        assert_true(is->phases[i].latency[TL_OP_GET].p99 == was->phases[i].latency[TL_OP_GET].p99);
    }
    tl_json_free(a.cells[0]);
    tl_json_free(a.cells[1]);
    tl_run_free(first);
    tl_run_free(second);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(appended_cells_come_back_when_the_run_is_resumed),
        IN_FOLDER(a_cut_at_any_byte_costs_the_torn_line_and_no_other),
        IN_FOLDER(cells_are_not_mixed_with_those_of_another_program_or_machine),
        IN_FOLDER(a_disk_that_is_full_costs_one_cell_and_harms_no_other),
        IN_FOLDER(a_restored_cell_counts_as_the_one_that_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
