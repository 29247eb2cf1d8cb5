/* What a newcomer typed and was not told well: each was a fault once. */
#define _GNU_SOURCE
#include "program.h"

#include "harness/cli/cli.h"

static const char *place(program *treelab, const char *name)
{
    return folder_join(treelab->scratch, name);
}

/* Run what cannot go well and be told so. */
static void refused(program *treelab, const char *says, const char *command)
{
    program_run(treelab, "%s", command);
    if (treelab->exit_code != TL_EXIT_USAGE)
        fail_msg("%s: exit code %d, %s", command, treelab->exit_code, treelab->err);
    program_says(treelab->err, says);
}

static void a_file_without_its_ending_is_told_by_the_name_that_was_typed(void **state)
{
    program *treelab = *state;
    static const char *const commands[] = {"verify", "dump"};
    folder_write(place(treelab, "x.db"), "hello");
    for (size_t i = 0; i < 2; i++) {
        program_run(treelab, "%s '%s'", commands[i], place(treelab, "x.db"));
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, "x.db' does not end in .tl");
        program_run(treelab, "%s no_such_file", commands[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, "neither a 'no_such_file' nor a 'no_such_file.tl'");
        program_run(treelab, "%s '%s'", commands[i], treelab->scratch->path);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, "is a directory; name a database in it");
    }
}

static void shrink_speaks_under_its_own_name(void **state)
{
    program *treelab = *state;
    refused(treelab, "treelab crash shrink: 'nope' is neither a script", "crash shrink nope");
    refused(treelab, "treelab crash shrink: unknown history 'nope'",
            "crash shrink tree/nope/4096/42/12/log/commit/posix/31.0/");
    refused(treelab, "treelab crash replay: it takes the id of a state", "crash replay nope");
}

static void a_directory_in_place_of_a_file_is_a_wrong_name_and_no_broken_disk(void **state)
{
    program *treelab = *state;
    static const char *const commands[] = {"run",
                                           "sweep",
                                           "validate",
                                           "gate --policy",
                                           "export bmf",
                                           "crash shrink --out /dev/null",
                                           "calibrate --policy"};
    char line[PATH_MAX];
    snprintf(line, sizeof line, "%s", treelab->scratch->path);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        program_run(treelab, "%s '%s'", commands[i], line);
        if (treelab->exit_code != TL_EXIT_USAGE)
            fail_msg("%s: exit code %d, %s", commands[i], treelab->exit_code, treelab->err);
    }
}

static void whatever_could_not_be_written_to_stdout_is_told(void **state)
{
    program *treelab = *state;
    static const char *const commands[] = {"--help",        "--version",           "help run",
                                           "run --help",    "list --usage",        "list drivers",
                                           "crash --help",  "crash replay --help", "run --dry-run",
                                           "run --explain", "run --version"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        program_run(treelab, "%s >/dev/full", commands[i]);
        if (treelab->exit_code != TL_EXIT_ENVIRONMENT)
            fail_msg("%s: exit code %d", commands[i], treelab->exit_code);
        program_says(treelab->err, "cannot write to stdout: ");
    }
}

static void a_baseline_that_is_not_there_is_refused_before_anything_is_measured(void **state)
{
    program *treelab = *state;
    refused(treelab, "treelab gate: there is no baseline '/no/such'; `treelab baseline update ",
            "gate --baseline /no/such");
    program_run(treelab, "gate --baseline '%s' --policy " SOURCE "/ci/gate.json",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "Is a directory");
}

static void calibrate_names_the_words_that_were_typed(void **state)
{
    program *treelab = *state;
    refused(treelab, "`calibrate gates` takes a number from 1 to 10000, not 'x'",
            "calibrate gates x");
}

static void interrupted_damage_tells_what_is_kept_as_other_commands_do(void **state)
{
    program *treelab = *state;
    program_run(treelab,
                "--version; cd '%s' && timeout -s INT 1 " TREELAB
                " crash damage --pages 4000 --sample 1000 -q",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, 124); /* timeout(1) says that it had to */
    program_says(treelab->err, "treelab crash damage: interrupted after ");
    program_says(treelab->err, "what was found is kept");
}

static void an_unknown_name_is_told_with_the_nearest_and_with_all(void **state)
{
    program *treelab = *state;
    refused(treelab, "unknown history 'nope'; there are mixed, insert, split_merge",
            "crash --history nope");
    refused(treelab, "unknown history 'insrt'; did you mean 'insert'? There are mixed, insert",
            "crash --history insrt");
    refused(treelab, "unknown profile 'posx'; did you mean 'posix'? There are ",
            "crash --profile posx");
    refused(treelab, "unknown format 'nope'; there are ", "export nope");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_without_its_ending_is_told_by_the_name_that_was_typed),
        TEST(shrink_speaks_under_its_own_name),
        TEST(a_directory_in_place_of_a_file_is_a_wrong_name_and_no_broken_disk),
        TEST(whatever_could_not_be_written_to_stdout_is_told),
        TEST(a_baseline_that_is_not_there_is_refused_before_anything_is_measured),
        TEST(calibrate_names_the_words_that_were_typed),
        TEST(interrupted_damage_tells_what_is_kept_as_other_commands_do),
        TEST(an_unknown_name_is_told_with_the_nearest_and_with_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
