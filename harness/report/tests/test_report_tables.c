/* harness/report/tests/test_report_tables.c -- what the TSV tables say, to the last byte. */
#include "sample.h"
#include "suite_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void tabulate(suite_fixture *f, tl_json *run)
{
    suite_put(f, "", run);
    suite_tabulate(f);
}

static tl_json *small_run(void)
{
    tl_json *run = sample_empty_run();
    const struct {
        const char *label;
        uint64_t repetition, wall_ns;
    } cells[] = {
        {"tree", 0, 1000000},
        {"lmdb", 0, 3000000},
        {"lmdb", 1, 2000000},
        {"tree", 1, 2000000},
        {"tree", 2, 500000 },
        {"lmdb", 2, 2000000},
    };
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        sample_add_small_cell(run, cells[i].label, "random", cells[i].repetition, 1000,
                              cells[i].wall_ns);
    return run;
}

#define PLACE "throughput_1\t1\t"
#define PART  "20261121T150000Z_000000000000\trandom\tget\t"

static void throughput_tables_are_exact(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, small_run());
    suite_says(f, "throughput.tsv",
               "picture\tpanel\tbar\tpart\tworkload\tphase\tdriver\tdriver_no\trepetition\tops"
               "\twall_ns\tcpu_ns\tops_ns\tops_per_s\n"                                 //
               PLACE "1\t" PART "tree\t1\t0\t1000\t1000000\t1000000\t500000\t1e+06\n"   //
               PLACE "1\t" PART "tree\t1\t1\t1000\t2000000\t2000000\t1000000\t500000\n" //
               PLACE "1\t" PART "tree\t1\t2\t1000\t500000\t500000\t250000\t2e+06\n"     //
               PLACE "2\t" PART "lmdb\t2\t0\t1000\t3000000\t3000000\t1500000\t333333\n" //
               PLACE "2\t" PART "lmdb\t2\t1\t1000\t2000000\t2000000\t1000000\t500000\n" //
               PLACE "2\t" PART "lmdb\t2\t2\t1000\t2000000\t2000000\t1000000\t500000\n");
    suite_says(f, "throughput_summary.tsv",
               "picture\tpanel\tbar\tpart\tworkload\tphase\tdriver\tdriver_no\trepetitions"
               "\tops_per_s_median\tops_per_s_min\tops_per_s_max\tratio_count\tratio_median"
               "\tratio_min\tratio_max\tgap\n"                                      //
               PLACE "1\t" PART "tree\t1\t3\t1e+06\t500000\t2e+06\t3\t3\t1\t4\t-\n" //
               PLACE "2\t" PART "lmdb\t2\t3\t500000\t333333\t500000\t3\t1\t1\t1\t-\n");
    suite_says(f, "panels.tsv", "picture\tpanel\ttitle\nthroughput_1\t1\trandom: get\n");
    suite_says(
        f, "bars.tsv",
        "picture\tbar\tname\tdriver_no\nthroughput_1\t1\ttree\t1\nthroughput_1\t2\tlmdb\t2\n");
    suite_says(f, "pictures.tsv",
               "kind\tpicture\ttitle\tpanels\tlow\thigh\n"
               "throughput\tthroughput_1\tThroughput by workload and phase\t1\t0\t0\n");
}

/* tree / lmdb by repetition: 3, 1, 4.  Medians first would give 1e6 / 5e5 = 2. */
static void a_ratio_is_the_median_of_ratios_not_the_ratio_of_medians(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, small_run());
    const tl_group *tree = &f->groups.rows[0];
    assert_string_equal(tree->label, "tree");
    assert_true(tree->ratio.median > 2.999 && tree->ratio.median < 3.001);
    assert_true(tree->ratio.min > 0.999 && tree->ratio.min < 1.001);
    assert_true(tree->ratio.max > 3.999 && tree->ratio.max < 4.001);
    assert_int_equal(tree->ratio.count, 3);
}

