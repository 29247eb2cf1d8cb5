/* What a newcomer typed and was not told well: each was a fault once. */
#define _GNU_SOURCE
#include "program.h"

#include "harness/cli/cli.h"

static const char *place(program *treelab, const char *name)
{
    return folder_join(treelab->scratch, name);
}

/* What was run last ended so; `command` is named if not. */
static void ended(const program *treelab, int exit_code, const char *command)
{
    if (treelab->exit_code != exit_code)
        fail_msg("%s: exit code %d, %s", command, treelab->exit_code, treelab->err);
}

/* Run what cannot go well and be told so. */
static void refused(program *treelab, const char *says, const char *command)
{
    program_run(treelab, "%s", command);
    ended(treelab, TL_EXIT_USAGE, command);
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
        ended(treelab, TL_EXIT_USAGE, commands[i]);
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
        ended(treelab, TL_EXIT_ENVIRONMENT, commands[i]);
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

/* They measured for minutes first. */
static void an_outcome_that_could_not_be_written_is_refused_before_the_work(void **state)
{
    program *treelab = *state;
    static const char *const commands[] = {"run -n 2000000000 --json",
                                           "run -n 2000000000 --out x --json",
                                           "duel tree tree --json",
                                           "gate --base /bin/true --json",
                                           "gate --base /bin/true --junit",
                                           "gate --base /bin/true --markdown",
                                           "sweep " SOURCE "/ci/strategies.ini --json",
                                           "sweep " SOURCE "/ci/strategies.ini --out y --json",
                                           "calibrate --policy " SOURCE "/ci/gate.json --json",
                                           "apply s.tls --json",
                                           "crash --json",
                                           "crash damage --json",
                                           "crash faults --json",
                                           "crash processes --json"};
    folder_write(place(treelab, "s.tls"), "treelab-script 1\nopen\nput \"a\" \"1\"\nclose\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        program_run(treelab, "--version; cd '%s' && timeout 60 " TREELAB " %s '%s/absent/x'",
                    treelab->scratch->path, commands[i], treelab->scratch->path);
        ended(treelab, TL_EXIT_USAGE, commands[i]);
        program_says(treelab->err, "/absent/x");
        program_says(treelab->err, "No such file or directory");
    }
    program_run(treelab, "--version; cd '%s' && test -z \"$(find . -name run.json)\"",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, 0);
    /* What lies in a directory that the command makes itself can. */
    program_run(treelab,
                "--version; cd '%s' && " TREELAB " run -n 100 --repeat 1 -q --driver tree --out z "
                "--json z/copy.json && cmp z/run.json z/copy.json",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, 0);
}

static void calibrate_names_the_words_that_were_typed(void **state)
{
    program *treelab = *state;
    refused(treelab, "`calibrate gates` takes a number from 1 to 10000, not 'x'",
            "calibrate gates x");
}

