/* engine/tests/test_background.c -- checkpoints written beside the writer.
 *
 * The gate holds the page file up, so that a checkpoint stays under way for as long as a test
 * wants; the log is left alone.
 */
#include "engine/tests/support/churn.h"
#include "engine/tests/support/gate.h"
#include "engine/tests/support/rig.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

typedef struct held { /* an env on a gate */
    gate *gate;
    tl_env_options options;
    tl_env *env;
    model truth;
} held;

static int held_setup(void **state)
{
    held *on = calloc(1, sizeof *on);
    if (on == NULL)
        return -1;
    on->gate = gate_create(NULL);
    on->options = (tl_env_options){.durability = TL_DURABILITY_NONE,
                                   .page_bytes = 1024,
                                   .map_bytes = UINT64_C(256) << 20,
                                   .growth_bytes = 32 << 10,
                                   .log_bytes = 8192,
                                   .ckpt_bytes = 32 << 10,
                                   .readers_max = 8,
                                   .io = gate_io(on->gate)};
    *state = on;
    return 0;
}

static int held_teardown(void **state)
{
    held *on = *state;
    if (on->env != NULL)
        tl_env_abandon(on->env);
    gate_destroy(on->gate);
    model_clear(&on->truth);
    free(on);
    return 0;
}

static void held_open(held *on)
{
    check_ok(tl_env_open("held", &on->options, &on->env));
}

static void held_close(held *on)
{
    tl_env *env = on->env;
    on->env = NULL;
    check_ok(tl_env_close(env));
}

static void held_reopen(held *on)
{
    tl_env_abandon(on->env);
    on->env = NULL;
    held_open(on);
    check_sound(on->env, &on->truth);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Commits until a checkpoint stands at the gate. */
static void until_a_checkpoint_is_held(held *on)
{
    check_ok(
        tl_env_checkpoint(on->env)); /* the next one is due ckpt_bytes from here at the latest */
    gate_hold(on->gate, GATE_PAGES);
    uint64_t begin = stats_of(on->env).log_bytes;
    for (unsigned i = 0; gate_waiting(on->gate) == 0; i++) {
        put_range(on->env, &on->truth, i % 500, 5, (char)('a' + i % 26), 100);
        if (stats_of(on->env).log_bytes - begin >= on->options.ckpt_bytes)
            gate_await(on->gate, 1);
    }
}

static void wait_for_checkpoints(held *on, uint64_t more_than)
{
    for (unsigned i = 0; stats_of(on->env).checkpoints <= more_than; i++) {
        assert_true(i < 20000);
        nap();
    }
}

static void the_writer_goes_on_while_a_checkpoint_is_written(void **state)
{
    held *on = *state;
    on->options.growth_bytes = 1 << 20; /* room is no reason to wait */
    held_open(on);
    until_a_checkpoint_is_held(on);
    uint64_t checkpoints = stats_of(on->env).checkpoints, txn = info_of(on->env).txn;
    for (unsigned i = 0; i < 50; i++)
        put_range(on->env, &on->truth, i * 7, 3, 'w', 100);
    assert_int_equal(txn + 50, info_of(on->env).txn);
    assert_int_equal(checkpoints, stats_of(on->env).checkpoints);
    assert_int_equal(1, gate_waiting(on->gate));
    gate_hold(on->gate, 0);
    wait_for_checkpoints(on, checkpoints);
    assert_int_equal(0, stats_of(on->env).log_waits);
    check_sound(on->env, &on->truth);
    held_reopen(on);
    held_close(on);
}

static unsigned thread_count(void)
{
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL)
        return 0;
    while (readdir(tasks) != NULL)
        count++;
    closedir(tasks);
    return count;
}

static void no_thread_is_started_before_a_checkpoint_is_due(void **state)
{
    held *on = *state;
    unsigned before = thread_count();
    held_open(on);
    put_range(on->env, &on->truth, 0, 10, 'a', 20);
    assert_int_equal(before, thread_count());
    held_close(on);
    assert_int_equal(before, thread_count());
    on->options.checkpoint_thread = "off";
    held_open(on);
    for (unsigned i = 0; i < 200; i++)
        put_range(on->env, &on->truth, i, 5, 'b', 100);
    assert_true(stats_of(on->env).checkpoints > 2);
    assert_int_equal(before, thread_count());
}

typedef struct putter {
    pthread_t thread;
    tl_env *env;
    unsigned commits, keys;
    atomic_uint done;
    tl_status status;
} putter;

