/* harness/check/tests/test_damage_command.c -- `treelab crash damage` as a user runs it. */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/report/json.h"

/* Runs leave their directory where they are started: in the scratch folder. */
#define IN_SCRATCH "--help >/dev/null; cd '%s' && " TREELAB " "

static const tl_json *field(const tl_json *node, const char *name)
{
    const tl_json *found = tl_json_get(node, name);
    if (found == NULL)
        fail_msg("no field '%s'", name);
    return found;
}

/* The sum of "states" over a list, and of all its outcomes. */
static void sums_of(const tl_json *list, uint64_t *states, uint64_t *outcomes)
{
    *states = *outcomes = 0;
    for (size_t i = 0; i < tl_json_size(list); i++) {
        const tl_json *counts = field(tl_json_at(list, i), "outcomes");
        *states += tl_json_count(field(tl_json_at(list, i), "states"), 0);
        for (size_t o = 0; o < tl_json_size(counts); o++)
            *outcomes += tl_json_count(tl_json_at(counts, o), 0);
    }
}

static void kinds_and_regions_count_the_same_states_and_the_schema_knows_them(void **state)
{
    program *treelab = *state;
    char json[PATH_MAX], command[PATH_MAX + 128];
    snprintf(json, sizeof json, "%s", folder_join(treelab->scratch, "result.json"));
    program_run(treelab,
                IN_SCRATCH "crash damage --page-size 1024 --pages 32 --sample 40 --commit "
                           "log,shadow1 --json '%s' --quiet",
                treelab->scratch->path, json);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "damage/tree/log/crash");
    program_says(treelab->out, "0 findings");
    snprintf(command, sizeof command,
             "/usr/bin/python3 -W ignore -m jsonschema -i '%s' results/schema/run-1.json", json);
    assert_int_equal(system(command), 0);

    tl_json *root = NULL;
    assert_int_equal(tl_json_read(json, &root), TL_OK);
    const tl_json *cells = field(root, "cells");
    assert_int_equal(tl_json_size(cells), 4);
    uint64_t total = 0;
    for (size_t i = 0; i < 4; i++) {
        const tl_json *cell = tl_json_at(cells, i), *damage = field(cell, "damage");
        uint64_t states = tl_json_count(field(damage, "states"), 0), sum, outcomes;
        assert_string_equal(tl_json_text(field(cell, "kind"), ""), "fault");
        assert_string_equal(tl_json_text(field(cell, "status"), ""), "ok");
        assert_true(states > 0);
        sums_of(field(damage, "kinds"), &sum, &outcomes);
        assert_true(sum == states && outcomes == states);
        sums_of(field(damage, "regions"), &sum, &outcomes);
        assert_true(sum == states && outcomes == states);
        total += states;
    }
    assert_int_equal(tl_json_count(field(field(root, "summary"), "states"), 0), total);
    tl_json_free(root);
}

static void a_report_of_it_can_be_drawn(void **state)
{
    program *treelab = *state;
    program_run(treelab,
                IN_SCRATCH "crash damage --page-size 1024 --pages 16 --sample 5 --commit "
                           "log --quiet >/dev/null && " TREELAB " report out/*",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

static void one_case_again_is_one_state_and_leaves_nothing_behind(void **state)
{
    program *treelab = *state;
    program_run(treelab, "crash damage --quiet --page-size 1024 --pages 16 --commit log --image "
                         "clean --only flip:tree.tl:0:0x40");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "1 states, 0 findings");
    program_says(treelab->out, "flip:tree.tl:0:0x40: ");
    assert_null(strstr(treelab->out, "run.json"));
}

static void bad_words_get_a_message_with_the_next_step_and_exit_code_two(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"--kind flop",                                                  "did you mean 'flip'?"            },
        {"--image claen",                                                "did you mean 'clean'?"           },
        {"--commit lgo",                                                 "did you mean 'log'?"             },
        {"--driver model",                                               "does not run on a simulated disk"},
        {"--pages 3",                                                    "--pages takes a number from 16"  },
        {"--only flip:tree.tl:0:0x40",                                   "about one image"                 },
        {"--commit log --image clean --only flip:tree.tl:99999999:0x40", "this image has no case"          },
        {"tree",                                                         "stores are given by --driver"    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "crash damage --quiet %s", rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_memory_equal(treelab->err, "treelab crash damage: ", 22);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    }
}

#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(kinds_and_regions_count_the_same_states_and_the_schema_knows_them),
        AS_USER(a_report_of_it_can_be_drawn),
        AS_USER(one_case_again_is_one_state_and_leaves_nothing_behind),
        AS_USER(bad_words_get_a_message_with_the_next_step_and_exit_code_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
