/* harness/check/tests/test_sweep.c -- the sweep finds what is wrong and only that.
 *
 * The store is the toy of toy.c: nothing here depends on the engine.
 */
#include "harness/check/sweep.h"
#include "harness/check/tests/toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct notes {
    tl_sweep_finding first;
    size_t finding_count;
    char script[128];
} notes;

static void keep_first(void *context, const tl_sweep *sweep, const tl_sweep_finding *finding)
{
    notes *kept = context;
    if (kept->finding_count++ > 0)
        return;
    kept->first = *finding;
    if (kept->script[0] != '\0')
        assert_int_equal(tl_sweep_write_script(sweep, finding, "treelab crash", kept->script),
                         TL_OK);
}

static tl_sweep_options toy_options(tl_durability durability, notes *kept)
{
    return (tl_sweep_options){
        .driver = &toy_driver,
        .durability = durability,
        .page_bytes = 4096,
        .seed = 42,
        .commits = 24,
        .variants = {true, true, true, true},
        .on_finding = keep_first,
        .context = kept,
    };
}

static tl_sweep_result sweep_toy(toy_bug bug, tl_durability durability, notes *kept)
{
    *kept = (notes){0};
    toy_select(bug);
    tl_sweep_options options = toy_options(durability, kept);
    tl_sweep_result result;
    assert_int_equal(tl_sweep_run(&options, &result), TL_OK);
    toy_select(TOY_SOUND);
    return result;
}

static void a_sound_store_has_no_finding_under_any_durability(void **state)
{
    (void)state;
    for (tl_durability d = TL_DURABILITY_COMMIT; d <= TL_DURABILITY_NONE; d++) {
        notes kept;
        tl_sweep_result result = sweep_toy(TOY_SOUND, d, &kept);
        if (result.findings != 0)
            fail_msg("%s: %s", tl_rule_name(kept.first.verdict.rule), kept.first.verdict.text);
        assert_true(result.complete);
        assert_int_equal(result.points, result.io_ops + 1);
        assert_int_equal(result.recovered + result.refused, result.states);
        assert_true(result.distinct > 100 && result.distinct < result.states);
        for (size_t v = 0; v < TL_CRASH_VARIANT_COUNT; v++)
            assert_true(result.variants[v].states > 20);
    }
}

typedef struct expected {
    toy_bug bug;
    tl_durability durability;
    tl_rule rule; /* one that must be among the broken ones */
    int variant;  /* one that must have findings */
    bool alone;   /* no other variant has */
} expected;

static const expected every_bug[] = {
    {TOY_NO_SYNC,             TL_DURABILITY_COMMIT, TL_RULE_LOST_COMMITTED, TL_CRASH_UNSYNCED_DROPPED, false},
    {TOY_NO_CHECKSUM,         TL_DURABILITY_COMMIT, TL_RULE_ONE_PREFIX,     TL_CRASH_TORN_SECTOR,      false},
    {TOY_NO_DIR_SYNC,         TL_DURABILITY_COMMIT, TL_RULE_LOST_COMMITTED, TL_CRASH_UNSYNCED_DROPPED,
     false                                                                                                  },
    {TOY_RENAME_FIRST,        TL_DURABILITY_COMMIT, TL_RULE_OPENS,          TL_CRASH_UNSYNCED_DROPPED, false},
    {TOY_DROPS_COMMIT,        TL_DURABILITY_ASYNC,  TL_RULE_ONE_PREFIX,     TL_CRASH_ALL_ISSUED,       false},
    {TOY_NO_RECOVERY_SYNC,    TL_DURABILITY_COMMIT, TL_RULE_LOST_COMMITTED,
     TL_CRASH_KILL_THEN_POWER_LOSS,                                                                    true },
    {TOY_APPENDS_BEHIND_TEAR, TL_DURABILITY_COMMIT, TL_RULE_KEEPS_WRITES,   TL_CRASH_TORN_SECTOR,
     false                                                                                                  },
    {TOY_COMMITS_TWICE,       TL_DURABILITY_NONE,   TL_RULE_ONE_PREFIX,     TL_CRASH_ALL_ISSUED,       false},
    {TOY_REFUSES_WRITES,      TL_DURABILITY_NONE,   TL_RULE_WRITABLE,       TL_CRASH_ALL_ISSUED,       false},
};

static void every_broken_store_is_caught_by_the_rule_it_breaks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof every_bug / sizeof every_bug[0]; i++) {
        const expected *row = &every_bug[i];
        notes kept;
        tl_sweep_result result = sweep_toy(row->bug, row->durability, &kept);
        if (result.by_rule[row->rule] == 0)
            fail_msg("bug %d: no finding of rule %s; %zu others, first: %s", (int)row->bug,
                     tl_rule_name(row->rule), (size_t)result.findings, kept.first.verdict.text);
        assert_true(result.variants[row->variant].findings > 0);
        for (int v = 0; row->alone && v < TL_CRASH_VARIANT_COUNT; v++)
            assert_true(v == row->variant || result.variants[v].findings == 0);
    }
}

