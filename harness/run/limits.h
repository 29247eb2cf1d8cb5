/* harness/run/limits.h -- when a phase ends before its stream does: by time, or when it is steady.
 *
 * The run has a limit for all phases, and a phase may have one of its own, which then is the only
 * one for it.
 *
 *     30s                                  after so long
 *     steady(slope<1%/5s, windows=2)       when throughput has settled (steady.h)
 *     stream                               never: whatever the run says
 *
 * Only phases that read, or the last one in one thread, can end early (truth.h).
 */
#ifndef TL_HARNESS_RUN_LIMITS_H
#define TL_HARNESS_RUN_LIMITS_H

#include "harness/run/steady.h"
#include "workloads/workload.h"

typedef struct tl_limits { /* all zeros: none */
    uint64_t duration_ns;
    tl_steady_rule until;
} tl_limits;

/* False: none of the forms above, or a time under 1 ms or over one hour. */
bool tl_limits_parse(const char *text, tl_limits *limits);
bool tl_limits_any(const tl_limits *limits);

/* Has the phase one of its own?  One that cannot be read counts as none: who reads specs judges
 * them. */
bool tl_limits_own(const tl_phase *phase, tl_limits *own);
/* The phase's own, or else those of the run. */
tl_limits tl_limits_for(const tl_limits *of_run, const tl_phase *phase);

#endif