static void times_of_gates_and_neighbours_are_written_as_everywhere(void **state)
{
    program *treelab = *state;
    refused(treelab, "there is no baseline '/no/such'", "gate --budget 90s --baseline /no/such");
    refused(treelab, "there is no baseline '/no/such'", "gate --budget 90 --baseline /no/such");
    refused(treelab, "--budget takes a time from 1s on, not '10ms'", "gate --budget 10ms");
    refused(treelab, "takes a number from 1 to 10000", "calibrate --budget 1.5m gates x");
    refused(treelab, "takes no argument 'x'", "noise --seconds 1m x");
    refused(treelab, "--seconds takes a time from 1s on, not '0s'", "noise --seconds 0s");
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

static void explain_tells_the_keys_of_a_spec_of_the_catalogue_and_where_they_are_from(void **state)
{
    program *treelab = *state;
    static const char *const ways[] = {"run --explain ycsb_a", "run --workload ycsb_a --explain"};
    for (size_t i = 0; i < 2; i++) {
        program_run(treelab, "%s --set run.mix=get", ways[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, "workload         = ycsb_a                  ; command line");
        program_says(treelab->out,
                     "; ycsb_a: run.keys = scrambled_zipf:0.99 ; catalogue, line 8\n");
        program_says(treelab->out, "; ycsb_a: values = 1000 ; catalogue, line 5\n");
        program_says(treelab->out,
                     "; ycsb_a: run.mix = get:50,put:50 ; catalogue, line 9, not taken");
        assert_null(strstr(treelab->out, "values = 100 ; default"));
    }
    program_run(treelab, "run --explain ycsb_a --json -");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "scrambled_zipf:0.99, catalogue, line 8");
    program_run(treelab, "run --dry-run ycsb_a");
    program_says(treelab->out, "tree/ycsb_a/none/r0\n");
    refused(treelab, "no file 'ycsb_aa'; did you mean 'ycsb_a', of the catalogue?", "run ycsb_aa");
    refused(treelab, "no file 'zzzz', and `treelab list catalogue` has no such", "run zzzz");
}

static void keep_says_what_is_missing_and_refuses_a_run_without_cells(void **state)
{
    program *treelab = *state;
    char out[PATH_MAX];
    refused(treelab, "keep: which run's directory, and under which topic?", "keep --results rr");
    refused(treelab, "keep: under which topic?", "keep out/x");
    snprintf(out, sizeof out, "%s/out", treelab->scratch->path);
    program_run(treelab, "run -n 1e6 --timeout 1ms -q --out '%s'", out);
    assert_int_equal(treelab->exit_code, TL_EXIT_INTERRUPTED);
    program_run(treelab, "keep '%s' x --question q --answer a --results '%s'", out,
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "has no cells: nothing was measured");
    program_says(treelab->err, "--resume");
}

static void what_is_not_there_is_named_with_the_reason_of_the_system(void **state)
{
    program *treelab = *state;
    static const char *const commands[] = {
        "compare nope nope",     "export go nope", "crash --out /proc/x -q",
        "crash shrink nope.tls", "crash nope.tls", "apply nope.tls",
        "report nope",           "sweep nope",     "merge x nope",
        "gate --policy nope",    "run nope.ini",   "validate nope"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        refused(treelab, "No such file or directory", commands[i]);
        if (strstr(treelab->err, "neighbour") != NULL)
            fail_msg("%s: %s", commands[i], treelab->err);
    }
    program_run(treelab, "doctor --seconds 0 --json /proc/x/y");
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_says(treelab->err, "cannot write '/proc/x/y': No such file or directory");
}

/* A closed database x.tl in the scratch folder, and `before`, a copy of it. */
static void make_store(program *treelab)
{
    folder_write(place(treelab, "s.tls"), "treelab-script 1\nopen\nput \"a\" \"1\"\nclose\n");
    program_run(treelab,
                "--version; cd '%s' && " TREELAB " apply s.tls --io real --dir made && "
                "cd $(dirname $(find made -name tree.tl)) && for f in tree.*; do cp $f "
                "'%s'/x${f#tree}; done && cd '%s' && cp x.tl before",
                treelab->scratch->path, treelab->scratch->path, treelab->scratch->path);
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
}

static void dump_pages_overwrites_no_database_and_no_file_that_is_no_table(void **state)
{
    program *treelab = *state;
    static const char *const outs[] = {"x.tl",     "./x.tl",  "link.tsv",
                                       "copy.tsv", "x.log.0", "notes"};
    make_store(treelab);
    folder_write(place(treelab, "notes"), "mine");
    program_run(treelab, "--version; cd '%s' && ln x.tl link.tsv && cp x.tl copy.tsv",
                treelab->scratch->path);
    for (size_t i = 0; i < sizeof outs / sizeof outs[0]; i++) {
        program_run(treelab, "--version; cd '%s' && " TREELAB " dump x.tl --pages %s",
                    treelab->scratch->path, outs[i]);
        ended(treelab, TL_EXIT_USAGE, outs[i]);
        program_says(treelab->err, "name a new file");
    }
    program_run(treelab,
                "--version; cd '%s' && cmp x.tl before && cmp copy.tsv before && "
                "test \"$(cat notes)\" = mine",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, 0);
    for (size_t i = 0; i < 2; i++) { /* a table may be made again */
        program_run(treelab,
                    "--version; cd '%s' && " TREELAB " dump x.tl --pages t.tsv && " TREELAB
                    " dump x.tl --pages /dev/null",
                    treelab->scratch->path);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    }
    program_run(treelab, "dump '%s' --pages -", place(treelab, "x.tl"));
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "# treelab.pages/1\n");
}