static void a_missing_sync_is_invisible_to_a_killed_process(void **state)
{
    (void)state;
    notes kept;
    tl_sweep_result result = sweep_toy(TOY_NO_SYNC, TL_DURABILITY_COMMIT, &kept);
    assert_int_equal(result.variants[TL_CRASH_ALL_ISSUED].findings, 0);
    result = sweep_toy(TOY_NO_SYNC, TL_DURABILITY_NONE, &kept);
    assert_int_equal(result.findings, 0); /* and no defect where nothing was promised */
}

static void a_case_names_its_state_for_ever(void **state)
{
    (void)state;
    for (toy_bug bug = TOY_NO_SYNC; bug < TOY_BUG_COUNT; bug++) {
        notes whole;
        sweep_toy(bug, TL_DURABILITY_COMMIT, &whole);
        assert_true(whole.finding_count > 0);
        char text[TL_CASE_TEXT_MAX];
        tl_case_print(&whole.first.where, text);
        tl_case again;
        assert_true(tl_case_parse(text, &again));
        notes single = {0};
        tl_sweep_options options = toy_options(TL_DURABILITY_COMMIT, &single);
        options.only = &again;
        toy_select(bug);
        tl_sweep_result result;
        assert_int_equal(tl_sweep_run(&options, &result), TL_OK);
        toy_select(TOY_SOUND);
        assert_int_equal(single.finding_count, 1);
        assert_string_equal(single.first.verdict.text, whole.first.verdict.text);
        assert_int_equal(single.first.verdict.rule, whole.first.verdict.rule);
    }
}

static void two_sweeps_with_the_same_options_are_equal(void **state)
{
    (void)state;
    notes kept;
    tl_sweep_result one = sweep_toy(TOY_SOUND, TL_DURABILITY_COMMIT, &kept);
    tl_sweep_result two = sweep_toy(TOY_SOUND, TL_DURABILITY_COMMIT, &kept);
    assert_int_equal(one.states, two.states);
    assert_int_equal(one.distinct, two.distinct);
    assert_memory_equal(one.variants, two.variants, sizeof one.variants);
    assert_memory_equal(one.by_rule, two.by_rule, sizeof one.by_rule);
}

static void a_budget_stops_early_and_says_so(void **state)
{
    (void)state;
    notes kept = {0};
    tl_sweep_options options = toy_options(TL_DURABILITY_COMMIT, &kept);
    options.states_max = 50;
    tl_sweep_result result;
    assert_int_equal(tl_sweep_run(&options, &result), TL_OK);
    assert_int_equal(result.states, 50);
    assert_false(result.complete);
}

static void a_case_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    tl_case none;
    static const char *const bad[] = {"",
                                      "31.0",
                                      "torn/31.0",
                                      "all_issued/31",
                                      "all_issued/x.y",
                                      "all_issued/1.2.3",
                                      "kill_then_power_loss/1.2"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(tl_case_parse(bad[i], &none));
    assert_true(tl_case_parse("all_issued/100000.0", &none));
    notes kept = {0};
    tl_sweep_options options = toy_options(TL_DURABILITY_COMMIT, &kept);
    options.only = &none;
    tl_sweep_result result;
    assert_int_equal(tl_sweep_run(&options, &result), TL_INVALID);
}

static void a_finding_leaves_a_script_with_the_crash_in_it(void **state)
{
    (void)state;
    notes kept = {0};
    char path[] = "/tmp/treelab-sweep-XXXXXX";
    int made = mkstemp(path);
    assert_true(made >= 0);
    FILE *file = fdopen(made, "r");
    snprintf(kept.script, sizeof kept.script, "%s", path);
    toy_select(TOY_NO_RECOVERY_SYNC);
    tl_sweep_options options = toy_options(TL_DURABILITY_COMMIT, &kept);
    tl_sweep_result result;
    assert_int_equal(tl_sweep_run(&options, &result), TL_OK);
    toy_select(TOY_SOUND);
    char line[4096];
    unsigned crashes = 0, reopens = 0, first = 0;
    for (unsigned number = 0; fgets(line, sizeof line, file) != NULL; number++) {
        first += number == 0 && strcmp(line, "treelab-script 1\n") == 0;
        crashes += strncmp(line, "crash profile=", 14) == 0;
        reopens += strncmp(line, "reopen", 6) == 0;
    }
    fclose(file);
    remove(path);
    assert_int_equal(first, 1);
    assert_int_equal(crashes, 2); /* the kill, then the power loss */
    assert_int_equal(reopens, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_store_has_no_finding_under_any_durability),
        cmocka_unit_test(every_broken_store_is_caught_by_the_rule_it_breaks),
        cmocka_unit_test(a_missing_sync_is_invisible_to_a_killed_process),
        cmocka_unit_test(a_case_names_its_state_for_ever),
        cmocka_unit_test(two_sweeps_with_the_same_options_are_equal),
        cmocka_unit_test(a_budget_stops_early_and_says_so),
        cmocka_unit_test(a_case_that_does_not_exist_is_refused),
        cmocka_unit_test(a_finding_leaves_a_script_with_the_crash_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
