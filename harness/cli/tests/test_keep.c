/* What is kept is complete, says where it is from, and never costs what was there before. */
#define _GNU_SOURCE
#include "program.h"

#include "harness/cli/cli.h"
#include "harness/report/resultfile.h"

#include <sys/stat.h>

#define WHY "--question 'Is it fast?' --answer 'Yes.'"

static char arg_run[] = "run", arg_set[] = "--set", arg_value[] = "note=it's | \"big\"";
static char *command_line[] = {arg_run, arg_set, arg_value};

/* A run's directory with result files and others; its path goes to `dir`. */
static void make_run(program *treelab, char dir[PATH_MAX])
{
    char out_dir[PATH_MAX], error[TL_RESULT_TEXT_MAX], path[PATH_MAX + 32];
    snprintf(out_dir, sizeof out_dir, "%s", folder_join(treelab->scratch, "out"));
    tl_result *result = NULL;
    tl_result_request request = {.argc = 3,
                                 .argv = command_line,
                                 .out_dir = out_dir,
                                 .error = error,
                                 .error_bytes = sizeof error};
    assert_int_equal(tl_result_begin(&request, &result), TL_OK);
    snprintf(dir, PATH_MAX, "%s", tl_result_dir(result));
    tl_json *options = tl_json_object_new();
    tl_json_add_hex(options, "seed", 42);
    tl_result_set_options(result, options);
    tl_json *cell = tl_json_object_new(); /* what is in it does not matter here */
    tl_json_add_text(cell, "id", "tree/random/none/r0");
    tl_result_add_cell(result, cell);
    assert_int_equal(tl_result_finish(result, TL_RESULT_OK, 0, error, sizeof error), TL_OK);
    tl_result_free(result);
    snprintf(path, sizeof path, "%s/report.html", dir);
    folder_write(path, "<p>report</p>");
    snprintf(path, sizeof path, "%s/store.tl", dir);
    folder_write(path, "not a result");
    snprintf(path, sizeof path, "%s/plots", dir);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/plots/latency.svg", dir);
    folder_write(path, "<svg/>");
}

/* The one entry of the folder `path`. */
static void only_entry(const char *path, char entry_path[PATH_MAX])
{
    assert_int_equal(folder_count(path), 1);
    DIR *stream = opendir(path);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (entry->d_name[0] != '.')
            snprintf(entry_path, PATH_MAX, "%s/%s", path, entry->d_name);
    closedir(stream);
}

static void make_results(program *treelab, char results[PATH_MAX])
{
    snprintf(results, PATH_MAX, "%s", folder_join(treelab->scratch, "results"));
    assert_int_equal(mkdir(results, 0777), 0);
}

static void a_kept_run_has_its_results_and_its_story(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], results[PATH_MAX], kept[PATH_MAX], path[PATH_MAX + 32], text[4096];
    make_run(treelab, dir);
    make_results(treelab, results);
    program_run(treelab, "keep '%s' insert-1m --results '%s' " WHY, dir, results);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    only_entry(results, kept);
    assert_non_null(strstr(kept, "_insert-1m"));
    program_says(treelab->out, kept); /* the place is the result of the command */
    assert_int_equal(folder_count(kept), 4);

    tl_json *root = NULL;
    snprintf(path, sizeof path, "%s/run.json", kept);
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    tl_json_free(root);
    snprintf(path, sizeof path, "%s/plots/latency.svg", kept);
    folder_read(path, text, sizeof text);
    assert_string_equal(text, "<svg/>");
    snprintf(path, sizeof path, "%s/store.tl", kept);
    assert_int_equal(access(path, F_OK), -1);

    snprintf(path, sizeof path, "%s/README.md", kept);
    folder_read(path, text, sizeof text);
    program_says(text, "# Is it fast?\n");
    program_says(text, "**Answer.** Yes.\n");
    program_says(text, "treelab run --set 'note=it'\\''s | \"big\"'\n");
    program_says(text, "| seed | 0x000000000000002a |");
    program_says(text, "| commit | ");
    program_says(text, "| machine | ");
}

static void a_suite_is_kept_with_every_part_and_its_command(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], suite[PATH_MAX], results[PATH_MAX], kept[PATH_MAX];
    char path[PATH_MAX + 32], text[4096];
    snprintf(suite, sizeof suite, "%s", folder_join(treelab->scratch, "suite"));
    assert_int_equal(mkdir(suite, 0777), 0);
    for (int i = 0; i < 2; i++) {
        make_run(treelab, dir);
        snprintf(path, sizeof path, "%s/part%d", suite, i);
        assert_int_equal(rename(dir, path), 0);
    }
    make_results(treelab, results);
    program_run(treelab, "keep '%s' both --results '%s' " WHY, suite, results);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    only_entry(results, kept);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/part%d/run.json", kept, i);
        assert_int_equal(access(path, R_OK), 0);
    }
    snprintf(path, sizeof path, "%s/README.md", kept);
    folder_read(path, text, sizeof text);
    program_says(text, "## part0\n");
    program_says(text, "## part1\n");
    program_says(text, "treelab run --set");
}

