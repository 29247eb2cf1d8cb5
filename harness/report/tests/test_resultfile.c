/* What the frame writes is what results/schema/run-1.json says, or it is not written.
 *
 * Debian's python3-jsonschema judges; without it the tests fail, since nothing would be checked.
 */
#define _GNU_SOURCE
#include "folder.h"
#include "harness/report/resultfile.h"

#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCHEMA "results/schema/run-1.json" /* tests run at the top of the source tree */

static char arg_run[] = "run", arg_driver[] = "--driver", arg_tree[] = "tree:leaf=rebuild";
static char *command_line[] = {arg_run, arg_driver, arg_tree};

static tl_result *begin(const char *out_dir, const char *json_path)
{
    tl_result *result = NULL;
    char error[TL_RESULT_TEXT_MAX];
    tl_result_request request = {.argc = 3,
                                 .argv = command_line,
                                 .out_dir = out_dir,
                                 .json_path = json_path,
                                 .error = error,
                                 .error_bytes = sizeof error};
    tl_status status = tl_result_begin(&request, &result);
    if (status != TL_OK)
        fail_msg("begin: %s", error);
    return result;
}

static void add_engine(tl_json *cell)
{
    tl_json *engine = tl_json_add_object(cell, "engine");
    tl_json_add_text(engine, "name", "treelab");
    tl_json_add_text(engine, "version", "0.1.0");
    tl_json_add_text(tl_json_add_object(engine, "options"), "leaf", "rebuild");
    tl_json_add_count(engine, "page_bytes", 8192);
    tl_json *contract = tl_json_add_object(engine, "contract");
    tl_json_add_text(contract, "durability", "none");
    tl_json_add_text(contract, "promise", "same");
    tl_json_add_text(contract, "asks_for", "durability=none");
    tl_json_add_text(contract, "remark", "");
}

static void add_workload(tl_json *cell)
{
    tl_json *workload = tl_json_add_object(cell, "workload");
    tl_json_add_text(workload, "name", "random");
    tl_json_add_null(workload, "note");
    tl_json *spec = tl_json_add_object(workload, "spec");
    tl_json_add_count(spec, "ops", 1000);
    tl_json_add_hex(spec, "seed", 42);
    tl_json_add_count(spec, "page_bytes", 8192);
    tl_json_add_text(tl_json_add_object(spec, "settings"), "value_bytes", "100");
    tl_json_add_hex(workload, "spec_hash", 7);
    tl_json_add_null(workload, "plugin");
}

static tl_json *cell_new(const char *id, const char *kind)
{
    tl_json *cell = tl_json_object_new();
    tl_json_add_text(cell, "id", id);
    tl_json_add_text(cell, "kind", kind);
    tl_json_add_text(cell, "driver", "tree");
    tl_json_add_text(cell, "label", "tree:leaf=rebuild");
    add_engine(cell);
    add_workload(cell);
    tl_json_add_count(cell, "repetition", 0);
    tl_json_add_count(cell, "order", 0);
    tl_json_add_text(cell, "status", "ok");
    tl_json_add_null(cell, "error");
    return cell;
}

static void add_latency(tl_json *phase)
{
    static const char *const fields[] = {"count", "min",    "p50", "p90",    "p99",
                                         "p99_9", "p99_99", "max", "clamped"};
    tl_json *put = tl_json_add_object(tl_json_add_object(phase, "latency"), "put");
    tl_json_add_text(put, "kind", "service");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        tl_json_add_count(put, fields[i], 1000 + i);
    tl_json_add_real(put, "mean", 1.5);
    tl_json *curve = tl_json_add_array(put, "curve");
    for (int percentile = 0; percentile <= 100; percentile += 50) {
        tl_json *point = tl_json_add_array(curve, NULL);
        tl_json_add_real(point, NULL, percentile);
        tl_json_add_count(point, NULL, 110);
    }
}

static void add_counters(tl_json *phase)
{
    static const char *const fields[] = {"minflt",   "majflt",   "vol_cs",        "invol_cs",
                                         "rd_bytes", "wr_bytes", "rss_peak_bytes"};
    tl_json *counters = tl_json_add_object(phase, "counters");
    tl_json_add_count(tl_json_add_object(counters, "engine"), "leaf_splits", 3);
    tl_json *os = tl_json_add_object(counters, "os");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        tl_json_add_count(os, fields[i], i);
    tl_json_add_null(counters, "hw");
    tl_json_add_null(counters, "callgrind");
}

