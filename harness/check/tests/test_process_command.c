/* harness/check/tests/test_process_command.c -- `treelab crash processes` as a user runs it. */
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

static uint64_t total_in(const tl_json *node, const char *name)
{
    return strtoull(tl_json_text(field(node, name), ""), NULL, 10);
}

static void kills_and_scenes_are_the_states_of_a_cell(void **state)
{
    program *treelab = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "run.json"));
    program_run(treelab,
                "crash processes --quiet --ops 8 --page-size 1024 --commit log --durability commit "
                "--json '%s'",
                path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "0 findings");
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    const tl_json *cell = tl_json_at(field(root, "cells"), 0), *crash = field(cell, "crash");
    const tl_json *variants = field(crash, "variants"), *trace = field(crash, "trace");
    assert_string_equal(tl_json_text(field(cell, "kind"), ""), "crash");
    assert_string_equal(tl_json_text(field(cell, "id"), ""), "processes/tree/mixed/log/commit");
    assert_int_equal(tl_json_size(variants), 2);
    assert_string_equal(tl_json_text(field(tl_json_at(variants, 0), "name"), ""), "process_killed");
    assert_string_equal(tl_json_text(field(tl_json_at(variants, 1), "name"), ""), "scenes");
    assert_int_equal(total_in(tl_json_at(variants, 1), "states"), 6);
    uint64_t states = total_in(crash, "states");
    assert_int_equal(total_in(tl_json_at(variants, 0), "states") + 6, states);
    assert_int_equal(total_in(crash, "recovered"), states);
    uint64_t ops = tl_json_count(field(trace, "io_ops"), 0);
    assert_int_equal(tl_json_count(field(crash, "points"), 0), ops + 1);
    assert_true(tl_json_count(field(trace, "writes"), 0) > 8);
    assert_true(tl_json_count(field(trace, "syncs"), 0) > 8);
    tl_json_free(root);
}

static void one_case_again_is_one_state_and_leaves_nothing_behind(void **state)
{
    program *treelab = *state;
    static const char *const cases[] = {"log/commit/12.0", "shadow2/none/readers_only.1"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program_run(treelab, "crash processes --quiet --ops 8 --dir '%s' --only %s",
                    treelab->scratch->path, cases[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, "1 states,");
        assert_null(strstr(treelab->out, "run.json"));
    }
    assert_int_equal(folder_count(treelab->scratch->path), 0);
}

static void a_budget_of_states_is_kept(void **state)
{
    program *treelab = *state;
    program_run(treelab, "crash processes --quiet --budget 9 --json /dev/null");
    program_says(treelab->out, "9 states,");
    program_says(treelab->out, "(stopped early)");
}

static void bad_words_get_a_message_with_the_next_step_and_exit_code_two(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"--commit lgo",                                       "did you mean 'log'?"           },
        {"--durability comit",                                 "did you mean 'commit'?"        },
        {"--history mixd",                                     "did you mean 'mixed'?"         },
        {"--driver tre",                                       "did you mean 'tree'?"          },
        {"--driver model",                                     "not in the table"              },
        {"--page-size 5000",                                   "a power of two"                },
        {"--ops 7",                                            "--ops takes a number from 8"   },
        {"--readers 1",                                        "--readers takes a number from" },
        {"--budget 0",                                         "--budget takes a number from 1"},
        {"--dir /dev/null/x",                                  "choose another --dir"          },
        {"--only log/commit",                                  "--only takes a case"           },
        {"--only log/commit/31",                               "--only takes a case"           },
        {"--only own/commit/31.0",                             "begin with a commit protocol"  },
        {"--only log/commit/killed_writer.0",                  "this store has no such case"   },
        {"--only log/commit/99999.0 --ops 8",                  "this store has no such case"   },
        {"--driver tree,tree:leaf=bump --only log/commit/1.0", "about one driver"              },
        {"tree",                                               "stores are given by --driver"  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "crash processes --quiet %s", rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_memory_equal(treelab->err, "treelab crash processes: ", 25);
        if (strstr(rows[i].arguments, "--dir") ==
            NULL) /* that one may be the surroundings' fault */
            assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    }
}

int main(void)
{
#define COMMAND_TEST(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(kills_and_scenes_are_the_states_of_a_cell),
        COMMAND_TEST(one_case_again_is_one_state_and_leaves_nothing_behind),
        COMMAND_TEST(a_budget_of_states_is_kept),
        COMMAND_TEST(bad_words_get_a_message_with_the_next_step_and_exit_code_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
