/* engine/tests/test_txn.c -- what a txn promises: all or nothing, its own view, clear refusals. */
#include "engine/tests/support/rig.h"

#include <stdlib.h>

static tl_txn *begin(rig *on, unsigned flags)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, flags, &txn));
    return txn;
}

static void put_text(tl_txn *txn, const char *key, const char *value)
{
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text(key), slice_of_text(value), 0));
}

static void abort_leaves_no_trace(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 500, 'a', 40);
    check_ok(tl_env_checkpoint(on->env));
    put_range(on->env, &on->truth, 100, 100, 'b', 20);
    tl_env_info before = info_of(on->env);
    for (unsigned round = 0; round < 5; round++) {
        tl_txn *txn = begin(on, 0);
        for (unsigned i = 0; i < 300; i++)
            check_ok(tl_del(txn, TL_TREE_MAIN, key_of(i, &buffer)));
        for (unsigned i = 1000; i < 1400; i++)
            check_ok(tl_put(txn, TL_TREE_MAIN, key_of(i, &buffer), slice_of_text("gone"), 0));
        tl_txn_abort(txn);
        rig_compare(on);
        tl_env_info after = info_of(on->env);
        assert_int_equal(before.pages_live, after.pages_live);
        assert_int_equal(before.txn, after.txn);
        assert_int_equal(before.depth, after.depth);
        if (round == 0)
            before = after; /* the file may have grown, once */
        assert_int_equal(before.page_count, after.page_count);
        assert_int_equal(before.pages_free, after.pages_free);
    }
    assert_int_equal(5, stats_of(on->env).aborts);
    rig_reopen(on);
}

static void a_txn_sees_its_own_edits_and_nobody_elses(void **state)
{
    rig *on = *state;
    tl_slice value;
    rig_open(on);
    tl_txn *writer = begin(on, 0), *early = begin(on, TL_TXN_READ_ONLY);
    put_text(writer, "k", "new");
    check_ok(tl_get(writer, TL_TREE_MAIN, slice_of_text("k"), &value));
    check_status(TL_NOT_FOUND, tl_get(early, TL_TREE_MAIN, slice_of_text("k"), &value));
    check_ok(tl_txn_commit(writer));
    check_status(TL_NOT_FOUND, tl_get(early, TL_TREE_MAIN, slice_of_text("k"), &value));
    tl_txn *late = begin(on, TL_TXN_READ_ONLY);
    check_ok(tl_get(late, TL_TREE_MAIN, slice_of_text("k"), &value));
    assert_memory_equal(value.data, "new", 3);
    tl_txn_abort(early);
    check_ok(tl_txn_commit(late));
}

static void a_put_takes_its_value_from_a_get_of_the_same_txn(void **state)
{
    rig *on = *state;
    key_buffer from, to;
    tl_slice value;
    char copy[256];
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    for (unsigned i = 0; i < 60; i++) {
        for (size_t at = 0; at < sizeof copy; at++)
            copy[at] = (char)(i * 31 + at);
        check_ok(tl_put(txn, TL_TREE_MAIN, key_of(i, &from), tl_slice_of(copy, 50 + i), 0));
        model_put(&on->truth, key_of(i, &from), tl_slice_of(copy, 50 + i));
    }
    for (unsigned i = 0; i < 600; i++) { /* into the same page: cells move, pages split */
        tl_slice source = key_of(i % 60, &from), target = key_of((i * 37) % 200, &to);
        check_ok(tl_get(txn, TL_TREE_MAIN, source, &value));
        size_t cut = i % 7 == 0 && value.size_bytes > 20 ? 1 : 0;
        value = tl_slice_of((const char *)value.data + cut, value.size_bytes - cut);
        size_t size = value.size_bytes;
        memcpy(copy, value.data, size);
        check_ok(tl_put(txn, TL_TREE_MAIN, target, value, 0));
        model_put(&on->truth, target, tl_slice_of(copy, size));
    }
    check_content(txn, &on->truth);
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
}

/* A key handed out by a cursor lies outside the pages and can be put and deleted as it is. */
static void a_delete_takes_its_key_from_a_cursor(void **state)
{
    rig *on = *state;
    tl_slice key, value;
    tl_cursor *cursor = NULL;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 200, 'x', 20);
    tl_txn *txn = begin(on, 0);
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    while (tl_cursor_next(cursor, &key, &value) == TL_OK) {
        assert_true(model_del(&on->truth, key));
        check_ok(tl_del(txn, TL_TREE_MAIN, key));
    }
    tl_cursor_close(cursor);
    check_ok(tl_txn_commit(txn));
    assert_int_equal(0, on->truth.count);
    rig_compare(on);
}

