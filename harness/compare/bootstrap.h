/* harness/compare/bootstrap.h -- intervals of the Hodges-Lehmann estimate by resampling: a
 * cross-check of the exact bounds, never a verdict.
 *
 * Percentile: quantiles of the estimates of samples drawn with replacement.  BCa: the same with
 * quantiles moved for bias and skewness; B. Efron, Better bootstrap confidence intervals, JASA 82
 * (1987), 171-185: z0 from the share of resamples below the estimate, acceleration by jackknife.
 */
#ifndef TL_HARNESS_BOOTSTRAP_H
#define TL_HARNESS_BOOTSTRAP_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tl_bootstrap { /* one-sided bounds at the level asked for */
    double percentile_lower, percentile_upper;
    double bca_lower, bca_upper;
} tl_bootstrap;

/* TL_OK; TL_INVALID: n not in 2..TL_SIGNED_RANK_N_MAX, fewer than 100 resamples, or a level not
 * in 0..1/2; TL_NO_MEMORY.  Same seed, same answer. */
TL_MUST_USE tl_status tl_bootstrap_make(const double *values, size_t n, double level,
                                        size_t resamples, uint64_t seed, tl_bootstrap *bootstrap);

#endif
