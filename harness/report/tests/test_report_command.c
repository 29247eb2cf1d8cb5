/* harness/report/tests/test_report_command.c -- `treelab report`: files it leaves, exit codes.
 *
 * Run from the repository's root: the command finds its templates in plots/, or wherever it is run.
 */
#include "harness/cli/cli.h"
#include "harness/report/text.h"
#include "sample.h"
#include "suite_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir_of(void **state)
{
    return ((suite_fixture *)*state)->dir;
}

static int report(char *dir, char *option, char *value)
{
    char name[] = "report";
    char *argv[] = {name, dir, option, value, NULL};
    return tl_cmd_report(option == NULL ? 2 : value == NULL ? 3 : 4, argv);
}

static void assert_file(const char *dir, const char *name, bool exists)
{
    char path[256];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if ((stat(path, &found) == 0 && found.st_size > 0) != exists)
        fail_msg("%s: %s", path, exists ? "missing or empty" : "is there");
}

static void a_suite_becomes_one_page_with_pictures(void **state)
{
    char *dir = dir_of(state);
    suite_put(*state, "bench", sample_bench_run(2));
    suite_put(*state, "crash", sample_crash_run(0));
    assert_int_equal(report(dir, NULL, NULL), TL_EXIT_OK);
    static const char *const files[] = {"report.html",
                                        "plots/throughput.tsv",
                                        "plots/throughput_1.svg",
                                        "plots/throughput_1.png",
                                        "plots/latency_1_random.svg",
                                        "plots/latency_1_random.png",
                                        "plots/allocator_1.svg",
                                        "plots/crash.svg",
                                        "plots/crash.png"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_file(dir, files[i], true);
}

/* gnuplot 5.4 died of labels without a single point: of a run of one phase, and of such a duel. */
static void a_single_row_is_drawn(void **state)
{
    char *dir = dir_of(state);
    tl_json *run = sample_empty_run();
    sample_add_small_cell(run, "tree", "ycsb_a", 0, 1000, 2000000);
    suite_put(*state, "", run);
    assert_int_equal(report(dir, NULL, NULL), TL_EXIT_OK);
    assert_file(dir, "plots/throughput_1.svg", true);
    assert_file(dir, "plots/throughput_1.png", true);
}

static void a_duel_of_one_row_is_drawn(void **state)
{
    char *dir = dir_of(state);
    suite_put(*state, "", sample_invalid_duel_run());
    assert_int_equal(report(dir, NULL, NULL), TL_EXIT_OK);
    assert_file(dir, "plots/effects.svg", true);
}

static void png_is_left_out_on_request(void **state)
{
    char *dir = dir_of(state), no_png[] = "--no-png";
    suite_put(*state, "", sample_crash_run(0));
    assert_int_equal(report(dir, no_png, NULL), TL_EXIT_OK);
    assert_file(dir, "plots/crash.svg", true);
    assert_file(dir, "plots/crash.png", false);
}

static void a_run_without_cells_exits_6_and_still_says_so_in_a_page(void **state)
{
    suite_put(*state, "", sample_empty_run());
    assert_int_equal(report(dir_of(state), NULL, NULL), TL_EXIT_NOTHING);
    assert_file(dir_of(state), "report.html", true);
}

static void a_damaged_run_exits_3_and_leaves_nothing(void **state)
{
    char path[256];
    tl_text text = {0};
    tl_text_add(&text, "{\"schema\":\"treelab.run/1\",\"cells\":[{");
    snprintf(path, sizeof path, "%s/run.json", dir_of(state));
    assert_int_equal(tl_text_save(&text, path), TL_OK);
    tl_text_clear(&text);
    assert_int_equal(report(dir_of(state), NULL, NULL), TL_EXIT_WRONG);
    assert_file(dir_of(state), "report.html", false);
    assert_file(dir_of(state), "plots", false);
}

/* A usage error ends the program, so it happens in a child. */
static int report_in_child(char *dir, char *option)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(report(dir, option, NULL));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void bad_usage_exits_2(void **state)
{
    char missing[] = "/tmp/treelab_no_such_directory", typo[] = "--no-pgn", plots[] = "--plots";
    assert_int_equal(report(dir_of(state), NULL, NULL), TL_EXIT_USAGE); /* no run.json in there */
    assert_int_equal(report(missing, NULL, NULL), TL_EXIT_USAGE);
    assert_int_equal(report_in_child(dir_of(state), typo), TL_EXIT_USAGE);
    assert_int_equal(report_in_child(dir_of(state), plots), TL_EXIT_USAGE);
    assert_int_equal(report_in_child(dir_of(state), missing), TL_EXIT_USAGE); /* two directories */
    char empty[] = "--no-png";
    assert_int_equal(report_in_child(empty, NULL), TL_EXIT_USAGE); /* no directory */
}

/* They were looked for in ./plots and beside the program alone. */
static void templates_are_found_from_any_directory(void **state)
{
    char *dir = dir_of(state);
    suite_put(*state, "", sample_crash_run(0));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir("/") != 0 || unsetenv("TREELAB_PLOTS") != 0)
            _exit(99);
        _exit(report(dir, NULL, NULL));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), TL_EXIT_OK);
    assert_file(dir, "plots/crash.svg", true);
}

