/* harness/compare/normal.c -- the quantile by bisection of libm's erfc: slow, short, and as good
 * as erfc is. */
#include "harness/compare/normal.h"

#include <math.h>

double tl_normal_below(double z)
{
    return 0.5 * erfc(-z * sqrt(0.5));
}

double tl_normal_quantile(double p)
{
    if (!(p > 0))
        return -(double)INFINITY;
    if (!(p < 1))
        return (double)INFINITY;
    double low = -40, high = 40;
    for (int step = 0; step < 80; step++) {
        double middle = low + (high - low) / 2;
        if (tl_normal_below(middle) < p)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}
