/* engine/page/search.h -- finding a key among the heads of a page.
 *
 * A search compares 4-byte heads, which lie side by side, without a branch per step.  Only when
 * heads are equal are whole suffixes compared: a run of equal heads (short keys, shared beginnings,
 * edge pages without a prefix) is searched by bisection too.
 */
#ifndef TL_PAGE_SEARCH_H
#define TL_PAGE_SEARCH_H

#include "engine/page/page.h"

/* The first index below `count` whose head is >= `head`; `count` when there is none. */
typedef unsigned (*tl_heads_fn)(const uint8_t *heads, unsigned count, uint32_t head);

typedef struct tl_search_counts { /* folded into tl_stats when a txn ends */
    uint64_t descents, levels, head_ties, full_compares;
    tl_heads_fn lower; /* the way to search that the env's options chose; NULL: tl_heads_lower */
} tl_search_counts;

/* Ways to search heads.  All give the same answer, so results and exact counters do not depend on
 * the way; it is picked when an env opens (search_simd.c). */
typedef struct tl_search_way {
    const char *name, *summary;
    bool (*available)(void); /* on this processor */
    tl_heads_fn lower;
} tl_search_way;
/* "auto" is the widest there is.  NULL: no such way, or this processor lacks it. */
const tl_search_way *tl_search_way_find(const char *name);
/* The rows, ended by one without a name; "auto" is not among them. */
const tl_search_way *tl_search_way_rows(void);

unsigned tl_heads_lower(const uint8_t *heads, unsigned count, uint32_t head); /* the widest way */

static inline unsigned tl_heads_lower_scalar(const uint8_t *heads, unsigned count, uint32_t head)
{
    unsigned base = 0, length = count;
    while (length > 1) { /* ends: length shrinks by at least half of itself, rounded down */
        unsigned half = length / 2;
        base += half & (0u - (tl_load32(heads + 4 * (size_t)(base + half - 1)) < head));
        length -= half;
    }
    return base + (length == 1 && tl_load32(heads + 4 * (size_t)base) < head);
}

/* The suffix of entry `index` of a branch; four bytes or fewer are unpacked into `scratch`. */
static inline tl_slice tl_branch_suffix(const uint8_t *page, unsigned index,
                                        uint8_t scratch[TL_HEAD_BYTES])
{
    unsigned size = tl_page_suffix_len(page, index);
    if (size > TL_HEAD_BYTES)
        return tl_slice_of(page + tl_page_cell_off(page, index), size);
    uint32_t head = __builtin_bswap32(tl_page_head(page, index));
    memcpy(scratch, &head, TL_HEAD_BYTES);
    return tl_slice_of(scratch, size);
}

static inline tl_slice tl_leaf_suffix(const uint8_t *page, unsigned index)
{
    return tl_slice_of(page + tl_page_cell_off(page, index) + TL_CELL_HEADER_BYTES,
                       tl_page_suffix_len(page, index));
}

/* The first entry of a leaf that is >= `suffix`; *equal tells whether it is `suffix` itself. */
unsigned tl_leaf_find(const uint8_t *page, tl_slice suffix, bool *equal, tl_search_counts *counts);

/* The same in two steps, for a search that does other things while memory is fetched: first the
 * entries low..high-1 whose heads equal that of `suffix` (false: there are none, and *low is where
 * such an entry would stand), then which of them it is.  Only the second looks at slots and cells.
 */
bool tl_leaf_find_heads(const uint8_t *page, tl_slice suffix, unsigned *low, unsigned *high,
                        tl_search_counts *counts);
unsigned tl_leaf_find_between(const uint8_t *page, unsigned low, unsigned high, tl_slice suffix,
                              bool *equal, tl_search_counts *counts);

/* The child of a branch whose range holds `suffix`: the number of separators <= it. */
unsigned tl_branch_find(const uint8_t *page, tl_slice suffix, tl_search_counts *counts);

static inline tl_ref tl_branch_child(const uint8_t *page, unsigned index)
{
    const uint8_t *at = page + TL_PAGE_HEADER_BYTES + (size_t)TL_ENTRY_BYTES * tl_page_cap(page) +
                        (size_t)TL_CHILD_BYTES * index;
    return (tl_ref){tl_load32(at), tl_load32(at + 4)};
}

static inline void tl_branch_set_child(uint8_t *page, unsigned index, tl_ref child)
{
    uint8_t *at = page + TL_PAGE_HEADER_BYTES + (size_t)TL_ENTRY_BYTES * tl_page_cap(page) +
                  (size_t)TL_CHILD_BYTES * index;
    tl_store32(at, child.pgno);
    tl_store32(at + 4, child.tag);
}

/* Value length and TL_VALUE_OVERFLOW bit of a leaf entry, as its cell has them. */
static inline unsigned tl_leaf_value_word(const uint8_t *page, unsigned index)
{
    if (tl_page_is_dense(page))
        return tl_dense_value_bytes(page);
    return tl_load16(page + tl_page_cell_off(page, index));
}

static inline tl_slice tl_leaf_value(const uint8_t *page, unsigned index)
{
    const uint8_t *cell = page + tl_page_cell_off(page, index);
    return tl_slice_of(cell + TL_CELL_HEADER_BYTES + tl_page_suffix_len(page, index),
                       tl_leaf_value_word(page, index) & ~(unsigned)TL_VALUE_OVERFLOW);
}

static inline bool tl_leaf_has_overflow(const uint8_t *page, unsigned index)
{
    return (tl_leaf_value_word(page, index) & TL_VALUE_OVERFLOW) != 0;
}

/* A value whose size is this is no value: `data` is the reference to one, TL_VALUE_REF_BYTES. */
#define TL_VALUE_IS_REF SIZE_MAX

static inline tl_slice tl_leaf_value_or_ref(const uint8_t *page, unsigned index)
{
    tl_slice value = tl_leaf_value(page, index);
    if (__builtin_expect(tl_leaf_has_overflow(page, index), 0))
        value.size_bytes = TL_VALUE_IS_REF;
    return value;
}

/* Heap bytes of entry `index`; of a dense leaf those that its cell would have. */
static inline unsigned tl_page_cell_bytes(const uint8_t *page, unsigned index)
{
    unsigned suffix = tl_page_suffix_len(page, index);
    if (tl_page_kind_of(page) == TL_PAGE_BRANCH)
        return suffix > TL_HEAD_BYTES ? suffix : 0;
    return TL_CELL_HEADER_BYTES + suffix +
           (tl_leaf_value_word(page, index) & ~(unsigned)TL_VALUE_OVERFLOW);
}

#endif
