/* engine/page/leaf_bump.c -- leaf mode `bump`: cells from the gap, garbage until a compaction. */
#include "engine/page/edit_parts.h"

static bool bump_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                        tl_slice value)
{
    size_t cell_bytes = tl_leaf_cell_size(suffix, value);
    if (!tl_page_make_room(edit, page, cell_bytes)) {
        edit->stats->alloc_misses++;
        return false;
    }
    unsigned offset = tl_page_take_cell(page, cell_bytes);
    tl_leaf_cell_store(page + offset, suffix, value);
    tl_page_open_entry(edit, page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                       suffix.size_bytes);
    edit->stats->alloc_fit_gap++;
    return true;
}

static void bump_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    tl_page_drop_cell(page, tl_page_cell_off(page, index), tl_page_cell_bytes(page, index));
    tl_page_close_entry(edit, page, index);
}

static bool bump_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    if (value.size_bytes <= tl_leaf_value(page, index).size_bytes) {
        unsigned unused = tl_leaf_update_in_cell(edit, page, index, value);
        tl_page_set_frag(page, tl_page_frag(page) + unused);
        return true;
    }
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice old = tl_leaf_suffix(page, index), suffix = tl_slice_of(key, old.size_bytes);
    if (!tl_leaf_holds(page, index, tl_leaf_cell_size(suffix, value))) {
        edit->stats->alloc_misses++;
        return false;
    }
    tl_copy(key, old.data, old.size_bytes);
    bump_remove(edit, page, index);
    /* The slot that the removal gave back and the room counted above make this succeed. */
    if (!bump_insert(edit, page, index, suffix, value))
        edit->stats->alloc_failures++;
    return true;
}

const tl_leaf_mode tl_leaf_bump = {"bump", bump_insert, bump_remove, bump_update};
