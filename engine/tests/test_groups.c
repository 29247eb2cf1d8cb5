/* engine/tests/test_groups.c -- group commit: who shares a sync, who sees what, what a crash takes.
 *
 * Every txn of the crowd reads a shared number g and writes g + 1: into the shared record, and
 * under a key of that number.  So the store holds a prefix of the commits exactly when its numbered
 * keys are 1..g; and a commit that was acknowledged must be among them.
 */
#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "engine/tests/support/gate.h"
#include "engine/tests/support/rig.h"

#include <stdlib.h>
#include <time.h>

enum { WRITERS = 8 };

typedef struct committer {
    pthread_t thread;
    tl_env *env;
    uint64_t acknowledged; /* the highest number whose commit gave TL_OK */
    uint64_t count;        /* of acknowledged commits */
    uint64_t limit;        /* commits to make; 0: until one fails */
    tl_status status;      /* of the last call */
} committer;

static tl_status commit_next(tl_env *env, uint64_t *number)
{
    tl_txn *txn = NULL;
    tl_slice value = {NULL, 0};
    key_buffer buffer;
    tl_status status = tl_txn_begin(env, 0, &txn);
    if (status != TL_OK)
        return status;
    *number = 1;
    if (tl_get(txn, TL_TREE_MAIN, slice_of_text("shared"), &value) == TL_OK)
        *number = tl_load64(value.data) + 1;
    tl_slice bytes = tl_slice_of(number, sizeof *number);
    status = tl_put(txn, TL_TREE_MAIN, slice_of_text("shared"), bytes, 0);
    if (status == TL_OK)
        status = tl_put(txn, TL_TREE_MAIN, key_of((unsigned)*number, &buffer), bytes, 0);
    if (status == TL_OK)
        return tl_txn_commit(txn);
    tl_txn_abort(txn);
    return status;
}

static void *committer_body(void *context)
{
    committer *self = context;
    while (self->limit == 0 || self->count < self->limit) {
        uint64_t number = 0;
        self->status = commit_next(self->env, &number);
        if (self->status != TL_OK)
            break;
        self->acknowledged = number;
        self->count++;
    }
    return NULL;
}

static void start(committer *all, unsigned count, tl_env *env, uint64_t limit)
{
    for (unsigned i = 0; i < count; i++) {
        all[i] = (committer){.env = env, .limit = limit, .status = TL_OK};
        assert_int_equal(0, pthread_create(&all[i].thread, NULL, committer_body, &all[i]));
    }
}

static uint64_t join(committer *all, unsigned count)
{
    uint64_t acknowledged = 0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].acknowledged > acknowledged)
            acknowledged = all[i].acknowledged;
    }
    return acknowledged;
}

/* The number that a read txn sees; the keys are exactly 1..number. */
static uint64_t prefix_of(tl_env *env)
{
    tl_txn *txn = NULL;
    tl_slice value = {NULL, 0};
    key_buffer buffer;
    uint64_t count = 0, number = 0;
    check_ok(tl_txn_begin(env, TL_TXN_READ_ONLY, &txn));
    check_ok(tl_count(txn, TL_TREE_MAIN, &count));
    if (tl_get(txn, TL_TREE_MAIN, slice_of_text("shared"), &value) == TL_OK)
        number = tl_load64(value.data);
    assert_int_equal(count, number == 0 ? 0 : number + 1);
    for (unsigned i = 1; i <= number; i++)
        check_ok(tl_get(txn, TL_TREE_MAIN, key_of(i, &buffer), &value));
    tl_txn_abort(txn);
    return number;
}

static tl_env_options options_on(tl_io *io)
{
    return (tl_env_options){.page_bytes = 1024,
                            .map_bytes = UINT64_C(256) << 20,
                            .growth_bytes = 32 << 10,
                            .log_bytes = 8192,
                            .readers_max = 8,
                            .io = io};
}

static void acknowledged_commits_of_eight_writers_survive_a_power_loss(void **state)
{
    (void)state;
    uint64_t seed = check_seed(4711), rounds = check_rounds(30), lost = 0;
    memdisk *disk = NULL;
    uint64_t before = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        gate *at = gate_create(disk); /* each round goes on with what the last one left */
        committer all[WRITERS];
        tl_env_options options = options_on(gate_io(at));
        tl_env *env = NULL;
        options.ckpt_bytes = round % 3 == 0 ? 0 : 16 << 10; /* with checkpoints under way, too */
        options.log_pad_bytes = round % 2 == 0 ? 512 : 4096;
        options.publish_early = round % 4 == 3;
        check_ok(tl_env_open("group", &options, &env));
        uint64_t found = prefix_of(env);
        assert_true(found >= before);
        check_sound(env, NULL);
        gate_delay(at, GATE_LOGS, round % 5 == 0 ? 200 : 0);
        start(all, WRITERS, env, 0);
        long pause_ns = (long)(tl_random_next(&seed) % 20000000);
        nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
        gate_cut(at);
        before = join(all, WRITERS);
        before = before > found ? before : found;
        for (unsigned i = 0; i < WRITERS; i++)
            assert_true(all[i].status == TL_IO || all[i].status == TL_POISONED);
        lost += prefix_of(env) > before;
        tl_env_abandon(env);
        disk = gate_remains(at, tl_random_next(&seed));
        gate_destroy(at);
    }
    gate *at = gate_create(disk);
    tl_env_options options = options_on(gate_io(at));
    tl_env *env = NULL;
    check_ok(tl_env_open("group", &options, &env));
    assert_true(prefix_of(env) >= before && before > 0);
    check_sound(env, NULL);
    check_ok(tl_env_close(env));
    gate_destroy(at);
    print_message("%llu commits survived\n", (unsigned long long)before);
    (void)lost;
}

