/* engine/base/checksum.c -- CRC32C by table, and by the processor in three lanes.
 *
 * The crc32 instruction takes three cycles but can start every cycle, so three lanes of 256 bytes
 * run side by side.  A lane's value is carried over the n bytes that follow it by multiplying with
 * x^(8n) modulo the polynomial: a carry-less product with x^(8n-33), whose reduction is one more
 * crc32 step (which itself multiplies by x^32; reflection costs the missing x).
 *
 * Summing what is copied anyway is nearly free when both are done in one pass: the stores fit
 * between the steps of the lanes, and the bytes are fetched once.
 */
#include "engine/base/checksum.h"
#include "engine/base/bytes.h"

enum { LANE_BYTES = 256, AHEAD_BYTES = 4096 };

/* The CRC of each half byte: small, and fast enough for a fallback. */
static const uint32_t nibble_table[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t tl_crc32c_table(uint32_t crc, const void *data, size_t size_bytes)
{
    const uint8_t *at = data;
    crc = ~crc;
    for (size_t i = 0; i < size_bytes; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ nibble_table[crc & 15];
        crc = (crc >> 4) ^ nibble_table[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

bool tl_crc32c_has_hardware(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

/* `crc` carried over the zero bytes that `factor` stands for. */
__attribute__((target("sse4.2,pclmul"))) static uint64_t lane_shift(uint64_t crc, uint64_t factor)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc),
                                           _mm_cvtsi64_si128((long long)factor), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* One step of a lane: the word at `at`, which is also stored when there is somewhere to. */
__attribute__((target("sse4.2,pclmul"), always_inline)) static inline uint64_t
lane_step(uint64_t crc, const uint8_t *at, uint8_t *to, size_t offset)
{
    uint64_t word = tl_load64(at + offset);
    if (to != NULL) /* known where this is inlined */
        tl_store64(to + offset, word);
    return _mm_crc32_u64(crc, word);
}

__attribute__((target("sse4.2,pclmul"), always_inline)) static inline uint32_t
three_lanes(uint32_t crc, uint8_t *to, const uint8_t *at, size_t size_bytes)
{
    static const uint64_t over_one_lane = 0xb9e02b86, over_two_lanes = 0xdd7e3b0c;
    uint64_t a = (uint32_t)~crc;
    while (size_bytes >= 3 * LANE_BYTES) {
        uint64_t b = 0, c = 0;
        if (to != NULL)
            for (size_t i = 0; i < 3 * LANE_BYTES; i += 64)
                __builtin_prefetch(to + AHEAD_BYTES + i, 1);
        for (size_t i = 0; i < LANE_BYTES; i += 8) {
            a = lane_step(a, at, to, i);
            b = lane_step(b, at, to, LANE_BYTES + i);
            c = lane_step(c, at, to, 2 * LANE_BYTES + i);
        }
        a = lane_shift(a, over_two_lanes) ^ lane_shift(b, over_one_lane) ^ c;
        at += 3 * LANE_BYTES;
        if (to != NULL)
            to += 3 * LANE_BYTES;
        size_bytes -= 3 * LANE_BYTES;
    }
    size_t done = 0;
    for (; size_bytes - done >= 8; done += 8)
        a = lane_step(a, at, to, done);
    uint32_t rest = (uint32_t)a;
    for (; done < size_bytes; done++) {
        if (to != NULL)
            to[done] = at[done];
        rest = _mm_crc32_u8(rest, at[done]);
    }
    return ~rest;
}

__attribute__((target("sse4.2,pclmul"))) uint32_t tl_crc32c_hardware(uint32_t crc, const void *data,
                                                                     size_t size_bytes)
{
    return three_lanes(crc, NULL, data, size_bytes);
}

__attribute__((target("sse4.2,pclmul"))) uint32_t
tl_crc32c_hardware_copy(uint32_t crc, void *to, const void *data, size_t size_bytes)
{
    return three_lanes(crc, to, data, size_bytes);
}
#else
bool tl_crc32c_has_hardware(void)
{
    return false;
}

uint32_t tl_crc32c_hardware(uint32_t crc, const void *data, size_t size_bytes)
{
    return tl_crc32c_table(crc, data, size_bytes);
}

uint32_t tl_crc32c_hardware_copy(uint32_t crc, void *to, const void *data, size_t size_bytes)
{
    memcpy(to, data, size_bytes);
    return tl_crc32c_table(crc, data, size_bytes);
}
#endif

uint32_t tl_crc32c(uint32_t crc, const void *data, size_t size_bytes)
{
    return tl_crc32c_has_hardware() ? tl_crc32c_hardware(crc, data, size_bytes)
                                    : tl_crc32c_table(crc, data, size_bytes);
}

uint32_t tl_crc32c_copy(uint32_t crc, void *to, const void *data, size_t size_bytes)
{
    if (tl_crc32c_has_hardware())
        return tl_crc32c_hardware_copy(crc, to, data, size_bytes);
    memcpy(to, data, size_bytes);
    return tl_crc32c_table(crc, data, size_bytes);
}