static void different_streams_are_never_put_in_a_ratio(void **state)
{
    suite_fixture *f = *state;
    tl_json *run = sample_empty_run();
    sample_add_small_cell(run, "tree", "random", 0, 1000, 1000);
    sample_add_small_cell(run, "lmdb", "random", 0, 999, 1000);  /* not the same operations */
    sample_add_small_cell(run, "tree", "random", 1, 1000, 1000); /* no partner at all */
    tabulate(f, run);
    assert_int_equal(f->groups.rows[0].ratio.count, 0);
    assert_int_equal(f->groups.rows[0].ops_per_s.count, 2);
}

static void medians_of_odd_and_even_counts(void **state)
{
    (void)state;
    double odd[] = {9, 1, 5}, even[] = {4, 1, 2, 100}, one[] = {7};
    tl_spread spread = tl_spread_of(odd, 3);
    assert_true(spread.median == 5 && spread.min == 1 && spread.max == 9);
    spread = tl_spread_of(even, 4);
    assert_true(spread.median == 3 && spread.min == 1 && spread.max == 100);
    spread = tl_spread_of(one, 1);
    assert_true(spread.median == 7 && spread.min == 7 && spread.max == 7 && spread.count == 1);
    assert_int_equal(tl_spread_of(NULL, 0).count, 0);
}

static const tl_group *find_group(const tl_groups *groups, const char *label, const char *workload)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->rows[i].label, label) == 0 &&
            strcmp(groups->rows[i].workload, workload) == 0)
            return &groups->rows[i];
    }
    fail_msg("no group %s %s", label, workload);
    return NULL;
}

static void a_cell_that_failed_shows_as_a_gap_not_as_a_number(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, sample_hostile_run());
    assert_string_equal(find_group(&f->groups, "sqlite", "zero")->gap, "unsupported");
    assert_string_equal(find_group(&f->groups, "liar", "zero")->gap, "wrong");
    assert_string_equal(find_group(&f->groups, "tree", "zero")->gap, "no operations");
    assert_int_equal(find_group(&f->groups, "liar", "zero")->ops_per_s.count, 0);
}

static void every_row_has_as_many_fields_as_its_header(void **state)
{
    static const char *const names[] = {
        "pictures", "captions", "panels",    "bars",  "throughput", "throughput_summary",
        "latency",  "counters", "allocator", "crash", "measures"};
    suite_fixture *f = *state;
    tabulate(f, sample_hostile_run());
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        tl_text text = {0};
        snprintf(path, sizeof path, "%s/%s.tsv", f->dir, names[i]);
        assert_int_equal(tl_text_load(&text, path), TL_OK);
        size_t wanted = 0, tabs = 0, line = 0;
        for (const char *at = tl_text_data(&text); *at != '\0'; at++) {
            tabs += *at == '\t';
            if (*at != '\n')
                continue;
            if (line++ == 0)
                wanted = tabs;
            if (tabs != wanted)
                fail_msg("%s line %zu: %zu fields, not %zu", path, line, tabs + 1, wanted + 1);
            tabs = 0;
        }
        assert_true(line > 0);
        tl_text_clear(&text);
    }
}

static void curves_end_at_the_share_that_one_call_is(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, sample_bench_run(1));
    char path[128];
    tl_text text = {0};
    snprintf(path, sizeof path, "%s/latency.tsv", f->dir);
    assert_int_equal(tl_text_load(&text, path), TL_OK);
    /* 2000 scans: the slowest is drawn at 1 - 1/2000, where 3.3 nines are; nothing lies beyond. */
    assert_non_null(strstr(tl_text_data(&text), "\tscan\tscan\ttree\t1\t0\t1\t99.9\t3\t"));
    assert_non_null(strstr(tl_text_data(&text), "\tscan\tscan\ttree\t1\t0\t1\t100\t3.30103\t"));
    assert_null(strstr(tl_text_data(&text), "\tscan\tscan\ttree\t1\t0\t1\t99.99\t"));
    assert_null(strstr(tl_text_data(&text), "\tcommit\t")); /* one call makes no curve */
    tl_text_clear(&text);
}

