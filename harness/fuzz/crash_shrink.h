/* harness/fuzz/crash_shrink.h -- a script that a crash breaks, cut down to the few lines that do
 * it.
 *
 *     steps -> tl_crash_try: found? -> tl_crash_shrink -> tl_crash_steps_tell: a script of its own
 *
 * A list of steps (steps.h) is run under the crash lab in a child process, so that a store that
 * dies or hangs is no finding and ends nothing.  Each candidate is recorded and enumerated anew,
 * but only where the finding lies: at the crash points of the last step and of the closing.
 */
#ifndef TL_HARNESS_FUZZ_CRASH_SHRINK_H
#define TL_HARNESS_FUZZ_CRASH_SHRINK_H

#include "harness/check/enumerate.h"
#include "harness/fuzz/steps.h"

typedef struct tl_crash_question {
    const tl_driver *driver; /* has TL_DRIVER_SIM_IO */
    tl_profile profile;
    tl_tier tier;
    uint64_t seed;      /* of samples */
    uint64_t budget_ns; /* of one look; 0: no bound */
    bool any;           /* any finding will do; otherwise only this one: */
    tl_rule rule;
    tl_status status;
    const tl_state_id *only; /* this state alone; NULL: all of the tier */
    tl_arena *arena;         /* NULL: the driver makes its own for each open */
} tl_crash_question;

typedef struct tl_crash_answer {
    bool ran;   /* the script could be recorded, and the process lived */
    bool found; /* the rest is meaningful */
    tl_state_id where;
    tl_verdict verdict;
    tl_allowed allowed;
    size_t step;     /* that made the operation in flight; count of steps: the closing */
    bool in_closing; /* the crash lies behind all steps */
    bool marker;     /* what was there has the lab's marker in it */
    uint64_t leaves;
} tl_crash_answer;

/* Look at all crash points, or with `late` at those since the last step began. */
void tl_crash_try(const tl_steps *steps, const tl_crash_question *question, bool late,
                  tl_crash_answer *answer);

/* The lines of a script up to its first `crash`, one step for each line, loop or batch.
 * TL_NO_MEMORY, TL_INVALID: it has no line. */
TL_MUST_USE tl_status tl_crash_steps_of(const char *text, tl_steps *steps);
/* Only what writes: without reads, cursors, loops, faults, crashes and reopening (what is wrong
 * after a clean close needs no crash); at most `count` steps. */
TL_MUST_USE tl_status tl_crash_steps_writing(const tl_steps *from, size_t count, tl_steps *steps);
/* Lines from `begin` to its end as one step each; and back, one step for each line or batch. */
TL_MUST_USE tl_status tl_crash_steps_join(const tl_steps *from, tl_steps *joined);
TL_MUST_USE tl_status tl_crash_steps_split(const tl_steps *from, tl_steps *split);

typedef struct tl_crash_shrunk {
    size_t steps_before, steps; /* without the `open` */
    uint32_t deviations; /* sectors that do not hold their newest version; UINT32_MAX: the state
                            is not told so */
    uint64_t tries, elapsed_ns;
    bool in_time; /* it ended by itself */
} tl_crash_shrunk;

/* Make *steps as few and as small as still give the finding of *answer: the same rule and status,
 * at the same profile.  *answer is that of the steps as they are, and follows them.  `bound_ns`: at
 * most so long.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_crash_shrink(tl_steps *steps, const tl_crash_question *question,
                                      tl_crash_answer *answer, uint64_t bound_ns,
                                      tl_crash_shrunk *shrunk);

/* The steps as a script that `treelab apply` and `treelab crash` run, with the crash behind them;
 * free(*text). */
TL_MUST_USE tl_status tl_crash_steps_tell(const tl_steps *steps, const tl_crash_question *question,
                                          const tl_crash_answer *answer, const char *remark,
                                          char **text);

#endif
