/* engine/tests/test_copy.c -- hot copies: equal to their moment, whole or absent, in nobody's way.
 */
#include "engine/tests/support/rig.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const char copy_path[] = "copy.tl";

enum { LARGE_MAX = 9 << 20 };

typedef struct opened { /* the copy, to look at */
    tl_env *env;
    tl_verify_summary summary;
    tl_env_info info;
} opened;

static opened copy_open(rig *on)
{
    opened copy = {.env = NULL};
    tl_env_options options = on->options;
    options.flags |= TL_OPEN_NO_CREATE;
    check_ok(tl_env_open(copy_path, &options, &copy.env));
    check_ok(tl_verify(copy.env, NULL, NULL, &copy.summary));
    tl_env_info_get(copy.env, &copy.info);
    return copy;
}

static void copy_remove(rig *on)
{
    memdisk_remove(on->disk, "copy.tl");
    memdisk_remove(on->disk, "copy.log.0");
    memdisk_remove(on->disk, "copy.log.1");
}

static bool is_there(rig *on, const char *path)
{
    uint64_t size;
    return memdisk_bytes(on->disk, path, &size) != NULL;
}

static tl_verify_summary verified(rig *on)
{
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    return summary;
}

static void trees_make(rig *on, unsigned trees, unsigned records)
{
    tl_txn *txn = NULL;
    char name[32];
    key_buffer buffer;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    for (unsigned i = 0; i < trees; i++) {
        tl_tree tree = 0;
        snprintf(name, sizeof name, "named tree %u", i * 31 % trees);
        check_ok(tl_tree_open(txn, slice_of_text(name), TL_TREE_CREATE, &tree));
        for (unsigned j = 0; j < records; j++)
            check_ok(tl_put(txn, tree, key_of(j * 7 + i, &buffer), slice_of_text(name), 0));
    }
    check_ok(tl_txn_commit(txn));
}

/* A value that no leaf can hold, under key `number`. */
static void put_large(rig *on, unsigned number, size_t size)
{
    static uint8_t value[LARGE_MAX];
    tl_txn *txn = NULL;
    key_buffer buffer;
    for (size_t i = 0; i < size; i++)
        value[i] = (uint8_t)(number + i * 7 + i / 251);
    tl_slice key = key_of(number, &buffer), bytes = tl_slice_of(value, size);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_put(txn, TL_TREE_MAIN, key, bytes, 0));
    check_ok(tl_txn_commit(txn));
    model_put(&on->truth, key, bytes);
}

/* Records scattered over many pages: most were deleted again. */
static void hollow_out(rig *on)
{
    put_range(on->env, &on->truth, 0, 3000, 'a', 90);
    for (unsigned i = 0; i < 3000; i += 200)
        del_range(on->env, &on->truth, i, 150);
    check_ok(tl_env_checkpoint(on->env));
    put_range(on->env, &on->truth, 500, 30, 'b', 50); /* and something that only the log has */
    put_large(on, 10, 700000);
    put_large(on, 700, 3000);
    del_range(on->env, &on->truth, 1150, 50);
    put_large(on, 1010, 131072);
    put_large(on, 20, 40000); /* where there is room, perhaps in pieces */
}

static void expect_equal(rig *on, unsigned flags)
{
    tl_verify_summary before = verified(on);
    check_ok(tl_env_copy(on->env, copy_path, flags));
    opened copy = copy_open(on);
    tl_env_info info = info_of(on->env);
    assert_true(copy.summary.trees_hash == before.trees_hash);
    assert_true(copy.summary.content_hash == before.content_hash);
    assert_int_equal(copy.summary.records, before.records);
    assert_int_equal(copy.summary.trees, before.trees);
    assert_int_equal(copy.summary.leaves, before.leaves);
    assert_int_equal(copy.info.txn, info.txn);
    assert_memory_not_equal(copy.info.uuid, info.uuid, sizeof info.uuid);
    assert_true(copy.info.page_count <= info.page_count + before.trees + 2);
    if ((flags & TL_COPY_COMPACT) != 0) /* recovery's checkpoint may have moved the catalog */
        assert_true(copy.info.pages_live + 4 >= copy.info.page_count || copy.info.page_count <= 20);
    put_range(copy.env, &on->truth, 0, 60, 'c', 70); /* it lives */
    check_sound(copy.env, &on->truth);
    check_ok(tl_env_close(copy.env));
    copy = copy_open(on);
    check_sound(copy.env, &on->truth);
    tl_env_abandon(copy.env);
    assert_true(verified(on).trees_hash == before.trees_hash); /* the source did not notice */
    put_range(on->env, &on->truth, 0, 60, 'c', 70);
    copy_remove(on);
}

