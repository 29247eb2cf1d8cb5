/* engine/include/tl/memory.h -- where an env takes its memory from.
 *
 * `allocate` gives at least `size_bytes` aligned for any object, or NULL; the content is
 * unspecified.  `release` takes what allocate gave (or NULL) with the same size.  Both may be
 * called from any thread that uses the env.
 */
#ifndef TL_MEMORY_H
#define TL_MEMORY_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tl_memory tl_memory;
struct tl_memory {
    void *(*allocate)(tl_memory *memory, size_t size_bytes);
    void (*release)(tl_memory *memory, void *block, size_t size_bytes);
};

tl_memory *tl_memory_default(void); /* malloc and free; static, never released */

/* An arena is address space for the pages of one open env at a time.  Handing the same arena to
 * the next open saves mapping and faulting memory anew; its old content is never trusted.
 *
 * TL_OK         *arena is ready; release it with tl_arena_destroy after the env that uses it
 * TL_NO_MEMORY  the operating system refused the address space */
typedef struct tl_arena tl_arena;
TL_MUST_USE tl_status tl_arena_create(uint64_t map_bytes, tl_arena **arena); /* 0: 64 GiB */
void tl_arena_destroy(tl_arena *arena);                                      /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
