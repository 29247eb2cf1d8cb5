/* engine/store/arena.h -- a fixed address for every page, and whether it holds that page now.
 *
 * Page p lives at base + p * page_bytes.  Its state word says, for the env that uses the arena at
 * the moment, whether the bytes there are the page.  Each open takes a new generation number, so
 * nothing is cleared between two envs: words of an older generation read as absent.
 */
#ifndef TL_STORE_ARENA_H
#define TL_STORE_ARENA_H

#include "tl/memory.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { TL_ARENA_ABSENT = 0, TL_ARENA_LOADING = 1, TL_ARENA_RESIDENT = 2 }; /* low bits of a word */

enum { TL_ARENA_SCRATCH_BYTES = 640 * 1024 }; /* 9 pages of the largest size, and room to spare */

struct tl_arena {
    uint8_t *base;
    size_t map_bytes, state_bytes;
    _Atomic uint32_t *states;
    uint8_t *scratch;    /* TL_ARENA_SCRATCH_BYTES for the env's writer */
    uint32_t generation; /* of the present env, shifted left by 2 */
    bool in_use;
};

/* Begin a generation.  TL_BUSY: another env uses the arena. */
TL_MUST_USE tl_status tl_arena_enter(tl_arena *arena);
void tl_arena_leave(tl_arena *arena);

#endif
