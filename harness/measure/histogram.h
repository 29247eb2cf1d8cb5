/* harness/measure/histogram.h -- latencies, counted in buckets whose width follows the value.
 *
 * The layout is HdrHistogram's for 1 ns .. 1 h at 3 significant figures, so that counts can be
 * exchanged with its tools slot by slot.  Values below 2048 ns have a bucket each; from there on
 * the buckets double their width with every power of two:
 *
 *     slot      0 ........ 2047 | 2048 .... 3071 | 3072 .... 4095 | ...
 *     value     0 ........ 2047 | 2048 .... 4095 | 4096 .... 8191 | ...
 *     width     1               | 2              | 4              | ...
 *
 * A bucket is at most 1/1024 of its values wide: a percentile is at most 0.1 % above the truth and
 * never below it.  Count, minimum, maximum and mean are exact.  Values beyond one hour are counted
 * in the last bucket and in `clamped`; nothing is dropped.
 *
 * Threads   one histogram is used by one thread at a time; merge afterwards.
 * Memory    264 KiB each; a run touches few of these pages.
 */
#ifndef TL_HARNESS_HISTOGRAM_H
#define TL_HARNESS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define TL_HISTOGRAM_NS_MAX UINT64_C(3600000000000) /* one hour */
enum {
    TL_HISTOGRAM_HALF_BITS = 10, /* a bucket row has 2^10 slots */
    TL_HISTOGRAM_HALF_COUNT = 1 << TL_HISTOGRAM_HALF_BITS,
    TL_HISTOGRAM_SLOT_COUNT = 33 * TL_HISTOGRAM_HALF_COUNT, /* 33792: up to 2^42 - 1 ns */
};

typedef struct tl_histogram {
    uint64_t count, sum_ns, clamped;
    uint64_t min_ns, max_ns; /* min_ns is UINT64_MAX while count is 0 */
    uint64_t slots[TL_HISTOGRAM_SLOT_COUNT];
} tl_histogram;

tl_histogram *tl_histogram_new(void); /* empty; NULL when memory is short */
void tl_histogram_free(tl_histogram *histogram);
void tl_histogram_reset(tl_histogram *histogram);

/* The slot that counts `value_ns`, which is at most TL_HISTOGRAM_NS_MAX. */
static inline size_t tl_histogram_slot(uint64_t value_ns)
{
    unsigned high_bit =
        63u - (unsigned)__builtin_clzll(value_ns | (2 * TL_HISTOGRAM_HALF_COUNT - 1));
    unsigned shift = high_bit - TL_HISTOGRAM_HALF_BITS;
    return ((size_t)shift << TL_HISTOGRAM_HALF_BITS) + (size_t)(value_ns >> shift);
}

static inline void tl_histogram_record(tl_histogram *histogram, uint64_t value_ns)
{
    histogram->count++;
    histogram->sum_ns += value_ns;
    if (value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
    if (__builtin_expect(value_ns > TL_HISTOGRAM_NS_MAX, 0)) {
        histogram->clamped++;
        value_ns = TL_HISTOGRAM_NS_MAX;
    }
    histogram->slots[tl_histogram_slot(value_ns)]++;
}

uint64_t tl_histogram_slot_low(size_t slot);  /* the smallest value that `slot` counts */
uint64_t tl_histogram_slot_high(size_t slot); /* the largest */

/* The smallest recorded value, up to a bucket's width, that at least `percentile` percent of all
 * values do not exceed.  0 is the minimum, 100 the maximum; 0 when nothing was recorded. */
uint64_t tl_histogram_percentile(const tl_histogram *histogram, double percentile);
double tl_histogram_mean(const tl_histogram *histogram); /* 0 when nothing was recorded */

/* Add all values of `other` to `into`. */
void tl_histogram_merge(tl_histogram *into, const tl_histogram *other);

typedef struct tl_histogram_point {
    double percentile; /* 0 .. 100 */
    uint64_t value_ns;
} tl_histogram_point;

/* What a latency-by-percentile plot needs: even steps first, then ever closer to 100, no further
 * than the number of values supports.  The last point is the maximum. */
enum { TL_HISTOGRAM_CURVE_MAX = 48 };
size_t tl_histogram_curve(const tl_histogram *histogram,
                          tl_histogram_point points[TL_HISTOGRAM_CURVE_MAX]);

#endif
