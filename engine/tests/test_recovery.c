/* engine/tests/test_recovery.c -- from what a killed process left, back to its last commit.
 *
 * Power losses, with everything that was not synced gone, are harness/fault's business.
 */
#include "engine/page/meta.h"
#include "engine/tests/support/rig.h"

static const char *const files[] = {"rig.tl", "rig.log.0", "rig.log.1", "rig.lock"};

static void every_commit_survives_the_death_of_the_process_right_after_it(void **state)
{
    rig *on = *state;
    static const struct {
        const char *commit;
        tl_durability durability;
        uint32_t log_pad_bytes;
    } rows[] = {
        {"log",     TL_DURABILITY_COMMIT, 512 },
        {"log",     TL_DURABILITY_ASYNC,  4096},
        {"log",     TL_DURABILITY_NONE,   512 },
        {"shadow2", TL_DURABILITY_COMMIT, 512 },
        {"shadow2", TL_DURABILITY_NONE,   512 },
        {"shadow1", TL_DURABILITY_COMMIT, 512 },
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        rig other;
        rig_make(&other);
        other.options.commit = rows[r].commit;
        other.options.durability = rows[r].durability;
        other.options.log_pad_bytes = rows[r].log_pad_bytes;
        other.options.ckpt_bytes = 12 << 10;
        rig_open(&other);
        for (unsigned i = 0; i < 60; i++) {
            put_range(other.env, &other.truth, i * 13 % 400, 5 + i % 20, (char)('a' + i % 26), 40);
            if (i % 7 == 6)
                del_range(other.env, &other.truth, i * 13 % 400, 3);
            if (i % 3 == 0)
                rig_reopen(&other);
            assert_int_equal(2 + i + (i + 1) / 7, info_of(other.env).txn);
        }
        rig_reopen(&other);
        rig_drop(&other);
    }
    (void)on;
}

static void replay_gives_the_same_state_as_a_checkpoint(void **state)
{
    rig *on = *state;
    rig_open(on);
    for (unsigned i = 0; i < 30; i++)
        put_range(on->env, &on->truth, i * 37 % 500, 30, (char)('a' + i % 26), 30);
    tl_verify_summary replayed, written;
    rig_reopen(on);
    assert_int_equal(30, info_of(on->env).frames_replayed);
    check_ok(tl_verify(on->env, NULL, NULL, &replayed));
    rig_reopen(on);
    assert_int_equal(0, info_of(on->env).frames_replayed); /* recovery ended in a checkpoint */
    check_ok(tl_verify(on->env, NULL, NULL, &written));
    assert_memory_equal(&replayed, &written, sizeof written);
}

/* Recovery that is killed leaves all that the next one needs, wherever it was. */
static void recovery_twice_is_recovery_once(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 40);
    check_ok(tl_env_checkpoint(on->env));
    for (unsigned i = 0; i < 10; i++)
        put_range(on->env, &on->truth, i * 37, 60, (char)('b' + i), 50);
    rig_abandon(on);
    memdisk *crashed = on->disk;
    for (uint64_t nth = 1;; nth++) { /* ends when recovery needs fewer writes */
        on->disk = memdisk_clone(crashed);
        on->faults.inner = memdisk_io(on->disk);
        faultio_plan(&on->faults, FAULTIO_WRITE, nth, TL_IO, true);
        tl_status status = rig_try_open(on);
        bool fired = atomic_load(&on->faults.fired) != 0;
        faultio_heal(&on->faults);
        if (fired) {
            check_status(TL_IO, status);
            rig_open(on);
        }
        rig_compare(on);
        rig_abandon(on);
        memdisk_destroy(on->disk);
        if (!fired)
            break;
        assert_true(nth < 1000);
    }
    on->disk = crashed;
    on->faults.inner = memdisk_io(crashed);
}

static void damage(rig *on, const char *path, uint64_t at, size_t size)
{
    uint64_t size_bytes = 0;
    uint8_t *bytes = memdisk_bytes(on->disk, path, &size_bytes);
    assert_non_null(bytes);
    for (size_t i = 0; i < size && at + i < size_bytes; i++)
        bytes[at + i] ^= 0x55;
}

