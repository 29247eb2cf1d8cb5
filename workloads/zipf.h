/* workloads/zipf.h -- Zipf's law on 1..n: number k has weight k^-theta, for any theta > 0. */
#ifndef TL_WORKLOADS_ZIPF_H
#define TL_WORKLOADS_ZIPF_H

#include <stdint.h>

typedef struct tl_zipf {
    uint64_t count;  /* n, from 1 to 2^40 */
    double theta;    /* above 0 and up to TL_ZIPF_THETA_MAX */
    double exponent; /* 1 - theta */
    double area_first, area_last, squeeze;
} tl_zipf;
#define TL_ZIPF_THETA_MAX 16.0

void tl_zipf_init(tl_zipf *zipf, uint64_t count, double theta);

/* Another count for the same theta; costs as much as a draw. */
void tl_zipf_resize(tl_zipf *zipf, uint64_t count);

/* A number in 1..count, a pure function of a 64-bit draw.  O(1), whatever count and theta. */
uint64_t tl_zipf_at(const tl_zipf *zipf, uint64_t draw);

#endif
