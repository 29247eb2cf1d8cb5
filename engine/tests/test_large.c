/* engine/tests/test_large.c -- values that lie in extents: every size, every way to go, no page
 * lost. */
#include "engine/tests/support/rig.h"

#include <stdlib.h>

enum { LARGEST = 9 << 20 };

static uint8_t *the_bytes; /* LARGEST of them, no two stretches alike */

static int bytes_make(void **state)
{
    (void)state;
    the_bytes = malloc(LARGEST + 64);
    if (the_bytes == NULL)
        return -1;
    uint64_t word = 1;
    for (size_t i = 0; i < LARGEST + 64; i++) {
        word = word * UINT64_C(6364136223846793005) + 1442695040888963407;
        the_bytes[i] = (uint8_t)(word >> 56);
    }
    return 0;
}

static int bytes_free(void **state)
{
    (void)state;
    free(the_bytes);
    return 0;
}

/* A value of so many bytes; `number` tells equal sizes apart. */
static tl_slice value_of(size_t size, unsigned number)
{
    return tl_slice_of(the_bytes + number % 64, size);
}

static tl_txn *begin(rig *on, unsigned flags)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, flags, &txn));
    return txn;
}

static void put(rig *on, tl_txn *txn, unsigned number, tl_slice value)
{
    key_buffer buffer;
    check_ok(tl_put(txn, TL_TREE_MAIN, key_of(number, &buffer), value, 0));
    model_put(&on->truth, key_of(number, &buffer), value);
}

static void del(rig *on, tl_txn *txn, unsigned number)
{
    key_buffer buffer;
    check_ok(tl_del(txn, TL_TREE_MAIN, key_of(number, &buffer)));
    assert_true(model_del(&on->truth, key_of(number, &buffer)));
}

static void put_alone(rig *on, unsigned number, tl_slice value)
{
    tl_txn *txn = begin(on, 0);
    put(on, txn, number, value);
    check_ok(tl_txn_commit(txn));
}

/* Sizes at which something changes: the inline limit, whole pages, chunks of 64 KiB. */
static size_t boundaries(const tl_env_info *info, size_t *sizes)
{
    size_t count = 0, page = info->page_bytes;
    size_t inline_most = info->inline_value_bytes_max + info->max_key_bytes - 10; /* "key 000042" */
    const size_t around[] = {inline_most,   page - 80,    page,           2 * page - 80,
                             2 * page,      65536,        2 * 65536,      65536 - 80,
                             8 * page - 80, 65536 + page, 3 * 65536 + 80, 7 * page};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
        for (size_t size = around[i] - 1; size <= around[i] + 1; size++)
            sizes[count++] = size;
    return count;
}

static void values_of_every_boundary_size_come_back(void **state)
{
    (void)state;
    static const uint32_t pages[] = {1024, 4096, 8192, 65536};
    static const tl_durability durabilities[] = {TL_DURABILITY_COMMIT, TL_DURABILITY_NONE,
                                                 TL_DURABILITY_ASYNC};
    for (unsigned i = 0; i < 24; i++) {
        rig on;
        size_t sizes[64];
        rig_make(&on);
        on.options.page_bytes = pages[i % 4];
        on.options.durability = durabilities[i / 4 % 3];
        on.options.commit = i / 12 % 2 == 0 ? "log" : "shadow2";
        on.options.space = i % 2 == 0 ? "simple" : "segregated";
        rig_open(&on);
        tl_env_info info = info_of(on.env);
        uint64_t empty = info.pages_live;
        size_t count = boundaries(&info, sizes);
        for (unsigned k = 0; k < count; k++)
            put_alone(&on, k, value_of(sizes[k], k));
        rig_compare(&on);
        rig_reopen(&on); /* from the log */
        rig_close(&on);
        rig_open(&on); /* from the pages */
        rig_compare(&on);
        for (unsigned k = 0; k < count; k++) /* the next size: out of a leaf and back */
            put_alone(&on, k, value_of(sizes[(k + 5) % count], k + 1));
        rig_reopen(&on);
        for (unsigned k = 0; k < count; k++)
            put_alone(&on, k, value_of(k, 0)); /* all shrink into leaves */
        rig_reopen(&on);
        del_range(on.env, &on.truth, 0, (unsigned)count);
        check_ok(tl_env_checkpoint(on.env));
        put_alone(&on, 0, value_of(1, 0)); /* what the old checkpoint pinned comes back */
        check_ok(tl_env_checkpoint(on.env));
        assert_int_equal(empty, info_of(on.env).pages_live);
        rig_compare(&on);
        rig_drop(&on);
    }
}

