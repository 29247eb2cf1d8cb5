/* harness/check/tests/test_enumerate_nested.c -- a second crash, in the recovery from the first:
 * every state of it is looked at, and finds what no single crash shows.
 */
#include "harness/check/enumerate.h"
#include "harness/check/tests/toy.h"
#include "harness/fault/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct notes {
    tl_enumerate_finding first;
    size_t count;
    mpz_t counted; /* states of all recoveries, by the counter */
    tl_profile profile;
} notes;

static void keep_first(void *context, const tl_enumerate_finding *finding)
{
    notes *kept = context;
    if (kept->count++ == 0)
        kept->first = *finding;
}

static bool add_point(void *context, size_t at, mpz_srcptr states, mpz_srcptr outcomes)
{
    mpz_ptr sum = context;
    (void)at;
    (void)outcomes;
    mpz_add(sum, sum, states);
    return true;
}

static tl_status count_recovery(void *context, const tl_simdisk *log)
{
    notes *kept = context;
    return tl_count_trace(log, kept->profile, add_point, kept->counted);
}

static void record(toy_bug bug, size_t commits, tl_recording *recording)
{
    toy_select(bug);
    tl_recording_spec spec = {.driver = &toy_driver,
                              .durability = TL_DURABILITY_COMMIT,
                              .page_bytes = 4096,
                              .seed = 42,
                              .commits = commits};
    char error[256] = "";
    if (tl_recording_make(&spec, recording, error, sizeof error) != TL_OK)
        fail_msg("%s", error);
}

static void enumerate(tl_enumerate_options options, notes *kept, tl_enumeration *result)
{
    *kept = (notes){.profile = options.profile};
    mpz_init(kept->counted);
    options.on_finding = keep_first;
    options.on_recovery = count_recovery;
    options.context = kept;
    tl_enumeration_init(result);
    tl_status status = tl_enumerate(&options, result);
    if (status != TL_OK)
        fail_msg("%s: %s", tl_status_name(status), result->error);
}

static void done(notes *kept, tl_enumeration *result)
{
    mpz_clear(kept->counted);
    tl_enumeration_clear(result);
}

static void every_state_of_every_recovery_is_looked_at(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_SOUND, 5, &recording);
    for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
        if (!tl_profile_at((tl_profile)p)->exact)
            continue;
        notes kept;
        tl_enumeration result;
        enumerate((tl_enumerate_options){.recording = &recording,
                                         .profile = (tl_profile)p,
                                         .tier = TL_TIER_NESTED,
                                         .check_every = 5},
                  &kept, &result);
        assert_int_equal(kept.count, 0);
        assert_true(result.complete && result.recoveries > 10 && result.leaves > 10);
        assert_int_equal(mpz_cmp(kept.counted, result.represented), 0);
        done(&kept, &result);
    }
    tl_recording_clear(&recording);
}

static size_t findings_of(const tl_recording *recording, tl_profile profile, tl_tier tier)
{
    notes kept;
    tl_enumeration result;
    enumerate((tl_enumerate_options){.recording = recording, .profile = profile, .tier = tier},
              &kept, &result);
    size_t count = kept.count;
    done(&kept, &result);
    return count;
}

/* The toy takes what it read for durable: a killed process's last commits are in the cache alone,
 * recovery shows them, and a power loss takes them away. */
static void what_recovery_showed_and_did_not_sync_takes_two_crashes_to_find(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_NO_RECOVERY_SYNC, 5, &recording);
    for (unsigned p = 0; p <= TL_PROFILE_POSIX; p++) {
        assert_int_equal(findings_of(&recording, (tl_profile)p, TL_TIER_EXACT), 0);
        bool found = findings_of(&recording, (tl_profile)p, TL_TIER_NESTED) > 0;
        assert_int_equal(found, tl_profile_at((tl_profile)p)->power);
    }
    tl_recording_clear(&recording);
    toy_select(TOY_SOUND);
}

static void both_crashes_are_in_the_name_that_brings_a_finding_back(void **state)
{
    (void)state;
    tl_recording recording;
    notes whole, single;
    tl_enumeration result;
    record(TOY_NO_RECOVERY_SYNC, 5, &recording);
    tl_enumerate_options options = {
        .recording = &recording, .profile = TL_PROFILE_JOURNAL, .tier = TL_TIER_NESTED};
    enumerate(options, &whole, &result);
    done(&whole, &result);
    assert_true(whole.count > 0);
    char text[TL_STATE_ID_TEXT_MAX];
    tl_state_id again;
    assert_true(tl_state_id_print(&whole.first.where, text));
    assert_non_null(strstr(text, "/killed/then/"));
    assert_true(tl_state_id_parse(text, &again));
    options.only = &again;
    enumerate(options, &single, &result);
    assert_int_equal(single.count, 1);
    assert_int_equal(result.leaves, 1);
    assert_string_equal(single.first.verdict.text, whole.first.verdict.text);
    done(&single, &result);
    tl_recording_clear(&recording);
    toy_select(TOY_SOUND);
}

static void a_name_with_two_crashes_that_names_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"posix/3.1/killed",
                                      "posix/3.1/then/1.0/",
                                      "posix/3.1/0.1/then/1.0/",
                                      "posix/3.1/newest/then/",
                                      "posix/3.1/newest/then/1.0/newest/then/1.0/",
                                      "posix/3.1/newest/then/1.0/killed"};
    tl_state_id id;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_state_id_parse(bad[i], &id));
    tl_recording recording;
    record(TOY_SOUND, 4, &recording);
    static const char *const none[] = {
        "posix/9999.0/newest/then/1.0/", "posix/3.99999/newest/then/1.0/",
        "posix/3.0/newest/then/999.0/", "posix/3.0/newest/then/1.999/",
        "posix/3.0/newest/then/1.0/77.5"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_true(tl_state_id_parse(none[i], &id));
        tl_enumerate_options options = {.recording = &recording,
                                        .profile = TL_PROFILE_POSIX,
                                        .tier = TL_TIER_NESTED,
                                        .only = &id};
        tl_enumeration result;
        tl_enumeration_init(&result);
        assert_int_equal(tl_enumerate(&options, &result), TL_INVALID);
        assert_string_not_equal(result.error, "");
        tl_enumeration_clear(&result);
    }
    tl_recording_clear(&recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_of_every_recovery_is_looked_at),
        cmocka_unit_test(what_recovery_showed_and_did_not_sync_takes_two_crashes_to_find),
        cmocka_unit_test(both_crashes_are_in_the_name_that_brings_a_finding_back),
        cmocka_unit_test(a_name_with_two_crashes_that_names_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
