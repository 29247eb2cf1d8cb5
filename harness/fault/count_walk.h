/* harness/fault/count_walk.h -- a walk over the log that counts; for the files that count states.
 */
#ifndef TL_HARNESS_COUNT_WALK_H
#define TL_HARNESS_COUNT_WALK_H

#include "harness/fault/count_names.h"
#include "harness/fault/profile.h"

typedef struct count_walk {
    count_log log;
    tl_profile profile;
    size_t at;
    int64_t end;       /* operations < end count as issued: `at` is among them when it is no sync */
    size_t after_sync; /* 0, or the operation behind the last finished sync */
    size_t journal_sure; /* events that finished syncs demand */
    uint32_t part_sure;  /* parts of those events */

    /* journal: the state that journal_sure events leave */
    uint32_t *sure_sizes, *sure_names; /* indices, by file and by path */
    /* the state at hand */
    uint32_t *sizes, *names, *links; /* links: how many names lead to a file */
    uint32_t *low, *high;            /* sizes that weights[] was found for */
    count_weight *weights;           /* of each file */
    mpz_t states, outcomes;
} count_walk;

/* count_sums.c: w->states and w->outcomes at the point the walk is at. */
TL_MUST_USE tl_status count_posix(count_walk *w);
void count_journal(count_walk *w);

#endif
