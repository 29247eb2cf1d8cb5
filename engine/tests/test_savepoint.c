/* engine/tests/test_savepoint.c -- what a rollback brings back: records, trees, pages, the log.
 */
#include "engine/tests/support/rig.h"

#include <stdio.h>

static tl_txn *begin(rig *on)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    return txn;
}

static tl_save save_here(tl_txn *txn)
{
    tl_save save = 0;
    check_ok(tl_savepoint(txn, &save));
    return save;
}

static void put(tl_txn *txn, model *truth, unsigned number, char letter, size_t size)
{
    char value[200];
    key_buffer buffer;
    memset(value, letter, sizeof value);
    tl_slice key = key_of(number, &buffer), bytes = tl_slice_of(value, size);
    check_ok(tl_put(txn, TL_TREE_MAIN, key, bytes, 0));
    if (truth != NULL)
        model_put(truth, key, bytes);
}

static void del(tl_txn *txn, model *truth, unsigned number)
{
    key_buffer buffer;
    tl_slice key = key_of(number, &buffer);
    bool there = truth == NULL || model_del(truth, key);
    check_status(there ? TL_OK : TL_NOT_FOUND, tl_del(txn, TL_TREE_MAIN, key));
}

/* Pages in use, and pages that are free or were added since by growth. */
typedef struct space {
    uint64_t live, free, page_count;
} space;

static space space_of(rig *on)
{
    tl_env_info info = info_of(on->env);
    return (space){info.pages_live, info.pages_free, info.page_count};
}

static void expect_same_space(rig *on, space before)
{
    space now = space_of(on);
    assert_int_equal(before.live, now.live);
    assert_int_equal(before.free + (now.page_count - before.page_count), now.free);
}

static void a_rollback_brings_back_records_and_pages(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 500, 'c', 60);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < 100; i++)
        put(txn, &on->truth, i * 3, 'b', 50 + i);
    space before = space_of(on);
    for (unsigned round = 0; round < 5; round++) {
        tl_save save = save_here(txn);
        for (unsigned i = 0; i < 700; i++)
            put(txn, NULL, i * 2, 'x', 10 + i % 150);
        for (unsigned i = 0; i < 500; i += 3)
            put(txn, NULL, i, 'y', 5);
        for (unsigned i = 100; i < 400; i += 2)
            del(txn, NULL, i);
        check_ok(tl_rollback_to(txn, save));
        check_content(txn, &on->truth);
        expect_same_space(on, before);
        before = space_of(on);
    }
    put(txn, &on->truth, 7, 'z', 9);
    check_ok(tl_txn_commit(txn));
    check_sound(on->env, &on->truth);
    rig_reopen(on); /* the log knows nothing of what was rolled back */
}

static void savepoints_nest_and_end_in_order(void **state)
{
    rig *on = *state;
    enum { DEPTH = 40 };
    tl_save saves[DEPTH];
    model seen[DEPTH] = {{0}};
    rig_open(on);
    put_range(on->env, &on->truth, 0, 200, 'c', 80);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < DEPTH; i++) {
        model_copy(&seen[i], &on->truth);
        saves[i] = save_here(txn);
        for (unsigned j = 0; j < 30; j++)
            put(txn, &on->truth, (i * 17 + j * 5) % 300, (char)('a' + i % 26), 20 + j);
        del(txn, &on->truth, i);
    }
    check_ok(tl_savepoint_release(txn, saves[35])); /* and 36..39; changes stay */
    check_content(txn, &on->truth);
    check_status(TL_INVALID, tl_rollback_to(txn, saves[35]));
    check_status(TL_INVALID, tl_rollback_to(txn, saves[39]));
    check_status(TL_INVALID, tl_savepoint_release(txn, saves[37]));
    for (unsigned i = 34;; i -= 4) {
        check_ok(tl_rollback_to(txn, saves[i]));
        check_content(txn, &seen[i]);
        check_status(TL_INVALID, tl_rollback_to(txn, saves[i])); /* it has ended itself */
        check_status(TL_INVALID, tl_rollback_to(txn, saves[i + 1]));
        if (i < 4)
            break;
    }
    model_copy(&on->truth, &seen[2]);
    check_ok(tl_txn_commit(txn)); /* saves 0 and 1 are still open: their changes count */
    for (unsigned i = 0; i < DEPTH; i++)
        model_clear(&seen[i]);
    check_sound(on->env, &on->truth);
    rig_reopen(on);
}

