/* harness/check/tests/test_crash_command.c -- `treelab crash` as a user runs it. */
#define _GNU_SOURCE
#include "harness/cli/cli.h"
#include "harness/cli/tests/program.h"
#include "harness/report/json.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

static const tl_json *field(const tl_json *node, const char *name)
{
    const tl_json *found = tl_json_get(node, name);
    if (found == NULL)
        fail_msg("no field '%s'", name);
    return found;
}

static uint64_t number_in(const tl_json *node, const char *name)
{
    return strtoull(tl_json_text(field(node, name), ""), NULL, 10);
}

static void a_sweep_counts_the_same_states_in_table_summary_and_cells(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", folder_join(treelab->scratch, "run"));
    program_run(treelab, "crash --ops 6 --durability async --out '%s' --quiet", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "states per second on one core");

    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/run.json", dir);
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    const tl_json *cells = field(root, "cells"), *summary = field(root, "summary");
    assert_int_equal(tl_json_size(cells), 3); /* log, shadow2, shadow1 */
    uint64_t total = 0;
    for (size_t i = 0; i < 3; i++) {
        const tl_json *cell = tl_json_at(cells, i), *crash = field(cell, "crash");
        const tl_json *profiles = field(crash, "profiles");
        uint64_t states = number_in(crash, "states"), sum = 0;
        assert_string_equal(tl_json_text(field(cell, "kind"), ""), "crash");
        assert_string_equal(tl_json_text(field(cell, "status"), ""), "ok");
        assert_int_equal(tl_json_size(profiles), 4);
        assert_null(tl_json_get(crash, "variants")); /* empty ever since there are profiles */
        for (size_t v = 0; v < 4; v++)
            sum += number_in(tl_json_at(profiles, v), "leaves");
        assert_int_equal(sum, states);
        assert_int_equal(number_in(crash, "recovered"), states);
        assert_true(number_in(crash, "distinct") > 0 && number_in(crash, "distinct") <= states);
        assert_true(tl_json_real(field(crash, "states_per_s"), 0) > 0);
        total += states;
    }
    assert_int_equal(tl_json_count(field(summary, "states"), 0), total);
    assert_int_equal(tl_json_count(field(summary, "findings"), 1), 0);
    assert_true(tl_json_real(field(summary, "states_per_s"), 0) > 0);
    tl_json_free(root);

    program_run(treelab, "crash --ops 6 --out '%s' --quiet", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE); /* nothing is overwritten */
    program_says(treelab->err, "exists already");
}

static void bad_words_get_a_message_with_the_next_step_and_exit_code_two(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"--profile journl",                                           "did you mean 'journal'?"         },
        {"--commit lgo",                                               "did you mean 'log'?"             },
        {"--durability comit",                                         "did you mean 'commit'?"          },
        {"--driver tre",                                               "did you mean 'tree'?"            },
        {"--driver model",                                             "does not run on a simulated disk"},
        {"--page-size 5000",                                           "a power of two"                  },
        {"--budget 0",                                                 "--budget takes a number from 1"  },
        {"--budget 1m",                                                "could be minutes or 2^20 states" },
        {"--budget 0s",                                                "takes a time above 0"            },
        {"--budget 1.5x",                                              "'1.5x' has an unknown unit"      },
        {"--seeds 0x2..0x1",                                           "--seeds takes A..B"              },
        {"--seeds 0x1..",                                              "--seeds takes A..B"              },
        {"--ops 0",                                                    "--ops takes a number from 1"     },
        {"--repro journal/31.5/",                                      "--repro takes a state"           },
        {"--repro log/commit/torn/31.5/",                              "--repro takes a state"           },
        {"--repro log/commit/sigkill/99999.0/ --ops 2",                "this trace has no such state"    },
        {"tree",                                                       "stores are given by --driver"    },
        {"--driver tree:commit=shadow2 --repro log/commit/posix/0.0/",
         "the state is one of protocol log"                                                              },
        {"--ops 2 --repro log/commit/journal/9.0/drop.9999",           "this trace has no such state"    },
        {"mine.tls --seeds 1..3",                                      "a script or spec goes with plain"},
        {"--repro log/commit/posix/0.0/ --keep /",                     "there are files in it already"   },
        {"--repro log/commit/posix/0.0/newest/then/0.0/ --timeline",   "and this state has two"          },
        {"--mutant skip_data_sync",                                    "run `treelab-mutants crash"      },
        {"--ops 2 --out /dev/null/x",                                  "/dev/null/x"                     },
        {"--driver tree:laef=bump --repro log/none/sigkill/0.0/",      "did you mean 'leaf'?"            },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "crash --quiet %s", rows[i].arguments);
        program_says(treelab->err, rows[i].answer);
        assert_memory_equal(treelab->err, "treelab crash: ", 15);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    }
}

