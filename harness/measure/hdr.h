/* harness/measure/hdr.h -- HdrHistogram's layout for any range and precision, and counts in it.
 *
 * histogram.h records, at one layout that the compiler knows; this is what exchanges counts with
 * other tools and keeps those of short intervals: any layout, allocated, not for a hot path.
 *
 * A layout is three numbers.  Values are cut to multiples of the largest power of two that is not
 * above `lowest`; from there a row of buckets covers the values that 2 * 10^figures units reach,
 * and further rows double value and width:
 *
 *     slot    0 .......... h-1 | h ........ 2h-1 | 2h ....... 3h-1 | ...       h = 2^half_bits
 *     unit    1                | 1               | 2               | ...       times 2^unit_bits
 *
 * A bucket is at most 10^-figures of its values wide.
 *
 * Source: the layout is that of HdrHistogram (G. Tene), worked out from its published description.
 *
 * Threads   one histogram is used by one thread at a time.
 */
#ifndef TL_HARNESS_HDR_H
#define TL_HARNESS_HDR_H

#include "harness/measure/histogram.h"

#include <stdbool.h>

enum {
    TL_HDR_FIGURES_MAX = 5,
    TL_HDR_INTERVAL_FIGURES = 2, /* of histograms of an interval: 36 KiB, at most 1 % wide */
};

typedef struct tl_hdr_layout {
    uint64_t lowest, highest; /* as given; the last bucket reaches further than `highest` */
    uint32_t figures;         /* 1..TL_HDR_FIGURES_MAX */
    uint32_t unit_bits, half_bits;
    size_t slot_count;
} tl_hdr_layout;

/* False: lowest is 0, highest is below 2 * lowest or above INT64_MAX, the figures are out
 * of range, or one row of buckets alone leaves 62 bits. */
bool tl_hdr_layout_init(tl_hdr_layout *layout, uint64_t lowest, uint64_t highest, uint32_t figures);
tl_hdr_layout tl_hdr_layout_of_histogram(void); /* the one of histogram.h, slot for slot */
tl_hdr_layout tl_hdr_layout_of_interval(void);  /* the same range at TL_HDR_INTERVAL_FIGURES */

size_t tl_hdr_slot(const tl_hdr_layout *layout, uint64_t value); /* may be past slot_count */
uint64_t tl_hdr_slot_low(const tl_hdr_layout *layout, size_t slot);
uint64_t tl_hdr_slot_high(const tl_hdr_layout *layout, size_t slot);

typedef struct tl_hdr {
    tl_hdr_layout layout;
    uint64_t count;   /* the sum of all slots */
    uint64_t clamped; /* of those: values beyond the last bucket, which counts them */
    uint64_t slots[]; /* layout.slot_count */
} tl_hdr;

tl_hdr *tl_hdr_new(const tl_hdr_layout *layout); /* empty; NULL when memory is short */
void tl_hdr_free(tl_hdr *hdr);                   /* NULL is fine */
void tl_hdr_reset(tl_hdr *hdr);

void tl_hdr_record(tl_hdr *hdr, uint64_t value, uint64_t count); /* `count` times */
/* Add all counts of `other`, which has the same layout. */
void tl_hdr_merge(tl_hdr *into, const tl_hdr *other);
/* Add what `later` counts beyond `earlier`, an older copy of it or NULL for an empty one.  `into`
 * has histogram.h's range, and its buckets are whole ones of histogram.h or several of them. */
void tl_hdr_add_since(tl_hdr *into, const tl_histogram *later, const tl_histogram *earlier);

/* The upper end of the bucket that holds the value of rank ceil(percentile * count / 100); 0 when
 * nothing was recorded. */
uint64_t tl_hdr_percentile(const tl_hdr *hdr, double percentile);
uint64_t tl_hdr_max(const tl_hdr *hdr);

#endif
