/* engine/base/slice.h -- order and shared beginnings of byte strings. */
#ifndef TL_BASE_SLICE_H
#define TL_BASE_SLICE_H

#include "engine/base/bytes.h"
#include "tl/slice.h"

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
    int order = common == 0 ? 0 : memcmp(a, b, common);
    if (order != 0)
        return order;
    return (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static inline int tl_slice_compare(tl_slice a, tl_slice b)
{
    return tl_bytes_compare(a.data, a.size_bytes, b.data, b.size_bytes);
}

static inline size_t tl_slice_common(tl_slice a, tl_slice b)
{
    const uint8_t *left = a.data, *right = b.data;
    size_t limit = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes, common = 0;
    while (common < limit && left[common] == right[common])
        common++;
    return common;
}

#endif
