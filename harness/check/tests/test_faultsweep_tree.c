/* harness/check/tests/test_faultsweep_tree.c -- the engine under failing calls, as `treelab crash
 * faults` runs it, in part: every nth call only; the program makes all runs. */
#include "harness/check/faultsweep.h"
#include "harness/check/standard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COMMITS = 12, PAGE_BYTES = 1024 };

static tl_arena *arena;

static int setup(void **state)
{
    (void)state;
    return tl_arena_create(TL_STANDARD_ARENA_BYTES, &arena) == TL_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tl_arena_destroy(arena);
    return 0;
}

static void no_findings(void *context, const tl_fault_finding *finding)
{
    const tl_driver_setting *commit = context;
    char where[TL_FAULT_CASE_TEXT_MAX];
    tl_fault_case_print(&finding->where, where);
    fail_msg("%s %s: %s: %s", commit->value, where, finding->rule, finding->text);
}

/* `name` and `error` choose the classes; NULL: all. */
static tl_faultsweep_result sweep(const char *protocol, tl_durability durability, const char *name,
                                  const char *error, uint64_t stride)
{
    static tl_faultsweep_result result;
    tl_standard_settings standard;
    tl_standard_settings_fill(&standard, protocol, PAGE_BYTES);
    tl_faultsweep_options options = {
        .driver = tl_driver_find("tree"),
        .settings = standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = durability,
        .page_bytes = PAGE_BYTES,
        .seed = TL_STANDARD_SEED,
        .commits = COMMITS,
        .stride = stride,
        .arena = arena,
        .on_finding = no_findings,
        .context = &standard.settings[TL_STANDARD_SETTINGS - 1],
    };
    for (size_t i = 0; i < tl_fault_class_count(); i++) {
        const tl_fault_class *row = tl_fault_class_at(i);
        options.classes[i] = (name == NULL || strcmp(name, row->name) == 0) &&
                             (error == NULL || strcmp(error, row->error) == 0);
    }
    tl_status status = tl_faultsweep_run(&options, &result);
    if (status != TL_OK)
        fail_msg("%s: %s", tl_status_name(status), result.error);
    assert_int_equal(result.findings, 0);
    assert_true(result.points > 0);
    return result;
}

static void whatever_fails_under_any_protocol_and_durability_nothing_is_unsafe(void **state)
{
    (void)state;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++)
        for (size_t d = 0; d < TL_STANDARD_DURABILITIES; d++)
            sweep(tl_standard_protocols[p], tl_standard_durabilities[d], NULL, NULL, 7);
}

/* A commit whose sync failed ends all commits of this env: what the kernel makes of a second sync
 * is not asked. */
static void after_a_failed_sync_no_commit_is_taken_in_place(void **state)
{
    (void)state;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++) {
        tl_faultsweep_result result =
            sweep(tl_standard_protocols[p], TL_DURABILITY_COMMIT, "fdatasync", NULL, 3);
        for (size_t i = 0; i < tl_fault_class_count(); i++) {
            const tl_fault_tally *tally = &result.classes[i];
            if (tally->points == 0)
                continue;
            assert_int_equal(tl_fault_tally_policy(tally), TL_FAULT_POLICY_STICKY_READ_ONLY);
            assert_int_equal(tally->by_policy[TL_FAULT_POLICY_RETRY_SAFE], 0);
        }
    }
}

/* The commit's pages and its meta are in the cache alone, and whole there: recovery takes them. */
static void recovery_writes_again_the_pages_of_a_manifest_whose_sync_had_failed(void **state)
{
    (void)state;
    sweep("shadow1", TL_DURABILITY_COMMIT, "fdatasync", "clean", 1);
}

/* Under async a frame may name extents that a failed sync has left in the cache alone. */
static void recovery_writes_again_the_values_of_the_log_whose_sync_had_failed(void **state)
{
    (void)state;
    sweep("log", TL_DURABILITY_ASYNC, "fdatasync", "clean", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_fails_under_any_protocol_and_durability_nothing_is_unsafe),
        cmocka_unit_test(after_a_failed_sync_no_commit_is_taken_in_place),
        cmocka_unit_test(recovery_writes_again_the_pages_of_a_manifest_whose_sync_had_failed),
        cmocka_unit_test(recovery_writes_again_the_values_of_the_log_whose_sync_had_failed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
