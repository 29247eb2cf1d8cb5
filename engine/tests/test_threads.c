/* engine/tests/test_threads.c -- readers beside the writer; built for the thread sanitizer too.
 *
 * Every commit writes one number under 50 keys spread over the tree.  A reader must find one number
 * under all of them, and never an older one than it saw before.  Threads only count what is wrong;
 * the test itself asserts when they have ended.
 */
#include "engine/base/bytes.h"
#include "engine/tests/support/crowd.h"
#include "engine/tests/support/rig.h"

#include <sched.h>
#include <time.h>

enum { MARKS = 50, FILLERS = 800, COMMITS = 400, WORKERS_MAX = 8 };

typedef struct worker {
    pthread_t thread;
    tl_env *env;
    atomic_bool *stop;
    unsigned number;
    uint64_t rounds, wrong, calls_failed;
} worker;

static tl_slice mark_key(unsigned i, key_buffer *buffer)
{
    return key_of(i * (FILLERS / MARKS) * 2 + 1, buffer);
}

static void expect(worker *self, tl_status wanted, tl_status got)
{
    self->calls_failed += wanted != got;
}

static void workers_start(worker *workers, unsigned count, rig *on, atomic_bool *stop,
                          void *(*body)(void *))
{
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (worker){.env = on->env, .stop = stop, .number = i};
        assert_int_equal(0, pthread_create(&workers[i].thread, NULL, body, &workers[i]));
    }
}

static void workers_join(worker *workers, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(0, workers[i].calls_failed);
        assert_int_equal(0, workers[i].wrong);
        assert_true(workers[i].rounds > 0);
    }
}

/* The number of this commit under every mark, and some traffic around them: leaves split and merge,
 * pages are freed and used again. */
static void commit_number(rig *on, uint64_t number)
{
    tl_txn *txn = NULL;
    key_buffer buffer;
    check_ok(tl_txn_begin(on->env, 0, &txn));
    for (unsigned i = 0; i < MARKS; i++)
        check_ok(tl_put(txn, TL_TREE_MAIN, mark_key(i, &buffer),
                        tl_slice_of(&number, sizeof number), 0));
    for (unsigned i = 0; i < 40; i++) {
        unsigned filler = 2 * (unsigned)((number * 17 + i) % FILLERS);
        tl_slice key = key_of(filler, &buffer);
        if (number / 20 % 2 == 0) {
            check_ok(tl_put(txn, TL_TREE_MAIN, key, slice_of_text("some text, to fill pages"), 0));
        } else {
            tl_status status = tl_del(txn, TL_TREE_MAIN, key);
            assert_true(status == TL_OK || status == TL_NOT_FOUND);
        }
    }
    check_ok(tl_txn_commit(txn));
}

static void check_number(worker *self, tl_slice value, unsigned i, uint64_t *number)
{
    uint64_t found = value.size_bytes == sizeof found ? tl_load64(value.data) : 0;
    if (i == 0)
        *number = found;
    self->wrong += found != *number;
}

/* One long scan after the other, forwards and backwards by turns. */
static void *scan_body(void *context)
{
    worker *self = context;
    do {
        tl_txn *txn = NULL;
        tl_cursor *cursor = NULL;
        tl_slice key, value;
        uint64_t number = 0, count = 0, records = 0;
        unsigned marks = 0;
        bool forward = self->rounds % 2 == 0;
        expect(self, TL_OK, tl_txn_begin(self->env, TL_TXN_READ_ONLY, &txn));
        expect(self, TL_OK, tl_count(txn, TL_TREE_MAIN, &count));
        expect(self, TL_OK, tl_cursor_open(txn, TL_TREE_MAIN, &cursor));
        while ((forward ? tl_cursor_next(cursor, &key, &value)
                        : tl_cursor_prev(cursor, &key, &value)) == TL_OK) {
            records++;
            if (value.size_bytes == sizeof number)
                check_number(self, value, marks++, &number);
        }
        self->wrong += marks != MARKS || records != count;
        tl_cursor_close(cursor);
        tl_txn_abort(txn);
        self->rounds++;
    } while (!atomic_load(self->stop));
    return NULL;
}

/* What owners of an env call from anywhere. */
static void *look_body(void *context)
{
    worker *self = context;
    do {
        tl_verify_summary summary = {0};
        tl_error error;
        expect(self, TL_OK, tl_env_checkpoint(self->env));
        expect(self, TL_OK, tl_verify(self->env, NULL, NULL, &summary));
        expect(self, TL_OK, tl_env_sync(self->env));
        (void)stats_of(self->env);
        self->wrong += summary.findings != 0 || info_of(self->env).txn == 0;
        tl_env_error(self->env, &error);
        self->rounds++;
        sched_yield();
    } while (!atomic_load(self->stop));
    return NULL;
}

