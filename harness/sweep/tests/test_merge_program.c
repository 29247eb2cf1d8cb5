/* `treelab merge` as a user runs it.  TREELAB comes from the build. */
#define _GNU_SOURCE
#include "../../cli/tests/program.h"

#include "harness/cli/cli.h"
#include "harness/report/json.h"
#include "harness/report/wholefile.h"

/* Each test in a folder of its own, which relative names mean. */
static int enter(void **state)
{
    int failed = program_setup(state);
    const program *treelab = *state;
    return failed != 0 ? failed : chdir(treelab->scratch->path);
}
static int leave(void **state)
{
    return chdir("/") | program_teardown(state);
}
#define AS_USER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static const char grid[] = "[global]\ntree.checkpoint_thread = off\nops = 60\nrepeat = 2\n[axes]\n"
                           "workload = queue, ascending\ntree.split = adaptive, half_keys\n";

/* Not inlined: gcc 12 at -O3 takes what it returns for the address of `text`. */
__attribute__((noinline)) static char *read_text(const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    if (tl_wholefile_read(path, 1 << 26, &text, &bytes) != TL_OK)
        fail_msg("cannot read %s", path);
    return text;
}

static void assert_same_file(const char *one, const char *other)
{
    char *left = read_text(one), *right = read_text(other);
    assert_string_equal(left, right);
    free(left);
    free(right);
}

/* Replace each `from` by `to`, of the same length. */
static void edit(const char *path, const char *from, const char *to, size_t times)
{
    char *text = read_text(path), *at = text;
    assert_int_equal(strlen(from), strlen(to));
    for (size_t i = 0; i < times && (at = strstr(at, from)) != NULL; i++)
        memcpy(at, to, strlen(to));
    assert_int_equal(tl_wholefile_write(path, text, strlen(text)), TL_OK);
    free(text);
}

static void sweep_in(program *treelab, int shards)
{
    assert_int_equal(tl_wholefile_write("g.ini", grid, sizeof grid - 1), TL_OK);
    for (int i = 1; i <= shards; i++) {
        program_run(treelab, "sweep g.ini --shard %d/%d --out of%d/%d -q", i, shards, shards, i);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    }
}

static void merged_counters_are_the_same_for_1_2_7_and_32_shards(void **state)
{
    program *treelab = *state;
    static const int shards[] = {1, 2, 7, 32};
    for (size_t i = 0; i < 4; i++) {
        sweep_in(treelab, shards[i]);
        program_run(treelab, "merge --counters counters%d.json whole%d of%d/*", shards[i],
                    shards[i], shards[i]);
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->out, "8 cells of ");
        char path[64];
        snprintf(path, sizeof path, "counters%d.json", shards[i]);
        assert_same_file("counters1.json", path);
    }
    char *text = read_text("counters1.json");
    program_says(text, "\"leaf_splits\"");
    assert_null(strstr(text, "_ns\""));
    free(text);
}

static void merging_twice_is_merging_once_in_any_order(void **state)
{
    program *treelab = *state;
    static const char *const files[] = {"samples.jsonl", "run.json", "merged.json"};
    sweep_in(treelab, 3);
    program_run(treelab, "merge a of3/1 of3/2 of3/3");
    program_run(treelab, "merge b of3/3 of3/2 of3/2 of3/1");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_run(treelab, "merge c of3/2");
    program_run(treelab, "merge c of3/3 of3/1");
    program_run(treelab, "merge c of3/1 a");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    for (size_t i = 0; i < 3; i++) {
        char paths[3][64];
        for (int m = 0; m < 3; m++)
            snprintf(paths[m], sizeof paths[m], "%c/%s", 'a' + m, files[i]);
        assert_same_file(paths[0], paths[1]);
        assert_same_file(paths[0], paths[2]);
    }
    program_run(treelab, "validate a/run.json");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

/* Their ids are equal then; what else they say of their runs is not. */
static void parts_begun_in_the_same_second_merge_the_same_in_any_order(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 2);
    tl_json *runs[2] = {NULL, NULL};
    assert_int_equal(tl_json_read("of2/1/run.json", &runs[0]), TL_OK);
    assert_int_equal(tl_json_read("of2/2/run.json", &runs[1]), TL_OK);
    static const char *const names[] = {"id", "started"};
    for (size_t i = 0; i < 2; i++)
        edit("of2/2/run.json", tl_json_text(tl_json_get(runs[1], names[i]), ""),
             tl_json_text(tl_json_get(runs[0], names[i]), ""), 1);
    tl_json_free(runs[0]);
    tl_json_free(runs[1]);
    edit("of2/1/run.json", "\"Release\"", "\"Rflease\"", 1);
    edit("of2/1/run.json", "\"RelWith", "\"RflWith", 1);
    program_run(treelab, "merge a of2/1 of2/2");
    program_run(treelab, "merge b of2/2 of2/1");
    program_run(treelab, "merge c of2/2");
    program_run(treelab, "merge c of2/1 c");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_same_file("a/run.json", "b/run.json");
    assert_same_file("a/run.json", "c/run.json");
}

