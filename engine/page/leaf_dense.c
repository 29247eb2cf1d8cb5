/* engine/page/leaf_dense.c -- dense leaves, and leaf mode `dense`.
 *
 * Records of one size lie in key order without slots and lengths, so a search that has found its
 * head knows where the record is: one line less to wait for.  The price is that an insert moves
 * records, not slots.
 *
 * A leaf becomes dense when the tree writes it anew in this mode, or when its first record comes.
 * Every mode edits it as it is, as long as records keep their size; the first record of another
 * size gives it slots.  There is always room for them (page.h).
 */
#include "engine/page/build.h"
#include "engine/page/leaf_cells.h"

static uint8_t *record_at(uint8_t *page, unsigned index)
{
    return page + tl_dense_record_off(page, index);
}

static void give_slots(const tl_edit *edit, uint8_t *page, unsigned extra_slots)
{
    edit->stats->dense_given_up++;
    tl_page_compact(edit, page, extra_slots);
}

tl_dense_answer tl_dense_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                                tl_slice value)
{
    unsigned count = tl_page_count(page);
    size_t stride = tl_dense_stride(page), behind = count - index;
    bool same_size = suffix.size_bytes == tl_dense_suffix_bytes(page) &&
                     value.size_bytes == tl_dense_value_bytes(page) && edit->value_flags == 0;
    bool has_room = same_size ? count < tl_page_cap(page)
                              : tl_page_room(page) >= TL_ENTRY_BYTES + tl_page_reserve(page) +
                                                          tl_leaf_cell_size(suffix, value);
    if (!has_room) {
        edit->stats->alloc_misses++;
        return TL_DENSE_FULL;
    }
    if (!same_size) {
        give_slots(edit, page, 1);
        return TL_DENSE_HAS_SLOTS;
    }
    uint8_t *record = record_at(page, index), *head = page + TL_PAGE_HEADER_BYTES + 4 * index;
    memmove(record + stride, record, stride * behind);
    memmove(head + 4, head, 4 * behind);
    tl_copy(record, suffix.data, suffix.size_bytes);
    tl_copy(record + suffix.size_bytes, value.data, value.size_bytes);
    tl_store32(head, tl_head_of(suffix.data, suffix.size_bytes));
    tl_page_set_count(page, count + 1);
    edit->stats->alloc_fit_gap++;
    edit->stats->head_shift_bytes += 4 * behind;
    edit->stats->alloc_bytes_moved += stride * behind;
    return TL_DENSE_DONE;
}

tl_dense_answer tl_dense_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    size_t suffix = tl_dense_suffix_bytes(page);
    if (value.size_bytes == tl_dense_value_bytes(page) && edit->value_flags == 0) {
        tl_copy(record_at(page, index) + suffix, value.data, value.size_bytes);
        edit->stats->overwrites_same_size++;
        return TL_DENSE_DONE;
    }
    if (!tl_leaf_holds(page, index, TL_CELL_HEADER_BYTES + suffix + value.size_bytes)) {
        edit->stats->alloc_misses++;
        return TL_DENSE_FULL;
    }
    give_slots(edit, page, 0);
    return TL_DENSE_HAS_SLOTS;
}

void tl_dense_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    unsigned count = tl_page_count(page);
    size_t stride = tl_dense_stride(page), behind = count - index - 1;
    uint8_t *record = record_at(page, index), *head = page + TL_PAGE_HEADER_BYTES + 4 * index;
    memmove(record, record + stride, stride * behind);
    memmove(head, head + 4, 4 * behind);
    memset(record_at(page, count - 1), 0, stride);
    tl_store32(page + TL_PAGE_HEADER_BYTES + 4 * (size_t)(count - 1), 0);
    tl_page_set_count(page, count - 1);
    edit->stats->head_shift_bytes += 4 * behind;
    edit->stats->alloc_bytes_moved += stride * behind;
}

/* An empty leaf becomes dense, for records of these sizes. */
static void begin_dense(const tl_edit *edit, uint8_t *page, size_t suffix_bytes, size_t value_bytes)
{
    const uint8_t *old = edit->scratch;
    memcpy(edit->scratch, page, edit->page_bytes);
    tl_page_identity identity = {.page_bytes = edit->page_bytes,
                                 .pgno = tl_page_pgno(old),
                                 .tree_id = tl_page_tree_id(old),
                                 .birth = tl_page_birth(old),
                                 .kind = TL_PAGE_LEAF};
    tl_builder builder;
    tl_build_begin_dense(&builder, page, &identity, tl_page_lower(old), tl_page_upper(old),
                         tl_page_prefix(old), suffix_bytes, value_bytes);
    tl_build_end(&builder);
    tl_page_set_last_ins(page, tl_page_last_ins(old));
    tl_page_set_run(page, tl_page_run(old));
}

static const tl_holes chain = {tl_free_take, tl_free_give};

static bool dense_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                         tl_slice value)
{
    if (tl_page_count(page) == 0 && edit->value_flags == 0 &&
        !tl_suffix_is_outside(page, suffix.size_bytes))
        begin_dense(edit, page, suffix.size_bytes, value.size_bytes);
    return tl_cells_insert(&chain, edit, page, index, suffix, value);
}

static void dense_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    tl_cells_remove(&chain, edit, page, index);
}

static bool dense_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    return tl_cells_update(&chain, edit, page, index, value);
}

const tl_leaf_mode tl_leaf_dense = {
    .name = "dense",
    .summary = "records of one size without slots; else as freelist",
    .writes_dense = true,
    .insert = dense_insert,
    .remove = dense_remove,
    .update = dense_update,
};
