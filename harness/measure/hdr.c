/* harness/measure/hdr.c -- see hdr.h. */
#include "harness/measure/hdr.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BITS_MAX = 62 }; /* of the first row: what the format's other readers allow */

static uint32_t high_bit(uint64_t value)
{
    return 63u - (uint32_t)__builtin_clzll(value);
}

/* The bits that 2 * 10^figures values need. */
static uint32_t row_bits(uint32_t figures)
{
    uint64_t values = 2;
    for (uint32_t i = 0; i < figures; i++)
        values *= 10;
    return high_bit(values - 1) + 1;
}

bool tl_hdr_layout_init(tl_hdr_layout *layout, uint64_t lowest, uint64_t highest, uint32_t figures)
{
    if (lowest == 0 || figures < 1 || figures > TL_HDR_FIGURES_MAX || highest > INT64_MAX ||
        lowest > highest / 2)
        return false;
    uint32_t bits = row_bits(figures), unit_bits = high_bit(lowest);
    if (bits + unit_bits > VALUE_BITS_MAX)
        return false;
    uint32_t value_bits = high_bit(highest) + 1; /* a row more for each bit beyond the first's */
    size_t rows = value_bits > bits + unit_bits ? value_bits - bits - unit_bits : 0;
    *layout = (tl_hdr_layout){
        .lowest = lowest,
        .highest = highest,
        .figures = figures,
        .unit_bits = unit_bits,
        .half_bits = bits - 1,
        .slot_count = (rows + 2) << (bits - 1),
    };
    return true;
}

static tl_hdr_layout layout_known(uint32_t figures)
{
    tl_hdr_layout layout = {0};
    bool valid = tl_hdr_layout_init(&layout, 1, TL_HISTOGRAM_NS_MAX, figures);
    assert(valid);
    (void)valid;
    return layout;
}

tl_hdr_layout tl_hdr_layout_of_histogram(void)
{
    return layout_known(3);
}

tl_hdr_layout tl_hdr_layout_of_interval(void)
{
    return layout_known(TL_HDR_INTERVAL_FIGURES);
}

size_t tl_hdr_slot(const tl_hdr_layout *layout, uint64_t value)
{
    uint64_t units = value >> layout->unit_bits;
    uint64_t first_row = (UINT64_C(2) << layout->half_bits) - 1;
    uint32_t shift = high_bit(units | first_row) - layout->half_bits;
    return ((size_t)shift << layout->half_bits) + (size_t)(units >> shift);
}

static uint32_t slot_shift(const tl_hdr_layout *layout, size_t slot)
{
    size_t row = slot >> layout->half_bits;
    return row < 2 ? 0 : (uint32_t)row - 1;
}

uint64_t tl_hdr_slot_low(const tl_hdr_layout *layout, size_t slot)
{
    uint32_t shift = slot_shift(layout, slot);
    return (uint64_t)(slot - ((size_t)shift << layout->half_bits)) << (shift + layout->unit_bits);
}

uint64_t tl_hdr_slot_high(const tl_hdr_layout *layout, size_t slot)
{
    uint32_t shift = slot_shift(layout, slot) + layout->unit_bits;
    return tl_hdr_slot_low(layout, slot) + (UINT64_C(1) << shift) - 1;
}

tl_hdr *tl_hdr_new(const tl_hdr_layout *layout)
{
    tl_hdr *hdr = calloc(1, sizeof *hdr + layout->slot_count * sizeof hdr->slots[0]);
    if (hdr != NULL)
        hdr->layout = *layout;
    return hdr;
}

void tl_hdr_free(tl_hdr *hdr)
{
    free(hdr);
}

void tl_hdr_reset(tl_hdr *hdr)
{
    hdr->count = hdr->clamped = 0;
    memset(hdr->slots, 0, hdr->layout.slot_count * sizeof hdr->slots[0]);
}

void tl_hdr_record(tl_hdr *hdr, uint64_t value, uint64_t count)
{
    size_t slot = tl_hdr_slot(&hdr->layout, value);
    if (slot >= hdr->layout.slot_count) {
        slot = hdr->layout.slot_count - 1;
        hdr->clamped += count;
    }
    hdr->slots[slot] += count;
    hdr->count += count;
}

void tl_hdr_merge(tl_hdr *into, const tl_hdr *other)
{
    assert(into->layout.slot_count == other->layout.slot_count &&
           into->layout.half_bits == other->layout.half_bits &&
           into->layout.unit_bits == other->layout.unit_bits);
    into->count += other->count;
    into->clamped += other->clamped;
    for (size_t slot = 0; slot < into->layout.slot_count; slot++)
        into->slots[slot] += other->slots[slot];
}

void tl_hdr_add_since(tl_hdr *into, const tl_histogram *later, const tl_histogram *earlier)
{
    assert(into->layout.unit_bits == 0 && into->layout.half_bits <= TL_HISTOGRAM_HALF_BITS);
    uint64_t left = later->count - (earlier == NULL ? 0 : earlier->count);
    into->count += left;
    into->clamped += later->clamped - (earlier == NULL ? 0 : earlier->clamped);
    for (size_t slot = 0; left > 0 && slot < TL_HISTOGRAM_SLOT_COUNT; slot++) {
        uint64_t count = later->slots[slot] - (earlier == NULL ? 0 : earlier->slots[slot]);
        if (count == 0)
            continue;
        left -= count;
        into->slots[tl_hdr_slot(&into->layout, tl_histogram_slot_low(slot))] += count;
    }
}

static uint64_t rank_value(const tl_hdr *hdr, uint64_t rank)
{
    uint64_t seen = 0;
    for (size_t slot = 0; slot < hdr->layout.slot_count; slot++) {
        seen += hdr->slots[slot];
        if (seen >= rank)
            return tl_hdr_slot_high(&hdr->layout, slot);
    }
    return 0;
}

uint64_t tl_hdr_percentile(const tl_hdr *hdr, double percentile)
{
    /* The margin is for products like 99.9 * 1000 / 100, a little above 999 in binary. */
    double rank = ceil(percentile * (double)hdr->count / 100.0 - 1e-6);
    if (hdr->count == 0)
        return 0;
    if (rank >= (double)hdr->count)
        return tl_hdr_max(hdr);
    return rank_value(hdr, rank < 1 ? 1 : (uint64_t)rank);
}

uint64_t tl_hdr_max(const tl_hdr *hdr)
{
    return rank_value(hdr, hdr->count == 0 ? UINT64_MAX : hdr->count);
}
