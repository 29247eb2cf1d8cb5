/* engine/tests/test_groups.c -- group commit: who shares a sync, who sees what, what a crash takes.
 */
#include "engine/tests/support/committers.h"
#include "engine/tests/support/gate.h"
#include "engine/tests/support/rig.h"

#include <time.h>

enum { WRITERS = 8 };

/* Until so many txns are applied. */
static void await_txn(tl_env *env, uint64_t txn)
{
    for (unsigned i = 0; info_of(env).txn != txn; i++) {
        assert_true(i < 20000);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void acknowledged_commits_of_eight_writers_survive_a_power_loss(void **state)
{
    (void)state;
    uint64_t survived = 0;
    assert_true(committers_lose_power(check_seed(4711), (unsigned)check_rounds(30), &survived));
    assert_true(survived > 0);
    print_message("%llu commits survived\n", (unsigned long long)survived);
}

static void writers_that_wait_share_a_sync(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    committer all[WRITERS];
    check_ok(tl_env_open("group", &options, &env));
    gate_hold(at, GATE_LOGS);
    committers_start(all, 1, env, 1);
    gate_await(at, 1); /* one leads, alone: nobody else has begun */
    committers_start(all + 1, WRITERS - 1, env, 1);
    await_txn(env, 1 + WRITERS);
    assert_int_equal(1, gate_waiting(at)); /* all others are applied and wait for the next flush */
    assert_int_equal(0, committers_prefix(env));
    gate_hold(at, 0);
    assert_int_equal(WRITERS, committers_join(all, WRITERS));
    tl_stats stats = stats_of(env);
    assert_int_equal(2, stats.group_flushes);
    assert_int_equal(WRITERS, stats.group_txns);
    assert_int_equal(WRITERS - 1, stats.group_largest);
    assert_int_equal(2, stats.syncs_log);
    assert_int_equal(1 + WRITERS, info_of(env).durable_txn);
    assert_int_equal(WRITERS, committers_prefix(env));
    tl_env_abandon(env);
    check_ok(tl_env_open("group", &options, &env)); /* a flush of seven txns replays */
    assert_int_equal(WRITERS, info_of(env).frames_replayed);
    assert_int_equal(WRITERS, committers_prefix(env));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

/* Readers see a commit when it is durable; a writer builds on it before. */
static void who_sees_what_before_it_is_durable(bool early)
{
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    committer one[2];
    options.publish_early = early;
    check_ok(tl_env_open("group", &options, &env));
    gate_hold(at, GATE_LOGS);
    committers_start(one, 2, env, 1);
    gate_await(at, 1);
    await_txn(env, 3); /* the second read what the first wrote */
    assert_int_equal(early ? 2 : 0, committers_prefix(env));
    assert_int_equal(1, info_of(env).durable_txn);
    gate_hold(at, 0);
    assert_int_equal(2, committers_join(one, 2));
    assert_int_equal(2, committers_prefix(env));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

static void readers_see_a_commit_when_it_is_durable(void **state)
{
    (void)state;
    who_sees_what_before_it_is_durable(false);
}

static void published_early_readers_see_a_commit_at_once(void **state)
{
    (void)state;
    who_sees_what_before_it_is_durable(true);
}

static void a_failed_flush_fails_everybody_who_waits(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    committer all[WRITERS];
    uint64_t number = 0;
    tl_txn *txn = NULL;
    check_ok(tl_env_open("group", &options, &env));
    check_ok(commit_next(env, &number));
    gate_hold(at, GATE_LOGS);
    committers_start(all, WRITERS, env, 1);
    gate_await(at, 1);
    gate_fail(at, GATE_LOGS, TL_IO);
    gate_hold(at, 0);
    assert_int_equal(0, committers_join(all, WRITERS));
    for (unsigned i = 0; i < WRITERS; i++)
        assert_true(all[i].status == TL_IO || all[i].status == TL_POISONED);
    assert_int_equal(1, committers_prefix(env)); /* nobody saw what is not there */
    gate_fail(at, 0, TL_OK);
    check_status(TL_POISONED, tl_txn_begin(env, 0, &txn));
    check_status(TL_POISONED, tl_env_checkpoint(env));
    check_status(TL_POISONED, tl_env_sync(env));
    check_status(TL_POISONED, tl_env_close(env));
    check_ok(tl_env_open("group", &options, &env));
    assert_int_equal(1, committers_prefix(env));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

/* Seven wait behind a flush under way when the checkpoint beside it poisons the env: the flush
 * wakes one of them to lead theirs, and it must tell the others. */
static void a_checkpoint_that_fails_between_two_flushes_fails_everybody_who_waits(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    committer all[WRITERS];
    uint64_t number = 0;
    options.ckpt_bytes = 16 << 10;
    check_ok(tl_env_open("group", &options, &env));
    gate_hold(at, GATE_PAGES);
    while (gate_waiting(at) == 0) { /* ends: a checkpoint is due every 16 KiB */
        check_ok(commit_next(env, &number));
        /* Slowly: so far ahead of the checkpoint that it is waited for would be too far. */
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    gate_hold(at, GATE_PAGES | GATE_LOGS);
    committers_start(all, WRITERS, env, 1);
    gate_await(at, 2); /* the checkpoint, and one who leads */
    await_txn(env, 1 + number + WRITERS);
    gate_fail(at, GATE_PAGES, TL_IO);
    gate_hold(at, GATE_LOGS);
    tl_status status = TL_OK;
    for (unsigned i = 0; status == TL_OK; i++) { /* until the checkpoint has failed */
        tl_txn *txn = NULL;
        assert_true(i < 20000);
        status = tl_txn_begin(env, 0, &txn);
        if (status == TL_OK)
            tl_txn_abort(txn);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    check_status(TL_POISONED, status);
    gate_hold(at, 0);
    uint64_t acknowledged = committers_join(all, WRITERS);
    for (unsigned i = 0; i < WRITERS; i++)
        assert_true(all[i].status == TL_IO || all[i].acknowledged != 0);
    tl_env_abandon(env);
    gate_fail(at, 0, TL_OK);
    check_ok(tl_env_open("group", &options, &env));
    assert_true(committers_prefix(env) >= (acknowledged > number ? acknowledged : number));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

static void a_lone_writer_pays_one_write_and_one_sync(void **state)
{
    rig *on = *state;
    on->options.flags = 0;
    rig_open(on);
    put_range(on->env, &on->truth, 0, 1, 'a', 20);
    uint64_t writes = atomic_load(&on->faults.calls[FAULTIO_WRITE]);
    uint64_t syncs = faultio_syncs(&on->faults);
    for (unsigned i = 0; i < 5; i++) /* the file's first 8 KiB hold eight flushes */
        put_range(on->env, &on->truth, i, 1, 'b', 20);
    assert_int_equal(writes + 5, atomic_load(&on->faults.calls[FAULTIO_WRITE]));
    assert_int_equal(syncs + 5, faultio_syncs(&on->faults));
    assert_int_equal(6, stats_of(on->env).group_flushes);
    assert_int_equal(1, stats_of(on->env).group_largest);
    rig_reopen(on);
}

static void a_log_that_cannot_grow_refuses_the_commit_and_nothing_else(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    on->options.flags = 0;
    rig_open(on);
    for (unsigned i = 0; i < 8; i++)
        put_range(on->env, &on->truth, i, 1, 'a', 20);
    faultio_plan(&on->faults, FAULTIO_WRITE, 1, TL_NO_SPACE, false); /* the file must grow now */
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("lost"), slice_of_text("x"), 0));
    check_status(TL_NO_SPACE, tl_txn_commit(txn));
    assert_int_equal(1, atomic_load(&on->faults.fired));
    rig_compare(on);
    for (unsigned i = 0; i < 20; i++)
        put_range(on->env, &on->truth, i, 1, 'b', 20);
    rig_reopen(on);
}

static void large_and_small_commits_mix(void **state)
{
    rig *on = *state;
    committer all[4];
    on->options.flags = 0;
    on->options.ckpt_bytes = 1 << 20;
    rig_open(on);
    committers_start(all, 4, on->env, 200);
    tl_txn *txn = NULL;
    key_buffer buffer;
    static const uint8_t value[200];
    for (unsigned round = 0; round < 3; round++) { /* more than is copied: written directly */
        check_ok(tl_txn_begin(on->env, 0, &txn));
        for (unsigned i = 0; i < 2500; i++)
            check_ok(tl_put(txn, TL_TREE_MAIN, key_of(500000 + i, &buffer),
                            tl_slice_of(value, sizeof value - round), 0));
        check_ok(tl_txn_commit(txn));
    }
    assert_int_equal(800, committers_join(all, 4));
    rig_abandon(on);
    rig_open(on);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    uint64_t count = 0;
    check_ok(tl_count(txn, TL_TREE_MAIN, &count));
    assert_int_equal(801 + 2500, count);
    tl_txn_abort(txn);
    check_sound(on->env, NULL);
}

/* Two wait for the turn while a third commits: it leads, and is told to wait for them. */
static void a_leader_told_to_wait_gathers_those_behind_it(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    committer two[2];
    options.group_wait_us = 100000;
    check_ok(tl_env_open("group", &options, &env));
    for (unsigned i = 0; stats_of(env).group_largest < 3; i++) {
        tl_txn *txn = NULL;
        assert_true(i < 200); /* it depends on the scheduler */
        check_ok(tl_txn_begin(env, 0, &txn));
        check_ok(tl_put(txn, TL_TREE_MAIN, slice_of_text("first"), slice_of_text("x"), 0));
        committers_start(two, 2, env, 1);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        check_ok(tl_txn_commit(txn));
        (void)committers_join(two, 2);
    }
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

/* A large txn grows the file, its undoing frees the end of it, and the cut needs a checkpoint:
 * while others stage frames that this checkpoint must not leave behind. */
static void a_file_is_cut_only_behind_what_writers_have_staged(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = committers_options(gate_io(at));
    tl_env *env = NULL;
    committer all[4];
    static const uint8_t value[600];
    check_ok(tl_env_open("cut", &options, &env));
    committers_start(all, 4, env, 300);
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned step = 0; step < 2; step++) {
            tl_txn *txn = NULL;
            tl_tree tree = 0;
            check_ok(tl_txn_begin(env, 0, &txn));
            check_ok(tl_tree_open(txn, (tl_slice){"churn", 5}, TL_TREE_CREATE, &tree));
            for (uint16_t key = 0; step == 0 && key < 60; key++)
                check_ok(
                    tl_put(txn, tree, (tl_slice){&key, 2}, (tl_slice){value, sizeof value}, 0));
            if (step == 1)
                check_ok(tl_tree_drop(txn, tree));
            check_ok(tl_txn_commit(txn));
        }
        tl_compact_progress progress;
        check_ok(tl_env_compact(env, 20, &progress));
    }
    uint64_t acknowledged = committers_join(all, 4);
    assert_true(stats_of(env).checkpoints > 20);
    tl_env_abandon(env);
    check_ok(tl_env_open("cut", &options, &env));
    assert_int_equal(acknowledged, committers_prefix(env));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_that_wait_share_a_sync),
        cmocka_unit_test(a_file_is_cut_only_behind_what_writers_have_staged),
        cmocka_unit_test(readers_see_a_commit_when_it_is_durable),
        cmocka_unit_test(published_early_readers_see_a_commit_at_once),
        cmocka_unit_test(a_failed_flush_fails_everybody_who_waits),
        cmocka_unit_test(a_checkpoint_that_fails_between_two_flushes_fails_everybody_who_waits),
        rig_test(a_lone_writer_pays_one_write_and_one_sync),
        rig_test(a_log_that_cannot_grow_refuses_the_commit_and_nothing_else),
        rig_test(large_and_small_commits_mix),
        cmocka_unit_test(a_leader_told_to_wait_gathers_those_behind_it),
        cmocka_unit_test(acknowledged_commits_of_eight_writers_survive_a_power_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
