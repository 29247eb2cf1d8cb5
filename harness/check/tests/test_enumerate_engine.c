/* harness/check/tests/test_enumerate_engine.c -- every state that a short run of the engine can
 * leave, under each profile: it keeps its promise in all of them, and none is left out.
 */
#include "harness/check/enumerate.h"
#include "harness/check/standard.h"
#include "harness/fault/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static tl_arena *arena;
static uint32_t page_bytes = TL_STANDARD_PAGE_BYTES;
static bool pads; /* the log begins each flush at a file page of its own */

static void record(const char *protocol, const char *history, size_t commits,
                   tl_recording *recording, tl_standard_settings *standard)
{
    static tl_driver_setting settings[TL_STANDARD_SETTINGS + 1];
    tl_standard_settings_fill(standard, protocol, page_bytes);
    memcpy(settings, standard->settings, sizeof standard->settings);
    settings[TL_STANDARD_SETTINGS] = (tl_driver_setting){"log_pad_bytes", "4096"};
    tl_recording_spec spec = {.driver = tl_driver_find("tree"),
                              .settings = settings,
                              .setting_count = TL_STANDARD_SETTINGS + (pads ? 1 : 0),
                              .durability = TL_DURABILITY_COMMIT,
                              .page_bytes = page_bytes,
                              .history = tl_history_find(history),
                              .seed = TL_STANDARD_SEED,
                              .commits = commits,
                              .arena = arena};
    char error[256] = "";
    if (tl_recording_make(&spec, recording, error, sizeof error) != TL_OK)
        fail_msg("%s: %s", protocol, error);
}

static void fail_with(void *context, const tl_enumerate_finding *finding)
{
    char text[TL_STATE_ID_TEXT_MAX];
    (void)tl_state_id_print(&finding->where, text);
    fail_msg("%s: %s: %s: %s", (const char *)context, text, tl_rule_name(finding->verdict.rule),
             finding->verdict.text);
}

/* Another piece of code, from the same rules, counts the states from the log alone. */
static void must_be_all(const tl_recording *recording, tl_profile profile, mpz_t represented)
{
    mpz_t sum, here;
    mpz_inits(sum, here, NULL);
    for (size_t at = 0; at <= tl_simdisk_op_count(recording->trace.disk); at++) {
        assert_int_equal(tl_count_states(recording->trace.disk, at, profile, &here), TL_OK);
        mpz_add(sum, sum, here);
    }
    assert_int_equal(mpz_cmp(sum, represented), 0);
    mpz_clears(sum, here, NULL);
}

static void look_at_all(const char *protocol, const char *history, size_t commits)
{
    tl_recording recording;
    tl_standard_settings standard;
    record(protocol, history, commits, &recording, &standard);
    for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
        if (!tl_profile_at((tl_profile)p)->exact)
            continue;
        char name[64];
        snprintf(name, sizeof name, "%s, %s", protocol, history);
        tl_enumerate_options options = {.recording = &recording,
                                        .profile = (tl_profile)p,
                                        .tier = TL_TIER_EXACT,
                                        .check_every = 7,
                                        .memo = true,
                                        .on_finding = fail_with,
                                        .context = name};
        tl_enumeration result;
        tl_enumeration_init(&result);
        tl_status status = tl_enumerate(&options, &result);
        if (status != TL_OK)
            fail_msg("%s: %s", name, result.error);
        assert_true(result.complete);
        assert_int_equal(mpz_sgn(result.not_covered), 0);
        assert_int_equal(result.recovered, result.leaves);
        assert_true(result.shared > 0 && result.reruns > 0);
        must_be_all(&recording, (tl_profile)p, result.represented);
        tl_enumeration_clear(&result);
    }
    tl_recording_clear(&recording);
}

static void the_engine_keeps_its_promise_in_every_state_of_a_short_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < TL_STANDARD_PROTOCOLS; i++)
        look_at_all(tl_standard_protocols[i], "mixed", 6);
}

static void frames_that_overlap_stale_ones_are_covered_too(void **state)
{
    (void)state;
    look_at_all("log", "split_merge", tl_history_find("split_merge")->commits);
}

/* Both ways, the same leaves of the same states come to the same end. */
static void what_is_remembered_changes_no_leaf_and_no_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < TL_STANDARD_PROTOCOLS; i++) {
        tl_recording recording;
        tl_standard_settings standard;
        record(tl_standard_protocols[i], "insert", 6, &recording, &standard);
        tl_enumeration results[2];
        for (unsigned memo = 0; memo < 2; memo++) {
            tl_enumerate_options options = {.recording = &recording,
                                            .profile = TL_PROFILE_POSIX,
                                            .tier = TL_TIER_EXACT,
                                            .memo = memo != 0,
                                            .on_finding = fail_with,
                                            .context = "memo"};
            tl_enumeration_init(&results[memo]);
            assert_int_equal(tl_enumerate(&options, &results[memo]), TL_OK);
        }
        const tl_enumeration *without = &results[0], *with = &results[1];
        assert_true(without->memo_found == 0 && with->memo_found > with->memo_missed);
        assert_true(with->leaves == without->leaves && with->distinct == without->distinct);
        assert_true(with->shared == without->shared && with->recovered == without->recovered);
        assert_int_equal(mpz_cmp(with->represented, without->represented), 0);
        tl_enumeration_clear(&results[0]);
        tl_enumeration_clear(&results[1]);
        tl_recording_clear(&recording);
    }
}

