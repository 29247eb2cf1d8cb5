/* harness/report/groups.h -- the repetitions of one driver, workload and phase, side by side.
 *
 * A group holds one sample per repetition.  Its ratio to the baseline is the median of the ratios
 * of repetition r to the baseline's repetition r, never a ratio of medians: the two ran next to
 * each other and share whatever the machine was doing then.  Only samples of the same part, from
 * the same stream of operations (spec_hash), are put in a ratio.
 */
#ifndef TL_HARNESS_GROUPS_H
#define TL_HARNESS_GROUPS_H

#include "harness/report/suite.h"

#define TL_GROUPS_BASELINE "lmdb" /* the driver that ratios are taken to */

typedef struct tl_spread { /* of a few values; count 0: there are none, the rest is 0 */
    double median, min, max;
    size_t count;
} tl_spread;

/* Sorts `values`.  The median of an even count is the mean of the middle two. */
tl_spread tl_spread_of(double *values, size_t count);

typedef struct tl_sample { /* one repetition of one phase; borrowed from the suite */
    uint64_t repetition;
    const tl_json *cell, *phase;
    uint64_t ops;
    double ops_per_s; /* 0 when it cannot be said: no operations, or no time */
    bool trusted;     /* the cell ended "ok" and ops_per_s is known */
} tl_sample;

typedef struct tl_group {
    size_t part_no, workload_no, phase_no, label_no; /* the sort key, in order of appearance */
    const char *workload, *phase, *label, *durability;
    tl_sample *samples; /* by repetition as they came */
    size_t sample_count;
    tl_spread ops_per_s, ratio; /* over trusted samples */
    const tl_sample *typical;   /* the trusted sample nearest the median; NULL when none is */
    const char *gap; /* why there is nothing to show: "failed", "unsupported"; NULL when there is */
} tl_group;

typedef struct tl_groups {
    tl_group *rows; /* sorted by part, workload, phase, label */
    size_t count;
    const char **labels; /* drivers over all parts; the index chooses colour and marker */
    size_t label_count;
    size_t unmeasured_count; /* set-up phases left out */
} tl_groups;

/* TL_OK: release with tl_groups_clear, before the suite.  TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_groups_make(const tl_suite *suite, tl_groups *groups);
void tl_groups_clear(tl_groups *groups);

/* The rows from `first` on that share its part and workload (and phase): one past their last. */
size_t tl_groups_workload_end(const tl_groups *groups, size_t first);
size_t tl_groups_phase_end(const tl_groups *groups, size_t first);

#endif
