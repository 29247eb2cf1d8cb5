/* engine/page/leaf_bump.c -- leaf mode `bump`: cells from the gap, garbage until a compaction. */
#include "engine/page/edit_parts.h"
#include "engine/page/search.h"

static void cell_store(uint8_t *cell, tl_slice suffix, tl_slice value)
{
    tl_store16(cell, (unsigned)value.size_bytes);
    tl_copy(cell + TL_CELL_HEADER_BYTES, suffix.data, suffix.size_bytes);
    tl_copy(cell + TL_CELL_HEADER_BYTES + suffix.size_bytes, value.data, value.size_bytes);
}

static bool bump_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                        tl_slice value)
{
    size_t cell_bytes = TL_CELL_HEADER_BYTES + suffix.size_bytes + value.size_bytes;
    if (!tl_page_make_room(edit, page, cell_bytes)) {
        edit->stats->alloc_misses++;
        return false;
    }
    unsigned offset = tl_page_take_cell(page, cell_bytes);
    cell_store(page + offset, suffix, value);
    tl_page_open_entry(page, index, tl_head_of(suffix.data, suffix.size_bytes), offset,
                       suffix.size_bytes);
    edit->stats->alloc_fit_gap++;
    return true;
}

static void bump_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    (void)edit;
    tl_page_drop_cell(page, tl_page_cell_off(page, index), tl_page_cell_bytes(page, index));
    tl_page_close_entry(page, index);
}

/* A value that shrinks or stays keeps its cell; the tail becomes garbage. */
static void update_in_cell(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    unsigned freed = (unsigned)(tl_leaf_value(page, index).size_bytes - value.size_bytes);
    uint8_t *cell = page + tl_page_cell_off(page, index);
    tl_store16(cell, (unsigned)value.size_bytes);
    tl_copy(cell + TL_CELL_HEADER_BYTES + tl_page_suffix_len(page, index), value.data,
            value.size_bytes);
    tl_page_set_frag(page, tl_page_frag(page) + freed);
    edit->stats->overwrites_same_size += freed == 0;
}

static bool bump_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    if (value.size_bytes <= tl_leaf_value(page, index).size_bytes) {
        update_in_cell(edit, page, index, value);
        return true;
    }
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice old = tl_leaf_suffix(page, index), suffix = tl_slice_of(key, old.size_bytes);
    size_t cell_bytes = TL_CELL_HEADER_BYTES + suffix.size_bytes + value.size_bytes;
    size_t room = tl_page_gap(page) + tl_page_frag(page) + tl_page_free_bytes(page) +
                  tl_page_cell_bytes(page, index) +
                  TL_ENTRY_BYTES * (size_t)(tl_page_cap(page) - tl_page_count(page));
    if (room < cell_bytes) {
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
