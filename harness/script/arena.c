#include "harness/script/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 32 << 10 };

typedef struct tl_script_chunk {
    struct tl_script_chunk *older;
    size_t size_bytes;
    alignas(max_align_t) unsigned char bytes[];
} tl_script_chunk;

void *tl_script_arena_take(tl_script_arena *arena, size_t size_bytes)
{
    size_t whole_bytes =
        (size_bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    tl_script_chunk *chunk = arena->newest;
    if (chunk == NULL || chunk->size_bytes - arena->used_bytes < whole_bytes) {
        size_t room_bytes = whole_bytes > CHUNK_BYTES ? whole_bytes : CHUNK_BYTES;
        chunk = calloc(1, sizeof *chunk + room_bytes);
        if (chunk == NULL)
            return NULL;
        *chunk = (tl_script_chunk){.older = arena->newest, .size_bytes = room_bytes};
        arena->newest = chunk;
        arena->used_bytes = 0;
    }
    void *taken = chunk->bytes + arena->used_bytes;
    arena->used_bytes += whole_bytes;
    return taken;
}

void tl_script_arena_free(tl_script_arena *arena)
{
    for (tl_script_chunk *chunk = arena->newest; chunk != NULL;) {
        tl_script_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    *arena = (tl_script_arena){0};
}
