/* harness/check/tests/test_enumerate.c -- the enumeration finds what is wrong, under the profile
 * that it takes, and its numbers add up.
 *
 * The store is the toy of toy.c: nothing here depends on the engine.
 */
#include "harness/check/enumerate.h"
#include "harness/check/tests/toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct notes {
    tl_enumerate_finding first, shared; /* shared: the last of an outcome that was not run */
    size_t count, shared_count;
    const tl_simdisk *disk; /* of the log */
    size_t at_sync;         /* findings where a sync is in flight, or nothing */
} notes;

static void keep_first(void *context, const tl_enumerate_finding *finding)
{
    notes *kept = context;
    if (kept->count++ == 0)
        kept->first = *finding;
    if (finding->shared) {
        kept->shared = *finding;
        kept->shared_count++;
    }
    size_t at = finding->where.point;
    kept->at_sync += at == tl_simdisk_op_count(kept->disk) ||
                     tl_simdisk_op_syncs(tl_simdisk_op_at(kept->disk, at));
}

static void record(toy_bug bug, tl_durability durability, size_t commits, tl_recording *recording)
{
    toy_select(bug);
    tl_recording_spec spec = {.driver = &toy_driver,
                              .durability = durability,
                              .page_bytes = 1024, /* short values, short frames */
                              .seed = 42,
                              .commits = commits};
    char error[256] = "";
    if (tl_recording_make(&spec, recording, error, sizeof error) != TL_OK)
        fail_msg("%s", error);
}

static void enumerate(tl_enumerate_options options, notes *kept, tl_enumeration *result)
{
    *kept = (notes){.disk = options.recording->trace.disk};
    options.on_finding = keep_first;
    options.context = kept;
    tl_enumeration_init(result);
    tl_status status = tl_enumerate(&options, result);
    if (status != TL_OK)
        fail_msg("%s: %s", tl_status_name(status), result->error);
}

static bool is_exact(tl_profile profile)
{
    return tl_profile_at(profile)->exact;
}

static void a_sound_store_has_no_finding_at_any_tier_under_any_profile(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_SOUND, TL_DURABILITY_COMMIT, 5, &recording);
    for (unsigned p = 0; p < TL_PROFILE_COUNT; p++) {
        for (unsigned t = 0; t < TL_TIER_COUNT; t++) {
            if (p == TL_PROFILE_GARBAGE || (t != TL_TIER_SAMPLED && !is_exact((tl_profile)p)))
                continue; /* frames side by side in one file page do not stand garbage */
            notes kept;
            tl_enumeration result;
            tl_enumerate_options options = {.recording = &recording,
                                            .profile = (tl_profile)p,
                                            .tier = (tl_tier)t,
                                            .check_every = 1};
            enumerate(options, &kept, &result);
            if (kept.count != 0)
                fail_msg("%s: %s", tl_rule_name(kept.first.verdict.rule), kept.first.verdict.text);
            assert_true(result.complete && result.leaves > 5);
            assert_int_equal(result.points, tl_simdisk_op_count(recording.trace.disk) + 1);
            assert_int_equal(result.reruns, result.leaves);
            assert_int_equal(mpz_sgn(result.not_covered), 0);
            assert_true(mpz_cmp_ui(result.represented, result.leaves) >= 0);
            tl_enumeration_clear(&result);
        }
    }
    tl_recording_clear(&recording);
}

/* The toy's frames share file pages.  One that was acknowledged is spoilt with the next one, which
 * was written and has not been synced, also when the call has long returned. */
static void garbage_reaches_what_was_synced_beside_any_unsynced_write(void **state)
{
    (void)state;
    tl_recording recording;
    notes kept;
    tl_enumeration result;
    record(TOY_SOUND, TL_DURABILITY_COMMIT, 5, &recording);
    tl_enumerate_options options = {
        .recording = &recording, .profile = TL_PROFILE_GARBAGE, .tier = TL_TIER_SAMPLED};
    enumerate(options, &kept, &result);
    assert_true(kept.at_sync > 0 && kept.at_sync < kept.count);
    tl_enumeration_clear(&result);
    tl_recording_clear(&recording);
}

typedef struct expected {
    toy_bug bug;
    tl_profile weakest; /* finds it; the profiles before it do not */
    tl_rule rule;
} expected;

