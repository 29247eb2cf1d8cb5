/* engine/base/bytes.h -- stored integers: little-endian, at any alignment, never by struct cast.
 *
 * The build refuses big-endian hosts, so each helper is one plain load or store.
 */
#ifndef TL_BASE_BYTES_H
#define TL_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t tl_load16(const void *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t tl_load32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t tl_load64(const void *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline void tl_store16(void *at, unsigned value)
{
    uint16_t stored = (uint16_t)value;
    memcpy(at, &stored, sizeof stored);
}

static inline void tl_store32(void *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline void tl_store64(void *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

/* memcpy for at most a handful of bytes, into room for no more than those. */
static inline void tl_copy_few(uint8_t *to, const uint8_t *from, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        to[i] = from[i];
}

/* memcpy for the short lengths of keys and records, without a call, and with NULL for no bytes.
 * Up to 32 bytes go as two pieces that may overlap. */
static inline void tl_copy(void *to, const void *from, size_t size_bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if (size_bytes > 32) {
        memcpy(out, in, size_bytes);
    } else if (size_bytes >= 16) {
        uint8_t first[16], last[16];
        memcpy(first, in, 16);
        memcpy(last, in + size_bytes - 16, 16);
        memcpy(out, first, 16);
        memcpy(out + size_bytes - 16, last, 16);
    } else if (size_bytes >= 8) {
        uint64_t first = tl_load64(in), last = tl_load64(in + size_bytes - 8);
        tl_store64(out, first);
        tl_store64(out + size_bytes - 8, last);
    } else if (size_bytes >= 4) {
        uint32_t first = tl_load32(in), last = tl_load32(in + size_bytes - 4);
        tl_store32(out, first);
        tl_store32(out + size_bytes - 4, last);
    } else {
        tl_copy_few(out, in, size_bytes);
    }
}

#endif
