/* harness/report/tests/test_report_charts.c -- the tables of maps and bars: what is counted, what
 * is left out, what absence leaves. */
#include "harness/measure/hdr_codec.h"
#include "harness/measure/hlog.h"
#include "sample.h"
#include "suite_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static size_t count_pictures(const suite_fixture *f, const char *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < f->pictures.count; i++)
        count += strcmp(f->pictures.rows[i].kind, kind) == 0;
    return count;
}

/* --- latency heat maps --- */

enum { INTERVAL_MS = 100 };

static void log_interval(FILE *log, const char *tag, double begin_s, uint64_t value_ns,
                         uint64_t count)
{
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    tl_hdr *hdr = tl_hdr_new(&layout);
    char *text = NULL;
    assert_non_null(hdr);
    tl_hdr_record(hdr, value_ns, count);
    assert_int_equal(tl_hdr_encode(hdr, &text), TL_OK);
    tl_hlog_add(log, tag, (uint64_t)(begin_s * 1e9 + 0.5), INTERVAL_MS * 1000000u, value_ns, text);
    free(text);
    tl_hdr_free(hdr);
}

/* Two repetitions of `intervals` intervals: gets of 1 µs in the first, of 1 ms in the second, with
 * puts between, which nobody asks for.  The typical repetition is the first. */
static void put_intervals(const suite_fixture *f, const char *part, size_t intervals)
{
    char path[256];
    tl_json *run = sample_empty_run();
    for (uint64_t r = 0; r < 2; r++) {
        sample_add_small_cell(run, "tree", "a b c", r, 1000, 1000000 + r);
        tl_json *cell = (tl_json *)tl_json_at(tl_json_get(run, "cells"), r);
        tl_json *phase = (tl_json *)tl_json_at(tl_json_get(cell, "phases"), 0);
        tl_json *latency = tl_json_add_object(phase, "latency");
        tl_json_add_count(tl_json_add_object(latency, "put"), "count", 10);
        tl_json_add_count(tl_json_add_object(latency, "get"), "count", 1000);
    }
    suite_put(f, part, run);
    snprintf(path, sizeof path, "%s/%s/series.csv", f->dir, part);
    FILE *series = fopen(path, "w");
    snprintf(path, sizeof path, "%s/%s/latency.hlog", f->dir, part);
    FILE *log = fopen(path, "w");
    assert_true(series != NULL && log != NULL);
    fputs("driver,workload,repetition,phase,begin_s,length_s,kind,latency,count,per_s,p50_ns,"
          "p99_ns,p99_9_ns,splits,merges,alloc_compactions,checkpoints\n",
          series);
    tl_hlog_begin(log, "made up", 1700000000u * UINT64_C(1000000000));
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < intervals; i++) {
            double since_s = (double)i * INTERVAL_MS / 1000, at_s = (double)r * 100 + since_s;
            fprintf(series, "tree,a b c,%zu,get,%.3f,0.1,all,,7,70,,,,0,0,0,0\n", r, since_s);
            log_interval(log, "tree/a b c/get/put", at_s, 5000, 1);
            log_interval(log, "tree/a b c/get/get", at_s, r == 0 ? 1000 : 1000000, 7);
        }
    fclose(series);
    fclose(log);
}

static void heat_map_has_one_operation_of_the_typical_repetition(void **state)
{
    suite_fixture *f = *state;
    put_intervals(f, "", 6);
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "heat"), 1);
    tl_text text = {0};
    suite_load(f, "heat.tsv", &text);
    tl_text expected = {0};
    tl_text_add(&expected,
                "picture\tpanel\tcolumn\tbin\tbegin_s\tlength_s\tlow_ns\thigh_ns\tcount\n");
    for (int i = 0; i < 6; i++)
        tl_text_addf(&expected, "%s\t1\t%d\t30\t%.6g\t0.1\t1000\t1258.9\t7\n",
                     f->pictures.rows[f->pictures.count - 1].name, i, i / 10.0);
    assert_string_equal(tl_text_data(&text), tl_text_data(&expected));
    tl_text_clear(&text);
    tl_text_clear(&expected);
}