static void options_for_threads(rig *on)
{
    on->options.flags = 0;
    on->options.durability = TL_DURABILITY_NONE;
    on->options.ckpt_bytes = 24 << 10;
}

static void write_beside(rig *on, void *(*body)(void *), unsigned count)
{
    worker workers[WORKERS_MAX];
    atomic_bool stop = false;
    rig_open(on);
    commit_number(on, 1);
    workers_start(workers, count, on, &stop, body);
    for (uint64_t number = 2; number <= COMMITS; number++)
        commit_number(on, number);
    atomic_store(&stop, true);
    workers_join(workers, count);
    tl_stats stats = stats_of(on->env);
    assert_true(stats.checkpoints > 5 && stats.leaf_merges > 0 && stats.leaf_splits > 0);
    assert_true(stats.bitmap_alloc + stats.recycle_reuse > 3 * info_of(on->env).page_count);
    check_sound(on->env, NULL);
}

/* A snapshot is announced, then looked at again: else the writer takes its pages in between.  That
 * these would notice is shown in test_mutants.c. */
static void a_reader_that_begins_during_a_commit_is_never_reclaimed(void **state)
{
    (void)state;
    static const char *const protocols[] = {"log", "shadow2", "shadow1"};
    for (unsigned p = 0; p < 3; p++) {
        crowd_report report = {0};
        assert_true(crowd_run(protocols[p], 500, &report));
        assert_true(report.reads > 0 && report.checkpoints > 5 && report.pages_reused > 1000);
    }
}

static void a_scan_sees_one_commit_from_end_to_end(void **state)
{
    options_for_threads(*state);
    write_beside(*state, scan_body, 2);
}

static void checkpoints_verifier_and_statistics_run_beside_the_writer(void **state)
{
    options_for_threads(*state);
    write_beside(*state, look_body, 2);
}

enum { INCREMENTS = 300 };

static void *increment_body(void *context)
{
    worker *self = context;
    for (; self->rounds < INCREMENTS; self->rounds++) {
        tl_txn *txn = NULL;
        tl_slice value = {NULL, 0};
        uint64_t number = 0;
        expect(self, TL_OK, tl_txn_begin(self->env, 0, &txn));
        if (tl_get(txn, TL_TREE_MAIN, slice_of_text("counter"), &value) == TL_OK)
            number = tl_load64(value.data);
        number++;
        expect(self, TL_OK,
               tl_put(txn, TL_TREE_MAIN, slice_of_text("counter"),
                      tl_slice_of(&number, sizeof number), 0));
        if (self->rounds % 10 == 9) { /* some give up and do it again */
            tl_txn_abort(txn);
            expect(self, TL_OK, tl_txn_begin(self->env, 0, &txn));
            if (tl_get(txn, TL_TREE_MAIN, slice_of_text("counter"), &value) == TL_OK)
                number = tl_load64(value.data) + 1;
            expect(self, TL_OK,
                   tl_put(txn, TL_TREE_MAIN, slice_of_text("counter"),
                          tl_slice_of(&number, sizeof number), 0));
        }
        expect(self, TL_OK, tl_txn_commit(txn));
    }
    return NULL;
}

static void writers_take_turns_and_lose_no_update(void **state)
{
    rig *on = *state;
    worker workers[WORKERS_MAX];
    uint64_t total = 3 * INCREMENTS;
    options_for_threads(on);
    rig_open(on);
    workers_start(workers, 3, on, NULL, increment_body);
    workers_join(workers, 3);
    model_put(&on->truth, slice_of_text("counter"), tl_slice_of(&total, sizeof total));
    rig_compare(on);
    rig_reopen(on);
}

enum { PATIENCE_MS = 20000 };

