/* engine/tests/test_load.c -- loading from the bottom up: full pages, each written once, and all or
 * nothing.
 */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct stream { /* numbered keys with a shared beginning */
    uint64_t first, step, count, given;
    size_t value_bytes, value_bytes_range; /* each value as long as the seed says */
    model *truth;                          /* learns what was given; may be NULL */
    tl_status break_with;                  /* not TL_OK: after `count` records */
    uint64_t bad_at;                       /* this record has a bad key: not above the last */
    char key[32];
    uint8_t value[4096];
} stream;

#define TOO_LONG ((size_t)INT32_MAX + 1) /* refused before a byte is looked at */

static tl_slice stream_key(stream *from, uint64_t number)
{
    int size = snprintf(from->key, sizeof from->key, "user%012llu", (unsigned long long)number);
    return tl_slice_of(from->key, (size_t)size);
}

static tl_status stream_next(void *context, tl_record *record)
{
    stream *from = context;
    if (from->given == from->count)
        return from->break_with != TL_OK ? from->break_with : TL_NOT_FOUND;
    uint64_t number = from->first + from->step * from->given++;
    size_t extra = from->value_bytes_range == 0 ? 0 : tl_mix64(number) % from->value_bytes_range;
    memset(from->value, (int)number, sizeof from->value);
    record->key = stream_key(from, from->given == from->bad_at ? from->first : number);
    record->value = tl_slice_of(from->value, from->value_bytes + extra);
    if (from->truth != NULL)
        model_put(from->truth, record->key, record->value);
    return TL_OK;
}

static const uint32_t page_sizes[] = {1024, 4096, 8192, 16384, 65536};
enum { PAGE_SIZES = sizeof page_sizes / sizeof page_sizes[0] };

static void rig_make_pages(rig *on, uint32_t page_bytes)
{
    rig_make(on);
    on->options.page_bytes = page_bytes;
    on->options.growth_bytes = 16 * page_bytes;
    on->options.ckpt_bytes = 64 << 10;
}

/* Load in a txn of its own. */
static tl_batch_result load(rig *on, stream *from, const char *fill)
{
    tl_txn *txn = NULL;
    tl_batch_result result = {.failed_at = 0};
    from->truth = &on->truth;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_bulk_load(txn, TL_TREE_MAIN, stream_next, from, fill, &result));
    check_ok(tl_txn_commit(txn));
    assert_int_equal(from->count, result.inserted);
    assert_int_equal(from->count, result.failed_at);
    return result;
}

static void loads_of_all_sizes_hold_what_was_given(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 2, 3, 10, 60, 61, 200, 1000, 30000};
    for (unsigned p = 0; p < PAGE_SIZES; p++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            rig on;
            rig_make_pages(&on, page_sizes[p]);
            rig_open(&on);
            stream from = {.step = 3, .count = counts[c], .value_bytes_range = 120};
            load(&on, &from, NULL);
            rig_compare(&on);
            rig_reopen(&on);
            put_range(on.env, &on.truth, 0, 300, 'x', 30); /* the tree works as any other */
            del_range(on.env, &on.truth, 100, 100);
            rig_reopen(&on);
            rig_drop(&on);
        }
}

static void a_load_goes_on_where_the_tree_ends(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PAGE_SIZES; p++) {
        rig on;
        rig_make_pages(&on, page_sizes[p]);
        rig_open(&on);
        put_range(on.env, &on.truth, 0, 700, 'k', 50); /* "key ..." lies below "user..." */
        uint64_t first = 0;
        for (uint64_t count = 1; count < 9000; count = 3 * count + 1) {
            stream from = {.first = first, .step = 2, .count = count, .value_bytes_range = 90};
            first += 2 * count;
            load(&on, &from, count % 2 == 0 ? "bulk100" : "bulk90");
            rig_compare(&on);
        }
        rig_reopen(&on);
        rig_drop(&on);
    }
}

static int nobody(void *self, const tl_merge_input *input)
{
    (void)self, (void)input;
    return TL_PREFER_NONE;
}

static unsigned below_a_quarter(void *self)
{
    (void)self;
    return 25;
}

/* Leaves that deletes empty may stay, here all of them.  A key behind the last one may then lie
 * before the last leaf, or several. */
static void empty_last_leaves_stop_no_key_behind_the_last(void **state)
{
    (void)state;
    static const tl_fill_strategy alone = {.name = "alone",
                                           .summary = "merge with nobody",
                                           .merge_below = below_a_quarter,
                                           .prefer = nobody};
    static const tl_fill_strategy *const extra[] = {&alone, NULL};
    for (unsigned gone = 5; gone < 600; gone = 2 * gone + 1) {
        rig on;
        rig_make(&on);
        on.options.extra_fills = extra;
        on.options.fill = "alone";
        rig_open(&on);
        stream from = {.step = 1, .count = 700, .value_bytes = 30};
        load(&on, &from, "bulk100");
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(on.env, 0, &txn));
        for (unsigned i = 0; i < gone; i++) {
            check_ok(tl_del(txn, TL_TREE_MAIN, stream_key(&from, 699 - i)));
            model_del(&on.truth, stream_key(&from, 699 - i));
        }
        check_ok(tl_txn_commit(txn));
        assert_true(gone < 50 || stats_of(on.env).leaf_empty_kept >= gone / 20);
        stream more = {.first = on.truth.count, .step = 1, .count = gone, .value_bytes = 30};
        load(&on, &more, NULL);
        rig_compare(&on);
        rig_reopen(&on);
        rig_drop(&on);
    }
}

