/* harness/check/signature.h -- findings collapsed to causes.
 *
 * A signature is what findings of one cause have in common: the rule that is broken and the status
 * of the call that showed it, what kind of thing was lost (witness.h has made that little), and
 * between which two syncs it was issued.
 *
 *     lost_committed (TL_OK): log_frame lost; between fdatasync db/x.log.* commit and
 *     fdatasync db/x.log.* commit
 *
 * Of a second crash, in a recovery, it is rule, status and the phases that both crashes fell into.
 */
#ifndef TL_HARNESS_CHECK_SIGNATURE_H
#define TL_HARNESS_CHECK_SIGNATURE_H

#include "harness/check/roles.h"
#include "harness/check/witness.h"

enum { TL_SIGNATURE_MAX = 400, TL_CAUSES_MAX = 24 };

/* Of the state that the witness has taken up, and shrunk. */
TL_MUST_USE tl_status tl_signature_make(tl_witness *witness, const tl_roles *roles,
                                        const tl_trace *trace, char text[TL_SIGNATURE_MAX]);
/* The sync site of an operation's neighbourhood: "fdatasync db/x.log.* commit". */
void tl_sync_place(const tl_trace *trace, size_t sync, char *text, size_t text_bytes);

typedef struct tl_cause {
    char text[TL_SIGNATURE_MAX];
    uint64_t count;     /* findings */
    tl_state_id first;  /* the first one met */
    tl_verdict verdict; /* of it */
    const tl_contract_row *known;
} tl_cause;

typedef struct tl_causes { /* of one recording under one profile; large */
    const tl_recording *recording;
    tl_witness *witness; /* NULL until the first finding */
    tl_roles roles;
    tl_profile profile;
    uint64_t seed;
    const tl_contracts *contracts;
    tl_cause at[TL_CAUSES_MAX]; /* the last one takes what has no room */
    size_t count;
    uint64_t findings;
} tl_causes;

void tl_causes_begin(tl_causes *causes, const tl_recording *recording,
                     const tl_contracts *contracts, tl_profile profile, uint64_t seed);
/* Sort a finding in; may be called inside on_finding.  *fresh: it is the first of its cause. Beyond
 * some thousands of findings only rule and status are compared.  NULL: no memory. */
const tl_cause *tl_causes_add(tl_causes *causes, const tl_enumerate_finding *finding, bool *fresh);
void tl_causes_end(tl_causes *causes);

#endif
