/* harness/compare/tests/test_duel_program.c -- `treelab duel` as a user runs it.  Nothing here
 * depends on how fast anything is: too few launches for any verdict, or none at all. */
#include "harness/report/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/treelab-test-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

/* The exit code of `treelab ARGUMENTS` in a directory of its own; what it prints is in "said". */
static int treelab(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "cd '%s' && '%s' %s >said 2>&1", dir, TREELAB, arguments);
    int how = system(command);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static bool said(const char *word)
{
    char command[256];
    snprintf(command, sizeof command, "grep -q -- '%s' '%s/said'", word, dir);
    return system(command) == 0;
}

static void a_duel_of_too_few_launches_is_inconclusive_and_its_result_is_in_the_schema(void **state)
{
    (void)state;
    char command[512];
    assert_int_equal(treelab("duel tree tree:leaf=rebuild --ops 60000 --launches 2 --quiet --dir . "
                             "--set phases=insert,get,scan --json run.json"),
                     4);
    assert_true(said("not attainable"));
    snprintf(command, sizeof command,
             "/usr/bin/python3 -W ignore -m jsonschema -i '%s/run.json' results/schema/run-1.json",
             dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(treelab("validate run.json"), 0);
    snprintf(command, sizeof command, "%s/run.json", dir);
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(command, &root), TL_OK);
    const tl_json *cells = tl_json_get(root, "cells"), *cell = tl_json_at(cells, 2);
    assert_int_equal(tl_json_size(cells), 3);
    assert_null(tl_json_get(tl_json_get(root, "summary"), "missing")); /* nobody counted */
    assert_string_equal(tl_json_text(tl_json_get(cell, "kind"), ""), "duel");
    assert_string_equal(tl_json_text(tl_json_get(cell, "label"), ""), "random/scan");
    assert_int_equal(tl_json_size(tl_json_get(tl_json_get(cell, "log_ratios"), "median")), 2);
    tl_json_free(root);
    snprintf(command, sizeof command,
             "test $(grep -c '\"kind\":\"launch\"' '%s'/out/*/samples.jsonl) = 3", dir);
    assert_int_equal(system(command), 0); /* a pilot and two */
    snprintf(command, sizeof command, "test -z \"$(find '%s' -name 'side-*')\"", dir);
    assert_int_equal(system(command), 0); /* no store is left */
}

/* Both sides must read the same and hold the same at the end: else the exit code were 3. */
static void injected_work_leaves_the_answers_alone(void **state)
{
    (void)state;
    assert_int_equal(treelab("duel tree tree:inject=work:0.5 --ops 60000 --launches 1 --quiet "
                             "--dir . --set phases=insert,get,scan"),
                     4);
}

static void rows_with_syncs_are_decided_by_counters(void **state)
{
    (void)state;
    assert_int_equal(treelab("duel tree tree --ops 2000 --durability commit --quiet --dir ."), 0);
    assert_true(said("time decides nothing"));
    assert_int_equal(treelab("duel tree tree:commit=shadow2 --ops 2000 --durability commit --quiet "
                             "--dir . --set phases=insert"),
                     1);
    assert_true(said("page_bytes_written 0 ->"));
}

static void what_does_not_fit_or_exist_is_told_with_its_exit_code(void **state)
{
    (void)state;
    assert_int_equal(treelab("duel tree /bin/true --ops 2000 --quiet --dir ."), 5);
    assert_true(said("does not run as an agent"));
    assert_int_equal(treelab("duel tree ./nothing"), 2);
    assert_int_equal(treelab("duel tree"), 2);
    assert_int_equal(treelab("duel tree tree tree"), 2);
    assert_int_equal(treelab("duel tree :driver=trees"), 2);
    assert_true(said("did you mean"));
    assert_int_equal(treelab("duel tree tree:leef=bump --ops 2000 --quiet --dir ."), 2);
    assert_int_equal(treelab("duel tree tree:inject=cpu:-1"), 2);
    assert_int_equal(treelab("duel tree tree --cpu 1023"), 2); /* it ran anywhere instead */
    assert_int_equal(treelab("duel tree tree:inject=work:nan"), 2);
    assert_int_equal(treelab("duel tree tree:inject=alloc:1.5"), 2);
    assert_int_equal(treelab("duel tree tree --looks 32,16"), 2);
    assert_int_equal(treelab("duel tree tree --ops 500 --set phases=insert --quiet --dir ."), 6);
    assert_true(said("invalid"));
}

static void an_agent_that_is_told_nonsense_says_so(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command,
             "cd '%s' && printf 'begin 1000\\nslice 1 1 0\\n' | '%s' agent --dir store >said 2>&1",
             dir, TREELAB);
    int how = system(command);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) != 0);
    assert_true(said("^treelab-agent 1 ") && said("^error TL_INVALID"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_duel_of_too_few_launches_is_inconclusive_and_its_result_is_in_the_schema, setup,
            teardown),
        cmocka_unit_test_setup_teardown(injected_work_leaves_the_answers_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_with_syncs_are_decided_by_counters, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_or_exist_is_told_with_its_exit_code,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_agent_that_is_told_nonsense_says_so, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
