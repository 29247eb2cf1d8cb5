/* harness/check/tests/test_recorded.c -- the engine on the real disk does what it does on the
 * simulated one, call by call and byte by byte; a recorded run is swept like a simulated one. */
#define _GNU_SOURCE
#include "harness/check/standard.h"
#include "harness/check/sync_latency.h"
#include "harness/check/trace.h"
#include "harness/fault/crash.h"
#include "harness/report/tests/folder.h"

#include <sys/stat.h>
#include <unistd.h>

enum { COMMITS = 20, SEED = 7 };

typedef struct run {
    tl_oracle *oracle;
    tl_inspector inspector;
    tl_standard_settings standard;
    char name[64]; /* "log, commit, 4096": for messages */
} run;

static void run_begin(run *r, const char *protocol, tl_durability durability, uint32_t page_bytes)
{
    tl_oracle_spec spec = {.seed = SEED, .page_bytes = page_bytes, .commits = COMMITS};
    assert_int_equal(tl_oracle_create(&spec, &r->oracle), TL_OK);
    tl_standard_settings_fill(&r->standard, protocol, page_bytes);
    snprintf(r->name, sizeof r->name, "%s, %d, %u", protocol, (int)durability, page_bytes);
    r->inspector = (tl_inspector){
        .driver = tl_driver_find("tree"),
        .oracle = r->oracle,
        .options = {.dir = "db",
                    .durability = durability,
                    .page_bytes = page_bytes,
                    .map_bytes = TL_STANDARD_ARENA_BYTES,
                    .seed = SEED,
                    .deterministic = true,
                    .settings = r->standard.settings,
                    .setting_count = TL_STANDARD_SETTINGS},
    };
}

static void record(run *r, const char *dir, tl_trace *trace)
{
    char error[256] = "";
    tl_inspector inspector = r->inspector;
    tl_status status;
    if (dir == NULL) {
        status = tl_trace_record(&inspector, trace, error, sizeof error);
    } else {
        inspector.options.dir = dir;
        status = tl_trace_record_real(&inspector, "db", trace, error, sizeof error);
    }
    if (status != TL_OK)
        fail_msg("%s: %s: %s", r->name, tl_status_name(status), error);
}

static void entries_are_equal(const run *r, const tl_simdisk *real, const tl_simdisk *simulated)
{
    char one[200], other[200];
    assert_int_equal(tl_simdisk_op_count(real), tl_simdisk_op_count(simulated));
    for (size_t i = 0; i < tl_simdisk_op_count(real); i++) {
        const tl_simdisk_op *a = tl_simdisk_op_at(real, i), *b = tl_simdisk_op_at(simulated, i);
        tl_simdisk_op_text(real, i, one, sizeof one);
        tl_simdisk_op_text(simulated, i, other, sizeof other);
        if (strcmp(one, other) != 0 || a->file != b->file || a->size_after != b->size_after ||
            a->first_sector != b->first_sector ||
            (a->kind == TL_SIMDISK_SYNC &&
             strcmp(tl_simdisk_path(real, a->path), tl_simdisk_path(simulated, b->path)) != 0))
            fail_msg("%s: recorded '%s', simulated '%s'", r->name, one, other);
        if (memcmp(tl_simdisk_payload(real, a), tl_simdisk_payload(simulated, b),
                   (size_t)a->sector_count * TL_SECTOR_BYTES) != 0)
            fail_msg("%s: '%s' wrote other bytes than on the simulated disk", r->name, one);
    }
}

/* tl_trace_record_real audits each run: what is replayed is what the real files hold. */
static void a_history_gives_the_same_log_on_the_real_and_on_the_simulated_disk(void **state)
{
    static const uint32_t page_bytes[] = {4096, 16384};
    folder *scratch = *state;
    unsigned made = 0;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++)
        for (size_t d = 0; d < TL_STANDARD_DURABILITIES; d++)
            for (size_t s = 0; s < sizeof page_bytes / sizeof page_bytes[0]; s++) {
                char dir[24];
                run r;
                tl_trace real, simulated;
                run_begin(&r, tl_standard_protocols[p], tl_standard_durabilities[d], page_bytes[s]);
                snprintf(dir, sizeof dir, "%u", made++);
                const char *path = folder_join(scratch, dir);
                assert_int_equal(mkdir(path, 0755), 0);
                record(&r, path, &real);
                record(&r, NULL, &simulated);
                entries_are_equal(&r, real.disk, simulated.disk);
                assert_memory_equal(real.begun, simulated.begun,
                                    (COMMITS + 1) * sizeof *real.begun);
                assert_memory_equal(real.acknowledged, simulated.acknowledged,
                                    (COMMITS + 1) * sizeof *real.begun);
                assert_true(real.writes > COMMITS / 2); /* shadow under none writes little */
                tl_trace_clear(&real);
                tl_trace_clear(&simulated);
                tl_oracle_destroy(r.oracle);
            }
}

