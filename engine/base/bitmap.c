/* engine/base/bitmap.c -- see bitmap.h. */
#include "engine/base/bitmap.h"

#include <string.h>

static size_t summary_words(uint32_t word_count)
{
    return ((size_t)word_count + 63) / 64;
}

static size_t block_bytes(uint32_t word_count)
{
    return ((size_t)word_count + 2 * summary_words(word_count)) * sizeof(uint64_t);
}

tl_status tl_bitmap_reserve(tl_bitmap *map, tl_memory *memory, uint32_t bit_count)
{
    uint32_t need = (uint32_t)(((uint64_t)bit_count + 63) / 64), old = map->word_capacity;
    if (need <= old)
        return TL_OK;
    uint32_t capacity = need + need / 4; /* grows by a quarter: files do too */
    uint64_t *block = memory->allocate(memory, block_bytes(capacity));
    if (block == NULL)
        return TL_NO_MEMORY;
    memset(block, 0, block_bytes(capacity));
    uint64_t *full = block + capacity, *any = full + summary_words(capacity);
    if (old != 0) {
        memcpy(block, map->words, old * sizeof *block);
        memcpy(full, map->full, summary_words(old) * sizeof *full);
        memcpy(any, map->any, summary_words(old) * sizeof *any);
        memory->release(memory, map->words, block_bytes(old));
    }
    map->words = block;
    map->full = full;
    map->any = any;
    map->word_capacity = capacity;
    return TL_OK;
}

void tl_bitmap_release(tl_bitmap *map, tl_memory *memory)
{
    if (map->words != NULL)
        memory->release(memory, map->words, block_bytes(map->word_capacity));
    memset(map, 0, sizeof *map);
}

void tl_bitmap_store_word(tl_bitmap *map, uint32_t word, uint64_t value)
{
    uint64_t mask = UINT64_C(1) << (word & 63);
    map->words[word] = value;
    map->full[word >> 6] =
        value == UINT64_MAX ? map->full[word >> 6] | mask : map->full[word >> 6] & ~mask;
    map->any[word >> 6] = value != 0 ? map->any[word >> 6] | mask : map->any[word >> 6] & ~mask;
    if (value != UINT64_MAX && word < map->low_word)
        map->low_word = word;
}

void tl_bitmap_set(tl_bitmap *map, uint32_t bit)
{
    tl_bitmap_store_word(map, bit >> 6, map->words[bit >> 6] | UINT64_C(1) << (bit & 63));
}

void tl_bitmap_clear(tl_bitmap *map, uint32_t bit)
{
    tl_bitmap_store_word(map, bit >> 6, map->words[bit >> 6] & ~(UINT64_C(1) << (bit & 63)));
}

/* The first word at `from` or after it whose summary bit, after `flip`, is one; or the capacity. */
static uint32_t next_word(const tl_bitmap *map, const uint64_t *summary, uint64_t flip,
                          uint32_t from)
{
    for (uint32_t group = from >> 6; group < summary_words(map->word_capacity); group++) {
        uint64_t candidates = summary[group] ^ flip;
        if (group == from >> 6)
            candidates &= UINT64_MAX << (from & 63);
        if (candidates != 0) {
            uint32_t word = group * 64 + (uint32_t)__builtin_ctzll(candidates);
            return word < map->word_capacity ? word : map->word_capacity;
        }
    }
    return map->word_capacity;
}

uint32_t tl_bitmap_first_zero(tl_bitmap *map, uint32_t limit)
{
    uint32_t word = next_word(map, map->full, UINT64_MAX, map->low_word);
    map->low_word = word;
    if (word >= map->word_capacity)
        return TL_BITMAP_NONE;
    uint32_t bit = word * 64 + (uint32_t)__builtin_ctzll(~map->words[word]);
    return bit < limit ? bit : TL_BITMAP_NONE;
}

uint32_t tl_bitmap_next_one(const tl_bitmap *map, uint32_t from, uint32_t limit)
{
    uint32_t word = from >> 6;
    if (from >= limit || word >= map->word_capacity)
        return TL_BITMAP_NONE;
    uint64_t ones = map->words[word] & (UINT64_MAX << (from & 63));
    if (ones == 0) {
        word = next_word(map, map->any, 0, word + 1);
        if (word >= map->word_capacity)
            return TL_BITMAP_NONE;
        ones = map->words[word];
    }
    uint32_t bit = word * 64 + (uint32_t)__builtin_ctzll(ones);
    return bit < limit ? bit : TL_BITMAP_NONE;
}

uint32_t tl_bitmap_count(const tl_bitmap *map, uint32_t limit)
{
    uint32_t count = 0, whole = limit >> 6;
    for (uint32_t word = 0; word < whole && word < map->word_capacity; word++)
        count += (uint32_t)__builtin_popcountll(map->words[word]);
    if ((limit & 63) != 0 && whole < map->word_capacity)
        count +=
            (uint32_t)__builtin_popcountll(map->words[whole] & ((UINT64_C(1) << (limit & 63)) - 1));
    return count;
}

/* The bits [first, first + count) that lie in `word`. */
static uint64_t run_mask(uint32_t word, uint32_t first, uint32_t count)
{
    uint64_t begin = (uint64_t)word * 64, low = first > begin ? first - begin : 0;
    uint64_t high = (uint64_t)first + count - begin; /* in bits of this word, above 0 */
    uint64_t mask = UINT64_MAX << low;
    return high >= 64 ? mask : mask & ((UINT64_C(1) << high) - 1);
}

void tl_bitmap_set_run(tl_bitmap *map, uint32_t first, uint32_t count)
{
    for (uint32_t word = first >> 6; count != 0 && word <= (first + count - 1) >> 6; word++)
        tl_bitmap_store_word(map, word, map->words[word] | run_mask(word, first, count));
}

void tl_bitmap_clear_run(tl_bitmap *map, uint32_t first, uint32_t count)
{
    for (uint32_t word = first >> 6; count != 0 && word <= (first + count - 1) >> 6; word++)
        tl_bitmap_store_word(map, word, map->words[word] & ~run_mask(word, first, count));
}

uint32_t tl_bitmap_next_zero(const tl_bitmap *map, uint32_t from, uint32_t limit)
{
    uint32_t word = from >> 6;
    if (from >= limit || word >= map->word_capacity)
        return TL_BITMAP_NONE;
    uint64_t zeros = ~map->words[word] & (UINT64_MAX << (from & 63));
    if (zeros == 0) {
        word = next_word(map, map->full, UINT64_MAX, word + 1);
        if (word >= map->word_capacity)
            return TL_BITMAP_NONE;
        zeros = ~map->words[word];
    }
    uint32_t bit = word * 64 + (uint32_t)__builtin_ctzll(zeros);
    return bit < limit ? bit : TL_BITMAP_NONE;
}

uint32_t tl_bitmap_find_run(const tl_bitmap *map, uint32_t from, uint32_t limit, uint32_t count)
{
    for (;;) { /* ends: `from` moves behind a one bit every round */
        uint32_t begin = tl_bitmap_next_zero(map, from, limit);
        if (begin == TL_BITMAP_NONE || limit - begin < count)
            return TL_BITMAP_NONE;
        uint32_t end = tl_bitmap_next_one(map, begin, limit);
        if (end == TL_BITMAP_NONE || end - begin >= count)
            return begin;
        from = end + 1;
    }
}
