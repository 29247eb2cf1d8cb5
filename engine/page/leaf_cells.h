/* engine/page/leaf_cells.h -- leaf edits, whatever way holes are kept.
 *
 * Modes that edit in place differ in one thing only: what becomes of the bytes of a removed cell,
 * and who finds them again.  That is a tl_holes; the edits around it are written once, here, and
 * inlined into each mode.
 *
 *   insert   a hole, else the gap, else a compaction joins all free bytes to a gap
 *   update   in its cell when it does not grow; else the cell is given back and a larger one taken
 */
#ifndef TL_PAGE_LEAF_CELLS_H
#define TL_PAGE_LEAF_CELLS_H

#include "engine/base/regression.h"
#include "engine/page/edit_parts.h"

#include <assert.h>

typedef struct tl_holes {
    /* A hole of `bytes`, which is then no longer free; 0: none is known. */
    unsigned (*take)(const tl_edit *edit, uint8_t *page, size_t bytes);
    void (*give)(const tl_edit *edit, uint8_t *page, unsigned offset, size_t bytes);
} tl_holes;

/* A place for a cell, found without moving another one; 0: there is none. */
static inline unsigned tl_cells_place(const tl_holes *holes, const tl_edit *edit, uint8_t *page,
                                      size_t cell_bytes)
{
    unsigned offset = holes->take(edit, page, cell_bytes);
    edit->stats->alloc_fit_freeblock += offset != 0;
    if (offset == 0 && tl_page_gap(page) >= cell_bytes) {
        edit->stats->alloc_fit_gap++;
        offset = tl_page_take_cell(page, cell_bytes);
    }
    return offset;
}

static inline bool tl_cells_insert(const tl_holes *holes, const tl_edit *edit, uint8_t *page,
                                   unsigned index, tl_slice suffix, tl_slice value)
{
    if (tl_suffix_is_outside(page, suffix.size_bytes))
        return false;
    if (tl_page_is_dense(page)) {
        tl_dense_answer answer = tl_dense_insert(edit, page, index, suffix, value);
        if (answer != TL_DENSE_HAS_SLOTS)
            return answer == TL_DENSE_DONE;
    }
    size_t cell_bytes = tl_leaf_cell_size(suffix, value);
    bool slot_ready =
        tl_page_count(page) < tl_page_cap(page) || tl_page_gap(page) >= TL_ENTRY_BYTES;
    if (tl_page_is_soft(page) && /* its reserve is not for entries */
        tl_page_room(page) < cell_bytes + TL_ENTRY_BYTES + tl_page_reserve(page))
        slot_ready = false;
    unsigned offset = slot_ready ? holes->take(edit, page, cell_bytes) : 0;
    bool in_hole = offset != 0;
    if (!tl_page_make_room(edit, page, in_hole ? 0 : cell_bytes)) {
        edit->stats->alloc_misses++;
        return false;
    }
    if (in_hole) {
        edit->stats->alloc_fit_freeblock++;
    } else {
        edit->stats->alloc_fit_gap++;
        offset = tl_page_take_cell(page, cell_bytes);
    }
    tl_leaf_cell_store(edit, page + offset, suffix, value);
    tl_page_open_entry(edit, page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                       suffix.size_bytes);
    return true;
}

static inline void tl_cells_remove(const tl_holes *holes, const tl_edit *edit, uint8_t *page,
                                   unsigned index)
{
    if (tl_page_is_dense(page)) {
        tl_dense_remove(edit, page, index);
        return;
    }
    holes->give(edit, page, tl_page_cell_off(page, index), tl_page_cell_bytes(page, index));
    tl_page_close_entry(edit, page, index);
    if (TL_REGRESSION(compact_at_each_delete))
        tl_page_compact(edit, page, 1);
}

/* A new cell for entry `index`, which has given its own back.  There is room, perhaps scattered. */
static inline void tl_cells_replace(const tl_holes *holes, const tl_edit *edit, uint8_t *page,
                                    unsigned index, tl_slice suffix, tl_slice value)
{
    size_t cell_bytes = tl_leaf_cell_size(suffix, value);
    unsigned offset = tl_cells_place(holes, edit, page, cell_bytes);
    if (offset == 0) {
        tl_page_close_entry(edit, page, index);
        bool room = tl_page_make_room(edit, page, cell_bytes);
        edit->stats->alloc_failures += !room;
        assert(room); /* tl_leaf_holds counted it */
        offset = tl_page_take_cell(page, cell_bytes);
        edit->stats->alloc_fit_gap++;
        tl_page_open_entry(edit, page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                           suffix.size_bytes);
    }
    tl_store16(tl_page_slot_at(page, index), offset);
    tl_leaf_cell_store(edit, page + offset, suffix, value);
}

static inline bool tl_cells_update(const tl_holes *holes, const tl_edit *edit, uint8_t *page,
                                   unsigned index, tl_slice value)
{
    if (tl_page_is_dense(page)) {
        tl_dense_answer answer = tl_dense_update(edit, page, index, value);
        if (answer != TL_DENSE_HAS_SLOTS)
            return answer == TL_DENSE_DONE;
    }
    unsigned offset = tl_page_cell_off(page, index), cell_bytes = tl_page_cell_bytes(page, index);
    if (value.size_bytes <= tl_leaf_value(page, index).size_bytes) {
        unsigned unused = tl_leaf_update_in_cell(edit, page, index, value);
        if (unused != 0)
            holes->give(edit, page, offset + cell_bytes - unused, unused);
        return true;
    }
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice old = tl_leaf_suffix(page, index), suffix = tl_slice_of(key, old.size_bytes);
    if (!tl_leaf_holds(page, index, tl_leaf_cell_size(suffix, value))) {
        edit->stats->alloc_misses++;
        return false;
    }
    tl_copy(key, old.data, old.size_bytes); /* what keeps the hole may write over it */
    holes->give(edit, page, offset, cell_bytes);
    tl_cells_replace(holes, edit, page, index, suffix, value);
    return true;
}

/* The three edits of a mode whose holes are `holes`. */
#define TL_CELLS_EDITS(mode, holes)                                                                \
    static bool mode##_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix, \
                              tl_slice value)                                                      \
    {                                                                                              \
        return tl_cells_insert(&(holes), edit, page, index, suffix, value);                        \
    }                                                                                              \
    static void mode##_remove(const tl_edit *edit, uint8_t *page, unsigned index)                  \
    {                                                                                              \
        tl_cells_remove(&(holes), edit, page, index);                                              \
    }                                                                                              \
    static bool mode##_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)  \
    {                                                                                              \
        return tl_cells_update(&(holes), edit, page, index, value);                                \
    }

#endif
