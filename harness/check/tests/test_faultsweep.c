/* harness/check/tests/test_faultsweep.c -- the fault sweep finds what is wrong and only that.
 *
 * The store is the ledger of ledger.c: nothing here depends on the engine.
 */
#include "harness/check/faultsweep.h"
#include "harness/check/tests/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FINDINGS_KEPT = 64 };

typedef struct notes {
    tl_fault_finding kept[FINDINGS_KEPT];
    size_t count;
} notes;

static void keep(void *context, const tl_fault_finding *finding)
{
    notes *all = context;
    if (all->count < FINDINGS_KEPT)
        all->kept[all->count] = *finding;
    all->count++;
}

static size_t class_of(const char *name, const char *error)
{
    for (size_t i = 0; i < tl_fault_class_count(); i++) {
        const tl_fault_class *row = tl_fault_class_at(i);
        if (strcmp(row->name, name) == 0 && (error == NULL || strcmp(row->error, error) == 0))
            return i;
    }
    fail_msg("there is no class %s", name);
    return 0;
}

/* `class_`: one class, or tl_fault_class_count() for all. */
static tl_faultsweep_options ledger_options(size_t class_, notes *all)
{
    tl_faultsweep_options options = {.driver = &ledger_driver,
                                     .durability = TL_DURABILITY_COMMIT,
                                     .page_bytes = 1024,
                                     .seed = 7,
                                     .commits = 9,
                                     .on_finding = keep,
                                     .context = all};
    for (size_t i = 0; i < tl_fault_class_count(); i++)
        options.classes[i] = class_ == i || class_ == tl_fault_class_count();
    return options;
}

static tl_faultsweep_result sweep(ledger_bug bug, size_t class_, notes *all)
{
    static tl_faultsweep_result result;
    tl_faultsweep_options options = ledger_options(class_, all);
    *all = (notes){.count = 0};
    ledger_select(bug);
    tl_status status = tl_faultsweep_run(&options, &result);
    ledger_select(LEDGER_SOUND);
    if (status != TL_OK)
        fail_msg("bug %d: %s: %s", (int)bug, tl_status_name(status), result.error);
    return result;
}

static void a_sound_store_has_no_finding_whatever_fails(void **state)
{
    (void)state;
    static notes all;
    tl_faultsweep_result result = sweep(LEDGER_SOUND, tl_fault_class_count(), &all);
    for (size_t i = 0; i < all.count && i < FINDINGS_KEPT; i++) {
        char where[TL_FAULT_CASE_TEXT_MAX];
        tl_fault_case_print(&all.kept[i].where, where);
        fail_msg("%s: %s: %s", where, all.kept[i].rule, all.kept[i].text);
    }
    assert_true(result.complete);
    for (size_t i = 0; i < tl_fault_class_count(); i++) {
        const tl_fault_class *row = tl_fault_class_at(i);
        const tl_fault_tally *tally = &result.classes[i];
        uint64_t sum = 0;
        for (unsigned p = 0; p < TL_FAULT_POLICY_COUNT; p++)
            sum += tally->by_policy[p];
        if (tally->points == 0 || tally->injected < tally->points)
            fail_msg("%s %s was never injected", row->name, row->error);
        assert_int_equal(sum, tally->points);
        assert_true(tally->complete && tally->states >= tally->points);
    }
    const tl_fault_tally *clean = &result.classes[class_of("fdatasync", "clean")];
    assert_int_equal(tl_fault_tally_policy(clean), TL_FAULT_POLICY_STICKY_READ_ONLY);
    assert_int_equal(clean->by_policy[TL_FAULT_POLICY_RETRY_SAFE], 0);
    const tl_fault_tally *quota = &result.classes[class_of("quota", NULL)];
    assert_int_equal(tl_fault_tally_policy(quota), TL_FAULT_POLICY_RETRY_SAFE);
}

