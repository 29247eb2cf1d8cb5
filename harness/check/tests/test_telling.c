/* harness/check/tests/test_telling.c -- what is said about a finding: its cause, why, what mends
 * it.
 *
 * The store is the toy of toy.c, whose bugs are known one by one.
 */
#include "harness/check/explain.h"
#include "harness/check/tests/toy.h"
#include "harness/check/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static tl_causes causes; /* large */

static void take(void *context, const tl_enumerate_finding *finding)
{
    bool fresh;
    (void)context;
    assert_non_null(tl_causes_add(&causes, finding, &fresh));
}

static void record(toy_bug bug, tl_recording *recording)
{
    toy_select(bug);
    tl_recording_spec spec = {.driver = &toy_driver,
                              .durability = TL_DURABILITY_COMMIT,
                              .page_bytes = 1024,
                              .seed = 42,
                              .commits = 4};
    char error[256] = "";
    if (tl_recording_make(&spec, recording, error, sizeof error) != TL_OK)
        fail_msg("%s", error);
}

typedef struct notes { /* findings by rule, and where the last one was */
    uint64_t count[TL_RULE_COUNT];
    tl_state_id where;
} notes;

static void note(void *context, const tl_enumerate_finding *finding)
{
    notes *kept = context;
    kept->count[finding->verdict.rule]++;
    kept->where = finding->where;
}

/* All findings of a bug under a profile, sorted to causes. */
static uint64_t sweep(const tl_recording *recording, tl_profile profile, tl_tier tier)
{
    tl_causes_begin(&causes, recording, NULL, profile, 7);
    tl_enumerate_options options = {
        .recording = recording, .profile = profile, .tier = tier, .seed = 7, .on_finding = take};
    tl_enumeration done;
    tl_enumeration_init(&done);
    assert_int_equal(tl_enumerate(&options, &done), TL_OK);
    uint64_t findings = done.findings;
    tl_enumeration_clear(&done);
    assert_int_equal(causes.findings, findings);
    return findings;
}

static void explain(const tl_recording *recording, tl_profile profile, const tl_cause *cause,
                    tl_explanation *why)
{
    tl_explain_options options = {
        .recording = recording, .profile = profile, .tier = TL_TIER_EXACT, .seed = 7};
    assert_int_equal(tl_witness_take(causes.witness, &cause->first, &cause->verdict), TL_OK);
    assert_int_equal(tl_witness_shrink(causes.witness, 0), TL_OK);
    assert_int_equal(tl_explain(&options, causes.witness, why), TL_OK);
}

typedef struct expected {
    toy_bug bug;
    tl_profile profile;
    const char *needs, *fix; /* parts of what is said */
    size_t causes_max;
} expected;

static const expected rows[] = {
    {TOY_NO_SYNC,      TL_PROFILE_JOURNAL, "acknowledgement", "fdatasync", 4},
    {TOY_NO_DIR_SYNC,  TL_PROFILE_POSIX,   "rename of",       "fsync_dir", 4},
    {TOY_TRUSTS_ORDER, TL_PROFILE_JOURNAL, "write of",        "fdatasync", 4},
};

static void many_findings_of_one_bug_are_few_causes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_recording recording;
        record(rows[i].bug, &recording);
        uint64_t findings = sweep(&recording, rows[i].profile, TL_TIER_EXACT), sum = 0;
        for (size_t c = 0; c < causes.count; c++) {
            print_message("%zu: %lu: %s\n", i, (unsigned long)causes.at[c].count,
                          causes.at[c].text);
            assert_null(strstr(causes.at[c].text, "not looked at closer"));
            sum += causes.at[c].count;
        }
        assert_int_equal(sum, findings);
        assert_true(findings > causes.count);
        assert_in_range(causes.count, 1, rows[i].causes_max);
        tl_causes_end(&causes);
        tl_recording_clear(&recording);
    }
}

static void what_a_bug_needs_and_the_sync_that_mends_it_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_recording recording;
        record(rows[i].bug, &recording);
        sweep(&recording, rows[i].profile, TL_TIER_EXACT);
        static tl_explanation why;
        explain(&recording, rows[i].profile, &causes.at[0], &why);
        print_message("%s\n%s\n", why.needs, why.fix);
        if (strstr(why.needs, rows[i].needs) == NULL || strstr(why.fix, rows[i].fix) == NULL)
            fail_msg("%s\n%s", why.needs, why.fix);
        assert_true(why.fixed);
        assert_true(why.before > 0 && why.after == 0 && why.syncs_added > 0);
        if (rows[i].bug == TOY_NO_DIR_SYNC)
            assert_int_equal(why.syncs_added, 1); /* not one for each commit */
        tl_causes_end(&causes);
        tl_recording_clear(&recording);
    }
}

