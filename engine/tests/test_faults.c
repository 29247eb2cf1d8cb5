/* engine/tests/test_faults.c -- the 1st call fails, then the 2nd, ... until none is left to fail.
 *
 * One scenario, from opening (an empty directory, or what a killed process left) through txns and
 * checkpoints to closing, is run once for every single I/O call and every single allocation in it.
 * Whatever fails: the status is a documented one, acknowledged commits are there afterwards,
 * commits that were refused are not, reads go on, nothing leaks.
 */
#include "engine/tests/support/rig.h"

typedef struct fault { /* what is to fail in one run */
    bool memory;       /* an allocation, not an I/O call */
    faultio_call call;
    uint64_t nth;
    tl_status status;
    bool sticky, after_the_fact;
    bool killed; /* the process dies right after its first refused call */
} fault;

typedef struct scenario {
    rig on;
    fault plan;
    model candidate; /* acknowledged + the commit whose outcome is unknown */
    bool unknown;    /* there is such a commit; the env is poisoned */
    bool refused;    /* some call of a txn was */
} scenario;

static void describe(const fault *plan)
{
    print_message("%s %llu%s%s: %s\n", plan->memory ? "allocation" : faultio_call_name(plan->call),
                  (unsigned long long)plan->nth, plan->sticky ? " and all after it" : "",
                  plan->after_the_fact ? ", done all the same" : "", tl_status_name(plan->status));
}

static void check_one_of(tl_status status, tl_status a, tl_status b, tl_status c)
{
    if (status != a && status != b && status != c)
        fail_msg("gave %s, which nobody expects", tl_status_name(status));
}

/* Readers see what is acknowledged, whatever became of the writer. */
static void check_reads(scenario *run)
{
    tl_txn *txn = NULL;
    tl_slice value;
    check_ok(tl_txn_begin(run->on.env, TL_TXN_READ_ONLY, &txn));
    for (size_t i = 0; i < run->on.truth.count; i += 7) {
        tl_status status = tl_get(txn, TL_TREE_MAIN, model_key(&run->on.truth, i), &value);
        if (status == TL_OK)
            assert_int_equal(0, tl_slice_compare(value, model_value(&run->on.truth, i)));
        else
            check_status(run->plan.status, status); /* a page had to be read, and was not */
    }
    tl_txn_abort(txn);
}

/* Most fit into a leaf; some lie in extents, logged or written once. */
static size_t value_size(unsigned i)
{
    static const size_t large[] = {700, 39000, 3000, 6000};
    return i % 12 == 5 ? large[i / 12 % 4] : 64;
}

/* One txn that changes about `count` records; false: the env takes no more. */
static bool txn_of(scenario *run, unsigned first, unsigned count, char letter)
{
    rig *on = &run->on;
    tl_txn *txn = NULL;
    key_buffer buffer;
    static char value[40000];
    model next = {0};
    memset(value, letter, sizeof value);
    model_copy(&next, &on->truth);
    tl_status status = tl_txn_begin(on->env, 0, &txn);
    if (status != TL_OK) {
        check_status(TL_POISONED, status);
        model_clear(&next);
        return false;
    }
    for (unsigned i = first; i < first + count && status == TL_OK; i++) {
        tl_slice key = key_of(i * 31 % 400, &buffer), bytes = tl_slice_of(value, value_size(i));
        bool equal;
        model_find(&next, key, &equal);
        if (equal && i % 3 == 0) {
            status = tl_del(txn, TL_TREE_MAIN, key);
            model_del(&next, key);
        } else {
            status = tl_put(txn, TL_TREE_MAIN, key, bytes, 0);
            model_put(&next, key, bytes);
        }
    }
    if (status != TL_OK) { /* refused half-way: the txn goes, the env stays */
        check_one_of(status, run->plan.status, TL_IO, TL_IO);
        tl_txn_abort(txn);
        model_clear(&next);
        run->refused = true;
        return true;
    }
    status = tl_txn_commit(txn);
    run->refused = status != TL_OK;
    if (status == TL_OK)
        model_copy(&on->truth, &next);
    else
        check_one_of(status, run->plan.status, TL_IO, TL_IO);
    if (status == TL_IO) { /* unknown until reopen */
        model_copy(&run->candidate, &next);
        run->unknown = true;
    }
    model_clear(&next);
    return true;
}

/* Once poisoned, always poisoned: a later call that would succeed proves nothing. */
static void check_poison_holds(scenario *run)
{
    tl_txn *txn = NULL;
    faultio_heal(&run->on.faults);
    faultmem_plan(&run->on.memory, 0, false);
    check_status(TL_POISONED, tl_txn_begin(run->on.env, 0, &txn));
    check_status(TL_POISONED, tl_env_checkpoint(run->on.env));
    check_status(TL_POISONED, tl_env_sync(run->on.env));
    check_reads(run);
}

