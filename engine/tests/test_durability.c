/* engine/tests/test_durability.c -- what each durability syncs, counted at the disk. */
#include "engine/tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COMMITS = 40 };

typedef struct sync_counts {
    uint64_t log, page, all;
} sync_counts;

static sync_counts counts_of(rig *on)
{
    return (sync_counts){
        .log = atomic_load(&on->faults.syncs[FAULTIO_LOG_0]) +
               atomic_load(&on->faults.syncs[FAULTIO_LOG_1]),
        .page = atomic_load(&on->faults.syncs[FAULTIO_PAGES]),
        .all = faultio_syncs(&on->faults),
    };
}

/* So many commits of one put each; what they synced. */
static sync_counts commit_some(rig *on)
{
    sync_counts before = counts_of(on);
    for (unsigned i = 0; i < COMMITS; i++)
        put_range(on->env, &on->truth, i, 1, 'd', 20);
    sync_counts after = counts_of(on);
    return (sync_counts){after.log - before.log, after.page - before.page, after.all - before.all};
}

static void a_logged_commit_is_one_sync_of_the_log_and_nothing_else(void **state)
{
    rig *on = *state;
    rig_open(on);
    sync_counts counts = commit_some(on);
    assert_int_equal(COMMITS, counts.log);
    assert_int_equal(0, counts.page);
    assert_int_equal(COMMITS, counts.all);
    assert_int_equal(COMMITS, stats_of(on->env).syncs_log);
    assert_int_equal(info_of(on->env).txn, info_of(on->env).durable_txn);
}

static void a_shadow2_commit_is_two_syncs_of_the_page_file(void **state)
{
    rig *on = *state;
    on->options.commit = "shadow2";
    rig_open(on);
    sync_counts counts = commit_some(on);
    assert_int_equal(0, counts.log);
    assert_int_equal(2 * COMMITS, counts.page);
    assert_int_equal(2 * COMMITS, counts.all);
    tl_stats stats = stats_of(on->env);
    assert_int_equal(stats.checkpoints, stats.syncs_page);
    assert_int_equal(stats.checkpoints, stats.syncs_meta);
}

static void a_shadow1_commit_is_one_sync_of_the_page_file(void **state)
{
    rig *on = *state;
    on->options.commit = "shadow1";
    rig_open(on);
    sync_counts counts = commit_some(on);
    assert_int_equal(0, counts.log);
    assert_int_equal(COMMITS, counts.page);
    assert_int_equal(COMMITS, counts.all);
    rig_reopen(on);
    put_range(on->env, &on->truth, 0, 2000, 'b', 60); /* more pages than one manifest lists */
    uint64_t syncs = counts_of(on).page;
    put_range(on->env, &on->truth, 0, 2000, 'c', 60);
    assert_int_equal(syncs + 2, counts_of(on).page);
    rig_reopen(on);
}

static void a_checkpoint_is_two_syncs_however_much_it_writes(void **state)
{
    rig *on = *state;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 2000, 'c', 60);
    sync_counts before = counts_of(on);
    check_ok(tl_env_checkpoint(on->env));
    assert_int_equal(before.all + 2, counts_of(on).all);
    check_ok(tl_env_checkpoint(on->env)); /* nothing has changed since */
    assert_int_equal(before.all + 2, counts_of(on).all);
}

/* From creation to close, through checkpoints, growth, recovery: not one. */
static void none_never_syncs(void **state)
{
    rig *on = *state;
    static const char *const protocols[] = {"log", "shadow2", "shadow1"};
    for (unsigned p = 0; p < 3; p++) {
        rig other;
        rig_make(&other);
        other.options.commit = protocols[p];
        other.options.durability = TL_DURABILITY_NONE;
        rig_open(&other);
        put_range(other.env, &other.truth, 0, 1000, 'n', 60);
        commit_some(&other);
        check_ok(tl_env_checkpoint(other.env));
        commit_some(&other);
        rig_reopen(&other);
        rig_close(&other);
        rig_open(&other);
        assert_int_equal(0, counts_of(&other).all);
        assert_int_equal(0, info_of(other.env).durable_txn);
        tl_stats stats = stats_of(other.env);
        assert_int_equal(0, stats.syncs_log + stats.syncs_page + stats.syncs_meta);
        rig_drop(&other);
    }
    (void)on;
}

/* After it a power loss takes nothing: files of every name, and the names themselves. */
static void sync_under_none_syncs_every_file_and_the_directory(void **state)
{
    rig *on = *state;
    on->options.durability = TL_DURABILITY_NONE;
    rig_open(on);
    commit_some(on);
    check_ok(tl_env_sync(on->env));
    assert_int_equal(1, atomic_load(&on->faults.syncs[FAULTIO_PAGES]));
    assert_int_equal(1, atomic_load(&on->faults.syncs[FAULTIO_LOG_0]));
    assert_int_equal(1, atomic_load(&on->faults.syncs[FAULTIO_LOG_1]));
    assert_int_equal(1, atomic_load(&on->faults.calls[FAULTIO_SYNC_DIR]));
    assert_int_equal(info_of(on->env).txn, info_of(on->env).durable_txn);
}