static void a_copy_holds_what_its_moment_held(void **state)
{
    rig *on = *state;
    for (unsigned flags = 0; flags <= TL_COPY_COMPACT; flags++) {
        static const uint32_t page_bytes[] = {1024, 4096, 65536};
        for (size_t i = 0; i < 3; i++) {
            rig fresh;
            rig_make(&fresh);
            fresh.options.page_bytes = page_bytes[i];
            fresh.options.max_bytes = fresh.options.map_bytes = 64 << 20;
            rig_open(&fresh);
            expect_equal(&fresh, flags); /* an empty one */
            hollow_out(&fresh);
            expect_equal(&fresh, flags);
            rig_close(&fresh);
            rig_drop(&fresh);
        }
    }
    rig_open(on); /* many trees: the copy's catalog has branches */
    trees_make(on, 400, 3);
    tl_verify_summary before = verified(on);
    for (unsigned flags = 0; flags <= TL_COPY_COMPACT; flags++) {
        check_ok(tl_env_copy(on->env, copy_path, flags));
        opened copy = copy_open(on);
        assert_true(copy.summary.trees_hash == before.trees_hash);
        assert_int_equal(401, copy.summary.trees);
        tl_txn *txn = NULL;
        tl_tree tree = 0;
        check_ok(tl_txn_begin(copy.env, 0, &txn));
        check_ok(tl_tree_open(txn, slice_of_text("one more"), TL_TREE_CREATE, &tree));
        assert_int_equal(402, tree); /* ids go on where the source was */
        for (unsigned i = 2; i < 300; i += 5)
            check_ok(tl_tree_drop(txn, i));
        check_ok(tl_txn_commit(txn));
        check_ok(tl_env_close(copy.env));
        copy = copy_open(on);
        tl_env_abandon(copy.env);
        copy_remove(on);
    }
}

static void a_compact_copy_has_no_gaps_and_a_plain_one_moves_nothing(void **state)
{
    rig *on = *state;
    rig_open(on);
    hollow_out(on);
    tl_env_info info = info_of(on->env);
    check_ok(tl_env_copy(on->env, copy_path, 0));
    uint64_t size = 0, source_size = 0, moved = 0;
    const uint8_t *bytes = memdisk_bytes(on->disk, copy_path, &size);
    check_ok(tl_env_checkpoint(on->env)); /* now the source's file says the same */
    const uint8_t *source = memdisk_bytes(on->disk, rig_path, &source_size);
    for (uint64_t at = 10 * 1024; at < size && at < source_size; at += 1024)
        moved += bytes[at + 16] == 1 && bytes[at + 60] == 1 && /* a leaf of the main tree */
                 memcmp(bytes + at, source + at, 1024) != 0;
    assert_int_equal(0, moved);
    copy_remove(on);
    check_ok(tl_env_copy(on->env, copy_path, TL_COPY_COMPACT));
    bytes = memdisk_bytes(on->disk, copy_path, &size);
    assert_true(size / 1024 < info.pages_live + 4);
    assert_true(size / 1024 + 100 < info.page_count);
}

/* A value longer than a zone is a chain of extents. */
static void a_value_in_pieces_is_copied_piece_by_piece(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 110);
    put_large(on, 500, LARGE_MAX);
    put_large(on, 200, 20000);
    for (unsigned opens = 0; opens < 2; opens++) {
        uint64_t joined = stats_of(on->env).values_joined;
        tl_txn *txn = NULL;
        check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
        check_content(txn, &on->truth);
        tl_txn_abort(txn);
        assert_true(stats_of(on->env).values_joined > joined); /* it is in pieces */
        for (unsigned flags = 0; flags <= TL_COPY_COMPACT; flags++) {
            check_ok(tl_env_copy(on->env, copy_path, flags));
            opened copy = copy_open(on);
            check_ok(tl_txn_begin(copy.env, TL_TXN_READ_ONLY, &txn));
            check_content(txn, &on->truth);
            tl_txn_abort(txn);
            tl_env_abandon(copy.env);
            copy_remove(on);
        }
        rig_close(on); /* and once more with nothing in memory */
        rig_open(on);
    }
}

static void a_copy_brings_no_page_into_memory(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 2000, 'a', 90);
    rig_close(on);
    rig_open(on);
    check_ok(tl_env_copy(on->env, copy_path, 0));
    tl_stats stats = stats_of(on->env);
    assert_true(stats.pages_loaded - stats.sum_failures < 600); /* counted as reads, but: */
    uint64_t before = stats.pages_loaded;
    check_sound(on->env, &on->truth); /* every page has to be read now */
    assert_true(stats_of(on->env).pages_loaded - before > 200);
}

