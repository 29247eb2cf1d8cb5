/* workloads/values.h -- payloads: bytes that look random and can be made again from a number.
 *
 * tl_fill is the payload of every workload and the `fill(len,seed)` of the script language.  Its
 * bytes are a format: they never change, whatever the compiler, the host or the version.
 */
#ifndef TL_WORKLOADS_VALUES_H
#define TL_WORKLOADS_VALUES_H

#include <stddef.h>
#include <stdint.h>

/* Write the first `size_bytes` bytes of the endless payload named `seed` to `buffer`.
 *
 * A shorter fill of one seed is a prefix of a longer one.  Different seeds differ within their
 * first 8 bytes: always when size_bytes >= 8.  `buffer` needs no alignment and may be NULL when
 * size_bytes is 0.  Any number of threads. */
void tl_fill(void *buffer, size_t size_bytes, uint64_t seed);

/* Sizes drawn log-uniformly: each doubling from min_bytes on is equally likely, and inside it each
 * size.  Both ends can be drawn. */
typedef struct tl_sizes {
    uint64_t min_bytes, max_bytes; /* 1 <= min_bytes <= max_bytes, or all sizes 0 */
    uint32_t octave_count;         /* 0: all sizes are min_bytes */
    uint64_t seed;
} tl_sizes;

void tl_sizes_init(tl_sizes *sizes, uint64_t min_bytes, uint64_t max_bytes, uint64_t seed);
uint64_t tl_sizes_at(const tl_sizes *sizes, uint64_t id); /* the size of record `id`; pure */

#endif
