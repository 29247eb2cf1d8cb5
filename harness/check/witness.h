/* harness/check/witness.h -- one state that shows a finding, spelled out, and made small.
 *
 *     tl_witness_create -> for each finding: tl_witness_take -> tl_witness_shrink -> what is lost
 *
 * A finding is named by branches, a word or a number (state_id.h).  Here it becomes what the disk
 * lost: an outcome (names and sizes), and sectors that do not hold what an operation wrote there.
 * Shrinking gives operations back, one by one, as long as the same rule is broken with the same
 * status: what is left is the cause, the same for many findings.
 *
 * Threads   one; the trace is not written to meanwhile.  May be used inside on_finding of an
 *           enumeration over the same recording.
 */
#ifndef TL_HARNESS_CHECK_WITNESS_H
#define TL_HARNESS_CHECK_WITNESS_H

#include "harness/check/enumerate.h"

typedef struct tl_witness tl_witness;

typedef struct tl_lost_sector { /* does not hold what operation `op` wrote */
    uint32_t file, sector;
    size_t op;
} tl_lost_sector;

typedef struct tl_lost { /* against all that was issued */
    size_t point;        /* of the crash */
    uint64_t outcome, newest_outcome;
    const tl_lost_sector *sectors; /* by operation, then file and sector */
    size_t sector_count;
    const size_t *names; /* operations whose change of a name is lost; ascending */
    size_t name_count;
    const size_t *sizes; /* likewise of a size */
    size_t size_count;
    bool garbled; /* some sector holds what nobody wrote there */
} tl_lost;

TL_MUST_USE tl_status tl_witness_create(const tl_recording *recording,
                                        const tl_contracts *contracts, tl_profile profile,
                                        uint64_t seed, tl_witness **witness);
void tl_witness_destroy(tl_witness *witness); /* NULL is fine */

/* Take up a state, and look at it.
 *
 * TL_OK         tl_witness_verdict, tl_witness_lost tell about it
 * TL_INVALID    it is no state of this trace, or of a recovery, or cannot be spelled out: then it
 * does not break the rule that it was said to break.  `said` NULL: whatever it shows */
TL_MUST_USE tl_status tl_witness_take(tl_witness *witness, const tl_state_id *where,
                                      const tl_verdict *said);
/* Give back what is not needed for breaking the same rule.  At most `looks_max` states are looked
 * at; 0: 512.  A garbled state stays as it is. */
TL_MUST_USE tl_status tl_witness_shrink(tl_witness *witness, uint32_t looks_max);

const tl_verdict *tl_witness_verdict(const tl_witness *witness);
/* What the state lacks; until the next call that changes it. */
TL_MUST_USE tl_status tl_witness_lost(tl_witness *witness, tl_lost *lost);

/* Look at the state taken up with, beside what it lacks, all that the operations of `ops` wrote to
 * sectors lost too, where the profile lets them be; *right: the contract allows that state.  The
 * witness stays what it was. */
TL_MUST_USE tl_status tl_witness_try(tl_witness *witness, const size_t *ops, size_t op_count,
                                     bool *right);
/* The operations before the crash that may be lost, in part or whole; ascending.  The array is the
 * witness's, until the next call. */
TL_MUST_USE tl_status tl_witness_pending(tl_witness *witness, const size_t **ops, size_t *op_count);

uint64_t tl_witness_looks(const tl_witness *witness); /* states looked at, since its creation */

#endif
