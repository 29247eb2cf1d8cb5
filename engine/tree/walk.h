/* engine/tree/walk.h -- a place among the records of one snapshot, and steps to its neighbours.
 *
 * No page names its neighbour (copy-on-write would have to copy the whole chain), so a walk keeps
 * the way down and finds the next leaf through the parents.
 */
#ifndef TL_TREE_WALK_H
#define TL_TREE_WALK_H

#include "engine/tree/tree.h"

/* 16 bytes of a key, taken and put down in one go; memory of any tl_memory will do. */
typedef uint64_t tl_key_words __attribute__((vector_size(16), aligned(8)));

typedef struct tl_walk {
    tl_pager *pager;
    const tl_root *root; /* of the snapshot */
    tl_search_counts *counts;
    struct {
        const uint8_t *page;
        unsigned index;
    } at[TL_TREE_DEPTH_MAX];
    unsigned depth;        /* 0: stands nowhere */
    unsigned prefix_bytes; /* of `key`, already in place for the present leaf */
    /* What is left to ask for of the leaf behind this one, a little at each forward step: cells lie
     * in the order of their insertion, which no hardware can guess. */
    const uint8_t *ahead, *ahead_end;
    size_t ahead_step; /* so many bytes at each: through a page before this leaf's records are */
    const uint8_t *ahead_page; /* whose cells come when its front has been asked for; or NULL */
    /* Of the leaf here, for steps within it: where its slots are, how many records can be stepped
     * to (0: it has no slots), and the first 16 bytes of its prefix with zeros where the suffix
     * begins; `keep` has ones there. */
    const uint8_t *slots;
    unsigned steps;
    tl_key_words prefix, keep;
    uint8_t key[TL_KEY_BYTES_MAX];
} tl_walk;

/* Each gives TL_NOT_FOUND past the end, and then stands nowhere. */
TL_MUST_USE tl_status tl_walk_first(tl_walk *walk);
TL_MUST_USE tl_status tl_walk_last(tl_walk *walk);
TL_MUST_USE tl_status tl_walk_seek(tl_walk *walk, tl_slice from); /* first record >= from */
TL_MUST_USE tl_status tl_walk_next(tl_walk *walk);                /* it stands somewhere */
TL_MUST_USE tl_status tl_walk_prev(tl_walk *walk);
TL_MUST_USE tl_status tl_walk_next_leaf(tl_walk *walk); /* the first record of the next leaf */

/* The record here; the key lives until the next step.  The value may be a reference
 * (TL_VALUE_IS_REF). */
void tl_walk_record(tl_walk *walk, tl_slice *key, tl_slice *value);

/* ---- a step within the leaf, which is nearly every step of a scan ---- */

void tl_walk_look_further(tl_walk *walk);

TL_PREFETCHER void tl_walk_fetch_ahead(tl_walk *walk)
{
    if (walk->ahead >= walk->ahead_end) {
        if (__builtin_expect(walk->ahead_page != NULL, 0))
            tl_walk_look_further(walk);
        return;
    }
    tl_prefetch(walk->ahead, walk->ahead_step);
    walk->ahead += walk->ahead_step;
}

/* Prefix and suffix side by side in walk->key.  A short prefix is mixed into the words that hold
 * the suffix's beginning: whoever loads the key's first bytes then loads what one store wrote,
 * which a processor can hand on before it has reached the cache.  The words may reach into the
 * value behind the suffix, never beyond it. */
static inline void tl_walk_join(tl_walk *walk, const uint8_t *suffix, size_t suffix_bytes,
                                size_t value_bytes)
{
    size_t prefix_bytes = walk->prefix_bytes, key_bytes = prefix_bytes + suffix_bytes;
    if (__builtin_expect(prefix_bytes > 16 || key_bytes + value_bytes < 16, 0)) {
        tl_copy(walk->key + prefix_bytes, suffix, suffix_bytes);
        return;
    }
    const uint8_t *from = suffix - prefix_bytes; /* within the page: its header is longer */
    tl_key_words words;
    memcpy(&words, from, sizeof words);
    words = (words & walk->keep) | walk->prefix;
    memcpy(walk->key, &words, sizeof words);
    if (key_bytes > 16)
        tl_copy(walk->key + 16, from + 16, key_bytes - 16);
}

/* Step to the next record of this leaf and give it.  False: that takes more (the leaf ends here,
 * has no slots, or the value lies in extents), and nothing has changed. */
static inline bool tl_walk_step(tl_walk *walk, tl_slice *key, tl_slice *value)
{
    unsigned last = walk->depth - 1, index = walk->at[last].index + 1;
    if (__builtin_expect(index >= walk->steps, 0))
        return false;
    uint32_t slot = tl_load32(walk->slots + 4 * (size_t)index);
    const uint8_t *cell = walk->at[last].page + (slot & 0xffff);
    size_t suffix_bytes = slot >> 16, value_bytes = tl_load16(cell);
    if (__builtin_expect((value_bytes & TL_VALUE_OVERFLOW) != 0, 0))
        return false;
    walk->at[last].index = index;
    tl_walk_fetch_ahead(walk);
    const uint8_t *suffix = cell + TL_CELL_HEADER_BYTES;
    tl_walk_join(walk, suffix, suffix_bytes, value_bytes);
    *key = tl_slice_of(walk->key, walk->prefix_bytes + suffix_bytes);
    *value = tl_slice_of(suffix + suffix_bytes, value_bytes);
    return true;
}

#endif