/* 1 KiB pages have zones of 7680: 9 MB take two of them, 5 MB one. */
static void a_value_longer_than_a_zone_is_a_chain(void **state)
{
    rig *on = *state;
    on->options.growth_bytes = 0;
    rig_open(on);
    put_alone(on, 1, value_of(5 << 20, 1));
    assert_int_equal(0, stats_of(on->env).values_joined);
    put_alone(on, 2, value_of(9 << 20, 2));
    put_alone(on, 3, value_of((15 << 19) + 1, 3));
    rig_compare(on);
    assert_true(stats_of(on->env).values_joined > 0);
    rig_reopen(on);
    rig_close(on);
    rig_open(on);
    rig_compare(on);
    uint64_t live = info_of(on->env).pages_live;
    put_alone(on, 2, value_of(5 << 20, 4)); /* chain to single */
    put_alone(on, 1, value_of(9 << 20, 5)); /* single to chain */
    rig_reopen(on);
    assert_in_range(info_of(on->env).pages_live, live - 8, live + 8);
    del_range(on->env, &on->truth, 1, 3);
    rig_reopen(on);
    assert_true(info_of(on->env).pages_live < 20);
}

static void an_abort_gives_every_page_back(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 50, 'a', 60);
    put_alone(on, 60, value_of(70000, 1));
    put_alone(on, 61, value_of(3000, 1));
    check_ok(tl_env_checkpoint(on->env));
    tl_env_info before = info_of(on->env);
    for (unsigned round = 0; round < 20; round++) {
        model kept = {0};
        model_copy(&kept, &on->truth);
        tl_txn *txn = begin(on, 0);
        for (unsigned i = 0; i < 30; i++)
            put(on, txn, i, value_of(500 + i * 1777 % 60000, i + round));
        put(on, txn, 60, value_of(200000, round)); /* replaces one of the checkpoint */
        del(on, txn, 61);
        put(on, txn, 5, value_of(90000, 2)); /* and one of its own */
        del(on, txn, 6);
        check_content(txn, &on->truth);
        tl_txn_abort(txn);
        model_copy(&on->truth, &kept);
        model_clear(&kept);
        assert_int_equal(before.pages_live, info_of(on->env).pages_live);
        rig_compare(on);
    }
    tl_env_info after = info_of(on->env);
    assert_int_equal(after.page_count, after.pages_live + after.pages_free);
    rig_reopen(on);
}

static void a_reader_keeps_the_values_it_saw(void **state)
{
    rig *on = *state;
    rig_open(on);
    for (unsigned i = 0; i < 20; i++)
        put_alone(on, i, value_of(900 + i * 3333, i));
    model seen = {0};
    model_copy(&seen, &on->truth);
    tl_txn *reader = begin(on, TL_TXN_READ_ONLY);
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < 20; i++)
            put_alone(on, i, value_of(900 + (i + round) % 20 * 3333, i + round + 1));
        if (round % 2 == 0)
            check_ok(tl_env_checkpoint(on->env));
        check_content(reader, &seen);
    }
    tl_txn_abort(reader);
    model_clear(&seen);
    rig_reopen(on);
}

