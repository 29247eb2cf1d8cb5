/* engine/tests/acceptance/test_accept_commits.c -- commits, syncs, metas, killed processes. */
#include "engine/page/meta.h"
#include "engine/tests/acceptance/acceptance.h"

static uint64_t syncs_of(acceptance *on)
{
    return faultio_syncs(&on->rig.faults);
}

static void durable_log(tl_env_options *options)
{
    options->commit = "log";
    options->durability = TL_DURABILITY_COMMIT;
}

/* Commit every put, synced: one sync each, and what a killed process leaves holds them all. */
static void every_commit_is_one_sync_and_survives(acceptance *on)
{
    u64_key key;
    uint64_t rows = acceptance_size(400, 10000), before = syncs_of(on);
    uint64_t synced = stats_of(on->rig.env).syncs_log;
    for (uint64_t i = 0; i < rows; i++) {
        acceptance_put(on, u64_of(i * 7919, &key), acceptance_value(on, i, 50));
        acceptance_commit(on);
        if (i % (rows / 4) == rows / 8)
            rig_compare(&on->rig);
    }
    tl_stats stats = stats_of(on->rig.env);
    assert_int_equal(rows, stats.syncs_log - synced);
    /* what checkpoints and growing logs added is little */
    assert_true(syncs_of(on) - before <= rows + 3 * stats.checkpoints + 2 * stats.log_growths);
    assert_int_equal(info_of(on->rig.env).txn, info_of(on->rig.env).durable_txn);
    rig_reopen(&on->rig);
}

/* The `compare` loads: reads alone, inserts alone, and 70 % ascending puts with 30 % gets of what
 * is there; commit every n; every read is looked at. */
static void compare_loads_answer_every_read(acceptance *on)
{
    static const uint64_t commit_every[] = {1, 10, 1000, UINT64_MAX};
    u64_key key, value;
    uint64_t documents = acceptance_size(400, 10000);
    for (size_t mode = 0; mode < 4; mode++) {
        uint64_t put = 0, base = mode << 32;
        for (uint64_t op = 0; op < documents; op++) {
            if (mode % 2 == 0 || put == 0 || acceptance_below(on, 100) < 70) {
                acceptance_put(on, u64_of(base + put, &key), u64_of(put * 31, &value));
                put++;
            } else {
                uint64_t i = acceptance_below(on, put);
                tl_slice got = {NULL, 0};
                acceptance_begin(on);
                check_ok(tl_get(on->txn, TL_TREE_MAIN, u64_of(base + i, &key), &got));
                assert_int_equal(0, tl_slice_compare(got, u64_of(i * 31, &value)));
            }
            if ((op + 1) % commit_every[mode] == 0 && on->txn != NULL)
                acceptance_commit(on);
        }
        if (on->txn != NULL)
            acceptance_commit(on);
        assert_int_equal(on->rig.truth.count, info_of(on->rig.env).count);
    }
}

/* --- metas --- */

static uint8_t *meta_block(acceptance *on, unsigned slot)
{
    uint64_t size;
    uint8_t *file = memdisk_bytes(on->rig.disk, rig_path, &size);
    return file + tl_meta_offset(on->rig.options.page_bytes, slot);
}

static unsigned newest_slot(acceptance *on)
{
    tl_meta a, b;
    assert_int_equal(TL_META_VALID, tl_meta_decode(meta_block(on, 0), &a));
    assert_int_equal(TL_META_VALID, tl_meta_decode(meta_block(on, 1), &b));
    return a.ckpt_no > b.ckpt_no ? 0 : 1;
}

static void fill_and_close(acceptance *on)
{
    for (unsigned i = 0; i < 4; i++) {
        put_range(on->rig.env, &on->rig.truth, i * 100, 120, (char)('a' + i), 30);
        check_ok(tl_env_checkpoint(on->rig.env));
    }
    rig_close(&on->rig);
}

/* The newest meta torn: the older one counts, and whatever comes out is a state that was, or the
 * open refuses. */
