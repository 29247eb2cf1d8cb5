/* harness/compare/signed_rank.h -- the exact distribution of Wilcoxon's signed-rank statistic.
 *
 * T is the sum of those of the ranks 1..n that got a plus, when each of the 2^n ways to give signs
 * is as likely as any other: what symmetry around 0 says.  How many ways give each sum is counted
 * rank by rank, as coefficients of (1 + x)(1 + x^2)...(1 + x^n): F. Wilcoxon, Individual
 * comparisons by ranking methods, Biometrics Bulletin 1 (1945), 80-83; the recurrence is in
 * D. B. Owen, Handbook of Statistical Tables (1962).
 *
 * Numbers of ways are exact integers of 128 bits up to n = 128; a probability is one of them over
 * 2^n, rounded once: its relative error is below 2^-52.  The normal approximation is never used.
 *
 * Threads   a made distribution is only read.
 */
#ifndef TL_HARNESS_SIGNED_RANK_H
#define TL_HARNESS_SIGNED_RANK_H

#include "tl/status.h"

#include <stdint.h>

enum { TL_SIGNED_RANK_N_MAX = 128 };

typedef struct tl_signed_rank tl_signed_rank; /* for one n */

/* TL_OK, TL_NO_MEMORY, or TL_INVALID when n is not in 1..TL_SIGNED_RANK_N_MAX. */
TL_MUST_USE tl_status tl_signed_rank_make(unsigned n, tl_signed_rank **distribution);
void tl_signed_rank_free(tl_signed_rank *distribution); /* NULL is fine */

unsigned tl_signed_rank_n(const tl_signed_rank *distribution);
uint32_t tl_signed_rank_max(const tl_signed_rank *distribution); /* n(n+1)/2, the largest T */

long double tl_signed_rank_at_most(const tl_signed_rank *distribution, uint32_t t);  /* P(T <= t) */
long double tl_signed_rank_at_least(const tl_signed_rank *distribution, uint32_t t); /* P(T >= t) */

/* The largest k with P(T <= k - 1) <= level; 0 when n is too small for the level: 2^-n > level.
 * Levels are below one half. */
uint32_t tl_signed_rank_critical(const tl_signed_rank *distribution, double level);

#endif
