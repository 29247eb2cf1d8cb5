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

/* memcpy that allows NULL with no bytes, as empty slices have. */
static inline void tl_copy(void *to, const void *from, size_t size_bytes)
{
    if (size_bytes != 0)
        memcpy(to, from, size_bytes);
}

#endif
