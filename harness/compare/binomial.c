/* harness/compare/binomial.c -- see binomial.h.  Bounds by bisection: the chance falls with p. */
#include "harness/compare/binomial.h"

#include <math.h>

enum { HALVINGS = 60 };

double tl_binomial_at_most(uint64_t k, uint64_t n, double p)
{
    if (k >= n || p <= 0)
        return 1;
    if (p >= 1)
        return 0;
    double sum = 0, count = (double)n, log_p = log(p), log_q = log1p(-p);
    for (uint64_t i = 0; i <= k; i++) {
        double at = (double)i;
        sum += exp(lgamma(count + 1) - lgamma(at + 1) - lgamma(count - at + 1) + at * log_p +
                   (count - at) * log_q);
    }
    return sum < 1 ? sum : 1;
}

/* The p at which at most `k` of `n` has the chance `wanted`. */
static double solve(uint64_t k, uint64_t n, double wanted)
{
    double low = 0, high = 1;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (tl_binomial_at_most(k, n, middle) > wanted)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double tl_binomial_upper(uint64_t k, uint64_t n, double level)
{
    return k >= n ? 1 : solve(k, n, level);
}

double tl_binomial_lower(uint64_t k, uint64_t n, double level)
{
    return k == 0 || n == 0 ? 0 : solve(k - 1, n, 1 - level);
}
