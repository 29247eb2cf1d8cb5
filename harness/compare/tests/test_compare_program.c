/* harness/compare/tests/test_compare_program.c -- `treelab compare` over small runs made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[64];

/* The exit code of a shell command in the test's directory; what it prints is in "said". */
static int shell(const char *format, const char *text)
{
    char words[700], command[1024];
    snprintf(words, sizeof words, format, text);
    snprintf(command, sizeof command, "cd '%s' && { %s; } >said 2>&1", dir, words);
    int how = system(command);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static bool said(const char *word)
{
    char command[256];
    snprintf(command, sizeof command, "grep -q -- '%s' '%s/said'", word, dir);
    return system(command) == 0;
}

static int run_into(const char *name, const char *options)
{
    char command[512];
    snprintf(command, sizeof command, "'%s' run -n 2000 --repeat 1 -q --out %s %s", TREELAB, name,
             options);
    return shell("%s", command);
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/treelab-test-XXXXXX");
    if (mkdtemp(dir) == NULL || run_into("a", "") != 0 || run_into("b", "") != 0)
        return 1;
    return shell("%s", "mkdir more wrong other && "
                       "sed 's/\"leaf_splits\":.*[1-9][0-9]*/&1/' b/run.json >more/run.json && "
                       "sed 's/\"result_hash\":[^0]*0x0/&1/;s/\"result_hash\":\\(.*\\)\"0x.../"
                       "\"result_hash\":\\1\"0xabc/' b/run.json >wrong/run.json && "
                       "sed '/\"class\"/,/fields/s/\"0x..../\"0xabcd/' b/run.json >other/run.json");
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static void equal_runs_have_equal_counters_and_times_only_describe(void **state)
{
    (void)state;
    assert_int_equal(shell("'%s' compare a b", TREELAB), 0);
    assert_true(said(" 0 differ") && said("Times describe"));
    assert_int_equal(shell("'%s' compare --counters a b/run.json", TREELAB), 0);
    assert_false(said("ops/s"));
}

static void one_counter_off_by_a_little_is_told(void **state)
{
    (void)state;
    assert_int_equal(shell("'%s' compare --counters a more", TREELAB), 0);
    assert_true(said("leaf_splits ") && !said(" 0 differ"));
}

static void different_results_of_equal_operations_are_wrong(void **state)
{
    (void)state;
    assert_int_equal(shell("'%s' compare a wrong", TREELAB), 3);
}

static void times_of_unlike_machines_are_refused_counters_are_not(void **state)
{
    (void)state;
    assert_int_equal(shell("'%s' compare a other", TREELAB), 5);
    assert_true(said(" 0 differ") && !said("ops/s"));
    assert_int_equal(shell("'%s' compare --counters a other", TREELAB), 0);
    assert_int_equal(shell("'%s' compare --allow-different-machine a other --json c.json", TREELAB),
                     0);
    assert_true(said("ops/s") && said("differ in class"));
}

static void runs_that_asked_for_other_things_are_not_compared(void **state)
{
    (void)state;
    assert_int_equal(run_into("seeded", "--seed 7"), 0);
    assert_int_equal(shell("'%s' compare a seeded", TREELAB), 6);
    assert_true(said("spec_hash"));
    assert_int_equal(run_into("mixed", "--workload mixed"), 0);
    assert_int_equal(shell("'%s' compare a mixed", TREELAB), 6);
}

static void what_is_no_result_is_a_usage_error(void **state)
{
    (void)state;
    assert_int_equal(shell("'%s' compare a nowhere", TREELAB), 2);
    assert_int_equal(shell("'%s' compare a", TREELAB), 2);
    assert_int_equal(shell("echo '{}' >x.json; '%s' compare a x.json", TREELAB), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_have_equal_counters_and_times_only_describe),
        cmocka_unit_test(one_counter_off_by_a_little_is_told),
        cmocka_unit_test(different_results_of_equal_operations_are_wrong),
        cmocka_unit_test(times_of_unlike_machines_are_refused_counters_are_not),
        cmocka_unit_test(runs_that_asked_for_other_things_are_not_compared),
        cmocka_unit_test(what_is_no_result_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
