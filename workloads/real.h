/* workloads/real.h -- logarithm and exponential that are the same on every machine.
 *
 * Where a real number decides which operation comes next, the last bit of a logarithm decides what
 * a golden hash is, and C libraries differ there.  These are made of IEEE 754 basic operations on
 * doubles, each rounded once (the library is compiled with -ffp-contract=off), and so are the same
 * for every compiler, level of optimisation and C library.  Off by at most a few units in the last
 * place.  Pure; any number of threads.
 */
#ifndef TL_WORKLOADS_REAL_H
#define TL_WORKLOADS_REAL_H

#include <stdbool.h>
#include <stdint.h>

double tl_real_log(double x); /* x normal and > 0 */
double tl_real_exp(double x); /* 0 below -700; x <= 700 */

double tl_real_exp_slope(double x); /* (e^x - 1) / x, exact to the last places around 0 */
double tl_real_log_slope(double x); /* log(1 + x) / x, the same; x > -1 */

/* The quantile of the standard normal distribution; 0 < p < 1. */
double tl_real_normal(double p);

/* 53 of the 64 bits as a number in the open interval (0, 1). */
static inline double tl_real_unit(uint64_t draw)
{
    return ((double)(draw >> 11) + 0.5) * 0x1p-53;
}

/* The share `p` of all 64-bit draws, as a bound: draw < tl_real_bound(p) has probability p; a p of
 * 1 or more cannot be told from the last draw of 2^64. */
static inline uint64_t tl_real_bound(double p)
{
    return p >= 1 ? UINT64_MAX : p <= 0 ? 0 : (uint64_t)(p * 0x1p53) << 11;
}

/* Read a decimal number ("0.99", "1e-3") at *text, correctly rounded up to 15 digits, whatever the
 * locale, and leave *text behind it.  False: there is none, or it has more digits. */
bool tl_real_read(const char **text, double *value);

#endif
