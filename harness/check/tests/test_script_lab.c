/* harness/check/tests/test_script_lab.c -- a user's own script under the crash lab, as a user runs
 * it: `treelab crash mine.tls`.  The program is the one with seeded bugs; none is awake unless
 * said.
 */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/fault/tests/slow.h"

#include <sys/stat.h>

static const char everything[] = "treelab-script 1\n"
                                 "open page_bytes=4096 durability=commit seed=42\n"
                                 "for i in 0..20 shuffle 7\n"
                                 "  put u64($i) fill(200,$i)\n"
                                 "end\n"
                                 "begin\n"
                                 "put @idx \"a\" \"1\"\n"
                                 "del u64(17)\n"
                                 "savepoint s\n"
                                 "put \"zz\" \"y\"\n"
                                 "rollback s\n"
                                 "commit\n"
                                 "checkpoint\n"
                                 "del @idx \"a\"\n"
                                 "put @idx \"a\" \"1\"\n"
                                 "delrange [u64(3)..u64(6)) -> count=3\n"
                                 "begin\n"
                                 "put \"never\" \"x\"\n"
                                 "abort\n"
                                 "batch\n"
                                 "  \"b1\" \"x\"\n"
                                 "  \"b2\" \"y\"\n"
                                 "end\n"
                                 "reopen\n"
                                 "drop @idx\n"
                                 "compact 10\n"
                                 "put u64(18) \"new\"\n";

/* Write a script into the scratch folder; its path stays until the next call. */
static const char *script_file(const program *treelab, const char *text)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "mine.tls"));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void every_state_of_a_script_with_every_verb_is_judged_and_counted(void **state)
{
    program *treelab = *state;
    const char *path = script_file(treelab, everything);
    program_run(treelab, "crash '%s' -q --tier T2 --commit %s --out '%s/run'", path,
                SLOW ? "log" : "log,shadow2,shadow1", treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, " 0 findings");
    const char *row = treelab->out;
    unsigned rows = SLOW ? 4 : 12;        /* one or three protocols, four profiles */
    for (unsigned i = 0; i < rows; i++) { /* the two counts agree */
        row = strstr(row, "      1.0 ");
        assert_non_null(row);
        row++;
    }
}

