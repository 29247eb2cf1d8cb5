/* engine/tests/test_compact.c -- compaction: a small file again, the same content, readers beside.
 */
#include "engine/base/bytes.h"
#include "engine/env/env.h"
#include "engine/tests/support/rig.h"

#include <stdlib.h>

static uint8_t the_bytes[200000];

static tl_slice value_of(unsigned number, size_t size)
{
    for (size_t i = 0; the_bytes[1] == 0 && i < sizeof the_bytes; i++)
        the_bytes[i] = (uint8_t)(i * 7 + i / 256 + 1);
    return tl_slice_of(the_bytes + number % 100, size);
}

static tl_txn *begin(rig *on, unsigned flags)
{
    tl_txn *txn = NULL;
    check_ok(tl_txn_begin(on->env, flags, &txn));
    return txn;
}

static void put(rig *on, tl_txn *txn, unsigned number, size_t size)
{
    key_buffer buffer;
    check_ok(tl_put(txn, TL_TREE_MAIN, key_of(number, &buffer), value_of(number, size), 0));
    model_put(&on->truth, key_of(number, &buffer), value_of(number, size));
}

/* Records in no order, most of them deleted again: holes everywhere and half-empty leaves. */
static void make_a_mess(rig *on, unsigned count, size_t small, size_t large)
{
    key_buffer buffer;
    for (unsigned i = 0; i < count;) {
        tl_txn *txn = begin(on, 0);
        for (unsigned k = 0; k < 50 && i < count; k++, i++) {
            unsigned number = (unsigned)((uint64_t)i * 7919 % count);
            put(on, txn, number, number % 10 == 3 ? large : small);
        }
        check_ok(tl_txn_commit(txn));
    }
    for (unsigned i = 0; i < count;) {
        tl_txn *txn = begin(on, 0);
        for (unsigned k = 0; k < 50 && i < count; k++, i++) {
            unsigned number = (unsigned)((uint64_t)i * 7919 % count);
            if (number % 3 == 0)
                continue;
            check_ok(tl_del(txn, TL_TREE_MAIN, key_of(number, &buffer)));
            model_del(&on->truth, key_of(number, &buffer));
        }
        check_ok(tl_txn_commit(txn));
    }
}

static unsigned compact_all(rig *on, size_t pages_max)
{
    tl_compact_progress progress = {.done = false};
    for (unsigned steps = 1;; steps++) {
        check_ok(tl_env_compact(on->env, pages_max, &progress));
        assert_true(progress.pages_moved < 4 * pages_max + 300); /* bounded */
        assert_int_equal(info_of(on->env).page_count, progress.pages_now);
        if (progress.done)
            return steps;
        assert_true(steps < 5000);
    }
}

static uint64_t raw_bytes(const model *of)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < of->count; i++)
        bytes += model_key(of, i).size_bytes + model_value(of, i).size_bytes;
    return bytes;
}

static void a_compacted_file_is_about_as_long_as_its_records(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        rig on;
        rig_make(&on);
        on.options.page_bytes = i % 2 == 0 ? 8192 : 4096;
        on.options.growth_bytes = 0;
        on.options.ckpt_bytes = 1 << 16;
        on.options.commit = i / 2 % 2 == 0 ? "log" : "shadow2";
        on.options.space = i / 4 == 0 ? "simple" : "segregated";
        rig_open(&on);
        make_a_mess(&on, 3000, 90, i % 2 == 0 ? 90 : 12000);
        uint64_t before = info_of(on.env).page_count;
        unsigned steps = compact_all(&on, 40);
        tl_env_info info = info_of(on.env);
        assert_true(steps > 1);
        assert_true(info.page_count < before / 2);
        /* So many free pages are worth no further pass.  Holes of one page or two between values of
         * three stay in one case (i == 3): 42 of 373. */
        uint64_t holes = i % 2 == 0 ? info.page_count / 64 + 4 : info.page_count / 8;
        assert_in_range(info.pages_free, 0, holes);
        uint64_t fixed = 8192 / info.page_bytes + 2 + 2; /* metas, bitmaps, root and catalog */
        uint64_t raw =
            raw_bytes(&on.truth) + 10 * on.truth.count; /* what each record needs beside */
        assert_true(info.page_count * info.page_bytes <
                    raw + raw * 15 / 100 + (fixed + holes) * info.page_bytes);
        rig_compare(&on);
        rig_reopen(&on);
        rig_close(&on);
        rig_open(&on);
        rig_compare(&on);
        put_range(on.env, &on.truth, 10000, 500, 'n', 300); /* it grows again */
        rig_reopen(&on);
        rig_drop(&on);
    }
}