static tl_json *bench_cell(void)
{
    tl_json *cell = cell_new("tree/random/none/r0", "bench");
    tl_json *phase = tl_json_add_object(tl_json_add_array(cell, "phases"), NULL);
    tl_json_add_text(phase, "name", "insert");
    tl_json_add_bool(phase, "measured", true);
    tl_json_add_count(phase, "ops", 1000);
    tl_json_add_count(phase, "transactions", 1);
    tl_json_add_count(phase, "errors", 0);
    tl_json_add_count(phase, "wrong", 0);
    tl_json_add_count(phase, "wall_ns", 123456);
    tl_json_add_count(phase, "cpu_ns", 120000);
    tl_json_add_count(phase, "ops_ns", 110000);
    add_latency(phase);
    add_counters(phase);
    tl_json *space = tl_json_add_object(phase, "space");
    tl_json_add_count(space, "logical_bytes", 116000);
    tl_json_add_count(space, "file_bytes", 139200);
    tl_json_add_real(space, "amplification", 1.2);
    tl_json_add_count(space, "depth", 2);
    tl_json_add_count(space, "record_count", 1000);
    tl_json *check = tl_json_add_object(phase, "check");
    tl_json_add_count(check, "answers_checked", 1000);
    tl_json_add_hex(check, "result_hash", 5);
    return cell;
}

static tl_json *crash_cell(void)
{
    tl_json *cell = cell_new("crash/tree/log/commit", "crash");
    tl_json_add_array(cell, "phases");
    tl_json *crash = tl_json_add_object(cell, "crash");
    tl_json *trace = tl_json_add_object(crash, "trace");
    tl_json_add_count(trace, "io_ops", 180);
    tl_json_add_count(trace, "writes", 120);
    tl_json_add_count(trace, "syncs", 40);
    tl_json_add_count(trace, "commits", 60);
    tl_json_add_count(trace, "checkpoints", 4);
    tl_json_add_count(tl_json_add_object(trace, "events"), "leaf_splits", 9);
    tl_json_add_bool(crash, "complete", true);
    tl_json_add_count(crash, "points", 160);
    tl_json_add_text(crash, "states", "123456");
    tl_json_add_text(crash, "distinct", "100000");
    tl_json_add_real(crash, "states_per_s", 12000.5);
    tl_json *variant = tl_json_add_object(tl_json_add_array(crash, "variants"), NULL);
    tl_json_add_text(variant, "name", "process_killed");
    tl_json_add_text(variant, "states", "160");
    tl_json_add_count(variant, "findings", 0);
    tl_json_add_text(crash, "recovered", "123456");
    tl_json_add_count(crash, "lost_committed", 0);
    tl_json_add_count(crash, "resurrected", 0);
    tl_json_add_count(crash, "corrupt", 0);
    tl_json_add_count(crash, "other_findings", 0);
    tl_json *failure = tl_json_add_object(crash, "first_failure");
    tl_json_add_text(failure, "case", "log/commit/prefix/17.0/newest");
    tl_json_add_text(failure, "rule", "lost_committed");
    tl_json_add_hex(failure, "seed", 9);
    tl_json_add_text(failure, "repro_cmd", "treelab crash --driver tree");
    tl_json_add_text(failure, "script", "17.tls");
    return cell;
}

/* A run with one cell of each kind, not yet finished. */
static tl_result *sample(const char *out_dir, const char *json_path)
{
    tl_result *result = begin(out_dir, json_path);
    tl_json *options = tl_json_object_new();
    tl_json_add_count(options, "ops", 1000);
    tl_json_add_hex(options, "seed", 42);
    tl_json_add_text(options, "durability", "none");
    tl_json_add_null(options, "batch");
    tl_result_set_options(result, options);
    tl_result_set_harness(result, &(tl_result_harness){31.2, 9.5, "CLOCK_MONOTONIC", NAN, 1});
    tl_result_add_cell(result, bench_cell());
    tl_result_add_cell(result, crash_cell());
    tl_result_set_summary(
        result, &(tl_result_summary){.answers_checked = 1000, .states = 160, .states_per_s = 12e3});
    return result;
}

static void finish(tl_result *result)
{
    char error[TL_RESULT_TEXT_MAX];
    if (tl_result_finish(result, TL_RESULT_OK, 0, error, sizeof error) != TL_OK)
        fail_msg("finish: %s", error);
}