/* Inspect every state of every variant of a walk; hashes of all images in one sum. */
static size_t sweep(run *r, const tl_trace *trace, tl_hash128 *sum)
{
    tl_crash_walk *walk = NULL;
    tl_simdisk *shown = NULL;
    size_t states = 0;
    assert_int_equal(tl_crash_walk_create(trace->disk, &walk), TL_OK);
    assert_int_equal(tl_simdisk_create_beside(trace->disk, TL_SIMDISK_ONE_THREAD, &shown), TL_OK);
    for (size_t at = 0; at <= tl_simdisk_op_count(trace->disk); at++) {
        assert_int_equal(tl_crash_walk_to(walk, at), TL_OK);
        for (unsigned v = TL_CRASH_ALL_ISSUED; v <= TL_CRASH_UNSYNCED_DROPPED; v++)
            for (size_t i = 0; i < tl_crash_state_count(walk, (tl_crash_variant)v); i++) {
                tl_allowed allowed = tl_trace_allowed(trace, at, true);
                tl_verdict verdict;
                tl_hash128 hash;
                uint32_t mark = tl_simdisk_mark(shown);
                assert_int_equal(tl_crash_load(walk, (tl_crash_variant)v, i, shown, &hash), TL_OK);
                tl_inspect(&r->inspector, tl_simdisk_io(shown), &allowed, at % 2 == 0, &verdict);
                tl_simdisk_release(shown, mark);
                if (verdict.rule != TL_RULE_NONE)
                    fail_msg("%s: entry %zu, state %zu: %s", r->name, at, i, verdict.text);
                sum->low += hash.low * (2 * states + 1);
                sum->high += hash.high * (2 * states + 1);
                states++;
            }
    }
    tl_crash_walk_destroy(walk);
    tl_simdisk_destroy(shown);
    return states;
}

static void a_recorded_run_has_the_crash_states_of_a_simulated_one(void **state)
{
    folder *scratch = *state;
    run r;
    tl_trace real, simulated;
    tl_hash128 real_sum = {0, 0}, simulated_sum = {0, 0};
    run_begin(&r, "log", TL_DURABILITY_COMMIT, 4096);
    record(&r, scratch->path, &real);
    record(&r, NULL, &simulated);
    size_t states = sweep(&r, &real, &real_sum);
    assert_true(states > tl_simdisk_op_count(real.disk) * 2);
    assert_int_equal(sweep(&r, &simulated, &simulated_sum), states);
    assert_memory_equal(&real_sum, &simulated_sum, sizeof real_sum);
    tl_trace_clear(&real);
    tl_trace_clear(&simulated);
    tl_oracle_destroy(r.oracle);
}

typedef struct taken {
    size_t entry;
    bool one; /* that entry alone; else all */
} taken;

static bool takes(void *context, size_t entry)
{
    const taken *which = context;
    return !which->one || entry == which->entry;
}

static void each_sync_of_a_run_is_timed_once_in_each_repetition(void **state)
{
    enum { RUNS = 3 };
    folder *scratch = *state;
    run r;
    char error[256] = "";
    run_begin(&r, "log", TL_DURABILITY_COMMIT, 4096);
    tl_recording recording = {.oracle = r.oracle, .inspector = r.inspector};
    record(&r, NULL, &recording.trace);
    tl_sync_latencies latencies;
    if (tl_sync_latencies_measure(&recording, scratch->path, RUNS, &latencies, error,
                                  sizeof error) != TL_OK)
        fail_msg("%s", error);
    assert_int_equal(latencies.sync_count, recording.trace.syncs);
    assert_int_equal(latencies.runs, RUNS);
    double mean;
    uint64_t p99, count, sum = 0;
    taken which = {0, false};
    assert_true(tl_sync_latencies_of(&latencies, takes, &which, &mean, &p99, &count));
    assert_int_equal(count, RUNS * latencies.sync_count);
    assert_true(mean > 0 && (double)p99 >= mean / 100);
    for (size_t i = 0; i < latencies.sync_count; i++) {
        which = (taken){latencies.entries[i], true};
        assert_true(tl_sync_latencies_of(&latencies, takes, &which, &mean, &p99, &count));
        assert_int_equal(count, RUNS);
        sum += count;
    }
    assert_int_equal(sum, RUNS * recording.trace.syncs);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder_join(scratch, "sync-latency"));
    assert_int_not_equal(access(path, F_OK), 0); /* nothing stays behind */
    tl_sync_latencies_clear(&latencies);
    tl_trace_clear(&recording.trace);
    tl_oracle_destroy(r.oracle);
}

int main(void)
{
#define RECORDED_TEST(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(a_history_gives_the_same_log_on_the_real_and_on_the_simulated_disk),
        RECORDED_TEST(each_sync_of_a_run_is_timed_once_in_each_repetition),
        RECORDED_TEST(a_recorded_run_has_the_crash_states_of_a_simulated_one),
    };
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0); /* real files, whose syncs cost nothing */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
