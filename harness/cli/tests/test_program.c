/* The program's frame: help, versions, unknown words, and output that cannot be written. */
#define _GNU_SOURCE
#include "program.h"

#include "harness/cli/cli.h"
#include "harness/drivers/settings.h"
#include "harness/report/json.h"

static void help_shows_commands_and_examples_on_stdout(void **state)
{
    program *treelab = *state;
    static const char *const ways[] = {"--help", "-h", "help"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        program_run(treelab, "%s", ways[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, "Examples:");
        program_says(treelab->out, "  keep ");
        assert_string_equal(treelab->err, "");
    }
}

static void every_command_has_help_with_examples(void **state)
{
    program *treelab = *state;
    static const char *const commands[] = {"run",    "crash", "apply",   "verify", "dump",
                                           "report", "keep",  "doctor",  "gate",   "baseline",
                                           "export", "list",  "validate"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "treelab %s", commands[i]);
        program_run(treelab, "%s --help", commands[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, usage);
        program_says(treelab->out, "Examples:");
        program_run(treelab, "help %s", commands[i]);
        program_says(treelab->out, "Examples:");
    }
}

static void an_engine_of_ones_own_is_a_plugin_and_a_wrong_one_is_told(void **state)
{
    program *treelab = *state;
    program_run(treelab, "run --plugin %s --driver sorted --workload random --ops 500 -q",
                EXAMPLE_DRIVER);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "insert      sorted weaker");
    program_run(treelab, "list drivers --plugin %s", EXAMPLE_DRIVER);
    program_says(treelab->out, "an example plug-in: a sorted array in memory");
    program_run(treelab, "run --plugin %s --driver sorted", "no_such.so");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "cannot load plug-in no_such.so");
}

static void the_doctor_tells_every_purpose_as_json_and_names_a_wrong_one(void **state)
{
    program *treelab = *state;
    program_run(treelab, "doctor --seconds 0 --for counters --json -");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "treelab.doctor/1");
    program_says(treelab->out, "\"durable\"");
    program_run(treelab, "doctor --for latncy");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "did you mean 'latency'?");
    program_run(treelab, "doctor --dir no/such/place");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
}

static void the_version_names_a_revision(void **state)
{
    program *treelab = *state;
    program_run(treelab, "--version");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    unsigned major = 0, minor = 0, patch = 0;
    char revision[64] = "";
    assert_int_equal(
        sscanf(treelab->out, "treelab %u.%u.%u (%63[^)])", &major, &minor, &patch, revision), 4);
    char first[128];
    snprintf(first, sizeof first, "%.100s", treelab->out);
    program_run(treelab, "list --version");
    assert_string_equal(treelab->out, first);
}

static void an_unknown_word_gets_the_nearest_name_and_exit_code_two(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *answer;
    } rows[] = {
        {"",                       "`treelab --help` shows them all"},
        {"lst",                    "did you mean 'list'?"           },
        {"verfiy x.tl",            "did you mean 'verify'?"         },
        {"xyzzy",                  "`treelab --help` shows them all"},
        {"help lst",               "did you mean 'list'?"           },
        {"list drvers",            "did you mean 'drivers'?"        },
        {"list drivers workloads", "one topic at a time"            },
        {"list --jason -",         "unrecognized option"            },
        {"list --json",            "requires an argument"           },
        {"keep out/x",             "under which topic?"             },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "%s", rows[i].arguments);
        assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
        program_says(treelab->err, rows[i].answer);
        assert_memory_equal(treelab->err, "treelab", 7);
        assert_string_equal(treelab->out, "");
    }
}

static void list_shows_every_topic_as_text(void **state)
{
    program *treelab = *state;
    static const char *const shown[] = {"tree",   "null",        "random",     "weaker",  "keep",
                                        "--set ", "leaf_splits", "sequential", "Counters"};
    program_run(treelab, "list");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        program_says(treelab->out, shown[i]);
}

/* The lines under the heading that names `setting`, up to the next heading. */
static size_t listed_rows(const char *text, const char *setting, const char *const *names)
{
    char heading[80], line[80];
    snprintf(heading, sizeof heading, "tree:%s=NAME):\n", setting);
    const char *at = strstr(text, heading);
    if (at == NULL)
        fail_msg("'treelab list' has no rows for %s=", setting);
    size_t count = 0;
    for (at += strlen(heading); *names != NULL; names++, count++) {
        int size = snprintf(line, sizeof line, "  %s\n", *names);
        if (strncmp(at, line, (size_t)size) != 0)
            fail_msg("'treelab list' does not show %s=%s in its place", setting, *names);
        at += size;
    }
    if (*at != '\n')
        fail_msg("'treelab list' shows more for %s= than there is", setting);
    return count;
}

/* Whatever setting takes a name: a registry that is added tomorrow fails here until it is listed.
 */
