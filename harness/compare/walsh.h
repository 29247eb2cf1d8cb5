/* harness/compare/walsh.h -- what a sample of paired log-ratios says: estimate, bounds, p-values.
 *
 * A Walsh average is (d_i + d_j) / 2, i <= j: n(n+1)/2 of them.  Their median is the estimate of
 * Hodges and Lehmann (Estimates of location based on rank tests, Ann. Math. Stat. 34 (1963),
 * 598-611) of the middle of a symmetric distribution; the number of them above a value is the
 * signed-rank statistic for it (J. W. Tukey, 1949), which makes their order statistics exact
 * bounds of the middle:
 *
 *     lower bound at level a: the k-th smallest average,  upper bound: the k-th largest,
 *     k the largest with P(T <= k - 1) <= a
 *
 * Ties and zeros.  Averages that equal the value asked about count against what is to be shown:
 * p-values are P(T >= averages strictly beyond it).  Were the tied values apart by chance, at
 * least as many averages would lie beyond, so the true level is never above the one stated, for
 * any symmetric distribution, discrete ones included.  No value is dropped.
 *
 * Threads   a made one is only read.
 */
#ifndef TL_HARNESS_WALSH_H
#define TL_HARNESS_WALSH_H

#include "harness/compare/signed_rank.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct tl_walsh {
    size_t n, count;   /* values, averages */
    double *averages;  /* ascending */
    tl_signed_rank *t; /* the distribution for n */
} tl_walsh;

/* TL_OK, TL_NO_MEMORY, or TL_INVALID: n not in 1..TL_SIGNED_RANK_N_MAX, or a value not finite. */
TL_MUST_USE tl_status tl_walsh_make(const double *values, size_t n, tl_walsh *walsh);
void tl_walsh_release(tl_walsh *walsh); /* zeros are fine */

double tl_walsh_estimate(const tl_walsh *walsh);

/* One-sided bounds: the middle is above *bound (below it) with probability 1 - level at least.
 * False: n cannot attain the level, and *bound is untouched. */
bool tl_walsh_lower(const tl_walsh *walsh, double level, double *bound);
bool tl_walsh_upper(const tl_walsh *walsh, double level, double *bound);

/* One-sided p-values against "the middle is `value` at most" (`value` at least): small ones say
 * that it is above (below).  p <= level exactly when the bound at `level` is beyond `value`. */
double tl_walsh_p_above(const tl_walsh *walsh, double value);
double tl_walsh_p_below(const tl_walsh *walsh, double value);

#endif
