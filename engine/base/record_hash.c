/* engine/base/record_hash.c -- the content hash of one record; sums of it name whole contents.
 *
 * Eight bytes a step, each folded through one multiplication and a shift, lengths first, so that
 * ("ab","c") and ("a","bc") differ.  Not for adversaries.
 */
#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "tl/engine.h"

static uint64_t hash_bytes(uint64_t hash, const uint8_t *at, size_t size_bytes)
{
    const uint64_t odd = UINT64_C(0xd6e8feb86659fd93);
    for (; size_bytes >= 8; at += 8, size_bytes -= 8) {
        hash = (hash ^ tl_load64(at)) * odd;
        hash ^= hash >> 32;
    }
    if (size_bytes != 0) {
        uint64_t rest = 0;
        memcpy(&rest, at, size_bytes);
        hash = (hash ^ rest) * odd;
        hash ^= hash >> 32;
    }
    return hash;
}

uint64_t tl_record_hash(tl_slice key, tl_slice value)
{
    uint64_t hash = tl_mix64(key.size_bytes * UINT64_C(0x100000001b3) + value.size_bytes + 1);
    hash = hash_bytes(hash, key.data, key.size_bytes);
    hash = hash_bytes(hash, value.data, value.size_bytes);
    return tl_mix64(hash);
}