static void dump_pages_tells_the_reason_of_the_system_and_a_wrong_name_is_usage(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *out, *says;
        int exit_code;
    } cases[] = {
        {".",          "cannot write '.': Is a directory\n",                TL_EXIT_USAGE      },
        {"no/t.tsv",   "No such file or directory; name a file in a direc", TL_EXIT_USAGE      },
        {"x.tl/t.tsv", "cannot write 'x.tl/t.tsv': Not a directory\n",      TL_EXIT_USAGE      },
        {"/dev/full",  "cannot write '/dev/full': No space left on device", TL_EXIT_ENVIRONMENT},
    };
    make_store(treelab);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program_run(treelab, "--version; cd '%s' && " TREELAB " dump x.tl --pages %s",
                    treelab->scratch->path, cases[i].out);
        ended(treelab, cases[i].exit_code, cases[i].out);
        program_says(treelab->err, cases[i].says);
    }
}

static void validate_knows_grids_policies_and_baselines_and_says_what_it_found(void **state)
{
    program *treelab = *state;
    program_run(treelab, "validate " SOURCE "/ci/gate.json " SOURCE "/ci/strategies.ini " SOURCE
                         "/results/baselines/gate.counters.json");
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
    program_says(treelab->out, "gate.json: a well-formed gate policy with ");
    program_says(treelab->out, "strategies.ini: a well-formed grid with ");
    program_says(treelab->out, "gate.counters.json: a well-formed gate baseline with ");
    folder_write(place(treelab, "gate.json"), "{\"schema\": \"treelab.gate/1\", \"rowz\": []}");
    program_run(treelab, "validate '%s'", place(treelab, "gate.json"));
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "rowz");
    folder_write(place(treelab, "grid.ini"), "[axes]\nworkload = random, nope\n[skip]\nx = y=1\n");
    program_run(treelab, "validate '%s'", place(treelab, "grid.ini"));
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "grid.ini:");
    folder_write(place(treelab, "new.json"), "{\"schema\": \"treelab.gate/2\"}");
    program_run(treelab, "validate '%s'", place(treelab, "new.json"));
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "is not one that is known here: treelab.run/1, treelab.gate/1 or ");
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
    refused(treelab, "unknown class 'nope'; there are open, size, pread",
            "crash faults --class nope");
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
        TEST(times_of_gates_and_neighbours_are_written_as_everywhere),
        TEST(an_outcome_that_could_not_be_written_is_refused_before_the_work),
        TEST(calibrate_names_the_words_that_were_typed),
        TEST(interrupted_damage_tells_what_is_kept_as_other_commands_do),
        TEST(explain_tells_the_keys_of_a_spec_of_the_catalogue_and_where_they_are_from),
        TEST(keep_says_what_is_missing_and_refuses_a_run_without_cells),
        TEST(what_is_not_there_is_named_with_the_reason_of_the_system),
        TEST(dump_pages_overwrites_no_database_and_no_file_that_is_no_table),
        TEST(dump_pages_tells_the_reason_of_the_system_and_a_wrong_name_is_usage),
        TEST(validate_knows_grids_policies_and_baselines_and_says_what_it_found),
        TEST(an_unknown_name_is_told_with_the_nearest_and_with_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
