/* engine/page/search_simd.c -- counting heads below a bound, 16, 8 or 4 at a time.
 *
 * In a sorted array the lower bound is the number of smaller elements.  A few halving steps leave a
 * window that one row of vector compares covers: its loads do not wait for each other, which is
 * what makes it faster than more halving, above all when the lines are not in cache.
 */
#include "engine/page/search.h"
#include "tl/engine.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__x86_64__) || defined(__aarch64__)
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

/* The heads of a window that are left when vectors of `step` have been compared. */
static inline unsigned rest_below(const uint8_t *heads, unsigned from, unsigned end, uint32_t head)
{
    unsigned below = 0;
    for (unsigned i = from; i < end; i++)
        below += tl_load32(heads + 4 * (size_t)i) < head;
    return below;
}
#endif

#if defined(__x86_64__)
/* Four rows whatever the length: lanes and whole rows beyond it are masked out, which costs less
 * than a loop whose end has to be guessed, and touches no line of theirs. */
__attribute__((target("avx512f,popcnt,bmi2"))) static unsigned
lower_avx512(const uint8_t *heads, unsigned count, uint32_t head)
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

__attribute__((target("avx2,popcnt"))) static unsigned lower_avx2(const uint8_t *heads,
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
    return base + below + rest_below(heads, base + i, base + length, head);
}

/* Every x86-64 has it; what it lacks is counting bits, so the lanes count themselves. */
static unsigned lower_sse2(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned base, length = window_find(heads, count, head, &base), i = 0;
    __m128i sign = _mm_set1_epi32(INT32_MIN), sums = _mm_setzero_si128();
    __m128i bound = _mm_xor_si128(_mm_set1_epi32((int)head), sign);
    for (; i + 4 <= length; i += 4) {
        const uint8_t *at = heads + 4 * (size_t)(base + i);
        __m128i row = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)at), sign);
        sums = _mm_sub_epi32(sums, _mm_cmplt_epi32(row, bound)); /* less is -1 */
    }
    uint32_t lanes[4];
    _mm_storeu_si128((__m128i *)(void *)lanes, sums);
    return base + lanes[0] + lanes[1] + lanes[2] + lanes[3] +
           rest_below(heads, base + i, base + length, head);
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi2");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__)
static unsigned lower_neon(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned base, length = window_find(heads, count, head, &base), i = 0;
    uint32x4_t bound = vdupq_n_u32(head), sums = vdupq_n_u32(0);
    for (; i + 4 <= length; i += 4) {
        uint32x4_t row = vreinterpretq_u32_u8(vld1q_u8(heads + 4 * (size_t)(base + i)));
        sums = vsubq_u32(sums, vcltq_u32(row, bound)); /* less is -1 */
    }
    return base + vaddvq_u32(sums) + rest_below(heads, base + i, base + length, head);
}
#endif

static unsigned lower_scalar(const uint8_t *heads, unsigned count, uint32_t head)
{
    return tl_heads_lower_scalar(heads, count, head);
}

static bool always(void)
{
    return true;
}

static const tl_search_way rows[] = {
  /* the widest first */
#if defined(__x86_64__)
    {"avx512", "16 heads at a time",          has_avx512, lower_avx512},
    {"avx2",   "8 heads at a time",           has_avx2,   lower_avx2  },
    {"sse2",   "4 heads at a time",           always,     lower_sse2  },
#elif defined(__aarch64__)
    {"neon", "4 heads at a time", always, lower_neon},
#endif
    {"scalar", "halving, one head at a time", always,     lower_scalar},
    {NULL,     NULL,                          NULL,       NULL        },
};

const tl_search_way *tl_search_way_rows(void)
{
    return rows;
}

const tl_search_way *tl_search_way_find(const char *name)
{
    for (const tl_search_way *way = rows; way->name != NULL; way++)
        if ((strcmp(name, "auto") == 0 || strcmp(name, way->name) == 0) && way->available())
            return way;
    return NULL;
}

unsigned tl_heads_lower(const uint8_t *heads, unsigned count, uint32_t head)
{
#if defined(__x86_64__)
    if (has_avx512())
        return lower_avx512(heads, count, head);
    if (has_avx2())
        return lower_avx2(heads, count, head);
    return lower_sse2(heads, count, head);
#elif defined(__aarch64__)
    return lower_neon(heads, count, head);
#else
    return lower_scalar(heads, count, head);
#endif
}

const char *const *tl_simds(void)
{
    static const char *const names[] = {
        "auto",
#if defined(__x86_64__)
        "avx512",
        "avx2",
        "sse2",
#elif defined(__aarch64__)
        "neon",
#endif
        "scalar",
        NULL
    };
    return names;
}
