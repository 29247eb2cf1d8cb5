/* harness/run/plan.h -- which cell runs when. */
#ifndef TL_HARNESS_RUN_PLAN_H
#define TL_HARNESS_RUN_PLAN_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tl_plan_row {
    size_t arm, load;           /* indices into the request */
    uint64_t repetition, order; /* order: place among the rows of its repetition, from 0 */
} tl_plan_row;

/* The rows of a run: repetition by repetition, workload by workload, the drivers next to each
 * other.  The order of drivers rotates by one each repetition, so over `arm_count` repetitions
 * each driver runs once in every place.
 *
 * TL_OK         *rows has *count rows; release with free
 * TL_NO_MEMORY  also when the product of the three numbers has no place in memory */
TL_MUST_USE tl_status tl_plan_make(size_t arm_count, size_t load_count, uint64_t repeat,
                                   tl_plan_row **rows, size_t *count);

#endif