/* 16 bytes of key and 100 of value, as ci/bench measures them: 1.086 times that is what records
 * take with their heads, slots and lengths. */
static void full_compaction_is_within_115_percent_of_the_records(void **state)
{
    enum { RECORDS = 40000 };
    rig *on = *state;
    on->options.page_bytes = 8192;
    on->options.growth_bytes = 0;
    on->options.ckpt_bytes = 1 << 20;
    rig_open(on);
    for (unsigned i = 0; i < RECORDS;) {
        tl_txn *txn = begin(on, 0);
        for (unsigned k = 0; k < 500; k++, i++) {
            uint8_t key[16] = {0};
            tl_store64(key + 8, i);
            tl_store64(key, i * UINT64_C(0x9e3779b97f4a7c15));
            check_ok(tl_put(txn, TL_TREE_MAIN, tl_slice_of(key, 16), value_of(i, 100), 0));
        }
        check_ok(tl_txn_commit(txn));
    }
    compact_all(on, 100);
    tl_env_info info = info_of(on->env);
    assert_true(info.page_count * 8192 * 100 <= UINT64_C(115) * RECORDS * 116);
    check_sound(on->env, NULL);
    rig_close(on);
    rig_open(on);
    assert_true(info_of(on->env).page_count * 8192 * 100 <= UINT64_C(115) * RECORDS * 116);
}

static void readers_see_their_snapshot_through_a_compaction(void **state)
{
    rig *on = *state;
    on->options.growth_bytes = 0;
    rig_open(on);
    make_a_mess(on, 1500, 90, 3000);
    model seen = {0};
    model_copy(&seen, &on->truth);
    tl_txn *reader = begin(on, TL_TXN_READ_ONLY);
    tl_compact_progress progress = {.done = false};
    for (unsigned step = 0; !progress.done; step++) {
        check_ok(tl_env_compact(on->env, 30, &progress));
        if (step % 3 == 0)
            put_range(on->env, &on->truth, 5000 + step, 3, 'w', 100); /* a writer in between */
        if (step % 8 == 0)
            check_content(reader, &seen);
        assert_true(step < 5000);
    }
    check_content(reader, &seen);
    rig_compare(on);
    tl_txn_abort(reader);
    compact_all(on, 1000);
    tl_env_info info = info_of(on->env);
    assert_in_range(info.pages_free, 0, info.page_count / 64 + 4); /* not worth another pass */
    rig_reopen(on);
    model_clear(&seen);
}

/* Pages that a step moves away from are free for the next one.  Steps without a bound once left
 * holes of one page and two between values of three: a file longer by a seventh. */
static void large_steps_compact_as_well_as_small_ones(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t pages[2];
        for (unsigned k = 0; k < 2; k++) {
            rig on;
            rig_make(&on);
            on.options.growth_bytes = 0;
            on.options.ckpt_bytes = 1 << 16;
            on.options.commit = i % 2 == 0 ? "log" : "shadow2";
            rig_open(&on);
            make_a_mess(&on, i / 2 == 0 ? 1200 : 2400, 90, 3000);
            compact_all(&on, k == 0 ? 10 : 1000);
            pages[k] = info_of(on.env).page_count;
            rig_compare(&on);
            rig_drop(&on);
        }
        assert_in_range(pages[1], 1, pages[0] + pages[0] / 20);
    }
}

