/* harness/check/tests/test_mutants.c -- the sweep as shipped finds seeded bugs, told nothing.
 *
 * The engine of this program is built with its seeded bugs (engine/base/mutant.h), asleep until
 * named.  The sweep runs with the standard settings of harness/check/standard.h and stops at its
 * first finding; without a bug it runs to its end and finds nothing.
 */
#include "engine/base/mutant.h"
#include "harness/check/standard.h"
#include "harness/check/sweep.h"
#include "harness/drivers/drivers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static tl_arena *arena;
static bool found;
static char first[512];

static bool stop_when_found(void)
{
    return found;
}

static void note(void *context, const tl_sweep *sweep, const tl_sweep_finding *finding)
{
    (void)sweep;
    if (found)
        return;
    found = true;
    char where[TL_CASE_TEXT_MAX];
    tl_case_print(&finding->where, where);
    snprintf(first, sizeof first, "%s %s: %s: %s", (const char *)context, where,
             tl_rule_name(finding->verdict.rule), finding->verdict.text);
}

/* The standard sweep of one protocol and durability. */
static tl_sweep_result sweep_one(const tl_driver *driver, const char *protocol,
                                 tl_durability durability, uint32_t page_bytes)
{
    tl_standard_settings standard;
    tl_standard_settings_fill(&standard, protocol, page_bytes);
    tl_sweep_options options = {
        .driver = driver,
        .settings = standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = durability,
        .page_bytes = page_bytes,
        .seed = TL_STANDARD_SEED,
        .commits = TL_STANDARD_COMMITS,
        .variants = {true, true, true, true},
        .arena = arena,
        .stop = stop_when_found,
        .on_finding = note,
        .context = (void *)(uintptr_t)protocol,
    };
    tl_sweep_result result;
    tl_status status = tl_sweep_run(&options, &result);
    if (status != TL_OK)
        fail_msg("%s: the history itself failed: %s", protocol, result.error);
    return result;
}

/* All protocols and durabilities, in the order of the program, up to the first finding. */
static uint64_t sweep_all(const tl_driver *driver)
{
    uint64_t states = 0;
    found = false;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS && !found; p++)
        for (size_t d = 0; d < TL_STANDARD_DURABILITIES && !found; d++)
            states += sweep_one(driver, tl_standard_protocols[p], tl_standard_durabilities[d],
                                TL_STANDARD_PAGE_BYTES)
                          .states;
    return states;
}

static void a_mutant_is_found(const char *name)
{
    tl_mutant_select(name);
    uint64_t states = sweep_all(&tl_driver_tree);
    tl_mutant_select(NULL);
    if (!found)
        fail_msg("%s survived %llu states", name, (unsigned long long)states);
    print_message("%s: state %llu, %s\n", name, (unsigned long long)states, first);
}

static void skipping_the_data_sync_is_found(void **state)
{
    (void)state;
    a_mutant_is_found("skip_data_sync");
}

static void writing_the_meta_before_the_data_is_found(void **state)
{
    (void)state;
    a_mutant_is_found("meta_before_data");
}

static void accepting_a_torn_log_tail_is_found(void **state)
{
    (void)state;
    a_mutant_is_found("accept_torn_log_tail");
}

static void believing_any_manifest_is_found(void **state)
{
    (void)state;
    a_mutant_is_found("believe_any_manifest");
}

static void saying_log_sizes_that_no_sync_covers_is_found(void **state)
{
    (void)state;
    a_mutant_is_found("say_unsynced_log_sizes");
}

static void the_sound_engine_has_no_finding_and_its_history_has_all_events(void **state)
{
    (void)state;
    tl_mutant_select(NULL);
    found = false;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++)
        for (size_t d = 0; d < TL_STANDARD_DURABILITIES; d++) {
            tl_sweep_result result = sweep_one(&tl_driver_tree, tl_standard_protocols[p],
                                               tl_standard_durabilities[d], TL_STANDARD_PAGE_BYTES);
            if (found)
                fail_msg("%s", first);
            const tl_trace_counters *events = &result.counters;
            assert_true(result.complete);
            assert_true(result.states > 1000);
            assert_true(events->checkpoints >= 3);
            assert_true(events->grows >= 1);
            assert_true(events->leaf_splits >= 5);
            assert_true(events->branch_splits >= 1);
            assert_true(events->merges >= 1);
            assert_true(events->page_reuse >= 10);
        }
}

/* A driver that lies once: the seventh commit is acknowledged and undone. */

static unsigned commit_count;
static tl_driver liar;

static tl_status lying_commit(tl_store_txn *txn)
{
    if (++commit_count != 7)
        return tl_driver_tree.commit(txn);
    tl_driver_tree.abort(txn);
    return TL_OK;
}

static void a_driver_that_drops_an_acknowledged_commit_is_found(void **state)
{
    (void)state;
    liar = tl_driver_tree;
    liar.commit = lying_commit;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS; p++) {
        found = false;
        commit_count = 0;
        sweep_one(&liar, tl_standard_protocols[p], TL_DURABILITY_COMMIT, TL_STANDARD_PAGE_BYTES);
        assert_true(found);
    }
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skipping_the_data_sync_is_found),
        cmocka_unit_test(writing_the_meta_before_the_data_is_found),
        cmocka_unit_test(accepting_a_torn_log_tail_is_found),
        cmocka_unit_test(believing_any_manifest_is_found),
        cmocka_unit_test(saying_log_sizes_that_no_sync_covers_is_found),
        cmocka_unit_test(a_driver_that_drops_an_acknowledged_commit_is_found),
        cmocka_unit_test(the_sound_engine_has_no_finding_and_its_history_has_all_events),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
