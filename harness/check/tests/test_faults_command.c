/* harness/check/tests/test_faults_command.c -- `treelab crash faults` as a user runs it. */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/report/json.h"

static const tl_json *field(const tl_json *node, const char *name)
{
    const tl_json *found = tl_json_get(node, name);
    if (found == NULL)
        fail_msg("no field '%s'", name);
    return found;
}

static void a_sweep_counts_the_same_runs_in_summary_cells_and_classes(void **state)
{
    program *treelab = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "faults.json"));
    program_run(treelab,
                "crash faults --quiet --ops 6 --commit log,shadow2 --durability commit --class "
                "fdatasync,open --json '%s'",
                path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "sticky_read_only");
    program_says(treelab->out, "0 findings");

    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    const tl_json *cells = field(root, "cells");
    uint64_t states = 0;
    assert_int_equal(tl_json_size(cells), 2);
    for (size_t i = 0; i < 2; i++) {
        const tl_json *cell = tl_json_at(cells, i), *fault = field(cell, "fault");
        const tl_json *classes = field(fault, "classes");
        uint64_t points = 0;
        assert_string_equal(tl_json_text(field(cell, "kind"), ""), "fault");
        assert_string_equal(tl_json_text(field(cell, "status"), ""), "ok");
        assert_int_equal(tl_json_size(classes), 6); /* open in two ways, fdatasync in four */
        for (size_t c = 0; c < tl_json_size(classes); c++) {
            const tl_json *row = tl_json_at(classes, c), *outcomes = field(row, "outcomes");
            static const char *const names[] = {"absorbed", "reopen_safe",      "retry_safe",
                                                "abort",    "sticky_read_only", "unsafe"};
            uint64_t sum = 0;
            for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
                sum += tl_json_count(field(outcomes, names[n]), 0);
            assert_int_equal(sum, tl_json_count(field(row, "points"), 1));
            points += sum;
        }
        assert_int_equal(points, tl_json_count(field(fault, "points"), 0));
        assert_true(tl_json_is_true(field(fault, "complete")));
        states += tl_json_count(field(fault, "states"), 0);
    }
    assert_int_equal(tl_json_count(field(field(root, "summary"), "states"), 0), states);
    assert_int_equal(tl_json_count(field(field(root, "summary"), "findings"), 1), 0);
    tl_json_free(root);
}

static void one_case_again_is_one_run_and_leaves_nothing_behind(void **state)
{
    program *treelab = *state;
    program_run(treelab, "crash faults --commit log --durability commit --only "
                         "fdatasync:17:once:clean");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "1 runs with a fault");
    assert_null(strstr(treelab->out, "run.json"));
    program_run(treelab, "crash faults --only fdatasync:9999:once:clean");
    assert_int_equal(treelab->exit_code, TL_EXIT_NOTHING);
    program_says(treelab->err, "give it more commits with --ops");
}

static void bad_words_get_a_message_with_the_next_step_and_exit_code_two(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"--class fdatasnc",              "did you mean 'fdatasync'?"       },
        {"--commit lgo",                  "did you mean 'log'?"             },
        {"--durability comit",            "did you mean 'commit'?"          },
        {"--driver model",                "does not run on a simulated disk"},
        {"--page-size 5000",              "a power of two"                  },
        {"--only fdatasync:0:once:clean", "--only takes a case"             },
        {"--budget 7",                    "--budget takes seconds"          },
        {"--ops 0",                       "--ops takes a number from 1"     },
        {"fdatasync",                     "see --class and --only"          },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "crash faults --quiet %s", rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_memory_equal(treelab->err, "treelab crash faults: ", 22);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    }
}

#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(a_sweep_counts_the_same_runs_in_summary_cells_and_classes),
        AS_USER(one_case_again_is_one_run_and_leaves_nothing_behind),
        AS_USER(bad_words_get_a_message_with_the_next_step_and_exit_code_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
