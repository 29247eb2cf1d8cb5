/* engine/base/bitmap.h -- one bit per page, with summaries that skip 64 words at a time.
 *
 *   words    bit i of the set                       (64 bits a word)
 *   full     bit w: word w is all ones              (a search for a zero skips it)
 *   any      bit w: word w is not all zeros         (a walk over the ones skips it)
 *
 * A bitmap only grows.  Bits beyond its size read as zero.  Owned by one thread.
 */
#ifndef TL_BASE_BITMAP_H
#define TL_BASE_BITMAP_H

#include "tl/memory.h"

#include <stdbool.h>

typedef struct tl_bitmap {
    uint64_t *words, *full, *any;
    uint32_t word_capacity; /* words allocated; summaries hold a 64th of it, rounded up */
    uint32_t low_word;      /* no zero bit lies in a word below this one */
} tl_bitmap;

#define TL_BITMAP_NONE UINT32_MAX

/* Make room for bits 0..bit_count-1; new ones are zero.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_bitmap_reserve(tl_bitmap *map, tl_memory *memory, uint32_t bit_count);
void tl_bitmap_release(tl_bitmap *map, tl_memory *memory);

void tl_bitmap_set(tl_bitmap *map, uint32_t bit);
void tl_bitmap_clear(tl_bitmap *map, uint32_t bit);
void tl_bitmap_store_word(tl_bitmap *map, uint32_t word, uint64_t value); /* 64 bits at once */

static inline bool tl_bitmap_get(const tl_bitmap *map, uint32_t bit)
{
    return (bit >> 6) < map->word_capacity && ((map->words[bit >> 6] >> (bit & 63)) & 1) != 0;
}

/* The first zero bit below `limit`, or TL_BITMAP_NONE.  Moves low_word forward. */
uint32_t tl_bitmap_first_zero(tl_bitmap *map, uint32_t limit);
/* The first one bit at `from` or after it and below `limit`, or TL_BITMAP_NONE. */
uint32_t tl_bitmap_next_one(const tl_bitmap *map, uint32_t from, uint32_t limit);
uint32_t tl_bitmap_count(const tl_bitmap *map, uint32_t limit); /* ones below `limit` */

/* Runs of bits, a word at a time.  All of [first, first + count) has room. */
void tl_bitmap_set_run(tl_bitmap *map, uint32_t first, uint32_t count);
void tl_bitmap_clear_run(tl_bitmap *map, uint32_t first, uint32_t count);
/* The first zero bit at `from` or after it and below `limit`, or TL_BITMAP_NONE. */
uint32_t tl_bitmap_next_zero(const tl_bitmap *map, uint32_t from, uint32_t limit);
/* The first place in [from, limit) where `count` zero bits stand side by side, or NONE. */
uint32_t tl_bitmap_find_run(const tl_bitmap *map, uint32_t from, uint32_t limit, uint32_t count);

#endif