/* The validator's verdict: 0 valid, 1 not. */
static int validate(const char *path)
{
    char command[PATH_MAX + 128];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -W ignore -m jsonschema -i '%s' " SCHEMA " >/dev/null 2>&1", path);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_frame_writes_what_the_schema_says(void **state)
{
    const folder *made = *state;
    char path[PATH_MAX];
    tl_result *result = sample(made->path, NULL);
    snprintf(path, sizeof path, "%s/" TL_RESULT_FILE, tl_result_dir(result));
    assert_int_equal(tl_result_cell_count(result), 2);
    finish(result);
    if (validate(path) != 0)
        fail_msg("run.json is refused, or python3-jsonschema is not installed");
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    assert_string_equal(tl_json_text(tl_json_get(root, "id"), ""), tl_result_id(result));
    assert_string_equal(tl_json_text(tl_json_get(root, "status"), ""), "ok");
    assert_string_equal(tl_json_text(tl_json_at(tl_json_get(root, "argv"), 2), ""), arg_tree);
    assert_int_equal(tl_json_count(tl_json_get(tl_json_get(root, "summary"), "cells"), 0), 2);
    assert_int_equal(tl_json_size(tl_json_get(root, "cells")), 2);
    tl_json_free(root);
    tl_result_free(result);
}

static void the_schema_refuses_a_result_with_one_fault(void **state)
{
    static const struct {
        const char *sound, *faulty;
    } faults[] = {
        {"\"treelab.run/1\"",                 "\"treelab.run/2\""             },
        {"\"status\":\t\"ok\"",               "\"status\":\t\"fine\""         },
        {"\"exit_code\":\t0",                 "\"exit_code\":\t\"0\""         },
        {"\"argv\":",                         "\"arguments\":"                },
        {"\"wall_ns\":\t123456",              "\"wall_ns\":\t\"123456\""      },
        {"\"wall_ns\":\t123456",              "\"wall_ns\":\t-1"              },
        {"\"wall_ns\":\t123456",              "\"wall_ns\":\t9007199254740992"},
        {"\"wall_ns\":\t123456,",             ""                              },
        {"\"cpu_ns\":\t120000",               "\"cpu_ms\":\t120000"           },
        {"\"seed\":\t\"0x000000000000002a\"", "\"seed\":\t42"                 },
        {"\"states\":\t\"123456\"",           "\"states\":\t123456"           },
        {"\"kind\":\t\"crash\"",              "\"kind\":\t\"bench\""          },
        {"\"kind\":\t\"bench\"",              "\"kind\":\t\"crash\""          },
        {"\"promise\":\t\"same\"",            "\"promise\":\t\"similar\""     },
        {"\"leaf_splits\":\t3",               "\"leaf_splits\":\t3.5"         },
        {"\"put\":\t{",                       "\"putt\":\t{"                  },
        {"[50, 110]",                         "[50, 110, 1]"                  },
        {"[50, 110]",                         "[150, 110]"                    },
        {"\"rule\":\t\"lost_committed\",",    ""                              },
        {"\"pmu\":",                          "\"pmus\":"                     },
    };
    const char *path = folder_join(*state, "x.json");
    static char text[65536], broken[65536];
    tl_result *result = sample(NULL, path);
    finish(result);
    tl_result_free(result);
    if (validate(path) != 0)
        fail_msg("the sound result is refused, or python3-jsonschema is not installed");
    folder_read(path, text, sizeof text);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *at = strstr(text, faults[i].sound);
        if (at == NULL)
            fail_msg("the sample has no %s", faults[i].sound);
        snprintf(broken, sizeof broken, "%.*s%s%s", (int)(at - text), text, faults[i].faulty,
                 at + strlen(faults[i].sound));
        folder_write(path, broken);
        if (validate(path) != 1)
            fail_msg("%s passes as %s", faults[i].sound, faults[i].faulty);
    }
}

static void two_runs_in_one_second_have_two_directories(void **state)
{
    const folder *made = *state;
    tl_result *results[3];
    for (size_t i = 0; i < 3; i++)
        results[i] = begin(made->path, NULL);
    assert_string_not_equal(tl_result_id(results[0]), tl_result_id(results[1]));
    assert_string_not_equal(tl_result_dir(results[1]), tl_result_dir(results[2]));
    assert_int_equal(folder_count(made->path), 3);
    for (size_t i = 0; i < 3; i++)
        tl_result_free(results[i]);
    assert_int_equal(folder_count(made->path), 0); /* unfinished runs leave nothing */
}

