/* engine/page/leaf_close.c -- the last leaf of a tree gets a neighbour: it is closed in place.
 *
 * Keys that ascend fill the last leaf, which then needs an upper fence and nothing else: no record
 * leaves it.  Its prefix becomes what both fences share, when that is not shorter than the one it
 * has: each suffix then loses its first bytes where it lies, which moves only the two bytes in
 * front of it.  Otherwise it stays SOFT.  What is cut off becomes garbage of a page that is full
 * anyway, as many bytes as its records had all along.
 */
#include "engine/page/edit_parts.h"

/* Cut `cut` bytes more off all keys, which share them. */
static void suffixes_cut(uint8_t *page, unsigned cut)
{
    unsigned count = tl_page_count(page);
    uint8_t *head = page + TL_PAGE_HEADER_BYTES, *slot = tl_page_slot_at(page, 0);
    for (unsigned i = 0; i < count; i++, head += 4, slot += 4) {
        unsigned offset = tl_load16(slot) + cut, suffix = tl_load16(slot + 2) - cut;
        tl_store16(page + offset, tl_load16(page + offset - cut));
        tl_store16(slot, offset);
        tl_store16(slot + 2, suffix);
        tl_store32(head, tl_head_of(page + offset + TL_CELL_HEADER_BYTES, suffix));
    }
    tl_page_set_frag(page, tl_page_frag(page) + count * cut);
}

/* The prefix, as long as it was or longer, is from now on the beginning of the lower fence. */
static void prefix_harden(uint8_t *page, size_t common)
{
    size_t prefix = tl_page_prefix_len(page);
    if (tl_page_is_soft(page))
        tl_page_drop_cell(page, tl_load16(page + TL_AT_PREFIX_OFF), prefix);
    page[TL_AT_FLAGS] &= (uint8_t)~TL_PAGE_SOFT;
    tl_store16(page + TL_AT_PREFIX_OFF, common == 0 ? 0 : tl_load16(page + TL_AT_LOWER_OFF));
    tl_page_set_prefix_len(page, (unsigned)common);
    if (common > prefix)
        suffixes_cut(page, (unsigned)(common - prefix));
}

bool tl_leaf_close(const tl_edit *edit, uint8_t *leaf, tl_slice upper)
{
    size_t prefix = tl_page_prefix_len(leaf), room = tl_page_room(leaf);
    size_t common = tl_slice_common(tl_page_lower(leaf), upper), reserve = 0;
    if (tl_page_is_dense(leaf) || tl_page_gap(leaf) < upper.size_bytes)
        return false;
    if (common < prefix) { /* stays SOFT, and may need room for longer fences yet */
        size_t lower = tl_page_lower(leaf).size_bytes;
        reserve = tl_soft_fence_bytes(lower, prefix) - lower +
                  tl_soft_fence_bytes(upper.size_bytes, prefix) - upper.size_bytes;
    }
    if (room < upper.size_bytes + reserve)
        return false;
    tl_edit_forget(edit, tl_page_pgno(leaf)); /* holes that are not where they were */
    unsigned offset = tl_page_take_cell(leaf, upper.size_bytes);
    memcpy(leaf + offset, upper.data, upper.size_bytes);
    tl_store16(leaf + TL_AT_UPPER_OFF, offset);
    tl_store16(leaf + TL_AT_UPPER_LEN, (unsigned)upper.size_bytes);
    if (common >= prefix)
        prefix_harden(leaf, common);
    tl_store32(leaf + TL_AT_LAST_INS, 0);
    return true;
}

size_t tl_leaf_could_gain(const uint8_t *leaf, tl_slice suffix)
{
    unsigned count = tl_page_count(leaf);
    return count == 0 ? 0 : count * tl_slice_common(tl_leaf_suffix(leaf, 0), suffix);
}
