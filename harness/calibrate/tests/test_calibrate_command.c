/* `treelab calibrate` as a user runs it: no assertion rests on how fast anything is.  TREELAB comes
 * from the build. */
#define _GNU_SOURCE
#include "../../cli/tests/program.h"

#include "harness/cli/cli.h"
#include "harness/report/wholefile.h"

#define ROW                                                                                        \
    "{\"name\":\"small\",\"run\":[\"--driver\",\"tree\",\"--workload\",\"random\",\"--set\","      \
    "\"phases=insert,get\"],\"phases\":[\"get\"]}"
#define POLICY                                                                                     \
    "{\"schema\":\"treelab.gate/1\",\"time\":{\"looks\":[%d],\"alphas\":[0.01],\"slices\":5,"      \
    "\"confirm\":2},\"rows\":[" ROW "]}"

static void write_policy(const program *treelab, int look)
{
    char text[1024];
    snprintf(text, sizeof text, POLICY, look);
    assert_int_equal(
        tl_wholefile_write(folder_join(treelab->scratch, "policy.json"), text, strlen(text)),
        TL_OK);
}

#define COMMON                                                                                     \
    "--policy '%s/policy.json' --out '%s/out' -q --replays 20 --power-replays 5 --inject 50 "
#define PLACES treelab->scratch->path, treelab->scratch->path

static void recording_goes_on_and_its_document_is_in_the_schema(void **state)
{
    program *treelab = *state;
    char command[PATH_MAX];
    write_policy(treelab, 2);
    program_run(treelab, "calibrate --launches 2 --injected-launches 2 " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "small/get");
    program_says(treelab->out, "20 gates replayed");
    snprintf(command, sizeof command,
             "/usr/bin/python3 -W ignore -m jsonschema -i '%s/out/calibration.json' "
             "results/schema/calibrate-1.json",
             treelab->scratch->path);
    assert_int_equal(system(command), 0);
    program_run(treelab, "calibrate --launches 3 --injected-launches 2 " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--resume");
    program_run(treelab, "calibrate --resume --launches 3 --injected-launches 2 " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    snprintf(command, sizeof command, "test $(grep -c '^aa' '%s/out/samples.tsv') = 3",
             treelab->scratch->path);
    assert_int_equal(system(command), 0);
    write_policy(treelab, 3); /* looked at otherwise: the launches are the same */
    program_run(treelab,
                "calibrate --resume --launches 3 --injected-launches 2 --exclude 3%% " COMMON,
                PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "calibrate --resume --noise --launches 3 " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "begun with another request");
}

static void fresh_gates_are_added_to_a_log(void **state)
{
    program *treelab = *state;
    write_policy(treelab, 2);
    program_run(treelab, "calibrate gates 1 " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "calibrate gates 2 --resume " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "3 fresh gates");
    write_policy(treelab, 3);
    program_run(treelab, "calibrate gates 1 --resume " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_run(treelab, "calibrate gate 2");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_run(treelab, "noise");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recording_goes_on_and_its_document_is_in_the_schema,
                                        program_setup, program_teardown),
        cmocka_unit_test_setup_teardown(fresh_gates_are_added_to_a_log, program_setup,
                                        program_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