/* Whatever can fail can also be judged: a store that calls it damage is caught in every class. */
static void every_class_can_fail(void **state)
{
    (void)state;
    static notes all;
    for (size_t i = 0; i < tl_fault_class_count(); i++) {
        const tl_fault_class *row = tl_fault_class_at(i);
        tl_faultsweep_result result = sweep(LEDGER_WRONG_STATUS, i, &all);
        if (result.findings == 0)
            fail_msg("%s %s: TL_CORRUPT goes unnoticed", row->name, row->error);
        assert_string_equal(all.kept[0].rule, "status");
        assert_int_equal(tl_fault_tally_policy(&result.classes[i]), TL_FAULT_POLICY_UNSAFE);
    }
}

typedef struct expected {
    ledger_bug bug;
    const char *name, *error; /* a class that must find it */
    const char *rule;
} expected;

static const expected every_bug[] = {
    {LEDGER_RETRIES_SYNC,   "fdatasync", "clean",    "lost_committed"},
    {LEDGER_RETRIES_SYNC,   "fdatasync", "reverted", "lost_committed"},
    {LEDGER_IGNORES_SYNC,   "fdatasync", "dirty",    "lost_committed"},
    {LEDGER_GOES_ON,        "fdatasync", "clean",    "lost_committed"},
    {LEDGER_TRUSTS_CACHE,   "fdatasync", "clean",    "lost_committed"},
    {LEDGER_SKIPS_HOLES,    "fdatasync", "late",     "one_prefix"    },
    {LEDGER_LEAKS_FILE,     "pread",     "eio",      "leaks"         },
    {LEDGER_LEAKS_MEMORY,   "pwritev",   "eio",      "leaks"         },
    {LEDGER_SHOWS_REFUSED,  "pwritev",   "eio",      "reads"         },
    {LEDGER_LOSES_SNAPSHOT, "pwritev",   "enospc",   "snapshot"      },
    {LEDGER_IGNORES_FULL,   "pwritev",   "enospc",   "lost_committed"},
    {LEDGER_FULL_FOR_EVER,  "quota",     "enospc",   "space"         },
    {LEDGER_LEAVES_SCRATCH, "quota",     "enospc",   "space"         },
    {LEDGER_FLAPS,          "fdatasync", "dirty",    "sticky"        },
    {LEDGER_STAYS_BUSY,     "pwritev",   "eio",      "closes"        },
};

static void every_broken_store_is_caught_by_the_rule_it_breaks(void **state)
{
    (void)state;
    static notes all;
    bool covered[LEDGER_BUG_COUNT] = {
        [LEDGER_SOUND] = true, [LEDGER_WRONG_STATUS] = true, [LEDGER_NO_MORE_READS] = true};
    for (size_t i = 0; i < sizeof every_bug / sizeof every_bug[0]; i++) {
        const expected *row = &every_bug[i];
        size_t class_ = class_of(row->name, row->error);
        tl_faultsweep_result result = sweep(row->bug, class_, &all);
        bool found = false;
        for (size_t f = 0; f < all.count && f < FINDINGS_KEPT; f++)
            found = found || strcmp(all.kept[f].rule, row->rule) == 0;
        if (!found)
            fail_msg("bug %d, %s %s: no finding of rule %s; %zu others, first: %s: %s",
                     (int)row->bug, row->name, row->error, row->rule, all.count, all.kept[0].rule,
                     all.kept[0].text);
        assert_int_equal(tl_fault_tally_policy(&result.classes[class_]), TL_FAULT_POLICY_UNSAFE);
        covered[row->bug] = true;
    }
    for (int bug = 0; bug < LEDGER_BUG_COUNT; bug++)
        assert_true(covered[bug]);
}

static void a_sync_tried_again_is_safe_only_where_pages_stay_dirty(void **state)
{
    (void)state;
    static notes all;
    tl_faultsweep_result result = sweep(LEDGER_RETRIES_SYNC, class_of("fdatasync", "dirty"), &all);
    assert_int_equal(result.findings, 0);
}

