/* harness/check/mutant_faults.c -- calls that fail as a sweep at seeded bugs. */
#include "harness/check/faultsweep.h"
#include "harness/check/mutant_parts.h"
#include "harness/check/standard.h"
#include "harness/drivers/drivers.h"
#include "harness/run/run.h"

#include <stdio.h>

enum { COMMITS = 16, PAGE_BYTES = 1024 }; /* as `treelab crash faults` */

typedef struct store { /* the one whose calls fail */
    tl_probe *probe;
    const char *protocol;
    tl_durability durability;
} store;

static void note(void *context, const tl_fault_finding *finding)
{
    const store *at = context;
    char which[TL_FAULT_CASE_TEXT_MAX], where[TL_PROBE_WHERE_BYTES];
    tl_fault_case_print(&finding->where, which);
    snprintf(where, sizeof where, "%s/%s/%s", at->protocol, tl_run_durability_name(at->durability),
             which);
    tl_probe_found(at->probe, where, finding->rule, finding->text);
}

static bool look_at(store *at, tl_arena *arena)
{
    tl_standard_settings standard;
    tl_standard_settings_fill(&standard, at->protocol, PAGE_BYTES);
    tl_faultsweep_options options = {
        .driver = &tl_driver_tree,
        .settings = standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = at->durability,
        .page_bytes = PAGE_BYTES,
        .seed = TL_STANDARD_SEED,
        .commits = COMMITS,
        .stride = at->probe->stride,
        .arena = arena,
        .stop = tl_mutant_is_found,
        .on_finding = note,
        .context = at,
    };
    for (size_t i = 0; i < tl_fault_class_count(); i++)
        options.classes[i] = true;
    static tl_faultsweep_result result;
    tl_status status = tl_faultsweep_run(&options, &result);
    atomic_fetch_add(&at->probe->states, result.states);
    if (status == TL_NO_MEMORY)
        tl_probe_unfit(at->probe, result.error);
    else if (status != TL_OK) /* the store did not even get through the history */
        tl_probe_found(at->probe, at->protocol, "history", result.error);
    return status == TL_OK && !at->probe->found;
}

void tl_mutant_faults(tl_probe *probe)
{
    tl_arena *arena = tl_mutant_arena(probe);
    bool good = arena != NULL;
    for (size_t d = TL_STANDARD_DURABILITIES; d-- > 0 && good;) /* the strictest first */
        for (size_t p = 0; p < TL_STANDARD_PROTOCOLS && good; p++) {
            store at = {probe, tl_standard_protocols[p], tl_standard_durabilities[d]};
            good = look_at(&at, arena);
        }
    probe->complete = good;
    tl_arena_destroy(arena);
}
