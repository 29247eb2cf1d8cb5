/* engine/tests/test_log_recovery.c -- what an env finds in its log after a crash. */
#include "engine/store/log_format.h"
#include "engine/tests/unit.h"

#include <stdio.h>
#include <string.h>

static const tl_env_options durable = {
    .flags = TL_OPEN_DETERMINISTIC, .page_bytes = 4096, .log_bytes = 8192, .seed = 5};

static tl_env_info info_of(tl_env *env)
{
    tl_env_info info;
    tl_env_info_get(env, &info);
    return info;
}

/* One record of every fifth leaf gets another value, in one txn: more pages than log, and few
 * enough of them that no checkpoint is due. */
static void rewrite_some(tl_env *env, unsigned end, size_t value_bytes)
{
    tl_txn *txn = NULL;
    static uint8_t value[2048];
    assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
    for (unsigned i = 0; i < end; i += 15) {
        char key[16];
        memset(value, (int)i, value_bytes);
        snprintf(key, sizeof key, "%08u", i);
        assert_int_equal(
            tl_put(txn, TL_TREE_MAIN, unit_text(key), unit_slice(value, value_bytes), 0), TL_OK);
    }
    assert_int_equal(tl_txn_commit(txn), TL_OK);
}

static void a_txn_longer_than_one_frame_survives_a_crash(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env_options options = durable;
    options.durability = TL_DURABILITY_NONE;
    tl_env *env = unit_open(&place, &options);
    unit_put_numbers(env, 0, 20000, 1200);
    tl_env_info before = info_of(env);
    rewrite_some(env, 20000, 1100); /* 1.4 MB of ops: two frames */
    unit_put_numbers(env, 0, 1, 1100);
    uint64_t hash = unit_expect_clean(env).content_hash;
    tl_env_abandon(env);
    env = unit_open(&place, &options);
    tl_env_info info = info_of(env);
    assert_int_equal(info.txn, before.txn + 2);
    assert_int_equal(info.frames_replayed, 3);
    assert_true(unit_expect_clean(env).content_hash == hash);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

/* Commits 2..12 of one put each, then a crash; the files of that moment. */
static unit_files crash_after_eleven_commits(unit_place *place, tl_durability durability)
{
    tl_env_options options = durable;
    options.durability = durability;
    tl_env *env = unit_open(place, &options);
    for (unsigned i = 0; i < 11; i++)
        unit_put_numbers(env, i, i + 1, 100);
    tl_env_abandon(env);
    return unit_files_read(place);
}

/* The log file that holds frames, and where txn `txn` begins in it. */
static uint8_t *frame_of(unit_files *files, uint64_t txn)
{
    for (unsigned i = 0; i < 2; i++)
        for (size_t at = TL_LOG_HEADER_BYTES; at + 512 <= files->log[i].size_bytes; at += 512) {
            uint8_t *frame = files->log[i].data + at;
            if (tl_load64(frame + TL_AT_FRAME_TXN) == txn && tl_load32(frame) != 0)
                return frame;
        }
    fail_msg("no frame of txn %llu", (unsigned long long)txn);
    return NULL;
}

static void every_acknowledged_commit_is_there_after_a_crash(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    tl_env *env = unit_open(&place, &durable);
    assert_int_equal(info_of(env).frames_replayed, 11);
    assert_int_equal(info_of(env).tail_bytes_dropped, 0);
    unit_expect_numbers(env, 0, 11, 100);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

static void a_torn_last_frame_is_dropped_and_the_store_goes_on(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    memset(frame_of(&files, 12) + 80, 0, 60);
    unit_files_write(&place, &files);
    tl_env *env = unit_open(&place, &durable);
    assert_int_equal(info_of(env).txn, 11);
    assert_int_equal(info_of(env).frames_replayed, 10);
    unit_expect_numbers(env, 0, 10, 100);
    unit_put_numbers(env, 10, 20, 100); /* txn 12 again, in the new life */
    tl_env_abandon(env);
    env = unit_open(&place, &durable);
    unit_expect_numbers(env, 0, 20, 100);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

/* A reopen writes its meta before it takes commits: frames of that life prove that it did. */
static void losing_the_meta_of_a_reopen_is_reported_not_rolled_back(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    unit_files_free(&files);
    tl_env *env = unit_open(&place, &durable);
    unsigned slot = (unsigned)info_of(env).checkpoint_no & 1;
    unit_put_numbers(env, 11, 12, 100);
    tl_env_abandon(env);
    files = unit_files_read(&place);
    memset(files.page.data + tl_meta_offset(4096, slot), 0, TL_META_BLOCK_BYTES);
    unit_files_write(&place, &files);
    unit_refused(place.path, durable, TL_CORRUPT, "acknowledged");
    unit_files_free(&files);
    unit_place_remove(&place);
}

static void a_lost_acknowledged_commit_is_reported_and_nothing_is_written(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    memset(frame_of(&files, 7), 0, 512);
    unit_files_write(&place, &files);
    unit_refused(place.path, durable, TL_CORRUPT, "lost txn 7");
    tl_env_options reading = durable;
    reading.flags |= TL_OPEN_READ_ONLY;
    unit_refused(place.path, reading, TL_CORRUPT, "lost txn 7");
    unit_files after = unit_files_read(&place);
    assert_true(unit_files_equal(&files, &after));
    unit_files_free(&files);
    unit_files_free(&after);
    unit_place_remove(&place);
}

/* Under durability none nothing was promised: a hole costs the commits behind it, no more. */
static void an_unacknowledged_hole_costs_the_commits_behind_it(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_NONE);
    memset(frame_of(&files, 7), 0, 512);
    unit_files_write(&place, &files);
    tl_env_options options = durable;
    options.durability = TL_DURABILITY_NONE;
    tl_env *env = unit_open(&place, &options);
    assert_int_equal(info_of(env).txn, 6);
    unit_expect_numbers(env, 0, 5, 100);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

static void frames_of_an_earlier_life_do_not_come_back(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    tl_env *env = unit_open(&place, &durable); /* recovery's checkpoint ends that life */
    unit_del(env, "00000005");
    tl_env_abandon(env);
    unit_files now = unit_files_read(&place);
    for (unsigned i = 0; i < 2; i++) /* old frames stand again where the new life has none yet */
        for (size_t at = TL_LOG_HEADER_BYTES; at < files.log[i].size_bytes; at++)
            if (at < now.log[i].size_bytes && now.log[i].data[at] == 0)
                now.log[i].data[at] = files.log[i].data[at];
    unit_files_free(&files);
    unit_files_write(&place, &now);
    unit_files_free(&now);
    env = unit_open(&place, &durable);
    assert_true(info_of(env).txn == 13 || info_of(env).txn == 12);
    assert_true(info_of(env).count == 10 || info_of(env).count == 11);
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

static void a_second_crash_during_the_next_life_loses_nothing(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    for (unsigned life = 0; life < 12; life++) {
        tl_env *env = unit_open(&place, &durable);
        (void)unit_expect_clean(env);
        unit_put_numbers(env, life * 5, life * 5 + 5, 200);
        if (life % 3 == 1)
            assert_int_equal(tl_env_checkpoint(env), TL_OK);
        if (life % 4 == 3)
            assert_int_equal(tl_env_close(env), TL_OK);
        else
            tl_env_abandon(env);
    }
    tl_env *env = unit_open(&place, &durable);
    unit_expect_numbers(env, 0, 60, 200);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_place_remove(&place);
}

/* A put that holds a copy of another database's log must not be mistaken for a log. */
static void a_log_stored_as_a_value_is_only_a_value(void **state)
{
    (void)state;
    unit_place place, other;
    unit_place_make(&place);
    unit_place_make(&other);
    tl_env *env = unit_open(&other, &durable);
    for (unsigned i = 0; i < 10; i++) { /* its frames carry high checkpoint numbers */
        unit_put_numbers(env, i, i + 1, 100);
        assert_int_equal(tl_env_checkpoint(env), TL_OK);
    }
    for (unsigned i = 10; i < 14; i++)
        unit_put_numbers(env, i, i + 1, 100);
    tl_env_abandon(env);
    unit_files stored = unit_files_read(&other);
    const uint8_t *frame = frame_of(&stored, 12);

    tl_env_options options = durable;
    options.page_bytes = 16384;
    options.seed = 6;
    env = unit_open(&place, &options);
    for (unsigned shift = 0; shift < 512; shift++) { /* one of them lies on a sector boundary */
        uint8_t value[1536] = {0};
        tl_txn *txn = NULL;
        memcpy(value + shift, frame, 1024);
        assert_int_equal(tl_txn_begin(env, 0, &txn), TL_OK);
        assert_int_equal(
            tl_put(txn, TL_TREE_MAIN, unit_text("key"), unit_slice(value, sizeof value), 0), TL_OK);
        assert_int_equal(tl_txn_commit(txn), TL_OK);
    }
    assert_int_equal(tl_env_checkpoint(env), TL_OK); /* those frames are dead now */
    unit_put(env, "last", "one");
    tl_env_abandon(env);
    env = unit_open(&place, &options);
    (void)unit_expect_clean(env);
    assert_int_equal(info_of(env).count, 2);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&stored);
    unit_place_remove(&place);
    unit_place_remove(&other);
}

static tl_meta newest_meta(const unit_files *files)
{
    tl_meta meta[2];
    for (unsigned slot = 0; slot < 2; slot++)
        assert_int_equal(tl_meta_decode(files->page.data + tl_meta_offset(4096, slot), &meta[slot]),
                         TL_META_VALID);
    return meta[meta[1].ckpt_no > meta[0].ckpt_no];
}

/* The newest meta says this of both log files. */
static void say_log_bytes(unit_files *files, uint64_t bytes)
{
    tl_meta meta = newest_meta(files);
    meta.log_bytes[0] = meta.log_bytes[1] = bytes;
    tl_meta_encode(&meta, files->page.data + tl_meta_offset(4096, meta.ckpt_no & 1));
}

/* Acknowledged commits were in the missing part: no later frame is left that tells. */
static void a_log_file_shorter_than_its_meta_says_is_reported(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    tl_env_options reading = durable;
    reading.flags |= TL_OPEN_READ_ONLY;
    for (unsigned i = 0; i < 2; i++) {
        size_t whole = files.log[i].size_bytes;
        uint64_t said = newest_meta(&files).log_bytes[i];
        assert_true(said >= 8192 && said <= whole);
        const size_t cuts[] = {TL_LOG_HEADER_BYTES, TL_LOG_HEADER_BYTES + 512, (size_t)said - 1};
        for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
            char words[64];
            snprintf(words, sizeof words, ".log.%u' was cut short: %zu of %llu bytes", i, cuts[c],
                     (unsigned long long)said);
            files.log[i].size_bytes = cuts[c];
            unit_files_write(&place, &files);
            unit_refused(place.path, durable, TL_CORRUPT, words);
            unit_refused(place.path, reading, TL_CORRUPT, words);
            unit_files after = unit_files_read(&place);
            assert_true(unit_files_equal(&files, &after));
            unit_files_free(&after);
        }
        files.log[i].size_bytes = whole;
    }
    unit_files_write(&place, &files);
    tl_env *env = unit_open(&place, &durable); /* whole, nothing is missing */
    unit_expect_numbers(env, 0, 11, 100);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

/* The file of the frames has grown by a flush: from the next checkpoint on a meta says so. */
static void a_grown_log_file_is_known_from_the_next_checkpoint_on(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    tl_env *env = unit_open(&place, &durable);
    unsigned active = (unsigned)info_of(env).checkpoint_no & 1;
    for (unsigned i = 0; i < 20; i++)
        unit_put_numbers(env, i, i + 1, 100);
    unit_files before = unit_files_read(&place);
    assert_int_equal(newest_meta(&before).log_bytes[active], 8192);
    assert_true(before.log[active].size_bytes > 8192);
    assert_int_equal(tl_env_checkpoint(env), TL_OK);
    unit_put_numbers(env, 20, 21, 100);
    tl_env_abandon(env);
    unit_files after = unit_files_read(&place);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(newest_meta(&after).log_bytes[i], after.log[i].size_bytes);
    unit_files_free(&before);
    unit_files_free(&after);
    unit_place_remove(&place);
}

/* A growth that no meta knows of may be lost with a power failure: that is no corruption. */
static void a_log_file_may_lose_a_growth_that_its_meta_does_not_say(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    for (unsigned i = 0; i < 2; i++)
        files.log[i].size_bytes = newest_meta(&files).log_bytes[i];
    unit_files_write(&place, &files);
    tl_env *env = unit_open(&place, &durable);
    unit_expect_numbers(env, 0, 8, 100); /* the frames that the first 8192 bytes have room for */
    (void)unit_expect_clean(env);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    unit_place_remove(&place);
}

/* Nothing is synced, so no size is promised; a meta of an earlier build says none either. */
static void a_meta_without_log_sizes_asks_for_none(void **state)
{
    (void)state;
    static const tl_durability rows[] = {TL_DURABILITY_NONE, TL_DURABILITY_COMMIT};
    for (size_t row = 0; row < 2; row++) {
        unit_place place;
        unit_place_make(&place);
        unit_files files = crash_after_eleven_commits(&place, rows[row]);
        if (rows[row] == TL_DURABILITY_COMMIT)
            say_log_bytes(&files, 0);
        assert_int_equal(newest_meta(&files).log_bytes[0], 0);
        for (unsigned i = 0; i < 2; i++)
            files.log[i].size_bytes = TL_LOG_HEADER_BYTES;
        unit_files_write(&place, &files);
        tl_env_options options = durable;
        options.durability = rows[row];
        tl_env *env = unit_open(&place, &options);
        assert_int_equal(info_of(env).count, 0);
        (void)unit_expect_clean(env);
        assert_int_equal(tl_env_close(env), TL_OK);
        unit_files_free(&files);
        unit_place_remove(&place);
    }
}

/* A life without syncs learns nothing of sizes, and forgets nothing. */
static void a_life_under_none_repeats_the_sizes_said_before(void **state)
{
    (void)state;
    unit_place place;
    unit_place_make(&place);
    unit_files files = crash_after_eleven_commits(&place, TL_DURABILITY_COMMIT);
    tl_meta said = newest_meta(&files);
    tl_env_options options = durable;
    options.durability = TL_DURABILITY_NONE;
    tl_env *env = unit_open(&place, &options);
    unit_put_numbers(env, 11, 12, 100);
    assert_int_equal(tl_env_close(env), TL_OK);
    unit_files_free(&files);
    files = unit_files_read(&place);
    tl_meta now = newest_meta(&files);
    assert_true(now.ckpt_no > said.ckpt_no);
    assert_memory_equal(now.log_bytes, said.log_bytes, sizeof said.log_bytes);
    unit_files_free(&files);
    unit_place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_txn_longer_than_one_frame_survives_a_crash),
        cmocka_unit_test(every_acknowledged_commit_is_there_after_a_crash),
        cmocka_unit_test(a_torn_last_frame_is_dropped_and_the_store_goes_on),
        cmocka_unit_test(a_lost_acknowledged_commit_is_reported_and_nothing_is_written),
        cmocka_unit_test(losing_the_meta_of_a_reopen_is_reported_not_rolled_back),
        cmocka_unit_test(an_unacknowledged_hole_costs_the_commits_behind_it),
        cmocka_unit_test(frames_of_an_earlier_life_do_not_come_back),
        cmocka_unit_test(a_second_crash_during_the_next_life_loses_nothing),
        cmocka_unit_test(a_log_stored_as_a_value_is_only_a_value),
        cmocka_unit_test(a_log_file_shorter_than_its_meta_says_is_reported),
        cmocka_unit_test(a_grown_log_file_is_known_from_the_next_checkpoint_on),
        cmocka_unit_test(a_log_file_may_lose_a_growth_that_its_meta_does_not_say),
        cmocka_unit_test(a_meta_without_log_sizes_asks_for_none),
        cmocka_unit_test(a_life_under_none_repeats_the_sizes_said_before),
    };
    return cmocka_run_group_tests_name("log_recovery", tests, NULL, NULL);
}
