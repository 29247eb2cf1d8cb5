/* engine/tests/test_ranges.c -- counting, estimating, deleting and walking ranges of keys. */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdlib.h>

static const uint32_t page_sizes[] = {1024, 4096, 8192, 16384, 65536};
enum { PAGE_SIZES = sizeof page_sizes / sizeof page_sizes[0] };

static void fill(rig *on, unsigned count)
{
    for (unsigned first = 0; first < count; first += 500)
        put_range(on->env, &on->truth, first, 500, 'v', 20 + first % 37);
}

/* Every key below `bound`, and itself when `inclusive`. */
static size_t count_below(const model *truth, tl_slice bound, bool inclusive)
{
    bool equal;
    size_t at = model_find(truth, bound, &equal);
    return at + (equal && inclusive);
}

static size_t first_of(const model *truth, const tl_range *range)
{
    return range->lower.size_bytes == 0 ? 0
                                        : count_below(truth, range->lower, range->lower_exclusive);
}

static size_t end_of(const model *truth, const tl_range *range)
{
    size_t end = range->upper.size_bytes == 0
                     ? truth->count
                     : count_below(truth, range->upper, range->upper_inclusive);
    size_t first = first_of(truth, range);
    return end < first ? first : end;
}

static void model_del_range(model *truth, const tl_range *range)
{
    size_t first = first_of(truth, range), many = end_of(truth, range) - first;
    for (; many > 0; many--) {
        uint8_t key[64];
        tl_slice gone = model_key(truth, first);
        memcpy(key, gone.data, gone.size_bytes);
        model_del(truth, tl_slice_of(key, gone.size_bytes));
    }
}

typedef struct bounds { /* a range of numbered keys with all kinds of bounds */
    key_buffer lower, upper;
    tl_range range;
} bounds;

static void bounds_draw(bounds *made, uint64_t *random, unsigned keys)
{
    unsigned a = (unsigned)(tl_random_next(random) % keys);
    unsigned b = (unsigned)(tl_random_next(random) % keys);
    uint64_t kind = tl_random_next(random);
    *made = (bounds){
        .range = {.lower_exclusive = (kind & 1) != 0, .upper_inclusive = (kind & 2) != 0}
    };
    if ((kind & 0x1c) != 0)
        made->range.lower = key_of(a < b ? a : b, &made->lower);
    if ((kind & 0xe0) != 0)
        made->range.upper = key_of(a < b ? b : a, &made->upper);
}

static void every_kind_of_bound_counts_what_the_model_counts(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PAGE_SIZES; p++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = page_sizes[p];
        on.options.growth_bytes = 16 * page_sizes[p];
        rig_open(&on);
        fill(&on, 4000);
        tl_txn *txn = NULL;
        uint64_t random = p, count = 0;
        check_ok(tl_txn_begin(on.env, TL_TXN_READ_ONLY, &txn));
        for (unsigned i = 0; i < 400; i++) {
            bounds drawn;
            bounds_draw(&drawn, &random, 4200);
            check_ok(tl_count_range(txn, TL_TREE_MAIN, &drawn.range, 0, &count));
            assert_int_equal(end_of(&on.truth, &drawn.range) - first_of(&on.truth, &drawn.range),
                             count);
        }
        check_ok(tl_count_range(txn, TL_TREE_MAIN, NULL, 0, &count));
        assert_int_equal(4000, count);
        tl_txn_abort(txn);
        rig_drop(&on);
    }
}

/* Within a leaf and a tenth, in a tree whose leaves are about alike. */
static void an_estimate_is_near_and_reads_no_leaf(void **state)
{
    rig *on = *state;
    on->options.page_bytes = 4096;
    rig_open(on);
    fill(on, 20000);
    tl_verify_summary summary = {0};
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    rig_close(on);
    rig_open(on);
    tl_txn *txn = NULL;
    uint64_t random = 3, leaf = 20000 / summary.leaves, loaded = stats_of(on->env).pages_loaded;
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    for (unsigned i = 0; i < 500; i++) {
        bounds drawn;
        uint64_t about = 0;
        bounds_draw(&drawn, &random, 20000);
        check_ok(tl_count_range(txn, TL_TREE_MAIN, &drawn.range, TL_COUNT_ESTIMATE, &about));
        uint64_t exact = end_of(&on->truth, &drawn.range) - first_of(&on->truth, &drawn.range);
        uint64_t off = about > exact ? about - exact : exact - about;
        assert_true(off <= 2 * leaf + exact / 10 + 20000 / 50);
    }
    assert_true(stats_of(on->env).pages_loaded - loaded <= summary.branches);
    tl_txn_abort(txn);
}