static void what_is_in_the_way_is_left_alone(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 40);
    check_status(TL_INVALID, tl_env_copy(on->env, copy_path, 2));
    check_status(TL_INVALID, tl_env_copy(on->env, "", 0));
    check_status(TL_BUSY, tl_env_copy(on->env, rig_path, 0)); /* onto itself */
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_status(TL_BUSY, tl_env_copy(on->env, copy_path, 0));
    tl_txn_abort(txn);
    check_ok(tl_env_copy(on->env, copy_path, 0));
    check_status(TL_EXISTS, tl_env_copy(on->env, copy_path, 0));
    opened copy = copy_open(on); /* it was not touched */
    check_sound(copy.env, &on->truth);
    check_status(TL_BUSY, tl_env_copy(on->env, copy_path, 0));
    tl_env_abandon(copy.env);
    tl_txn *readers[2];
    rig_close(on);
    on->options.readers_max = 2;
    rig_open(on);
    copy_remove(on);
    for (unsigned i = 0; i < 2; i++)
        check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &readers[i]));
    check_status(TL_BUSY, tl_env_copy(on->env, copy_path, 0)); /* a copy is a reader */
    assert_false(is_there(on, copy_path));
    for (unsigned i = 0; i < 2; i++)
        tl_txn_abort(readers[i]);
    check_ok(tl_env_copy(on->env, copy_path, 0));
}

static void a_read_only_env_is_copied_with_what_its_log_says(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 200, 'a', 40);
    trees_make(on, 3, 20);
    uint64_t hash = verified(on).trees_hash;
    rig_abandon(on);
    on->options.flags |= TL_OPEN_READ_ONLY;
    rig_open(on);
    check_ok(tl_env_copy(on->env, copy_path, TL_COPY_COMPACT));
    on->options.flags &= ~(unsigned)TL_OPEN_READ_ONLY;
    opened copy = copy_open(on);
    assert_true(copy.summary.trees_hash == hash);
    tl_env_abandon(copy.env);
}

static void a_damaged_page_stops_the_copy(void **state)
{
    rig *on = *state;
    uint64_t size = 0;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 1000, 'a', 90);
    rig_close(on);
    rig_open(on);
    uint8_t *bytes = memdisk_bytes(on->disk, rig_path, &size);
    uint64_t at = 11 * 1024;
    while (bytes[at + 16] != 1 || bytes[at + 60] != 1 || bytes[at + 20] == 0)
        at += 1024; /* a leaf with records; the main tree may or may not still use it */
    unsigned refused = 0;
    for (; at < size && refused == 0; at += 1024) {
        bytes[at + 700] ^= 1;
        tl_status status = tl_env_copy(on->env, copy_path, 0);
        bytes[at + 700] ^= 1;
        if (status == TL_OK) {
            copy_remove(on);
            continue;
        }
        check_status(TL_CORRUPT, status);
        tl_error error;
        tl_env_error(on->env, &error);
        assert_int_equal(at / 1024, error.pgno);
        refused++;
    }
    assert_int_equal(1, refused);
    assert_false(is_there(on, copy_path) || is_there(on, "copy.tl.tmp"));
    assert_false(is_there(on, "copy.log.0") || is_there(on, "copy.log.1"));
    check_ok(tl_env_copy(on->env, copy_path, 0));
}

/* Heal the disk and the memory; did the planned failure happen? */
static bool healed(rig *on)
{
    bool fired = atomic_load(&on->faults.fired) != 0 || on->memory.fired != 0;
    faultio_heal(&on->faults);
    faultmem_plan(&on->memory, 0, false);
    atomic_store(&on->faults.fired, 0);
    on->memory.fired = 0;
    return fired;
}

/* A copy under the planned failure.  True: the failure happened. */
static bool copy_under_fault(rig *on, unsigned flags, uint64_t hash, bool may_go_unnoticed)
{
    tl_status status = tl_env_copy(on->env, copy_path, flags);
    bool fired = healed(on), whole = status == TL_OK;
    if (fired && !may_go_unnoticed)
        assert_true(status == TL_IO || status == TL_NO_SPACE || status == TL_NO_MEMORY);
    else
        check_ok(status);
    assert_int_equal(whole, is_there(on, copy_path));
    assert_int_equal(whole, is_there(on, "copy.log.0"));
    assert_int_equal(whole, is_there(on, "copy.log.1"));
    assert_false(is_there(on, "copy.tl.tmp"));
    if (whole) {
        opened copy = copy_open(on);
        assert_true(copy.summary.trees_hash == hash);
        tl_env_abandon(copy.env);
        copy_remove(on);
    }
    return fired;
}