static void leaf_modes_stand_side_by_side_per_operation(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, sample_bench_run(2));
    char path[128];
    tl_text text = {0};
    snprintf(path, sizeof path, "%s/allocator.tsv", f->dir);
    assert_int_equal(tl_text_load(&text, path), TL_OK);
    const char *table = tl_text_data(&text);
    assert_non_null(strstr(table, "\trandom\tinsert\talloc_bytes_moved\tbytes\tfreelist\t34\n"));
    assert_non_null(strstr(table, "\trandom\tinsert\talloc_bytes_moved\tbytes\trebuild\t2300\n"));
    assert_null(strstr(table, "\tget\t")); /* a phase that never allocates is left out */
    tl_text_clear(&text);
}

static void crash_cells_keep_their_counts_and_outcomes(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, sample_crash_run(7));
    char path[128];
    tl_text text = {0};
    snprintf(path, sizeof path, "%s/crash.tsv", f->dir);
    assert_int_equal(tl_text_load(&text, path), TL_OK);
    const char *table = tl_text_data(&text);
    assert_non_null(strstr(table, "tree\tcommit\tjournal\t118904\t0\tclean\n"));
    assert_non_null(strstr(table, "tree:commit=shadow2\tcommit\tprefix\t160\t7\tfinding\n"));
    tl_text_clear(&text);
}

/* Intervals are joined from a line for the rate and one per kind of latency; the kind with the
 * most calls stands for the interval. */
static void a_phase_over_time_shows_its_main_operation(void **state)
{
    suite_fixture *f = *state;
    char path[128];
    tl_text csv = {0}, table = {0};
    tl_text_add(&csv, "driver,workload,repetition,phase,begin_s,length_s,kind,latency,count,per_s,"
                      "p50_ns,p99_ns,p99_9_ns,max_ns,splits,merges,alloc_compactions,checkpoints,"
                      "log_bytes\n");
    for (unsigned i = 0; i < 6; i++)
        tl_text_addf(&csv,
                     "tree,random,0,get,%u,1,all,,1000,1000,,,,,%u,0,2,1,77\n"
                     "tree,random,0,get,%u,1,scan,service,10,10,900,910,920,930,,,,,\n"
                     "tree,random,0,get,%u,1,get,service,990,990,100,200,300,400,,,,,\n"
                     "tree,random,0,get,%u,1,get,response,990,990,1100,1200,1300,1400,,,,,\n"
                     "torn line\n",
                     i, i, i, i, i);
    snprintf(path, sizeof path, "%s/series.csv", f->dir);
    assert_int_equal(tl_text_save(&csv, path), TL_OK);
    tl_json *run = sample_empty_run();
    sample_add_small_cell(run, "tree", "random", 0, 6000, 6000000000);
    tabulate(f, run);
    snprintf(path, sizeof path, "%s/series.tsv", f->dir);
    assert_int_equal(tl_text_load(&table, path), TL_OK);
    assert_non_null(strstr(tl_text_data(&table),
                           "\ttree\t1\t0\t5.000000\t1.000000\t1000\t100\t200\t300\t1100\t1200"
                           "\t1300\t5\t0\t2\t1\t-\n"));
    tl_text_clear(&csv);
    tl_text_clear(&table);
}

static void duels_are_sorted_by_effect_and_those_without_one_come_last(void **state)
{
    suite_fixture *f = *state;
    tabulate(f, sample_duel_run());
    assert_int_equal(f->pictures.count, 1);
    assert_string_equal(f->pictures.rows[0].kind, "effects");
    char path[128];
    tl_text table = {0};
    snprintf(path, sizeof path, "%s/effects.tsv", f->dir);
    assert_int_equal(tl_text_load(&table, path), TL_OK);
    const char *worst = strstr(tl_text_data(&table), "effects\t1\t");
    const char *middle = strstr(tl_text_data(&table), "effects\t2\t");
    const char *last = strstr(tl_text_data(&table), "effects\t3\t");
    assert_true(worst != NULL && middle > worst && last > middle);
    assert_non_null(strstr(worst, "random/insert\ttree\ttree:leaf=rebuild\tregressed\tcpu_time"
                                  "\t16\t74.5\t73\t75.75\t75.5\t0.001\t0.5\t5\t"
                                  "+74.50 %  [+73.00 .. +75.75]  regressed, n = 16\t-\n"));
    assert_non_null(strstr(middle, "random/get\t"));
    assert_non_null(strstr(last, "\t-\t-\t-\t-\t0\t0.5\t5\tpass, by counters\t-\n"));
    tl_text_clear(&table);
}