static void bad_arguments_are_refused(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    uint8_t long_key[2100] = {1};
    uint64_t count = 4711;
    rig_open(on);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    tl_range range = {
        .lower = {long_key, info_of(on->env).max_key_bytes + 1}
    };
    check_status(TL_KEY_SIZE, tl_count_range(txn, TL_TREE_MAIN, &range, 0, &count));
    check_status(TL_KEY_SIZE, tl_del_range(txn, TL_TREE_MAIN, &range, &count));
    check_status(TL_INVALID, tl_count_range(txn, TL_TREE_MAIN, NULL, 4, &count));
    check_status(TL_NOT_FOUND, tl_count_range(txn, 99, NULL, 0, &count));
    check_status(TL_NOT_FOUND, tl_del_range(txn, 99, NULL, &count));
    assert_int_equal(4711, count);
    tl_txn_abort(txn);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    check_status(TL_READ_ONLY, tl_del_range(txn, TL_TREE_MAIN, NULL, &count));
    tl_txn_abort(txn);
}

static void deleted_ranges_are_gone_and_nothing_else(void **state)
{
    (void)state;
    uint64_t random = check_seed(11);
    for (unsigned round = 0; round < 60; round++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = page_sizes[round % PAGE_SIZES];
        on.options.growth_bytes = 16 * on.options.page_bytes;
        on.options.ckpt_bytes = 64 << 10;
        rig_open(&on);
        fill(&on, 6000);
        for (unsigned i = 0; i < 4; i++) {
            bounds drawn;
            tl_txn *txn = NULL;
            uint64_t deleted = 0;
            bounds_draw(&drawn, &random, 6000);
            uint64_t wanted = end_of(&on.truth, &drawn.range) - first_of(&on.truth, &drawn.range);
            check_ok(tl_txn_begin(on.env, 0, &txn));
            check_ok(tl_del_range(txn, TL_TREE_MAIN, &drawn.range, &deleted));
            assert_int_equal(wanted, deleted);
            model_del_range(&on.truth, &drawn.range);
            check_content(txn, &on.truth);
            check_ok(tl_txn_commit(txn));
            rig_compare(&on);
        }
        rig_reopen(&on); /* from the log, where there is no checkpoint after it */
        rig_drop(&on);
    }
}

/* The middle of a large tree goes without its records being looked at, and the pages come back. */
static void a_large_range_costs_few_pages_and_gives_many_back(void **state)
{
    rig *on = *state;
    rig_open(on);
    fill(on, 30000);
    check_ok(tl_env_checkpoint(on->env));
    tl_txn *txn = NULL;
    key_buffer lower, upper;
    uint64_t deleted = 0, live = info_of(on->env).pages_live;
    tl_stats before = stats_of(on->env);
    tl_range range = {.lower = key_of(3000, &lower), .upper = key_of(27000, &upper)};
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_del_range(txn, TL_TREE_MAIN, &range, &deleted));
    check_ok(tl_txn_commit(txn));
    model_del_range(&on->truth, &range);
    assert_int_equal(24000, deleted);
    tl_stats after = stats_of(on->env);
    assert_true(after.leaves_erased - before.leaves_erased > 20000 / 20);
    assert_true(after.cow_copies - before.cow_copies < live / 8);
    assert_true(after.full_compares - before.full_compares < 100);
    assert_int_equal(before.log_frames + 1, after.log_frames);
    assert_true(after.log_bytes - before.log_bytes <= 1024);
    assert_true(info_of(on->env).pages_live < live / 4);
    rig_reopen(on);
}

