/* harness/check/necessity.h -- which syncs of a recorded run are needed, and by what state that
 * shows.
 *
 * Each sync of the log is left out in turn, as if the store had not made it, and the states that a
 * profile then allows are looked at until one breaks a promise.  That state is the witness: the
 * sync is necessary.  When all states were looked at and none does, the sync is redundant in this
 * trace under this profile; when the bound came first, it is undecided.
 *
 * It needs no seeded bug and no other build of the store, and answers two questions with one run:
 * would the sweep notice a missing sync, and which syncs cost time for nothing.
 */
#ifndef TL_HARNESS_NECESSITY_H
#define TL_HARNESS_NECESSITY_H

#include "harness/check/enumerate.h"
#include "harness/check/recording.h"

/* X(upper, lower, meaning) */
#define TL_NEED_MAP(X)                                                                             \
    X(NECESSARY, necessary, "without it a promise is broken: there is a witness")                  \
    X(REDUNDANT, redundant, "without it every allowed state keeps the promises")                   \
    X(UNDECIDED, undecided, "no witness among the states that were looked at")

#define TL_NEED_AS_ENUM(upper, lower, text) TL_NEED_##upper,
typedef enum tl_need { TL_NEED_MAP(TL_NEED_AS_ENUM) TL_NEED_COUNT } tl_need;
const char *tl_need_name(tl_need need);

typedef struct tl_necessity {
    size_t entry; /* of the trace's log: the sync */
    tl_need need;
    bool cut;                    /* undecided, because a bound came before the last state */
    uint64_t leaves, elapsed_ns; /* looked at until it was known */
    /* of the witness; its crash point counts the log without the sync */
    tl_state_id witness;
    tl_verdict verdict;
} tl_necessity;

typedef struct tl_necessity_options {
    const tl_recording *recording;
    const tl_contracts *contracts; /* what is promised; NULL: the table built in */
    tl_profile profile;            /* one that can be counted */
    tl_tier tier;                  /* below T2 nothing is ever redundant */
    uint64_t states_max;           /* for each sync; 0: no bound */
    uint64_t budget_ns;            /* likewise */
    uint64_t seed;
    bool (*stop)(void); /* asked now and then; NULL: never */
    /* Called once for each sync, in the order of the log. */
    void (*on_sync)(void *context, const tl_necessity *found);
    void *context;
} tl_necessity_options;

/* The unchanged run is looked at first: a witness says something only where it keeps its promises.
 *
 * TL_OK       every sync was told, or `stop`
 * TL_INVALID  the unchanged run breaks a promise under this profile; nothing was told
 * others      as tl_enumerate; `error` tells */
TL_MUST_USE tl_status tl_necessity_run(const tl_necessity_options *options, char *error,
                                       size_t error_bytes);

#endif
