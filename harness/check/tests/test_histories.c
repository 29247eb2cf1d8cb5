/* harness/check/tests/test_histories.c -- the canonical histories are what they say. */
#include "harness/check/recording.h"
#include "harness/check/standard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *what_is_recorded; /* "overflow under log", for messages */

/* Run a history as `treelab crash --history NAME` does. */
static tl_recording record(const tl_history *history, const char *protocol)
{
    static char name[64];
    snprintf(name, sizeof name, "%s under %s", history->name, protocol);
    what_is_recorded = name;
    tl_standard_settings standard;
    tl_standard_settings_fill(&standard, protocol, history->page_bytes);
    tl_recording_spec spec = {
        .driver = tl_driver_find("tree"),
        .settings = standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = TL_DURABILITY_COMMIT,
        .page_bytes = history->page_bytes,
        .history = history,
        .seed = TL_STANDARD_SEED,
        .commits = history->commits,
    };
    tl_recording recording;
    char error[256] = "";
    if (tl_recording_make(&spec, &recording, error, sizeof error) != TL_OK)
        fail_msg("%s: %s", name, error);
    return recording;
}

static void must(bool holds, const char *event)
{
    if (!holds)
        fail_msg("%s: %s", what_is_recorded, event);
}

/* Acknowledged commits that have the end of a checkpoint (a sync of the pages' file) between them.
 */
static bool has_checkpoint_between_commits(const tl_trace *trace)
{
    for (size_t n = 1; n < trace->commits; n++) {
        for (size_t i = trace->acknowledged[n]; i < trace->begun[n + 1]; i++) {
            const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, i);
            if (op->kind == TL_SIMDISK_SYNC &&
                strstr(tl_simdisk_path(trace->disk, op->path), ".log") == NULL)
                return true;
        }
    }
    return false;
}

static unsigned log_files_written(const tl_trace *trace)
{
    uint32_t seen[2] = {0, 0};
    unsigned count = 0;
    for (size_t i = 0; i < tl_simdisk_op_count(trace->disk); i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, i);
        if (op->kind == TL_SIMDISK_CREATE &&
            strstr(tl_simdisk_path(trace->disk, op->path), ".log") != NULL && count < 2)
            seen[count++] = op->file;
    }
    unsigned written = 0;
    for (unsigned f = 0; f < count; f++) {
        unsigned writes = 0;
        for (size_t i = 0; i < tl_simdisk_op_count(trace->disk); i++) {
            const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, i);
            writes += op->kind == TL_SIMDISK_WRITE && op->file == seen[f];
        }
        written += writes > 1;
    }
    return written;
}

static void events_are_there(const tl_history *history, const char *protocol, const tl_trace *trace)
{
    const tl_trace_counters *seen = &trace->counters;
    const char *name = history->name;
    if (strcmp(name, "insert") == 0)
        must(seen->leaf_splits >= 5 && seen->branch_splits >= 1 && seen->root_grows >= 2,
             "leaf, branch and root splits");
    if (strcmp(name, "split_merge") == 0)
        must(seen->merges >= 5 && seen->moves >= 1 && seen->root_collapses >= 1,
             "merges, a move between neighbours, a root collapse");
    if (strcmp(name, "delete") == 0)
        must(seen->merges >= 3 && seen->page_reuse >= 20, "merges and reuse of pages");
    if (strcmp(name, "overflow") == 0)
        must(seen->extents >= 8 && seen->pages_freed >= 16, "extents written and freed");
    if (strcmp(name, "growth") == 0)
        must(seen->grows >= 4 && trace->shrinks >= 1, "growth and shrink of the file");
    if (strcmp(name, "checkpoint") == 0)
        must(seen->checkpoints >= 3 &&
                 (strcmp(protocol, "log") != 0 ||
                  (has_checkpoint_between_commits(trace) && log_files_written(trace) == 2)),
             "checkpoints between acknowledged commits, both log files");
}

static void each_canonical_history_is_short_and_holds_its_events(void **state)
{
    (void)state;
    size_t large_pages = 0;
    for (size_t h = 1; h < tl_history_count(); h++) {
        const tl_history *history = tl_history_at(h);
        large_pages += history->page_bytes >= 16384;
        for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++) {
            tl_recording recording = record(history, tl_standard_protocols[p]);
            const tl_trace *trace = &recording.trace;
            size_t ops = tl_simdisk_op_count(trace->disk);
            print_message("%s: %zu operations, %zu commits\n", what_is_recorded, ops,
                          trace->commits);
            must(ops >= 100 && ops <= 200, "100 to 200 operations");
            must(trace->commits >= 8, "eight commits");
            events_are_there(history, tl_standard_protocols[p], trace);
            tl_recording_clear(&recording);
        }
    }
    assert_int_equal(7, tl_history_count());
    assert_true(large_pages >= 1);
}

static void the_last_part_of_every_history_ends_with_it(void **state)
{
    (void)state;
    for (size_t h = 0; h < tl_history_count(); h++) {
        const tl_history *history = tl_history_at(h);
        unsigned part = 0;
        while (history->parts[part].until_percent < 100) {
            assert_true(history->parts[part].until_percent > 0);
            assert_true(++part < TL_HISTORY_PARTS_MAX);
        }
        for (unsigned i = 0; i <= part; i++)
            assert_true(history->parts[i].inserts + history->parts[i].updates +
                            history->parts[i].deletes <
                        32);
        assert_true(tl_history_find(history->name) == history);
    }
    assert_null(tl_history_find("no such history"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_part_of_every_history_ends_with_it),
        cmocka_unit_test(each_canonical_history_is_short_and_holds_its_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
