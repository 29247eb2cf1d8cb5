/* harness/report/tests/sample.h -- results as a run would leave them, for the report's tests.
 *
 * Numbers are made by a fixed formula, shaped like the real thing, so that pictures drawn from
 * them show what a reader will meet.
 */
#ifndef TL_HARNESS_SAMPLE_H
#define TL_HARNESS_SAMPLE_H

#include "harness/report/json.h"

/* Four drivers by four workloads by `repetitions`. */
tl_json *sample_bench_run(unsigned repetitions);
/* Two protocols by two durabilities; `findings` > 0 puts that many into one profile. */
tl_json *sample_crash_run(unsigned findings);
/* A run with what goes wrong: failed, wrong and unsupported cells, a phase without operations,
 * names that need escaping, a store without latency or counters. */
tl_json *sample_hostile_run(void);
/* Three duels: a pass, then a regression, then one without an estimate. */
tl_json *sample_duel_run(void);
/* One duel of one row, which has no estimate. */
tl_json *sample_invalid_duel_run(void);
/* The least run that loads: no cells. */
tl_json *sample_empty_run(void);

/* A bench cell with one phase "get" of `ops` operations in `wall_ns`; no latency, no counters. */
void sample_add_small_cell(tl_json *run, const char *label, const char *workload,
                           uint64_t repetition, uint64_t ops, uint64_t wall_ns);

#endif
