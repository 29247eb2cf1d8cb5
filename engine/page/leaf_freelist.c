/* engine/page/leaf_freelist.c -- leaf mode `freelist`: what removed cells leave is used again.
 *
 * A cell goes to the best of the first free blocks, else into the gap, else the page is compacted.
 * On a page without holes, as inserts alone leave it, this is `bump`: one look at the header more.
 */
#include "engine/page/edit_parts.h"

#include <assert.h>

/* A place for `cell_bytes` without moving anything; 0: there is none. */
static unsigned cell_place(const tl_edit *edit, uint8_t *page, size_t cell_bytes)
{
    unsigned offset = tl_free_take(edit, page, cell_bytes);
    if (offset != 0) {
        edit->stats->alloc_fit_freeblock++;
        return offset;
    }
    if (tl_page_gap(page) < cell_bytes)
        return 0;
    edit->stats->alloc_fit_gap++;
    return tl_page_take_cell(page, cell_bytes);
}

static bool freelist_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                            tl_slice value)
{
    size_t cell_bytes = tl_leaf_cell_size(suffix, value);
    bool slot_ready =
        tl_page_count(page) < tl_page_cap(page) || tl_page_gap(page) >= TL_ENTRY_BYTES;
    unsigned offset = slot_ready ? tl_free_take(edit, page, cell_bytes) : 0;
    bool in_block = offset != 0;
    if (!tl_page_make_room(edit, page, in_block ? 0 : cell_bytes)) {
        edit->stats->alloc_misses++;
        return false;
    }
    if (!in_block)
        offset = tl_page_take_cell(page, cell_bytes);
    tl_leaf_cell_store(page + offset, suffix, value);
    tl_page_open_entry(edit, page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                       suffix.size_bytes);
    edit->stats->alloc_fit_freeblock += in_block;
    edit->stats->alloc_fit_gap += !in_block;
    return true;
}

static void freelist_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    tl_free_give(edit, page, tl_page_cell_off(page, index), tl_page_cell_bytes(page, index));
    tl_page_close_entry(edit, page, index);
}

/* A larger cell for entry `index`, which has given its own back.  There is room, perhaps scattered.
 */
static void cell_replace(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                         tl_slice value)
{
    size_t cell_bytes = tl_leaf_cell_size(suffix, value);
    unsigned offset = cell_place(edit, page, cell_bytes);
    if (offset == 0) {
        tl_page_close_entry(edit, page, index);
        bool room = tl_page_make_room(edit, page, cell_bytes);
        edit->stats->alloc_failures += !room;
        assert(room); /* the caller counted it */
        offset = tl_page_take_cell(page, cell_bytes);
        edit->stats->alloc_fit_gap++;
        tl_page_open_entry(edit, page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                           suffix.size_bytes);
    }
    tl_store16(tl_page_slot_at(page, index), offset);
    tl_leaf_cell_store(page + offset, suffix, value);
}

static bool freelist_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    unsigned offset = tl_page_cell_off(page, index), cell_bytes = tl_page_cell_bytes(page, index);
    if (value.size_bytes <= tl_leaf_value(page, index).size_bytes) {
        unsigned unused = tl_leaf_update_in_cell(edit, page, index, value);
        tl_free_give(edit, page, offset + cell_bytes - unused, unused);
        return true;
    }
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice old = tl_leaf_suffix(page, index), suffix = tl_slice_of(key, old.size_bytes);
    if (!tl_leaf_holds(page, index, tl_leaf_cell_size(suffix, value))) {
        edit->stats->alloc_misses++;
        return false;
    }
    tl_copy(key, old.data, old.size_bytes); /* a free block's header would cover it */
    tl_free_give(edit, page, offset, cell_bytes);
    cell_replace(edit, page, index, suffix, value);
    return true;
}

const tl_leaf_mode tl_leaf_freelist = {"freelist", freelist_insert, freelist_remove,
                                       freelist_update};