/* Deterministically, async syncs every few commits; tl_env_sync does it at once. */
static void async_syncs_less_than_every_commit_and_on_demand(void **state)
{
    rig *on = *state;
    on->options.durability = TL_DURABILITY_ASYNC;
    rig_open(on);
    sync_counts counts = commit_some(on);
    assert_true(counts.log > 0 && counts.log <= COMMITS / 2);
    assert_int_equal(0, counts.page);
    put_range(on->env, &on->truth, 100, 1, 'a', 10);
    assert_true(info_of(on->env).durable_txn < info_of(on->env).txn);
    check_ok(tl_env_sync(on->env));
    assert_true(info_of(on->env).durable_txn == info_of(on->env).txn);
}

/* What a killed process left may exist in the kernel's cache alone. */
static void open_syncs_what_it_found_before_it_writes_elsewhere(void **state)
{
    rig *on = *state;
    rig_open(on);
    commit_some(on);
    rig_abandon(on);
    uint64_t dirs = atomic_load(&on->faults.calls[FAULTIO_SYNC_DIR]);
    faultio_plan(&on->faults, FAULTIO_WRITE, 2, TL_IO, true); /* the first: the old meta, again */
    sync_counts before = counts_of(on);
    check_status(TL_IO, rig_try_open(on));
    sync_counts after = counts_of(on);
    assert_int_equal(before.page + 1, after.page);
    assert_int_equal(before.log + 2, after.log);
    assert_int_equal(dirs + 1, atomic_load(&on->faults.calls[FAULTIO_SYNC_DIR]));
    faultio_heal(&on->faults);
    rig_open(on);
    rig_compare(on);
}

static void a_new_database_syncs_its_files_before_and_its_name_after_the_rename(void **state)
{
    rig *on = *state;
    faultio_plan(&on->faults, FAULTIO_RENAME, 1, TL_IO, false);
    check_status(TL_IO, rig_try_open(on));
    assert_int_equal(3, atomic_load(&on->faults.calls[FAULTIO_SYNC])); /* logs and x.tl.tmp */
    assert_int_equal(1, atomic_load(&on->faults.calls[FAULTIO_SYNC_DIR]));
    faultio_plan(&on->faults, FAULTIO_SYNC_DIR, 2, TL_IO, false); /* behind the rename */
    check_status(TL_IO, rig_try_open(on));
    assert_int_equal(1, atomic_load(&on->faults.fired));
    rig_open(on);
    rig_compare(on);
}

/* The same on the real disk, where all of it must work as well. */
static void commits_on_real_files_are_there_after_a_killed_process(void **state)
{
    rig *on = *state;
    static const char *const protocols[] = {"log", "shadow2", "shadow1"};
    static const char *const endings[] = {".tl", ".log.0", ".log.1", ".lock"};
    for (unsigned p = 0; p < 3; p++) {
        char dir[] = "/tmp/treelab_test_XXXXXX", path[64];
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof path, "%s/x", dir);
        model truth = {0};
        tl_env_options options = {.page_bytes = 4096,
                                  .commit = protocols[p],
                                  .log_bytes = 8192,
                                  .map_bytes = UINT64_C(1) << 30};
        tl_env *env = NULL, *second = NULL;
        tl_error error;
        check_ok(tl_env_open(path, &options, &env));
        for (unsigned i = 0; i < 30; i++)
            put_range(env, &truth, i * 10, 15, (char)('a' + i % 26), 100);
        options.error = &error;
        check_status(TL_BUSY, tl_env_open(path, &options, &second));
        assert_non_null(strstr(error.text, "held by process"));
        tl_env_abandon(env);
        check_ok(tl_env_open(path, &options, &env));
        check_sound(env, &truth);
        check_ok(tl_env_close(env));
        check_ok(tl_env_open(path, &options, &env));
        check_sound(env, &truth);
        check_ok(tl_env_close(env));
        for (unsigned i = 0; i < 4; i++) {
            snprintf(path, sizeof path, "%s/x%s", dir, endings[i]);
            assert_int_equal(0, unlink(path));
        }
        assert_int_equal(0, rmdir(dir)); /* and nothing else was left behind */
        model_clear(&truth);
    }
    (void)on;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_logged_commit_is_one_sync_of_the_log_and_nothing_else),
        rig_test(a_shadow2_commit_is_two_syncs_of_the_page_file),
        rig_test(a_shadow1_commit_is_one_sync_of_the_page_file),
        rig_test(a_checkpoint_is_two_syncs_however_much_it_writes),
        rig_test(none_never_syncs),
        rig_test(sync_under_none_syncs_every_file_and_the_directory),
        rig_test(async_syncs_less_than_every_commit_and_on_demand),
        rig_test(open_syncs_what_it_found_before_it_writes_elsewhere),
        rig_test(a_new_database_syncs_its_files_before_and_its_name_after_the_rename),
        rig_test(commits_on_real_files_are_there_after_a_killed_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