static void the_environment_may_name_the_templates(void **state)
{
    char *dir = dir_of(state), plots[] = "--plots", root[] = "plots";
    suite_put(*state, "", sample_crash_run(0));
    assert_int_equal(setenv("TREELAB_PLOTS", "/tmp/treelab_no_such_plots", 1), 0);
    assert_int_equal(report(dir, NULL, NULL), TL_EXIT_ENVIRONMENT);
    assert_int_equal(report(dir, plots, root), TL_EXIT_OK); /* the option wins */
    assert_int_equal(unsetenv("TREELAB_PLOTS"), 0);
}

static void missing_templates_exit_5_after_the_page_is_written(void **state)
{
    char plots[] = "--plots", nowhere[] = "/tmp/treelab_no_such_plots";
    suite_put(*state, "", sample_bench_run(1));
    assert_int_equal(report(dir_of(state), plots, nowhere), TL_EXIT_ENVIRONMENT);
    assert_file(dir_of(state), "report.html", true);
}

/* It was 2.8 MB, and more than 64 runs were refused. */
static void two_hundred_runs_stay_below_two_mebibytes(void **state)
{
    char *dir = dir_of(state), plots[] = "--plots", nowhere[] = "/tmp/treelab_no_such_plots",
         path[256];
    for (unsigned i = 0; i < 200; i++) {
        char part[16];
        snprintf(part, sizeof part, "run_%03u", i);
        suite_put(*state, part, sample_bench_run(1));
    }
    assert_int_equal(report(dir, plots, nowhere), TL_EXIT_ENVIRONMENT);
    struct stat found;
    snprintf(path, sizeof path, "%s/report.html", dir);
    assert_int_equal(stat(path, &found), 0);
    assert_true(found.st_size < 2 << 20);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(a_suite_becomes_one_page_with_pictures),
        WITH_DIRECTORY(a_single_row_is_drawn),
        WITH_DIRECTORY(a_duel_of_one_row_is_drawn),
        WITH_DIRECTORY(png_is_left_out_on_request),
        WITH_DIRECTORY(a_run_without_cells_exits_6_and_still_says_so_in_a_page),
        WITH_DIRECTORY(a_damaged_run_exits_3_and_leaves_nothing),
        WITH_DIRECTORY(bad_usage_exits_2),
        WITH_DIRECTORY(templates_are_found_from_any_directory),
        WITH_DIRECTORY(the_environment_may_name_the_templates),
        WITH_DIRECTORY(two_hundred_runs_stay_below_two_mebibytes),
        WITH_DIRECTORY(missing_templates_exit_5_after_the_page_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
