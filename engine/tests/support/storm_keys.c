/* engine/tests/support/storm_keys.c -- see storm_keys.h. */
#include "engine/tests/support/storm_keys.h"
#include "engine/base/hash.h"

#include <stdio.h>

uint64_t storm_below(storm_source *source, uint64_t bound)
{
    return tl_random_next(&source->state) % bound;
}

static void fill(storm_source *source, uint8_t *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (uint8_t)storm_below(source, 256);
}

static size_t big_endian(uint64_t number, uint8_t *bytes)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return 8;
}

static size_t prefix_key(storm_source *source, uint8_t *bytes)
{
    char text[32];
    int size = snprintf(text, sizeof text, "user%012llu",
                        (unsigned long long)storm_below(source, 1000000));
    memcpy(bytes, text, (size_t)size);
    return (size_t)size;
}

static size_t short_key(storm_source *source, uint8_t *bytes)
{
    static const uint8_t alphabet[] = {0x00, 0x01, 'a', 0xff};
    size_t size = 1 + storm_below(source, 5);
    for (size_t i = 0; i < size; i++)
        bytes[i] = alphabet[storm_below(source, sizeof alphabet)];
    return size;
}

static size_t long_key(storm_source *source, uint8_t *bytes)
{
    size_t size = source->key_bytes_max - storm_below(source, 3);
    memset(bytes, 'k', size);
    bytes[storm_below(source, size)] = (uint8_t)('j' + storm_below(source, 3));
    fill(source, bytes + size - (size < 4 ? size : 4), size < 4 ? size : 4);
    return size;
}

tl_slice storm_fresh_key(storm_source *source, uint8_t bytes[STORM_KEY_BYTES_MAX])
{
    storm_keys keys = source->keys;
    size_t size = 0;
    if (keys == STORM_KEYS_ALL)
        keys = (storm_keys)storm_below(source, STORM_KEYS_ALL);
    switch (keys) {
    case STORM_KEYS_ASCENDING:
        size = big_endian(UINT64_C(1) << 40 | ++source->counter, bytes);
        break;
    case STORM_KEYS_DESCENDING:
        size = big_endian((UINT64_C(1) << 40) - ++source->counter, bytes);
        break;
    case STORM_KEYS_PREFIX:
        size = prefix_key(source, bytes);
        break;
    case STORM_KEYS_SHORT:
        size = short_key(source, bytes);
        break;
    case STORM_KEYS_LONG:
        size = long_key(source, bytes);
        break;
    default:
        size = 1 + storm_below(source, 24);
        fill(source, bytes, size);
    }
    return tl_slice_of(bytes, size);
}

tl_slice storm_near_key(storm_source *source, const model *in, uint8_t bytes[STORM_KEY_BYTES_MAX])
{
    if (in->count == 0)
        return storm_fresh_key(source, bytes);
    tl_slice key = model_key(in, storm_below(source, in->count));
    size_t size = key.size_bytes;
    memcpy(bytes, key.data, size);
    switch (storm_below(source, 16)) {
    case 0: /* its immediate successor, if that is not too long */
        bytes[size] = 0;
        size += size < source->key_bytes_max;
        break;
    case 1: /* something just above or below */
        bytes[size - 1] = (uint8_t)(bytes[size - 1] + 1 + storm_below(source, 255));
        break;
    case 2: /* a beginning of it */
        size = 1 + storm_below(source, size);
        break;
    default:
        break;
    }
    return tl_slice_of(bytes, size);
}

tl_slice storm_value(storm_source *source, size_t key_bytes, uint8_t *bytes)
{
    size_t most = source->record_bytes_max - key_bytes, size = 0;
    size_t usual = source->value_bytes < most ? source->value_bytes : most;
    switch (storm_below(source, 16)) {
    case 0:
        break; /* empty */
    case 1:
        size = storm_below(source, most + 1);
        break;
    case 2:
        size = storm_below(source, 8) == 0 ? most : storm_below(source, usual + 1);
        break;
    case 3:
    case 4:
    case 5:
        size = usual;
        break;
    case 6:
        if (storm_below(source, 4) == 0) { /* in an extent; short ones most of the time */
            size_t bound = (source->large_bytes_max - most) >> storm_below(source, 8);
            size = most + 1 + storm_below(source, bound);
            break;
        }
        size = storm_below(source, usual + 1);
        break;
    default:
        size = storm_below(source, usual + 1);
    }
    uint64_t word = storm_below(source, UINT64_MAX);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(word >> (i % 8 * 8)) ^ (uint8_t)(i / 8);
    return tl_slice_of(bytes, size);
}