static tl_driver two_faced;
static pid_t first_process;

/* Structure is sound here, and damaged in any other process. */
static tl_status verify_by_process(tl_store *store, tl_report_fn report, void *context,
                                   uint64_t *finding_count, tl_driver_content *content)
{
    tl_status status =
        tl_driver_find("tree")->verify_content(store, report, context, finding_count, content);
    return getpid() == first_process ? status : TL_CORRUPT;
}

static void a_verdict_that_does_not_hold_in_another_process_is_an_error_of_the_lab(void **state)
{
    (void)state;
    tl_recording recording;
    tl_standard_settings standard;
    record("log", "insert", 3, &recording, &standard);
    two_faced = *tl_driver_find("tree");
    two_faced.verify_content = verify_by_process;
    first_process = getpid();
    recording.inspector.driver = &two_faced;
    tl_enumerate_options options = {.recording = &recording,
                                    .profile = TL_PROFILE_JOURNAL,
                                    .tier = TL_TIER_SINGLES,
                                    .check_every = 5};
    tl_enumeration result;
    tl_enumeration_init(&result);
    assert_int_equal(tl_enumerate(&options, &result), TL_INVALID);
    assert_non_null(strstr(result.error, "a process of its own"));
    assert_int_equal(result.findings, 0);
    tl_enumeration_clear(&result);
    tl_recording_clear(&recording);
}

/* Closing once rewrote the newest meta of shadow1 in place: spoiled, it took the last commit
 * along.
 */
static void a_device_that_spoils_what_it_writes_takes_no_commit_at_close(void **state)
{
    (void)state;
    pads = true;
    for (size_t i = 0; i < TL_STANDARD_PROTOCOLS; i++) {
        tl_recording recording;
        tl_standard_settings standard;
        record(tl_standard_protocols[i], "insert", tl_history_find("insert")->commits, &recording,
               &standard);
        tl_enumerate_options options = {.recording = &recording,
                                        .profile = TL_PROFILE_GARBAGE,
                                        .tier = TL_TIER_SAMPLED,
                                        .seed = TL_STANDARD_SEED,
                                        .on_finding = fail_with,
                                        .context = (void *)(uintptr_t)tl_standard_protocols[i]};
        tl_enumeration result;
        tl_enumeration_init(&result);
        assert_int_equal(tl_enumerate(&options, &result), TL_OK);
        assert_true(result.complete && result.leaves > 1000);
        tl_enumeration_clear(&result);
        tl_recording_clear(&recording);
    }
    pads = false;
}

/* A full leaf gives to a neighbour only if that is in memory: one that was passed over was not, and
 * the leaf was split instead.  Each state is run both ways, and writes the same. */
static void a_page_passed_over_counts_as_one_in_memory(void **state)
{
    (void)state;
    page_bytes = 4096;
    tl_recording recording;
    tl_standard_settings standard;
    record("shadow2", "checkpoint", 19, &recording, &standard);
    page_bytes = TL_STANDARD_PAGE_BYTES;
    tl_enumerate_options options = {.recording = &recording,
                                    .profile = TL_PROFILE_POSIX,
                                    .tier = TL_TIER_SAMPLED,
                                    .seed = TL_STANDARD_SEED,
                                    .states_max = 1500,
                                    .check_every = 1,
                                    .each_image = true,
                                    .always_close = true,
                                    .memo = true,
                                    .on_finding = fail_with,
                                    .context = "shadow2, checkpoint"};
    tl_enumeration result;
    tl_enumeration_init(&result);
    tl_status status = tl_enumerate(&options, &result);
    if (status != TL_OK)
        fail_msg("%s", result.error);
    assert_true(result.memo_found > 0 && result.reruns == result.leaves);
    tl_enumeration_clear(&result);
    tl_recording_clear(&recording);
}

static int make_arena(void **state)
{
    (void)state;
    return tl_arena_create(TL_STANDARD_ARENA_BYTES, &arena) == TL_OK ? 0 : -1;
}

static int drop_arena(void **state)
{
    (void)state;
    tl_arena_destroy(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_keeps_its_promise_in_every_state_of_a_short_run),
        cmocka_unit_test(frames_that_overlap_stale_ones_are_covered_too),
        cmocka_unit_test(what_is_remembered_changes_no_leaf_and_no_verdict),
        cmocka_unit_test(a_page_passed_over_counts_as_one_in_memory),
        cmocka_unit_test(a_verdict_that_does_not_hold_in_another_process_is_an_error_of_the_lab),
        cmocka_unit_test(a_device_that_spoils_what_it_writes_takes_no_commit_at_close),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
