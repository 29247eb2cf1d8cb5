/* engine/page/edit.c -- parts that all edits share: index moves, room, compaction; branch edits. */
#include "engine/page/edit.h"
#include "engine/page/edit_parts.h"
#include "engine/page/run.h"
#include "engine/page/search.h"

#include <assert.h>

static uint8_t *children_of(uint8_t *page)
{
    return page + TL_PAGE_HEADER_BYTES + TL_ENTRY_BYTES * (size_t)tl_page_cap(page);
}

void tl_page_compact(const tl_edit *edit, uint8_t *page, unsigned extra_slots)
{
    unsigned kind = tl_page_kind_of(page), count = tl_page_count(page);
    const uint8_t *old = edit->scratch;
    memcpy(edit->scratch, page, edit->page_bytes);
    tl_page_identity identity = {.page_bytes = edit->page_bytes,
                                 .pgno = tl_page_pgno(page),
                                 .tree_id = tl_page_tree_id(page),
                                 .birth = tl_page_birth(page),
                                 .kind = (uint8_t)kind,
                                 .level = (uint8_t)tl_page_level(page)};
    tl_builder builder;
    tl_build_begin_with(&builder, page, &identity, tl_page_lower(old), tl_page_upper(old),
                        tl_page_prefix(old), count + extra_slots);
    if (kind == TL_PAGE_BRANCH)
        tl_build_first_child(&builder, tl_branch_child(old, 0));
    tl_build_copy(&builder, old, 0, count);
    tl_build_end(&builder);
    tl_page_set_last_ins(page, tl_page_last_ins(old));
    tl_page_set_run(page, tl_page_run(old));
}

/* Move the arrays apart for `step` more slots.  The gap is wide enough. */
static void arrays_grow(uint8_t *page, unsigned step)
{
    size_t cap = tl_page_cap(page), count = tl_page_count(page);
    uint8_t *old_slots = tl_page_slot_at(page, 0), *old_children = children_of(page);
    if (tl_page_kind_of(page) == TL_PAGE_BRANCH)
        memmove(old_children + TL_ENTRY_BYTES * (size_t)step, old_children,
                TL_CHILD_BYTES * (count + 1));
    memmove(old_slots + 4 * (size_t)step, old_slots, 4 * count);
    memset(page + TL_PAGE_HEADER_BYTES + 4 * count, 0, 4 * (cap + step - count));
    tl_page_set_cap(page, (unsigned)cap + step);
    memset(tl_page_slot_at(page, (unsigned)count), 0, 4 * (cap + step - count));
}

bool tl_page_make_room(const tl_edit *edit, uint8_t *page, size_t cell_bytes)
{
    size_t per_slot =
        tl_page_kind_of(page) == TL_PAGE_BRANCH ? TL_ENTRY_BYTES + TL_CHILD_BYTES : TL_ENTRY_BYTES;
    bool full = tl_page_count(page) == tl_page_cap(page);
    size_t gap = tl_page_gap(page), least = cell_bytes + (full ? per_slot : 0);
    size_t reserve = tl_page_reserve(page);
    if (gap < least + reserve && tl_page_room(page) < cell_bytes + per_slot + reserve)
        return false;
    if (gap < least) {
        size_t garbage = (size_t)tl_page_frag(page) + tl_page_free_bytes(page);
        edit->stats->alloc_compactions++;
        edit->stats->alloc_bytes_moved += edit->page_bytes - tl_page_heap_lo(page) - garbage;
        tl_page_compact(edit, page, 1);
        return true;
    }
    if (full) {
        size_t step = tl_cap_step(edit->page_bytes), most = (gap - cell_bytes) / per_slot;
        arrays_grow(page, (unsigned)(step < most ? step : most));
    }
    return true;
}

unsigned tl_page_take_cell(uint8_t *page, size_t cell_bytes)
{
    uint32_t offset = tl_page_heap_lo(page) - (uint32_t)cell_bytes;
    tl_page_set_heap_lo(page, offset);
    return offset;
}

void tl_page_raise_heap(uint8_t *page, uint32_t heap_lo)
{
    unsigned at = tl_page_free_head(page);
    while (at != 0 && at == heap_lo) { /* ends: the chain does */
        unsigned size = tl_load16(page + at + 2);
        heap_lo += size;
        at = tl_load16(page + at);
        tl_page_set_free_head(page, at);
        tl_page_set_free_bytes(page, tl_page_free_bytes(page) - size);
    }
    tl_page_set_heap_lo(page, heap_lo);
}

void tl_page_drop_cell(uint8_t *page, unsigned offset, size_t cell_bytes)
{
    if (cell_bytes != 0 && offset == tl_page_heap_lo(page))
        tl_page_raise_heap(page, offset + (uint32_t)cell_bytes);
    else
        tl_page_set_frag(page, tl_page_frag(page) + (unsigned)cell_bytes);
}

