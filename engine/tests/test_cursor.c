/* engine/tests/test_cursor.c -- where cursors stand, step and find their place again. */
#include "engine/tests/support/rig.h"

enum { KEYS = 200 }; /* several leaves of 1 KiB */

static tl_txn *filled(rig *on, tl_cursor **cursor)
{
    tl_txn *txn = NULL;
    rig_open(on);
    put_range(on->env, &on->truth, 0, KEYS, 'v', 30);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, cursor));
    return txn;
}

static void check_key(unsigned number, tl_slice key)
{
    key_buffer buffer;
    assert_int_equal(0, tl_slice_compare(key_of(number, &buffer), key));
}

static void del_key(rig *on, tl_txn *txn, unsigned number)
{
    key_buffer buffer;
    check_ok(tl_del(txn, TL_TREE_MAIN, key_of(number, &buffer)));
    model_del(&on->truth, key_of(number, &buffer));
}

static void put_key(rig *on, tl_txn *txn, unsigned number)
{
    key_buffer buffer;
    tl_slice key = key_of(number, &buffer);
    check_ok(tl_put(txn, TL_TREE_MAIN, key, slice_of_text("put"), 0));
    model_put(&on->truth, key, slice_of_text("put"));
}

static void a_new_cursor_stands_nowhere_and_next_goes_to_the_first(void **state)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    tl_txn *txn = filled(*state, &cursor);
    check_status(TL_NOT_FOUND, tl_cursor_del(cursor));
    check_ok(tl_cursor_next(cursor, &key, &value));
    check_key(0, key);
    tl_cursor_close(cursor);
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    check_ok(tl_cursor_prev(cursor, &key, &value));
    check_key(KEYS - 1, key);
    tl_cursor_close(cursor);
    tl_txn_abort(txn);
}

static void past_either_end_it_stands_nowhere_again(void **state)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    tl_txn *txn = filled(*state, &cursor);
    check_ok(tl_cursor_last(cursor, &key, &value));
    check_status(TL_NOT_FOUND, tl_cursor_next(cursor, &key, &value));
    check_status(TL_NOT_FOUND, tl_cursor_del(cursor));
    check_ok(tl_cursor_next(cursor, &key, &value));
    check_key(0, key);
    check_status(TL_NOT_FOUND, tl_cursor_prev(cursor, &key, &value));
    check_ok(tl_cursor_prev(cursor, &key, &value));
    check_key(KEYS - 1, key);
    tl_cursor_close(cursor);
    tl_txn_abort(txn);
}

static void an_empty_tree_has_no_first_and_no_last(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    tl_cursor *cursor = NULL;
    tl_slice key = slice_of_text("untouched"), value = key;
    rig_open(on);
    for (unsigned flags = 0; flags <= TL_TXN_READ_ONLY; flags += TL_TXN_READ_ONLY) {
        check_ok(tl_txn_begin(on->env, flags, &txn));
        check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
        check_status(TL_NOT_FOUND, tl_cursor_first(cursor, &key, &value));
        check_status(TL_NOT_FOUND, tl_cursor_last(cursor, &key, &value));
        check_status(TL_NOT_FOUND, tl_cursor_next(cursor, &key, &value));
        check_status(TL_NOT_FOUND, tl_cursor_prev(cursor, &key, &value));
        check_status(TL_NOT_FOUND, tl_cursor_seek(cursor, slice_of_text("a"), &key, &value));
        assert_memory_equal("untouched", key.data, key.size_bytes);
        tl_cursor_close(cursor);
        tl_txn_abort(txn);
    }
}

static void seek_takes_any_bytes_also_such_as_no_key_may_have(void **state)
{
    uint8_t long_key[4096];
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    tl_txn *txn = filled(*state, &cursor);
    check_ok(tl_cursor_seek(cursor, tl_slice_of(NULL, 0), &key, &value));
    check_key(0, key);
    memset(long_key, 'k', sizeof long_key); /* "kkkk": above "key" */
    check_status(TL_NOT_FOUND,
                 tl_cursor_seek(cursor, tl_slice_of(long_key, sizeof long_key), &key, &value));
    memcpy(long_key, "key 000077", 10); /* and much more behind it */
    check_ok(tl_cursor_seek(cursor, tl_slice_of(long_key, sizeof long_key), &key, &value));
    check_key(78, key);
    check_ok(tl_cursor_seek(cursor, slice_of_text("a"), &key, &value));
    check_key(0, key);
    check_ok(tl_cursor_seek(cursor, slice_of_text("key 000077"), &key, &value));
    check_key(77, key);
    tl_cursor_close(cursor);
    tl_txn_abort(txn);
}