static void a_tree_emptied_by_deletes_is_loaded_anew(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 900, 'k', 50);
    del_range(on->env, &on->truth, 0, 900);
    stream from = {.step = 1, .count = 900, .value_bytes = 30};
    load(on, &from, NULL);
    rig_compare(on);
    rig_reopen(on);
}

/* Scenario: pages = what the records and separators weigh, divided by what a page takes. */
static unsigned half_full(void *self, uint64_t nth_page, unsigned level)
{
    (void)self, (void)nth_page, (void)level;
    return 50;
}

static void check_page_counts(uint32_t page_bytes, const char *fill, unsigned percent)
{
    enum { RECORDS = 20000, KEY = 16, VALUE = 100 };
    rig on;
    rig_make_pages(&on, page_bytes);
    static const tl_fill_strategy half = {.name = "half_full",
                                          .summary = "pack to 50 %",
                                          .leaf_fill = half_full,
                                          .merge_below = below_a_quarter};
    static const tl_fill_strategy *const extra[] = {&half, NULL};
    on.options.extra_fills = extra;
    on.options.commit = "shadow2"; /* what a txn dirties goes out with it, once */
    rig_open(&on);
    uint64_t written = stats_of(on.env).ckpt_pages, copies = stats_of(on.env).cow_copies;
    stream from = {.step = 1, .count = RECORDS, .value_bytes = VALUE};
    tl_batch_result result = load(&on, &from, fill);
    tl_verify_summary summary = {0};
    check_ok(tl_verify(on.env, NULL, NULL, &summary));
    assert_int_equal(result.leaves, summary.leaves);
    assert_int_equal(summary.leaves + summary.branches + 1,
                     stats_of(on.env).ckpt_pages - written); /* the catalog */
    assert_int_equal(1, stats_of(on.env).cow_copies - copies);
    /* All keys share 11 bytes of 16 at least, and fences take 32; a page ends with a whole record.
     */
    size_t usable = (page_bytes - 64) * percent / 100;
    size_t record = 8 + 2 + KEY + VALUE, shortest = record - (KEY - 1);
    uint64_t most = RECORDS / ((usable - 2 * KEY) / record), least = RECORDS * shortest / usable;
    assert_in_range(summary.leaves, least, most + 1);
    rig_drop(&on);
}

static void page_counts_follow_the_formula_and_each_page_is_written_once(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PAGE_SIZES; p++) {
        check_page_counts(page_sizes[p], "bulk100", 100);
        check_page_counts(page_sizes[p], "bulk90", 90);
        check_page_counts(page_sizes[p], "half_full", 50);
    }
}

static void the_last_page_is_no_crumb(void **state)
{
    (void)state;
    for (uint64_t count = 40; count < 400; count += 7) {
        rig on;
        rig_make_pages(&on, 4096);
        rig_open(&on);
        stream from = {.step = 1, .count = count, .value_bytes = 100};
        load(&on, &from, "bulk100");
        tl_txn *txn = NULL;
        tl_cursor *cursor = NULL;
        tl_slice key, value;
        check_ok(tl_txn_begin(on.env, TL_TXN_READ_ONLY, &txn));
        check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
        uint64_t in_leaf = 0, last_begin = 0;
        while (tl_cursor_next_leaf(cursor, &key, &value) == TL_OK)
            last_begin = strtoull((const char *)key.data + 4, NULL, 10);
        in_leaf = count - last_begin;
        assert_true(last_begin == 0 || in_leaf >= 4032 / 126 / 2 - 1);
        tl_cursor_close(cursor);
        tl_txn_abort(txn);
        rig_drop(&on);
    }
}

static void check_refused(rig *on, stream *from, tl_status wanted, uint64_t failed_at)
{
    tl_txn *txn = NULL;
    tl_batch_result result = {.inserted = 4711};
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("mine"), slice_of_text("own"), 0));
    model_put(&on->truth, slice_of_text("mine"), slice_of_text("own"));
    check_status(wanted, tl_bulk_load(txn, TL_TREE_MAIN, stream_next, from, NULL, &result));
    assert_int_equal(failed_at, result.failed_at);
    assert_int_equal(4711, result.inserted);
    check_content(txn, &on->truth);
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("then"), slice_of_text("on"), 0));
    model_put(&on->truth, slice_of_text("then"), slice_of_text("on"));
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
    rig_reopen(on);
}

