/* engine/tests/test_batch.c -- sorted batches: all or nothing, one pass over the leaves, and the
 * index of the record that is to blame.
 */
#include "engine/base/hash.h"
#include "engine/tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORDS_MAX = 20000, KEY_ROOM = 16 };

typedef struct batch { /* numbered keys, one size of value */
    char keys[RECORDS_MAX][KEY_ROOM];
    tl_record records[RECORDS_MAX];
    size_t count;
    uint8_t value[8192];
} batch;

static batch *batch_make(size_t first, size_t step, size_t count, size_t value_bytes)
{
    batch *made = calloc(1, sizeof *made);
    assert_non_null(made);
    assert_true(count <= RECORDS_MAX && value_bytes <= sizeof made->value);
    memset(made->value, 'b', sizeof made->value);
    made->count = count;
    for (size_t i = 0; i < count; i++) {
        int size = snprintf(made->keys[i], KEY_ROOM, "key %06zu", first + i * step);
        made->records[i] = (tl_record){tl_slice_of(made->keys[i], (size_t)size),
                                       tl_slice_of(made->value, value_bytes)};
    }
    return made;
}

static void batch_tell_model(model *truth, const batch *what)
{
    for (size_t i = 0; i < what->count; i++)
        model_put(truth, what->records[i].key, what->records[i].value);
}

static uint64_t descents_now(tl_env *env)
{
    return stats_of(env).descents;
}

/* Put as a txn of its own; the model learns it. */
static tl_batch_result batch_commit(rig *on, const batch *what, bool insert_only)
{
    tl_txn *txn = NULL;
    tl_batch_result result = {.failed_at = SIZE_MAX};
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok((insert_only ? tl_insert_sorted : tl_upsert_sorted)(txn, TL_TREE_MAIN, what->records,
                                                                 what->count, &result));
    check_ok(tl_txn_commit(txn));
    batch_tell_model(&on->truth, what);
    assert_int_equal(what->count, result.failed_at);
    assert_int_equal(what->count, result.inserted + result.updated);
    return result;
}

static void a_batch_into_an_empty_tree_fills_its_leaves(void **state)
{
    (void)state;
    static const uint32_t page_sizes[] = {1024, 4096, 8192, 16384, 65536};
    for (size_t p = 0; p < 5; p++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = page_sizes[p];
        on.options.growth_bytes = 16 * page_sizes[p];
        rig_open(&on);
        batch *what = batch_make(0, 3, 8000, 60);
        tl_batch_result result = batch_commit(&on, what, true);
        assert_int_equal(what->count, result.inserted);
        tl_verify_summary summary = {0};
        check_ok(tl_verify(on.env, NULL, NULL, &summary));
        assert_int_equal(summary.leaves, result.leaves);
        /* full but for a record that did not fit, and the rest in the last one */
        uint64_t payload = 8000 * (8 + 2 + 60 + 10);
        assert_true(summary.leaves <= payload / (page_sizes[p] - 64 - 2 * 10 - 80) + 1);
        free(what);
        what = batch_make(1, 3, 8000, 60); /* one new record into each gap */
        result = batch_commit(&on, what, false);
        assert_int_equal(what->count, result.inserted);
        free(what);
        what = batch_make(0, 2, 10000, 20);
        result = batch_commit(&on, what, false);
        assert_true(result.inserted > 0 && result.updated > 0);
        rig_reopen(&on);
        free(what);
        rig_drop(&on);
    }
}

static void every_leaf_is_found_once_and_written_once(void **state)
{
    rig *on = *state;
    on->options.page_bytes = 4096;
    on->options.commit = "shadow2"; /* what a txn dirties goes out with it */
    rig_open(on);
    batch *what = batch_make(0, 1, 6000, 100), *update = batch_make(0, 10, 600, 100);
    batch_commit(on, what, true);
    tl_verify_summary summary = {0};
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    uint64_t descents = descents_now(on->env), copies = stats_of(on->env).cow_copies;
    uint64_t written = stats_of(on->env).ckpt_pages;
    tl_batch_result result = batch_commit(on, update, false);
    assert_int_equal(summary.leaves, result.leaves);
    assert_int_equal(2 * summary.leaves, descents_now(on->env) - descents);
    uint64_t pages = summary.leaves + summary.branches + 1; /* the catalog */
    assert_int_equal(pages, stats_of(on->env).cow_copies - copies);
    assert_int_equal(pages, stats_of(on->env).ckpt_pages - written);
    rig_compare(on);
    free(what);
    free(update);
}