static void pages_older_than_a_savepoint_are_copied_once_and_owned_again_after_it(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 20, 'c', 20); /* two leaves at most, one path */
    tl_txn *txn = begin(on);
    put(txn, &on->truth, 3, 'd', 20);
    tl_stats first = stats_of(on->env);
    tl_save save = save_here(txn);
    for (unsigned i = 0; i < 5; i++)
        put(txn, &on->truth, 3, 'e', 20);
    tl_stats second = stats_of(on->env);
    assert_int_equal(1, second.cow_copies - first.cow_copies);
    assert_int_equal(4, second.inplace_edits - first.inplace_edits);
    check_ok(tl_savepoint_release(txn, save));
    space before = space_of(on);
    for (unsigned i = 0; i < 5; i++)
        put(txn, &on->truth, 3, 'f', 20);
    assert_int_equal(0, stats_of(on->env).cow_copies - second.cow_copies);
    expect_same_space(on, before);
    check_ok(tl_txn_commit(txn));
    check_sound(on->env, &on->truth);
}

/* The leaf that the latest append went to is no longer the txn's to append to. */
static void the_cached_last_leaf_dies_at_a_savepoint_and_at_a_rollback(void **state)
{
    rig *on = *state;
    rig_open(on);
    tl_txn *txn = begin(on);
    for (unsigned i = 0; i < 100; i++)
        put(txn, &on->truth, i, 'a', 10);
    for (unsigned round = 0; round < 4; round++) {
        tl_save save = save_here(txn);
        for (unsigned i = 100; i < 160; i++)
            put(txn, NULL, i, 'x', 10);
        check_ok(tl_rollback_to(txn, save));
        check_content(txn, &on->truth);
        put(txn, &on->truth, 200 + round, 'r', 10);
        check_content(txn, &on->truth);
    }
    check_ok(tl_txn_commit(txn));
    check_sound(on->env, &on->truth);
}

static void cursors_end_with_a_rollback_and_only_then(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'c', 40);
    tl_txn *txn = begin(on);
    tl_cursor *cursor = NULL, *later = NULL;
    tl_slice key, value;
    key_buffer buffer;
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    check_ok(tl_cursor_next(cursor, &key, &value));
    tl_save outer = save_here(txn), save = save_here(txn);
    check_ok(tl_cursor_next(cursor, &key, &value));
    check_ok(tl_savepoint_release(txn, save));
    check_ok(tl_cursor_next(cursor, &key, &value));
    assert_int_equal(0, tl_slice_compare(key, key_of(2, &buffer)));
    del(txn, NULL, 3);
    check_ok(tl_rollback_to(txn, outer));
    check_status(TL_INVALID, tl_cursor_next(cursor, &key, &value));
    check_status(TL_INVALID, tl_cursor_prev(cursor, &key, &value));
    check_status(TL_INVALID, tl_cursor_first(cursor, &key, &value));
    check_status(TL_INVALID, tl_cursor_last(cursor, &key, &value));
    check_status(TL_INVALID, tl_cursor_seek(cursor, key_of(5, &buffer), &key, &value));
    check_status(TL_INVALID, tl_cursor_del(cursor));
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &later));
    check_ok(tl_cursor_seek(later, key_of(3, &buffer), &key, &value));
    assert_int_equal(0, tl_slice_compare(key, key_of(3, &buffer)));
    tl_cursor_close(later);
    tl_cursor_close(cursor);
    check_ok(tl_txn_commit(txn));
    check_sound(on->env, &on->truth);
}