static void *putter_body(void *context)
{
    putter *self = context;
    static const uint8_t value[200];
    key_buffer buffer;
    for (unsigned i = 0; i < self->commits && self->status == TL_OK; i++) {
        tl_txn *txn = NULL;
        self->status = tl_txn_begin(self->env, 0, &txn);
        for (unsigned j = 0; j < 4 && self->status == TL_OK; j++)
            self->status =
                tl_put(txn, TL_TREE_MAIN, key_of(j * self->keys + i % self->keys, &buffer),
                       tl_slice_of(value, sizeof value - j), 0);
        if (self->status == TL_OK)
            self->status = tl_txn_commit(txn);
        else
            tl_txn_abort(txn);
        atomic_fetch_add(&self->done, 1);
    }
    return NULL;
}

/* The putter has not come further for a while; it is not done either. */
static bool stands_still(putter *one)
{
    for (unsigned i = 0; i < 200; i++) {
        unsigned before = atomic_load(&one->done);
        for (unsigned j = 0; j < 20; j++)
            nap();
        if (atomic_load(&one->done) == before)
            return before < one->commits;
    }
    return false;
}

static void a_writer_waits_when_the_log_is_twice_the_interval_ahead(void **state)
{
    held *on = *state;
    held_open(on);
    putter one = {.env = on->env, .commits = 400, .keys = 100, .status = TL_OK};
    gate_hold(on->gate, GATE_PAGES);
    assert_int_equal(0, pthread_create(&one.thread, NULL, putter_body, &one));
    assert_true(stands_still(&one));
    /* four records of 200 bytes and more each, and the frame's header */
    uint64_t logged = (uint64_t)atomic_load(&one.done) * 880;
    assert_true(logged > on->options.ckpt_bytes && logged < 4 * on->options.ckpt_bytes);
    gate_hold(on->gate, 0);
    pthread_join(one.thread, NULL);
    check_ok(one.status);
    tl_stats stats = stats_of(on->env);
    assert_true(stats.log_waits > 0 && stats.log_wait_ns > 0);
    assert_true(stats.checkpoints > 3);
    check_sound(on->env, NULL);
}

/* A checkpoint under way pins two states; the pages of the older one come free with it. */
static void a_full_file_makes_the_writer_wait_for_the_checkpoint_that_frees_pages(void **state)
{
    held *on = *state;
    on->options.max_bytes = 80 << 10;
    on->options.ckpt_bytes = 1 << 20; /* never for the log's sake */
    held_open(on);
    for (unsigned i = 0; i < 4; i++)
        put_range(on->env, &on->truth, 20 * i, 20, 'f', 200);
    check_ok(tl_env_checkpoint(on->env));
    gate_hold(on->gate, GATE_PAGES);
    putter one = {.env = on->env, .commits = 300, .keys = 20, .status = TL_OK};
    assert_int_equal(0, pthread_create(&one.thread, NULL, putter_body, &one));
    gate_await(on->gate, 1);
    assert_true(stands_still(&one));
    gate_hold(on->gate, 0);
    pthread_join(one.thread, NULL);
    tl_stats stats = stats_of(on->env);
    print_message("%u commits, %llu checkpoints, %llu waits\n", atomic_load(&one.done),
                  (unsigned long long)stats.checkpoints, (unsigned long long)stats.log_waits);
    assert_true(stats.log_waits > 0);
    check_ok(one.status);
    assert_true(info_of(on->env).page_count <= 80);
    check_sound(on->env, NULL);
}

/* Two checkpoints pin pages while one is under way.  Without syncs that is short, and no reason to
 * have the file hold three states. */
static void without_syncs_the_file_does_not_grow_for_a_second_checkpoint(void **state)
{
    held *on = *state;
    on->options.ckpt_bytes = 256 << 10;
    held_open(on);
    for (unsigned i = 0; i < 60; i++)
        put_range(on->env, &on->truth, i * 20, 20, 'l', 200);
    check_ok(tl_env_checkpoint(on->env));
    uint64_t live = info_of(on->env).pages_live;
    gate_hold(on->gate, GATE_PAGES);
    putter one = {.env = on->env, .commits = 1000, .keys = 300, .status = TL_OK};
    assert_int_equal(0, pthread_create(&one.thread, NULL, putter_body, &one));
    gate_await(on->gate, 1);
    assert_true(stands_still(&one));
    /* before the log is twice the interval ahead, at which any writer waits */
    uint64_t logged = (uint64_t)atomic_load(&one.done) * 880;
    print_message("%llu pages live, %llu bytes logged\n", (unsigned long long)live,
                  (unsigned long long)logged);
    assert_true(logged < on->options.ckpt_bytes + on->options.ckpt_bytes / 2);
    gate_hold(on->gate, 0);
    pthread_join(one.thread, NULL);
    check_ok(one.status);
    assert_true(stats_of(on->env).log_waits > 0);
    assert_true(info_of(on->env).page_count <= 2 * live + 64);
    check_sound(on->env, NULL);
}