/* The call is refused with this status and index, and neither the txn nor the tree has changed. */
static void check_refused(rig *on, tl_status wanted, size_t failed_at, const batch *what,
                          bool insert_only)
{
    tl_txn *txn = NULL;
    tl_batch_result result = {.inserted = 4711, .failed_at = SIZE_MAX};
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_status(wanted, (insert_only ? tl_insert_sorted : tl_upsert_sorted)(
                             txn, TL_TREE_MAIN, what->records, what->count, &result));
    assert_int_equal(failed_at, result.failed_at);
    assert_int_equal(4711, result.inserted);
    check_content(txn, &on->truth);
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("then"), slice_of_text("on"), 0));
    check_ok(tl_txn_commit(txn));
    model_put(&on->truth, slice_of_text("then"), slice_of_text("on"));
    rig_compare(on);
}

static void a_bad_record_is_named_and_nothing_of_the_batch_happens(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 400, 'a', 30);
    tl_env_info info = info_of(on->env);
    batch *what = batch_make(1000, 2, 900, 40);
    tl_record good = what->records[700];
    what->records[700].key = what->records[699].key;
    check_refused(on, TL_INVALID, 700, what, false);
    what->records[700].key = what->records[3].key;
    check_refused(on, TL_INVALID, 700, what, true);
    what->records[700].key.size_bytes = 0;
    check_refused(on, TL_KEY_SIZE, 700, what, false);
    what->records[700].key = tl_slice_of(what->value, info.max_key_bytes + 1);
    check_refused(on, TL_KEY_SIZE, 700, what, false);
    what->records[700] = good;
    what->records[700].value.size_bytes = (size_t)INT32_MAX + 1; /* before a byte is looked at */
    check_refused(on, TL_VALUE_SIZE, 700, what, true);
    what->records[700] = good;
    put_range(on->env, &on->truth, 1000 + 2 * 811, 1, 'x', 5);
    check_refused(on, TL_EXISTS, 811, what, true);
    tl_batch_result result = batch_commit(on, what, false);
    assert_int_equal(1, result.updated);
    rig_reopen(on);
    free(what);
}

static void a_full_store_refuses_the_whole_batch_and_takes_a_smaller_one(void **state)
{
    rig *on = *state;
    on->options.max_bytes = 300 << 10;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 1000, 'a', 60);
    batch *large = batch_make(0, 1, 5000, 70), *small = batch_make(100, 7, 40, 50);
    check_refused(on, TL_NO_SPACE, large->count, large, false);
    batch_commit(on, small, false);
    rig_reopen(on);
    free(large);
    free(small);
}

/* Fill up to the limit with batches of all sizes: what was promised is kept to the last page. */
static void batches_fill_a_store_to_its_limit(void **state)
{
    rig *on = *state;
    uint64_t random = check_seed(5);
    on->options.max_bytes = 400 << 10;
    rig_open(on);
    unsigned refused = 0, done = 0;
    for (unsigned round = 0; round < 400; round++) {
        size_t count = 1 + (size_t)(tl_random_next(&random) % (1u << tl_random_next(&random) % 11));
        batch *what = batch_make((size_t)(tl_random_next(&random) % 9000),
                                 1 + (size_t)(tl_random_next(&random) % 40), count,
                                 (size_t)(tl_random_next(&random) % 200));
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(on->env, 0, &txn));
        tl_status status = tl_upsert_sorted(txn, TL_TREE_MAIN, what->records, what->count, NULL);
        if (status == TL_OK)
            status = tl_txn_commit(txn);
        else
            tl_txn_abort(txn);
        if (status == TL_OK)
            batch_tell_model(&on->truth, what);
        else
            check_status(TL_NO_SPACE, status);
        refused += status != TL_OK;
        done += status == TL_OK;
        free(what);
    }
    assert_true(refused > 20 && done > 20);
    rig_reopen(on);
}

static void records_may_lie_in_the_pages_that_the_batch_changes(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 600, 'a', 30);
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    batch *what = batch_make(300, 1, 600, 0);
    for (size_t i = 0; i < 300; i++) { /* pages of this very txn */
        check_ok(
            tl_put(txn, TL_TREE_MAIN, what->records[i].key, tl_slice_of(what->keys[i], 10), 0));
        model_put(&on->truth, what->records[i].key, tl_slice_of(what->keys[i], 10));
    }
    for (size_t i = 0; i < 300; i++)
        check_ok(tl_get(txn, TL_TREE_MAIN, what->records[299 - i].key, &what->records[i].value));
    for (size_t i = 300; i < 600; i++)
        check_ok(tl_get(txn, TL_TREE_MAIN, what->records[i - 300].key, &what->records[i].value));
    model before = {0};
    model_copy(&before, &on->truth);
    check_ok(tl_upsert_sorted(txn, TL_TREE_MAIN, what->records, what->count, NULL));
    for (size_t i = 0; i < 600; i++) {
        bool equal;
        size_t from = i < 300 ? 299 - i : i - 300;
        size_t at = model_find(&before, what->records[from].key, &equal);
        assert_true(equal);
        model_put(&on->truth, what->records[i].key, model_value(&before, at));
    }
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
    model_clear(&before);
    free(what);
}