static void run_txns(scenario *run)
{
    for (unsigned i = 0; i < 8; i++) {
        if (!txn_of(run, i * 50, 50, (char)('a' + i))) {
            check_poison_holds(run);
            return;
        }
        if (run->refused && run->plan.killed)
            return;
        if (i == 2) {
            tl_status status = tl_env_checkpoint(run->on.env);
            if (status != TL_POISONED)
                check_one_of(status, TL_OK, run->plan.status, TL_IO);
        }
        check_reads(run);
    }
}

/* What the next process finds, with a disk that works. */
static void check_what_is_left(scenario *run)
{
    rig *on = &run->on;
    faultio_heal(&on->faults);
    faultmem_plan(&on->memory, 0, false);
    assert_int_equal(0, on->memory.live_count);
    assert_int_equal(0, memdisk_open_count(on->disk));
    rig_open(on);
    tl_verify_summary summary;
    check_ok(tl_verify(on->env, NULL, NULL, &summary));
    if (run->unknown && summary.content_hash == run->candidate.hash)
        model_copy(&on->truth, &run->candidate);
    rig_compare(on);
    put_range(on->env, &on->truth, 100, 50, 'z', 30); /* and it goes on */
    rig_reopen(on);
}

static void end_process(scenario *run)
{
    tl_env *env = run->on.env;
    run->on.env = NULL;
    if (run->refused && run->plan.killed) {
        tl_env_abandon(env);
        return;
    }
    tl_status status = tl_env_close(env);
    if (status != TL_POISONED)
        check_one_of(status, TL_OK, run->plan.status, TL_IO);
}

/* True: the fault was reached. */
static bool run_once(const tl_env_options *options, const memdisk *from, const model *truth,
                     tl_arena *arena, const fault *plan)
{
    scenario run = {.plan = *plan};
    rig *on = &run.on;
    rig_make(on);
    memdisk_destroy(on->disk);
    on->disk = memdisk_clone(from);
    faultio_init(&on->faults, memdisk_io(on->disk));
    tl_env_options kept = on->options;
    on->options = *options;
    on->options.io = kept.io;
    on->options.memory = kept.memory;
    on->options.error = kept.error;
    on->options.arena = arena;
    model_copy(&on->truth, truth);
    on->faults.after_the_fact = plan->after_the_fact;
    if (plan->memory)
        faultmem_plan(&on->memory, plan->nth, plan->sticky);
    else
        faultio_plan(&on->faults, plan->call, plan->nth, plan->status, plan->sticky);

    tl_status status = rig_try_open(on);
    if (status == TL_OK) {
        run_txns(&run);
        end_process(&run);
    } else {
        check_one_of(status, plan->status, TL_IO, TL_IO);
    }
    bool fired = plan->memory ? on->memory.fired != 0 : atomic_load(&on->faults.fired) != 0;
    check_what_is_left(&run);
    model_clear(&run.candidate);
    rig_abandon(on);
    rig_drop(on);
    return fired;
}

enum { CALLS_MAX = 3000 };

/* Fail each call in turn; returns how many there were. */
static uint64_t sweep(const tl_env_options *options, const memdisk *from, const model *truth,
                      tl_arena *arena, fault plan)
{
    for (plan.nth = 1; plan.nth < CALLS_MAX; plan.nth++)
        if (!run_once(options, from, truth, arena, &plan))
            return plan.nth - 1;
    describe(&plan);
    fail_msg("the scenario makes more than %d calls", CALLS_MAX);
    return 0;
}

typedef struct start { /* where the scenario begins */
    rig on;
    memdisk *disk;
    tl_arena *arena;
} start;

/* A killed process: a checkpoint, then a log. */
static void start_make(start *made, const char *commit, tl_durability durability, bool crashed)
{
    rig_make(&made->on);
    made->on.options.commit = commit;
    made->on.options.durability = durability;
    made->on.options.ckpt_bytes = 16 << 10;
    if (crashed) {
        rig_open(&made->on);
        put_range(made->on.env, &made->on.truth, 0, 150, 'p', 60);
        check_ok(tl_env_checkpoint(made->on.env));
        for (unsigned i = 0; i < 3; i++)
            put_range(made->on.env, &made->on.truth, 100 + 30 * i, 60, 'q', 50);
        put_range(made->on.env, &made->on.truth, 500, 3, 'v', 34000); /* the log names these */
        put_range(made->on.env, &made->on.truth, 501, 1, 'w', 3000);
        rig_abandon(&made->on);
    }
    made->disk = memdisk_clone(made->on.disk);
    check_ok(tl_arena_create(made->on.options.map_bytes, &made->arena));
}

static void start_drop(start *gone)
{
    memdisk_destroy(gone->disk);
    rig_drop(&gone->on);
    tl_arena_destroy(gone->arena);
}

static uint64_t sweep_from(const start *from, fault plan)
{
    return sweep(&from->on.options, from->disk, &from->on.truth, from->arena, plan);
}

typedef struct setting {
    const char *commit;
    tl_durability durability;
    bool crashed;
} setting;