bool tl_leaf_holds(const uint8_t *page, unsigned index, size_t cell_bytes)
{
    return tl_page_room(page) + tl_page_cell_bytes(page, index) >=
           cell_bytes + tl_page_reserve(page);
}

unsigned tl_leaf_update_in_cell(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    unsigned unused = (unsigned)(tl_leaf_value(page, index).size_bytes - value.size_bytes);
    uint8_t *cell = page + tl_page_cell_off(page, index);
    tl_store16(cell, (unsigned)value.size_bytes | edit->value_flags);
    tl_copy(cell + TL_CELL_HEADER_BYTES + tl_page_suffix_len(page, index), value.data,
            value.size_bytes);
    edit->stats->overwrites_same_size += unused == 0;
    return unused;
}

static size_t branch_cell_bytes(size_t suffix_bytes)
{
    return suffix_bytes > TL_HEAD_BYTES ? suffix_bytes : 0;
}

/* Place the bytes of a separator; returns its cell offset, 0 when the head holds it all. */
static unsigned branch_store_cell(uint8_t *page, tl_slice suffix)
{
    size_t cell = branch_cell_bytes(suffix.size_bytes);
    if (cell == 0)
        return 0;
    unsigned offset = tl_page_take_cell(page, cell);
    memcpy(page + offset, suffix.data, cell);
    return offset;
}

bool tl_branch_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                      tl_ref right)
{
    if (tl_suffix_is_outside(page, suffix.size_bytes) ||
        !tl_page_make_room(edit, page, branch_cell_bytes(suffix.size_bytes)))
        return false;
    unsigned offset = branch_store_cell(page, suffix);
    size_t count = tl_page_count(page);
    uint8_t *child_at = children_of(page) + TL_CHILD_BYTES * ((size_t)index + 1);
    memmove(child_at + TL_CHILD_BYTES, child_at, TL_CHILD_BYTES * (count - index));
    tl_page_open_entry(edit, page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                       suffix.size_bytes);
    tl_branch_set_child(page, index + 1, right);
    return true;
}

void tl_branch_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    size_t count = tl_page_count(page);
    tl_page_drop_cell(page, tl_page_cell_off(page, index), tl_page_cell_bytes(page, index));
    uint8_t *child_at = children_of(page) + TL_CHILD_BYTES * ((size_t)index + 1);
    memmove(child_at, child_at + TL_CHILD_BYTES, TL_CHILD_BYTES * (count - index - 1));
    memset(children_of(page) + TL_CHILD_BYTES * count, 0, TL_CHILD_BYTES);
    tl_page_close_entry(edit, page, index);
}

/* For cells, if the page is compacted. */
static size_t branch_room(const uint8_t *page)
{
    return (size_t)tl_page_gap(page) + tl_page_frag(page) + tl_page_free_bytes(page);
}

bool tl_branch_fits_fewer(const uint8_t *page, unsigned index, const size_t *suffix_bytes,
                          unsigned count)
{
    size_t room = branch_room(page) + tl_page_cell_bytes(page, index + count);
    for (unsigned i = 0; i < count; i++) {
        size_t cell = branch_cell_bytes(suffix_bytes[i]);
        room += tl_page_cell_bytes(page, index + i);
        if (tl_suffix_is_outside(page, suffix_bytes[i]) || room < cell + tl_page_reserve(page))
            return false;
        room -= cell;
    }
    return true;
}

bool tl_branch_fits(const uint8_t *page, unsigned index, size_t suffix_bytes)
{
    size_t room = branch_room(page) + tl_page_cell_bytes(page, index);
    return !tl_suffix_is_outside(page, suffix_bytes) &&
           room >= branch_cell_bytes(suffix_bytes) + tl_page_reserve(page);
}

void tl_branch_replace(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix)
{
    size_t cell = branch_cell_bytes(suffix.size_bytes);
    uint8_t *slot = tl_page_slot_at(page, index);
    tl_page_drop_cell(page, tl_page_cell_off(page, index), tl_page_cell_bytes(page, index));
    tl_store32(slot, 0); /* no cell: a compaction now copies a stand-in held by the head alone */
    if (tl_page_gap(page) < cell)
        tl_page_compact(edit, page, tl_page_cap(page) - tl_page_count(page));
    slot = tl_page_slot_at(page, index);
    tl_store16(slot, branch_store_cell(page, suffix));
    tl_store16(slot + 2, (unsigned)suffix.size_bytes);
    tl_store32(page + TL_PAGE_HEADER_BYTES + 4 * (size_t)index,
               tl_head_of(suffix.data, suffix.size_bytes));
}
