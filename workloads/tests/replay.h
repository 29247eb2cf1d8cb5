/* workloads/tests/replay.h -- play a workload against a small sorted array, the truth.
 *
 * Every promise of op.h and workload.h is asserted on the way: op counts, read-only phases,
 * answers, append hints.  cmocka fails the running test when one is broken.
 */
#ifndef TL_WORKLOADS_TESTS_REPLAY_H
#define TL_WORKLOADS_TESTS_REPLAY_H

#include "workloads/workload.h"

typedef struct replay_result {
    uint64_t hash; /* of every field and byte of every operation */
    uint64_t kind_counts[TL_OP_KIND_COUNT];
    uint64_t absent_count; /* operations whose right answer is "no such key" */
    uint64_t record_count; /* left at the end ... */
    uint64_t record_count_min, record_count_max; /* ... and during the last phase that writes */
    size_t value_bytes_max;                      /* largest value written */
} replay_result;

/* Run every phase, asking for `capacity` operations at a time. */
replay_result replay(const tl_workload *workload, const tl_workload_spec *spec, size_t capacity);

/* A spec without settings. */
tl_workload_spec replay_spec(uint64_t ops, uint64_t seed);

#endif