static void what_was_lost_by_one_of_two_commits_of_equal_content_is_no_finding(void **state)
{
    program *treelab = *state;
    const char *path = script_file(treelab, "treelab-script 1\n"
                                            "open durability=commit\n"
                                            "put \"a\" \"1\"\n"
                                            "del \"a\"\n"
                                            "put \"a\" \"1\"\n"
                                            "del \"a\"\n");
    program_run(treelab, "crash '%s' -q --tier T2 --out '%s/run'", path, treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

static void what_cannot_be_under_the_lab_is_told_with_file_and_line(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *script, *arguments, *answer;
        int exit_code;
    } rows[] = {
        {"open\nfail fdatasync 1 EIO\nput \"a\" \"b\"\n",                   "",          "mine.tls:3: `fail`",                TL_EXIT_USAGE  },
        {"open\nfor i in 0..2\ncrash profile=posix at=1\nend\n",            "",
         "mine.tls:4: `crash` in a loop",                                                                                     TL_EXIT_USAGE  },
        {"open\nput \"a\" \"b\"\ncrash profile=posix at=1\n",               "",
         "mine.tls:4: the lab knows states",                                                                                  TL_EXIT_USAGE  },
        {"open\nput \"a\" \"b\"\ncrash profile=posix state=1.0/oldest\n",   "--tier T1",
         "mine.tls:4: the script has a crash of its own",                                                                     TL_EXIT_USAGE  },
        {"open\nput \"a\" \"b\"\ncrash profile=posix state=999.0/oldest\n", "",
         "this trace has no such state",                                                                                      TL_EXIT_USAGE  },
        {"open\nput \"a\" \"b\"\nreopen durability=async\n",                "",          "mine.tls:4: under the crash lab",
         TL_EXIT_USAGE                                                                                                                       },
        {"put \"a\" \"b\"\n",                                               "",          "no line opens a store",             TL_EXIT_USAGE  },
        {"open\n",                                                          "",          "nothing is committed",              TL_EXIT_NOTHING},
        {"open\nput \"a\" \"b\"\nget \"a\" -> \"c\"\n",                     "",          "mine.tls:4: want \"c\", got \"b\"",
         TL_EXIT_WRONG                                                                                                                       },
        {"opne\n",                                                          "",          "mine.tls:2:1: ",                    TL_EXIT_USAGE  },
        {"open\nput \"a\" \"b\"\n",                                         "--ops 7",   "a script says all that itself",     TL_EXIT_USAGE  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "treelab-script 1\n%s", rows[i].script);
        const char *path = script_file(treelab, text);
        program_run(treelab, "crash '%s' -q --json '%s/out.json' %s", path, treelab->scratch->path,
                    rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_int_equal(treelab->exit_code, rows[i].exit_code);
    }
}

static void apply_says_why_it_cannot_make_a_state(void **state)
{
    program *treelab = *state;
    program_run(treelab, "apply '%s'",
                script_file(treelab, "treelab-script 1\nopen durability=commit\nput \"a\" \"b\"\n"
                                     "crash profile=posix state=34.1/0.1\nreopen\n"));
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_says(treelab->err, "mine.tls:4: ");
    program_says(treelab->err, "`treelab crash` on the script knows");
    program_run(treelab, "apply '%s'",
                script_file(treelab, "treelab-script 1\nopen durability=commit\nput \"a\" \"b\"\n"
                                     "crash profile=posix state=999.0/oldest\nreopen\n"));
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, "the operations so far leave no such state");
}

/* A finding leaves a script; that script alone shows it again, in the lab and to `apply`; where the
 * bug is asleep it is right. */
static void finding_again(program *treelab, const char *what, const char *mutant)
{
    const char *dir = treelab->scratch->path;
    program_run(treelab, "crash %s -q --mutant %s --out '%s/run'", what, mutant, dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, "as a script: ");
    program_run(treelab, "crash '%s/run/finding-0.tls' -q --mutant %s", dir, mutant);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->out, " 1 findings");
    program_run(treelab, "apply '%s/run/finding-0.tls' --mutant %s", dir, mutant);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_run(treelab, "apply '%s/run/finding-0.tls'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

static void a_finding_of_a_script_is_a_script_that_shows_it_again(void **state)
{
    program *treelab = *state;
    char what[PATH_MAX + 64];
    snprintf(what, sizeof what, "'%s' --profile journal", script_file(treelab, everything));
    finding_again(treelab, what, "ack_before_sync");
}

static void a_finding_told_by_branches_is_a_script_that_apply_runs(void **state)
{
    program *treelab = *state;
    finding_again(treelab,
                  "--history checkpoint --commit log --durability commit --tier T2 "
                  "--profile journal --budget 20s",
                  "skip_data_sync");
}

static void a_finding_of_samples_is_a_script_too(void **state)
{
    program *treelab = *state;
    finding_again(treelab,
                  "--driver tree:log_pad_bytes=4096 --history insert --commit log --durability "
                  "commit --tier T3 --profile garbage --seed 7 --budget 2000",
                  "ack_before_sync");
}

static void a_finding_of_a_second_crash_is_a_script_with_two(void **state)
{
    program *treelab = *state;
    finding_again(treelab,
                  "--history insert --commit log --durability commit --tier T4 --profile journal "
                  "--budget 20s",
                  "recovery_meta_first");
}

/* `killed` ran in the lab alone: to apply it was no state. */
static void a_second_crash_after_a_kill_is_a_script_that_apply_runs(void **state)
{
    program *treelab = *state;
    finding_again(treelab,
                  "--history delete --commit log --durability commit --tier T4 --profile journal "
                  "--budget 20s",
                  "trust_what_was_read");
    char text[32768];
    folder_read(folder_join(treelab->scratch, "run/finding-0.tls"), text, sizeof text);
    program_says(text, "/killed\nreopen\n");
}

/* Run the command that a finding was told with: it brings the finding back. */
static void printed_command_shows_it(program *treelab)
{
    static const char told[] = "see it again: treelab-mutants ";
    char command[2048], first[PROGRAM_TEXT_BYTES];
    const char *at = strstr(treelab->err, told);
    assert_non_null(at);
    at += sizeof told - 1;
    snprintf(command, sizeof command, "%.*s", (int)strcspn(at, "\n"), at);
    at = strstr(treelab->err, "finding: ");
    assert_non_null(at);
    snprintf(first, sizeof first, "%.*s", (int)strcspn(at, "\n"), at);
    program_run(treelab, "%s -q", command);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, first);
}

/* A spec by name, and one of the user's: scale and seed are in the command, the text in the script.
 */
static void a_finding_of_a_spec_is_brought_back_by_its_command_and_its_script(void **state)
{
    program *treelab = *state;
    static const char spec[] = "[global]\ntree.leaf = bump\ndurability = commit\nseed = 9\n"
                               "ops = 20\n[load]\nbatch = 3\n[crash]\n[run]\nmix = put:1,get:1\n"
                               "batch = 4\n[verify]\n";
    char path[PATH_MAX], what[PATH_MAX + 64], text[32768];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "mine.ini"));
    folder_write(path, spec);
    snprintf(what, sizeof what, "'%s' --profile journal", path);
    finding_again(treelab, what, "ack_before_sync");
    folder_read(folder_join(treelab->scratch, "run/finding-0.tls"), text, sizeof text);
    program_says(text, "leaf=bump");
    program_says(text, "\nbegin\ninsert ");
    program_run(treelab, "crash %s -q --mutant ack_before_sync --out '%s/again'", what,
                treelab->scratch->path);
    program_says(treelab->err, "--ops 20 --driver tree --seed 9 --repro log/commit/");
    printed_command_shows_it(treelab);
    program_run(treelab,
                "crash ycsb_a --ops 10 -q --durability commit --profile journal "
                "--mutant ack_before_sync --out '%s/name'",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    printed_command_shows_it(treelab);
}

