/* harness/run/phase.h -- one phase measured: the loop, and all counts read around it. */
#ifndef TL_HARNESS_RUN_PHASE_H
#define TL_HARNESS_RUN_PHASE_H

#include "harness/run/loop.h"
#include "harness/run/run.h"
#include "harness/run/truth.h"

/* Run the loop and fill *result, all but its check.  `truth` is NULL when unknown.  The status is
 * the loop's; the result is filled as far as the phase went. */
tl_status tl_phase_measure(tl_loop *loop, const tl_truth *truth, tl_run_phase *result);

/* Read every record of the store and compare with `truth`; a phase of its own, not measured. */
tl_status tl_phase_audit(const tl_driver *driver, tl_store *store, const tl_truth *truth,
                         tl_scan *scan, tl_check *check, tl_run_phase *result);

/* A phase of kind TL_PHASE_VERIFY: the store checks its own structure where it can, and then every
 * record is read as in the audit.  `truth` is NULL when unknown. */
tl_status tl_phase_verify(const tl_driver *driver, tl_store *store, const char *name,
                          const tl_truth *truth, tl_scan *scan, tl_check *check,
                          tl_run_phase *result);

void tl_phase_release(tl_run_phase *result); /* what tl_phase_measure allocated */

/* Take over what the check found. */
void tl_phase_conclude(tl_run_phase *result, const tl_check *check);

#endif
