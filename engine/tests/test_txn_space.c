/* engine/tests/test_txn_space.c -- what txns cost in pages: pinned, reused, returned, limited. */
#include "engine/tests/support/rig.h"

static tl_txn *begin(rig *on, unsigned flags)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, flags, &txn));
    return txn;
}

/* A reader pins the pages it can see and nothing else: the file stays at live + pinned. */
static void a_pinned_reader_sees_the_same_bytes_while_the_file_stays_bounded(void **state)
{
    rig *on = *state;
    enum { KEYS = 400, TXNS = 1000 };
    rig_open(on);
    on->options.ckpt_bytes = 0;
    put_range(on->env, &on->truth, 0, KEYS, 'a', 60);
    check_ok(tl_env_checkpoint(on->env));
    model seen = {0};
    model_copy(&seen, &on->truth);
    tl_txn *reader = begin(on, TL_TXN_READ_ONLY);
    uint64_t after_100 = 0;
    for (unsigned i = 0; i < TXNS; i++) {
        put_range(on->env, &on->truth, i * 7 % 10 * 40, 40, (char)('b' + i % 20), 60);
        if (i % 100 == 0)
            check_content(reader, &seen);
        if (i == 100)
            after_100 = info_of(on->env).page_count;
    }
    check_content(reader, &seen);
    tl_env_info info = info_of(on->env);
    assert_true(info.page_count <= after_100 + after_100 / 20);
    assert_true(stats_of(on->env).checkpoints > 1); /* the reader outlives them */
    assert_true(stats_of(on->env).pages_pinned > 0);
    tl_txn_abort(reader);
    put_range(on->env, &on->truth, 0, 1, 'z', 60); /* the next commit notices */
    check_ok(tl_env_checkpoint(on->env));
    put_range(on->env, &on->truth, 0, 1, 'y', 60);
    rig_compare(on);
    assert_true(stats_of(on->env).pages_pinned < 20);
    model_clear(&seen);
}

static void readers_of_different_ages_each_keep_their_own(void **state)
{
    rig *on = *state;
    enum { READERS = 6 };
    tl_txn *readers[READERS];
    model seen[READERS] = {{0}};
    rig_open(on);
    for (unsigned i = 0; i < READERS; i++) {
        put_range(on->env, &on->truth, 0, 300, (char)('a' + i), 50);
        put_range(on->env, &on->truth, 1000 + 10 * i, 10, 'n', 50);
        model_copy(&seen[i], &on->truth);
        readers[i] = begin(on, TL_TXN_READ_ONLY);
        if (i % 2 == 1)
            check_ok(tl_env_checkpoint(on->env));
    }
    static const unsigned order[] = {2, 0, 5, 3, 1, 4}; /* they end in no order */
    for (unsigned i = 0; i < READERS; i++) {
        for (unsigned other = i; other < READERS; other++)
            check_content(readers[order[other]], &seen[order[other]]);
        tl_txn_abort(readers[order[i]]);
        put_range(on->env, &on->truth, 0, 300, (char)('m' + i), 50);
        model_clear(&seen[order[i]]);
    }
    rig_reopen(on);
}

static void pages_come_back_after_everything_is_deleted(void **state)
{
    rig *on = *state;
    rig_open(on);
    uint64_t empty = info_of(on->env).pages_live;
    put_range(on->env, &on->truth, 0, 3000, 'a', 60);
    uint64_t full = info_of(on->env).pages_live;
    for (unsigned i = 0; i < 3000; i += 100)
        del_range(on->env, &on->truth, i, 100);
    check_ok(tl_env_checkpoint(on->env));
    check_ok(tl_env_checkpoint(on->env));
    tl_env_info info = info_of(on->env);
    assert_true(full > 150);
    assert_int_equal(empty, info.pages_live);
    assert_int_equal(1, info.depth);
    assert_int_equal(info.page_count, info.pages_live + info.pages_free);
    assert_int_equal(0, stats_of(on->env).pages_pinned);
    rig_compare(on);
}

static void reinserting_does_not_grow_the_file(void **state)
{
    rig *on = *state;
    uint64_t page_count = 0;
    rig_open(on);
    for (unsigned round = 0; round < 12; round++) {
        put_range(on->env, &on->truth, 0, 1000, (char)('a' + round), 60);
        check_ok(tl_env_checkpoint(on->env));
        del_range(on->env, &on->truth, 0, 1000);
        check_ok(tl_env_checkpoint(on->env));
        if (round == 1)
            page_count = info_of(on->env).page_count;
    }
    assert_int_equal(page_count, info_of(on->env).page_count);
    rig_reopen(on);
}

