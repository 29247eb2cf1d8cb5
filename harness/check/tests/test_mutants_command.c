/* harness/check/tests/test_mutants_command.c -- `treelab-mutants crash mutants` as a user runs it.
 */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/report/json.h"

static void bugs_that_a_killed_process_shows_are_found_and_told_in_text_and_json(void **state)
{
    program *mutants = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(mutants->scratch, "run.json"));
    program_run(mutants, "crash mutants -q --mutant choose_older_meta,drop_last_frame --json '%s'",
                path);
    assert_int_equal(mutants->exit_code, TL_EXIT_OK);
    program_says(mutants->out, "2 found");
    program_says(mutants->out, "sigkill/T0");
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    const tl_json *cells = tl_json_get(root, "cells");
    assert_int_equal(2, tl_json_size(cells));
    for (size_t i = 0; i < 2; i++) {
        const tl_json *cell = tl_json_at(cells, i), *mutant = tl_json_get(cell, "mutant");
        assert_string_equal("crash", tl_json_text(tl_json_get(cell, "kind"), ""));
        assert_string_equal("found", tl_json_text(tl_json_get(mutant, "fate"), ""));
        assert_string_equal("either", tl_json_text(tl_json_get(mutant, "expected"), ""));
        assert_string_equal("sigkill/T0", tl_json_text(tl_json_get(mutant, "sweep"), ""));
        assert_true(tl_json_is_true(tl_json_get(mutant, "reached")));
    }
    tl_json_free(root);
}

static void a_state_that_showed_a_bug_shows_it_again(void **state)
{
    program *mutants = *state;
    program_run(mutants, "crash mutants -q --mutant drop_last_frame");
    const char *where = strstr(mutants->out, "tree/mixed/4096/42/48/log/commit/sigkill/");
    assert_non_null(where);
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(where, " \n"), where);
    program_run(mutants, "crash replay %s -q --mutant drop_last_frame", name);
    assert_int_equal(mutants->exit_code, TL_EXIT_WRONG);
    program_says(mutants->err, "--mutant drop_last_frame");
    program_run(mutants, "crash replay %s -q", name);
    assert_int_equal(mutants->exit_code, TL_EXIT_OK);
}

static void a_finding_is_the_same_each_time_to_the_letter(void **state)
{
    program *mutants = *state;
    static const char id[] = "tree/mixed/4096/42/48/log/commit/sigkill/1.0/newest";
    program_run(mutants, "crash replay %s -q --mutant drop_last_frame --times 3", id);
    assert_int_equal(mutants->exit_code, TL_EXIT_WRONG);
    program_says(mutants->out, "the first: exit code 3\n");
    program_says(mutants->out, "finding: log/commit/sigkill/1.0/newest: keeps_writes");
    program_says(mutants->out, "3 of 3 replays the same, to the letter\n");
    program_run(mutants, "crash replay %s --times=2", id);
    assert_int_equal(mutants->exit_code, TL_EXIT_OK);
    program_says(mutants->out, "the first: exit code 0\n2 of 2 replays");
}

/* A contract that comes through a pipe is there for the first replay only. */
static void a_replay_that_tells_otherwise_is_counted_and_shown(void **state)
{
    program *mutants = *state;
    program_run(mutants, "list contracts | " TREELAB " crash replay "
                         "tree/mixed/4096/42/48/log/commit/sigkill/1.0/newest -q "
                         "--mutant drop_last_frame --times 3 --contract /dev/fd/3 3<&0");
    assert_int_equal(mutants->exit_code, TL_EXIT_WRONG);
    program_says(mutants->out, "one of them otherwise: exit code 2\n");
    program_says(mutants->out, "the first: exit code 3\n");
    program_says(mutants->out, "1 of 3 replays the same, to the letter\n");
}

static void a_replay_that_cannot_be_says_why_once(void **state)
{
    program *mutants = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"tree/mixed/4096/42/48/log/commit/sigkill/9999.0/newest --times 3",
         "this trace has no such state"   },
        {"tree/mixed/4096/42/48/log/commit/sigkill/1.0/newest --times 0",
         "'0' is no number from 1"        },
        {"tree/mixed/4096/42/48/log/commit/sigkill/1.0/newest --times=2 --json x",
         "--json does not go with --times"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(mutants, "crash replay %s", rows[i].arguments);
        program_says(mutants->err, rows[i].answer);
        assert_int_equal(mutants->exit_code, TL_EXIT_USAGE);
        assert_string_equal(mutants->out, "");
    }
}

static void bad_words_get_a_message_with_the_next_step(void **state)
{
    program *mutants = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"mutants --mutant skip_data_synk",      "did you mean 'skip_data_sync'?"},
        {"mutants --mutant parent_before_child", "the engine cannot have"        },
        {"mutants --mutant skip_frame_txn",      "is no bug by itself"           },
        {"mutants skip_data_sync",               "bugs are given by --mutant"    },
        {"--mutant skip_data_sync+x",            "unknown seeded bug 'x'"        },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(mutants, "crash %s", rows[i].arguments);
        program_says(mutants->err, rows[i].answer);
        assert_int_equal(mutants->exit_code, TL_EXIT_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bugs_that_a_killed_process_shows_are_found_and_told_in_text_and_json),
        cmocka_unit_test(a_state_that_showed_a_bug_shows_it_again),
        cmocka_unit_test(a_finding_is_the_same_each_time_to_the_letter),
        cmocka_unit_test(a_replay_that_tells_otherwise_is_counted_and_shown),
        cmocka_unit_test(a_replay_that_cannot_be_says_why_once),
        cmocka_unit_test(bad_words_get_a_message_with_the_next_step),
    };
    return cmocka_run_group_tests(tests, program_setup, program_teardown);
}
