/* harness/check/tests/test_telling_command.c -- what `treelab crash` says about what it found. */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/report/json.h"

#define GARBAGE                                                                                    \
    "crash --commit log --durability commit --history insert --profile garbage --tier T3 "         \
    "--budget 700 --quiet"

static const char *in_scratch(const program *treelab, const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, name));
    return path;
}

static void what_the_contract_documents_is_counted_and_fails_nothing(void **state)
{
    program *treelab = *state;
    program_run(treelab, GARBAGE " --driver tree:log_pad_bytes=512 --out '%s'",
                in_scratch(treelab, "run"));
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "KNOWN:");
    program_says(treelab->out, "documented: flushes of the log share file pages");
    program_says(treelab->out, " 0 findings, ");
    program_says(treelab->out, "recovered twice: ");
    program_says(treelab->out, "not covered: profiles not run: sigkill, prefix, journal, posix");
}

/* They were told as findings on stderr, and another contract was not asked. */
static void over_many_seeds_what_is_documented_is_no_finding_either(void **state)
{
    program *treelab = *state;
    char table[PATH_MAX];
    snprintf(table, sizeof table, "%s", in_scratch(treelab, "contracts.txt"));
    program_run(treelab,
                GARBAGE " --driver tree:log_pad_bytes=512 --seeds 42..43 --budget 3000 --out '%s'",
                in_scratch(treelab, "run"));
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_null(strstr(treelab->err, "finding"));
    program_says(treelab->out, " 0 findings, ");
    program_says(treelab->out, " known\n");

    FILE *file = fopen(table, "w");
    assert_non_null(file);
    fputs("contract tree * commit * ack yes yes no\n", file);
    fclose(file);
    program_run(treelab,
                GARBAGE
                " --driver tree:log_pad_bytes=512 --seeds 42..43 --budget 3000 --contract '%s' "
                "--out '%s'",
                table, in_scratch(treelab, "other"));
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, "finding: ");
}

static void padding_of_a_whole_page_needs_no_excuse(void **state)
{
    program *treelab = *state;
    program_run(treelab, GARBAGE " --driver tree:log_pad_bytes=4096 --out '%s'",
                in_scratch(treelab, "run"));
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, " 0 findings\n");
    assert_null(strstr(treelab->out, "KNOWN"));
}

/* Another contract, which excuses nothing, makes findings of the same states. */
static void another_contract_judges_otherwise(void **state)
{
    program *treelab = *state;
    char table[PATH_MAX], junit[PATH_MAX];
    snprintf(table, sizeof table, "%s", in_scratch(treelab, "contracts.txt"));
    snprintf(junit, sizeof junit, "%s", in_scratch(treelab, "junit.xml"));
    FILE *file = fopen(table, "w");
    assert_non_null(file);
    fputs("contract tree * commit * ack yes yes no\n", file);
    fclose(file);
    program_run(treelab,
                GARBAGE " --driver tree:log_pad_bytes=512 --contract '%s' --junit '%s' --out '%s'",
                table, junit, in_scratch(treelab, "run"));
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->out, "  cause: ");
    program_says(treelab->err, "cause: lost_committed (TL_OK): log_frame spoilt");
    folder_read(junit, treelab->out, sizeof treelab->out);
    program_says(treelab->out, "<testsuite name=\"treelab crash\" tests=\"1\" failures=\"1\"");
    program_says(treelab->out, "<failure message=\"lost_committed (TL_OK): log_frame spoilt");
    program_says(treelab->out, "treelab crash replay tree:log_pad_bytes=512/insert/");
}

static void a_contract_that_is_none_is_refused_with_its_line(void **state)
{
    program *treelab = *state;
    const char *table = in_scratch(treelab, "contracts.txt");
    FILE *file = fopen(table, "w");
    assert_non_null(file);
    fputs("# mine\ncontract tree * commit\n", file);
    fclose(file);
    program_run(treelab, "crash --contract '%s'", table);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "line 2: ");
    program_says(treelab->err, "treelab list contracts");
}

static void a_table_that_was_listed_can_be_read_again(void **state)
{
    program *treelab = *state;
    char table[PATH_MAX];
    snprintf(table, sizeof table, "%s", in_scratch(treelab, "contracts.txt"));
    program_run(treelab, "list contracts > '%s'", table);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab,
                "crash --contract '%s' --commit log --durability commit --ops 2 --profile prefix "
                "--quiet --out '%s'",
                table, in_scratch(treelab, "run"));
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

static void a_file_that_cannot_be_written_is_noticed_before_the_run(void **state)
{
    program *treelab = *state;
    static const char *const options[] = {"--json", "--junit"};
    for (size_t i = 0; i < 2; i++) {
        program_run(treelab, "crash %s '%s/no_such_dir/x' --out '%s'", options[i],
                    treelab->scratch->path, in_scratch(treelab, "run"));
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, "No such file or directory; choose another file");
        assert_string_equal(treelab->out, "");
        assert_int_not_equal(access(in_scratch(treelab, "run"), F_OK), 0);
    }
}

static void a_replay_can_show_the_run_in_time(void **state)
{
    program *treelab = *state;
    program_run(treelab, "crash replay tree/insert/4096/42/12/log/commit/journal/47.0/drop.44 "
                         "--timeline --quiet");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "> commit 1 begun");
    program_says(treelab->out, "< commit 1 acknowledged");
    program_says(treelab->out, "=======  CRASH");
    program_says(treelab->out, "fdatasync of db/tree.log.0");
    program_run(treelab, "crash --timeline");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--timeline goes with");
}

#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(what_the_contract_documents_is_counted_and_fails_nothing),
        AS_USER(over_many_seeds_what_is_documented_is_no_finding_either),
        AS_USER(padding_of_a_whole_page_needs_no_excuse),
        AS_USER(another_contract_judges_otherwise),
        AS_USER(a_contract_that_is_none_is_refused_with_its_line),
        AS_USER(a_table_that_was_listed_can_be_read_again),
        AS_USER(a_file_that_cannot_be_written_is_noticed_before_the_run),
        AS_USER(a_replay_can_show_the_run_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