static void other_trees_are_compacted_too(void **state)
{
    rig *on = *state;
    key_buffer buffer;
    tl_tree trees[3];
    rig_open(on);
    tl_txn *txn = begin(on, 0);
    for (unsigned t = 0; t < 3; t++) {
        char name[] = {'t', (char)('a' + t), 0};
        check_ok(tl_tree_open(txn, slice_of_text(name), TL_TREE_CREATE, &trees[t]));
        for (unsigned i = 0; i < 800; i++)
            check_ok(tl_put(txn, trees[t], key_of(i * 331 % 800, &buffer), value_of(i, 60), 0));
    }
    check_ok(tl_txn_commit(txn));
    txn = begin(on, 0);
    check_ok(tl_tree_drop(txn, trees[0]));
    for (unsigned i = 0; i < 800; i++)
        if (i % 4 != 0)
            check_ok(tl_del(txn, trees[2], key_of(i, &buffer)));
    check_ok(tl_txn_commit(txn));
    uint64_t before = info_of(on->env).page_count;
    compact_all(on, 25);
    assert_true(info_of(on->env).page_count < before * 2 / 3);
    check_sound(on->env, NULL);
    uint64_t count = 0;
    txn = begin(on, TL_TXN_READ_ONLY);
    check_ok(tl_count(txn, trees[1], &count));
    assert_int_equal(800, count);
    check_ok(tl_count(txn, trees[2], &count));
    assert_int_equal(200, count);
    tl_txn_abort(txn);
}

/* A load leaves the file longer than it needs: the last checkpoint cuts the free end off. */
static void a_closed_file_has_no_free_end(void **state)
{
    rig *on = *state;
    uint64_t size = 0;
    on->options.growth_bytes = 4 << 20;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 3000, 'a', 100);
    assert_true(info_of(on->env).page_count > 4000);
    rig_close(on);
    memdisk_bytes(on->disk, rig_path, &size);
    assert_true(size < 700 << 10);
    rig_open(on);
    tl_env_info info = info_of(on->env);
    assert_int_equal(size, info.page_count * 1024);
    assert_true(info.pages_free <= info.page_count / 20 + 8);
    rig_compare(on);
    put_range(on->env, &on->truth, 5000, 9000, 'b', 100); /* over a zone's end and back */
    rig_reopen(on);
    del_range(on->env, &on->truth, 5000, 9000);
    check_ok(tl_env_checkpoint(on->env));
    compact_all(on, 100000);
    rig_close(on);
    rig_open(on);
    assert_true(info_of(on->env).page_count < 800);
    put_range(on->env, &on->truth, 5000, 9000, 'c', 100);
    rig_reopen(on);
}

/* A smaller page count that waits for its meta: growth would begin the zone anew that the durable
 * meta still names.  Pages that come free meanwhile are counted when it is taken back. */
static void a_file_does_not_grow_while_it_is_cut(void **state)
{
    rig *on = *state;
    tl_shrink undo;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 3000, 'a', 100);
    check_ok(tl_env_checkpoint(on->env));
    tl_pager *pager = &on->env->pager;
    tl_env_info before = info_of(on->env);
    uint64_t grows = stats_of(on->env).grows;
    assert_true(tl_pager_free_tail(pager) > 0);
    tl_pager_shrink_begin(pager, &undo);
    assert_true(info_of(on->env).page_count < before.page_count);
    check_status(TL_NO_SPACE, tl_pager_secure(pager, before.page_count));
    assert_false(pager->starved);
    pager->space.free_count += 3; /* as if a snapshot had ended */
    tl_pager_shrink_undo(pager, &undo);
    pager->space.free_count -= 3;
    assert_int_equal(before.page_count, info_of(on->env).page_count);
    assert_int_equal(before.pages_free, info_of(on->env).pages_free);
    assert_int_equal(grows, stats_of(on->env).grows);
    put_range(on->env, &on->truth, 3000, 6000, 'b', 100);
    check_sound(on->env, NULL);
    rig_reopen(on);
}