/* They were taken, and had no effect. */
static void an_option_that_contradicts_the_id_of_a_state_is_refused(void **state)
{
    program *treelab = *state;
    static const char id[] = "tree/insert/4096/42/12/log/commit/posix/31.0/";
    static const struct {
        const char *options, *answer;
    } rows[] = {
        {"--commit shadow2",        "the state's name says log; leave the option out"   },
        {"--commit log,shadow2",    "the state's name says log; leave the option out"   },
        {"--durability none",       "the state's name says commit; leave the option out"},
        {"--profile journal",       "the state's name says posix; leave the option out" },
        {"--tier T2",               "--tier chooses among states"                       },
        {"--seed 7",                "the state's name says 42; leave the option out"    },
        {"--ops 11",                "the state's name says 12; leave the option out"    },
        {"--page-size 1024",        "the state's name says 4096; leave the option out"  },
        {"--history delete",        "leave out --driver and --history"                  },
        {"--driver tree:leaf=bump", "leave out --driver and --history"                  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "crash replay %s %s", id, rows[i].options);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, rows[i].answer);
    }
    program_run(treelab,
                "crash replay %s --commit log --durability commit --profile posix --seed 42 "
                "--ops 12 --page-size 4096 -q",
                id);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "1 states,");
}

static void every_form_lists_the_options_it_takes_and_refuses_others(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *form, *listed, *not_listed;
    } rows[] = {
        {"",       "--shard=",    "--pages="   },
        {"rate",   "--pages=",    "--shard="   },
        {"rate",   "--contract=", "--tier="    },
        {"rate",   "--budget=",   "--keep="    },
        {"syncs",  "--tier=",     "--shard="   },
        {"syncs",  "--contract=", "--timeline" },
        {"syncs",  "--profile=",  "--artifact="},
        {"shrink", "--bound=",    "--profile=" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "Usage: treelab crash%s%s ", rows[i].form[0] ? " " : "",
                 rows[i].form);
        program_run(treelab, "crash %s --help", rows[i].form);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        assert_memory_equal(treelab->out, usage, strlen(usage));
        program_says(treelab->out, rows[i].listed);
        assert_null(strstr(treelab->out, rows[i].not_listed));
    }
    program_run(treelab, "crash rate --shard 1/2");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "unrecognized option '--shard'");
}

static void one_case_again_is_one_state_and_leaves_nothing_behind(void **state)
{
    program *treelab = *state;
    program_run(treelab, "crash --quiet --ops 6 --repro log/commit/posix/10.0/oldest");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "1 states,");
    assert_null(strstr(treelab->out, "run.json"));
}

static void a_budget_of_states_is_kept(void **state)
{
    program *treelab = *state;
    program_run(treelab, "crash --quiet --ops 6 --budget 100 --out '%s'",
                folder_join(treelab->scratch, "run"));
    program_says(treelab->out, "100 states,");
    program_says(treelab->out, "(stopped early)");
}

