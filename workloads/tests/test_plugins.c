/* workloads/tests/test_plugins.c -- claims of tl_workload_load.  PLUGIN_DIR comes from the build.
 */
#include "workloads/tests/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const tl_workload *load(const char *file, char *error, size_t error_bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", PLUGIN_DIR, file);
    error[0] = '\0';
    return tl_workload_load(path, error, error_bytes);
}

static void wrong_plugins_are_refused_by_the_reason(void **state)
{
    static const struct {
        const char *file, *message;
    } cases[] = {
        {"broken_abi.so",    "speaks workload ABI 4 and this program 3; rebuild it"   },
        {"broken_size.so",   "set size_bytes to sizeof(tl_workload)"                  },
        {"broken_fields.so", "leaves a field of its tl_workload empty"                },
        {"broken_name.so",   "calls itself 'random', which another workload is called"},
        {"broken_symbol.so", "has no symbol tl_workload_v1"                           },
        {"missing.so",       "cannot load plug-in"                                    },
    };
    size_t count = tl_workload_count();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[512];
        assert_null(load(cases[i].file, error, sizeof error));
        if (strstr(error, cases[i].message) == NULL || strstr(error, cases[i].file) == NULL)
            fail_msg("%s: '%s' lacks '%s'", cases[i].file, error, cases[i].message);
    }
    assert_int_equal(tl_workload_count(), count);
}

static void a_file_that_is_no_shared_object_is_refused(void **state)
{
    char path[] = "/tmp/tl_pluginXXXXXX", error[512] = "";
    int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, "not an object\n", 14), 14);
    assert_int_equal(close(file), 0);
    assert_null(tl_workload_load(path, error, sizeof error));
    assert_non_null(strstr(error, "cannot load plug-in"));
    assert_int_equal(unlink(path), 0);
}

static void a_short_or_absent_error_buffer_is_fine(void **state)
{
    char error[8] = "";
    (void)state;
    assert_null(tl_workload_load("/nowhere/x.so", NULL, 0));
    assert_null(tl_workload_load("/nowhere/x.so", error, sizeof error));
    assert_int_equal(strlen(error), sizeof error - 1);
}

static void the_example_joins_the_registry_once(void **state)
{
    char error[512];
    size_t count = tl_workload_count();
    (void)state;
    const tl_workload *fifo = load("example_fifo.so", error, sizeof error);
    if (fifo == NULL)
        fail_msg("%s", error);
    assert_ptr_equal(tl_workload_find("fifo"), fifo);
    assert_int_equal(tl_workload_count(), count + 1);
    assert_ptr_equal(load("example_fifo.so", error, sizeof error), fifo);
    assert_int_equal(tl_workload_count(), count + 1);
}

static void a_name_without_a_slash_means_the_working_directory(void **state)
{
    char before[4096], error[512] = "";
    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(PLUGIN_DIR), 0);
    const tl_workload *fifo = tl_workload_load("example_fifo.so", error, sizeof error);
    assert_int_equal(chdir(before), 0);
    if (fifo == NULL)
        fail_msg("%s", error);
}

static void the_example_answers_like_the_model_and_like_every_other_build(void **state)
{
    static const tl_workload_setting setting = {"depth", "100"};
    static const uint64_t golden = 0xbe183b943c9406adu;
    char error[512];
    tl_workload_spec spec = replay_spec(999, 42);
    (void)state;
    spec.settings = &setting;
    spec.setting_count = 1;
    const tl_workload *fifo = load("example_fifo.so", error, sizeof error);
    assert_non_null(fifo);
    replay_result result = replay(fifo, &spec, 16);
    assert_int_equal(result.kind_counts[TL_OP_INSERT], 100 + 500);
    assert_int_equal(result.kind_counts[TL_OP_DEL], 499);
    assert_int_equal(result.record_count, 101);
    assert_int_equal(result.record_count_max, 101);
    if (result.hash != golden)
        fail_msg("fifo: stream hash 0x%016llx, expected 0x%016llx", (unsigned long long)result.hash,
                 (unsigned long long)golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_plugins_are_refused_by_the_reason),
        cmocka_unit_test(a_file_that_is_no_shared_object_is_refused),
        cmocka_unit_test(a_short_or_absent_error_buffer_is_fine),
        cmocka_unit_test(the_example_joins_the_registry_once),
        cmocka_unit_test(a_name_without_a_slash_means_the_working_directory),
        cmocka_unit_test(the_example_answers_like_the_model_and_like_every_other_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