/* Each byte goes to the page file once; what is short goes to the log and with the checkpoint. */
static void long_values_are_written_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = 4096;
        on.options.durability = i == 0 ? TL_DURABILITY_COMMIT : TL_DURABILITY_NONE;
        rig_open(&on);
        tl_stats before = stats_of(on.env);
        for (unsigned k = 0; k < 10; k++)
            put_alone(&on, k, value_of(64000, k));
        check_ok(tl_env_checkpoint(on.env));
        tl_stats after = stats_of(on.env);
        assert_int_equal(10 * 65536, after.value_bytes_written - before.value_bytes_written);
        assert_true(after.log_bytes - before.log_bytes < 10 * 1024);
        assert_int_equal(10, after.values_direct);
        assert_int_equal(i == 0 ? 10 : 0, after.syncs_values);
        put_alone(&on, 20, value_of(20000, 1));
        tl_stats later = stats_of(on.env);
        assert_int_equal(i == 0 ? 0 : 1, later.values_direct - after.values_direct);
        assert_int_equal(i == 0, later.log_bytes - after.log_bytes > 20000);
        rig_reopen(&on);
        rig_drop(&on);
    }
}

/* In one txn: what is given up again is not in the file, and its pages are used by nobody that a
 * replay of the log would trip over. */
static void a_value_replaced_in_its_own_txn_replays(void **state)
{
    rig *on = *state;
    on->options.page_bytes = 4096;
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    for (unsigned round = 0; round < 5; round++)
        for (unsigned k = 0; k < 6; k++)
            put(on, txn, k, value_of(33000 + 5000 * k, k + round));
    del(on, txn, 3);
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
    txn = begin(on, 0); /* so few that none is written before the commit */
    for (unsigned round = 0; round < 3; round++)
        for (unsigned k = 0; k < 2; k++)
            put(on, txn, k, value_of(34000, k + round));
    del(on, txn, 1);
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
    for (unsigned round = 0; round < 8; round++) {
        txn = begin(on, 0);
        for (unsigned k = 0; k < 40; k++)
            put(on, txn, 100 + k, value_of(100, k));
        put(on, txn, round, value_of(40000, round));
        check_ok(tl_txn_commit(txn));
        txn = begin(on, 0);
        del(on, txn, round);
        check_ok(tl_txn_commit(txn));
    }
    rig_reopen(on);
    put_alone(on, 1, value_of(50000, 9));
    rig_reopen(on);
}

/* A file that can no longer grow: free pages scattered about still hold a value, as a chain. */
static void a_full_file_takes_a_value_in_pieces(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    on->options.max_bytes = 1 << 20;
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    unsigned count = 0;
    while (tl_put(txn, TL_TREE_MAIN, key_of(count, &buffer), value_of(3000, count), 0) == TL_OK) {
        model_put(&on->truth, key_of(count, &buffer), value_of(3000, count));
        count++;
        assert_true(count < 1000);
    }
    check_ok(tl_txn_commit(txn));
    assert_true(count > 200);
    rig_compare(on);
    for (unsigned k = 0; k < count; k += 3) { /* holes of three pages */
        txn = begin(on, 0);
        del(on, txn, k);
        check_ok(tl_txn_commit(txn));
    }
    check_ok(tl_env_checkpoint(on->env));
    rig_compare(on);
    put_alone(on, 2000, value_of(100000, 1));
    rig_compare(on);
    assert_true(stats_of(on->env).values_joined > 0);
    rig_reopen(on);
    tl_slice huge = value_of(900000, 1);
    txn = begin(on, 0);
    check_status(TL_NO_SPACE, tl_put(txn, TL_TREE_MAIN, key_of(3000, &buffer), huge, 0));
    check_status(TL_NO_SPACE, tl_put(txn, TL_TREE_MAIN, key_of(2000, &buffer), huge, 0));
    check_content(txn, &on->truth);
    put(on, txn, 3001, value_of(50, 0));
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
    for (unsigned k = 0; k < count; k++)
        if (k % 3 != 0) {
            txn = begin(on, 0);
            del(on, txn, k);
            check_ok(tl_txn_commit(txn));
        }
    put_alone(on, 2000, value_of(600000, 1));
    rig_reopen(on);
}

/* Large values on a file that is full to its limit: the reserve lets one txn delete many of them,
 * and small txns delete them all. */