static void long_phases_are_joined_to_120_moments_and_no_call_is_lost(void **state)
{
    suite_fixture *f = *state;
    put_intervals(f, "", 500);
    suite_tabulate(f);
    tl_text text = {0};
    suite_load(f, "heat.tsv", &text);
    unsigned long long sum = 0, count = 0, column = 0, column_max = 0;
    for (const char *row = strchr(tl_text_data(&text), '\n'); row != NULL && row[1] != '\0';
         row = strchr(row + 1, '\n')) {
        assert_int_equal(sscanf(row + 1, "%*s %*d %llu %*d %*f %*f %*f %*f %llu", &column, &count),
                         2);
        sum += count;
        column_max = column > column_max ? column : column_max;
    }
    assert_int_equal(sum, 7 * 500);
    assert_int_equal(column_max, 99); /* of five intervals each */
    tl_text_clear(&text);
}

static void four_intervals_make_no_heat_map(void **state)
{
    suite_fixture *f = *state;
    put_intervals(f, "", 4);
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "heat"), 0);
    suite_says(f, "heat_bins.tsv",
               "picture\tpanel\tpart\tworkload\tphase\tdriver\tdriver_no\trepetition\toperation"
               "\tlow_ns\thigh_ns\tcount\tcount_max\n");
}

static void a_damaged_log_costs_its_lines_only(void **state)
{
    suite_fixture *f = *state;
    char path[128];
    put_intervals(f, "", 6);
    snprintf(path, sizeof path, "%s/latency.hlog", f->dir);
    tl_text log = {0};
    assert_int_equal(tl_text_load(&log, path), TL_OK);
    char *get = strstr(log.data, "/get,");
    strstr(get, "HISTF")[9] ^= 5;
    assert_int_equal(tl_text_save(&log, path), TL_OK);
    tl_text_clear(&log);
    suite_tabulate(f);
    suite_load(f, "heat.tsv", &log);
    size_t lines = 0;
    for (const char *at = tl_text_data(&log); *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 1 + 5);
    tl_text_clear(&log);
}

static void a_report_of_many_runs_has_twelve_heat_maps(void **state)
{
    suite_fixture *f = *state;
    for (int i = 0; i < 16; i++) {
        char part[16];
        snprintf(part, sizeof part, "run_%02d", i);
        put_intervals(f, part, 5);
    }
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "heat"), 12);
}

/* --- calibrations --- */

static void put_text(const suite_fixture *f, const char *name, const char *content)
{
    char path[256];
    tl_text text = {0};
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    tl_text_add(&text, content);
    assert_int_equal(tl_text_save(&text, path), TL_OK);
    tl_text_clear(&text);
}

#define CALIBRATION                                                                                \
    "{\"schema\":\"treelab.calibrate/1\",\"gates\":100,\"alarms\":1,\"gate_s\":7,\"rows\":["       \
    "{\"row\":\"a/b\",\"launches\":80,\"deviation_percent\":2,\"detectable_percent\":null,"        \
    "\"alarms\":1}],\"origin\":{\"id\":\"I\",\"argv\":[\"calibrate\"],"                            \
    "\"class\":{\"key\":\"0x77\"},\"options\":{\"seed\":\"0x01\"}}}"

