/* harness/check/tests/test_processes.c -- killed processes: the real kernel leaves what the
 * simulated disk says, the stores keep their promises, and a store that does not is found. */
#define _GNU_SOURCE
#include "harness/check/process.h"
#include "harness/check/standard.h"
#include "harness/check/trace.h"
#include "harness/fault/crash.h"
#include "harness/report/tests/folder.h"

#include <signal.h>
#include <unistd.h>

enum { COMMITS = 8, SEED = 42, PAGE_BYTES = 1024, SOME_STATES = 50 };

typedef struct notes {
    size_t count, killed, compared_bytes;
    tl_process_finding first;
    const tl_trace *trace; /* NULL: files are not compared */
    tl_crash_walk *walk;
} notes;

static void keep_first(void *context, const tl_process_finding *finding)
{
    notes *kept = context;
    if (kept->count++ == 0)
        kept->first = *finding;
}

typedef struct setting {
    tl_standard_settings standard;
    tl_process_options options;
    tl_process_result result;
    notes notes;
} setting;

static void prepare(setting *s, const folder *scratch, const tl_driver *driver,
                    const char *protocol, tl_durability durability)
{
    *s = (setting){.notes = {0}};
    tl_standard_settings_fill(&s->standard, protocol, PAGE_BYTES);
    s->options = (tl_process_options){
        .store = {.driver = driver,
                  .settings = s->standard.settings,
                  .setting_count = strcmp(driver->name, "tree") == 0 ? TL_STANDARD_SETTINGS : 0,
                  .durability = durability,
                  .page_bytes = PAGE_BYTES,
                  .seed = SEED,
                  .commits = COMMITS},
        .dir = scratch->path,
        .readers = 3,
        .patience_ns = TL_PROCESS_PATIENCE_NS,
        .on_finding = keep_first,
        .context = &s->notes,
    };
}

static void run(setting *s)
{
    tl_status status = tl_process_run(&s->options, &s->result);
    if (status != TL_OK)
        fail_msg("%s: %s", tl_status_name(status), s->result.error);
    assert_int_equal(s->result.findings, s->notes.count);
}

static void run_without_findings(setting *s)
{
    run(s);
    char where[TL_PROCESS_CASE_MAX];
    tl_process_case_print(&s->notes.first.where, where);
    if (s->notes.count > 0)
        fail_msg("%s: %s: %s: %s", s->options.store.driver->name, where, s->notes.first.rule,
                 s->notes.first.text);
    assert_true(s->result.complete || s->options.states_max != 0);
    assert_int_equal(s->result.recovered, s->result.kills.states + s->result.scenes.states);
}

/* The file of the state, as the simulated disk shows it, against the one on the real disk. */
static size_t compare_file(tl_simdisk *shown, const char *dir, const char *name)
{
    static char simulated[1 << 20], real[1 << 20];
    char path[600];
    tl_io *sim = tl_simdisk_io(shown), *posix = tl_io_posix();
    tl_file *one = NULL, *other = NULL;
    size_t got = 0, real_got = 0;
    snprintf(path, sizeof path, "db/%s", name);
    tl_status status = sim->open(sim, path, 0, &one);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(posix->open(posix, path, 0, &other), status);
    if (status != TL_OK)
        return 0;
    assert_int_equal(sim->pread(sim, one, 0, simulated, sizeof simulated, &got), TL_OK);
    assert_int_equal(posix->pread(posix, other, 0, real, sizeof real, &real_got), TL_OK);
    assert_true(got < sizeof simulated);
    assert_int_equal(got, real_got);
    assert_memory_equal(simulated, real, got);
    sim->close(sim, one);
    posix->close(posix, other);
    return got;
}

