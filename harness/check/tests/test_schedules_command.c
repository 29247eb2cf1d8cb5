/* harness/check/tests/test_schedules_command.c -- `treelab crash --schedules` as a user runs it. */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/report/json.h"

#define THREADS "--history threads --commit log --durability commit --profile posix -q "

static const tl_json *field(const tl_json *node, const char *name)
{
    const tl_json *found = tl_json_get(node, name);
    if (found == NULL)
        fail_msg("no field '%s'", name);
    return found;
}

static void schedules_are_summed_and_their_states_are_the_same_each_time(void **state)
{
    program *treelab = *state;
    char leaves[2][64] = {"", ""};
    for (unsigned i = 0; i < 2; i++) {
        char dir[PATH_MAX], path[PATH_MAX + 16];
        snprintf(dir, sizeof dir, "%s", folder_join(treelab->scratch, i == 0 ? "a" : "b"));
        program_run(treelab, "crash " THREADS "--schedules 3..5 --out '%s'", dir);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, "distinct, schedules 3 to 5");
        snprintf(path, sizeof path, "%s/run.json", dir);
        tl_json *root = NULL;
        assert_int_equal(tl_json_read(path, &root), TL_OK);
        const tl_json *crash = field(tl_json_at(field(root, "cells"), 0), "crash");
        const tl_json *profile = tl_json_at(field(crash, "profiles"), 0);
        assert_int_equal(tl_json_count(field(profile, "schedules"), 0), 3);
        assert_int_equal(tl_json_count(field(profile, "findings"), 1), 0);
        snprintf(leaves[i], sizeof leaves[i], "%s", tl_json_text(field(profile, "leaves"), ""));
        tl_json_free(root);
    }
    assert_true(strtoull(leaves[0], NULL, 10) > 100);
    assert_string_equal(leaves[0], leaves[1]);
}

/* The finding's own command, word for word, finds it again. */
static void found_again(program *treelab, const char *mutant, const char *where, const char *rule)
{
    char id[512] = "";
    program_run(treelab, "crash " THREADS "--schedules 1..8 --mutant %s", mutant);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    const char *command = strstr(treelab->err, "see it again: treelab-mutants ");
    assert_non_null(command);
    sscanf(command, "see it again: treelab-mutants %511[^\n]", id);
    program_says(id, where);
    program_run(treelab, "%s -q", id);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, rule);
    program_says(treelab->out, " 1 findings");
}

static void a_finding_after_a_crash_comes_back_by_its_id(void **state)
{
    found_again(*state, "publish_before_sync", "log/commit/schedule/", "lost_committed");
}

static void a_finding_of_the_run_itself_comes_back_by_its_id(void **state)
{
    found_again(*state, "reader_looks_once", "/run", "reader");
}

static void what_does_not_go_together_is_told(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"--history threads,mixed",                                        "by themselves"             },
        {"--schedules 1..3",                                               "give --history threads"    },
        {"--history threads --schedules 0..3",                             "counted from 1"            },
        {"--history threads --schedules 3..1",                             "--schedules takes A..B"    },
        {"--history threads --seeds 1..3",                                 "one --seed and --schedules"},
        {"--history threads --repro log/commit/posix/41.0/",               "a state with schedule/N"   },
        {"--repro log/commit/schedule/2/run",                              "a state with schedule/N"   },
        {"--history threads --repro log/commit/schedule/2/run --timeline", "judged without one"        },
        {"--history thread",                                               "did you mean 'threads'?"   },
    };
    program_run(treelab, "crash shrink tree/threads/4096/42/14/log/commit/schedule/1/run");
    program_says(treelab->err, "a script runs in one thread");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "crash --quiet %s", rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    }
}

#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(schedules_are_summed_and_their_states_are_the_same_each_time),
        AS_USER(a_finding_after_a_crash_comes_back_by_its_id),
        AS_USER(a_finding_of_the_run_itself_comes_back_by_its_id),
        AS_USER(what_does_not_go_together_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
