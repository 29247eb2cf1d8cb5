/* harness/check/mutant_sweeps.c -- the sweeps that seeded bugs are tried on: one row each.
 *
 * A new kind of sweep joins with a function that looks at a store as users get it and says what it
 * saw to its probe, and a row in this table.  It must not know which bug is awake.
 */
#include "harness/check/mutant_parts.h"
#include "harness/check/standard.h"
#include "harness/drivers/drivers.h"
#include "harness/fuzz/steps.h"

#include <stdio.h>

static tl_probe *current; /* one sweep runs in a process */

bool tl_mutant_is_found(void)
{
    return current->found;
}

tl_arena *tl_mutant_arena(tl_probe *probe)
{
    tl_arena *arena = NULL;
    current = probe;
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &arena) != TL_OK)
        tl_probe_unfit(probe, "no address space");
    return arena;
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

/* ---- the table ---- */

/* A row of the enumeration: every protocol, and the histories and durabilities of the tier. */
#define PLAN(upper, tier_, histories, durabilities, most)                                          \
    (&(const tl_mutant_crash_plan){.profile = TL_PROFILE_##upper,                                  \
                                   .tier = TL_TIER_##tier_,                                        \
                                   .every_history = histories,                                     \
                                   .weakest = TL_DURABILITY_##durabilities,                        \
                                   .states_max = most})
#define MIXED false /* histories */
#define EVERY true

#define DAMAGE(cases, ...)                                                                         \
    (&(const tl_mutant_damage_plan){.kinds = {__VA_ARGS__}, .sample = (cases), .pages = PAGES})
#define FLIPS     [TL_DAMAGE_FLIP] = true, [TL_DAMAGE_BIT] = true
#define LOST      [TL_DAMAGE_STALE] = true, [TL_DAMAGE_STALE_SECTOR] = true
#define MISPLACED [TL_DAMAGE_MISDIRECT] = true, [TL_DAMAGE_SWAP] = true

enum { SCHEDULES = 16, PAGES = 24, FEW = 200, MANY = 3000, LEAVES_MAX = 20000, DRAWS = 1000 };

/* Cheap ones first: a bug is looked at in this order by those that must find it.  `whole`: see
 * mutant_run.h; of the crash profiles the exact tier is, every state of the canonical histories.
 * A crash inside recovery joins as a row of its tier with TL_FINDER_NESTED_CRASH, whole. */
