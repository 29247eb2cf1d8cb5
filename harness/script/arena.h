/* harness/script/arena.h -- memory that is given back all at once: the nodes of one script. */
#ifndef TL_HARNESS_SCRIPT_ARENA_H
#define TL_HARNESS_SCRIPT_ARENA_H

#include <stddef.h>

typedef struct tl_script_arena {
    struct tl_script_chunk *newest;
    size_t used_bytes; /* of the newest chunk */
} tl_script_arena;

/* Zeroed bytes aligned for any object; NULL when memory is short.  An arena of all zeros is
 * empty and ready. */
void *tl_script_arena_take(tl_script_arena *arena, size_t size_bytes);
void tl_script_arena_free(tl_script_arena *arena);

#endif
