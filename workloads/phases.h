/* workloads/phases.h -- the composed workload: phases that settings describe.
 *
 *     --workload phases --set phases=load,run --set run.keys=zipf:0.99 --set run.mix=get:95,put:5
 *
 * A setting `PHASE.key=value` is for one phase, `key=value` for all.  What a phase is called says
 * what it is: load, warm, run, delete, churn, crash or verify, with _2 or 3 behind it where it
 * comes again.  The workload's option table (`tl_workload_phases.options`) is the table of keys.
 */
#ifndef TL_WORKLOADS_PHASES_H
#define TL_WORKLOADS_PHASES_H

#include "workloads/workload.h"

/* The key is the same for all phases of a workload: `phases`, `key_shape`, `key_bytes`, `verb`. */
bool tl_phases_key_is_common(const char *key);

/* Verbs of a mix ("get"), for messages and lists; NULL past the last. */
const char *tl_phases_verb(size_t index);

#endif