/* Until the syncer has done its work, however slow the machine; false: it never does. */
static bool becomes_durable(rig *on, uint64_t txn)
{
    for (unsigned i = 0; i < PATIENCE_MS; i++) {
        if (info_of(on->env).durable_txn >= txn)
            return true;
        tl_txn *waiting = NULL; /* a commit learns of a failed sync */
        tl_status status = tl_txn_begin(on->env, 0, &waiting);
        tl_txn_abort(waiting);
        if (status != TL_OK)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

static void the_syncer_makes_async_commits_durable_by_itself(void **state)
{
    rig *on = *state;
    options_for_threads(on);
    on->options.durability = TL_DURABILITY_ASYNC;
    on->options.async_ms = 1;
    rig_open(on);
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned j = 0; j < 20; j++)
            put_range(on->env, &on->truth, 20 * i + j, 30, 'a', 20);
        assert_true(becomes_durable(on, info_of(on->env).txn));
    }
    assert_true(stats_of(on->env).checkpoints > 1); /* the log changed files meanwhile */
    rig_reopen(on);
}

static void a_sync_that_fails_in_the_background_poisons_the_env(void **state)
{
    rig *on = *state;
    options_for_threads(on);
    on->options.durability = TL_DURABILITY_ASYNC;
    on->options.async_ms = 1;
    on->options.ckpt_bytes = 0;
    rig_open(on);
    faultio_plan(&on->faults, FAULTIO_SYNC, 1, TL_IO, false);
    put_range(on->env, &on->truth, 0, 30, 'a', 20);
    assert_false(becomes_durable(on, info_of(on->env).txn));
    tl_txn *txn = NULL;
    check_status(TL_POISONED, tl_txn_begin(on->env, 0, &txn));
    rig_compare(on);
    tl_env *env = on->env;
    on->env = NULL;
    check_status(TL_POISONED, tl_env_close(env)); /* the last chance to say so */
    rig_open(on);
    rig_compare(on);
}

enum { COLD_KEYS = 3000 };

static void *cold_body(void *context)
{
    worker *self = context;
    key_buffer buffer;
    tl_txn *txn = NULL;
    expect(self, TL_OK, tl_txn_begin(self->env, TL_TXN_READ_ONLY, &txn));
    for (unsigned i = 0; i < COLD_KEYS; i++) {
        tl_slice value = {NULL, 0};
        unsigned number = (i * 7 + self->number * 13) % COLD_KEYS; /* each in another order */
        expect(self, TL_OK, tl_get(txn, TL_TREE_MAIN, key_of(number, &buffer), &value));
        self->wrong += value.size_bytes != 60;
    }
    tl_txn_abort(txn);
    self->rounds++;
    return NULL;
}

static void readers_that_meet_at_a_cold_page_load_it_once(void **state)
{
    rig *on = *state;
    worker workers[WORKERS_MAX];
    options_for_threads(on);
    rig_open(on);
    put_range(on->env, &on->truth, 0, COLD_KEYS, 'c', 60);
    rig_close(on);
    for (unsigned round = 0; round < 5; round++) {
        rig_open(on);
        workers_start(workers, 4, on, NULL, cold_body);
        workers_join(workers, 4);
        tl_stats stats = stats_of(on->env);
        tl_verify_summary summary;
        check_ok(tl_verify(on->env, NULL, NULL, &summary));
        assert_true(stats.pages_loaded > 100);
        assert_int_equal(summary.pages_checked, stats_of(on->env).pages_loaded);
        rig_abandon(on);
    }
}

/* ---- trees that come and go ---- */

enum { TREE_NAMES = 4, TREE_KEYS = 40, TREE_ROUNDS = 250 };

static tl_slice tree_name(unsigned i)
{
    static const char *const names[TREE_NAMES] = {"north", "east", "south", "west"};
    return slice_of_text(names[i]);
}

/* Fill a tree with `number` under every key, and enough beside it for a branch. */
static tl_status tree_fill(tl_txn *txn, tl_tree tree, uint64_t number)
{
    key_buffer buffer;
    tl_status status = TL_OK;
    for (unsigned i = 0; i < TREE_KEYS && status == TL_OK; i++) {
        uint8_t value[64] = {0};
        tl_store64(value, number);
        status = tl_put(txn, tree, key_of(i, &buffer), tl_slice_of(value, sizeof value), 0);
    }
    return status;
}

/* Drop one tree and make it anew with this number; first another way, which is taken back. */
static void trees_turn_over(rig *on, uint64_t number)
{
    tl_txn *txn = NULL;
    tl_tree tree = 0, other = 0;
    tl_save save;
    tl_slice name = tree_name((unsigned)(number % TREE_NAMES));
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_savepoint(txn, &save));
    for (unsigned i = 0; i < TREE_NAMES; i++)
        if (tl_tree_open(txn, tree_name(i), 0, &other) == TL_OK)
            check_ok(tl_tree_drop(txn, other));
    check_ok(tl_tree_open(txn, name, TL_TREE_CREATE, &other));
    check_ok(tree_fill(txn, other, 0));
    check_ok(tl_rollback_to(txn, save));
    if (tl_tree_open(txn, name, 0, &tree) == TL_OK)
        check_ok(tl_tree_drop(txn, tree));
    check_ok(tl_tree_open(txn, name, TL_TREE_CREATE, &tree));
    check_ok(tree_fill(txn, tree, number));
    check_ok(tl_txn_commit(txn));
}