static void whichever_call_fails_the_copy_is_whole_or_absent(void **state)
{
    rig *on = *state;
    bool more = true;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 400, 'a', 90);
    put_large(on, 30, 70000);
    trees_make(on, 2, 100);
    uint64_t hash = verified(on).trees_hash;
    rig_close(on);
    for (int call = 0; call < FAULTIO_CALL_COUNT; call++)
        for (uint64_t nth = 1, swept = more = true; more; swept = nth++) {
            rig_open(on); /* its pages have to be read again */
            faultio_plan(&on->faults, (faultio_call)call, nth, nth % 2 == 0 ? TL_IO : TL_NO_SPACE,
                         false);
            more = copy_under_fault(on, (unsigned)(nth + 1) % 2, hash, call == FAULTIO_UNLINK);
            rig_close(on);
            assert_true(more || swept >= (call == FAULTIO_READ || call == FAULTIO_WRITE ? 5u : 0u));
        }
    rig_open(on);
    for (uint64_t nth = more = true; more; nth++) {
        faultmem_plan(&on->memory, nth, false);
        more = copy_under_fault(on, 0, hash, false);
        assert_true(more || nth > 4);
    }
    check_sound(on->env, &on->truth);
}

typedef struct busy_writer {
    rig *on;
    atomic_bool stop;
    atomic_uint commits;
} busy_writer;

/* Every commit writes its number under all keys, in two trees: a copy with two numbers is torn. */
static void *write_on(void *context)
{
    busy_writer *writer = context;
    key_buffer buffer;
    while (!atomic_load(&writer->stop)) {
        tl_txn *txn = NULL;
        tl_tree tree = 0;
        uint64_t number = atomic_load(&writer->commits) + 1;
        tl_slice value = tl_slice_of(&number, sizeof number);
        if (tl_txn_begin(writer->on->env, 0, &txn) != TL_OK ||
            tl_tree_open(txn, slice_of_text("second"), TL_TREE_CREATE, &tree) != TL_OK)
            abort();
        for (unsigned i = 0; i < 300; i++)
            if (tl_put(txn, i % 2 == 0 ? tree : TL_TREE_MAIN, key_of(i, &buffer), value, 0) !=
                TL_OK)
                abort();
        if (tl_txn_commit(txn) != TL_OK)
            abort();
        atomic_store(&writer->commits, (unsigned)number);
        if (number % 16 == 0 && tl_env_checkpoint(writer->on->env) != TL_OK)
            abort();
    }
    return NULL;
}

static void copies_are_taken_while_the_writer_goes_on(void **state)
{
    rig *on = *state;
    on->options.flags &= ~(unsigned)TL_OPEN_DETERMINISTIC;
    rig_open(on);
    busy_writer writer = {.on = on};
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, write_on, &writer));
    uint64_t latest = 0;
    for (unsigned round = 0; round < 12; round++) {
        unsigned commits = atomic_load(&writer.commits);
        while (atomic_load(&writer.commits) < commits + 2)
            sched_yield();
        check_ok(tl_env_copy(on->env, copy_path, round % 2 == 0 ? 0 : TL_COPY_COMPACT));
        opened copy = copy_open(on);
        tl_txn *txn = NULL;
        tl_tree tree = 0;
        key_buffer buffer;
        tl_slice value;
        uint64_t number = 0, first = 0;
        check_ok(tl_txn_begin(copy.env, TL_TXN_READ_ONLY, &txn));
        check_ok(tl_tree_open(txn, slice_of_text("second"), 0, &tree));
        for (unsigned i = 0; i < 300; i++) {
            check_ok(tl_get(txn, i % 2 == 0 ? tree : TL_TREE_MAIN, key_of(i, &buffer), &value));
            memcpy(&number, value.data, sizeof number);
            first = i == 0 ? number : first;
            assert_int_equal(first, number);
        }
        assert_true(first > latest); /* at least one of those two commits is in it */
        latest = first;
        tl_txn_abort(txn);
        tl_env_abandon(copy.env);
        tl_io *io = on->options.io; /* the disk is in use: it must not be looked into */
        check_ok(io->unlink(io, "copy.tl"));
        check_ok(io->unlink(io, "copy.log.0"));
        check_ok(io->unlink(io, "copy.log.1"));
    }
    atomic_store(&writer.stop, true);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_copy_holds_what_its_moment_held),
        rig_test(a_compact_copy_has_no_gaps_and_a_plain_one_moves_nothing),
        rig_test(a_value_in_pieces_is_copied_piece_by_piece),
        rig_test(a_copy_brings_no_page_into_memory),
        rig_test(what_is_in_the_way_is_left_alone),
        rig_test(a_read_only_env_is_copied_with_what_its_log_says),
        rig_test(a_damaged_page_stops_the_copy),
        rig_test(whichever_call_fails_the_copy_is_whole_or_absent),
        rig_test(copies_are_taken_while_the_writer_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