/* Curves are cut where another row stands between: the rows of each follow each other here. */
static void a_calibration_is_drawn_without_any_run(void **state)
{
    suite_fixture *f = *state;
    put_text(f, "calibration.json", CALIBRATION);
    put_text(f, "calibration_power.tsv",
             "row\teffect\tpercent\tgates\tcaught\tpower\tpower_lower\tpower_upper\tgate_s\n"
             "a/b\tadded\t2\t10\t5\t0.5\t0.2\t0.8\t9\n"
             "a/b\tinjected\t2\t10\t4\t0.4\t0.1\t0.7\t9\n"
             "a/b\tadded\t5\t10\t10\t1\t0.7\t1\t9\n"
             "not/known\tadded\t5\t10\t10\t1\t0.7\t1\t9\n"
             "cut\tshort\n");
    put_text(f, "calibration_qq.tsv",
             "row\tstatistic\trank\tp_expected\tp\testimate_percent\n"
             "a/b\tmedian\t1\t0.25\t0.1\t0.5\na/b\tmedian\t2\t0.75\t0.6\t-0.1\n");
    char error[TL_SUITE_ERROR_BYTES] = "", tables[96];
    assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), TL_OK);
    assert_int_equal(f->suite.part_count, 0);
    assert_int_equal(tl_groups_make(&f->suite, &f->groups), TL_OK);
    snprintf(tables, sizeof tables, "%s/plots", f->dir);
    assert_int_equal(mkdir(tables, 0777), 0);
    assert_int_equal(tl_tsv_write(&f->suite, &f->groups, tables, &f->pictures, error, sizeof error),
                     TL_OK);
    suite_says(f, "plots/calibration_power.tsv",
               "picture\tpanel\trow\teffect\tpercent\tgates\tcaught\tpower\tpower_lower"
               "\tpower_upper\tgate_s\n"
               "calibration_1\t1\ta/b\tnone\t0\t100\t1\t0.01\t0.000512801\t0.0465598\t7\n"
               "calibration_1\t1\ta/b\tadded\t2\t10\t5\t0.5\t0.2\t0.8\t9\n"
               "calibration_1\t1\ta/b\tadded\t5\t10\t10\t1\t0.7\t1\t9\n"
               "calibration_1\t1\ta/b\tinjected\t2\t10\t4\t0.4\t0.1\t0.7\t9\n");
    /* Of two p-values the least is below 1 - sqrt(0.975) in 2.5 of 100 cases. */
    suite_says(f, "plots/calibration_qq.tsv",
               "picture\tpanel\trow\tstatistic\trank\tp_expected\tp\testimate_percent\tcount"
               "\tband_lower\tband_upper\n"
               "calibration_1\t1\ta/b\tmedian\t1\t0.25\t0.1\t0.5\t2\t0.0125791\t0.841886\n"
               "calibration_1\t1\ta/b\tmedian\t2\t0.75\t0.6\t-0.1\t2\t0.158114\t0.987421\n");
    tl_text captions = {0};
    suite_load(f, "plots/captions.tsv", &captions);
    assert_non_null(strstr(tl_text_data(&captions), "class 0x77"));
    assert_non_null(strstr(tl_text_data(&captions), "$ treelab calibrate\n"));
    tl_text_clear(&captions);
}

static void a_damaged_calibration_is_named(void **state)
{
    suite_fixture *f = *state;
    char error[TL_SUITE_ERROR_BYTES] = "";
    put_text(f, "calibration.json", "{\"schema\":");
    assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), TL_CORRUPT);
    assert_non_null(strstr(error, "calibration.json"));
    put_text(f, "calibration.json", "{\"schema\":\"treelab.run/1\"}");
    assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), TL_CORRUPT);
}

static void a_calibration_without_tables_keeps_its_alarms(void **state)
{
    suite_fixture *f = *state;
    put_text(f, "calibration.json", CALIBRATION);
    suite_put(f, "run", sample_empty_run());
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "calibration"), 1);
    suite_says(f, "calibration_qq.tsv",
               "picture\tpanel\trow\tstatistic\trank\tp_expected\tp\testimate_percent\tcount"
               "\tband_lower\tband_upper\n");
}

/* --- page maps --- */

#define MAP_HEAD                                                                                   \
    "# treelab.pages/1\n# page_bytes 4096\n# file x<y>.tl\npage\tkind\ttree\tlevel\tused_bytes"    \
    "\tusable_bytes\n"

/* The tables of what lies beside runs, in a directory of their own: inputs have the same names. */
static void tabulate_extras(suite_fixture *f)
{
    char error[TL_SUITE_ERROR_BYTES] = "", tables[96];
    assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), TL_OK);
    assert_int_equal(tl_groups_make(&f->suite, &f->groups), TL_OK);
    snprintf(tables, sizeof tables, "%s/plots", f->dir);
    assert_int_equal(mkdir(tables, 0777), 0);
    assert_int_equal(tl_tsv_write(&f->suite, &f->groups, tables, &f->pictures, error, sizeof error),
                     TL_OK);
}