static const expected by_profile[] = {
    {TOY_COMMITS_TWICE, TL_PROFILE_SIGKILL, TL_RULE_ONE_PREFIX    },
    {TOY_NO_SYNC,       TL_PROFILE_PREFIX,  TL_RULE_LOST_COMMITTED},
    {TOY_NO_CHECKSUM,   TL_PROFILE_SIGKILL, TL_RULE_ONE_PREFIX    },
    {TOY_TRUSTS_ORDER,  TL_PROFILE_JOURNAL, TL_RULE_ONE_PREFIX    },
    {TOY_NO_DIR_SYNC,   TL_PROFILE_POSIX,   TL_RULE_LOST_COMMITTED},
};

static void each_bug_is_found_by_the_profile_it_takes_and_by_no_weaker_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof by_profile / sizeof by_profile[0]; i++) {
        const expected *row = &by_profile[i];
        tl_recording recording;
        record(row->bug, TL_DURABILITY_COMMIT, 4, &recording);
        for (unsigned p = 0; p <= TL_PROFILE_POSIX; p++) {
            notes kept;
            tl_enumeration result;
            tl_enumerate_options options = {
                .recording = &recording, .profile = (tl_profile)p, .tier = TL_TIER_EXACT};
            enumerate(options, &kept, &result);
            if ((kept.count > 0) != (p >= row->weakest))
                fail_msg("bug %d under %s: %zu findings, first: %s", (int)row->bug,
                         tl_profile_at((tl_profile)p)->name, kept.count, kept.first.verdict.text);
            if (p == row->weakest)
                assert_true(result.by_rule[row->rule] > 0);
            tl_enumeration_clear(&result);
        }
        tl_recording_clear(&recording);
    }
    toy_select(TOY_SOUND);
}

static void a_name_brings_its_finding_back(void **state)
{
    (void)state;
    static const tl_tier tiers[] = {TL_TIER_EXACT, TL_TIER_SINGLES, TL_TIER_SAMPLED};
    for (size_t i = 0; i < sizeof by_profile / sizeof by_profile[0]; i++) {
        tl_recording recording;
        record(by_profile[i].bug, TL_DURABILITY_COMMIT, 4, &recording);
        for (size_t t = 0; t < sizeof tiers / sizeof tiers[0]; t++) {
            notes whole, single;
            tl_enumeration result;
            tl_enumerate_options options = {
                .recording = &recording, .profile = TL_PROFILE_POSIX, .tier = tiers[t]};
            enumerate(options, &whole, &result);
            tl_enumeration_clear(&result);
            if (whole.count == 0)
                continue; /* one by one not every bug is met */
            char text[TL_STATE_ID_TEXT_MAX];
            tl_state_id again;
            assert_true(tl_state_id_print(&whole.first.where, text));
            assert_true(tl_state_id_parse(text, &again));
            options.only = &again;
            enumerate(options, &single, &result);
            assert_int_equal(single.count, 1);
            assert_string_equal(single.first.verdict.text, whole.first.verdict.text);
            tl_enumeration_clear(&result);
        }
        tl_recording_clear(&recording);
    }
    toy_select(TOY_SOUND);
}

/* Represented under these options; findings too. */
typedef struct broken_rule {
    toy_bug bug;
    tl_durability durability;
    tl_profile profile;
    tl_tier tier;
    tl_rule rule; /* one that must be among the broken ones */
} broken_rule;

/* clang-format off */
static const broken_rule every_bug[] = {
    {TOY_NO_SYNC,             TL_DURABILITY_COMMIT, TL_PROFILE_PREFIX,  TL_TIER_ENDS,    TL_RULE_LOST_COMMITTED},
    {TOY_NO_CHECKSUM,         TL_DURABILITY_COMMIT, TL_PROFILE_PREFIX,  TL_TIER_SINGLES, TL_RULE_ONE_PREFIX},
    {TOY_NO_DIR_SYNC,         TL_DURABILITY_COMMIT, TL_PROFILE_POSIX,   TL_TIER_ENDS,    TL_RULE_LOST_COMMITTED},
    {TOY_RENAME_FIRST,        TL_DURABILITY_COMMIT, TL_PROFILE_POSIX,   TL_TIER_SINGLES, TL_RULE_OPENS},
    {TOY_DROPS_COMMIT,        TL_DURABILITY_ASYNC,  TL_PROFILE_SIGKILL, TL_TIER_ENDS,    TL_RULE_ONE_PREFIX},
    {TOY_NO_RECOVERY_SYNC,    TL_DURABILITY_COMMIT, TL_PROFILE_PREFIX,  TL_TIER_NESTED,  TL_RULE_LOST_COMMITTED},
    {TOY_APPENDS_BEHIND_TEAR, TL_DURABILITY_COMMIT, TL_PROFILE_PREFIX,  TL_TIER_SINGLES, TL_RULE_KEEPS_WRITES},
    {TOY_COMMITS_TWICE,       TL_DURABILITY_NONE,   TL_PROFILE_SIGKILL, TL_TIER_ENDS,    TL_RULE_ONE_PREFIX},
    {TOY_REFUSES_WRITES,      TL_DURABILITY_NONE,   TL_PROFILE_SIGKILL, TL_TIER_ENDS,    TL_RULE_WRITABLE},
};
/* clang-format on */

