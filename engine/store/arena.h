/* engine/store/arena.h -- a fixed address for every page, and whether it holds that page now.
 *
 * Page p lives at base + p * page_bytes.  Its state word says, for the env that uses the arena at
 * the moment, whether the bytes there are the page.  Each open takes a new generation number, so
 * nothing is cleared between two envs: words of an older generation read as absent.
 */
#ifndef TL_STORE_ARENA_H
#define TL_STORE_ARENA_H

#include "engine/platform/platform.h"
#include "tl/memory.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { /* low bits of a word */
       TL_ARENA_ABSENT = 0,
       TL_ARENA_LOADING = 1,
       TL_ARENA_RESIDENT = 2,
       TL_ARENA_PASSED = 3 /* not read, as a simulated disk knew it: counts as resident */
};

enum { TL_ARENA_SCRATCH_BYTES = 640 * 1024 }; /* 9 pages of the largest size, and room to spare */

/* A thread that takes memory for pages before the writer needs it: see arena_ahead.c. */
typedef struct tl_ahead {
    tl_thread thread;
    tl_mutex mutex;
    tl_condition wake;
    size_t begin_bytes, end_bytes; /* of the arena: still to be touched */
    bool runs, leave, refused;
} tl_ahead;

struct tl_arena {
    uint8_t *base;
    size_t map_bytes, state_bytes;
    _Atomic uint32_t *states;
    uint8_t *scratch;     /* TL_ARENA_SCRATCH_BYTES for the env's writer */
    uint8_t *ops;         /* TL_ARENA_OPS_BYTES: the operations of the running txn */
    size_t touched_bytes; /* of base: memory is there already, no page fault will be taken */
    size_t asked_bytes;   /* the thread ahead was asked for so many */
    tl_ahead ahead;
    uint32_t generation; /* of the present env, shifted left by 2 */
    bool in_use, huge_pages_wanted;
};

enum { TL_ARENA_OPS_BYTES = 80 << 20 }; /* more than any txn keeps (TL_LOG_TXN_BYTES_MAX) */

/* The first `bytes` of the pages are about to be used: take their memory in one go, a good piece
 * ahead, instead of in one fault per 4 KiB.  Once there are many, a thread takes the next piece
 * meanwhile. */
void tl_arena_touch(tl_arena *arena, size_t bytes);

/* Have the bytes up to `end_bytes`, behind those asked for before, touched by another thread.
 * False: there is none.  The writer's thread only. */
bool tl_ahead_ask(tl_arena *arena, size_t begin_bytes, size_t end_bytes);
void tl_ahead_stop(tl_arena *arena); /* what was asked may be left undone */

/* Ask for huge pages, once, beyond the first 2 MiB: small files do not need them. */
void tl_arena_want_huge_pages(tl_arena *arena);

/* Begin a generation.  TL_BUSY: another env uses the arena. */
TL_MUST_USE tl_status tl_arena_enter(tl_arena *arena);
void tl_arena_leave(tl_arena *arena);

#endif