static void whatever_stops_the_stream_nothing_of_it_stays(void **state)
{
    rig *on = *state;
    on->options.max_bytes = 300 << 10;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 500, 'k', 50);
    check_refused(on, &(stream){.step = 1, .count = 800, .break_with = TL_BUSY}, TL_BUSY, 800);
    check_refused(on, &(stream){.step = 1, .count = 800, .bad_at = 700}, TL_INVALID, 699);
    check_refused(on, &(stream){.step = 0, .count = 2}, TL_INVALID, 1);
    check_refused(on, &(stream){.step = 1, .count = 800, .value_bytes = TOO_LONG}, TL_VALUE_SIZE,
                  0);
    stream large = {.step = 1, .count = 100000, .value_bytes = 60};
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_status(TL_NO_SPACE, tl_bulk_load(txn, TL_TREE_MAIN, stream_next, &large, NULL, NULL));
    check_content(txn, &on->truth);
    check_status(TL_INVALID, tl_bulk_load(txn, TL_TREE_MAIN, stream_next, &large, "no such", NULL));
    tl_txn_abort(txn);
    put_range(on->env, &on->truth, 600, 50, 'k', 50); /* the store has its room again */
    stream small = {.step = 1, .count = 300, .value_bytes = 60};
    load(on, &small, NULL);
    rig_reopen(on);
}

static void whichever_call_fails_the_load_is_whole_or_absent(void **state)
{
    (void)state;
    static const struct {
        bool memory;
        faultio_call call;
        tl_status status;
    } faults[] = {
        {true,  FAULTIO_OPEN,     TL_NO_MEMORY},
        {false, FAULTIO_ALLOCATE, TL_NO_SPACE },
        {false, FAULTIO_READ,     TL_IO       }
    };
    for (size_t f = 0; f < 3; f++) {
        unsigned failures = 0;
        for (uint64_t nth = 1; nth < 400; nth++) {
            rig on;
            rig_make(&on);
            rig_open(&on);
            put_range(on.env, &on.truth, 0, 200, 'k', 50);
            rig_close(&on);
            rig_open(&on);
            tl_txn *txn = NULL;
            stream from = {.step = 1, .count = 900, .value_bytes = 60};
            check_ok(tl_txn_begin(on.env, 0, &txn));
            if (faults[f].memory)
                faultmem_plan(&on.memory, nth, true);
            else
                faultio_plan(&on.faults, faults[f].call, nth, faults[f].status, true);
            tl_status status = tl_bulk_load(txn, TL_TREE_MAIN, stream_next, &from, NULL, NULL);
            bool fired =
                faults[f].memory ? on.memory.fired != 0 : atomic_load(&on.faults.fired) != 0;
            faultmem_plan(&on.memory, 0, false);
            faultio_heal(&on.faults);
            check_status(fired ? faults[f].status : TL_OK, status);
            if (status == TL_OK) {
                check_ok(tl_txn_commit(txn));
                from.given = 0;
                from.truth = &on.truth;
                for (tl_record record; stream_next(&from, &record) == TL_OK;)
                    continue;
            } else {
                tl_txn_abort(txn);
            }
            rig_compare(&on);
            rig_reopen(&on);
            rig_drop(&on);
            failures += fired;
            if (!fired)
                break;
        }
        assert_true(failures > 1 && failures < 390);
    }
}

static void a_load_in_a_tree_with_savepoint_and_snapshot_disturbs_neither(void **state)
{
    rig *on = *state;
    tl_txn *reader = NULL, *txn = NULL;
    tl_save save;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'k', 50);
    model before = {0};
    model_copy(&before, &on->truth);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &reader));
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_savepoint(txn, &save));
    stream from = {.step = 1, .count = 2000, .value_bytes = 60};
    check_ok(tl_bulk_load(txn, TL_TREE_MAIN, stream_next, &from, NULL, NULL));
    check_ok(tl_rollback_to(txn, save));
    check_content(txn, &before);
    from.given = 0;
    from.truth = &on->truth;
    check_ok(tl_bulk_load(txn, TL_TREE_MAIN, stream_next, &from, NULL, NULL));
    check_content(txn, &on->truth);
    check_ok(tl_txn_commit(txn));
    check_content(reader, &before);
    tl_txn_abort(reader);
    rig_compare(on);
    rig_reopen(on);
    model_clear(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_of_all_sizes_hold_what_was_given),
        cmocka_unit_test(a_load_goes_on_where_the_tree_ends),
        cmocka_unit_test(empty_last_leaves_stop_no_key_behind_the_last),
        rig_test(a_tree_emptied_by_deletes_is_loaded_anew),
        cmocka_unit_test(page_counts_follow_the_formula_and_each_page_is_written_once),
        cmocka_unit_test(the_last_page_is_no_crumb),
        rig_test(whatever_stops_the_stream_nothing_of_it_stays),
        cmocka_unit_test(whichever_call_fails_the_load_is_whole_or_absent),
        rig_test(a_load_in_a_tree_with_savepoint_and_snapshot_disturbs_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