static void one_damaged_copy_of_each_meta_costs_nothing(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 40);
    check_ok(tl_env_checkpoint(on->env));
    put_range(on->env, &on->truth, 50, 100, 'b', 40);
    for (unsigned copy = 0; copy < 2; copy++) {
        rig_abandon(on);
        damage(on, "rig.tl", copy * TL_META_COPY_AT + 100, 10);
        damage(on, "rig.tl", TL_META_BLOCK_BYTES + copy * TL_META_COPY_AT + 100, 10);
        rig_open(on);
        rig_compare(on);
    }
}

/* The older checkpoint is whole as long as no page was written since the newer one, and the log has
 * all that came after it. */
static void with_the_newest_meta_lost_the_older_one_and_both_logs_give_everything(void **state)
{
    rig *on = *state;
    for (unsigned checkpoints = 1; checkpoints <= 4; checkpoints++) {
        rig other;
        rig_make(&other);
        rig_open(&other);
        for (unsigned i = 0; i < checkpoints; i++) {
            put_range(other.env, &other.truth, 40 * i, 100, (char)('a' + i), 40);
            check_ok(tl_env_checkpoint(other.env));
        }
        put_range(other.env, &other.truth, 300, 50, 'z', 40);
        uint64_t newest = info_of(other.env).checkpoint_no;
        rig_abandon(&other);
        damage(&other, "rig.tl", (newest & 1) * TL_META_BLOCK_BYTES, TL_META_BLOCK_BYTES);
        rig_open(&other);
        rig_compare(&other);
        rig_drop(&other);
    }
    (void)on;
}

static void with_both_metas_lost_the_file_is_corrupt_and_untouched(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 40);
    rig_abandon(on);
    damage(on, "rig.tl", 64, TL_META_BLOCK_BYTES - 64);
    damage(on, "rig.tl", TL_META_BLOCK_BYTES + 64, TL_META_BLOCK_BYTES - 64);
    uint64_t hash = memdisk_hash(on->disk);
    tl_status status = rig_try_open(on);
    assert_true(status == TL_CORRUPT || status == TL_NOT_OURS);
    assert_true(hash == memdisk_hash(on->disk));
    assert_true(on->error.text[0] != '\0');
}

/* A damaged page is named, not read; the rest can still be. */
static void a_damaged_page_is_reported_and_never_read(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 400, 'a', 40);
    rig_close(on);
    uint64_t size = 0;
    memdisk_bytes(on->disk, "rig.tl", &size);
    memdisk *whole = on->disk;
    unsigned corrupt_opens = 0, damaged_reads = 0;
    for (uint64_t page = 8; page < size / 1024; page++) {
        on->disk = memdisk_clone(whole);
        on->faults.inner = memdisk_io(on->disk);
        damage(on, "rig.tl", page * 1024 + 500, 1);
        tl_status status = rig_try_open(on);
        if (status != TL_OK) {
            check_status(TL_CORRUPT, status);
            corrupt_opens++;
        } else {
            tl_txn *txn = NULL;
            check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
            for (size_t i = 0; i < on->truth.count; i++) {
                tl_slice value;
                status = tl_get(txn, TL_TREE_MAIN, model_key(&on->truth, i), &value);
                damaged_reads += status == TL_CORRUPT;
                if (status == TL_OK)
                    assert_int_equal(0, tl_slice_compare(value, model_value(&on->truth, i)));
                else
                    check_status(TL_CORRUPT, status);
            }
            tl_txn_abort(txn);
            tl_verify_summary summary;
            status = tl_verify(on->env, NULL, NULL, &summary);
            assert_true(status == TL_OK || status == TL_CORRUPT);
            rig_abandon(on);
        }
        memdisk_destroy(on->disk);
    }
    assert_true(corrupt_opens >= 1 && damaged_reads >= 400);
    on->disk = whole;
    on->faults.inner = memdisk_io(whole);
}

