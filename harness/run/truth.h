/* harness/run/truth.h -- what a store must hold after each phase, found without any store.
 *
 * Streams of operations are pure, so a second generator can replay them outside of all timing.
 * Replaying into a table from keys to record hashes gives the sum of tl_record_hash over all live
 * records, exactly and whatever the phases did: overwrite, delete, insert again.
 */
#ifndef TL_HARNESS_RUN_TRUTH_H
#define TL_HARNESS_RUN_TRUTH_H

#include "harness/run/limits.h"

#include "tl/status.h"

typedef struct tl_truth { /* when a phase has ended */
    uint64_t record_count, logical_bytes;
    uint64_t content_hash; /* sum of tl_record_hash over all records */
} tl_truth;

/* Whether phase `index` may end before its stream does: it only reads, or it is the last one and
 * runs in one thread, so that the truth can be replayed up to where it ended. */
bool tl_truth_can_end_early(const tl_phase *phases, size_t count, size_t index);

/* Can the limits that phases name for themselves be kept?  TL_INVALID: `error` tells which cannot.
 */
TL_MUST_USE tl_status tl_truth_refuse_limits(const tl_phase *phases, size_t count, char *error,
                                             size_t error_bytes);

/* Replay all phases that write.  *truths has one entry per phase; release with free.
 *
 * TL_OK
 * TL_INVALID    the workload refuses its settings or yields other operations than its phases
 *               announce, or a phase has a limit of its own and cannot end early; `error` tells
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_truth_find(const tl_workload *workload, const tl_workload_spec *spec,
                                    tl_truth **truths, size_t *count, char *error,
                                    size_t error_bytes);

typedef struct tl_truth_limits {
    uint64_t last_ops;           /* of the last phase no more, if it may end early ... */
    const tl_limits *of_run;     /* ... by these, or its own; NULL: by whatever */
    bool (*stop)(void *context); /* asked between bursts; true ends it; may be NULL */
    void *context;
} tl_truth_limits;

/* The same within limits.  TL_BUSY: limits->stop said so. */
TL_MUST_USE tl_status tl_truth_find_within(const tl_workload *workload,
                                           const tl_workload_spec *spec,
                                           const tl_truth_limits *limits, tl_truth **truths,
                                           size_t *count, char *error, size_t error_bytes);

#endif