/* clang-format off */
static const tl_mutant_sweep sweeps[] = {
    /* name, summary, what it is or is a part of, whole, glance, seconds, function, its plan */
    {"sigkill/T0", "crash: both ends of what a killed process leaves",
     TL_FINDER_SIGKILL, false, 0, 120, tl_mutant_crashes, PLAN(SIGKILL, ENDS, MIXED, NONE, 0)},
    {"prefix/T0", "crash: both ends of what a disk in order leaves",
     TL_FINDER_PREFIX, false, 0, 120, tl_mutant_crashes, PLAN(PREFIX, ENDS, MIXED, NONE, 0)},
    {"journal/T0", "crash: both ends of what a journal leaves",
     TL_FINDER_JOURNAL, false, 0, 120, tl_mutant_crashes, PLAN(JOURNAL, ENDS, MIXED, NONE, 0)},
    {"posix/T0", "crash: both ends of what POSIX allows",
     TL_FINDER_POSIX, false, 0, 120, tl_mutant_crashes, PLAN(POSIX, ENDS, MIXED, NONE, 0)},
    {"sigkill/T2", "crash: all that a killed process leaves",
     TL_FINDER_SIGKILL, true, 16, 240, tl_mutant_crashes, PLAN(SIGKILL, EXACT, EVERY, COMMIT, LEAVES_MAX)},
    {"prefix/T2", "crash: all that a disk in order leaves",
     TL_FINDER_PREFIX, true, 64, 240, tl_mutant_crashes, PLAN(PREFIX, EXACT, EVERY, COMMIT, LEAVES_MAX)},
    {"journal/T2", "crash: all that a journal leaves",
     TL_FINDER_JOURNAL, true, 64, 240, tl_mutant_crashes, PLAN(JOURNAL, EXACT, EVERY, COMMIT, LEAVES_MAX)},
    {"posix/T2", "crash: all that POSIX allows",
     TL_FINDER_POSIX, true, 64, 240, tl_mutant_crashes, PLAN(POSIX, EXACT, EVERY, COMMIT, LEAVES_MAX)},
    {"sigkill/T1", "crash: each cut of a killed process's last write",
     TL_FINDER_SIGKILL, false, 0, 240, tl_mutant_crashes, PLAN(SIGKILL, SINGLES, MIXED, ASYNC, 0)},
    {"prefix/T1", "crash: each tear on a disk in order",
     TL_FINDER_PREFIX, false, 0, 240, tl_mutant_crashes, PLAN(PREFIX, SINGLES, MIXED, ASYNC, 0)},
    {"journal/T1", "crash: each operation alone, under a journal",
     TL_FINDER_JOURNAL, false, 0, 240, tl_mutant_crashes, PLAN(JOURNAL, SINGLES, MIXED, ASYNC, 0)},
    {"posix/T1", "crash: each operation alone, under POSIX",
     TL_FINDER_POSIX, false, 0, 240, tl_mutant_crashes, PLAN(POSIX, SINGLES, MIXED, ASYNC, 0)},
    {"journal/T4", "crash: in the recovery from a crash or a kill, under a journal",
     TL_FINDER_NESTED_CRASH, true, 64, 240, tl_mutant_crashes, PLAN(JOURNAL, NESTED, EVERY, COMMIT, LEAVES_MAX)},
    {"garbage/T3", "crash: drawn, and anything in what was being written",
     TL_FINDER_GARBAGE, false, 4, 240, tl_mutant_crashes, PLAN(GARBAGE, SAMPLED, MIXED, COMMIT, DRAWS)},
    {"liar/T3", "crash: drawn, and a sync left out: never wrong data",
     TL_FINDER_LIAR, false, 4, 240, tl_mutant_crashes, PLAN(LIAR, SAMPLED, MIXED, COMMIT, DRAWS)},
    {"flip/few", "damage: flipped bytes and bits, a few",
     TL_FINDER_FLIP, false, 4, 120, tl_mutant_damage, DAMAGE(FEW, FLIPS)},
    {"flip/many", "damage: flipped bytes and bits, many",
     TL_FINDER_FLIP, false, 0, 120, tl_mutant_damage, DAMAGE(MANY, FLIPS)},
    {"flip/all", "damage: flipped bytes and bits, every one",
     TL_FINDER_FLIP, true, 0, 240, tl_mutant_damage, DAMAGE(0, FLIPS)},
    {"lost_write/few", "damage: older pages and sectors, a few",
     TL_FINDER_LOST_WRITE, false, 4, 120, tl_mutant_damage, DAMAGE(FEW, LOST)},
    {"lost_write/many", "damage: older pages and sectors, many",
     TL_FINDER_LOST_WRITE, false, 0, 120, tl_mutant_damage, DAMAGE(MANY, LOST)},
    {"lost_write/all", "damage: older pages and sectors, every one",
     TL_FINDER_LOST_WRITE, true, 0, 240, tl_mutant_damage, DAMAGE(0, LOST)},
    {"misdirect/few", "damage: pages in another's place, a few",
     TL_FINDER_MISDIRECT, false, 4, 120, tl_mutant_damage, DAMAGE(FEW, MISPLACED)},
    {"misdirect/many", "damage: pages in another's place, many",
     TL_FINDER_MISDIRECT, false, 0, 120, tl_mutant_damage, DAMAGE(MANY, MISPLACED)},
    {"misdirect/all", "damage: pages in another's place, every pair",
     TL_FINDER_MISDIRECT, true, 0, 240, tl_mutant_damage, DAMAGE(0, MISPLACED)},
    {"faults", "faults: every call fails once, and from then on",
     TL_FINDER_RUNTIME_FAULT, true, 1024, 240, tl_mutant_faults, NULL},
    {"random_scripts", "fuzz: scripts of the whole language beside a model",
     TL_FINDER_STRUCTURE, true, 16, 240, random_scripts, NULL},
};
/* What comes before those of the engine's own tests: quick, and the same each time. */
static const tl_mutant_sweep early[] = {
    {"schedules/T1", "crash: each operation alone, of runs by several threads",
     TL_FINDER_THREADS, false, 0, 120, tl_mutant_crashes,
     &(const tl_mutant_crash_plan){.profile = TL_PROFILE_POSIX, .tier = TL_TIER_SINGLES,
                                   .weakest = TL_DURABILITY_COMMIT, .schedules = SCHEDULES}},
};
/* clang-format on */
enum { EARLY = sizeof early / sizeof early[0], SWEEPS = sizeof sweeps / sizeof sweeps[0] };

static size_t engine_count(void)
{
    return tl_mutant_engine_here != NULL ? tl_mutant_engine_here->sweep_count : 0;
}

size_t tl_mutant_sweep_count(void)
{
    return EARLY + SWEEPS + engine_count();
}

/* Those of the engine's own tests come before most: they stay in little memory when a bug runs
 * wild. */
const tl_mutant_sweep *tl_mutant_sweep_at(size_t index)
{
    size_t first = engine_count();
    if (index < EARLY)
        return &early[index];
    index -= EARLY;
    return index < first ? &tl_mutant_engine_here->sweeps[index] : &sweeps[index - first];
}