static void a_cell_that_ran_twice_counts_once(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 1);
    sweep_in(treelab, 2);
    program_run(treelab, "merge --counters once.json a of1/1");
    program_run(treelab, "merge --counters twice.json b of1/1 of2/1 of2/2");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    program_says(treelab->out, "8 cells of 3 directories, 8 found again and equal");
    assert_same_file("once.json", "twice.json");
}

static void a_cell_that_counted_differently_is_a_finding(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 1);
    sweep_in(treelab, 2);
    char *text = read_text("of2/1/samples.jsonl");
    const char *found = strstr(text, "\"user_bytes\":");
    assert_non_null(found);
    size_t digit = (size_t)(found - text) + strlen("\"user_bytes\":");
    text[digit] = text[digit] == '9' ? '8' : (char)(text[digit] + 1);
    assert_int_equal(tl_wholefile_write("of2/1/samples.jsonl", text, strlen(text)), TL_OK);
    free(text);
    program_run(treelab, "merge a of1/1 of2/1 of2/2");
    assert_int_equal(treelab->exit_code, TL_EXIT_WRONG);
    program_says(treelab->err, "counted differently");
    assert_int_not_equal(access("a/run.json", F_OK), 0);
}

static tl_json *read_json(const char *path)
{
    tl_json *root = NULL;
    assert_int_equal(tl_json_read(path, &root), TL_OK);
    return root;
}

static const tl_json *first_times(const tl_json *merged)
{
    return tl_json_get(tl_json_at(tl_json_get(merged, "points"), 0), "times");
}

/* Operations that the histograms of an entry of "times" counted, by the text of the histogram. */
static uint64_t latencies_counted(const tl_json *times)
{
    const tl_json *phases = tl_json_get(times, "phases");
    uint64_t sum = 0;
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        const tl_json *kinds = tl_json_get(tl_json_at(phases, p), "latency");
        for (size_t k = 0; k < tl_json_size(kinds); k++) {
            const char *text = tl_json_text(tl_json_get(tl_json_at(kinds, k), "hdr"), NULL);
            assert_non_null(text);
            assert_int_equal(strncmp(text, "HISTF", 5), 0);
            sum += tl_json_count(tl_json_get(tl_json_at(kinds, k), "count"), 0);
        }
    }
    return sum;
}

static void repetitions_are_pooled_histograms_and_all(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 1);
    program_run(treelab, "merge a of1/1");
    tl_json *merged = read_json("a/merged.json"), *run = read_json("a/run.json");
    const tl_json *times = first_times(merged);
    assert_int_equal(tl_json_size(times), 1);
    uint64_t pooled = latencies_counted(tl_json_at(times, 0)), alone = 0;
    const char *id =
        tl_json_text(tl_json_get(tl_json_at(tl_json_get(merged, "points"), 0), "id"), "");
    const tl_json *cells = tl_json_get(run, "cells");
    for (size_t i = 0; i < tl_json_size(cells); i++) {
        const tl_json *cell = tl_json_at(cells, i);
        if (strncmp(tl_json_text(tl_json_get(cell, "id"), ""), id, strlen(id)) == 0)
            alone += latencies_counted(cell);
    }
    assert_true(pooled > 0);
    assert_int_equal(pooled, alone);
    tl_json_free(merged);
    tl_json_free(run);
}

static void times_of_unlike_machines_are_never_pooled(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 1);
    program_run(treelab, "merge --counters alike.json a of1/1");
    tl_json *run = read_json("of1/1/run.json");
    char class_key[64];
    snprintf(class_key, sizeof class_key, "%s",
             tl_json_text(tl_json_get(tl_json_get(run, "class"), "key"), ""));
    tl_json_free(run);
    edit("of1/1/samples.jsonl", class_key, "0x00000000000000ff", 2); /* the head, and one cell */
    program_run(treelab, "merge --counters unlike.json b of1/1");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
    assert_same_file("alike.json", "unlike.json"); /* counts do not know machines */
    tl_json *merged = read_json("b/merged.json");
    const tl_json *points = tl_json_get(merged, "points");
    size_t apart = 0;
    for (size_t i = 0; i < tl_json_size(points); i++)
        apart += tl_json_size(tl_json_get(tl_json_at(points, i), "times")) == 2;
    assert_int_equal(apart, 1);
    tl_json_free(merged);
    run = read_json("b/run.json");
    assert_string_not_equal(tl_json_text(tl_json_get(tl_json_get(run, "class"), "key"), ""),
                            class_key);
    tl_json_free(run);
    program_run(treelab, "validate b/run.json");
    assert_int_equal(treelab->exit_code, TL_EXIT_OK);
}

