/* workloads/zipf.c -- Zipf's law by rejection inversion.
 *
 * W. Hormann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", ACM TOMACS 6 (1996).  The weight h(x) = x^-theta is a convex curve with a known
 * integral H and its inverse.  A uniform number below the area from 3/2 to n + 1/2, and the weight
 * of 1 beside it, is inverted to a point x; k is the nearest number, and is taken unless the point
 * lies in the sliver by which the curve's area around k is more than k's weight.  Most
 * draws are taken at once, by `squeeze` alone, without H.
 *
 * H(x) = (x^(1-theta) - 1) / (1 - theta) is written with slopes that stay exact where theta is
 * near 1, so that 1 is no special case.
 */
#include "workloads/zipf.h"

#include "workloads/keys.h"
#include "workloads/real.h"

#include <assert.h>

static double weight(const tl_zipf *zipf, double x)
{
    return tl_real_exp(-zipf->theta * tl_real_log(x));
}

static double area(const tl_zipf *zipf, double x)
{
    double log_x = tl_real_log(x);
    return tl_real_exp_slope(zipf->exponent * log_x) * log_x;
}

static double area_inverse(const tl_zipf *zipf, double y)
{
    double t = y * zipf->exponent;
    if (t <= -1) /* rounding, far out in a tail that is next to never met */
        return (double)zipf->count;
    return tl_real_exp(tl_real_log_slope(t) * y);
}

void tl_zipf_init(tl_zipf *zipf, uint64_t count, double theta)
{
    assert(theta > 0 && theta <= TL_ZIPF_THETA_MAX);
    *zipf = (tl_zipf){.theta = theta, .exponent = 1 - theta};
    zipf->area_first = area(zipf, 1.5) - 1;
    zipf->squeeze = 2 - area_inverse(zipf, area(zipf, 2.5) - weight(zipf, 2));
    tl_zipf_resize(zipf, count);
}

void tl_zipf_resize(tl_zipf *zipf, uint64_t count)
{
    assert(count >= 1 && count <= (uint64_t)1 << 40);
    zipf->count = count;
    zipf->area_last = area(zipf, (double)count + 0.5);
}

uint64_t tl_zipf_at(const tl_zipf *zipf, uint64_t draw)
{
    for (;; draw = tl_scramble(draw)) { /* ends: each round is taken with probability over 1/2 */
        double y = zipf->area_last + tl_real_unit(draw) * (zipf->area_first - zipf->area_last);
        double x = area_inverse(zipf, y);
        uint64_t k = x < 1 ? 1 : x >= (double)zipf->count ? zipf->count : (uint64_t)(x + 0.5);
        if (k > zipf->count)
            k = zipf->count;
        if ((double)k - x <= zipf->squeeze ||
            y >= area(zipf, (double)k + 0.5) - weight(zipf, (double)k))
            return k;
    }
}
