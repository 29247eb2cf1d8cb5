/* engine/tests/support/storm_keys.h -- the random choices of a storm: keys and values. */
#ifndef TL_TESTS_STORM_KEYS_H
#define TL_TESTS_STORM_KEYS_H

#include "engine/tests/support/model.h"
#include "engine/tests/support/storm.h"

enum { STORM_KEY_BYTES_MAX = 2040 };

typedef struct storm_source {
    uint64_t state;   /* of the generator */
    uint64_t counter; /* behind ascending and descending keys */
    storm_keys keys;
    uint32_t key_bytes_max, record_bytes_max; /* of key and value together */
    uint32_t value_bytes, large_bytes_max;    /* of usual values; of those that fit no leaf */
} storm_source;

uint64_t storm_below(storm_source *source, uint64_t bound); /* 0..bound-1 */
tl_slice storm_fresh_key(storm_source *source, uint8_t bytes[STORM_KEY_BYTES_MAX]);
/* A key of the model or its close neighbour; a fresh one when the model is empty. */
tl_slice storm_near_key(storm_source *source, const model *in, uint8_t bytes[STORM_KEY_BYTES_MAX]);
tl_slice storm_value(storm_source *source, size_t key_bytes, uint8_t *bytes);

#endif