static void a_kept_run_is_never_overwritten(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], results[PATH_MAX], kept[PATH_MAX], path[PATH_MAX + 32], text[4096];
    make_run(treelab, dir);
    make_results(treelab, results);
    program_run(treelab, "keep '%s' t --results '%s' " WHY, dir, results);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "keep '%s' t --results '%s' --question Other --answer No", dir, results);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "choose another topic");
    only_entry(results, kept);
    snprintf(path, sizeof path, "%s/README.md", kept);
    folder_read(path, text, sizeof text);
    program_says(text, "# Is it fast?\n");
}

static void a_folder_without_a_run_is_refused_with_the_next_step(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], results[PATH_MAX], path[PATH_MAX + 32];
    make_run(treelab, dir);
    make_results(treelab, results);
    static const struct {
        const char *text, *answer;
    } rows[] = {
        {"",                                          "is not JSON"               },
        {"{\"schema\":\"treelab.run/1\"",             "is not JSON"               },
        {"{}",                                        "is not a result of treelab"},
        {"[1]",                                       "is not a result of treelab"},
        {"{\"schema\":\"other/1\",\"id\":\"x\",\"started\":\"2026-01-01T00:00:00Z\","
         "\"argv\":[\"run\"],\"cells\":[]}", "is not a result of treelab"},
        {"{\"schema\":\"treelab.run/1\",\"id\":\"x\",\"started\":\"../../../../x\","
         "\"argv\":[\"run\"],\"cells\":[]}", "is not a result of treelab"},
    };
    snprintf(path, sizeof path, "%s/run.json", dir);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_write(path, rows[i].text);
        program_run(treelab, "keep '%s' t --results '%s' " WHY, dir, results);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, rows[i].answer);
    }
    program_run(treelab, "keep '%s/plots' t --results '%s' " WHY, dir, results);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "such as out/<id>");
    assert_int_equal(folder_count(results), 0);
}

static void a_topic_is_a_plain_word(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], results[PATH_MAX];
    make_run(treelab, dir);
    make_results(treelab, results);
    static const char *const topics[] = {
        "''",
        "../x",
        "a/b",
        "Insert",
        "-- -x",
        "_x",
        "'a b'",
        ".hidden",
        "a.b",
        "ä",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        program_run(treelab, "keep --results '%s' " WHY " '%s' %s", results, dir, topics[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        assert_string_equal(treelab->out, "");
    }
    assert_int_equal(folder_count(results), 0);
}

static void question_and_answer_are_wanted(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX];
    make_run(treelab, dir);
    program_run(treelab, "keep '%s' t --answer Yes", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--question is missing");
    program_run(treelab, "keep '%s' t --question Why --answer ''", dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "--answer is missing");
}

static void a_place_that_refuses_leaves_nothing_half_kept(void **state)
{
    program *treelab = *state;
    char dir[PATH_MAX], results[PATH_MAX];
    make_run(treelab, dir);
    make_results(treelab, results);
    program_run(treelab, "keep '%s' t --results '%s/absent' " WHY, dir, results);
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_says(treelab->err, "No such file or directory");
    program_run(treelab, "keep '%s' t --results /sys " WHY, dir);
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    /* A disk that is full after the first small files: files end at 512 bytes. */
    char command[4 * PATH_MAX];
    snprintf(command, sizeof command,
             "trap '' XFSZ; ulimit -f 1; " TREELAB " keep '%s' t --results '%s' " WHY
             " 2>/dev/null",
             dir, results);
    int status = system(command);
    assert_int_equal(WEXITSTATUS(status), TL_EXIT_ENVIRONMENT);
    assert_int_equal(folder_count(results), 0);
}

int main(void)
{
#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)
    const struct CMUnitTest tests[] = {
        AS_USER(a_kept_run_has_its_results_and_its_story),
        AS_USER(a_suite_is_kept_with_every_part_and_its_command),
        AS_USER(a_kept_run_is_never_overwritten),
        AS_USER(a_folder_without_a_run_is_refused_with_the_next_step),
        AS_USER(a_topic_is_a_plain_word),
        AS_USER(question_and_answer_are_wanted),
        AS_USER(a_place_that_refuses_leaves_nothing_half_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
