/* harness/compare/layouts.c -- see layouts.h. */
#include "harness/compare/layouts.h"

#include <math.h>

void tl_layout_spread_add(tl_layout_spread *spread, const double *values, size_t n, size_t layouts)
{
    if (layouts < 2 || n < 2 * layouts)
        return;
    double sum = 0, squares = 0; /* of the sizes of the groups */
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    for (size_t layout = 0; layout < layouts; layout++) {
        double own = 0, count = 0;
        for (size_t i = layout; i < n; i += layouts, count++)
            own += values[i];
        double mean = own / count, away = mean - sum / (double)n;
        spread->between += count * away * away;
        squares += count * count;
        for (size_t i = layout; i < n; i += layouts)
            spread->within += (values[i] - mean) * (values[i] - mean);
    }
    /* With sizes that differ by one, the size that makes the estimate unbiased. */
    double freedom = (double)(layouts - 1), size = ((double)n - squares / (double)n) / freedom;
    spread->between_freedom += layouts - 1;
    spread->within_freedom += n - layouts;
    spread->size += size * freedom;
}

double tl_layout_deviation(const tl_layout_spread *spread)
{
    if (spread->between_freedom == 0 || spread->within_freedom == 0)
        return (double)NAN;
    double freedom = (double)spread->between_freedom;
    double beyond = spread->between / freedom - spread->within / (double)spread->within_freedom;
    return beyond > 0 ? sqrt(beyond / (spread->size / freedom)) : 0;
}
