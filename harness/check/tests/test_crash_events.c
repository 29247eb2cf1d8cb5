/* harness/check/tests/test_crash_events.c -- our engine crashed at every write and sync of every
 * change of shape.
 *
 * Small pages make a short history go through all of them; the engine's counters, taken from the
 * recorded run, prove that it did.  At each of its writes and syncs, creation and growth among
 * them, each operation is lost alone and kept alone, under each profile.  TL_TEST_ROUNDS=n takes n
 * histories instead of one.
 */
#include "harness/check/enumerate.h"
#include "harness/check/standard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PAGE_BYTES = 1024, COMMITS = 40, SEED = 17 };

static tl_arena *arena;

static void tell(void *context, const tl_enumerate_finding *finding)
{
    char where[TL_STATE_ID_TEXT_MAX];
    (void)tl_state_id_print(&finding->where, where);
    print_error("%s/%s: %s: %s\n", (const char *)context, where,
                tl_rule_name(finding->verdict.rule), finding->verdict.text);
}

static void record(const char *protocol, uint64_t seed, tl_standard_settings *standard,
                   tl_recording *recording)
{
    char error[256] = "";
    tl_standard_settings_fill(standard, protocol, PAGE_BYTES);
    tl_recording_spec spec = {
        .driver = tl_driver_find("tree"),
        .settings = standard->settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = TL_DURABILITY_COMMIT,
        .page_bytes = PAGE_BYTES,
        .seed = seed,
        .commits = COMMITS,
        .arena = arena,
    };
    if (tl_recording_make(&spec, recording, error, sizeof error) != TL_OK)
        fail_msg("%s: the history itself failed: %s", protocol, error);
}

/* Leaves of all profiles; no finding among them. */
static uint64_t look(const char *protocol, const tl_recording *recording)
{
    uint64_t leaves = 0;
    for (unsigned p = 0; p <= TL_PROFILE_POSIX; p++) {
        tl_enumerate_options options = {
            .recording = recording,
            .profile = (tl_profile)p,
            .tier = TL_TIER_SINGLES,
            .on_finding = tell,
            .context = (void *)(uintptr_t)protocol,
        };
        tl_enumeration result;
        tl_enumeration_init(&result);
        if (tl_enumerate(&options, &result) != TL_OK)
            fail_msg("%s: %s", protocol, result.error);
        assert_true(result.complete);
        assert_int_equal(0, result.findings);
        assert_int_equal(result.leaves, result.recovered); /* under commit none may refuse */
        assert_true(result.outcomes > 100);
        leaves += result.leaves;
        tl_enumeration_clear(&result);
    }
    return leaves;
}

static void add_events(tl_trace_counters *sum, const tl_trace_counters *more)
{
    sum->checkpoints += more->checkpoints;
    sum->grows += more->grows;
    sum->leaf_splits += more->leaf_splits;
    sum->branch_splits += more->branch_splits;
    sum->merges += more->merges;
    sum->page_reuse += more->page_reuse;
    sum->moves += more->moves;
    sum->root_grows += more->root_grows;
    sum->root_collapses += more->root_collapses;
}

static void a_crash_in_any_change_of_shape_loses_nothing(void **state)
{
    const char *text = getenv("TL_TEST_ROUNDS");
    uint64_t rounds = text != NULL ? strtoull(text, NULL, 0) : 1;
    (void)state;
    for (const char *const *protocol = tl_commit_protocols(); *protocol != NULL; protocol++) {
        tl_trace_counters seen = {0};
        for (uint64_t seed = SEED; seed < SEED + rounds; seed++) {
            tl_standard_settings standard;
            tl_recording recording;
            record(*protocol, seed, &standard, &recording);
            uint64_t leaves = look(*protocol, &recording);
            assert_true(leaves > 500);
            add_events(&seen, &recording.trace.counters);
            print_message("%s: %llu leaves, %llu writes, %llu syncs\n", *protocol,
                          (unsigned long long)leaves, (unsigned long long)recording.trace.writes,
                          (unsigned long long)recording.trace.syncs);
            tl_recording_clear(&recording);
        }
        print_message("  leaf splits %llu, branch splits %llu, root grows %llu, merges %llu, moves "
                      "%llu, collapses %llu, checkpoints %llu, grows %llu, reuse %llu\n",
                      (unsigned long long)seen.leaf_splits, (unsigned long long)seen.branch_splits,
                      (unsigned long long)seen.root_grows, (unsigned long long)seen.merges,
                      (unsigned long long)seen.moves, (unsigned long long)seen.root_collapses,
                      (unsigned long long)seen.checkpoints, (unsigned long long)seen.grows,
                      (unsigned long long)seen.page_reuse);
        assert_true(seen.leaf_splits >= 10 && seen.branch_splits >= 1 && seen.root_grows >= 2);
        assert_true(seen.merges >= 3 && seen.moves >= 1 && seen.root_collapses >= 1);
        assert_true(seen.checkpoints >= 3 && seen.grows >= 1 && seen.page_reuse >= 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_in_any_change_of_shape_loses_nothing),
    };
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &arena) != TL_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tl_arena_destroy(arena);
    return failed;
}
