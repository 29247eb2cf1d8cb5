/* engine/env/range.h -- ranges as the public face states them, made half-open. */
#ifndef TL_ENV_RANGE_H
#define TL_ENV_RANGE_H

#include "engine/tree/range.h"

typedef struct tl_range_copy { /* bounds that own their bytes */
    size_t lower_bytes, upper_bytes;
    uint8_t lower[TL_BOUND_BYTES_MAX], upper[TL_BOUND_BYTES_MAX];
} tl_range_copy;

/* TL_KEY_SIZE: a bound is longer than any key. */
TL_MUST_USE tl_status tl_range_copy_make(tl_range_copy *copy, const tl_range *range,
                                         uint32_t max_key_bytes);

static inline tl_bounds tl_range_copy_bounds(const tl_range_copy *copy)
{
    return (tl_bounds){
        {copy->lower, copy->lower_bytes},
        {copy->upper, copy->upper_bytes}
    };
}

#endif