/* The path stands in the command for a shell, and in the script's remark. */
static void a_path_with_a_quote_or_a_line_end_is_crashed_and_brought_back(void **state)
{
    program *treelab = *state;
    static const char *const names[] = {"it's.ini", "two\nlines.ini"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, names[i]));
        folder_write(path, "[load]\n");
        program_run(treelab,
                    "crash \"%s\" --ops 10 -q --durability commit --profile journal "
                    "--mutant ack_before_sync --out '%s/%zu'",
                    path, treelab->scratch->path, i);
        assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
        if (strchr(path, '\n') == NULL) /* the printed command is one line */
            printed_command_shows_it(treelab);
    }
}

static void a_workload_of_the_catalogue_is_crashed_from_a_file_as_by_its_name(void **state)
{
    program *treelab = *state;
    char path[PATH_MAX], expected[PROGRAM_TEXT_BYTES];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "mine.ini"));
    folder_write(path, "[global]\nworkload = ycsb_a\n[load]\n[run]\nbatch = 100\n");
    static const char options[] = "--ops 10 -q --commit log --durability commit --profile sigkill";
    program_run(treelab, "crash ycsb_a %s --json - --out '%s/a'", options, treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    snprintf(expected, sizeof expected, "%s", strstr(treelab->out, "\"trace\""));
    program_run(treelab, "crash '%s' %s --json - --out '%s/b'", path, options,
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    *strchr(expected, '}') = '\0';
    program_says(treelab->out, expected);
}

static void a_spec_that_cannot_be_under_the_lab_says_why(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *spec, *arguments, *answer;
    } rows[] = {
        {"[load]\n[run]\nkyes = zipf:0.9\n",       "",               "mine.ini:3: "                                       },
        {"[load]\n[run]\nkeys = zipf:zero\n",      "",               "zipf:zero"                                          },
        {"[load]\n",                               "--ops 90000",    "give a smaller --ops"                               },
        {"[load]\nvalues = 100k\n",                "--ops 90",       "give a smaller --ops"                               },
        {"[load]\n",                               "--page-size 1k", "a spec says page_bytes itself"                      },
        {"[global]\nworkload = x\n",               "",               "not 'x'"                                            },
        {"[global]\nworkload = ycsb_a\n[churn]\n", "",               "mine.ini:3: [churn]: workload ycsb_a has"           },
        {"[load]\nvalues = 1m\n",                  "--ops 2",        "a value of 1048576 bytes, and the lab takes at most"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "mine.ini"));
        folder_write(path, rows[i].spec);
        program_run(treelab, "crash '%s' -q --json '%s/out.json' %s", path, treelab->scratch->path,
                    rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    }
}

