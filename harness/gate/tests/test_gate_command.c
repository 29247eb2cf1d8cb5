/* The gate as a user runs it.  TREELAB comes from the build. */
#define _GNU_SOURCE
#include "../../cli/tests/program.h"

#include "harness/cli/cli.h"
#include "harness/report/wholefile.h"

/* Each test in a folder of its own, which relative names mean. */
static int enter(void **state)
{
    int failed = program_setup(state);
    const program *treelab = *state;
    return failed != 0 ? failed : chdir(treelab->scratch->path);
}
static int leave(void **state)
{
    return chdir("/") | program_teardown(state);
}
#define AS_USER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

#define POLICY                                                                                     \
    "{\"schema\":\"treelab.gate/1\",\"rows\":[{\"name\":\"small\",\"run\":[\"--driver\","          \
    "\"tree:checkpoint_thread=off\",\"--workload\",\"random\",\"--ops\",\"%d\",\"--set\","         \
    "\"phases=insert,get\"]}]}"

static void write_policy(int ops)
{
    char text[512];
    snprintf(text, sizeof text, POLICY, ops);
    assert_int_equal(tl_wholefile_write("policy.json", text, strlen(text)), TL_OK);
}

#define FILES "--policy policy.json --baseline kept.json -q"

static void equal_counters_pass_every_time(void **state)
{
    program *treelab = *state;
    write_policy(500);
    program_run(treelab, "baseline update --reason first " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    for (int i = 0; i < 10; i++) { /* results/ has a thousand */
        program_run(treelab, "gate --layers counters " FILES);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, "all equal");
    }
}

static void another_count_fails_and_is_named(void **state)
{
    program *treelab = *state;
    char *text = NULL;
    size_t bytes = 0;
    write_policy(500);
    program_run(treelab, "baseline update --reason first " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_int_equal(tl_wholefile_read("kept.json", 1 << 20, &text, &bytes), TL_OK);
    char *at = strstr(text, "\"leaf_splits\":");
    assert_non_null(at);
    at = strpbrk(at, "0123456789");
    *at = *at == '9' ? '8' : (char)(*at + 1);
    assert_int_equal(tl_wholefile_write("kept.json", text, bytes), TL_OK);
    free(text);
    program_run(
        treelab,
        "gate --layers counters --junit gate.xml --markdown gate.md --json gate.json " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_REGRESSION);
    program_says(treelab->out, "leaf_splits");
    program_says(treelab->out, "treelab baseline update --reason");
    assert_int_equal(access("gate.xml", R_OK) | access("gate.md", R_OK) | access("gate.json", R_OK),
                     0);
}

static void counters_of_another_run_are_not_compared(void **state)
{
    program *treelab = *state;
    write_policy(500);
    program_run(treelab, "baseline update --reason first " FILES);
    write_policy(600);
    program_run(treelab, "gate --layers counters " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_says(treelab->out, "another run than the one its counters are of");
}

static void a_gate_without_anything_to_compare_does_not_pass(void **state)
{
    program *treelab = *state;
    write_policy(500);
    program_run(treelab, "gate --policy policy.json --baseline none.json -q --layers counters");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_run(treelab, "gate --layers instructions " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_NOTHING);
    program_run(treelab, "gate --policy no_such.json");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_run(treelab, "baseline update --reason first " FILES);
    program_run(treelab, "gate --candidate /bin/false --layers counters " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_run(treelab, "gate --base /no/such/treelab --quick " FILES); /* blamed on valgrind */
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--base '/no/such/treelab' is no program that can be run");
    program_run(treelab, "baseline update --policy policy.json");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--reason is wanted");
}

/* Two launches reach no level: nothing here depends on how fast anything is. */
static void the_layer_time_tells_estimate_level_and_launches_of_each_phase(void **state)
{
    static const char policy[] =
        "{\"schema\":\"treelab.gate/1\",\"inconclusive_fails\":true,"
        "\"time\":{\"looks\":[2],\"alphas\":[0.01],\"slices\":5},\"rows\":["
        "{\"name\":\"small\",\"run\":[\"--driver\",\"tree\",\"--workload\",\"random\",\"--set\","
        "\"phases=insert,get\"],\"phases\":[\"get\"]},"
        "{\"name\":\"durable\",\"run\":[\"--workload\",\"random\",\"--durability\",\"commit\"]}]}";
    program *treelab = *state;
    assert_int_equal(tl_wholefile_write("policy.json", policy, strlen(policy)), TL_OK);
    program_run(treelab, "gate --layers time --base " TREELAB " --json gate.json " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_INCONCLUSIVE);
    program_says(treelab->out, "small/get: inconclusive");
    program_says(treelab->out, "no interval at");
    program_says(treelab->out, "2 launches");
    program_says(treelab->out, "commits wait for the disk: its counters decide");
    assert_null(strstr(treelab->out, "small/insert"));
    program_run(treelab, "gate --layers time --base " TREELAB " --json - " FILES);
    assert_int_equal(treelab->out[0], '{'); /* and nothing else */
    program_says(treelab->err, "small/get: inconclusive");
    program_run(treelab, "gate --layers time " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_NOTHING);
    program_run(treelab, "gate --layers time --base /bin/true " FILES);
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_says(treelab->out, "does not run as an agent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(equal_counters_pass_every_time),
        AS_USER(another_count_fails_and_is_named),
        AS_USER(counters_of_another_run_are_not_compared),
        AS_USER(the_layer_time_tells_estimate_level_and_launches_of_each_phase),
        AS_USER(a_gate_without_anything_to_compare_does_not_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
