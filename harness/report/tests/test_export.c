/* What other tools are given: names without what they split at, medians, and nothing that failed.
 */
#include "harness/report/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add_cell(tl_json *cells, uint64_t repetition, const char *status, uint64_t wall_ns)
{
    tl_json *cell = tl_json_add_object(cells, NULL);
    tl_json_add_text(cell, "kind", "bench");
    tl_json_add_text(cell, "status", status);
    tl_json_add_text(cell, "label", "tree:leaf=bump,split=half");
    tl_json_add_count(cell, "repetition", repetition);
    tl_json *workload = tl_json_add_object(cell, "workload");
    tl_json_add_text(workload, "name", "random");
    tl_json *phases = tl_json_add_array(cell, "phases");
    static const bool measured[] = {true, false};
    for (size_t i = 0; i < 2; i++) {
        tl_json *phase = tl_json_add_object(phases, NULL);
        tl_json_add_text(phase, "name", i == 0 ? "insert" : "audit");
        tl_json_add_bool(phase, "measured", measured[i]);
        tl_json_add_count(phase, "ops", 10);
        tl_json_add_count(phase, "wall_ns", wall_ns);
        tl_json_add_count(phase, "cpu_ns", wall_ns / 2);
        tl_json *latency = tl_json_add_object(phase, "latency");
        for (size_t kind = 0; kind < 2; kind++) {
            tl_json *one = tl_json_add_object(latency, kind == 0 ? "commit" : "insert");
            tl_json_add_count(one, "count", kind == 0 ? 1 : 10);
            tl_json_add_count(one, "p50", kind == 0 ? 999 : 5);
            tl_json_add_count(one, "p99", kind == 0 ? 999 : 7);
        }
    }
}

static tl_json *sample(void)
{
    tl_json *run = tl_json_object_new(), *cells = tl_json_add_array(run, "cells");
    tl_json_add_text(tl_json_add_object(run, "tool"), "rev", "abc");
    add_cell(cells, 0, "ok", 300);
    add_cell(cells, 1, "ok", 100);
    add_cell(cells, 2, "ok", 200);
    add_cell(cells, 3, "wrong", 1);
    return run;
}

static void written(const char *format, size_t benchmarks, tl_text *out)
{
    tl_json *run = sample();
    size_t count = 0;
    assert_int_equal(tl_export(run, format, out, &count), TL_OK);
    assert_int_equal(count, benchmarks);
    tl_json_free(run);
}

#define NAME "tree_leaf=bump_split=half/random/insert"

static void benchstat_gets_a_line_per_repetition(void **state)
{
    (void)state;
    tl_text out = {0};
    written("go", 3, &out);
    assert_non_null(
        strstr(out.data, "Benchmark/" NAME "\t10\t30 ns/op\t15 cpu-ns/op\t5 p50-ns\t7 p99-ns\n"));
    assert_non_null(strstr(out.data, "\t10 ns/op"));
    assert_null(strstr(out.data, "audit"));
    assert_null(strstr(out.data, "\t0.1 ns/op")); /* of the cell that went wrong */
    tl_text_clear(&out);
}

static void the_json_formats_have_the_fields_their_readers_want(void **state)
{
    (void)state;
    tl_text google = {0}, bencher = {0}, smaller = {0};
    written("google", 3, &google);
    assert_non_null(strstr(google.data, "\"benchmarks\":[{\"name\":\"" NAME "\""));
    assert_non_null(strstr(google.data, "\"repetition_index\":2"));
    assert_non_null(strstr(google.data, "\"time_unit\":\"ns\""));
    written("bencher", 3, &bencher);
    assert_non_null(strstr(bencher.data,
                           "{\"" NAME "\":{\"latency\":{\"value\":20,\"lower_value\":10,"
                           "\"upper_value\":30}"));
    written("smaller", 3, &smaller);
    assert_non_null(strstr(smaller.data, "[{\"name\":\"" NAME "\",\"unit\":\"ns/op\",\"value\":20,"
                                         "\"range\":\"10..30\"}]"));
    tl_text_clear(&google);
    tl_text_clear(&bencher);
    tl_text_clear(&smaller);
}

static void an_unknown_format_and_an_empty_run_are_told(void **state)
{
    (void)state;
    tl_json *run = sample(), *empty = tl_json_object_new();
    tl_text out = {0};
    size_t count = 7;
    assert_int_equal(tl_export(run, "xml", &out, &count), TL_NOT_FOUND);
    for (const char *const *format = tl_export_formats(); *format != NULL; format++) {
        assert_int_equal(tl_export(empty, *format, &out, &count), TL_OK);
        assert_int_equal(count, 0);
    }
    tl_text_clear(&out);
    tl_json_free(run);
    tl_json_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(benchstat_gets_a_line_per_repetition),
        cmocka_unit_test(the_json_formats_have_the_fields_their_readers_want),
        cmocka_unit_test(an_unknown_format_and_an_empty_run_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
