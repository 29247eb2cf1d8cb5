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

/* A program `a` and two links of it: the program itself, and a script that notes that it ran. */
static void make_links(const program *treelab)
{
    char command[4 * PATH_MAX];
    snprintf(command, sizeof command,
             "set -e; cd '%s'; cp " TREELAB " a; mkdir a.links; ln a a.links/link0; "
             "printf '#!/bin/sh\\necho ran >> %%s/ran; exec " TREELAB " \"$@\"\\n' \"$PWD\" "
             "> a.links/link1; chmod +x a.links/link1; "
             "printf 'treelab.links/1 by hand\\nlink0 5\\nlink1 6\\n' > a.links/list",
             treelab->scratch->path);
    assert_int_equal(system(command), 0);
}

static void builds_that_ought_to_be_equal_take_turns_among_their_links(void **state)
{
    program *treelab = *state;
    char command[4 * PATH_MAX];
    write_policy(treelab, 4); /* of which none can attain the level: no lot fails it */
    make_links(treelab);
    for (int resumed = 0; resumed < 2; resumed++) {
        snprintf(command, sizeof command,
                 "cd '%s' && ./a calibrate neutral edit=$PWD/a other=$PWD/a --policy policy.json "
                 "--out out -q %s > said",
                 treelab->scratch->path, resumed == 0 ? "" : "--resume");
        assert_int_equal(WEXITSTATUS(system(command)), TL_EXIT_OK);
    }
    /* Each gate: a pilot or more with link 0 and 1, then launches 1 and 3 of 0 to 3, two sides. */
    snprintf(command, sizeof command,
             "cd '%s' && test $(wc -l < ran) -ge 16 && grep -q '^4 gates of builds' said && "
             "grep -q '0 failed' said && grep -q '^small/get .*2 layouts' said && "
             "grep -q '^# layouts 2 by hand' out/neutral.tsv && "
             "test $(grep -c '^other' out/neutral.tsv) = 2",
             treelab->scratch->path);
    assert_int_equal(system(command), 0);
    program_run(treelab, "calibrate neutral");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_run(treelab, "calibrate neutral edit");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "NAME=PROGRAM");
    program_run(treelab, "calibrate neutral edit=/not/there " COMMON, PLACES);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "ci/neutral");
}

/* `shell` in the scratch folder; its exit code, and what it says in treelab->err. */
static int in_folder(program *treelab, const char *shell)
{
    char command[4 * PATH_MAX];
    const char *place = treelab->scratch->path;
    snprintf(command, sizeof command, "cd '%s' && { %s ; } >said 2>.err", place, shell);
    int status = system(command);
    folder_read(folder_join(treelab->scratch, ".err"), treelab->err, sizeof treelab->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define NEUTRAL "./a calibrate neutral --policy policy.json --out out -q "

static void a_build_whose_layouts_are_others_than_the_logs_is_refused(void **state)
{
    program *treelab = *state;
    write_policy(treelab, 4);
    make_links(treelab);
    assert_int_equal(in_folder(treelab, "cp a none; cp a other; mkdir other.links; "
                                        "ln other other.links/link0; ln other other.links/link1; "
                                        "sed 's/by hand/by foot/' a.links/list > other.links/list"),
                     0);
    assert_int_equal(in_folder(treelab, NEUTRAL "edit=$PWD/a bare=$PWD/none"), TL_EXIT_USAGE);
    program_says(treelab->err, "bare: '");
    program_says(treelab->err, "shares 0 of the 2 layouts of this program (by hand)");
    assert_int_equal(in_folder(treelab, NEUTRAL "foot=$PWD/other"), TL_EXIT_USAGE);
    program_says(treelab->err, "linked in other ways (by hand; by foot)");
    assert_int_equal(in_folder(treelab, "test ! -e out/neutral.tsv"), 0);
}

static void each_build_of_one_layout_is_told_of(void **state)
{
    program *treelab = *state;
    write_policy(treelab, 2);
    assert_int_equal(in_folder(treelab, "cp " TREELAB " a"), 0);
    assert_int_equal(in_folder(treelab, NEUTRAL "one=$PWD/a two=$PWD/a"), TL_EXIT_OK);
    folder_read(folder_join(treelab->scratch, "said"), treelab->out, sizeof treelab->out);
    program_says(treelab->out, "\none: One layout of each program");
    program_says(treelab->out, "\ntwo: One layout of each program");
}

static void a_build_s_name_is_one_word_of_plain_letters(void **state)
{
    program *treelab = *state;
    static const char *const names[] = {"#a", "a b", "a\tb", "a%d", "a/b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        program_run(treelab, "calibrate neutral '%s=/bin/true'", names[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, names[i]);
        program_says(treelab->err, "' is no NAME of a build: up to 47 of A-Z a-z 0-9 _ . -");
    }
    write_policy(treelab, 2);
    program_run(treelab, "calibrate neutral a.B_9-z=/not/there " COMMON, PLACES);
    program_says(treelab->err, "a.B_9-z: '/not/there' is no program");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recording_goes_on_and_its_document_is_in_the_schema,
                                        program_setup, program_teardown),
        cmocka_unit_test_setup_teardown(fresh_gates_are_added_to_a_log, program_setup,
                                        program_teardown),
        cmocka_unit_test_setup_teardown(builds_that_ought_to_be_equal_take_turns_among_their_links,
                                        program_setup, program_teardown),
        cmocka_unit_test_setup_teardown(a_build_whose_layouts_are_others_than_the_logs_is_refused,
                                        program_setup, program_teardown),
        cmocka_unit_test_setup_teardown(each_build_of_one_layout_is_told_of, program_setup,
                                        program_teardown),
        cmocka_unit_test_setup_teardown(a_build_s_name_is_one_word_of_plain_letters, program_setup,
                                        program_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