static void refused_calls_leave_the_tree_unchanged(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    uint8_t bytes[1024] = {0};
    tl_slice value;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 40);
    uint64_t number = info_of(on->env).txn;
    tl_env_info info = info_of(on->env);
    tl_txn *txn = begin(on, 0);
    tl_slice key = key_of(50, &buffer), empty = {NULL, 0};
    tl_slice long_key = tl_slice_of(bytes, info.max_key_bytes + 1);
    tl_slice most =
        tl_slice_of(bytes, info.inline_value_bytes_max + info.max_key_bytes - key.size_bytes);
    tl_slice more = tl_slice_of(bytes, (size_t)info.value_bytes_max + 1);
    check_status(TL_EXISTS, tl_put(txn, TL_TREE_MAIN, key, empty, TL_PUT_INSERT));
    check_status(TL_EXISTS, tl_put(txn, TL_TREE_MAIN, key, empty, TL_PUT_INSERT | TL_PUT_APPEND));
    check_status(TL_KEY_SIZE, tl_put(txn, TL_TREE_MAIN, empty, key, 0));
    check_status(TL_KEY_SIZE, tl_put(txn, TL_TREE_MAIN, long_key, key, 0));
    check_status(TL_VALUE_SIZE, tl_put(txn, TL_TREE_MAIN, key, more, 0));
    check_status(TL_VALUE_SIZE,
                 tl_put(txn, TL_TREE_MAIN, key, tl_slice_of(bytes, SIZE_MAX / 2), 0));
    check_status(TL_KEY_SIZE, tl_del(txn, TL_TREE_MAIN, empty));
    check_status(TL_KEY_SIZE, tl_del(txn, TL_TREE_MAIN, long_key));
    check_status(TL_NOT_FOUND, tl_del(txn, TL_TREE_MAIN, slice_of_text("absent")));
    check_status(TL_KEY_SIZE, tl_get(txn, TL_TREE_MAIN, empty, &value));
    check_status(TL_KEY_SIZE, tl_get(txn, TL_TREE_MAIN, long_key, &value));
    check_status(TL_NOT_FOUND, tl_get(txn, TL_TREE_MAIN, slice_of_text("absent"), &value));
    check_status(TL_NOT_FOUND, tl_put(txn, TL_TREE_MAIN + 1, key, key, 0));
    check_content(txn, &on->truth);
    check_ok(tl_txn_commit(txn));
    assert_int_equal(number, info_of(on->env).txn); /* nothing happened: no txn was used up */
    rig_compare(on);

    txn = begin(on, 0); /* and the limits themselves are legal */
    check_ok(tl_put(txn, TL_TREE_MAIN, key, most, 0));
    model_put(&on->truth, key, most);
    long_key.size_bytes--;
    check_ok(
        tl_put(txn, TL_TREE_MAIN, long_key, tl_slice_of(bytes, info.inline_value_bytes_max), 0));
    model_put(&on->truth, long_key, tl_slice_of(bytes, info.inline_value_bytes_max));
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
}

static void a_growing_update_splits_its_leaf(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    char value[200];
    memset(value, 'g', sizeof value);
    rig_open(on);
    put_range(on->env, &on->truth, 0, 20, 'a', 15);
    assert_int_equal(1, info_of(on->env).depth);
    tl_txn *txn = begin(on, 0);
    for (unsigned i = 0; i < 20; i++) {
        tl_slice key = key_of(i * 7 % 20, &buffer);
        check_ok(tl_put(txn, TL_TREE_MAIN, key, tl_slice_of(value, 200), 0));
        model_put(&on->truth, key, tl_slice_of(value, 200));
        check_content(txn, &on->truth);
    }
    check_ok(tl_txn_commit(txn));
    tl_stats stats = stats_of(on->env);
    assert_true(stats.leaf_splits + stats.splits_shift_left + stats.splits_shift_right > 5);
    rig_reopen(on);
}

/* Counters that are worked out from others, to the last copy. */
static void a_txn_copies_its_leaf_and_each_branch_above_it_once(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 500, 'a', 40);
    unsigned depth = info_of(on->env).depth;
    assert_true(depth >= 2);
    tl_stats before = stats_of(on->env);
    tl_txn *txn = begin(on, 0);
    for (unsigned i = 0; i < 3; i++)
        check_ok(tl_put(txn, TL_TREE_MAIN, key_of(100, &buffer), slice_of_text("short"), 0));
    check_ok(tl_txn_commit(txn));
    tl_stats after = stats_of(on->env);
    assert_int_equal(after.cow_copies - before.cow_copies, depth);
    assert_int_equal(after.dirtied_edit - before.dirtied_edit, 1);
    assert_int_equal(after.dirtied_parent - before.dirtied_parent, depth - 1);
    assert_int_equal(after.dirtied_sibling - before.dirtied_sibling, 0);
    assert_int_equal(after.inplace_edits - before.inplace_edits, 2);
    assert_int_equal(after.splits + after.merges, before.splits + before.merges);
    model_put(&on->truth, key_of(100, &buffer), slice_of_text("short"));
    rig_compare(on);
}