static void a_torn_last_frame_is_dropped_and_all_before_it_kept(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 20, 'a', 40);
    put_range(on->env, &on->truth, 20, 20, 'b', 40);
    uint64_t active = info_of(on->env).checkpoint_no & 1;
    uint64_t written = stats_of(on->env).log_bytes;
    model before = {0};
    model_copy(&before, &on->truth);
    put_range(on->env, &on->truth, 40, 20, 'c', 40);
    rig_abandon(on);
    damage(on, active == 0 ? "rig.log.0" : "rig.log.1", 4096 + written + 300, 1);
    model_copy(&on->truth, &before);
    rig_open(on);
    rig_compare(on);
    assert_int_equal(2, info_of(on->env).frames_replayed);
    assert_true(info_of(on->env).tail_bytes_dropped > 0);
    model_clear(&before);
}

static void a_lost_frame_before_an_acknowledged_one_is_corrupt(void **state)
{
    rig *on = *state;
    rig_open(on);
    uint64_t active = info_of(on->env).checkpoint_no & 1;
    for (unsigned i = 0; i < 4; i++)
        put_range(on->env, &on->truth, 20 * i, 20, 'a', 40);
    rig_abandon(on);
    damage(on, active == 0 ? "rig.log.0" : "rig.log.1", 4096 + 300, 1);
    uint64_t hash = memdisk_hash(on->disk);
    on->options.flags |= TL_OPEN_READ_ONLY;
    check_status(TL_CORRUPT, rig_try_open(on));
    assert_true(hash == memdisk_hash(on->disk));
    on->options.flags &= ~(unsigned)TL_OPEN_READ_ONLY;
    check_status(TL_CORRUPT, rig_try_open(on));
    assert_non_null(strstr(on->error.text, "acknowledged"));
}

/* The steps of creation, ended at each of its calls: the next open makes a whole new database. */
static void a_creation_that_was_interrupted_is_begun_anew(void **state)
{
    static const faultio_call calls[] = {FAULTIO_OPEN,     FAULTIO_WRITE,  FAULTIO_SYNC,
                                         FAULTIO_ALLOCATE, FAULTIO_RENAME, FAULTIO_SYNC_DIR,
                                         FAULTIO_TRUNCATE};
    for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
        for (uint64_t nth = 1;; nth++) { /* ends when creation makes fewer of these calls */
            rig other;
            rig_make(&other);
            faultio_plan(&other.faults, calls[c], nth, TL_IO, true);
            tl_status status = rig_try_open(&other);
            bool fired = atomic_load(&other.faults.fired) != 0;
            assert_true(fired ? status == TL_IO : status == TL_OK);
            faultio_heal(&other.faults);
            if (fired)
                rig_open(&other);
            put_range(other.env, &other.truth, 0, 50, 'a', 40);
            rig_reopen(&other);
            rig_drop(&other);
            if (!fired)
                break;
        }
    }
    (void)state;
}

/* Every set of files that can be missing: an answer, never a guess. */
static void missing_files_are_never_replaced_by_empty_ones(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 40);
    rig_abandon(on);
    memdisk *whole = on->disk;
    for (unsigned kept = 0; kept < 16; kept++) {
        on->disk = memdisk_clone(whole);
        on->faults.inner = memdisk_io(on->disk);
        for (unsigned i = 0; i < 4; i++)
            if ((kept >> i & 1) == 0)
                memdisk_remove(on->disk, files[i]);
        tl_status status = rig_try_open(on);
        bool pages = (kept & 1) != 0, logs = (kept & 6) == 6;
        check_status(pages && !logs ? TL_CORRUPT : TL_OK, status);
        if (status == TL_OK) {
            if (pages)
                rig_compare(on);
            else
                assert_int_equal(0, info_of(on->env).count); /* logs alone: never created */
            rig_abandon(on);
        }
        memdisk_destroy(on->disk);
    }
    on->disk = whole;
    on->faults.inner = memdisk_io(whole);
}

static void no_create_and_read_only_leave_an_empty_directory_empty(void **state)
{
    rig *on = *state;
    uint64_t size;
    on->options.flags |= TL_OPEN_NO_CREATE;
    check_status(TL_NOT_FOUND, rig_try_open(on));
    on->options.flags = TL_OPEN_READ_ONLY;
    memdisk_remove(on->disk, "rig.lock");
    check_status(TL_NOT_FOUND, rig_try_open(on));
    for (unsigned i = 0; i < 4; i++)
        assert_null(memdisk_bytes(on->disk, files[i], &size));
}