static void a_page_map_counts_kinds_and_runs_of_free_pages(void **state)
{
    suite_fixture *f = *state;
    put_text(f, "pages-now.tsv",
             MAP_HEAD "0\tmeta\t0\t0\t0\t0\n1\tfree\t0\t0\t0\t0\n2\tfree\t0\t0\t0\t0\n"
                      "3\tleaf\t1\t0\t3000\t4000\n4\tfree\t0\t0\t0\t0\n5\tleaf\t1\t0\t1000\t4000\n"
                      "6\tnews\t1\t0\t1\t4000\n9\tleaf\t1\t0\t1\t4000\nnot a row\n");
    put_text(f, "pages-empty.tsv", MAP_HEAD);
    tabulate_extras(f);
    assert_int_equal(count_pictures(f, "pages"), 1);
    suite_says(f, "plots/pages.tsv",
               "picture\tpanel\tmap\tkind\tpages\tshare_percent\tfill_percent\tfree_runs"
               "\tlongest_run\n"
               "pages_1\t1\tnow\tfree\t3\t42.86\t-\t2\t2\n"
               "pages_1\t1\tnow\tmeta\t1\t14.29\t-\t-\t-\n"
               "pages_1\t1\tnow\tleaf\t2\t28.57\t50\t-\t-\n"
               "pages_1\t1\tnow\tother\t1\t14.29\t-\t-\t-\n");
    suite_says(f, "plots/pages_runs.tsv",
               "picture\tpanel\tlength\truns\tshare\n"
               "pages_1\t1\t2\t1\t0.5\npages_1\t1\t1\t2\t1\n");
}

static void a_map_of_a_large_file_has_a_bounded_number_of_squares(void **state)
{
    suite_fixture *f = *state;
    tl_text map = {0};
    tl_text_add(&map, MAP_HEAD);
    for (int i = 0; i < 40000; i++)
        tl_text_addf(&map, "%d\t%s\t0\t0\t0\t0\n", i, i % 3 == 2 ? "leaf" : "free");
    put_text(f, "pages.tsv", tl_text_data(&map));
    tl_text_clear(&map);
    tabulate_extras(f);
    suite_load(f, "plots/pages_squares.tsv", &map);
    size_t rows = 0;
    for (const char *at = tl_text_data(&map); *at != '\0'; at++)
        rows += *at == '\n';
    assert_int_equal(rows, 1 + (40000 + 2) / 3);
    assert_non_null(strstr(tl_text_data(&map), "pages_1\t1\t1\t3\tfree\t0\t")); /* two of three */
    tl_text_clear(&map);
}

/* Reading a row once looked at all rows behind it: this map took a minute. */
static void a_map_of_300_000_pages_is_read_row_by_row(void **state)
{
    suite_fixture *f = *state;
    tl_text map = {0};
    tl_text_add(&map, MAP_HEAD);
    for (int i = 0; i < 300000; i++)
        tl_text_addf(&map, "%d\t%s\t1\t0\t%d\t4000\n", i, i % 3 == 2 ? "leaf" : "free",
                     i % 3 == 2 ? 1000 : 0);
    map.data[--map.size_bytes] = '\0'; /* the last line may lack its end */
    put_text(f, "pages-now.tsv", tl_text_data(&map));
    tl_text_clear(&map);
    tabulate_extras(f);
    suite_says(f, "plots/pages.tsv",
               "picture\tpanel\tmap\tkind\tpages\tshare_percent\tfill_percent\tfree_runs"
               "\tlongest_run\n"
               "pages_1\t1\tnow\tfree\t200000\t66.67\t-\t100000\t2\n"
               "pages_1\t1\tnow\tleaf\t100000\t33.33\t25\t-\t-\n");
}

/* --- strategies --- */