static void shrinking_updates_and_empty_values_keep_their_neighbours(void **state)
{
    rig *on = *state;
    const char *const *modes = tl_leaf_modes();
    for (unsigned m = 0; modes[m] != NULL; m++) {
        rig other;
        rig_make(&other);
        other.options.leaf = modes[m];
        rig_open(&other);
        for (size_t size = 120; size <= 120; size -= 40) /* 120, 80, 40, 0 */
            put_range(other.env, &other.truth, 0, 100, (char)('a' + size / 40), size);
        rig_compare(&other);
        put_range(other.env, &other.truth, 20, 50, 'z', 100);
        rig_reopen(&other);
        assert_true(stats_of(other.env).alloc_failures == 0);
        rig_drop(&other);
    }
    (void)on;
}

static void a_second_writer_of_the_same_thread_is_refused(void **state)
{
    rig *on = *state;
    tl_txn *second = NULL;
    tl_verify_summary summary;
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    check_status(TL_BUSY, tl_txn_begin(on->env, 0, &second));
    check_status(TL_BUSY, tl_txn_begin(on->env, TL_TXN_TRY, &second));
    check_status(TL_BUSY, tl_env_checkpoint(on->env));
    check_status(TL_BUSY, tl_verify(on->env, NULL, NULL, &summary));
    assert_null(second);
    put_text(txn, "still", "usable");
    check_ok(tl_txn_commit(txn));
    tl_txn_abort(begin(on, TL_TXN_TRY));
}

typedef struct trier {
    pthread_t thread;
    tl_env *env;
    tl_status status;
} trier;

static void *try_body(void *context)
{
    trier *self = context;
    tl_txn *txn = NULL;
    self->status = tl_txn_begin(self->env, TL_TXN_TRY, &txn);
    tl_txn_abort(txn);
    return NULL;
}

static tl_status try_elsewhere(rig *on)
{
    trier other = {.env = on->env};
    assert_int_equal(0, pthread_create(&other.thread, NULL, try_body, &other));
    pthread_join(other.thread, NULL);
    return other.status;
}

static void try_never_waits_for_another_threads_writer(void **state)
{
    rig *on = *state;
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    check_status(TL_BUSY, try_elsewhere(on));
    tl_txn_abort(txn);
    check_ok(try_elsewhere(on));
}

static void one_reader_too_many_is_refused_until_one_ends(void **state)
{
    rig *on = *state;
    enum { MOST = 8 };
    tl_txn *readers[MOST], *extra = NULL;
    rig_open(on);
    for (unsigned i = 0; i < MOST; i++) {
        put_range(on->env, &on->truth, i, 1, 'r', 10); /* each sees another snapshot */
        readers[i] = begin(on, TL_TXN_READ_ONLY);
    }
    check_status(TL_BUSY, tl_txn_begin(on->env, TL_TXN_READ_ONLY, &extra));
    assert_null(extra);
    put_range(on->env, &on->truth, 50, 1, 'w', 10); /* writers do not mind */
    tl_txn_abort(readers[3]);
    readers[3] = begin(on, TL_TXN_READ_ONLY);
    for (unsigned i = 0; i < MOST; i++) {
        uint64_t count = 0;
        check_ok(tl_count(readers[i], TL_TREE_MAIN, &count));
        assert_int_equal(i == 3 ? MOST + 1 : i + 1, count);
        tl_txn_abort(readers[i]);
    }
    rig_compare(on);
}

static void a_read_only_txn_refuses_edits(void **state)
{
    rig *on = *state;
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 3, 'a', 5);
    tl_txn *txn = begin(on, TL_TXN_READ_ONLY);
    check_status(TL_READ_ONLY,
                 tl_put(txn, TL_TREE_MAIN, slice_of_text("k"), slice_of_text("v"), 0));
    check_status(TL_READ_ONLY, tl_del(txn, TL_TREE_MAIN, slice_of_text("key 000000")));
    check_ok(tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
    check_ok(tl_cursor_next(cursor, &key, &value));
    check_status(TL_READ_ONLY, tl_cursor_del(cursor));
    tl_cursor_close(cursor);
    check_content(txn, &on->truth);
    tl_txn_abort(txn);
}