static void compare_with_simulated(void *context, const tl_process_case *where, const char *dir)
{
    notes *kept = context;
    tl_simdisk *shown = NULL;
    tl_hash128 hash;
    assert_int_equal(tl_crash_walk_to(kept->walk, (size_t)where->point), TL_OK);
    assert_true(where->index < tl_crash_state_count(kept->walk, TL_CRASH_ALL_ISSUED));
    assert_int_equal(tl_simdisk_create_beside(kept->trace->disk, TL_SIMDISK_ONE_THREAD, &shown),
                     TL_OK);
    assert_int_equal(tl_crash_load(kept->walk, TL_CRASH_ALL_ISSUED, where->index, shown, &hash),
                     TL_OK);
    static const char *const names[] = {"tree.tl", "tree.log.0", "tree.log.1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        kept->compared_bytes += compare_file(shown, dir, names[i]);
    tl_simdisk_destroy(shown);
    kept->killed++;
}

static size_t states_of(const tl_trace *trace)
{
    tl_crash_walk *walk = NULL;
    size_t count = 0;
    assert_int_equal(tl_crash_walk_create(trace->disk, &walk), TL_OK);
    for (size_t at = 0; at <= tl_simdisk_op_count(trace->disk); at++) {
        assert_int_equal(tl_crash_walk_to(walk, at), TL_OK);
        count += tl_crash_state_count(walk, TL_CRASH_ALL_ISSUED);
    }
    tl_crash_walk_destroy(walk);
    return count;
}

static void a_killed_process_leaves_each_state_that_the_simulated_disk_has(void **state)
{
    folder *scratch = *state;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++) {
        setting s;
        tl_oracle *oracle = NULL;
        tl_trace trace;
        char error[200];
        prepare(&s, scratch, tl_driver_find("tree"), tl_standard_protocols[p],
                TL_DURABILITY_COMMIT);
        tl_oracle_spec spec = {.seed = SEED, .page_bytes = PAGE_BYTES, .commits = COMMITS};
        assert_int_equal(tl_oracle_create(&spec, &oracle), TL_OK);
        tl_inspector inspector = {
            .driver = s.options.store.driver,
            .oracle = oracle,
            .options = {.dir = "db",
                        .durability = TL_DURABILITY_COMMIT,
                        .page_bytes = PAGE_BYTES,
                        .map_bytes = TL_STANDARD_ARENA_BYTES,
                        .seed = SEED,
                        .deterministic = true,
                        .settings = s.standard.settings,
                        .setting_count = TL_STANDARD_SETTINGS}
        };
        assert_int_equal(tl_trace_record(&inspector, &trace, error, sizeof error), TL_OK);
        assert_int_equal(tl_crash_walk_create(trace.disk, &s.notes.walk), TL_OK);
        s.notes.trace = &trace;
        s.options.on_killed = compare_with_simulated;
        s.options.states_max = p == 0 ? 0 : SOME_STATES;
        run_without_findings(&s);
        assert_int_equal(s.result.io_ops, tl_simdisk_op_count(trace.disk));
        assert_int_equal(s.result.kills.states, p == 0 ? states_of(&trace) : SOME_STATES);
        assert_int_equal(s.notes.killed, s.result.kills.states);
        assert_true(s.notes.compared_bytes > s.result.kills.states * PAGE_BYTES);
        assert_true(s.result.kills.states > s.result.points); /* some inside a write */
        tl_crash_walk_destroy(s.notes.walk);
        tl_trace_clear(&trace);
        tl_oracle_destroy(oracle);
    }
}

static void every_durability_survives_a_killed_process(void **state)
{
    static const tl_durability weaker[] = {TL_DURABILITY_NONE, TL_DURABILITY_ASYNC};
    for (size_t d = 0; d < sizeof weaker / sizeof weaker[0]; d++) {
        setting s;
        prepare(&s, *state, tl_driver_find("tree"), "log", weaker[d]);
        s.options.states_max = weaker[d] == TL_DURABILITY_NONE ? 0 : SOME_STATES;
        run_without_findings(&s);
        if (s.options.states_max != 0)
            continue;
        assert_int_equal(s.result.scenes.states, 6);
        assert_int_equal(s.result.points, s.result.io_ops + 1);
    }
}

static void stores_of_many_processes_keep_snapshots_when_others_are_killed(void **state)
{
    static const char *const names[] = {"lmdb", "sqlite"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        setting s;
        const tl_driver *driver = tl_driver_find(names[i]);
        if (driver == NULL)
            continue; /* not in this build */
        prepare(&s, *state, driver, "log", TL_DURABILITY_COMMIT);
        run_without_findings(&s);
        assert_int_equal(s.result.scenes.states, 5);
        assert_int_equal(s.result.kills.states, 3 * COMMITS + 1);
    }
}

