/* workloads/phases_state.h -- the composed generator while it runs.
 *
 *     decide   which record, which verb, what the right answer is: moves the state on
 *     dress    the key and the value of what was decided: bytes, no state
 *
 * Running phases without dressing them is how a generator learns what is alive when a later phase
 * begins.
 */
#ifndef TL_WORKLOADS_PHASES_STATE_H
#define TL_WORKLOADS_PHASES_STATE_H

#include "workloads/population.h"
#include "workloads/steps.h"

typedef struct tl_picker { /* one law at work in one phase */
    tl_chooser chooser;
    uint64_t cursor; /* SEQUENTIAL: where the next look begins; OLDEST: an id */
    uint64_t first;  /* SHUFFLED, SCRAMBLED_ZIPF: the id and the number of ids ... */
    uint64_t count;  /* ... that its permutation is over */
    uint64_t seed;
    bool made;
} tl_picker;

typedef struct tl_phases {
    tl_generator base;
    tl_steps plan;
    tl_places places;
    tl_population population;
    uint64_t seed;

    /* Ids are born in order: oldest <= id < newest may live, the others do not. */
    uint64_t oldest, newest, oldest_number;
    bool window;      /* oldest moves up: nothing dead ever comes back */
    uint64_t top;     /* no id above it is alive (unless it came back) */
    uint64_t highest; /* one more than the highest number ever written */
    uint64_t *graves; /* deleted numbers, for reinsert; NULL when there is none */
    uint64_t grave_count;

    /* The phase that runs. */
    size_t step_index;
    const tl_step *step;
    uint64_t birth, birth_end; /* ids that its next insert and its last one make */
    uint32_t share;
    uint64_t share_end; /* the number of the operation where the next share begins */
    uint64_t total;     /* operations of the phase */
    tl_dice dice;
    tl_picker keys, victims;
    uint64_t turn; /* of a cycle */
    bool pending;  /* the second half of a read-modify-write ... */
    uint64_t pending_number;

    /* How keys look. */
    tl_keys spelling;
    uint64_t stride;
    bool twins; /* key 2n is record n, key 2n + 1 is always absent */
    uint64_t value_seed, size_seed;
} tl_phases;

typedef struct tl_decision { /* an operation without its bytes */
    uint32_t kind, flags;
    bool has_key, has_value;
    uint32_t tag;
    uint64_t number;
    uint64_t position;   /* of the key: number, or with twins 2 * number or one more */
    uint64_t scan_count; /* also: how many gets belong together */
} tl_decision;

/* Forget all operations: nothing was written yet. */
void tl_phases_reset(tl_phases *w);
/* Begin phase `index` at share `share` (0 for all phases without threads). */
void tl_phases_begin(tl_phases *w, size_t index, uint32_t share);
/* Decide operation number `at` of the phase, which comes after the one before. */
void tl_phases_decide(tl_phases *w, uint64_t at, tl_decision *d);
/* The bytes of a decision, into slot `slot`. */
void tl_phases_dress(const tl_phases *w, size_t slot, const tl_decision *d, tl_op *op);

#endif