static void a_read_only_env_refuses_writers_and_writes_nothing(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 40);
    rig_abandon(on); /* the log must be replayed */
    uint64_t bytes = memdisk_hash(on->disk);
    on->options.flags |= TL_OPEN_READ_ONLY;
    rig_open(on);
    assert_true(info_of(on->env).frames_replayed > 0);
    check_status(TL_READ_ONLY, tl_txn_begin(on->env, 0, &txn));
    check_status(TL_READ_ONLY, tl_env_checkpoint(on->env));
    check_ok(tl_env_sync(on->env));
    rig_compare(on);
    rig_close(on);
    assert_true(bytes == memdisk_hash(on->disk));
    assert_int_equal(0, memdisk_open_count(on->disk));
}

static void close_waits_for_no_txn_but_refuses(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 10, 'a', 40);
    tl_txn *reader = begin(on, TL_TXN_READ_ONLY);
    check_status(TL_BUSY, tl_env_close(on->env));
    check_content(reader, &on->truth);
    tl_txn_abort(reader);
    tl_txn *writer = begin(on, 0);
    check_status(TL_BUSY, tl_env_close(on->env));
    put_text(writer, "after", "all");
    model_put(&on->truth, slice_of_text("after"), slice_of_text("all"));
    check_ok(tl_txn_commit(writer));
    rig_close(on);
    rig_open(on);
    rig_compare(on);
}

/* A txn whose operations weigh more than a checkpoint commits by one and logs nothing. */
static void a_txn_too_large_for_the_log_commits_by_a_checkpoint(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    char value[200];
    rig_open(on);
    put_range(on->env, &on->truth, 0, 50, 'a', 40);
    tl_stats before = stats_of(on->env);
    tl_txn *txn = begin(on, 0);
    for (unsigned i = 0; i < 20000; i++) { /* the same few pages, over and over: 4 MB of log */
        memset(value, 'a' + (int)(i % 26), sizeof value);
        tl_slice key = key_of(i % 100, &buffer);
        check_ok(tl_put(txn, TL_TREE_MAIN, key, tl_slice_of(value, sizeof value), 0));
        model_put(&on->truth, key, tl_slice_of(value, sizeof value));
    }
    check_ok(tl_txn_commit(txn));
    tl_stats after = stats_of(on->env);
    assert_int_equal(before.commit_by_ckpt + 1, after.commit_by_ckpt);
    assert_int_equal(before.log_frames, after.log_frames);
    put_range(on->env, &on->truth, 30, 50, 'b', 40);
    rig_reopen(on);
    assert_int_equal(1, info_of(on->env).frames_replayed);
}

/* A large txn that is worth logging, because it touches many pages a little, goes out in several
 * frames, all or none of which count. */
static void a_txn_of_several_frames_is_replayed_whole(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    char value[5000];
    memset(value, 'b', sizeof value);
    on->options.page_bytes = 65536;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 2400, 'a', sizeof value);
    check_ok(tl_env_checkpoint(on->env));
    tl_stats before = stats_of(on->env);
    tl_txn *txn = begin(on, 0);
    for (unsigned i = 0; i < 2400; i += 6) {
        tl_slice key = key_of(i, &buffer), bytes = tl_slice_of(value, sizeof value);
        check_ok(tl_put(txn, TL_TREE_MAIN, key, bytes, 0));
        model_put(&on->truth, key, bytes);
    }
    check_ok(tl_txn_commit(txn));
    tl_stats after = stats_of(on->env);
    assert_true(after.log_frames >= before.log_frames + 2);
    assert_int_equal(before.checkpoints, after.checkpoints);
    rig_reopen(on);
    assert_true(info_of(on->env).frames_replayed >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(abort_leaves_no_trace),
        rig_test(a_txn_sees_its_own_edits_and_nobody_elses),
        rig_test(a_put_takes_its_value_from_a_get_of_the_same_txn),
        rig_test(a_delete_takes_its_key_from_a_cursor),
        rig_test(refused_calls_leave_the_tree_unchanged),
        rig_test(a_growing_update_splits_its_leaf),
        rig_test(a_txn_copies_its_leaf_and_each_branch_above_it_once),
        rig_test(shrinking_updates_and_empty_values_keep_their_neighbours),
        rig_test(a_second_writer_of_the_same_thread_is_refused),
        rig_test(try_never_waits_for_another_threads_writer),
        rig_test(one_reader_too_many_is_refused_until_one_ends),
        rig_test(a_read_only_txn_refuses_edits),
        rig_test(a_read_only_env_refuses_writers_and_writes_nothing),
        rig_test(close_waits_for_no_txn_but_refuses),
        rig_test(a_txn_too_large_for_the_log_commits_by_a_checkpoint),
        rig_test(a_txn_of_several_frames_is_replayed_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
