/* harness/fault/versions.c -- see versions.h. */
#include "harness/fault/versions.h"

#include "harness/fault/simdisk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(TL_SECTOR_BYTES == 512, "tl_version_bytes counts on it");

enum { FIRST_CAPACITY = 1024 };

static tl_status versions_reserve(tl_versions *versions, uint64_t wanted)
{
    if (wanted <= versions->capacity)
        return TL_OK;
    uint64_t capacity = versions->capacity == 0 ? FIRST_CAPACITY : versions->capacity;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > UINT32_MAX)
        return TL_NO_MEMORY;
    uint8_t *bytes = realloc(versions->bytes, (size_t)capacity * TL_SECTOR_BYTES);
    if (bytes == NULL)
        return TL_NO_MEMORY;
    versions->bytes = bytes;
    tl_hash128 *hashes = realloc(versions->hashes, (size_t)capacity * sizeof *hashes);
    if (hashes == NULL)
        return TL_NO_MEMORY;
    versions->hashes = hashes;
    uint64_t *sums = realloc(versions->sums, ((size_t)capacity + 1) * sizeof *sums);
    if (sums == NULL)
        return TL_NO_MEMORY;
    versions->sums = sums;
    versions->capacity = (uint32_t)capacity;
    return TL_OK;
}

tl_status tl_versions_init(tl_versions *versions)
{
    *versions = (tl_versions){0};
    uint32_t zeros = 0;
    tl_status status = tl_versions_add(versions, 1, &zeros);
    if (status != TL_OK) {
        tl_versions_clear(versions);
        return status;
    }
    memset(versions->bytes, 0, TL_SECTOR_BYTES);
    versions->hashes[0] = (tl_hash128){0, 0}; /* so that growing a file adds nothing to a sum */
    versions->sums[0] = versions->sums[1] = 0;
    versions->hashed_count = 1;
    return TL_OK;
}

void tl_versions_clear(tl_versions *versions)
{
    free(versions->bytes);
    free(versions->hashes);
    free(versions->sums);
    *versions = (tl_versions){0};
}

tl_status tl_versions_add(tl_versions *versions, uint32_t added, uint32_t *first)
{
    tl_status status = versions_reserve(versions, (uint64_t)versions->count + added);
    if (status != TL_OK)
        return status;
    *first = versions->count;
    versions->count += added;
    return TL_OK;
}

void tl_versions_release(tl_versions *versions, uint32_t mark)
{
    assert(mark >= 1 && mark <= versions->count);
    versions->count = mark;
    if (versions->hashed_count > mark)
        versions->hashed_count = mark;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

/* Two chains over the same words with different steps; a multiplication by an odd number and a
 * rotation each, which every input bit passes. */
static tl_hash128 sector_hash(const uint8_t *bytes)
{
    uint64_t low = UINT64_C(0x243f6a8885a308d3), high = UINT64_C(0x13198a2e03707344);
    for (size_t at = 0; at < TL_SECTOR_BYTES; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        low = rotate((low ^ word) * UINT64_C(0x9e3779b97f4a7c15), 29);
        high = (rotate(high, 23) + word) * UINT64_C(0xc2b2ae3d27d4eb4f);
    }
    low ^= low >> 31;
    high ^= high >> 29;
    return (tl_hash128){low | 1, high | 1}; /* never the neutral {0, 0} of the zeros */
}

/* A polynomial in this, modulo 2^64: odd, so no step loses bits. */
#define ROW_BASE UINT64_C(0x9e3779b97f4a7c15)

void tl_version_hash_up_to(tl_versions *versions, uint32_t version)
{
    assert(version < versions->count);
    for (; versions->hashed_count <= version; versions->hashed_count++) {
        uint32_t next = versions->hashed_count;
        const uint8_t *bytes = tl_version_bytes(versions, next);
        static const uint8_t zeros[TL_SECTOR_BYTES];
        versions->hashes[next] =
            memcmp(bytes, zeros, TL_SECTOR_BYTES) == 0 ? (tl_hash128){0, 0} : sector_hash(bytes);
        versions->sums[next + 1] = versions->sums[next] * ROW_BASE + versions->hashes[next].low;
    }
}

static uint64_t row_power(uint32_t exponent)
{
    static const uint64_t of_eight = /* the usual page of 4 KiB */
        ROW_BASE * ROW_BASE * ROW_BASE * ROW_BASE * ROW_BASE * ROW_BASE * ROW_BASE * ROW_BASE;
    uint64_t power = 1;
    for (; exponent >= 8; exponent -= 8)
        power *= of_eight;
    for (; exponent > 0; exponent--)
        power *= ROW_BASE;
    return power;
}

uint64_t tl_version_row_hash(tl_versions *versions, uint64_t hash, uint32_t first, uint32_t count)
{
    if (first + count > versions->hashed_count)
        tl_version_hash_up_to(versions, first + count - 1);
    uint64_t row = versions->sums[first + count] - versions->sums[first] * row_power(count);
    return hash * row_power(count) + row;
}
