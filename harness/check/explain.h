/* harness/check/explain.h -- why a finding happened: which operation had to be durable before
 * which.
 *
 *     needs A durable before B; nothing orders them
 *
 * A is what the disk lost, as little as shows the finding (witness.h).  B is what makes the loss
 * matter: an operation that the disk kept and without which the state is right; or the
 * acknowledgement, when A's absence alone breaks the promise; or what a sync had made durable.
 * The fix is tried out: syncs are put into the recorded run, as if the store had made them, at
 * every place like B's, and its states are looked at again.
 */
#ifndef TL_HARNESS_CHECK_EXPLAIN_H
#define TL_HARNESS_CHECK_EXPLAIN_H

#include "harness/check/signature.h"

enum { TL_EXPLAIN_TEXT_MAX = 640 };

typedef struct tl_explanation {
    size_t lost, kept;               /* operations A and B; SIZE_MAX: it is none */
    bool at_acknowledgement;         /* B is that of a commit */
    char needs[TL_EXPLAIN_TEXT_MAX]; /* "needs the write of ... durable before ...; ..." */
    bool fixed;                      /* the fix removes all that were seen */
    uint64_t syncs_added;            /* to the run, by the fix */
    uint64_t before, after;          /* findings with that rule and status, without and with it */
    char fix[TL_EXPLAIN_TEXT_MAX];   /* "an fdatasync of ... before each ... removes all ..." */
} tl_explanation;

typedef struct tl_explain_options {
    const tl_recording *recording;
    const tl_contracts *contracts; /* NULL: the table built in */
    tl_profile profile;
    tl_tier tier;        /* of the states that the fix is tried on */
    uint64_t states_max; /* of those; 0: 20000 */
    uint64_t budget_ns;  /* for each of two or three passes over them; 0: two seconds */
    uint64_t seed;
    bool (*stop)(void);
} tl_explain_options;

/* Explain what the witness has taken up, and shrunk.
 *
 * TL_OK
 * TL_UNSUPPORTED  nothing was lost, or the disk spoilt it: order cannot help */
TL_MUST_USE tl_status tl_explain(const tl_explain_options *options, tl_witness *witness,
                                 tl_explanation *explanation);

#endif