static void a_full_file_of_large_values_can_be_emptied(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        rig on;
        key_buffer buffer;
        rig_make(&on);
        on.options.max_bytes = 1 << 20;
        on.options.commit = i % 2 == 0 ? "log" : "shadow2";
        on.options.reserve_pages = i / 2 == 0 ? 0 : 100;
        rig_open(&on);
        tl_txn *txn = begin(&on, 0);
        unsigned count = 0;
        while (tl_put(txn, TL_TREE_MAIN, key_of(count, &buffer),
                      value_of(count % 2 == 0 ? 2500 : 80, count), 0) == TL_OK) {
            model_put(&on.truth, key_of(count, &buffer),
                      value_of(count % 2 == 0 ? 2500 : 80, count));
            count++;
            assert_true(count < 2000);
        }
        check_ok(tl_txn_commit(txn));
        assert_true(count > 300 && info_of(on.env).pages_free >= on.options.reserve_pages);
        check_ok(tl_env_checkpoint(on.env)); /* all is in the file now, and pinned */
        txn = begin(&on, 0);
        unsigned deleted = 0;
        for (unsigned k = 0; k < count; k += 7) { /* in as many leaves as there are pages for */
            tl_status status = tl_del(txn, TL_TREE_MAIN, key_of(k, &buffer));
            if (status != TL_OK) {
                check_status(TL_NO_SPACE, status);
                break;
            }
            model_del(&on.truth, key_of(k, &buffer));
            deleted++;
        }
        assert_true(deleted > (i / 2 == 0 ? 0 : 20));
        check_ok(tl_txn_commit(txn));
        rig_reopen(&on);
        for (unsigned k = 0; k < count; k++) {
            if (!model_del(&on.truth, key_of(k, &buffer)))
                continue;
            txn = begin(&on, 0);
            check_ok(tl_del(txn, TL_TREE_MAIN, key_of(k, &buffer)));
            check_ok(tl_txn_commit(txn));
        }
        rig_reopen(&on);
        put_alone(&on, 1, value_of(600000, 1));
        rig_reopen(&on);
        rig_drop(&on);
    }
}

static void damage_to_a_value_is_reported(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 5, 'a', 60);
    put_alone(on, 7, value_of(150000, 3));
    rig_close(on);
    uint64_t size = 0;
    uint8_t *at = memdisk_bytes(on->disk, rig_path, &size);
    assert_non_null(at);
    size_t where = 0;
    for (size_t i = 0; i + 64 < size; i++)
        if (memcmp(at + i, the_bytes + 3 + 100000, 64) == 0)
            where = i;
    assert_true(where != 0);
    at[where] ^= 1;
    rig_open(on);
    tl_txn *txn = begin(on, TL_TXN_READ_ONLY);
    tl_slice value;
    check_status(TL_CORRUPT, tl_get(txn, TL_TREE_MAIN, key_of(7, &buffer), &value));
    check_ok(tl_get(txn, TL_TREE_MAIN, key_of(1, &buffer), &value));
    tl_txn_abort(txn);
    tl_error error;
    tl_env_error(on->env, &error);
    assert_non_null(strstr(error.text, "checksum of a chunk"));
    tl_verify_summary summary;
    check_status(TL_CORRUPT, tl_verify(on->env, NULL, NULL, &summary));
    assert_int_equal(1, summary.findings);
    memdisk_bytes(on->disk, rig_path, &size)[where] ^= 1;
    rig_compare(on); /* nothing wrong was kept */
    txn = begin(on, 0);
    del(on, txn, 7);
    check_ok(tl_txn_commit(txn));
    rig_reopen(on);
}

static void a_dropped_tree_gives_its_values_back(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    rig_open(on);
    put_alone(on, 1, value_of(5000, 1));
    check_ok(tl_env_checkpoint(on->env));
    uint64_t live = info_of(on->env).pages_live;
    for (unsigned round = 0; round < 4; round++) {
        tl_tree tree = 0;
        tl_txn *txn = begin(on, 0);
        check_ok(tl_tree_open(txn, slice_of_text("other"), TL_TREE_CREATE, &tree));
        for (unsigned k = 0; k < 40; k++)
            check_ok(tl_put(txn, tree, key_of(k, &buffer), value_of(300 + 2000 * k, k), 0));
        if (round % 2 == 0) {
            check_ok(tl_txn_commit(txn));
            if (round == 0)
                rig_abandon(on);
            else
                rig_close(on);
            rig_open(on);
            check_sound(on->env, NULL);
            txn = begin(on, 0);
        }
        check_ok(tl_tree_drop(txn, tree));
        check_ok(tl_txn_commit(txn));
        check_ok(tl_env_checkpoint(on->env));
        put_alone(on, 2, value_of(1, 0));
        check_ok(tl_env_checkpoint(on->env));
        assert_int_equal(live, info_of(on->env).pages_live);
        rig_compare(on);
    }
    rig_reopen(on);
}

