/* harness/check/mutant_parts.h -- what the rows of mutant_sweeps.c run; for these files alone.
 *
 * Each function looks at driver `tree` as its form of `treelab crash` does, told nothing, with the
 * standard settings; what it looks at is in the row's `what`.
 */
#ifndef TL_HARNESS_MUTANT_PARTS_H
#define TL_HARNESS_MUTANT_PARTS_H

#include "harness/check/damage.h"
#include "harness/check/enumerate.h"
#include "harness/check/mutant_run.h"
#include "harness/driver.h"

/* `treelab crash --tier --profile` (mutant_crashes.c) */
typedef struct tl_mutant_crash_plan {
    tl_profile profile;
    tl_tier tier;
    bool every_history;    /* the canonical ones; else `mixed` */
    tl_durability weakest; /* this and the stronger ones */
    uint64_t states_max;   /* of each store, so that a bug that lets states explode is no endless
                              search; 0: no bound.  Of the drawn tier: how many */
    uint64_t schedules; /* orders of threads, of the first threaded history; 0: one thread runs */
} tl_mutant_crash_plan;
void tl_mutant_crashes(tl_probe *probe);

/* `treelab crash damage` (mutant_damage.c) */
typedef struct tl_mutant_damage_plan {
    bool kinds[TL_DAMAGE_KIND_COUNT];
    uint64_t sample; /* cases of each kind; 0: all */
    uint32_t pages;
} tl_mutant_damage_plan;
void tl_mutant_damage(tl_probe *probe);

/* `treelab crash faults` (mutant_faults.c); no plan */
void tl_mutant_faults(tl_probe *probe);

/* An arena for every open; NULL, and the probe says why, when there is none. */
tl_arena *tl_mutant_arena(tl_probe *probe);
/* For a sweep's `stop`: has the probe of this process a finding? */
bool tl_mutant_is_found(void);

#endif