static void list_shows_every_row_of_every_registry(void **state)
{
    program *treelab = *state;
    size_t registries = 0;
    program_run(treelab, "list");
    for (size_t i = 0; i < tl_tree_settings.count; i++) {
        const tl_setting_row *row = &tl_tree_settings.rows[i];
        if (row->kind != TL_SETTING_NAME)
            continue;
        registries++;
        assert_true(listed_rows(treelab->out, row->name, row->names()) >= 2);
    }
    assert_true(registries >= 7);
}

/* A setting that is in no list is one that nobody finds. */
static void list_shows_every_setting_of_our_engine_with_what_it_means(void **state)
{
    program *treelab = *state;
    program_run(treelab, "list settings");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "ckpt_bytes         number  log bytes between two checkpoints");
    for (size_t i = 0; i < tl_tree_settings.count; i++) {
        assert_true(strlen(tl_tree_settings.rows[i].doc) > 0);
        program_says(treelab->out, tl_tree_settings.rows[i].name);
        program_says(treelab->out, tl_tree_settings.rows[i].doc);
    }
    program_run(treelab, "list settings --json -");
    program_says(treelab->out, "\"ckpt_bytes\"");
}

static void verify_tells_of_all_trees(void **state)
{
    program *treelab = *state;
    static const char script[] =
        "treelab-script 1\nopen\nput \"a\" \"1\"\nput @side \"a\" \"%d\"\n";
    char first[128] = "";
    for (int i = 0; i < 2; i++) {
        char text[128], file[PATH_MAX], dir[PATH_MAX];
        snprintf(text, sizeof text, script, i);
        snprintf(file, sizeof file, "%s", folder_join(treelab->scratch, "s.tls"));
        folder_write(file, text);
        snprintf(dir, sizeof dir, "%s/%d", treelab->scratch->path, i);
        program_run(treelab, "apply '%s' --io real --dir '%s'", file, dir);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_run(treelab, "verify $(find '%s' -name tree.tl)", dir);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        const char *hash = strstr(treelab->out, "of all 2 trees ");
        assert_non_null(hash);
        assert_true(i == 0 || strcmp(first, hash) != 0); /* the main trees are equal */
        snprintf(first, sizeof first, "%s", hash);
    }
}

static void list_writes_json_that_reads_back(void **state)
{
    program *treelab = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(treelab->scratch, "list.json"));
    program_run(treelab, "list --json '%s'", path);
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_string_equal(treelab->out, "");
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    assert_int_equal(tl_json_size(root), 14);
    const tl_json *drivers = tl_json_get(root, "drivers");
    assert_true(tl_json_size(drivers) >= 2);
    for (size_t i = 0; i < tl_json_size(drivers); i++) {
        const tl_json *contracts = tl_json_get(tl_json_at(drivers, i), "contracts");
        assert_int_equal(tl_json_size(contracts), 3);
        for (size_t d = 0; d < 3; d++) /* a promise that is not the same says why */
            assert_true(strcmp(tl_json_text(tl_json_get(tl_json_at(contracts, d), "promise"), ""),
                               "same") == 0 ||
                        tl_json_text(tl_json_get(tl_json_at(contracts, d), "remark"), "")[0] !=
                            '\0');
    }
    tl_json_free(root);
    program_run(treelab, "list drivers --json -");
    assert_int_equal(treelab->out[0], '{');
}

static void output_that_cannot_be_written_is_no_success(void **state)
{
    program *treelab = *state;
    static const struct {
        const char *arguments, *reason;
    } rows[] = {
        {"list >/dev/full",               "No space left"                },
        {"--help >/dev/full",             "No space left"                },
        {"list --json - >/dev/full",      "No space left"                },
        {"list --json /dev/full",         "No space left"                },
        {"list --json /absent/list.json", "No such file"                 },
        {"list --json /sys/list.json",    "cannot write '/sys/list.json'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        program_run(treelab, "%s", rows[i].arguments);
        assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
        program_says(treelab->err, rows[i].reason);
    }
}

int main(void)
{
#define AS_USER(test) cmocka_unit_test_setup_teardown(test, program_setup, program_teardown)
    const struct CMUnitTest tests[] = {
        AS_USER(help_shows_commands_and_examples_on_stdout),
        AS_USER(every_command_has_help_with_examples),
        AS_USER(an_engine_of_ones_own_is_a_plugin_and_a_wrong_one_is_told),
        AS_USER(the_doctor_tells_every_purpose_as_json_and_names_a_wrong_one),
        AS_USER(the_version_names_a_revision),
        AS_USER(an_unknown_word_gets_the_nearest_name_and_exit_code_two),
        AS_USER(list_shows_every_topic_as_text),
        AS_USER(list_shows_every_setting_of_our_engine_with_what_it_means),
        AS_USER(list_shows_every_row_of_every_registry),
        AS_USER(verify_tells_of_all_trees),
        AS_USER(list_writes_json_that_reads_back),
        AS_USER(output_that_cannot_be_written_is_no_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