static void commit_until(held *on, bool (*reached)(held *on))
{
    for (unsigned i = 0; !reached(on); i++) {
        assert_true(i < 20000);
        put_range(on->env, &on->truth, i % 300, 4, (char)('a' + i % 26), 100);
    }
}

static bool found_no_room(held *on)
{
    return stats_of(on->env).ckpt_no_space > 0;
}

static bool found_no_room_twice(held *on)
{
    return stats_of(on->env).ckpt_no_space > 1;
}

static bool was_written(held *on)
{
    return stats_of(on->env).checkpoints > 1; /* beside the one of recovery */
}

static void a_checkpoint_without_room_is_put_off_and_nothing_is_lost(void **state)
{
    held *on = *state;
    held_open(on);
    uint64_t first = info_of(on->env).checkpoint_no;
    gate_fail(on->gate, GATE_PAGES, TL_NO_SPACE);
    commit_until(on, found_no_room);
    commit_until(on, found_no_room_twice);
    assert_int_equal(first, info_of(on->env).checkpoint_no);
    check_sound(on->env, &on->truth);
    gate_fail(on->gate, 0, TL_OK);
    held_reopen(on); /* both logs together hold what the checkpoint does not */
    assert_true(info_of(on->env).frames_replayed > 30);
    held_close(on);
}

/* The frames behind it then begin in the middle of its log file. */
static void a_checkpoint_tried_again_is_one_to_recover_from(void **state)
{
    held *on = *state;
    held_open(on);
    gate_fail(on->gate, GATE_PAGES, TL_NO_SPACE);
    commit_until(on, found_no_room);
    for (unsigned i = 0; i < 10; i++)
        put_range(on->env, &on->truth, i, 3, 'm', 100);
    gate_fail(on->gate, 0, TL_OK);
    commit_until(on, was_written);
    for (unsigned i = 0; i < 10; i++)
        put_range(on->env, &on->truth, i, 3, 'r', 100);
    held_reopen(on);
    assert_true(info_of(on->env).frames_replayed >= 10);
    for (unsigned i = 0; i < 300; i++)
        put_range(on->env, &on->truth, i, 3, 's', 100);
    held_reopen(on);
    held_close(on);
}

static void a_failed_write_in_the_thread_poisons_and_reads_go_on(void **state)
{
    held *on = *state;
    held_open(on);
    until_a_checkpoint_is_held(on);
    gate_fail(on->gate, GATE_PAGES, TL_IO);
    gate_hold(on->gate, 0);
    tl_txn *txn = NULL;
    tl_status status = TL_OK;
    for (unsigned i = 0; status == TL_OK; i++) {
        assert_true(i < 20000);
        status = tl_txn_begin(on->env, 0, &txn);
        if (status == TL_OK)
            tl_txn_abort(txn);
        nap();
    }
    check_status(TL_POISONED, status);
    check_sound(on->env, &on->truth);
    check_status(TL_POISONED, tl_env_checkpoint(on->env));
    tl_env *env = on->env;
    on->env = NULL;
    check_status(TL_POISONED, tl_env_close(env));
    gate_fail(on->gate, 0, TL_OK);
    held_open(on);
    check_sound(on->env, &on->truth);
}

static void *release_later(void *context)
{
    for (unsigned i = 0; i < 10; i++)
        nap();
    gate_hold(context, 0);
    return NULL;
}

static void abandoning_during_a_checkpoint_is_a_crash_like_any_other(void **state)
{
    held *on = *state;
    for (unsigned round = 0; round < 4; round++) {
        pthread_t later;
        held_open(on);
        check_sound(on->env, &on->truth);
        until_a_checkpoint_is_held(on);
        put_range(on->env, &on->truth, round, 3, 'x', 50);
        assert_int_equal(0, pthread_create(&later, NULL, release_later, on->gate));
        tl_env_abandon(on->env);
        on->env = NULL;
        pthread_join(later, NULL);
    }
    held_open(on);
    check_sound(on->env, &on->truth);
}