static void whatever_allocation_fails_the_batch_is_whole_or_absent(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (uint64_t nth = 1; nth < 200; nth++) {
        rig on;
        rig_make(&on);
        rig_open(&on);
        put_range(on.env, &on.truth, 0, 300, 'a', 30);
        batch *what = batch_make(100, 3, 900, 50);
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(on.env, 0, &txn));
        faultmem_plan(&on.memory, nth, false);
        tl_status status = tl_upsert_sorted(txn, TL_TREE_MAIN, what->records, what->count, NULL);
        bool fired = on.memory.fired != 0;
        faultmem_plan(&on.memory, 0, false);
        check_status(fired ? TL_NO_MEMORY : TL_OK, status);
        if (status == TL_OK) {
            check_ok(tl_txn_commit(txn));
            batch_tell_model(&on.truth, what);
        } else {
            tl_txn_abort(txn);
        }
        rig_reopen(&on);
        free(what);
        rig_drop(&on);
        failures += fired;
        if (!fired)
            break;
    }
    assert_true(failures > 2 && failures < 190);
}

/* The disk is full, or cannot be read, at each call in turn. */
static void whatever_io_fails_the_batch_is_whole_or_absent(void **state)
{
    (void)state;
    static const struct {
        faultio_call call;
        tl_status status;
    } faults[] = {
        {FAULTIO_ALLOCATE, TL_NO_SPACE},
        {FAULTIO_READ,     TL_IO      }
    };
    for (size_t f = 0; f < 2; f++) {
        unsigned failures = 0;
        for (uint64_t nth = 1; nth < 500; nth++) {
            rig on;
            rig_make(&on);
            rig_open(&on);
            put_range(on.env, &on.truth, 0, 500, 'a', 30);
            rig_close(&on);
            rig_open(&on);
            batch *what = batch_make(100, 3, 900, 50);
            tl_txn *txn = NULL;
            check_ok(tl_txn_begin(on.env, 0, &txn));
            faultio_plan(&on.faults, faults[f].call, nth, faults[f].status, true);
            tl_status status =
                tl_upsert_sorted(txn, TL_TREE_MAIN, what->records, what->count, NULL);
            bool fired = atomic_load(&on.faults.fired) != 0;
            faultio_heal(&on.faults);
            check_status(fired ? faults[f].status : TL_OK, status);
            if (status == TL_OK)
                batch_tell_model(&on.truth, what);
            if (status == TL_OK || status == TL_NO_SPACE) {
                check_content(txn, &on.truth);
                check_ok(tl_txn_commit(txn));
            } else {
                tl_txn_abort(txn);
            }
            rig_reopen(&on);
            free(what);
            rig_drop(&on);
            failures += fired;
            if (!fired)
                break;
        }
        assert_true(failures > 0 && failures < 490);
    }
}

static void a_batch_survives_in_the_log(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 30);
    batch *what = batch_make(50, 3, 100, 20);
    uint64_t frames = stats_of(on->env).log_frames;
    batch_commit(on, what, false);
    assert_int_equal(frames + 1, stats_of(on->env).log_frames);
    rig_reopen(on); /* abandoned: only the log knows */
    free(what);
}

static void a_value_that_outgrows_its_leaf_comes_back_to_it(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 100);
    uint32_t most = info_of(on->env).inline_value_bytes_max;
    uint64_t live = info_of(on->env).pages_live;
    batch *what = batch_make(7, 1, 1, 4096);
    batch_commit(on, what, false);
    assert_in_range(info_of(on->env).pages_live, live + 5, live + 7); /* and a split, perhaps */
    what->records[0].value.size_bytes = most;
    batch_commit(on, what, false);
    assert_in_range(info_of(on->env).pages_live, live, live + 2);
    what->records[0].value.size_bytes = 3; /* and in place when it is smaller */
    uint64_t splits = stats_of(on->env).splits;
    batch_commit(on, what, false);
    assert_int_equal(splits, stats_of(on->env).splits);
    rig_reopen(on);
    free(what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_into_an_empty_tree_fills_its_leaves),
        rig_test(every_leaf_is_found_once_and_written_once),
        rig_test(a_bad_record_is_named_and_nothing_of_the_batch_happens),
        rig_test(a_full_store_refuses_the_whole_batch_and_takes_a_smaller_one),
        rig_test(batches_fill_a_store_to_its_limit),
        rig_test(records_may_lie_in_the_pages_that_the_batch_changes),
        cmocka_unit_test(whatever_allocation_fails_the_batch_is_whole_or_absent),
        cmocka_unit_test(whatever_io_fails_the_batch_is_whole_or_absent),
        rig_test(a_batch_survives_in_the_log),
        rig_test(a_value_that_outgrows_its_leaf_comes_back_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
