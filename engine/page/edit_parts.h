/* engine/page/edit_parts.h -- steps that leaf modes and branch edits are made of. */
#ifndef TL_PAGE_EDIT_PARTS_H
#define TL_PAGE_EDIT_PARTS_H

#include "engine/page/edit.h"
#include "engine/page/search.h"

#include <assert.h>

/* Write the page anew between its own fences, with `extra_slots` spare; garbage is gone. */
void tl_page_compact(const tl_edit *edit, uint8_t *page, unsigned extra_slots);
/* Room for one more slot and `cell_bytes` of gap, compacting if need be.  False: unchanged. */
bool tl_page_make_room(const tl_edit *edit, uint8_t *page, size_t cell_bytes);
unsigned tl_page_take_cell(uint8_t *page, size_t cell_bytes); /* from the gap, which has room */
/* The bytes of a cell become garbage, or gap when they touch it. */
void tl_page_drop_cell(uint8_t *page, unsigned offset, size_t cell_bytes);
/* The gap now reaches up to `heap_lo`, and over free blocks that begin there. */
void tl_page_raise_heap(uint8_t *page, uint32_t heap_lo);

/* free_chain.c: a hole of `bytes` from the chain of free blocks; 0: none is large enough, as far as
 * the search looks.  And the way back: the bytes join the chain, the gap, or the garbage. */
unsigned tl_free_take(const tl_edit *edit, uint8_t *page, size_t bytes);
void tl_free_give(const tl_edit *edit, uint8_t *page, unsigned offset, size_t bytes);

/* leaf_dense.c: edits of a dense leaf, under any mode.
 *
 * Insert, and update of another size, first ask whether the leaf can stay dense.  If not, but there
 * is room, it gets slots, and the mode goes on with them. */
typedef enum tl_dense_answer { TL_DENSE_DONE, TL_DENSE_FULL, TL_DENSE_HAS_SLOTS } tl_dense_answer;
tl_dense_answer tl_dense_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                                tl_slice value);
tl_dense_answer tl_dense_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value);
void tl_dense_remove(const tl_edit *edit, uint8_t *page, unsigned index);

static inline uint8_t *tl_page_slot_at(uint8_t *page, unsigned index)
{
    return page + TL_PAGE_HEADER_BYTES + 4 * ((size_t)tl_page_cap(page) + index);
}

/* The entry of a cell comes to stand at `index`, or leaves: heads and slots behind it move.  What
 * moves is counted first, so that nothing is kept for that over the calls. */
static inline void tl_page_open_entry(const tl_edit *edit, uint8_t *page, unsigned index,
                                      uint32_t head, unsigned offset, size_t suffix_bytes)
{
    size_t count = tl_page_count(page), behind = count - index;
    assert(count < tl_page_cap(page));
    uint8_t *head_at = page + TL_PAGE_HEADER_BYTES + 4 * (size_t)index;
    uint8_t *slot_at = tl_page_slot_at(page, index);
    if (behind != 0) { /* often none are, and a call that moves nothing is not free */
        edit->stats->head_shift_bytes += TL_ENTRY_BYTES * behind;
        memmove(head_at + 4, head_at, 4 * behind);
        memmove(slot_at + 4, slot_at, 4 * behind);
    }
    tl_store32(head_at, head);
    tl_store16(slot_at, offset);
    tl_store16(slot_at + 2, (unsigned)suffix_bytes);
    tl_page_set_count(page, (unsigned)count + 1);
}

static inline void tl_page_close_entry(const tl_edit *edit, uint8_t *page, unsigned index)
{
    size_t count = tl_page_count(page), behind = count - index - 1;
    uint8_t *head_at = page + TL_PAGE_HEADER_BYTES + 4 * (size_t)index;
    uint8_t *slot_at = tl_page_slot_at(page, index);
    edit->stats->head_shift_bytes += TL_ENTRY_BYTES * behind;
    memmove(head_at, head_at + 4, 4 * behind);
    memmove(slot_at, slot_at + 4, 4 * behind);
    tl_store32(page + TL_PAGE_HEADER_BYTES + 4 * (count - 1), 0);
    tl_store32(tl_page_slot_at(page, (unsigned)count - 1), 0);
    tl_page_set_count(page, (unsigned)count - 1);
}

static inline size_t tl_leaf_cell_size(tl_slice suffix, tl_slice value)
{
    return TL_CELL_HEADER_BYTES + suffix.size_bytes + value.size_bytes;
}

static inline void tl_leaf_cell_store(const tl_edit *edit, uint8_t *cell, tl_slice suffix,
                                      tl_slice value)
{
    tl_store16(cell, (unsigned)value.size_bytes | edit->value_flags);
    tl_copy(cell + TL_CELL_HEADER_BYTES, suffix.data, suffix.size_bytes);
    tl_copy(cell + TL_CELL_HEADER_BYTES + suffix.size_bytes, value.data, value.size_bytes);
}

/* Bytes that are free in one way or another, spare slots too. */
static inline size_t tl_page_room(const uint8_t *page)
{
    size_t per_slot =
        tl_page_kind_of(page) == TL_PAGE_BRANCH ? TL_ENTRY_BYTES + TL_CHILD_BYTES : TL_ENTRY_BYTES;
    return tl_page_gap(page) + tl_page_frag(page) + tl_page_free_bytes(page) +
           per_slot * (tl_page_cap(page) - tl_page_count(page));
}

/* Could entry `index` of a leaf have a cell of `cell_bytes` instead of its own, if need be after a
 * compaction? */
bool tl_leaf_holds(const uint8_t *page, unsigned index, size_t cell_bytes);
/* A value that shrinks or stays is stored in its cell; returns how many bytes of the cell's end are
 * no longer used. */
unsigned tl_leaf_update_in_cell(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value);

#endif