/* A commit that was refused after its extents were synced leaves its txn number to another. */
static void a_refused_commit_does_not_stand_for_the_next_one_s_sync(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_alone(on, 1, value_of(40000, 1));
    uint64_t before = stats_of(on->env).syncs_values;
    tl_txn *txn = begin(on, 0);
    key_buffer buffer;
    check_ok(tl_put(txn, TL_TREE_MAIN, key_of(2, &buffer), value_of(40000, 2), 0));
    for (unsigned i = 0; i < 200; i++) /* a frame that needs a longer log */
        check_ok(tl_put(txn, TL_TREE_MAIN, key_of(10 + i, &buffer), value_of(100, i), 0));
    faultio_plan(&on->faults, FAULTIO_WRITE, 2, TL_NO_SPACE, false);
    check_status(TL_NO_SPACE, tl_txn_commit(txn));
    faultio_heal(&on->faults);
    assert_int_equal(before + 1, stats_of(on->env).syncs_values);
    put_alone(on, 2, value_of(40000, 3));
    assert_int_equal(before + 2, stats_of(on->env).syncs_values);
    rig_reopen(on);
}

/* Write a value in uneven pieces. */
static void stream(tl_value_writer *writer, tl_slice value)
{
    const uint8_t *at = value.data;
    size_t left = value.size_bytes;
    for (size_t piece = 1; left != 0; piece = piece * 3 + 1) {
        size_t size = piece % 100000 < left ? piece % 100000 : left;
        check_ok(tl_value_write(writer, at, size));
        at += size;
        left -= size;
    }
}

/* Read a value in parts that begin and end anywhere. */
static void check_parts(tl_txn *txn, tl_slice key, tl_slice value)
{
    static uint8_t buffer[300000];
    uint64_t bytes = 0;
    check_ok(tl_value_size(txn, TL_TREE_MAIN, key, &bytes));
    assert_int_equal(value.size_bytes, bytes);
    const size_t offsets[] = {0, 1, 65535, 65536, 100000, bytes - 1, bytes, bytes + 5};
    const size_t sizes[] = {0, 1, 70000, 65536, sizeof buffer};
    for (unsigned i = 0; i < 8; i++)
        for (unsigned k = 0; k < 5; k++) {
            size_t got = 77, left = offsets[i] < bytes ? bytes - offsets[i] : 0;
            check_ok(tl_value_read(txn, TL_TREE_MAIN, key, offsets[i], buffer, sizes[k], &got));
            assert_int_equal(sizes[k] < left ? sizes[k] : left, got);
            assert_memory_equal(buffer, (const uint8_t *)value.data + offsets[i], got);
        }
}