static void one_case_alone_is_that_case(void **state)
{
    setting s;
    tl_process_case only;
    prepare(&s, *state, tl_driver_find("tree"), "log", TL_DURABILITY_COMMIT);
    s.options.only = &only;
    assert_true(tl_process_case_parse("7.0", &only));
    run_without_findings(&s);
    assert_int_equal(s.result.kills.states, 1);
    assert_true(tl_process_case_parse("killed_holder.2", &only));
    run_without_findings(&s);
    assert_int_equal(s.result.scenes.states, 1);
    assert_true(tl_process_case_parse("killed_holder.9", &only));
    assert_int_equal(tl_process_run(&s.options, &s.result), TL_INVALID);
    assert_true(tl_process_case_parse("99999.0", &only));
    assert_int_equal(tl_process_run(&s.options, &s.result), TL_INVALID);
    assert_false(tl_process_case_parse("7", &only));
    assert_false(tl_process_case_parse("killed_holder", &only));
}

/* --- stores that break their promise: the engine behind a driver with one bug --- */

static tl_driver bad;
static const tl_driver *good;

static tl_status commit_nothing_of_the_last(tl_store_txn *txn)
{
    static unsigned count; /* each process has its own */
    if (++count != COMMITS)
        return good->commit(txn);
    good->abort(txn);
    return TL_OK;
}

static bool has_data(const tl_driver_options *options)
{
    char path[600];
    snprintf(path, sizeof path, "%s/tree.tl", options->dir);
    return access(path, F_OK) == 0;
}

static tl_status open_and_abort(const tl_driver_options *options, tl_store **store)
{
    if (has_data(options))
        raise(SIGABRT);
    return good->open(options, store);
}

static tl_status open_and_hang(const tl_driver_options *options, tl_store **store)
{
    while (has_data(options))
        pause();
    return good->open(options, store);
}

static tl_status lock_nothing(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                              uint64_t *holder_pid)
{
    (void)exclusive, (void)holder_pid;
    return io->open(io, path, TL_IO_WRITE | TL_IO_CREATE, lock);
}

static tl_status open_plainly(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    tl_io *posix = tl_io_posix();
    (void)io;
    return posix->open(posix, path, flags & ~(unsigned)TL_IO_LOCK, file);
}

static tl_status open_without_a_lock(const tl_driver_options *options, tl_store **store)
{
    static tl_io unlocked;
    tl_driver_options changed = *options;
    if (options->io == NULL) { /* an agent */
        unlocked = *tl_io_posix();
        unlocked.lock = lock_nothing;
        unlocked.open = open_plainly;
        changed.io = &unlocked;
    }
    return good->open(&changed, store);
}

/* The kill behind the last operation of the store's history. */
static const char *last_kill(const folder *scratch)
{
    static char text[TL_PROCESS_CASE_MAX];
    setting s;
    prepare(&s, scratch, &bad, "log", TL_DURABILITY_COMMIT);
    s.options.states_max = 1;
    run(&s);
    tl_process_case_print(&(tl_process_case){.point = s.result.io_ops}, text);
    return text;
}

static void is_found(const folder *scratch, const char *rule, const char *only)
{
    setting s;
    tl_process_case one;
    prepare(&s, scratch, &bad, "log", TL_DURABILITY_COMMIT);
    s.options.patience_ns = UINT64_C(300000000);
    if (only != NULL) {
        assert_true(tl_process_case_parse(only, &one));
        s.options.only = &one;
    }
    run(&s);
    assert_true(s.notes.count > 0);
    assert_string_equal(s.notes.first.rule, rule);
}

static void a_store_that_breaks_its_promise_is_found(void **state)
{
    good = tl_driver_find("tree");
    bad = *good;
    bad.commit = commit_nothing_of_the_last;
    is_found(*state, "lost_committed", last_kill(*state));
    bad = *good;
    bad.open = open_and_abort;
    is_found(*state, "dies", "30.0");
    bad.open = open_and_hang;
    is_found(*state, "hangs", "30.0");
    is_found(*state, "hangs", "second_opener.0");
    bad.open = open_without_a_lock;
    is_found(*state, "busy", "second_opener.0");
    is_found(*state, "busy", "readers_only.0");
}

int main(void)
{
#define PROCESS_TEST(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        PROCESS_TEST(a_killed_process_leaves_each_state_that_the_simulated_disk_has),
        PROCESS_TEST(every_durability_survives_a_killed_process),
        PROCESS_TEST(stores_of_many_processes_keep_snapshots_when_others_are_killed),
        PROCESS_TEST(one_case_alone_is_that_case),
        PROCESS_TEST(a_store_that_breaks_its_promise_is_found),
    };
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0); /* a thousand stores, each synced many times */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