static void cells_of_two_builds_do_not_belong_together(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 2);
    tl_json *run = read_json("of2/1/run.json");
    char revision[64], other[64];
    snprintf(revision, sizeof revision, "\"revision\":\"%.12s",
             tl_json_text(tl_json_get(tl_json_get(run, "tool"), "rev"), ""));
    tl_json_free(run);
    snprintf(other, sizeof other, "\"revision\":\"%.12s", "000000000000");
    other[strlen(revision)] = '\0';
    edit("of2/1/samples.jsonl", revision, other, 1000);
    program_run(treelab, "merge a of2/1 of2/2");
    assert_int_equal(treelab->exit_code, TL_EXIT_ENVIRONMENT);
    program_says(treelab->err, "two builds");
}

static void a_part_is_not_overwritten(void **state)
{
    program *treelab = *state;
    sweep_in(treelab, 2);
    program_run(treelab, "merge of2/1 of2/2");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
    program_says(treelab->err, "is a part itself");
    program_run(treelab, "merge a nowhere");
    assert_int_equal(treelab->exit_code, TL_EXIT_USAGE);
}

/* Give the part's run.json only the members that `keep` names, and `id` as it is written. */
static void strip_run(const char *path, const char *id, const char *const *keep)
{
    char text[512];
    tl_json *run = read_json(path);
    int used = snprintf(text, sizeof text, "{\"id\": %s", id);
    for (; *keep != NULL; keep++) {
        char *line = tl_json_line(tl_json_get(run, *keep));
        assert_non_null(line);
        used += snprintf(text + used, sizeof text - (size_t)used, ", \"%s\": %s", *keep, line);
        assert_true(used < (int)sizeof text);
        free(line);
    }
    snprintf(text + used, sizeof text - (size_t)used, "}");
    assert_int_equal(tl_wholefile_write(path, text, strlen(text)), TL_OK);
    tl_json_free(run);
}

static void a_part_whose_run_json_lacks_members_merges_without_them(void **state)
{
    static const char *const keep[] = {"started", "tool", NULL};
    program *treelab = *state;
    sweep_in(treelab, 1);
    strip_run("of1/1/run.json", "\"20261122T000000Z_x\"", keep);
    program_run(treelab, "merge a of1/1");
    if (treelab->exit_code != TL_EXIT_OK)
        fail_msg("%s", treelab->err);
    program_says(treelab->out, "result: a/run.json\n");
    tl_json *run = read_json("a/run.json");
    assert_non_null(tl_json_get(run, "tool"));
    assert_null(tl_json_get(run, "noise"));
    assert_null(tl_json_get(run, "machine"));
    assert_int_equal(tl_json_size(tl_json_get(run, "cells")), 8);
    tl_json_free(run);
}

static void without_a_run_json_of_any_part_none_is_promised(void **state)
{
    static const char *const keep[] = {NULL};
    program *treelab = *state;
    sweep_in(treelab, 1);
    for (int absent = 0; absent < 2; absent++) {
        if (absent)
            assert_int_equal(remove("of1/1/run.json"), 0);
        else
            strip_run("of1/1/run.json", "7", keep); /* an id is text, and so this is no result */
        program_run(treelab, "merge a of1/1");
        assert_int_equal(treelab->exit_code, TL_EXIT_OK);
        program_says(treelab->err, "no part has a run.json");
        program_says(treelab->out, "result: a/merged.json\n");
        assert_null(strstr(treelab->out, "run.json"));
        assert_int_equal(access("a/merged.json", F_OK), 0);
        assert_int_not_equal(access("a/run.json", F_OK), 0);
    }
}

static void a_table_has_a_row_for_each_point(void **state)
{
    program *treelab = *state;
    size_t lines = 0;
    sweep_in(treelab, 1);
    program_run(treelab, "merge --table t.tsv a of1/1");
    char *text = read_text("t.tsv");
    assert_int_equal(strncmp(text, "label\tworkload\ttree.split\tstatus\t", 33), 0);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1 + 4);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_USER(merged_counters_are_the_same_for_1_2_7_and_32_shards),
        AS_USER(merging_twice_is_merging_once_in_any_order),
        AS_USER(parts_begun_in_the_same_second_merge_the_same_in_any_order),
        AS_USER(a_cell_that_ran_twice_counts_once),
        AS_USER(a_cell_that_counted_differently_is_a_finding),
        AS_USER(repetitions_are_pooled_histograms_and_all),
        AS_USER(times_of_unlike_machines_are_never_pooled),
        AS_USER(cells_of_two_builds_do_not_belong_together),
        AS_USER(a_part_is_not_overwritten),
        AS_USER(a_part_whose_run_json_lacks_members_merges_without_them),
        AS_USER(without_a_run_json_of_any_part_none_is_promised),
        AS_USER(a_table_has_a_row_for_each_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