/* At every place of every leaf: delete there, then go either way. */
static void after_its_record_is_deleted_next_and_prev_give_the_neighbours(void **state)
{
    rig *on = *state;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    key_buffer buffer;
    tl_txn *txn = filled(on, &cursor);
    for (unsigned i = 1; i + 1 < KEYS; i++) {
        for (unsigned forward = 0; forward < 2; forward++) {
            check_ok(tl_cursor_seek(cursor, key_of(i, &buffer), &key, &value));
            if (i % 2 == 0)
                check_ok(tl_cursor_del(cursor));
            else
                check_ok(tl_del(txn, TL_TREE_MAIN, key_of(i, &buffer)));
            check_status(TL_NOT_FOUND, tl_cursor_del(cursor));
            check_ok(forward ? tl_cursor_next(cursor, &key, &value)
                             : tl_cursor_prev(cursor, &key, &value));
            check_key(forward ? i + 1 : i - 1, key);
            put_key(on, txn, i);
        }
    }
    check_content(txn, &on->truth);
    tl_cursor_close(cursor);
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
}

static void a_cursor_finds_its_place_after_splits_and_merges(void **state)
{
    rig *on = *state;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    key_buffer buffer;
    tl_txn *txn = filled(on, &cursor);
    check_ok(tl_cursor_seek(cursor, key_of(100, &buffer), &key, &value));
    for (unsigned i = 1000; i < 1300; i++)
        put_key(on, txn, i); /* behind: the tree grows a level */
    for (unsigned i = 0; i < KEYS; i++)
        if (i < 99 || i > 101)
            del_key(on, txn, i); /* all around: leaves merge */
    assert_true(stats_of(on->env).leaf_merges > 0);
    check_ok(tl_cursor_next(cursor, &key, &value));
    check_key(101, key);
    check_ok(tl_cursor_prev(cursor, &key, &value));
    check_key(100, key);
    put_key(on, txn, 100); /* an update of the record it stands at */
    check_ok(tl_cursor_prev(cursor, &key, &value));
    check_key(99, key);
    check_status(TL_NOT_FOUND, tl_cursor_prev(cursor, &key, &value));
    tl_cursor_close(cursor);
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
}

static void a_cursor_that_deletes_all_the_way_empties_the_tree(void **state)
{
    rig *on = *state;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    tl_txn *txn = filled(on, &cursor);
    unsigned count = 0;
    for (; tl_cursor_next(cursor, &key, &value) == TL_OK; count++) {
        check_key(count, key);
        check_ok(tl_cursor_del(cursor));
    }
    assert_int_equal(KEYS, count);
    tl_cursor_close(cursor);
    check_ok(tl_txn_commit(txn));
    model_clear(&on->truth);
    rig_reopen(on);
}

static void two_cursors_of_a_txn_do_not_disturb_each_other(void **state)
{
    rig *on = *state;
    tl_cursor *front = NULL, *back = NULL;
    tl_slice key, value;
    tl_txn *txn = filled(on, &front);
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &back));
    for (unsigned i = 0; i < KEYS / 2; i++) {
        check_ok(tl_cursor_next(front, &key, &value));
        check_key(i, key);
        check_ok(tl_cursor_prev(back, &key, &value));
        check_key(KEYS - 1 - i, key);
        check_ok(i % 2 == 0 ? tl_cursor_del(front) : tl_cursor_del(back));
    }
    uint64_t count = 0;
    check_ok(tl_count(txn, TL_TREE_MAIN, &count));
    assert_int_equal(KEYS / 2, count);
    tl_cursor_close(front);
    tl_cursor_close(back);
    tl_txn_abort(txn);
    rig_compare(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_new_cursor_stands_nowhere_and_next_goes_to_the_first),
        rig_test(past_either_end_it_stands_nowhere_again),
        rig_test(an_empty_tree_has_no_first_and_no_last),
        rig_test(seek_takes_any_bytes_also_such_as_no_key_may_have),
        rig_test(after_its_record_is_deleted_next_and_prev_give_the_neighbours),
        rig_test(a_cursor_finds_its_place_after_splits_and_merges),
        rig_test(a_cursor_that_deletes_all_the_way_empties_the_tree),
        rig_test(two_cursors_of_a_txn_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
