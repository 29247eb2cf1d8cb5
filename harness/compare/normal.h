/* harness/compare/normal.h -- the standard normal distribution, for planning and for the bootstrap;
 * no verdict rests on it. */
#ifndef TL_HARNESS_NORMAL_H
#define TL_HARNESS_NORMAL_H

double tl_normal_below(double z);    /* P(Z <= z) */
double tl_normal_quantile(double p); /* the z with P(Z <= z) = p, 0 < p < 1; else an infinity */

#endif