/* Another store's open that fails must not free the arena that this one stands on. */
static void a_failed_open_leaves_a_lent_arena_to_its_user(void **state)
{
    rig *on = *state;
    tl_env *second = NULL;
    tl_env_options options;
    tl_arena *arena = NULL;
    check_ok(tl_arena_create(on->options.map_bytes, &arena));
    on->options.arena = arena;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 300, 'a', 40);
    options = on->options;
    check_status(TL_BUSY, tl_env_open(rig_path, &options, &second));   /* the lock */
    check_status(TL_BUSY, tl_env_open("other.tl", &options, &second)); /* the arena */
    check_status(TL_BUSY, tl_env_open("other.tl", &options, &second));
    options.page_bytes = 1000;
    check_status(TL_INVALID, tl_env_open("third.tl", &options, &second));
    rig_compare(on);
    put_range(on->env, &on->truth, 200, 300, 'b', 40);
    rig_reopen(on);
    rig_close(on);
    tl_arena_destroy(arena);
}

/* Under shadow1 a meta may arrive before its pages: then the one before counts.  Once closed, or
 * opened again, it stands for itself, and what is missing is damage. */
static void a_meta_without_its_pages_counts_only_when_it_once_had_them(void **state)
{
    rig *on = *state;
    uint64_t size = 0;
    on->options.commit = "shadow1";
    rig_open(on);
    for (unsigned i = 0; i < 20; i++)
        put_range(on->env, &on->truth, 10 * i, 10, 'a', 40);
    memdisk *before = memdisk_clone(on->disk);
    put_range(on->env, &on->truth, 50, 1, 'b', 40);
    rig_abandon(on);
    const uint8_t *old = memdisk_bytes(before, rig_path, &size);
    uint8_t *now = memdisk_bytes(on->disk, rig_path, &size);
    unsigned lost = 0;
    for (uint64_t at = 2 * 4096; at < size; at += 1024) { /* behind the metas */
        if (memcmp(old + at, now + at, 1024) == 0)
            continue;
        uint8_t page[1024];
        model seen = {0};
        memcpy(page, now + at, 1024);
        memcpy(now + at, old + at, 1024); /* this one of its pages never arrived */
        memdisk *torn = memdisk_clone(on->disk);
        memcpy(now + at, page, 1024);
        tl_env_options options = on->options;
        options.io = memdisk_io(torn);
        options.memory = NULL;
        tl_env *env = NULL;
        check_ok(tl_env_open(rig_path, &options, &env));
        assert_int_equal(21, info_of(env).txn);
        check_sound(env, NULL);
        put_range(env, &seen, 300, 1, 'x', 40); /* and life goes on from there */
        check_ok(tl_env_close(env));
        model_clear(&seen);
        memdisk_destroy(torn);
        lost++;
    }
    assert_true(lost >= 4); /* leaf, root, catalog, bitmap at least, and the manifest */
    memdisk_destroy(before);
    rig_open(on);
    rig_compare(on);
    rig_close(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(every_commit_survives_the_death_of_the_process_right_after_it),
        rig_test(replay_gives_the_same_state_as_a_checkpoint),
        rig_test(recovery_twice_is_recovery_once),
        rig_test(one_damaged_copy_of_each_meta_costs_nothing),
        rig_test(with_the_newest_meta_lost_the_older_one_and_both_logs_give_everything),
        rig_test(with_both_metas_lost_the_file_is_corrupt_and_untouched),
        rig_test(a_damaged_page_is_reported_and_never_read),
        rig_test(a_torn_last_frame_is_dropped_and_all_before_it_kept),
        rig_test(a_lost_frame_before_an_acknowledged_one_is_corrupt),
        rig_test(a_creation_that_was_interrupted_is_begun_anew),
        rig_test(missing_files_are_never_replaced_by_empty_ones),
        rig_test(no_create_and_read_only_leave_an_empty_directory_empty),
        rig_test(a_failed_open_leaves_a_lent_arena_to_its_user),
        rig_test(a_meta_without_its_pages_counts_only_when_it_once_had_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
