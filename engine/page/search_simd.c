/* engine/page/search_simd.c -- counting heads below a bound, 16 or 8 at a time.
 *
 * In a sorted array the lower bound is the number of smaller elements.  A few halving steps leave a
 * window that one row of vector compares covers: its loads do not wait for each other, which is
 * what makes it faster than more halving, above all when the lines are not in cache.
 */
#include "engine/page/search.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { WINDOW = 64 }; /* heads that are compared without halving */

/* Halve until the bound lies in a window of WINDOW heads; *base is its first.  The halves are
 * chosen by arithmetic: a branch would be mispredicted every second time. */
static inline unsigned window_find(const uint8_t *heads, unsigned count, uint32_t head,
                                   unsigned *base)
{
    unsigned begin = 0;
    while (count > WINDOW) { /* ends: count shrinks by half of itself */
        unsigned half = count / 2;
        begin += half & (0u - (tl_load32(heads + 4 * (size_t)(begin + half - 1)) < head));
        count -= half;
    }
    *base = begin;
    return count;
}

/* Four rows whatever the length: lanes and whole rows beyond it are masked out, which costs less
 * than a loop whose end has to be guessed, and touches no line of theirs. */
__attribute__((target("avx512f,popcnt,bmi2"))) unsigned
tl_heads_lower_avx512(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned base, length = window_find(heads, count, head, &base);
    uint64_t lanes = length == WINDOW ? ~UINT64_C(0) : (UINT64_C(1) << length) - 1, below = 0;
    __m512i bound = _mm512_set1_epi32((int)head);
    const uint8_t *at = heads + 4 * (size_t)base;
    for (unsigned row = 0; row < WINDOW / 16; row++) {
        __mmask16 present = (__mmask16)(lanes >> (16 * row));
        __m512i row_heads = _mm512_maskz_loadu_epi32(present, at + 64 * (size_t)row);
        below |= (uint64_t)_mm512_mask_cmplt_epu32_mask(present, row_heads, bound) << (16 * row);
    }
    return base + (unsigned)__builtin_popcountll(below);
}

__attribute__((target("avx2,popcnt"))) unsigned tl_heads_lower_avx2(const uint8_t *heads,
                                                                    unsigned count, uint32_t head)
{
    unsigned base, length = window_find(heads, count, head, &base), below = 0, i = 0;
    __m256i sign = _mm256_set1_epi32(INT32_MIN); /* only signed numbers compare */
    __m256i bound = _mm256_xor_si256(_mm256_set1_epi32((int)head), sign);
    for (; i + 8 <= length; i += 8) {
        const uint8_t *at = heads + 4 * (size_t)(base + i);
        __m256i row = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)at), sign);
        __m256i less = _mm256_cmpgt_epi32(bound, row);
        below +=
            (unsigned)__builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(less)));
    }
    for (; i < length; i++)
        below += tl_load32(heads + 4 * (size_t)(base + i)) < head;
    return base + below;
}

unsigned tl_heads_lower(const uint8_t *heads, unsigned count, uint32_t head)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi2"))
        return tl_heads_lower_avx512(heads, count, head);
    if (__builtin_cpu_supports("avx2"))
        return tl_heads_lower_avx2(heads, count, head);
    return tl_heads_lower_scalar(heads, count, head);
}
#else
unsigned tl_heads_lower(const uint8_t *heads, unsigned count, uint32_t head)
{
    return tl_heads_lower_scalar(heads, count, head);
}
#endif