static void strategies_have_medians_intervals_and_dots(void **state)
{
    suite_fixture *f = *state;
    tl_json *run = sample_empty_run();
    for (uint64_t r = 0; r < 6; r++) /* 1000 operations in 1..6 ms: 1e6, 5e5 ... a second */
        sample_add_small_cell(run, "tree", "random", r, 1000, 1000000 * (r + 1));
    sample_add_small_cell(run, "tree:split=half_bytes", "random", 0, 1000, 2000000);
    sample_add_small_cell(run, "lmdb", "random", 0, 1000, 2000000);
    suite_put(f, "", run);
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "strategies"), 1);
    /* Of six values the least and the largest hold the median in 31 of 32 cases. */
    suite_says(f, "strategies.tsv",
               "picture\tpanel\tbar\tpart\tworkload\tstrategy\tmeasure\tcount\tvalue\tlower"
               "\tupper\n"
               "strategies_1_random\t1\t1\t20261121T150000Z_000000000000\trandom\tdefault\trate"
               "\t6\t291667\t166667\t1e+06\n"
               "strategies_1_random\t1\t2\t20261121T150000Z_000000000000\trandom"
               "\tsplit=half_bytes\trate\t1\t500000\t-\t-\n");
}

static void stores_without_a_strategy_have_no_bars(void **state)
{
    suite_fixture *f = *state;
    tl_json *run = sample_empty_run();
    sample_add_small_cell(run, "tree", "random", 0, 1000, 2000000);
    sample_add_small_cell(run, "tree:leaf=dense", "random", 0, 1000, 2000000);
    sample_add_small_cell(run, "lmdb:split=x", "random", 0, 1000, 2000000);
    suite_put(f, "", run);
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "strategies"), 0);
}

static void a_sweep_has_bars_for_twelve_workloads(void **state)
{
    suite_fixture *f = *state;
    tl_json *run = sample_empty_run();
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "load_%d", i);
        sample_add_small_cell(run, "tree", name, 0, 1000, 2000000);
        sample_add_small_cell(run, "tree:fill=bulk90", name, 0, 1000, 2000000);
    }
    suite_put(f, "", run);
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "strategies"), 12);
}

static void duels_of_strategies_have_bars_of_their_estimates(void **state)
{
    suite_fixture *f = *state;
    char path[128];
    tl_json *run = sample_duel_run();
    suite_put(f, "", run);
    snprintf(path, sizeof path, "%s/run.json", f->dir);
    tl_text text = {0};
    assert_int_equal(tl_text_load(&text, path), TL_OK);
    for (char *at = text.data; (at = strstr(at, "leaf=rebuild")) != NULL; at++)
        memcpy(at, "split=share1", 12);
    assert_int_equal(tl_text_save(&text, path), TL_OK);
    tl_text_clear(&text);
    suite_tabulate(f);
    assert_int_equal(count_pictures(f, "strategies"), 1);
    suite_load(f, "strategies.tsv", &text);
    assert_non_null(strstr(tl_text_data(&text),
                           "random/insert\tsplit=share1\tcpu_percent\t16\t74.5\t73\t75.75\n"));
    tl_text_clear(&text);
    suite_load(f, "captions.tsv", &text); /* the command, although it belongs to all parts */
    assert_non_null(strstr(tl_text_data(&text), "$ treelab duel tree"));
    tl_text_clear(&text);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(heat_map_has_one_operation_of_the_typical_repetition),
        WITH_DIRECTORY(long_phases_are_joined_to_120_moments_and_no_call_is_lost),
        WITH_DIRECTORY(four_intervals_make_no_heat_map),
        WITH_DIRECTORY(a_damaged_log_costs_its_lines_only),
        WITH_DIRECTORY(a_report_of_many_runs_has_twelve_heat_maps),
        WITH_DIRECTORY(a_calibration_is_drawn_without_any_run),
        WITH_DIRECTORY(a_damaged_calibration_is_named),
        WITH_DIRECTORY(a_calibration_without_tables_keeps_its_alarms),
        WITH_DIRECTORY(a_page_map_counts_kinds_and_runs_of_free_pages),
        WITH_DIRECTORY(a_map_of_a_large_file_has_a_bounded_number_of_squares),
        WITH_DIRECTORY(a_map_of_300_000_pages_is_read_row_by_row),
        WITH_DIRECTORY(strategies_have_medians_intervals_and_dots),
        WITH_DIRECTORY(stores_without_a_strategy_have_no_bars),
        WITH_DIRECTORY(a_sweep_has_bars_for_twelve_workloads),
        WITH_DIRECTORY(duels_of_strategies_have_bars_of_their_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
