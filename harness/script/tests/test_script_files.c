/* Every script of harness/tests/scripts on every driver that answers reads, against the model. */
#include "fixture.h"

#include "harness/script/simhost.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char scripts_dir[] = "harness/tests/scripts";

/* What a script asks for that only some stores have; `faults`: a disk that fails on demand. */
static const struct only_row {
    const char *script, *driver;
    bool faults;
} only_rows[] = {
    {"modes.tls",         "tree", false},
    {"failing_calls.tls", "tree", true },
    {"power_loss.tls",    "tree", true },
    {"large_losses.tls",  "tree", true },
};

/* The slots of a driver that a script is about. */
static bool has_trees(const tl_driver *driver)
{
    return driver->tree != NULL;
}

static bool has_savepoints(const tl_driver *driver)
{
    return driver->savepoint != NULL;
}

static bool has_batches(const tl_driver *driver)
{
    return driver->upsert_sorted != NULL && driver->insert_sorted != NULL &&
           driver->bulk_load != NULL;
}

static bool has_ranges(const tl_driver *driver)
{
    return driver->del_range != NULL;
}

static const struct need_row {
    const char *script;
    bool (*met)(const tl_driver *driver);
} need_rows[] = {
    {"trees.tls",      has_trees     },
    {"loads.tls",      has_batches   },
    {"savepoints.tls", has_savepoints},
    {"batches.tls",    has_batches   },
    {"large_many.tls", has_batches   },
    {"delrange.tls",   has_ranges    },
};

static bool is_meant_for(const char *file, const tl_driver *driver, bool simulated)
{
    for (size_t i = 0; i < sizeof need_rows / sizeof need_rows[0]; i++)
        if (strcmp(need_rows[i].script, file) == 0 && !need_rows[i].met(driver))
            return false;
    for (size_t i = 0; i < sizeof only_rows / sizeof only_rows[0]; i++)
        if (strcmp(only_rows[i].script, file) == 0)
            return strcmp(only_rows[i].driver, driver->name) == 0 &&
                   (simulated || !only_rows[i].faults);
    return true;
}

static void run_file(const char *path, const tl_driver *driver, bool simulated)
{
    tl_script *script = NULL;
    tl_script_error error;
    if (tl_script_read(path, &script, &error) != TL_OK)
        fail_msg("%s:%u:%u: %s", path, error.line, error.column, error.text);
    tl_simhost *host = NULL;
    if (simulated)
        assert_int_equal(tl_simhost_create(script, &host), TL_OK);
    tl_script_config config = {.driver = driver,
                               .host = simulated ? tl_simhost_get(host) : NULL,
                               .skip_unsupported = true};
    tl_script_result result;
    fixture_run_script(script, &config, &result);
    tl_simhost_destroy(host);
    tl_script_free(script);
    if (result.outcome != TL_SCRIPT_PASSED)
        fail_msg("driver %s: %s", driver->name, result.message);
    assert_true(result.checks > 10);
}

static size_t run_all_on(const tl_driver *driver, bool simulated)
{
    DIR *dir = opendir(scripts_dir);
    assert_non_null(dir);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".tls") != 0 ||
            !is_meant_for(entry->d_name, driver, simulated))
            continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", scripts_dir, entry->d_name);
        run_file(path, driver, simulated);
        count++;
    }
    closedir(dir);
    return count;
}

static void every_script_passes_on(const char *name, bool simulated)
{
    const tl_driver *driver = tl_driver_find(name);
    if (driver == NULL)
        skip();
    assert_true(run_all_on(driver, simulated) >= 12);
}

static void every_script_passes_on_the_model(void **state)
{
    (void)state;
    every_script_passes_on("model", false);
}

static void every_script_passes_on_lmdb(void **state)
{
    (void)state;
    every_script_passes_on("lmdb", false);
}

static void every_script_passes_on_sqlite(void **state)
{
    (void)state;
    every_script_passes_on("sqlite", false);
}

static void every_script_passes_on_the_tree_in_files(void **state)
{
    (void)state;
    every_script_passes_on("tree", false);
}

static void every_script_passes_on_the_tree_on_a_simulated_disk(void **state)
{
    (void)state;
    every_script_passes_on("tree", true);
}

/* The walk-through of the room's README is no decoration: it runs. */
static void the_walk_through_of_the_readme_passes(void **state)
{
    (void)state;
    static const char readme[] = "harness/script/README.md", path[] = "/tmp/treelab-readme-XXXXXX";
    char copy[sizeof path], line[512];
    strcpy(copy, path);
    int descriptor = mkstemp(copy);
    FILE *from = fopen(readme, "r"), *to = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    assert_non_null(from);
    assert_non_null(to);
    bool inside = false;
    while (fgets(line, sizeof line, from) != NULL && !(inside && strncmp(line, "```", 3) == 0)) {
        inside = inside || strcmp(line, "treelab-script 1\n") == 0;
        if (inside)
            fputs(line, to);
    }
    fclose(from);
    assert_int_equal(fclose(to), 0);
    run_file(copy, tl_driver_find("tree"), true);
    assert_int_equal(remove(copy), 0);
}

/* The files are kept in the form that `treelab apply --format` prints. */
static void every_script_is_canonical(void **state)
{
    (void)state;
    DIR *dir = opendir(scripts_dir);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".tls") != 0)
            continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", scripts_dir, entry->d_name);
        tl_script *script = NULL;
        tl_script_error error;
        assert_int_equal(tl_script_read(path, &script, &error), TL_OK);
        char *text = NULL;
        assert_int_equal(tl_script_print(script, &text), TL_OK);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        char *kept = calloc(1, strlen(text) + 2);
        assert_non_null(kept);
        (void)!fread(kept, 1, strlen(text) + 1, file);
        fclose(file);
        if (strcmp(kept, text) != 0)
            fail_msg("%s is not canonical: replace it by what treelab apply --format prints", path);
        free(kept);
        free(text);
        tl_script_free(script);
    }
    closedir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_script_is_canonical),
        cmocka_unit_test(the_walk_through_of_the_readme_passes),
        cmocka_unit_test(every_script_passes_on_the_model),
        cmocka_unit_test(every_script_passes_on_lmdb),
        cmocka_unit_test(every_script_passes_on_sqlite),
        cmocka_unit_test(every_script_passes_on_the_tree_in_files),
        cmocka_unit_test(every_script_passes_on_the_tree_on_a_simulated_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