static void every_finding_of_every_tier_can_be_spelled_out(void **state)
{
    (void)state;
    static const tl_tier tiers[] = {TL_TIER_ENDS, TL_TIER_SINGLES, TL_TIER_EXACT, TL_TIER_SAMPLED};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tl_recording recording;
        record(rows[i].bug, &recording);
        for (size_t t = 0; t < sizeof tiers / sizeof tiers[0]; t++) {
            for (unsigned p = 0; p <= TL_PROFILE_POSIX; p++) {
                sweep(&recording, (tl_profile)p, tiers[t]);
                for (size_t c = 0; c < causes.count; c++) {
                    if (strstr(causes.at[c].text, "not looked at closer") != NULL)
                        fail_msg("bug %zu, %s, %s: %s", i, tl_tier_at(tiers[t])->name,
                                 tl_profile_at((tl_profile)p)->name, causes.at[c].text);
                }
                tl_causes_end(&causes);
            }
        }
        tl_recording_clear(&recording);
    }
}

static void a_timeline_shows_what_was_lost_and_what_was_promised(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_NO_SYNC, &recording);
    sweep(&recording, TL_PROFILE_JOURNAL, TL_TIER_EXACT);
    const tl_cause *cause = &causes.at[0];
    assert_int_equal(tl_witness_take(causes.witness, &cause->first, &cause->verdict), TL_OK);
    assert_int_equal(tl_witness_shrink(causes.witness, 0), TL_OK);
    tl_lost lost;
    assert_int_equal(tl_witness_lost(causes.witness, &lost), TL_OK);
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    tl_timeline_print(file, &causes.roles, &recording.trace, &lost, 0);
    fclose(file);
    static const char *const parts[] = {"commit 1 begun", "commit 1 acknowledged", "CRASH",
                                        "x lost", "write of data"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(text, parts[i]) == NULL)
            fail_msg("no '%s' in\n%s", parts[i], text);
    }
    free(text);
    tl_causes_end(&causes);
    tl_recording_clear(&recording);
}

static tl_enumeration again(const tl_recording *recording, tl_tier tier, uint64_t calls_max,
                            notes *kept)
{
    memset(kept, 0, sizeof *kept);
    tl_enumerate_options options = {.recording = recording,
                                    .profile = TL_PROFILE_JOURNAL,
                                    .tier = tier,
                                    .again_every = 1,
                                    .recovery_calls_max = calls_max,
                                    .on_finding = note,
                                    .context = kept};
    tl_enumeration done;
    tl_enumeration_init(&done);
    assert_int_equal(tl_enumerate(&options, &done), TL_OK);
    tl_enumeration copy = done;
    tl_enumeration_clear(&done);
    return copy;
}

/* The toy takes no notice of read_only: it cuts its log to what counts, also then. */
static void a_read_only_open_that_writes_is_found_and_replayed(void **state)
{
    (void)state;
    tl_recording recording;
    record(TOY_SOUND, &recording);
    notes kept;
    tl_enumeration done = again(&recording, TL_TIER_SINGLES, 0, &kept);
    assert_true(done.again > 10 && done.again_calls_max > 3 && done.again_bytes_max > 0);
    assert_int_equal(done.findings, kept.count[TL_RULE_IDEMPOTENT]);
    assert_int_equal(done.findings, done.again);
    tl_enumerate_options only = {.recording = &recording,
                                 .profile = TL_PROFILE_JOURNAL,
                                 .tier = TL_TIER_SINGLES,
                                 .only = &kept.where,
                                 .again_every = 1000,
                                 .on_finding = note,
                                 .context = &kept};
    tl_enumeration_init(&done);
    assert_int_equal(tl_enumerate(&only, &done), TL_OK);
    assert_int_equal(done.findings, 1);
    tl_enumeration_clear(&done);
    tl_recording_clear(&recording);
}

static void a_recovery_beyond_its_bound_is_found(void **state)
{
    (void)state;
    static const tl_tier tiers[] = {TL_TIER_SINGLES, TL_TIER_EXACT};
    tl_recording recording;
    record(TOY_SOUND, &recording);
    for (size_t i = 0; i < 2; i++) {
        notes kept;
        tl_enumeration done = again(&recording, tiers[i], 2, &kept);
        assert_true(done.again > 0);
        assert_int_equal(kept.count[TL_RULE_BOUNDED], done.again);
    }
    tl_recording_clear(&recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_findings_of_one_bug_are_few_causes),
        cmocka_unit_test(what_a_bug_needs_and_the_sync_that_mends_it_are_named),
        cmocka_unit_test(every_finding_of_every_tier_can_be_spelled_out),
        cmocka_unit_test(a_read_only_open_that_writes_is_found_and_replayed),
        cmocka_unit_test(a_recovery_beyond_its_bound_is_found),
        cmocka_unit_test(a_timeline_shows_what_was_lost_and_what_was_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
