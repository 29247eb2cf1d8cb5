/* harness/compare/signed_rank.c -- see signed_rank.h.
 *
 * T and n(n+1)/2 - T have one distribution, so the lower half of the sums is enough; there the
 * ways add up to little more than 2^(n-1), which fits 128 bits up to n = 128.
 */
#include "harness/compare/signed_rank.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 ways_t;

struct tl_signed_rank {
    unsigned n;
    uint32_t max, half; /* half: the largest sum that `at_most` knows */
    ways_t at_most[];   /* ways to a sum of at most its index */
};

tl_status tl_signed_rank_make(unsigned n, tl_signed_rank **distribution)
{
    if (n < 1 || n > TL_SIGNED_RANK_N_MAX)
        return TL_INVALID;
    uint32_t max = n * (n + 1) / 2, half = max / 2;
    tl_signed_rank *made = calloc(1, sizeof *made + (half + 1) * sizeof made->at_most[0]);
    if (made == NULL)
        return TL_NO_MEMORY;
    made->n = n;
    made->max = max;
    made->half = half;
    ways_t *ways = made->at_most;
    ways[0] = 1;
    for (uint32_t rank = 1; rank <= n; rank++)
        for (uint32_t sum = half; sum >= rank; sum--) /* downwards: each rank is used once */
            ways[sum] += ways[sum - rank];
    for (uint32_t sum = 1; sum <= half; sum++)
        ways[sum] += ways[sum - 1];
    *distribution = made;
    return TL_OK;
}

void tl_signed_rank_free(tl_signed_rank *distribution)
{
    free(distribution);
}

unsigned tl_signed_rank_n(const tl_signed_rank *distribution)
{
    return distribution->n;
}

uint32_t tl_signed_rank_max(const tl_signed_rank *distribution)
{
    return distribution->max;
}

static long double lower(const tl_signed_rank *distribution, uint32_t t)
{
    return ldexpl((long double)distribution->at_most[t], -(int)distribution->n);
}

long double tl_signed_rank_at_most(const tl_signed_rank *distribution, uint32_t t)
{
    if (t >= distribution->max)
        return 1;
    if (t <= distribution->half)
        return lower(distribution, t);
    return 1 - lower(distribution, distribution->max - t - 1);
}

long double tl_signed_rank_at_least(const tl_signed_rank *distribution, uint32_t t)
{
    return t > distribution->max ? 0 : tl_signed_rank_at_most(distribution, distribution->max - t);
}

uint32_t tl_signed_rank_critical(const tl_signed_rank *distribution, double level)
{
    uint32_t k = 0;
    while (k <= distribution->half && lower(distribution, k) <= (long double)level)
        k++;
    return k;
}