/* It exited 0. */
static void syncs_that_a_budget_leaves_undecided_are_told_and_exit_four(void **state)
{
    program *treelab = *state;
    static const char what[] = "crash syncs -q --commit log --durability commit --history insert "
                               "--ops 2 --profile journal";
    program_run(treelab, "%s --budget 40 --out '%s/cut'", what, treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_INCONCLUSIVE);
    program_says(treelab->err, " syncs are undecided: not every state was looked at");
    program_run(treelab, "%s --out '%s/all'", what, treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_string_equal(treelab->err, "");
    program_run(treelab, "%s --tier T0 --out '%s/ends'", what, treelab->scratch->path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK); /* all that it was asked for */
}

/* One named a second crash that no recovery had.  Tests run at the top of the source tree. */
static void states_that_the_readmes_name_are_there(void **state)
{
    program *treelab = *state;
    static const char *const files[] = {"README.md", "harness/check/README.md"};
    static const char command[] = "treelab crash replay tree/";
    unsigned found = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        static char text[4 * PROGRAM_TEXT_BYTES];
        folder_read(files[i], text, sizeof text);
        for (const char *at = text; (at = strstr(at, command)) != NULL; at += sizeof command) {
            const char *id = at + strlen("treelab crash replay ");
            program_run(treelab, "crash replay %.*s -q", (int)strcspn(id, "` \n"), id);
            assert_int_equal(treelab->exit_code, TL_EXIT_OK);
            found++;
        }
    }
    assert_true(found > 0);
}

/* The first profile of the only cell of a sweep of second crashes. */
typedef struct nested_row {
    char allowed[256], represented[256];
    double coverage;
} nested_row;

static nested_row nested_sweep(program *treelab, const char *options)
{
    nested_row row = {.coverage = 0};
    const char *dir = treelab->scratch->path;
    tl_json *root = NULL;
    program_run(treelab,
                "crash -q --tier T4 --profile journal --history delete --ops 4 --commit log "
                "--durability commit --out '%s/run' --json '%s/nested.json' %s; rm -rf '%s/run'",
                dir, dir, options, dir);
    assert_int_equal(tl_json_read(folder_join(treelab->scratch, "nested.json"), &root), TL_OK);
    const tl_json *crash = field(tl_json_at(field(root, "cells"), 0), "crash");
    const tl_json *profile = tl_json_at(field(crash, "profiles"), 0);
    snprintf(row.allowed, sizeof row.allowed, "%s", tl_json_text(field(profile, "allowed"), ""));
    snprintf(row.represented, sizeof row.represented, "%s",
             tl_json_text(field(profile, "represented"), ""));
    row.coverage = tl_json_real(field(profile, "coverage"), -1);
    tl_json_free(root);
    return row;
}

/* Cut short, it was that of the recoveries that were begun; and the parts were more than a whole.
 */
static void the_coverage_of_second_crashes_is_of_all_of_them(void **state)
{
    program *treelab = *state;
    nested_row all = nested_sweep(treelab, "");
    assert_string_equal(all.represented, all.allowed);
    nested_row cut = nested_sweep(treelab, "--budget 50");
    assert_string_equal(cut.allowed, all.allowed);
    assert_true(cut.coverage > 0 && cut.coverage < 1);
    double sum = 0;
    static const char *const parts[] = {"--shard 1/3", "--shard 2/3", "--shard 3/3"};
    for (size_t i = 0; i < 3; i++) {
        nested_row part = nested_sweep(treelab, parts[i]);
        assert_string_equal(part.allowed, all.allowed);
        sum += part.coverage;
    }
    assert_true(sum > 1 - 1e-9 && sum < 1 + 1e-9);
}

/* Start a long sweep, interrupt it when its directory is there, and wait for it; `told` becomes
 * what it says. */
