/* harness/compare/bootstrap.c -- see bootstrap.h.  The median of the Walsh averages of a resample
 * is selected, not sorted for: C. A. R. Hoare, Algorithm 65: find, CACM 4 (1961), 321-322. */
#include "harness/compare/bootstrap.h"

#include "harness/compare/normal.h"
#include "harness/compare/signed_rank.h"
#include "workloads/keys.h"

#include <math.h>
#include <stdlib.h>

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* The `rank`-th smallest, from 0, is put in its place: none before it is larger. */
static double select_rank(double *values, size_t count, size_t rank)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = values[rank];
        size_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (pivot < values[j])
                j--;
            if (i <= j) {
                swap(&values[i], &values[j]);
                i++;
                if (j == 0)
                    break;
                j--;
            }
            if (i > j)
                break;
        }
        if (j < rank)
            low = i;
        if (rank < i)
            high = j;
    }
    return values[rank];
}

static double estimate(const double *values, size_t n, double *averages)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            averages[count++] = values[i] / 2 + values[j] / 2;
    double upper = select_rank(averages, count, count / 2);
    if (count % 2 == 1)
        return upper;
    double below = averages[0];
    for (size_t i = 1; i < count / 2; i++)
        below = averages[i] > below ? averages[i] : below;
    return below / 2 + upper / 2;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double p)
{
    double at = p * (double)count;
    size_t index = at <= 0 ? 0 : (size_t)at;
    return sorted[index < count ? index : count - 1];
}

/* Efron's acceleration: skewness of the estimates that leave one value out. */
static double acceleration(const double *values, size_t n, double *without, double *estimates,
                           double *averages)
{
    double mean = 0, squares = 0, cubes = 0;
    for (size_t left_out = 0; left_out < n; left_out++) {
        size_t kept = 0;
        for (size_t i = 0; i < n; i++)
            if (i != left_out)
                without[kept++] = values[i];
        estimates[left_out] = estimate(without, kept, averages);
        mean += estimates[left_out] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double away = mean - estimates[i];
        squares += away * away;
        cubes += away * away * away;
    }
    return squares > 0 ? cubes / (6 * squares * sqrt(squares)) : 0;
}

static double moved(double z0, double accelerated, double p)
{
    double z = z0 + tl_normal_quantile(p);
    return tl_normal_below(z0 + z / (1 - accelerated * z));
}

tl_status tl_bootstrap_make(const double *values, size_t n, double level, size_t resamples,
                            uint64_t seed, tl_bootstrap *bootstrap)
{
    if (n < 2 || n > TL_SIGNED_RANK_N_MAX || resamples < 100 || !(level > 0 && level < 0.5))
        return TL_INVALID;
    double *estimates = malloc((resamples + n) * sizeof *estimates);
    double *drawn = malloc(n * sizeof *drawn);
    double *averages = malloc(n * (n + 1) / 2 * sizeof *averages);
    tl_status status = TL_NO_MEMORY;
    if (estimates == NULL || drawn == NULL || averages == NULL)
        goto end;
    double of_all = estimate(values, n, averages), below = 0;
    tl_dice dice;
    tl_dice_init(&dice, seed);
    for (size_t i = 0; i < resamples; i++) {
        for (size_t j = 0; j < n; j++)
            drawn[j] = values[tl_dice_below(&dice, n)];
        estimates[i] = estimate(drawn, n, averages);
        below += estimates[i] < of_all ? 1 : estimates[i] == of_all ? 0.5 : 0;
    }
    double *left_out = estimates + resamples;
    double accelerated = acceleration(values, n, drawn, left_out, averages);
    double share = below / (double)resamples, edge = 0.5 / (double)resamples;
    double z0 = tl_normal_quantile(share < edge ? edge : share > 1 - edge ? 1 - edge : share);
    qsort(estimates, resamples, sizeof *estimates, ascending);
    *bootstrap = (tl_bootstrap){
        .percentile_lower = quantile(estimates, resamples, level),
        .percentile_upper = quantile(estimates, resamples, 1 - level),
        .bca_lower = quantile(estimates, resamples, moved(z0, accelerated, level)),
        .bca_upper = quantile(estimates, resamples, moved(z0, accelerated, 1 - level)),
    };
    status = TL_OK;
end:
    free(estimates);
    free(drawn);
    free(averages);
    return status;
}