/* 1 KiB pages have zones of 7680: the bitmaps of several zones are kept, found again and used. */
static void a_file_of_several_zones_is_reopened_and_reused(void **state)
{
    rig *on = *state;
    on->options.growth_bytes = 1 << 20;
    on->options.durability = TL_DURABILITY_NONE;
    rig_open(on);
    for (unsigned i = 0; i < 10; i++)
        put_range(on->env, &on->truth, i * 8000, 8000, 'a', 200);
    assert_true(info_of(on->env).page_count > 2 * 7680);
    check_ok(tl_env_checkpoint(on->env));
    rig_reopen(on);
    uint64_t page_count = info_of(on->env).page_count;
    for (unsigned i = 0; i < 10; i += 2)
        del_range(on->env, &on->truth, i * 8000, 8000);
    check_ok(tl_env_checkpoint(on->env));
    check_ok(tl_env_checkpoint(on->env));
    rig_abandon(on); /* a close would move pages into the holes and cut the free end off */
    rig_open(on);
    assert_int_equal(page_count, info_of(on->env).page_count);
    for (unsigned i = 0; i < 10; i += 2)
        put_range(on->env, &on->truth, i * 8000, 8000, 'b', 200);
    assert_int_equal(page_count, info_of(on->env).page_count);
    rig_reopen(on);
}

/* Fill the file to its limit; returns how many keys the running txn took. */
static unsigned fill_to_the_limit(rig *on, tl_txn *txn, model *seen, unsigned first)
{
    key_buffer buffer;
    char value[100];
    memset(value, 'f', sizeof value);
    for (unsigned i = first;; i++) {
        tl_slice key = key_of(i, &buffer), bytes = tl_slice_of(value, sizeof value);
        tl_status status = tl_put(txn, TL_TREE_MAIN, key, bytes, 0);
        if (status != TL_OK) {
            check_status(TL_NO_SPACE, status);
            check_content(txn, seen);
            return i - first;
        }
        model_put(seen, key, bytes);
        assert_true(i < first + 100000);
        (void)on;
    }
}

static void a_full_file_refuses_the_put_and_the_txn_goes_on(void **state)
{
    rig *on = *state;
    static const char *const protocols[] = {"log", "shadow2", "shadow1"};
    for (unsigned p = 0; p < 3; p++) {
        rig other;
        rig_make(&other);
        other.options.commit = protocols[p];
        other.options.max_bytes = 256 << 10;
        rig_open(&other);
        put_range(other.env, &other.truth, 0, 200, 'a', 100);
        check_ok(tl_env_checkpoint(other.env));
        model seen = {0};
        model_copy(&seen, &other.truth);
        tl_txn *txn = begin(&other, 0);
        assert_true(fill_to_the_limit(&other, txn, &seen, 1000) > 100);
        tl_txn_abort(txn);
        rig_compare(&other);
        model_copy(&seen, &other.truth);
        txn = begin(&other, 0);
        fill_to_the_limit(&other, txn, &seen, 1000);
        check_ok(tl_txn_commit(txn)); /* what was taken in before the refusal is good */
        model_copy(&other.truth, &seen);
        rig_compare(&other);
        assert_true(info_of(other.env).page_count <= 256);
        rig_reopen(&other);
        model_clear(&seen);
        rig_drop(&other);
    }
    (void)on;
}

/* Deletes copy pages too; puts leave enough for them, and checkpoints give it back. */
static void a_full_file_can_be_emptied_by_small_deletes(void **state)
{
    rig *on = *state;
    static const char *const protocols[] = {"log", "shadow2", "shadow1"};
    for (unsigned p = 0; p < 3; p++) {
        rig other;
        rig_make(&other);
        other.options.commit = protocols[p];
        other.options.max_bytes = 256 << 10;
        rig_open(&other);
        tl_txn *txn = begin(&other, 0);
        unsigned count = fill_to_the_limit(&other, txn, &other.truth, 0);
        check_ok(tl_txn_commit(txn));
        check_ok(tl_env_checkpoint(other.env));    /* every page is now in the file, and pinned */
        for (unsigned pass = 0; pass < 12; pass++) /* every leaf is touched before one is empty */
            for (unsigned i = pass; i < count; i += 12)
                del_range(other.env, &other.truth, i, 1);
        check_ok(tl_env_checkpoint(other.env));
        rig_compare(&other);
        put_range(other.env, &other.truth, 0, count / 4, 'b', 100);
        rig_reopen(&other);
        rig_drop(&other);
    }
    (void)on;
}