static void the_newest_meta_torn_is_noticed(acceptance *on)
{
    fill_and_close(on);
    uint8_t *block = meta_block(on, newest_slot(on));
    memset(block + 100, 0x5a, 200);
    memset(block + TL_META_COPY_AT + 100, 0x5a, 200);
    tl_status status = rig_try_open(&on->rig);
    if (status == TL_OK) {
        check_sound(on->rig.env, NULL);
        assert_true(info_of(on->rig.env).count <= on->rig.truth.count);
        rig_abandon(&on->rig);
    } else {
        check_status(TL_CORRUPT, status);
        assert_true(on->rig.error.text[0] != '\0');
    }
    memdisk_remove(on->rig.disk, "rig.tl"); /* the end of every scenario wants an open env */
    memdisk_remove(on->rig.disk, "rig.log.0");
    memdisk_remove(on->rig.disk, "rig.log.1");
    model_clear(&on->rig.truth);
    rig_open(&on->rig);
}

/* The newest meta is valid but its pages are damaged: the refusal names the page, and nothing that
 * was read before it is wrong. */
static void pages_of_a_valid_meta_damaged_are_named(acceptance *on)
{
    tl_meta meta;
    fill_and_close(on);
    assert_int_equal(TL_META_VALID, tl_meta_decode(meta_block(on, newest_slot(on)), &meta));
    uint64_t size;
    uint8_t *file = memdisk_bytes(on->rig.disk, rig_path, &size);
    uint8_t *page = file + (uint64_t)meta.catalog.pgno * meta.page_bytes;
    page[meta.page_bytes - 1] ^= 1;
    check_status(TL_CORRUPT, rig_try_open(&on->rig));
    assert_int_equal(meta.catalog.pgno, on->rig.error.pgno);
    assert_non_null(strstr(on->rig.error.text, "damaged"));
    page[meta.page_bytes - 1] ^= 1;
    rig_open(&on->rig); /* nothing was written: healed, all is there */
}

static void both_metas_bad_is_a_clear_refusal(acceptance *on)
{
    uint8_t kept[2][TL_META_BLOCK_BYTES];
    fill_and_close(on);
    for (unsigned slot = 0; slot < 2; slot++) {
        memcpy(kept[slot], meta_block(on, slot), TL_META_BLOCK_BYTES);
        meta_block(on, slot)[20] ^= 0xff;
        meta_block(on, slot)[TL_META_COPY_AT + 20] ^= 0xff;
    }
    uint64_t before = memdisk_hash(on->rig.disk);
    check_status(TL_CORRUPT, rig_try_open(&on->rig));
    assert_non_null(strstr(on->rig.error.text, "meta"));
    assert_true(before == memdisk_hash(on->rig.disk)); /* and nothing was written */
    for (unsigned slot = 0; slot < 2; slot++)
        memcpy(meta_block(on, slot), kept[slot], TL_META_BLOCK_BYTES);
    rig_open(&on->rig);
}

/* --- killed --- */

/* The process dies after every operation in turn: reopened, the last commit is there, whole. */
static void a_process_killed_after_any_operation_loses_nothing(acceptance *on)
{
    key_buffer buffer;
    uint64_t rounds = acceptance_size(25, 300);
    for (uint64_t round = 0; round < rounds; round++) {
        tl_txn *txn = NULL;
        put_range(on->rig.env, &on->rig.truth, (unsigned)round * 7, 12, (char)('a' + round % 26),
                  40);
        check_ok(tl_txn_begin(on->rig.env, 0, &txn));
        for (unsigned i = 0; i < round; i++) /* one more each round, then death */
            check_ok(tl_put(txn, TL_TREE_MAIN, key_of(i * 3, &buffer), slice_of_text("lost"), 0));
        rig_reopen(&on->rig); /* abandons the open txn, opens, compares */
    }
}

int main(void)
{
    const scenario scenarios[] = {
        {"every commit is one sync and survives",              every_commit_is_one_sync_and_survives,
         durable_log,                                                                                         NULL},
        {"compare loads answer every read",                    compare_loads_answer_every_read,         NULL, NULL},
        {"the newest meta torn is noticed",                    the_newest_meta_torn_is_noticed,         NULL, NULL},
        {"pages of a valid meta damaged are named",            pages_of_a_valid_meta_damaged_are_named, NULL,
         NULL                                                                                                     },
        {"both metas bad is a clear refusal",                  both_metas_bad_is_a_clear_refusal,       NULL, NULL},
        {"a process killed after any operation loses nothing",
         a_process_killed_after_any_operation_loses_nothing,                                            NULL, NULL},
    };
    return acceptance_run(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