static void whichever_call_fails_the_range_is_there_or_gone(void **state)
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
            on.options.growth_bytes = 4096; /* so that it has to grow soon */
            rig_open(&on);
            put_range(on.env, &on.truth, 0, 1500, 'k', 40);
            rig_close(&on);
            rig_open(&on);
            tl_txn *txn = NULL;
            key_buffer lower, upper;
            uint64_t deleted = 0;
            tl_range range = {.lower = key_of(310, &lower), .upper = key_of(1260, &upper)};
            check_ok(tl_txn_begin(on.env, 0, &txn));
            if (faults[f].memory)
                faultmem_plan(&on.memory, nth, true);
            else
                faultio_plan(&on.faults, faults[f].call, nth, faults[f].status, true);
            tl_status status = tl_del_range(txn, TL_TREE_MAIN, &range, &deleted);
            bool fired =
                faults[f].memory ? on.memory.fired != 0 : atomic_load(&on.faults.fired) != 0;
            faultmem_plan(&on.memory, 0, false);
            faultio_heal(&on.faults);
            check_status(fired ? faults[f].status : TL_OK, status);
            if (status == TL_OK)
                model_del_range(&on.truth, &range);
            if (status == TL_OK || status == TL_NO_SPACE) {
                check_content(txn, &on.truth);
                check_ok(tl_txn_commit(txn));
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
        assert_true(failures < 390);
        assert_true(failures > 0 || faults[f].call == FAULTIO_ALLOCATE);
    }
}

/* A store at its limit: ranges can be deleted, and then there is room. */
static void a_full_store_can_be_emptied_by_ranges(void **state)
{
    rig *on = *state;
    on->options.max_bytes = 300 << 10;
    rig_open(on);
    unsigned count = 0;
    tl_status status = TL_OK;
    while (status == TL_OK) {
        tl_txn *txn = NULL;
        key_buffer buffer;
        check_ok(tl_txn_begin(on->env, 0, &txn));
        tl_slice key = key_of(count, &buffer), value = slice_of_text("some bytes to fill it");
        status = tl_put(txn, TL_TREE_MAIN, key, value, 0);
        if (status == TL_OK)
            status = tl_txn_commit(txn);
        else
            tl_txn_abort(txn);
        if (status == TL_OK)
            model_put(&on->truth, key, value);
        count += status == TL_OK;
    }
    check_status(TL_NO_SPACE, status);
    for (unsigned first = 0; first < count; first += 8) {
        tl_txn *txn = NULL;
        key_buffer lower, upper;
        tl_range range = {.lower = key_of(first, &lower), .upper = key_of(first + 8, &upper)};
        check_ok(tl_txn_begin(on->env, 0, &txn));
        check_ok(tl_del_range(txn, TL_TREE_MAIN, &range, NULL));
        check_ok(tl_txn_commit(txn));
        model_del_range(&on->truth, &range);
    }
    assert_int_equal(0, on->truth.count);
    rig_reopen(on);
    put_range(on->env, &on->truth, 0, 500, 'x', 20);
    rig_reopen(on);
}

static void rolled_back_and_unseen_by_snapshots(void **state)
{
    rig *on = *state;
    tl_txn *reader = NULL, *txn = NULL;
    tl_save save;
    uint64_t deleted = 0;
    model before = {0};
    rig_open(on);
    fill(on, 3000);
    model_copy(&before, &on->truth);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &reader));
    for (unsigned round = 0; round < 3; round++) {
        key_buffer lower, upper;
        tl_range range = {.lower = key_of(100, &lower), .upper = key_of(2800, &upper)};
        check_ok(tl_txn_begin(on->env, 0, &txn));
        check_ok(tl_put(txn, TL_TREE_MAIN, key_of(77, &lower), slice_of_text("x"), 0));
        range.lower = key_of(100, &lower);
        check_ok(tl_savepoint(txn, &save));
        check_ok(tl_del_range(txn, TL_TREE_MAIN, round == 1 ? NULL : &range, &deleted));
        check_ok(tl_rollback_to(txn, save));
        uint64_t count = 0;
        check_ok(tl_count_range(txn, TL_TREE_MAIN, NULL, 0, &count));
        assert_int_equal(before.count, count);
        if (round == 2)
            check_ok(tl_del_range(txn, TL_TREE_MAIN, &range, &deleted));
        if (round == 2)
            check_ok(tl_txn_commit(txn));
        else
            tl_txn_abort(txn);
        check_content(reader, &before);
    }
    tl_txn_abort(reader);
    key_buffer buffer, lower, upper;
    model_put(&on->truth, key_of(77, &buffer), slice_of_text("x"));
    tl_range range = {.lower = key_of(100, &lower), .upper = key_of(2800, &upper)};
    model_del_range(&on->truth, &range);
    rig_compare(on);
    rig_reopen(on);
    model_clear(&before);
}

