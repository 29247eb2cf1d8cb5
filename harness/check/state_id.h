/* harness/check/state_id.h -- the name of one state that a crash may leave, the same for ever.
 *
 *     posix/31.4/            crash point 31, outcome 4, the first choice everywhere
 *     posix/31.4/0.2.1       at the first place where the store's reads leave a choice the first
 *                            branch, then the third, then the second, and the first from there on
 *     journal/31.4/newest    every sector the newest version that it may hold
 *     journal/31.4/drop.17   newest, but nothing of operation 17 where that is allowed
 *     journal/31.4/less.3.0.17.1
 *                            newest, but sector 3 of those that may hold several versions holds its
 *                            oldest, and sector 17 the one after that
 *     journal/31.4/plus.5.1  only what is certain, but sector 5 holds its second version
 *     liar/31.0/sample.905   drawn by number, with the seed of the enumeration; also the outcome is
 *     journal/31.4/newest/then/7.1/0.2
 *                            that state was left by a first crash; the store recovered on it and
 *                            committed once more, and at operation 7 of this it crashed again
 *     journal/31.0/killed/then/7.1/
 *                            first only the process was killed: what it had issued, and no sync had
 *                            covered, could still be lost when the power failed
 *
 *     schedule/7/journal/31.4/newest
 *                            the run was that of several threads in this order (trace_threads.h);
 *                            without it, of one thread
 *     schedule/7/run         no crash: what was seen while they ran
 *
 * An outcome is a choice of names and sizes, counted by harness/fault/pending.h.  Together with a
 * trace (store, settings, history) such a name tells a state completely.
 */
#ifndef TL_HARNESS_STATE_ID_H
#define TL_HARNESS_STATE_ID_H

#include "harness/fault/profile.h"

#include <stddef.h>
#include <stdint.h>

/* How the versions of the sectors are told.  X(upper, word, has a number, meaning) */
#define TL_PICK_MAP(X)                                                                             \
    X(BRANCHES, branches, false, "by the branch taken at each read that leaves a choice")          \
    X(NEWEST, newest, false, "all that was issued")                                                \
    X(OLDEST, oldest, false, "only what is certain")                                               \
    X(DROP, drop, true, "all that was issued but for one operation")                               \
    X(KEEP, keep, true, "only what is certain, and one operation")                                 \
    X(TEAR, tear, true, "all before the write in flight, and its first sectors")                   \
    X(TEAR_BARE, tear_bare, true, "only what is certain, and first sectors of that write")         \
    X(SAMPLE, sample, true, "drawn by number")                                                     \
    X(KILLED, killed, false,                                                                       \
      "of a first crash: the process was killed, all that was issued is there")                    \
    X(LESS, less, false, "all that was issued, but for the sectors listed")                        \
    X(PLUS, plus, false, "only what is certain, and the sectors listed")

#define TL_PICK_AS_ENUM(upper, word, numbered, text) TL_PICK_##upper,
typedef enum tl_pick { TL_PICK_MAP(TL_PICK_AS_ENUM) TL_PICK_COUNT } tl_pick;

enum { TL_BRANCHES_MAX = 512 }; /* places with a choice in one run; beyond: not covered */

typedef struct tl_first_crash { /* as in tl_state_id; never BRANCHES */
    size_t point;
    uint64_t outcome;
    tl_pick pick;
    uint64_t number;
} tl_first_crash;

typedef struct tl_state_id {
    uint64_t schedule; /* 0: one thread made the run */
    bool run;          /* of a schedule: the run itself, and the rest means nothing */
    tl_profile profile;
    bool nested; /* a crash of the recovery from `first`: what follows is counted in its log */
    tl_first_crash first;
    size_t point;     /* crash at this entry of the log */
    uint64_t outcome; /* names and sizes */
    tl_pick pick;
    uint64_t number;                    /* of DROP, KEEP, TEAR, SAMPLE */
    uint32_t branch_count;              /* of BRANCHES; trailing zeros are left out */
    uint32_t branches[TL_BRANCHES_MAX]; /* which branch, 0: the first.  LESS, PLUS: pairs of sector
                                           and version, at least one, sectors ascending */
} tl_state_id;

static inline bool tl_pick_lists(tl_pick pick)
{
    return pick == TL_PICK_LESS || pick == TL_PICK_PLUS;
}

enum { TL_STATE_ID_TEXT_MAX = 4096 };
/* False when the text did not fit; it is cut then. */
bool tl_state_id_print(const tl_state_id *id, char text[TL_STATE_ID_TEXT_MAX]);
bool tl_state_id_parse(const char *text, tl_state_id *id); /* false: no such name */

#endif