static void what_compaction_refuses(void **state)
{
    rig *on = *state;
    tl_compact_progress progress;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 10, 'a', 10);
    check_status(TL_INVALID, tl_env_compact(on->env, 0, &progress));
    tl_txn *txn = begin(on, 0);
    check_status(TL_BUSY, tl_env_compact(on->env, 5, &progress));
    tl_txn_abort(txn);
    compact_all(on, 5);
    rig_close(on);
    on->options.flags |= TL_OPEN_READ_ONLY;
    rig_open(on);
    check_status(TL_READ_ONLY, tl_env_compact(on->env, 5, &progress));
    check_ok(tl_env_warm(on->env));
    uint64_t loaded = stats_of(on->env).pages_loaded;
    rig_compare(on);
    assert_int_equal(loaded, stats_of(on->env).pages_loaded);
}

static void warm_loads_everything_once(void **state)
{
    rig *on = *state;
    rig_open(on);
    make_a_mess(on, 600, 90, 5000);
    rig_close(on);
    rig_open(on);
    check_ok(tl_env_warm(on->env));
    tl_stats warm = stats_of(on->env);
    assert_true(warm.pages_loaded > 20 && warm.values_loaded > 10);
    rig_compare(on);
    assert_int_equal(warm.pages_loaded, stats_of(on->env).pages_loaded);
    assert_int_equal(warm.values_loaded, stats_of(on->env).values_loaded);
}

/* The 1st call of a kind fails, then the 2nd, ...: until none is left to fail. */
static void whichever_call_fails_compaction_loses_nothing(void **state)
{
    (void)state;
    static const faultio_call kinds[] = {FAULTIO_WRITE, FAULTIO_SYNC, FAULTIO_TRUNCATE,
                                         FAULTIO_ALLOCATE};
    static const tl_status statuses[] = {TL_IO, TL_NO_SPACE};
    for (unsigned k = 0; k < 4; k++)
        for (unsigned s = 0; s < 2; s++)
            for (uint64_t nth = 1; nth != 0; nth += nth < 6 ? 1 : nth / 3) {
                rig on;
                rig_make(&on);
                rig_open(&on);
                make_a_mess(&on, 300, 90, 3000);
                faultio_plan(&on.faults, kinds[k], nth, statuses[s], false);
                tl_compact_progress progress = {.done = false};
                tl_status status = TL_OK;
                for (unsigned step = 0; step < 60 && status == TL_OK && !progress.done; step++)
                    status = tl_env_compact(on.env, 15, &progress);
                bool fired = on.faults.fired != 0;
                assert_true(status == TL_OK ||
                            (fired && (status == TL_IO || status == TL_NO_SPACE)));
                faultio_heal(&on.faults);
                rig_reopen(&on);
                compact_all(&on, 100);
                rig_close(&on);
                rig_open(&on);
                rig_compare(&on);
                rig_drop(&on);
                if (!fired)
                    break;
            }
}

static void no_allocation_that_fails_costs_a_record(void **state)
{
    (void)state;
    for (uint64_t nth = 1;; nth += 1 + nth / 8) {
        rig on;
        rig_make(&on);
        rig_open(&on);
        make_a_mess(&on, 300, 90, 3000);
        faultmem_plan(&on.memory, nth, false);
        tl_compact_progress progress = {.done = false};
        tl_status status = TL_OK;
        for (unsigned step = 0; step < 60 && status == TL_OK && !progress.done; step++)
            status = tl_env_compact(on.env, 15, &progress);
        bool refused = status == TL_NO_MEMORY;
        assert_true(status == TL_OK || refused);
        faultmem_plan(&on.memory, 0, false);
        rig_compare(&on);
        compact_all(&on, 100);
        rig_reopen(&on);
        rig_drop(&on);
        if (nth > 200)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compacted_file_is_about_as_long_as_its_records),
        rig_test(full_compaction_is_within_115_percent_of_the_records),
        rig_test(readers_see_their_snapshot_through_a_compaction),
        cmocka_unit_test(large_steps_compact_as_well_as_small_ones),
        rig_test(other_trees_are_compacted_too),
        rig_test(a_closed_file_has_no_free_end),
        rig_test(a_file_does_not_grow_while_it_is_cut),
        rig_test(what_compaction_refuses),
        cmocka_unit_test(whichever_call_fails_compaction_loses_nothing),
        cmocka_unit_test(no_allocation_that_fails_costs_a_record),
        rig_test(warm_loads_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
