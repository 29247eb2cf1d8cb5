/* harness/compare/binomial.h -- how often something happens, from how often it did.
 *
 * C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case
 * of the binomial, Biometrika 26 (1934), 404-413: exact one-sided bounds.
 */
#ifndef TL_HARNESS_BINOMIAL_H
#define TL_HARNESS_BINOMIAL_H

#include <stdint.h>

/* The chance of at most `k` of `n`, each with chance `p`. */
double tl_binomial_at_most(uint64_t k, uint64_t n, double p);

/* The chance is at most (at least) this, with confidence 1 - level; 1 and 0 when n is 0. */
double tl_binomial_upper(uint64_t k, uint64_t n, double level);
double tl_binomial_lower(uint64_t k, uint64_t n, double level);

#endif