static int interrupted_sweep(const char *dir, const char *told)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen(told, "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
            _exit(99);
        execl(TREELAB, TREELAB, "crash", "--quiet", "--ops", "400", "--durability", "async",
              "--out", dir, (char *)NULL);
        _exit(99);
    }
    struct stat info;
    for (int tries = 0; tries < 1000 && stat(dir, &info) != 0; tries++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    kill(child, SIGINT);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_interrupt_keeps_what_was_found_and_exits_130(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], told[PATH_MAX], path[PATH_MAX + 16];
    snprintf(dir, sizeof dir, "%s", folder_join(treelab->scratch, "run"));
    snprintf(told, sizeof told, "%s", folder_join(treelab->scratch, "told"));
    assert_int_equal(interrupted_sweep(dir, told), TL_EXIT_INTERRUPTED);
    folder_read(told, treelab->out, sizeof treelab->out);
    program_says(treelab->out, "not covered: never begun: ");
    program_says(treelab->out, "crash/tree/mixed/shadow1/async");
    snprintf(path, sizeof path, "%s/run.json", dir);
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    assert_string_equal(tl_json_text(field(root, "status"), ""), "aborted");
    assert_int_equal(tl_json_count(field(root, "exit_code"), 0), TL_EXIT_INTERRUPTED);
    tl_json_free(root);
}

static void budgets_are_times_or_states_and_ranges_take_what_seeds_take(void **state)
{
    program *treelab = *state;
    static const char *const rows[] = {"--budget 0.01h",          "--budget 1500ms",
                                       "--budget 10ns",           "--budget 1MiB",
                                       "--tier T3 --budget 1k",   "--tier T1 --seeds 0x1..0x2",
                                       "--tier T1 --seeds 1..0x1"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab,
                    "crash --quiet --ops 2 --commit log --durability commit --profile sigkill "
                    "--out '%s/%zu' %s",
                    treelab->scratch->path, i, rows[i]);
        if (treelab->exit_code == TL_EXIT_USAGE)
            fail_msg("%s: %s", rows[i], treelab->err);
    }
}

static void cells_that_an_interrupt_left_unbegun_are_counted_as_missing(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], told[PATH_MAX], path[PATH_MAX + 16];
    snprintf(dir, sizeof dir, "%s", folder_join(treelab->scratch, "run"));
    snprintf(told, sizeof told, "%s", folder_join(treelab->scratch, "told"));
    assert_int_equal(interrupted_sweep(dir, told), TL_EXIT_INTERRUPTED);
    snprintf(path, sizeof path, "%s/run.json", dir);
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    const tl_json *summary = field(root, "summary");
    uint64_t missing = tl_json_count(tl_json_get(summary, "missing"), 0);
    folder_read(told, treelab->out, sizeof treelab->out);
    uint64_t named = 0;
    const char *at = strstr(treelab->out, "never begun: ");
    assert_non_null(at);
    for (; *at != '\0' && *at != '\n' && *at != ';'; at++)
        named += strncmp(at, "crash/", 6) == 0;
    assert_true(named > 0);
    assert_int_equal(missing, named);
    tl_json_free(root);
}

#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(a_sweep_counts_the_same_states_in_table_summary_and_cells),
        AS_USER(bad_words_get_a_message_with_the_next_step_and_exit_code_two),
        AS_USER(an_option_that_contradicts_the_id_of_a_state_is_refused),
        AS_USER(every_form_lists_the_options_it_takes_and_refuses_others),
        AS_USER(one_case_again_is_one_state_and_leaves_nothing_behind),
        AS_USER(a_budget_of_states_is_kept),
        AS_USER(budgets_are_times_or_states_and_ranges_take_what_seeds_take),
        AS_USER(syncs_that_a_budget_leaves_undecided_are_told_and_exit_four),
        AS_USER(states_that_the_readmes_name_are_there),
        AS_USER(the_coverage_of_second_crashes_is_of_all_of_them),
        AS_USER(an_interrupt_keeps_what_was_found_and_exits_130),
        AS_USER(cells_that_an_interrupt_left_unbegun_are_counted_as_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