static void a_value_comes_and_goes_in_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 10, 400, 2000, 65536, 200001, 9 << 20};
    for (unsigned round = 0; round < 4; round++) {
        rig on;
        key_buffer buffer;
        rig_make(&on);
        on.options.durability = round % 2 == 0 ? TL_DURABILITY_COMMIT : TL_DURABILITY_NONE;
        on.options.commit = round / 2 == 0 ? "log" : "shadow2";
        on.options.growth_bytes = 1 << 20;
        rig_open(&on);
        for (unsigned i = 0; i < 7; i++) {
            tl_value_writer *writer = NULL;
            tl_txn *txn = begin(&on, 0);
            tl_slice value = value_of(sizes[i], i), key = key_of(i, &buffer);
            check_ok(tl_value_begin(txn, TL_TREE_MAIN, key, value.size_bytes, 0, &writer));
            check_status(TL_BUSY, tl_put(txn, TL_TREE_MAIN, key, key, 0));
            if (value.size_bytes != 0)
                check_status(TL_INVALID, tl_value_end(writer));
            stream(writer, value);
            check_status(TL_INVALID, tl_value_write(writer, "x", 1));
            check_ok(tl_value_end(writer));
            check_status(TL_EXISTS,
                         tl_value_begin(txn, TL_TREE_MAIN, key, 5, TL_PUT_INSERT, &writer));
            model_put(&on.truth, key, value);
            check_parts(txn, key, value);
            check_ok(tl_txn_commit(txn));
        }
        rig_reopen(&on);
        rig_close(&on);
        rig_open(&on);
        tl_txn *txn = begin(&on, TL_TXN_READ_ONLY);
        for (unsigned i = 0; i < 7; i++) /* from the file: none is in memory */
            check_parts(txn, key_of(i, &buffer), value_of(sizes[i], i));
        assert_int_equal(0, stats_of(on.env).values_loaded);
        tl_txn_abort(txn);
        rig_compare(&on);
        rig_drop(&on);
    }
}

static void an_unfinished_value_leaves_nothing_behind(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 20, 'a', 50);
    uint64_t live = info_of(on->env).pages_live;
    for (unsigned way = 0; way < 4; way++) {
        tl_value_writer *writer = NULL;
        tl_txn *txn = begin(on, 0);
        check_ok(tl_value_begin(txn, TL_TREE_MAIN, slice_of_text("large"), 150000, 0, &writer));
        check_ok(tl_value_write(writer, the_bytes, 100000));
        if (way == 0)
            tl_value_cancel(writer);
        if (way == 3) {
            rig_reopen(on); /* the process dies */
            continue;
        }
        if (way == 2)
            tl_txn_abort(txn);
        else
            check_ok(tl_txn_commit(txn));
        assert_int_equal(live, info_of(on->env).pages_live);
        rig_compare(on);
    }
}

/* A write ahead of the log that fails half-way, behind a savepoint: what was put before it is still
 * to be written. */
static void a_rollback_behind_a_failed_write_keeps_the_values_before(void **state)
{
    rig *on = *state;
    on->options.page_bytes =
        16384; /* ends of extents are left out, so each is a write of its own */
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    for (unsigned i = 0; i < 4; i++)
        put(on, txn, i, value_of(34000, i));
    tl_save save;
    tl_status status = TL_OK;
    check_ok(tl_savepoint(txn, &save));
    faultio_plan(&on->faults, FAULTIO_WRITE, 2, TL_IO, false);
    for (unsigned i = 4; i < 14 && status == TL_OK; i++) {
        key_buffer buffer;
        status = tl_put(txn, TL_TREE_MAIN, key_of(i, &buffer), value_of(34000, i), 0);
    }
    check_status(TL_IO, status);
    faultio_heal(&on->faults);
    check_ok(tl_rollback_to(txn, save));
    check_ok(tl_txn_commit(txn));
    rig_compare(on);
    rig_reopen(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_boundary_size_come_back),
        rig_test(a_value_longer_than_a_zone_is_a_chain),
        rig_test(an_abort_gives_every_page_back),
        rig_test(a_reader_keeps_the_values_it_saw),
        cmocka_unit_test(long_values_are_written_once),
        rig_test(a_value_replaced_in_its_own_txn_replays),
        rig_test(a_full_file_takes_a_value_in_pieces),
        cmocka_unit_test(a_full_file_of_large_values_can_be_emptied),
        rig_test(damage_to_a_value_is_reported),
        rig_test(a_refused_commit_does_not_stand_for_the_next_one_s_sync),
        cmocka_unit_test(a_value_comes_and_goes_in_pieces),
        rig_test(an_unfinished_value_leaves_nothing_behind),
        rig_test(a_dropped_tree_gives_its_values_back),
        rig_test(a_rollback_behind_a_failed_write_keeps_the_values_before),
    };
    return cmocka_run_group_tests(tests, bytes_make, bytes_free);
}
