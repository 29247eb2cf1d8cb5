/* engine/base/slice.h -- order and shared beginnings of byte strings. */
#ifndef TL_BASE_SLICE_H
#define TL_BASE_SLICE_H

#include "engine/base/bytes.h"
#include "tl/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline tl_slice tl_slice_of(const void *data, size_t size_bytes)
{
    return (tl_slice){data, size_bytes};
}

/* memcmp order; of two strings with a common beginning the shorter is smaller. */
static inline int tl_bytes_compare(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    size_t common = a_bytes < b_bytes ? a_bytes : b_bytes;
    if (common >= 8) { /* most orders are decided here, without a call */
        uint64_t left = __builtin_bswap64(tl_load64(a)), right = __builtin_bswap64(tl_load64(b));
        if (left != right)
            return left < right ? -1 : 1;
        if (common <= 16) { /* the last eight, some of them for the second time */
            const uint8_t *a_end = (const uint8_t *)a + common,
                          *b_end = (const uint8_t *)b + common;
            left = __builtin_bswap64(tl_load64(a_end - 8));
            right = __builtin_bswap64(tl_load64(b_end - 8));
            if (left != right)
                return left < right ? -1 : 1;
            return (a_bytes > b_bytes) - (a_bytes < b_bytes);
        }
    }
    if (common >= 4 && common < 8) { /* suffixes are often that short */
        const uint8_t *a_end = (const uint8_t *)a + common, *b_end = (const uint8_t *)b + common;
        uint64_t left = (uint64_t)__builtin_bswap32(tl_load32(a)) << 32 |
                        __builtin_bswap32(tl_load32(a_end - 4));
        uint64_t right = (uint64_t)__builtin_bswap32(tl_load32(b)) << 32 |
                         __builtin_bswap32(tl_load32(b_end - 4));
        if (left != right)
            return left < right ? -1 : 1;
        return (a_bytes > b_bytes) - (a_bytes < b_bytes);
    }
    int order = common == 0 ? 0 : memcmp(a, b, common);
    if (order != 0)
        return order;
    return (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static inline int tl_slice_compare(tl_slice a, tl_slice b)
{
    return tl_bytes_compare(a.data, a.size_bytes, b.data, b.size_bytes);
}

/* memcmp == 0 for the short lengths of prefixes, without a call. */
static inline bool tl_bytes_equal(const void *a, const void *b, size_t size_bytes)
{
    const uint8_t *left = a, *right = b;
    size_t at = 0;
    if (size_bytes >= 8) {
        for (; at + 8 < size_bytes; at += 8)
            if (tl_load64(left + at) != tl_load64(right + at))
                return false;
        return tl_load64(left + size_bytes - 8) == tl_load64(right + size_bytes - 8);
    }
    if (size_bytes >= 4)
        return tl_load32(left) == tl_load32(right) &&
               tl_load32(left + size_bytes - 4) == tl_load32(right + size_bytes - 4);
    while (at < size_bytes && left[at] == right[at])
        at++;
    return at == size_bytes;
}

/* How many bytes both begin with, eight at a time: long keys share most of theirs. */
static inline size_t tl_slice_common(tl_slice a, tl_slice b)
{
    const uint8_t *left = a.data, *right = b.data;
    size_t limit = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes, common = 0;
    for (; limit - common >= 8; common += 8) {
        uint64_t differing = tl_load64(left + common) ^ tl_load64(right + common);
        if (differing != 0)
            return common + (unsigned)__builtin_ctzll(differing) / 8; /* little-endian loads */
    }
    while (common < limit && left[common] == right[common])
        common++;
    return common;
}

#endif