static const setting settings[] = {
    {"log",     TL_DURABILITY_COMMIT, false},
    {"log",     TL_DURABILITY_COMMIT, true },
    {"log",     TL_DURABILITY_NONE,   true },
    {"log",     TL_DURABILITY_ASYNC,  false},
    {"shadow2", TL_DURABILITY_COMMIT, true },
    {"shadow2", TL_DURABILITY_NONE,   false},
    {"shadow1", TL_DURABILITY_COMMIT, true },
};

static void sweep_settings(fault plan, uint64_t least_calls)
{
    uint64_t most = 0;
    for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
        start from;
        start_make(&from, settings[s].commit, settings[s].durability, settings[s].crashed);
        uint64_t calls = sweep_from(&from, plan);
        most = calls > most ? calls : most;
        start_drop(&from);
    }
    assert_true(most >= least_calls); /* the sweep has swept something */
}

static void sweep_calls(tl_status status, bool sticky)
{
    for (int call = 0; call < FAULTIO_CALL_COUNT; call++)
        sweep_settings((fault){.call = (faultio_call)call, .status = status, .sticky = sticky},
                       call == FAULTIO_UNLINK  ? 0
                       : call == FAULTIO_WRITE ? 40
                                               : 1);
}

static void whichever_call_fails_once_no_acknowledged_commit_is_lost(void **state)
{
    (void)state;
    sweep_calls(TL_IO, false);
}

static void whichever_call_fails_for_good_no_acknowledged_commit_is_lost(void **state)
{
    (void)state;
    sweep_calls(TL_IO, true);
}

static void a_full_disk_loses_nothing_and_refused_commits_never_happened(void **state)
{
    (void)state;
    sweep_calls(TL_NO_SPACE, false);
    sweep_calls(TL_NO_SPACE, true);
}

/* The worst a failure may mean: the bytes are there all the same. */
static void a_write_that_fails_but_is_done_never_revives_a_refused_commit(void **state)
{
    (void)state;
    fault plan = {.call = FAULTIO_WRITE, .after_the_fact = true};
    static const tl_status statuses[] = {TL_IO, TL_NO_SPACE};
    for (size_t i = 0; i < 2; i++) {
        plan.status = statuses[i];
        plan.killed = false;
        sweep_settings(plan, 40);
        plan.killed = true;
        sweep_settings(plan, 40);
    }
}

static void whichever_allocation_fails_nothing_leaks_and_nothing_is_lost(void **state)
{
    (void)state;
    fault plan = {.memory = true, .status = TL_NO_MEMORY};
    sweep_settings(plan, 20);
    plan.sticky = true;
    sweep_settings(plan, 20);
}

static void after_a_failed_sync_writes_are_poisoned_and_reads_go_on(void **state)
{
    rig *on = *state;
    tl_txn *txn = NULL;
    key_buffer buffer;
    model before = {0};
    rig_open(on);
    put_range(on->env, &on->truth, 0, 100, 'a', 40);
    model_copy(&before, &on->truth);
    tl_txn *reader = NULL;
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &reader));
    faultio_plan(&on->faults, FAULTIO_SYNC, 1, TL_IO, false);
    check_ok(tl_txn_begin(on->env, 0, &txn));
    check_ok(tl_put(txn, TL_TREE_MAIN, key_of(7, &buffer), slice_of_text("lost?"), 0));
    check_status(TL_IO, tl_txn_commit(txn));
    tl_error error;
    tl_env_error(on->env, &error);
    assert_int_equal(TL_IO, error.status);
    assert_non_null(strstr(error.text, "reopen"));
    uint64_t syncs = faultio_syncs(&on->faults);
    check_status(TL_POISONED, tl_txn_begin(on->env, 0, &txn));
    check_status(TL_POISONED, tl_txn_begin(on->env, TL_TXN_TRY, &txn));
    check_status(TL_POISONED, tl_env_checkpoint(on->env));
    check_status(TL_POISONED, tl_env_sync(on->env));
    check_content(reader, &before);
    tl_txn_abort(reader);
    rig_compare(on); /* a new reader too sees what was acknowledged */
    tl_env *env = on->env;
    on->env = NULL;
    check_status(TL_POISONED, tl_env_close(env));
    assert_int_equal(syncs, faultio_syncs(&on->faults)); /* nothing was tried again */
    rig_open(on);
    check_ok(tl_txn_begin(on->env, 0, &txn)); /* reopened: known, and writable */
    tl_txn_abort(txn);
    model_clear(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whichever_call_fails_once_no_acknowledged_commit_is_lost),
        cmocka_unit_test(whichever_call_fails_for_good_no_acknowledged_commit_is_lost),
        cmocka_unit_test(a_full_disk_loses_nothing_and_refused_commits_never_happened),
        cmocka_unit_test(a_write_that_fails_but_is_done_never_revives_a_refused_commit),
        cmocka_unit_test(whichever_allocation_fails_nothing_leaks_and_nothing_is_lost),
        rig_test(after_a_failed_sync_writes_are_poisoned_and_reads_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