/* All keys of the tree bear one number; 0: they do not. */
static uint64_t tree_number(worker *self, tl_txn *txn, tl_tree tree)
{
    tl_cursor *cursor = NULL;
    tl_slice key, value;
    uint64_t number = 0;
    unsigned count = 0;
    expect(self, TL_OK, tl_cursor_open(txn, tree, &cursor));
    for (; tl_cursor_next(cursor, &key, &value) == TL_OK; count++) {
        uint64_t here = tl_load64(value.data);
        self->wrong += count != 0 && here != number;
        number = here;
    }
    tl_cursor_close(cursor);
    self->wrong += count != TREE_KEYS;
    return number;
}

typedef struct roll_call { /* what the list of trees told */
    unsigned count;
    tl_tree ids[TREE_NAMES + 1];
} roll_call;

static bool roll(void *context, tl_slice name, tl_tree tree, uint64_t count)
{
    roll_call *call = context;
    (void)name;
    (void)count;
    if (call->count <= TREE_NAMES)
        call->ids[call->count] = tree;
    call->count++;
    return true;
}

/* The trees of one snapshot bear the numbers of the latest commits, however long it is held. */
static void *tree_reader(void *context)
{
    worker *self = context;
    uint64_t newest = 0;
    do { /* once at least, however busy the machine is */
        tl_txn *txn = NULL;
        tl_status status = tl_txn_begin(self->env, TL_TXN_READ_ONLY, &txn);
        expect(self, TL_OK, status);
        if (status != TL_OK)
            return NULL;
        for (unsigned look = 0; look < 1 + self->number % 3; look++) { /* the same each time */
            uint64_t sum = 0, most = 0;
            roll_call call = {0};
            expect(self, TL_OK, tl_tree_list(txn, roll, &call));
            self->wrong += call.count != TREE_NAMES + 1 || call.ids[0] != TL_TREE_MAIN;
            for (unsigned i = 0; i < TREE_NAMES; i++) {
                tl_tree tree = 0;
                expect(self, TL_OK, tl_tree_open(txn, tree_name(i), 0, &tree));
                uint64_t number = tree_number(self, txn, tree);
                self->wrong += number % TREE_NAMES != i;
                most = number > most ? number : most;
                sum += number;
            }
            self->wrong += most < newest || sum != 4 * most - 6; /* four commits in a row */
            newest = most;
            sched_yield();
        }
        tl_txn_abort(txn);
        self->rounds++;
    } while (!atomic_load(self->stop));
    return NULL;
}

static void readers_keep_their_trees_while_the_writer_makes_and_drops_them(void **state)
{
    rig *on = *state;
    atomic_bool stop = false;
    worker workers[4];
    on->options.ckpt_bytes = 32 << 10;
    on->options.flags &= ~(unsigned)TL_OPEN_DETERMINISTIC; /* checkpoints beside the writer */
    rig_open(on);
    uint64_t number = 4; /* the first commits, so that all four are there */
    for (; number < 4 + TREE_NAMES; number++)
        trees_turn_over(on, number);
    workers_start(workers, 4, on, &stop, tree_reader);
    for (; number < TREE_ROUNDS; number++)
        trees_turn_over(on, number);
    atomic_store(&stop, true);
    workers_join(workers, 4);
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    assert_int_equal(TREE_NAMES + 1, summary.trees);
    assert_true(info_of(on->env).page_count < 2000); /* what was dropped was used again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_begins_during_a_commit_is_never_reclaimed),
        rig_test(a_scan_sees_one_commit_from_end_to_end),
        rig_test(checkpoints_verifier_and_statistics_run_beside_the_writer),
        rig_test(readers_keep_their_trees_while_the_writer_makes_and_drops_them),
        rig_test(writers_take_turns_and_lose_no_update),
        rig_test(the_syncer_makes_async_commits_durable_by_itself),
        rig_test(a_sync_that_fails_in_the_background_poisons_the_env),
        rig_test(readers_that_meet_at_a_cold_page_load_it_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