static void closing_waits_for_the_checkpoint_and_writes_the_last_one(void **state)
{
    held *on = *state;
    pthread_t later;
    held_open(on);
    until_a_checkpoint_is_held(on);
    put_range(on->env, &on->truth, 0, 3, 'c', 50);
    uint64_t txn = info_of(on->env).txn;
    assert_int_equal(0, pthread_create(&later, NULL, release_later, on->gate));
    held_close(on);
    pthread_join(later, NULL);
    held_open(on);
    assert_int_equal(0, info_of(on->env).frames_replayed);
    assert_int_equal(txn, info_of(on->env).txn);
    check_sound(on->env, &on->truth);
}

static void a_checkpoint_asked_for_waits_for_the_one_under_way(void **state)
{
    held *on = *state;
    pthread_t later;
    held_open(on);
    until_a_checkpoint_is_held(on);
    uint64_t before = stats_of(on->env).checkpoints;
    put_range(on->env, &on->truth, 0, 3, 'q', 50);
    assert_int_equal(0, pthread_create(&later, NULL, release_later, on->gate));
    check_ok(tl_env_checkpoint(on->env));
    pthread_join(later, NULL);
    assert_int_equal(before + 2, stats_of(on->env).checkpoints);
    tl_env_abandon(on->env);
    held_open(on);
    assert_int_equal(0, info_of(on->env).frames_replayed);
    check_sound(on->env, &on->truth);
}

/* Whatever a slow checkpoint reads while commits go on is what it pinned. */
static void slow_checkpoints_beside_a_busy_writer_are_whole(void **state)
{
    (void)state;
    static const tl_durability durabilities[] = {TL_DURABILITY_NONE, TL_DURABILITY_ASYNC,
                                                 TL_DURABILITY_COMMIT};
    for (unsigned i = 0; i < 3; i++) {
        churn_report report = {0};
        assert_true(churn_run(durabilities[i], 12, &report));
        assert_true(report.checkpoints > 12 && report.beside > 50);
    }
}

/* However long it runs: what is live, what two checkpoints pin, and room to grow. */
static void the_file_stays_small_beside_checkpoints(void **state)
{
    held *on = *state;
    on->options.ckpt_bytes = 256 << 10;
    held_open(on);
    for (unsigned i = 0; i < 100; i++)
        put_range(on->env, &on->truth, i * 20, 20, 'l', 100);
    uint64_t pages[2] = {0, 0};
    for (unsigned i = 0; i < 6000; i++) {
        put_range(on->env, &on->truth, i * 37 % 1990, 2, (char)('a' + i % 26), 100);
        if (i == 1500)
            pages[0] = info_of(on->env).page_count;
    }
    pages[1] = info_of(on->env).page_count;
    uint64_t live = info_of(on->env).pages_live;
    print_message("%llu pages live, %llu in the file\n", (unsigned long long)live,
                  (unsigned long long)pages[1]);
    assert_true(pages[1] < 4 * live && pages[1] <= 2 * pages[0]);
    assert_true(stats_of(on->env).checkpoints > 3);
    check_sound(on->env, &on->truth);
}

#define held_test(function) cmocka_unit_test_setup_teardown(function, held_setup, held_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        held_test(the_writer_goes_on_while_a_checkpoint_is_written),
        held_test(no_thread_is_started_before_a_checkpoint_is_due),
        held_test(a_writer_waits_when_the_log_is_twice_the_interval_ahead),
        held_test(a_full_file_makes_the_writer_wait_for_the_checkpoint_that_frees_pages),
        held_test(without_syncs_the_file_does_not_grow_for_a_second_checkpoint),
        held_test(a_checkpoint_without_room_is_put_off_and_nothing_is_lost),
        held_test(a_checkpoint_tried_again_is_one_to_recover_from),
        held_test(a_failed_write_in_the_thread_poisons_and_reads_go_on),
        held_test(abandoning_during_a_checkpoint_is_a_crash_like_any_other),
        held_test(closing_waits_for_the_checkpoint_and_writes_the_last_one),
        held_test(a_checkpoint_asked_for_waits_for_the_one_under_way),
        held_test(the_file_stays_small_beside_checkpoints),
        cmocka_unit_test(slow_checkpoints_beside_a_busy_writer_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
