/* Seeded losses of speed as a user wakes them.  TREELAB is treelab-mutants, PLAIN is treelab: both
 * come from the build. */
#define _GNU_SOURCE
#include "../../cli/tests/program.h"

#include "harness/cli/cli.h"
#include "harness/gate/regressions.h"
#include "harness/report/wholefile.h"

static void every_row_of_the_table_is_a_switch_of_the_engine(void **state)
{
    program *treelab = *state;
    for (size_t i = 0; i < tl_regression_count(); i++) {
        program_run(treelab, "run --regress %s --help", tl_regression_at(i)->name);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    }
    assert_true(tl_regression_count() >= 10);
    program_run(treelab, "run --regress nothing --help");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_run(treelab, "regressions --only nothing");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
}

static void what_the_counters_must_catch_they_catch(void **state)
{
    static const char policy[] =
        "{\"schema\":\"treelab.gate/1\",\"rows\":[{\"name\":\"random\",\"run\":[\"--driver\","
        "\"tree:checkpoint_thread=off\",\"--workload\",\"random\",\"--ops\",\"500\",\"--set\","
        "\"phases=insert,get\"]}]}";
    program *treelab = *state;
    const char *path = folder_join(treelab->scratch, "policy.json");
    assert_int_equal(tl_wholefile_write(path, policy, strlen(policy)), TL_OK);
    program_run(treelab, "regressions -q --layers counters --only descend_twice --policy '%s'",
                path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "1 judged, 1 of 1 caught by the layer that was named");
}

static void the_program_that_users_have_has_none(void **state)
{
    program *treelab = *state;
    int status = system(PLAIN " regressions >/dev/null 2>&1");
    assert_int_equal(WEXITSTATUS(status), TL_EXIT_ENVIRONMENT);
    status = system(PLAIN " run --regress descend_twice >/dev/null 2>&1");
    assert_int_equal(WEXITSTATUS(status), TL_EXIT_USAGE);
    program_run(treelab, "regressions --list");
    program_says(treelab->out, "expected:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_row_of_the_table_is_a_switch_of_the_engine,
                                        program_setup, program_teardown),
        cmocka_unit_test_setup_teardown(what_the_counters_must_catch_they_catch, program_setup,
                                        program_teardown),
        cmocka_unit_test_setup_teardown(the_program_that_users_have_has_none, program_setup,
                                        program_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
