/* harness/compare/walsh.c -- see walsh.h.  At n = 128 there are 8256 averages: they are sorted. */
#include "harness/compare/walsh.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

tl_status tl_walsh_make(const double *values, size_t n, tl_walsh *walsh)
{
    if (n < 1 || n > TL_SIGNED_RANK_N_MAX)
        return TL_INVALID;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return TL_INVALID;
    tl_walsh made = {.n = n, .count = n * (n + 1) / 2};
    made.averages = malloc(made.count * sizeof *made.averages);
    if (made.averages == NULL)
        return TL_NO_MEMORY;
    tl_status status = tl_signed_rank_make((unsigned)n, &made.t);
    if (status != TL_OK) {
        free(made.averages);
        return status;
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            made.averages[at++] = values[i] / 2 + values[j] / 2;
    qsort(made.averages, made.count, sizeof *made.averages, ascending);
    *walsh = made;
    return TL_OK;
}

void tl_walsh_release(tl_walsh *walsh)
{
    free(walsh->averages);
    tl_signed_rank_free(walsh->t);
    *walsh = (tl_walsh){0};
}

double tl_walsh_estimate(const tl_walsh *walsh)
{
    size_t middle = walsh->count / 2;
    if (walsh->count % 2 == 1)
        return walsh->averages[middle];
    return walsh->averages[middle - 1] / 2 + walsh->averages[middle] / 2;
}

bool tl_walsh_lower(const tl_walsh *walsh, double level, double *bound)
{
    uint32_t k = tl_signed_rank_critical(walsh->t, level);
    if (k == 0)
        return false;
    *bound = walsh->averages[k - 1];
    return true;
}

bool tl_walsh_upper(const tl_walsh *walsh, double level, double *bound)
{
    uint32_t k = tl_signed_rank_critical(walsh->t, level);
    if (k == 0)
        return false;
    *bound = walsh->averages[walsh->count - k];
    return true;
}

double tl_walsh_p_above(const tl_walsh *walsh, double value)
{
    uint32_t above = 0;
    while (above < walsh->count && walsh->averages[walsh->count - 1 - above] > value)
        above++;
    return (double)tl_signed_rank_at_least(walsh->t, above);
}

double tl_walsh_p_below(const tl_walsh *walsh, double value)
{
    uint32_t below = 0;
    while (below < walsh->count && walsh->averages[below] < value)
        below++;
    return (double)tl_signed_rank_at_least(walsh->t, below);
}
