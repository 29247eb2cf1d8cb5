/* engine/base/vector.h -- a growing array of plain elements; growth can fail, pushing cannot.
 *
 * Room is secured first (tl_vector_reserve), then elements are pushed where failure would be
 * awkward.  TL_VECTOR(type) declares one.
 */
#ifndef TL_BASE_VECTOR_H
#define TL_BASE_VECTOR_H

#include "tl/memory.h"

#include <string.h>

#define TL_VECTOR(type)                                                                            \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t count, capacity;                                                                    \
    }

/* Room for `extra` more elements.  TL_NO_MEMORY changes nothing. */
#define tl_vector_reserve(vector, memory, extra)                                                   \
    tl_vector_grow((memory), (void **)&(vector)->at, (vector)->count, &(vector)->capacity,         \
                   (extra), sizeof *(vector)->at)
#define tl_vector_push(vector, element) ((vector)->at[(vector)->count++] = (element))
#define tl_vector_release(vector, memory)                                                          \
    do {                                                                                           \
        if ((vector)->at != NULL)                                                                  \
            (memory)->release((memory), (vector)->at, (vector)->capacity * sizeof *(vector)->at);  \
        (vector)->at = NULL;                                                                       \
        (vector)->count = (vector)->capacity = 0;                                                  \
    } while (0)

TL_MUST_USE static inline tl_status tl_vector_grow(tl_memory *memory, void **at, size_t count,
                                                   size_t *capacity, size_t extra,
                                                   size_t element_bytes)
{
    if (*capacity - count >= extra)
        return TL_OK;
    size_t wanted = (count + extra) + (count + extra) / 2 + 8;
    void *block = memory->allocate(memory, wanted * element_bytes);
    if (block == NULL)
        return TL_NO_MEMORY;
    if (*at != NULL) {
        memcpy(block, *at, count * element_bytes);
        memory->release(memory, *at, *capacity * element_bytes);
    }
    *at = block;
    *capacity = wanted;
    return TL_OK;
}

#endif
