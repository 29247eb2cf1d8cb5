/* harness/check/mutant_sweeps.c -- the sweeps that seeded bugs are tried on: one row each.
 *
 * A new kind of sweep joins with a function that looks at a store as users get it and says what it
 * saw to its probe, and a row in this table.  It must not know which bug is awake.
 */
#include "harness/check/mutant_run.h"
#include "harness/check/standard.h"
#include "harness/check/sweep.h"
#include "harness/drivers/drivers.h"
#include "harness/fuzz/steps.h"
#include "harness/run/run.h"

#include <stdio.h>

/* ---- `treelab crash` as shipped, one variant at a time ---- */

typedef struct store { /* the one being swept */
    tl_probe *probe;
    const char *protocol;
    tl_durability durability;
} store;

static tl_probe *current; /* one sweep runs in a process */

static bool stop_when_found(void)
{
    return current->found;
}

static void note(void *context, const tl_sweep *sweep, const tl_sweep_finding *finding)
{
    const store *at = context;
    char state[TL_CASE_TEXT_MAX], where[TL_PROBE_WHERE_BYTES];
    (void)sweep;
    tl_case_print(&finding->where, state);
    snprintf(where, sizeof where, "%s/%s/%s", at->protocol, tl_run_durability_name(at->durability),
             state);
    tl_probe_found(at->probe, where, tl_rule_name(finding->verdict.rule), finding->verdict.text);
}

static void count_state(void *context)
{
    const store *at = context;
    atomic_fetch_add(&at->probe->states, 1);
}

/* False: that is enough. */
static bool sweep_store(store *at, tl_crash_variant variant, tl_arena *arena)
{
    tl_standard_settings standard;
    tl_standard_settings_fill(&standard, at->protocol, TL_STANDARD_PAGE_BYTES);
    tl_sweep_options options = {
        .driver = &tl_driver_tree,
        .settings = standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = at->durability,
        .page_bytes = TL_STANDARD_PAGE_BYTES,
        .seed = TL_STANDARD_SEED,
        .commits = TL_STANDARD_COMMITS,
        .stride = at->probe->stride,
        .arena = arena,
        .stop = stop_when_found,
        .on_state = count_state,
        .on_finding = note,
        .context = at,
    };
    options.variants[variant] = true;
    tl_sweep_result result;
    tl_status status = tl_sweep_run(&options, &result);
    if (status == TL_OK || at->probe->found)
        return !at->probe->found;
    if (status == TL_NO_MEMORY)
        tl_probe_unfit(at->probe, result.error);
    else /* the store did not even get through the history */
        tl_probe_found(at->probe, at->protocol, "history", result.error);
    return false;
}

static void sweep_variant(tl_probe *probe, tl_crash_variant variant)
{
    tl_arena *arena = NULL;
    current = probe;
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &arena) != TL_OK) {
        tl_probe_unfit(probe, "no address space");
        return;
    }
    bool good = true;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS && good; p++)
        for (size_t d = 0; d < TL_STANDARD_DURABILITIES && good; d++) {
            store at = {probe, tl_standard_protocols[p], tl_standard_durabilities[d]};
            good = sweep_store(&at, variant, arena);
        }
    probe->complete = good;
    tl_arena_destroy(arena);
}

static void all_issued(tl_probe *probe)
{
    sweep_variant(probe, TL_CRASH_ALL_ISSUED);
}

static void unsynced_dropped(tl_probe *probe)
{
    sweep_variant(probe, TL_CRASH_UNSYNCED_DROPPED);
}

static void torn_sector(tl_probe *probe)
{
    sweep_variant(probe, TL_CRASH_TORN_SECTOR);
}

static void kill_then_power_loss(tl_probe *probe)
{
    sweep_variant(probe, TL_CRASH_KILL_THEN_POWER_LOSS);
}

/* ---- `treelab fuzz` as shipped ---- */

enum { SCRIPTS = 60, SCRIPT_STEPS = 800 };

static bool try_script(tl_probe *probe, uint64_t seed)
{
    char message[TL_TRIAL_MESSAGE_BYTES] = "", where[32];
    tl_choices choices = tl_choices_of_seed(seed);
    tl_steps steps = {NULL, 0, 0};
    tl_trial trial = TL_TRIAL_UNFIT;
    snprintf(where, sizeof where, "seed %llu", (unsigned long long)seed);
    if (tl_steps_make(&choices, SCRIPT_STEPS, &steps) == TL_OK)
        trial = tl_steps_try(&steps, &tl_driver_tree, message);
    tl_steps_free(&steps);
    if (trial == TL_TRIAL_UNFIT)
        tl_probe_unfit(probe, message);
    else if (trial != TL_TRIAL_AGREED)
        tl_probe_found(probe, where, "model", message);
    return trial == TL_TRIAL_AGREED;
}

static void random_scripts(tl_probe *probe)
{
    bool good = true;
    for (unsigned seed = 1; seed <= SCRIPTS && good; seed += probe->stride) {
        good = try_script(probe, seed);
        atomic_fetch_add(&probe->states, 1);
    }
    probe->complete = good;
}

/* Cheap ones first.  `whole`: see mutant_run.h. */
/* clang-format off */
static const tl_mutant_sweep sweeps[] = {
    /* name, summary, what it is or is a part of, whole, glance, seconds, function */
    {"all_issued", "crash: a killed process",
     TL_FINDER_SIGKILL, true, 8, 120, all_issued},
    {"unsynced_dropped", "crash: all that is not synced is gone",
     TL_FINDER_POSIX, false, 8, 120, unsynced_dropped},
    {"torn_sector", "crash: the write in flight stops at a sector",
     TL_FINDER_POSIX, false, 48, 240, torn_sector},
    {"kill_then_power_loss", "crash: a power loss while a kill is recovered",
     TL_FINDER_NESTED_CRASH, false, 64, 240, kill_then_power_loss},
    {"random_scripts", "fuzz: scripts of the whole language beside a model",
     TL_FINDER_STRUCTURE, true, 16, 240, random_scripts},
};
/* clang-format on */
enum { SWEEPS = sizeof sweeps / sizeof sweeps[0] };

size_t tl_mutant_sweep_count(void)
{
    return SWEEPS + (tl_mutant_engine_here != NULL ? tl_mutant_engine_here->sweep_count : 0);
}

const tl_mutant_sweep *tl_mutant_sweep_at(size_t index)
{
    return index < SWEEPS ? &sweeps[index] : &tl_mutant_engine_here->sweeps[index - SWEEPS];
}