static void every_broken_store_is_caught_by_the_rule_it_breaks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof every_bug / sizeof every_bug[0]; i++) {
        const broken_rule *row = &every_bug[i];
        tl_recording recording;
        notes kept;
        tl_enumeration result;
        record(row->bug, row->durability, 12, &recording);
        enumerate((tl_enumerate_options){.recording = &recording,
                                         .profile = row->profile,
                                         .tier = row->tier},
                  &kept, &result);
        if (result.by_rule[row->rule] == 0)
            fail_msg("bug %d: no finding of rule %s; %zu others, first: %s", (int)row->bug,
                     tl_rule_name(row->rule), kept.count, kept.first.verdict.text);
        tl_enumeration_clear(&result);
        tl_recording_clear(&recording);
    }
    toy_select(TOY_SOUND);
}

/* Where operations have one order, T1 leaves out what stands for no other state. */
static void under_one_order_the_first_tier_meets_all_that_the_exact_one_meets(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_SOUND, TL_DURABILITY_NONE, 5, &recording);
    uint64_t distinct[2], outcomes[2];
    for (unsigned i = 0; i < 2; i++) {
        notes kept;
        tl_enumeration result;
        tl_enumerate_options options = {.recording = &recording,
                                        .profile = TL_PROFILE_PREFIX,
                                        .tier = i == 0 ? TL_TIER_SINGLES : TL_TIER_EXACT};
        enumerate(options, &kept, &result);
        distinct[i] = result.distinct;
        outcomes[i] = result.outcomes;
        tl_enumeration_clear(&result);
    }
    assert_int_equal(distinct[0], distinct[1]);
    assert_true(outcomes[0] < outcomes[1] && distinct[0] > 20);
    tl_recording_clear(&recording);
}

static void sums(const tl_enumerate_options *options, mpz_t represented, uint64_t *findings)
{
    notes kept;
    tl_enumeration result;
    enumerate(*options, &kept, &result);
    mpz_add(represented, represented, result.represented);
    *findings += result.findings;
    tl_enumeration_clear(&result);
}

static void sharing_and_shards_change_nothing_but_the_work(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_NO_SYNC, TL_DURABILITY_COMMIT, 5, &recording);
    mpz_t whole, other;
    mpz_inits(whole, other, NULL);
    for (unsigned p = 0; p <= TL_PROFILE_POSIX; p++) {
        uint64_t findings = 0, same = 0, parts = 0;
        tl_enumerate_options options = {
            .recording = &recording, .profile = (tl_profile)p, .tier = TL_TIER_EXACT};
        mpz_set_ui(whole, 0);
        sums(&options, whole, &findings);
        mpz_set_ui(other, 0);
        options.no_sharing = true;
        sums(&options, other, &same);
        assert_int_equal(mpz_cmp(whole, other), 0);
        assert_int_equal(findings, same);
        mpz_set_ui(other, 0);
        options.no_sharing = false;
        options.shard_count = 3;
        for (options.shard = 0; options.shard < 3; options.shard++)
            sums(&options, other, &parts);
        assert_int_equal(mpz_cmp(whole, other), 0);
        assert_int_equal(findings, parts);
    }
    mpz_clears(whole, other, NULL);
    tl_recording_clear(&recording);
    toy_select(TOY_SOUND);
}