/* A commit that finds no room has not happened, and nothing is broken. */
static void a_full_file_never_breaks_what_is_committed(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    static const char *const protocols[] = {"log", "shadow2", "shadow1"};
    for (unsigned p = 0; p < 3; p++) {
        rig other;
        rig_make(&other);
        other.options.commit = protocols[p];
        other.options.max_bytes = 128 << 10;
        rig_open(&other);
        unsigned refused = 0;
        for (unsigned i = 0; i < 3000; i++) {
            char value[100];
            memset(value, 'a' + (int)(i % 26), sizeof value);
            tl_txn *txn = begin(&other, 0);
            tl_slice key = key_of(i * 7919 % 1000, &buffer);
            tl_slice bytes = tl_slice_of(value, sizeof value);
            tl_status status = tl_put(txn, TL_TREE_MAIN, key, bytes, 0);
            if (status == TL_OK)
                status = tl_txn_commit(txn);
            else
                tl_txn_abort(txn);
            if (status == TL_OK)
                model_put(&other.truth, key, bytes);
            else
                check_status(TL_NO_SPACE, status);
            refused += status != TL_OK;
            if (i % 100 == 0)
                rig_compare(&other);
        }
        assert_true(refused > 0 && other.truth.count > 100);
        other.options.max_bytes = 0;
        rig_reopen(&other); /* with more room all goes on */
        put_range(other.env, &other.truth, 2000, 500, 'b', 100);
        rig_reopen(&other);
        rig_drop(&other);
    }
    (void)on;
}

/* The limit is for users: recovery takes what it needs to bring back what was acknowledged. */
static void recovery_ignores_the_limit_of_the_page_file(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    key_buffer buffer;
    rig_open(on);
    for (unsigned i = 0; i < 10; i++) /* in the log only */
        put_range(on->env, &on->truth, 100 * i, 100, 'a', 100);
    assert_int_equal(0, stats_of(on->env).checkpoints - 1);
    on->options.max_bytes = 32 << 10;
    rig_reopen(on);
    assert_true(info_of(on->env).page_count > 100);
    txn = begin(on, 0);
    tl_status status = TL_OK;
    for (unsigned i = 0; i < 10000 && status == TL_OK; i++)
        status = tl_put(txn, TL_TREE_MAIN, key_of(5000 + i, &buffer), slice_of_text("new"), 0);
    check_status(TL_NO_SPACE, status);
    tl_txn_abort(txn);
    rig_compare(on);
}

/* A failed commit gives its pages back: trying again and again costs nothing. */
static void refused_txns_leak_no_pages(void **state)
{
    rig *on = *state;
    on->options.max_bytes = 200 << 10;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 100);
    check_ok(tl_env_checkpoint(on->env));
    uint64_t taken = 0;
    for (unsigned round = 0; round < 20; round++) {
        model seen = {0};
        model_copy(&seen, &on->truth);
        tl_txn *txn = begin(on, 0);
        unsigned count = fill_to_the_limit(on, txn, &seen, 1000);
        tl_txn_abort(txn);
        model_clear(&seen);
        taken = round == 0 ? count : taken;
        assert_int_equal(taken, count);
        check_sound(on->env, &on->truth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_pinned_reader_sees_the_same_bytes_while_the_file_stays_bounded),
        rig_test(readers_of_different_ages_each_keep_their_own),
        rig_test(pages_come_back_after_everything_is_deleted),
        rig_test(reinserting_does_not_grow_the_file),
        rig_test(a_file_of_several_zones_is_reopened_and_reused),
        rig_test(a_full_file_refuses_the_put_and_the_txn_goes_on),
        rig_test(a_full_file_can_be_emptied_by_small_deletes),
        rig_test(a_full_file_never_breaks_what_is_committed),
        rig_test(recovery_ignores_the_limit_of_the_page_file),
        rig_test(refused_txns_leak_no_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