static void a_store_that_must_be_opened_again_is_no_finding_but_told(void **state)
{
    (void)state;
    static notes all;
    size_t class_ = class_of("pwritev", "eio");
    tl_faultsweep_result result = sweep(LEDGER_NO_MORE_READS, class_, &all);
    assert_int_equal(result.findings, 0);
    assert_int_equal(tl_fault_tally_policy(&result.classes[class_]), TL_FAULT_POLICY_ABORT);
}

static void a_case_names_its_run_for_ever(void **state)
{
    (void)state;
    static notes whole, single;
    sweep(LEDGER_RETRIES_SYNC, class_of("fdatasync", "clean"), &whole);
    assert_true(whole.count > 0);
    char text[TL_FAULT_CASE_TEXT_MAX];
    tl_fault_case again;
    tl_fault_case_print(&whole.kept[0].where, text);
    assert_true(tl_fault_case_parse(text, &again));
    single.count = 0;
    tl_faultsweep_options options = ledger_options(0, &single);
    options.only = &again;
    tl_faultsweep_result result;
    ledger_select(LEDGER_RETRIES_SYNC);
    assert_int_equal(tl_faultsweep_run(&options, &result), TL_OK);
    ledger_select(LEDGER_SOUND);
    assert_int_equal(single.count, 1);
    assert_string_equal(single.kept[0].rule, whole.kept[0].rule);
    assert_string_equal(single.kept[0].text, whole.kept[0].text);
}

static void a_case_out_of_reach_is_refused_and_so_is_no_case(void **state)
{
    (void)state;
    static notes all;
    tl_fault_case none;
    static const char *const bad[] = {"",
                                      "fdatasync",
                                      "fdatasync:0:once:clean",
                                      "fdatasync:1:twice:clean",
                                      "fdatasync:1:once:eio",
                                      "fsync:1:once:clean",
                                      "fdatasync:1:once:clean:",
                                      "fdatasync:x:once:clean"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_fault_case_parse(bad[i], &none));
    assert_true(tl_fault_case_parse("quota:0:once:enospc", &none));
    assert_true(tl_fault_case_parse("fdatasync:99999:sticky:dirty", &none));
    assert_true(none.sticky && none.nth == 99999);
    tl_faultsweep_options options = ledger_options(0, &all);
    options.only = &none;
    tl_faultsweep_result result;
    assert_int_equal(tl_faultsweep_run(&options, &result), TL_INVALID);
}

static void two_sweeps_with_the_same_options_are_equal(void **state)
{
    (void)state;
    static notes all;
    tl_faultsweep_result one = sweep(LEDGER_SOUND, tl_fault_class_count(), &all);
    tl_faultsweep_result two = sweep(LEDGER_SOUND, tl_fault_class_count(), &all);
    assert_memory_equal(one.classes, two.classes, sizeof one.classes);
}

static void every_nth_call_alone_is_no_complete_sweep(void **state)
{
    (void)state;
    static notes all;
    tl_faultsweep_options options = ledger_options(class_of("pwritev", "eio"), &all);
    tl_faultsweep_result result;
    options.stride = 3;
    assert_int_equal(tl_faultsweep_run(&options, &result), TL_OK);
    assert_true(result.points > 0);
    assert_false(result.complete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_store_has_no_finding_whatever_fails),
        cmocka_unit_test(every_class_can_fail),
        cmocka_unit_test(every_broken_store_is_caught_by_the_rule_it_breaks),
        cmocka_unit_test(a_sync_tried_again_is_safe_only_where_pages_stay_dirty),
        cmocka_unit_test(a_store_that_must_be_opened_again_is_no_finding_but_told),
        cmocka_unit_test(a_case_names_its_run_for_ever),
        cmocka_unit_test(a_case_out_of_reach_is_refused_and_so_is_no_case),
        cmocka_unit_test(two_sweeps_with_the_same_options_are_equal),
        cmocka_unit_test(every_nth_call_alone_is_no_complete_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