static void fields_never_break_their_line(void **state)
{
    (void)state;
    tl_text text = {0};
    tl_text_add_field(&text, "a\tb\nc\"d\\e\xff\xc3\xa9");
    assert_string_equal(tl_text_data(&text), "a b c'd\\\\e?\xc3\xa9");
    tl_text_clear(&text);
    tl_text_add_field(&text, "");
    assert_string_equal(tl_text_data(&text), "-");
    tl_text_clear(&text);
}

/* What a directory may hold instead of a run, and what is said about it. */
static void damaged_and_foreign_results_are_named(void **state)
{
    static const struct {
        const char *content, *words;
        tl_status status;
    } rows[] = {
        {"{\"schema\":\"treelab.run/1\",\"cells\":[",   "damaged",       TL_CORRUPT},
        {"",                                            "damaged",       TL_CORRUPT},
        {"[1,2]",                                       "no \"schema\"", TL_CORRUPT},
        {"{\"schema\":\"treelab.run/1\"}",              "no \"cells\"",  TL_CORRUPT},
        {"{\"schema\":\"treelab.run/9\",\"cells\":[]}", "treelab.run/9", TL_VERSION},
    };
    suite_fixture *f = *state;
    char path[128], error[TL_SUITE_ERROR_BYTES];
    assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), TL_NOT_FOUND);
    assert_non_null(strstr(error, "treelab run"));
    snprintf(path, sizeof path, "%s/run.json", f->dir);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_text text = {0};
        tl_text_add(&text, rows[i].content);
        assert_int_equal(tl_text_save(&text, path), TL_OK);
        tl_text_clear(&text);
        assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), rows[i].status);
        assert_non_null(strstr(error, path));
        assert_non_null(strstr(error, rows[i].words));
    }
}

static void parts_of_a_suite_are_joined_by_name(void **state)
{
    suite_fixture *f = *state;
    char path[128], error[TL_SUITE_ERROR_BYTES] = "";
    static const char *const names[] = {"crash", "bench"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        assert_int_equal(mkdir(path, 0777), 0);
        snprintf(path, sizeof path, "%s/%s/run.json", f->dir, names[i]);
        tl_json *run = i == 0 ? sample_crash_run(0) : small_run();
        assert_int_equal(tl_json_write(run, path), TL_OK);
        tl_json_free(run);
    }
    assert_int_equal(tl_suite_load(f->dir, &f->suite, error, sizeof error), TL_OK);
    assert_int_equal(f->suite.part_count, 2);
    assert_string_equal(f->suite.parts[0].name, "bench");
    assert_int_equal(f->suite.parts[0].bench_count, 6);
    assert_string_equal(f->suite.parts[1].name, "crash");
    assert_int_equal(f->suite.parts[1].crash_count, 4);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(throughput_tables_are_exact),
        WITH_DIRECTORY(a_ratio_is_the_median_of_ratios_not_the_ratio_of_medians),
        WITH_DIRECTORY(different_streams_are_never_put_in_a_ratio),
        cmocka_unit_test(medians_of_odd_and_even_counts),
        WITH_DIRECTORY(a_cell_that_failed_shows_as_a_gap_not_as_a_number),
        WITH_DIRECTORY(every_row_has_as_many_fields_as_its_header),
        WITH_DIRECTORY(curves_end_at_the_share_that_one_call_is),
        WITH_DIRECTORY(leaf_modes_stand_side_by_side_per_operation),
        WITH_DIRECTORY(crash_cells_keep_their_counts_and_outcomes),
        WITH_DIRECTORY(a_phase_over_time_shows_its_main_operation),
        WITH_DIRECTORY(duels_are_sorted_by_effect_and_those_without_one_come_last),
        cmocka_unit_test(fields_never_break_their_line),
        WITH_DIRECTORY(damaged_and_foreign_results_are_named),
        WITH_DIRECTORY(parts_of_a_suite_are_joined_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