static void the_directory_of_runs_is_made_with_those_above_it(void **state)
{
    tl_result *result = begin(folder_join(*state, "deep/er/out"), NULL);
    struct stat info;
    assert_int_equal(stat(tl_result_dir(result), &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    tl_result_free(result);
}

static void a_place_that_cannot_hold_a_run_is_named(void **state)
{
    const char *file = folder_join(*state, "file");
    folder_write(file, "");
    char error[TL_RESULT_TEXT_MAX];
    tl_result *result = NULL;
    tl_result_request request = {
        .argc = 3, .argv = command_line, .error = error, .error_bytes = sizeof error};
    assert_int_equal(tl_result_begin(&request, &result), TL_INVALID);
    request.out_dir = file;
    assert_int_equal(tl_result_begin(&request, &result), TL_IO);
    assert_non_null(strstr(error, file));
    assert_non_null(strstr(error, "Not a directory"));
    request.out_dir = "/sys/treelab-test";
    assert_true(tl_result_begin(&request, &result) != TL_OK);
    assert_non_null(strstr(error, request.out_dir));
    assert_null(result);
}

static void a_full_disk_for_one_copy_does_not_cost_the_other(void **state)
{
    const folder *made = *state;
    char error[TL_RESULT_TEXT_MAX] = "", path[PATH_MAX];
    tl_result *result = sample(made->path, "/dev/full");
    snprintf(path, sizeof path, "%s/" TL_RESULT_FILE, tl_result_dir(result));
    assert_int_equal(tl_result_finish(result, TL_RESULT_OK, 0, error, sizeof error), TL_NO_SPACE);
    assert_non_null(strstr(error, "/dev/full"));
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    tl_json_free(root);
    tl_result_free(result);
}

static void a_cell_lost_for_want_of_memory_is_no_result(void **state)
{
    const char *path = folder_join(*state, "x.json");
    char error[TL_RESULT_TEXT_MAX];
    tl_result *result = sample(NULL, path);
    assert_null(tl_result_dir(result));
    tl_result_add_cell(result, NULL);
    assert_int_equal(tl_result_finish(result, TL_RESULT_OK, 0, error, sizeof error), TL_NO_MEMORY);
    assert_int_equal(access(path, F_OK), -1);
    tl_result_free(result);
}

/* A duel that was ended said 0, which was not true. */
static void a_command_that_does_not_count_missing_cells_writes_no_number(void **state)
{
    const char *path = folder_join(*state, "x.json");
    for (int known = 0; known < 2; known++) {
        tl_result *result = sample(NULL, path);
        tl_result_set_summary(result, &(tl_result_summary){.missing_known = known, .missing = 7});
        finish(result);
        tl_result_free(result);
        tl_json *root = NULL;
        assert_int_equal(tl_json_read(path, &root), TL_OK);
        const tl_json *missing = tl_json_get(tl_json_get(root, "summary"), "missing");
        assert_int_equal(missing != NULL, known);
        assert_int_equal(tl_json_count(missing, 0), known ? 7 : 0);
        tl_json_free(root);
        assert_int_equal(validate(path), 0);
    }
}

/* Last: the mark of a lost count stays for the life of the process. */
static void a_count_that_json_cannot_hold_makes_the_run_invalid(void **state)
{
    const char *path = folder_join(*state, "x.json");
    tl_result *result = sample(NULL, path);
    tl_result_set_summary(result, &(tl_result_summary){.answers_checked = UINT64_MAX});
    finish(result);
    tl_result_free(result);
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    assert_string_equal(tl_json_text(tl_json_get(root, "status"), ""), "invalid");
    tl_json_free(root);
    assert_int_equal(validate(path), 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_frame_writes_what_the_schema_says),
        IN_FOLDER(the_schema_refuses_a_result_with_one_fault),
        IN_FOLDER(two_runs_in_one_second_have_two_directories),
        IN_FOLDER(the_directory_of_runs_is_made_with_those_above_it),
        IN_FOLDER(a_place_that_cannot_hold_a_run_is_named),
        IN_FOLDER(a_full_disk_for_one_copy_does_not_cost_the_other),
        IN_FOLDER(a_cell_lost_for_want_of_memory_is_no_result),
        IN_FOLDER(a_command_that_does_not_count_missing_cells_writes_no_number),
        IN_FOLDER(a_count_that_json_cannot_hold_makes_the_run_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
