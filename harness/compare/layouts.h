/* harness/compare/layouts.h -- how much of a sample's spread is between layouts.
 *
 * Value i of the sample is of layout i mod n.  A one-way analysis of variance: what the means of
 * layouts differ by beyond what launches of one layout do.  More launches of the same layouts do
 * not make it smaller, so it is the floor of what can be told.
 */
#ifndef TL_HARNESS_LAYOUTS_H
#define TL_HARNESS_LAYOUTS_H

#include <stddef.h>

typedef struct tl_layout_spread { /* sums of squares, so that spreads of several samples add up */
    double between, within;       /* of squares of logarithms of tB/tA */
    size_t between_freedom, within_freedom;
    double size; /* sum over samples: launches of a layout, weighted by freedom */
} tl_layout_spread;

/* Add a sample of n values that took turns among `layouts`.  With fewer than two whole turns there
 * is nothing to tell apart, and nothing is added. */
void tl_layout_spread_add(tl_layout_spread *spread, const double *values, size_t n, size_t layouts);

/* The standard deviation of a layout's lasting effect on log(tB/tA), both sides' together; 0 when
 * the layouts differ by no more than launches do; NAN when nothing was added. */
double tl_layout_deviation(const tl_layout_spread *spread);

#endif