/* It named the commits that were asked for, not those that the file of so many pages took. */
static void a_finding_of_a_rate_is_replayed_with_what_it_recorded(void **state)
{
    program *treelab = *state;
    program_run(
        treelab,
        "crash rate -q --mutant ack_before_sync --pages 16,48 --history checkpoint --commit log "
        "--budget 500 --out '%s/run'",
        treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    printed_command_shows_it(treelab);
}

static void a_finding_of_one_seed_of_many_is_replayed_with_that_seed(void **state)
{
    program *treelab = *state;
    program_run(treelab,
                "crash -q --mutant ack_before_sync --seeds 7..8 --history insert --commit log "
                "--durability commit --profile journal --budget 500 --out '%s/run'",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    printed_command_shows_it(treelab);
}

/* How many lines stand between `open` and `crash`. */
static unsigned lines_of(const char *script)
{
    const char *line = strstr(script, "\nopen") + 1;
    unsigned count = 0;
    for (line = strchr(line, '\n') + 1; strncmp(line, "crash", 5) != 0; line++, count++)
        line = strchr(line, '\n');
    return count;
}

/* A script of 300 puts and a bug that every one of them shows. */
static void a_finding_shrinks_to_few_lines_that_show_the_same(void **state)
{
    program *treelab = *state;
    const char *dir = treelab->scratch->path;
    char script[32768];
    size_t used = (size_t)snprintf(script, sizeof script,
                                   "treelab-script 1\nopen durability=commit page_bytes=1024\n");
    for (unsigned i = 0; i < 300; i++)
        used += (size_t)snprintf(script + used, sizeof script - used, "put u64(%u) fill(60,%u)\n",
                                 i * 7 % 50, i);
    program_run(treelab, "crash '%s' -q --profile journal --mutant ack_before_sync --out '%s/run'",
                script_file(treelab, script), dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_run(treelab,
                "crash shrink '%s/run/finding-0.tls' -q --mutant ack_before_sync --out '%s/s.tls'",
                dir, dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    folder_read(folder_join(treelab->scratch, "s.tls"), script, sizeof script);
    assert_true(lines_of(script) <= 10);
    program_run(treelab, "crash '%s/s.tls' -q --mutant ack_before_sync", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, "lost_committed");
    program_run(treelab, "apply '%s/s.tls' --mutant ack_before_sync", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_run(treelab, "apply '%s/s.tls'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "crash shrink '%s/s.tls' -q", dir); /* the bug is asleep */
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "shows no finding");
}

static void the_id_of_a_finding_shrinks_too(void **state)
{
    program *treelab = *state;
    program_run(treelab,
                "crash -q --mutant skip_data_sync --history checkpoint --commit log --durability "
                "commit --tier T2 --profile journal --budget 20s --out '%s/run'",
                treelab->scratch->path);
    const char *id = strstr(treelab->err, "crash replay ");
    assert_non_null(id);
    char text[4096];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(id + 13, " \n"), id + 13);
    program_run(treelab, "crash shrink '%s' -q --bound 60 --mutant skip_data_sync --out '%s/s.tls'",
                text, treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    folder_read(folder_join(treelab->scratch, "s.tls"), text, sizeof text);
    assert_true(lines_of(text) <= 10);
    program_run(treelab, "crash '%s/s.tls' -q --mutant skip_data_sync", treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
}

/* It once named the next page that was lost with the first, which mended nothing. */
static void an_explanation_names_an_operation_without_which_the_state_is_right(void **state)
{
    program *treelab = *state;
    program_run(treelab,
                "crash -q --mutant skip_data_sync --history insert --commit log --durability "
                "commit --profile journal --out '%s/run'",
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->out, "durable before the write of meta to db/tree.tl");
    assert_null(strstr(treelab->out, "durable before the write of leaf"));
    program_says(treelab->out, "removes all");
}

/* Recovery reads each frame of the log by itself. */
static void many_small_transactions_do_not_pass_the_bound_of_a_recovery(void **state)
{
    program *treelab = *state;
    const char *path = script_file(treelab, "treelab-script 1\n"
                                            "open durability=commit page_bytes=1024\n"
                                            "for i in 0..200\n"
                                            "  put u64($i) fill(300,$i)\n"
                                            "end\n");
    program_run(treelab, "crash '%s' -q --tier T0 --json '%s/x.json'", path,
                treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, " 0 findings");
}

/* It was refused. */
static void a_finding_of_a_second_crash_shrinks_and_names_its_phases(void **state)
{
    program *treelab = *state;
    static const char id[] = "tree/delete/4096/42/20/log/commit/journal/21.0/killed/then/6.0/";
    const char *dir = treelab->scratch->path;
    program_run(treelab, "crash replay '%s' -q --mutant trust_what_was_read", id);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->out,
                 "lost_committed (TL_OK): first a kill, open; then a power loss, after "
                 "the commit behind recovery");
    program_run(treelab,
                "crash shrink '%s' -q --bound 60 --mutant trust_what_was_read --out '%s/s.tls'", id,
                dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    char text[4096];
    folder_read(folder_join(treelab->scratch, "s.tls"), text, sizeof text);
    assert_true(lines_of(text) <= 3);
    program_run(treelab, "apply '%s/s.tls' --mutant trust_what_was_read", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_run(treelab, "apply '%s/s.tls'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "crash shrink '%s/s.tls' -q", dir); /* the bug is asleep */
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "shows no finding");
}

/* Bytes of a file; fails when it is not there. */
static uint64_t bytes_in(const program *treelab, const char *dir, const char *name)
{
    char path[2 * PATH_MAX];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s/%s", treelab->scratch->path, dir, name);
    if (stat(path, &info) != 0)
        fail_msg("there is no %s", path);
    return (uint64_t)info.st_size;
}

static void a_state_is_left_as_files_that_dump_and_verify_open(void **state)
{
    program *treelab = *state;
    const char *dir = treelab->scratch->path;
    program_run(treelab,
                "crash replay tree/insert/4096/42/12/log/commit/posix/100.0/ --keep '%s/k'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_true(bytes_in(treelab, "k", "tree.tl") > 0);
    program_run(treelab, "verify '%s/k/tree.tl'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "dump '%s/k/tree.tl'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab,
                "crash replay tree/insert/4096/42/12/log/commit/posix/100.0/newest/then/9.0/ "
                "--keep '%s/n'",
                dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "verify '%s/n/tree.tl'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "crash --tier T1 --keep '%s/k'", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--keep is about one state");
}

static void an_artifact_holds_log_script_state_and_contract_in_one_mebibyte(void **state)
{
    program *treelab = *state;
    static const char *const files[] = {"README.txt", "script.tls", "log.txt", "sectors.bin",
                                        "state/tree.tl"};
    uint64_t bytes = 0;
    const char *dir = treelab->scratch->path;
    program_run(treelab,
                "crash -q --mutant skip_data_sync --profile journal --history insert --commit log "
                "--durability commit --json '%s/run.json' --artifact '%s/a'",
                dir, dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        bytes += bytes_in(treelab, "a", files[i]);
    assert_true(bytes <= 1 << 20);
    char text[4096];
    folder_read(folder_join(treelab->scratch, "a/README.txt"), text, sizeof text);
    program_says(text, "contract   durability commit");
    program_says(text, "expected   the content after commit");
    assert_null(strstr(text, "left out"));
    program_says(text, "treelab-mutants apply script.tls --mutant skip_data_sync; "
                       "treelab-mutants crash script.tls --mutant skip_data_sync\n");
    program_run(treelab, "apply '%s/a/script.tls' --mutant skip_data_sync", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
}

#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        AS_USER(every_state_of_a_script_with_every_verb_is_judged_and_counted),
        AS_USER(what_was_lost_by_one_of_two_commits_of_equal_content_is_no_finding),
        AS_USER(what_cannot_be_under_the_lab_is_told_with_file_and_line),
        AS_USER(apply_says_why_it_cannot_make_a_state),
        AS_USER(a_finding_of_a_script_is_a_script_that_shows_it_again),
        AS_USER(a_finding_told_by_branches_is_a_script_that_apply_runs),
        AS_USER(a_finding_of_samples_is_a_script_too),
        AS_USER(a_finding_of_a_second_crash_is_a_script_with_two),
        AS_USER(a_second_crash_after_a_kill_is_a_script_that_apply_runs),
        AS_USER(a_finding_of_a_rate_is_replayed_with_what_it_recorded),
        AS_USER(a_finding_of_one_seed_of_many_is_replayed_with_that_seed),
        AS_USER(a_finding_of_a_spec_is_brought_back_by_its_command_and_its_script),
        AS_USER(a_path_with_a_quote_or_a_line_end_is_crashed_and_brought_back),
        AS_USER(a_workload_of_the_catalogue_is_crashed_from_a_file_as_by_its_name),
        AS_USER(a_spec_that_cannot_be_under_the_lab_says_why),
        AS_USER(a_finding_shrinks_to_few_lines_that_show_the_same),
        AS_USER(the_id_of_a_finding_shrinks_too),
        AS_USER(a_state_is_left_as_files_that_dump_and_verify_open),
        AS_USER(an_artifact_holds_log_script_state_and_contract_in_one_mebibyte),
        AS_USER(an_explanation_names_an_operation_without_which_the_state_is_right),
        AS_USER(many_small_transactions_do_not_pass_the_bound_of_a_recovery),
        AS_USER(a_finding_of_a_second_crash_shrinks_and_names_its_phases),
    };
    if (argc > 1) /* one test by its name, or by a pattern */
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
