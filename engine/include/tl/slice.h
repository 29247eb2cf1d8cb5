/* engine/include/tl/slice.h -- borrowed bytes: not owned, not NUL-terminated. */
#ifndef TL_SLICE_H
#define TL_SLICE_H

#include <stddef.h>

typedef struct tl_slice {
    const void *data; /* may be NULL when size_bytes is 0 */
    size_t size_bytes;
} tl_slice;

#endif