static void trees_made_and_dropped_since_are_as_before(void **state)
{
    rig *on = *state;
    rig_open(on);
    tl_txn *txn = begin(on);
    tl_tree kept = 0, made = 0, again = 0, found = 0;
    tl_slice name = slice_of_text("kept"), other = slice_of_text("other"), value;
    check_ok(tl_tree_open(txn, name, TL_TREE_CREATE, &kept));
    check_ok(tl_put(txn, kept, name, name, 0));
    space before = space_of(on);
    for (unsigned round = 0; round < 3; round++) {
        tl_tree last = made;
        tl_save save = save_here(txn);
        check_ok(tl_tree_open(txn, other, TL_TREE_CREATE, &made));
        assert_true(made > kept && made > last); /* an id is given once, rollback or not */
        check_ok(tl_put(txn, made, name, name, 0));
        check_ok(tl_put(txn, kept, other, name, 0));
        tl_save inner = save_here(txn);
        check_ok(tl_tree_drop(txn, kept));
        check_ok(tl_tree_drop(txn, made));
        check_ok(tl_tree_open(txn, name, TL_TREE_CREATE, &again));
        if (round == 1) {
            check_ok(tl_rollback_to(txn, inner));
            check_ok(tl_get(txn, kept, other, &value));
            check_ok(tl_get(txn, made, name, &value));
        }
        check_ok(tl_rollback_to(txn, save));
        check_status(TL_NOT_FOUND, tl_tree_open(txn, other, 0, &found));
        check_ok(tl_tree_open(txn, name, 0, &found));
        assert_int_equal(kept, found);
        check_ok(tl_get(txn, kept, name, &value));
        check_status(TL_NOT_FOUND, tl_get(txn, kept, other, &value));
        check_status(TL_NOT_FOUND, tl_get(txn, made, name, &value));
        expect_same_space(on, before);
    }
    check_ok(tl_txn_commit(txn));
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    assert_int_equal(2, summary.trees);
    rig_abandon(on);
    rig_open(on);
    tl_verify_summary replayed;
    check_ok(tl_verify(on->env, NULL, NULL, &replayed));
    assert_true(summary.trees_hash == replayed.trees_hash);
}

static void nothing_is_committed_when_all_was_rolled_back(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 50, 'c', 40);
    uint64_t number = info_of(on->env).txn;
    space before = space_of(on);
    tl_txn *txn = begin(on);
    tl_save save = save_here(txn);
    for (unsigned i = 0; i < 200; i++)
        put(txn, NULL, i, 'x', 100);
    check_ok(tl_rollback_to(txn, save));
    save_here(txn); /* and one that nobody ends */
    check_ok(tl_txn_commit(txn));
    assert_int_equal(number, info_of(on->env).txn);
    expect_same_space(on, before);
    check_sound(on->env, &on->truth);
    put_range(on->env, &on->truth, 20, 50, 'd', 40);
    rig_reopen(on);
}

static void an_abort_under_savepoints_leaves_no_trace(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'c', 40);
    space before = space_of(on);
    for (unsigned round = 0; round < 3; round++) {
        tl_txn *txn = begin(on);
        for (unsigned i = 0; i < 10; i++) {
            for (unsigned j = 0; j < 40; j++)
                put(txn, NULL, i * 30 + j, 'x', 60 + i);
            for (unsigned j = 0; j < 20; j++)
                del(txn, NULL, i * 30 + j);
            save_here(txn);
        }
        tl_txn_abort(txn);
        expect_same_space(on, before);
        before = space_of(on);
        check_sound(on->env, &on->truth);
    }
}

/* Beyond a megabyte the operations are dropped: the commit writes pages, and must write these. */
static void a_rollback_after_the_operations_were_dropped(void **state)
{
    rig *on = *state;
    rig_open(on);
    tl_txn *txn = begin(on);
    put(txn, &on->truth, 5, 'a', 100);
    tl_save save = save_here(txn);
    for (unsigned round = 0; round < 60; round++)
        for (unsigned i = 0; i < 200; i++)
            put(txn, NULL, i, 'x', 150);
    check_ok(tl_rollback_to(txn, save));
    for (unsigned i = 0; i < 20; i++)
        put(txn, &on->truth, i, 'b', 30);
    check_ok(tl_txn_commit(txn));
    assert_int_equal(1, stats_of(on->env).commit_by_ckpt);
    check_sound(on->env, &on->truth);
    rig_reopen(on);
}

