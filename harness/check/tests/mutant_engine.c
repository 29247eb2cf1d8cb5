/* harness/check/tests/mutant_engine.c -- the engine that has seeded bugs, and its own random tests
 * as sweeps.
 *
 * Linked into programs for tests only: the one place of the harness that knows the engine's inside.
 */
#include "engine/base/mutant.h"
#include "engine/tests/support/churn.h"
#include "engine/tests/support/committers.h"
#include "engine/tests/support/crowd.h"
#include "engine/tests/support/storm.h"
#include "harness/check/mutant_run.h"
#include "harness/check/tests/mutant_calls.h"
#include "harness/check/tests/mutant_promises.h"

#include <stdio.h>
#include <string.h>

/* Operations of all kinds, one after the other, beside a model: each configuration once. */
static void random_operations(tl_probe *probe)
{
    static storm_report report;
    tl_arena *arena = NULL;
    if (tl_arena_create(STORM_MAP_BYTES, &arena) != TL_OK) {
        tl_probe_unfit(probe, "no address space");
        return;
    }
    for (unsigned i = 0; i < storm_config_count && !probe->found; i += probe->stride) {
        bool fine = storm_run(&storm_configs[i], 1, arena, &report);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, storm_configs[i].name, "model", report.text);
    }
    probe->complete = !probe->found;
    tl_arena_destroy(arena);
}

enum { ROUNDS = 10 }; /* what threads show depends on the scheduler */

static void crowd(tl_probe *probe)
{
    for (unsigned round = 0; round < ROUNDS && !probe->found; round += probe->stride) {
        crowd_report report = {0};
        bool fine = crowd_run("log", 1500, &report);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, "readers beside a writer", "snapshot",
                           "a reader saw what no commit left");
    }
    probe->complete = !probe->found;
}

static void churn(tl_probe *probe)
{
    for (unsigned round = 0; round < ROUNDS && !probe->found; round += probe->stride) {
        churn_report report = {0};
        bool fine = churn_run(TL_DURABILITY_NONE, 4, &report);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, "a writer beside slow checkpoints", "content",
                           "a killed process left what was not its last commit");
    }
    probe->complete = !probe->found;
}

static void committers(tl_probe *probe)
{
    for (unsigned round = 0; round < ROUNDS && !probe->found; round += probe->stride) {
        uint64_t survived = 0;
        bool fine = committers_lose_power(7 + round, 10, &survived);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, "many committers and a power loss", "prefix",
                           "an acknowledged commit is missing, or what is left is no prefix");
    }
    probe->complete = !probe->found;
}

/* ---- promises that the tests above do not ask about ---- */

static void old_values(tl_probe *probe)
{
    static const tl_durability durabilities[] = {TL_DURABILITY_NONE, TL_DURABILITY_COMMIT};
    for (unsigned round = 0; round < 2 * ROUNDS && !probe->found; round += probe->stride) {
        bool fine = old_values_stay(durabilities[round % 2], round);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, "readers of large values, and checkpoints", "snapshot",
                           "a value changed under a read txn");
    }
    probe->complete = !probe->found;
}

static void seen_by_readers(tl_probe *probe)
{
    for (unsigned round = 0; round < ROUNDS && !probe->found; round += probe->stride) {
        bool fine = what_was_seen_stays(round);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, "committers, a reader and a power loss", "prefix",
                           "what a reader saw is gone");
    }
    probe->complete = !probe->found;
}

static void slow_syncs(tl_probe *probe)
{
    for (unsigned round = 0; round < ROUNDS && !probe->found; round += probe->stride) {
        bool fine = what_was_synced_stays(round);
        atomic_fetch_add(&probe->states, 1);
        if (!fine)
            tl_probe_found(probe, "async commits, slow syncs and a power loss", "prefix",
                           "what was synced is gone");
    }
    probe->complete = !probe->found;
}

/* clang-format off */
static const tl_mutant_sweep sweeps[] = {
    {"calls", "system calls: each does a part, or is interrupted",
     TL_FINDER_SYSTEM_CALL, true, 64, 240, mutant_calls, NULL},
    {"random_operations", "engine: operations beside a model",
     TL_FINDER_STRUCTURE, true, 8, 240, random_operations, NULL},
    {"old_values", "engine: readers of large values, and checkpoints",
     TL_FINDER_STRUCTURE, false, ROUNDS, 60, old_values, NULL},
    {"seen_by_readers", "engine: committers, a reader and a power loss",
     TL_FINDER_THREADS, false, ROUNDS, 60, seen_by_readers, NULL},
    {"slow_syncs", "engine: async commits, slow syncs and a power loss",
     TL_FINDER_THREADS, false, ROUNDS, 60, slow_syncs, NULL},
    {"crowd", "engine: readers beside a writer",
     TL_FINDER_THREADS, false, ROUNDS, 120, crowd, NULL},
    {"churn", "engine: a writer beside slow checkpoints",
     TL_FINDER_THREADS, false, ROUNDS, 120, churn, NULL},
    {"committers", "engine: many committers and a power loss",
     TL_FINDER_THREADS, false, ROUNDS, 120, committers, NULL},
};
/* clang-format on */

static const tl_mutant_engine here = {tl_mutant_select, tl_mutant_reached, sweeps,
                                      sizeof sweeps / sizeof sweeps[0]};
const tl_mutant_engine *const tl_mutant_engine_here = &here;
