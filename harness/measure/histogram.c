/* harness/measure/histogram.c -- the cold half of the histogram: reading it.
 *
 * Slots are walked in value order, so one pass with a running count answers any number of
 * ascending percentiles; the curve is that pass.  Ranks are counted from 1: the percentile p of n
 * values is the value of rank ceil(p * n / 100), the definition a sorted array would use.
 */
#include "harness/measure/histogram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

tl_histogram *tl_histogram_new(void)
{
    tl_histogram *histogram = malloc(sizeof *histogram);
    if (histogram != NULL)
        tl_histogram_reset(histogram);
    return histogram;
}

void tl_histogram_free(tl_histogram *histogram)
{
    free(histogram);
}

void tl_histogram_reset(tl_histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
    histogram->min_ns = UINT64_MAX;
}

static unsigned slot_shift(size_t slot)
{
    return slot < 2 * TL_HISTOGRAM_HALF_COUNT ? 0 : (unsigned)(slot >> TL_HISTOGRAM_HALF_BITS) - 1;
}

uint64_t tl_histogram_slot_low(size_t slot)
{
    unsigned shift = slot_shift(slot);
    return (uint64_t)(slot - ((size_t)shift << TL_HISTOGRAM_HALF_BITS)) << shift;
}

uint64_t tl_histogram_slot_high(size_t slot)
{
    return tl_histogram_slot_low(slot) + (UINT64_C(1) << slot_shift(slot)) - 1;
}

static uint64_t percentile_rank(uint64_t count, double percentile)
{
    /* 99.9 * 1000 / 100 is a little above 999 in binary; the margin is far below one rank. */
    double rank = ceil(percentile * (double)count / 100.0 - 1e-6);
    if (rank < 1)
        return 1;
    return rank > (double)count ? count : (uint64_t)rank;
}

/* A place in the walk over all slots: `seen` values lie in the slots before `next`. */
typedef struct slot_walk {
    const tl_histogram *histogram;
    size_t next;
    uint64_t seen;
} slot_walk;

/* The value of rank `rank`, at least the rank of the previous call on the same walk. */
static uint64_t walk_to(slot_walk *walk, uint64_t rank)
{
    const tl_histogram *histogram = walk->histogram;
    if (rank == histogram->count)
        return histogram->max_ns;
    if (rank == 1)
        return histogram->min_ns;
    while (walk->seen < rank && walk->next < TL_HISTOGRAM_SLOT_COUNT)
        walk->seen += histogram->slots[walk->next++];
    uint64_t value_ns = tl_histogram_slot_high(walk->next - 1);
    return value_ns < histogram->max_ns ? value_ns : histogram->max_ns;
}

uint64_t tl_histogram_percentile(const tl_histogram *histogram, double percentile)
{
    if (histogram->count == 0)
        return 0;
    slot_walk walk = {histogram, 0, 0};
    return walk_to(&walk, percentile_rank(histogram->count, percentile));
}

double tl_histogram_mean(const tl_histogram *histogram)
{
    return histogram->count == 0 ? 0.0 : (double)histogram->sum_ns / (double)histogram->count;
}

void tl_histogram_merge(tl_histogram *into, const tl_histogram *other)
{
    into->count += other->count;
    into->sum_ns += other->sum_ns;
    into->clamped += other->clamped;
    if (other->min_ns < into->min_ns)
        into->min_ns = other->min_ns;
    if (other->max_ns > into->max_ns)
        into->max_ns = other->max_ns;
    for (size_t slot = 0; slot < TL_HISTOGRAM_SLOT_COUNT; slot++)
        into->slots[slot] += other->slots[slot];
}

static const double curve_percentiles[] = {
    0,     5,     10,    15,    20,     25,     30,     35,     40,     45,      50,
    55,    60,    65,    70,    75,     80,     85,     90,     92.5,   95,      96,
    97,    98,    99,    99.25, 99.5,   99.6,   99.7,   99.8,   99.9,   99.925,  99.95,
    99.96, 99.97, 99.98, 99.99, 99.992, 99.995, 99.997, 99.998, 99.999, 99.9995, 99.9999,
};
enum { CURVE_COUNT = sizeof curve_percentiles / sizeof curve_percentiles[0] };
static_assert((int)CURVE_COUNT < (int)TL_HISTOGRAM_CURVE_MAX,
              "the maximum needs a point of its own");

size_t tl_histogram_curve(const tl_histogram *histogram,
                          tl_histogram_point points[TL_HISTOGRAM_CURVE_MAX])
{
    if (histogram->count == 0)
        return 0;
    slot_walk walk = {histogram, 0, 0};
    size_t count = 0;
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        uint64_t rank = percentile_rank(histogram->count, curve_percentiles[i]);
        if (rank == histogram->count)
            break; /* from here on every percentile is the maximum */
        points[count++] = (tl_histogram_point){curve_percentiles[i], walk_to(&walk, rank)};
    }
    points[count++] = (tl_histogram_point){100, histogram->max_ns};
    return count;
}
