/* engine/base/prefetch.h -- asking for memory before it is read.
 *
 * To the compiler a function that only prefetches does nothing at all, so gcc drops the calls that
 * it has not inlined by then (seen with 12.2: two of three kinds of prefetch in get_many were
 * gone).  TL_PREFETCHER functions are inlined in any case.
 */
#ifndef TL_BASE_PREFETCH_H
#define TL_BASE_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

#define TL_PREFETCHER __attribute__((always_inline)) static inline

enum { TL_LINE_BYTES = 64 };

/* The lines that hold begin..begin+bytes-1; `begin` may lie anywhere in its line. */
TL_PREFETCHER void tl_prefetch(const uint8_t *begin, size_t bytes)
{
    const uint8_t *end = begin + bytes;
    for (const uint8_t *line = begin - ((uintptr_t)begin & (TL_LINE_BYTES - 1)); line < end;
         line += TL_LINE_BYTES)
        __builtin_prefetch(line);
}

#endif