static void writers_that_wait_share_a_sync(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = options_on(gate_io(at));
    tl_env *env = NULL;
    committer all[WRITERS];
    check_ok(tl_env_open("group", &options, &env));
    gate_hold(at, GATE_LOGS);
    start(all, WRITERS, env, 1);
    gate_await(at, 1); /* one leads */
    for (unsigned i = 0; info_of(env).txn != 1 + WRITERS; i++) {
        assert_true(i < 20000);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(1, gate_waiting(at)); /* all others are applied and wait for the next flush */
    assert_int_equal(0, prefix_of(env));
    gate_hold(at, 0);
    assert_int_equal(WRITERS, join(all, WRITERS));
    tl_stats stats = stats_of(env);
    assert_int_equal(2, stats.group_flushes);
    assert_int_equal(WRITERS, stats.group_txns);
    assert_int_equal(WRITERS - 1, stats.group_largest);
    assert_int_equal(2, stats.syncs_log);
    assert_int_equal(1 + WRITERS, info_of(env).durable_txn);
    assert_int_equal(WRITERS, prefix_of(env));
    tl_env_abandon(env);
    check_ok(tl_env_open("group", &options, &env)); /* a flush of seven txns replays */
    assert_int_equal(WRITERS, info_of(env).frames_replayed);
    assert_int_equal(WRITERS, prefix_of(env));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

/* Readers see a commit when it is durable; a writer builds on it before. */
static void who_sees_what_before_it_is_durable(bool early)
{
    gate *at = gate_create(NULL);
    tl_env_options options = options_on(gate_io(at));
    tl_env *env = NULL;
    committer one[2];
    options.publish_early = early;
    check_ok(tl_env_open("group", &options, &env));
    gate_hold(at, GATE_LOGS);
    start(one, 2, env, 1);
    gate_await(at, 1);
    for (unsigned i = 0; info_of(env).txn != 3; i++) { /* the second read what the first wrote */
        assert_true(i < 20000);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(early ? 2 : 0, prefix_of(env));
    assert_int_equal(1, info_of(env).durable_txn);
    gate_hold(at, 0);
    assert_int_equal(2, join(one, 2));
    assert_int_equal(2, prefix_of(env));
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
    tl_env_options options = options_on(gate_io(at));
    tl_env *env = NULL;
    committer all[WRITERS];
    uint64_t number = 0;
    tl_txn *txn = NULL;
    check_ok(tl_env_open("group", &options, &env));
    check_ok(commit_next(env, &number));
    gate_hold(at, GATE_LOGS);
    start(all, WRITERS, env, 1);
    gate_await(at, 1);
    gate_fail(at, GATE_LOGS, TL_IO);
    gate_hold(at, 0);
    assert_int_equal(0, join(all, WRITERS));
    for (unsigned i = 0; i < WRITERS; i++)
        assert_true(all[i].status == TL_IO || all[i].status == TL_POISONED);
    assert_int_equal(1, prefix_of(env)); /* nobody saw what is not there */
    gate_fail(at, 0, TL_OK);
    check_status(TL_POISONED, tl_txn_begin(env, 0, &txn));
    check_status(TL_POISONED, tl_env_checkpoint(env));
    check_status(TL_POISONED, tl_env_sync(env));
    check_status(TL_POISONED, tl_env_close(env));
    check_ok(tl_env_open("group", &options, &env));
    assert_int_equal(1, prefix_of(env));
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
    start(all, 4, on->env, 200);
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
    assert_int_equal(800, join(all, 4));
    rig_abandon(on);
    rig_open(on);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    uint64_t count = 0;
    check_ok(tl_count(txn, TL_TREE_MAIN, &count));
    assert_int_equal(801 + 2500, count);
    tl_txn_abort(txn);
    check_sound(on->env, NULL);
}

static void a_leader_told_to_wait_gathers_more(void **state)
{
    (void)state;
    gate *at = gate_create(NULL);
    tl_env_options options = options_on(gate_io(at));
    tl_env *env = NULL;
    committer all[4];
    options.group_wait_us = 3000;
    check_ok(tl_env_open("group", &options, &env));
    start(all, 4, env, 40);
    assert_int_equal(160, join(all, 4));
    tl_stats stats = stats_of(env);
    assert_int_equal(160, stats.group_txns);
    assert_true(stats.group_flushes < 160 && stats.group_largest > 1);
    assert_int_equal(160, prefix_of(env));
    check_ok(tl_env_close(env));
    gate_destroy(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_that_wait_share_a_sync),
        cmocka_unit_test(readers_see_a_commit_when_it_is_durable),
        cmocka_unit_test(published_early_readers_see_a_commit_at_once),
        cmocka_unit_test(a_failed_flush_fails_everybody_who_waits),
        rig_test(a_lone_writer_pays_one_write_and_one_sync),
        rig_test(a_log_that_cannot_grow_refuses_the_commit_and_nothing_else),
        rig_test(large_and_small_commits_mix),
        cmocka_unit_test(a_leader_told_to_wait_gathers_more),
        cmocka_unit_test(acknowledged_commits_of_eight_writers_survive_a_power_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