static void a_txn_that_could_only_be_aborted_goes_on_after_a_rollback(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 400, 'c', 100);
    unsigned failures = 0;
    for (uint64_t nth = 1; nth < 12; nth++) {
        tl_txn *txn = begin(on);
        put(txn, &on->truth, 1, (char)('a' + nth), 50);
        tl_save save = save_here(txn);
        tl_status status = TL_OK;
        key_buffer buffer;
        faultmem_plan(&on->memory, nth, false);
        for (unsigned i = 0; i < 2000 && status == TL_OK; i++)
            status = tl_put(txn, TL_TREE_MAIN, key_of(i, &buffer), slice_of_text("x"), 0);
        faultmem_plan(&on->memory, 0, false);
        if (status != TL_OK) {
            check_status(TL_NO_MEMORY, status);
            check_status(TL_NO_MEMORY, tl_del(txn, TL_TREE_MAIN, key_of(1, &buffer)));
            tl_save refused;
            check_status(TL_NO_MEMORY, tl_savepoint(txn, &refused));
            failures++;
        }
        check_ok(tl_rollback_to(txn, save));
        check_content(txn, &on->truth);
        check_ok(tl_txn_commit(txn));
        check_sound(on->env, &on->truth);
    }
    assert_true(failures >= 2);
    rig_reopen(on);
}

static void a_value_under_construction_holds_savepoints_off(void **state)
{
    rig *on = *state;
    tl_value_writer *writer = NULL;
    key_buffer buffer;
    static uint8_t bytes[5000];
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'c', 60);
    tl_txn *txn = begin(on);
    space before = space_of(on);
    tl_save save = save_here(txn), other = 0;
    check_ok(tl_value_begin(txn, TL_TREE_MAIN, key_of(7, &buffer), sizeof bytes, 0, &writer));
    check_ok(tl_value_write(writer, bytes, 3000));
    check_status(TL_BUSY, tl_savepoint(txn, &other));
    check_status(TL_BUSY, tl_rollback_to(txn, save));
    check_status(TL_BUSY, tl_savepoint_release(txn, save));
    check_ok(tl_value_write(writer, bytes, 2000));
    check_ok(tl_value_end(writer));
    check_ok(tl_rollback_to(txn, save));
    expect_same_space(on, before);
    save = save_here(txn);
    check_ok(tl_value_begin(txn, TL_TREE_MAIN, key_of(8, &buffer), sizeof bytes, 0, &writer));
    tl_value_cancel(writer);
    check_ok(tl_rollback_to(txn, save));
    expect_same_space(on, before);
    check_content(txn, &on->truth);
    check_ok(tl_txn_commit(txn));
    check_sound(on->env, &on->truth);
    rig_reopen(on);
}

static void savepoints_are_the_writers(void **state)
{
    rig *on = *state;
    rig_open(on);
    tl_txn *reader = NULL;
    tl_save save = 5;
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &reader));
    check_status(TL_READ_ONLY, tl_savepoint(reader, &save));
    check_status(TL_READ_ONLY, tl_rollback_to(reader, 1));
    check_status(TL_READ_ONLY, tl_savepoint_release(reader, 1));
    assert_int_equal(5, save);
    tl_txn_abort(reader);
    tl_txn *txn = begin(on);
    check_status(TL_INVALID, tl_rollback_to(txn, 0));
    check_status(TL_INVALID, tl_rollback_to(txn, 1));
    save = save_here(txn);
    tl_txn_abort(txn);
    txn = begin(on);
    check_status(TL_INVALID, tl_savepoint_release(txn, save)); /* it ended with its txn */
    check_ok(tl_txn_commit(txn));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_rollback_brings_back_records_and_pages),
        rig_test(savepoints_nest_and_end_in_order),
        rig_test(pages_older_than_a_savepoint_are_copied_once_and_owned_again_after_it),
        rig_test(the_cached_last_leaf_dies_at_a_savepoint_and_at_a_rollback),
        rig_test(cursors_end_with_a_rollback_and_only_then),
        rig_test(trees_made_and_dropped_since_are_as_before),
        rig_test(nothing_is_committed_when_all_was_rolled_back),
        rig_test(an_abort_under_savepoints_leaves_no_trace),
        rig_test(a_rollback_after_the_operations_were_dropped),
        rig_test(a_txn_that_could_only_be_aborted_goes_on_after_a_rollback),
        rig_test(a_value_under_construction_holds_savepoints_off),
        rig_test(savepoints_are_the_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