static void an_outcome_met_before_is_judged_by_the_bounds_of_its_own_crash_point(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_NO_SYNC, TL_DURABILITY_COMMIT, 5, &recording);
    notes kept, alone;
    tl_enumeration result;
    tl_enumerate_options options = {
        .recording = &recording, .profile = TL_PROFILE_POSIX, .tier = TL_TIER_EXACT};
    enumerate(options, &kept, &result);
    tl_enumeration_clear(&result);
    assert_true(kept.shared_count > 0); /* fine before the commit was acknowledged, not behind */
    options.only = &kept.shared.where;
    enumerate(options, &alone, &result);
    assert_int_equal(alone.count, 1);
    assert_false(alone.first.shared);
    assert_string_equal(alone.first.verdict.text, kept.shared.verdict.text);
    assert_int_equal(alone.first.allowed.low, kept.shared.allowed.low);
    tl_enumeration_clear(&result);
    tl_recording_clear(&recording);
    toy_select(TOY_SOUND);
}

static void a_store_that_reads_otherwise_each_time_is_refused(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_FORGETFUL, TL_DURABILITY_COMMIT, 4, &recording);
    tl_enumerate_options options = {.recording = &recording,
                                    .profile = TL_PROFILE_POSIX,
                                    .tier = TL_TIER_EXACT,
                                    .check_every = 1};
    tl_enumeration result;
    tl_enumeration_init(&result);
    assert_int_equal(tl_enumerate(&options, &result), TL_INVALID);
    assert_non_null(strstr(result.error, "not deterministic"));
    tl_enumeration_clear(&result);
    tl_recording_clear(&recording);
    toy_select(TOY_SOUND);
}

static void a_bound_stops_early_and_says_so(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_SOUND, TL_DURABILITY_COMMIT, 5, &recording);
    notes kept;
    tl_enumeration result;
    tl_enumerate_options options = {.recording = &recording,
                                    .profile = TL_PROFILE_POSIX,
                                    .tier = TL_TIER_EXACT,
                                    .states_max = 7};
    enumerate(options, &kept, &result);
    assert_int_equal(result.leaves, 7);
    assert_false(result.complete);
    tl_enumeration_clear(&result);
    options.tier = TL_TIER_ENDS;
    options.profile = TL_PROFILE_LIAR;
    tl_enumeration_init(&result);
    assert_int_equal(tl_enumerate(&options, &result), TL_UNSUPPORTED);
    tl_enumeration_clear(&result);
    tl_recording_clear(&recording);
}

static void a_name_that_names_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "posix",
                                      "posix/3",
                                      "posix/3.1",
                                      "posx/3.1/",
                                      "posix/3.1/1.",
                                      "posix/3.1/.1",
                                      "posix/3.1/drop",
                                      "posix/3.1/keep.",
                                      "posix/3.1/tear.",
                                      "posix/x.1/",
                                      "posix/3.1/newest.4"};
    tl_state_id id;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_state_id_parse(bad[i], &id));
    tl_recording recording;
    record(TOY_SOUND, TL_DURABILITY_COMMIT, 4, &recording);
    static const char *const none[] = {
        "posix/9999.0/",       "posix/3.99999/",        "posix/3.0/77.5",
        "posix/3.0/drop.9999", "posix/3.0/keep.9999",   "posix/3.0/tear.0",
        "posix/3.0/tear.9999", "posix/3.0/tear_bare.0", "posix/3.0/tear_bare.99"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_true(tl_state_id_parse(none[i], &id));
        tl_enumerate_options options = {.recording = &recording,
                                        .profile = TL_PROFILE_POSIX,
                                        .tier = TL_TIER_EXACT,
                                        .only = &id};
        tl_enumeration result;
        tl_enumeration_init(&result);
        assert_int_equal(tl_enumerate(&options, &result), TL_INVALID);
        tl_enumeration_clear(&result);
    }
    tl_recording_clear(&recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_store_has_no_finding_at_any_tier_under_any_profile),
        cmocka_unit_test(garbage_reaches_what_was_synced_beside_any_unsynced_write),
        cmocka_unit_test(each_bug_is_found_by_the_profile_it_takes_and_by_no_weaker_one),
        cmocka_unit_test(a_name_brings_its_finding_back),
        cmocka_unit_test(every_broken_store_is_caught_by_the_rule_it_breaks),
        cmocka_unit_test(under_one_order_the_first_tier_meets_all_that_the_exact_one_meets),
        cmocka_unit_test(sharing_and_shards_change_nothing_but_the_work),
        cmocka_unit_test(an_outcome_met_before_is_judged_by_the_bounds_of_its_own_crash_point),
        cmocka_unit_test(a_store_that_reads_otherwise_each_time_is_refused),
        cmocka_unit_test(a_bound_stops_early_and_says_so),
        cmocka_unit_test(a_name_that_names_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
