/* engine/store/arena.c -- see arena.h and tl/memory.h. */
#include "engine/store/arena.h"
#include "engine/page/page.h"
#include "engine/platform/platform.h"

#include <stdlib.h>

tl_status tl_arena_create(uint64_t map_bytes, tl_arena **out)
{
    tl_arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return TL_NO_MEMORY;
    uint64_t wanted = map_bytes == 0 ? UINT64_C(64) << 30 : map_bytes;
    uint64_t most = (uint64_t)UINT32_MAX * TL_PAGE_BYTES_MIN;
    arena->map_bytes =
        (size_t)((wanted < most ? wanted : most) & ~(uint64_t)(TL_PAGE_BYTES_MAX - 1));
    arena->state_bytes = arena->map_bytes / TL_PAGE_BYTES_MIN * sizeof *arena->states;
    if (arena->map_bytes == 0)
        goto fail;
    arena->base = tl_address_space_reserve(arena->map_bytes);
    arena->states = tl_address_space_reserve(arena->state_bytes);
    arena->scratch = tl_address_space_reserve(TL_ARENA_SCRATCH_BYTES);
    arena->ops = tl_address_space_reserve(TL_ARENA_OPS_BYTES);
    if (arena->base == NULL || arena->states == NULL || arena->scratch == NULL ||
        arena->ops == NULL)
        goto fail;
    *out = arena;
    return TL_OK;

fail:
    tl_arena_destroy(arena);
    return TL_NO_MEMORY;
}

void tl_arena_destroy(tl_arena *arena)
{
    if (arena == NULL)
        return;
    tl_ahead_stop(arena);
    tl_address_space_release(arena->base, arena->map_bytes);
    tl_address_space_release(arena->states, arena->state_bytes);
    tl_address_space_release(arena->scratch, TL_ARENA_SCRATCH_BYTES);
    tl_address_space_release(arena->ops, TL_ARENA_OPS_BYTES);
    free(arena);
}

enum { TOUCH_BYTES_MIN = 128 << 10, TOUCH_BYTES_MAX = 4 << 20, AHEAD_BYTES_MIN = 4 << 20 };

void tl_arena_touch(tl_arena *arena, size_t bytes)
{
    size_t step = bytes / 4; /* small files stay small */
    step = step < TOUCH_BYTES_MIN   ? TOUCH_BYTES_MIN
           : step > TOUCH_BYTES_MAX ? TOUCH_BYTES_MAX
                                    : step;
    size_t end = arena->asked_bytes;
    if (bytes > end) { /* nobody else was asked for these */
        end = bytes + step < arena->map_bytes ? bytes + step : arena->map_bytes;
        if (end <= arena->touched_bytes)
            return;
        tl_address_space_touch(arena->base + arena->touched_bytes, end - arena->touched_bytes);
    }
    arena->touched_bytes = end;
    if (end >= AHEAD_BYTES_MIN && arena->map_bytes - end >= step &&
        tl_ahead_ask(arena, end, end + step))
        arena->asked_bytes = end + step;
}

enum { HUGE_PAGE_BYTES = 2 << 20 };

void tl_arena_want_huge_pages(tl_arena *arena)
{
    if (arena->huge_pages_wanted || arena->map_bytes <= 2 * HUGE_PAGE_BYTES)
        return;
    tl_address_space_want_huge_pages(arena->base + HUGE_PAGE_BYTES,
                                     arena->map_bytes - HUGE_PAGE_BYTES);
    arena->huge_pages_wanted = true;
}

tl_status tl_arena_enter(tl_arena *arena)
{
    if (arena->in_use)
        return TL_BUSY;
    arena->generation += 4;
    if (arena->generation == 0) { /* wrapped: words of 2^30 opens ago would seem ours */
        tl_address_space_release(arena->states, arena->state_bytes);
        arena->states = tl_address_space_reserve(arena->state_bytes);
        if (arena->states == NULL)
            return TL_NO_MEMORY;
        arena->generation = 4;
    }
    arena->in_use = true;
    return TL_OK;
}

void tl_arena_leave(tl_arena *arena)
{
    tl_ahead_stop(arena);
    arena->in_use = false;
}