static void values_in_extents_go_with_their_range(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    static uint8_t large[9000];
    rig_open(on);
    fill(on, 1000);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    for (unsigned i = 0; i < 1000; i += 7) {
        key_buffer buffer;
        tl_slice key = key_of(i, &buffer), value = tl_slice_of(large, 2000 + 7 * i);
        check_ok(tl_put(txn, TL_TREE_MAIN, key, value, 0));
        model_put(&on->truth, key, value);
    }
    check_ok(tl_txn_commit(txn));
    for (unsigned round = 0; round < 2; round++) {
        key_buffer lower, upper;
        tl_range range = {.lower = key_of(90, &lower), .upper = key_of(700, &upper)};
        uint64_t deleted = 0;
        check_ok(tl_txn_begin(on->env, 0, &txn));
        check_ok(tl_del_range(txn, TL_TREE_MAIN, round == 0 ? &range : NULL, &deleted));
        assert_true(deleted > 0);
        check_ok(tl_txn_commit(txn));
        model_del_range(&on->truth, round == 0 ? &range
                                               : &(tl_range){
                                                     .lower = {NULL, 0}
        });
        rig_compare(on);
    }
    rig_reopen(on);
}

/* Steps of a bound cursor, forwards and backwards, against the model's stretch. */
static void a_bound_cursor_sees_its_range_and_nothing_else(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    uint64_t random = 9;
    rig_open(on);
    fill(on, 1000);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    for (unsigned round = 0; round < 200; round++) {
        bounds drawn;
        bounds_draw(&drawn, &random, 1100);
        size_t first = first_of(&on->truth, &drawn.range), end = end_of(&on->truth, &drawn.range);
        check_ok(tl_cursor_bound(cursor, &drawn.range));
        for (size_t i = first; i < end; i++) {
            check_ok(tl_cursor_next(cursor, &key, &value));
            assert_int_equal(0, tl_slice_compare(key, model_key(&on->truth, i)));
        }
        check_status(TL_NOT_FOUND, tl_cursor_next(cursor, &key, &value));
        for (size_t i = end; i > first; i--) {
            check_ok(tl_cursor_prev(cursor, &key, &value));
            assert_int_equal(0, tl_slice_compare(key, model_key(&on->truth, i - 1)));
        }
        check_status(TL_NOT_FOUND, tl_cursor_prev(cursor, &key, &value));
        if (first < end) { /* a seek from before the range finds its begin */
            check_ok(tl_cursor_seek(cursor, slice_of_text("a"), &key, &value));
            assert_int_equal(0, tl_slice_compare(key, model_key(&on->truth, first)));
        }
        check_status(TL_NOT_FOUND, tl_cursor_seek(cursor, slice_of_text("z"), &key, &value));
    }
    check_ok(tl_cursor_bound(cursor, NULL));
    check_ok(tl_cursor_last(cursor, &key, &value));
    assert_int_equal(0, tl_slice_compare(key, model_key(&on->truth, on->truth.count - 1)));
    tl_cursor_close(cursor);
    tl_txn_abort(txn);
}

static void next_leaf_visits_every_leaf_once(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    uint64_t leaves = 0;
    rig_open(on);
    fill(on, 3000);
    tl_verify_summary summary = {0};
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    while (tl_cursor_next_leaf(cursor, &key, &value) == TL_OK) {
        leaves++;
        check_ok(tl_cursor_next(cursor, &key, &value)); /* somewhere inside, then on */
    }
    assert_true(leaves <= summary.leaves && leaves + 2 >= summary.leaves);
    tl_cursor_close(cursor);
    tl_txn_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_bound_counts_what_the_model_counts),
        rig_test(an_estimate_is_near_and_reads_no_leaf),
        rig_test(bad_arguments_are_refused),
        cmocka_unit_test(deleted_ranges_are_gone_and_nothing_else),
        rig_test(a_large_range_costs_few_pages_and_gives_many_back),
        cmocka_unit_test(whichever_call_fails_the_range_is_there_or_gone),
        rig_test(a_full_store_can_be_emptied_by_ranges),
        rig_test(rolled_back_and_unseen_by_snapshots),
        rig_test(values_in_extents_go_with_their_range),
        rig_test(a_bound_cursor_sees_its_range_and_nothing_else),
        rig_test(next_leaf_visits_every_leaf_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
