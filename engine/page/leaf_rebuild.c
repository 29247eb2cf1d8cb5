/* engine/page/leaf_rebuild.c -- leaf mode `rebuild`: every edit writes the whole page anew.
 *
 * Kept for comparison: it shows what in-place edits save.
 */
#include "engine/page/edit_parts.h"
#include "engine/page/run.h"
#include "engine/page/search.h"

/* The page with entries [0, index), then `value` under `suffix` unless it is NULL, then the rest
 * from `next` on.  False, and unchanged, when that does not fit. */
static bool rewrite(const tl_edit *edit, uint8_t *page, unsigned index, const tl_slice *suffix,
                    tl_slice value, unsigned next)
{
    uint8_t key[TL_KEY_BYTES_MAX];
    const uint8_t *old = edit->scratch;
    memcpy(edit->scratch, page, edit->page_bytes);
    tl_run run = {.kind = TL_PAGE_LEAF};
    tl_run_add_page(&run, old, 0, index);
    if (suffix != NULL) {
        tl_slice prefix = tl_page_prefix(old);
        tl_copy(key, prefix.data, prefix.size_bytes);
        tl_copy(key + prefix.size_bytes, suffix->data, suffix->size_bytes);
        tl_run_add_record(&run, tl_slice_of(key, prefix.size_bytes + suffix->size_bytes), value,
                          edit->value_flags);
    }
    tl_run_add_page(&run, old, next, tl_page_count(old));
    tl_slice lower = tl_page_lower(old), upper = tl_page_upper(old);
    unsigned count = tl_run_count(&run);
    if (tl_run_page_bytes(&run, 0, count, lower, upper) > edit->page_bytes) {
        edit->stats->alloc_misses++;
        return false;
    }
    tl_page_identity identity = {.page_bytes = edit->page_bytes,
                                 .pgno = tl_page_pgno(old),
                                 .tree_id = tl_page_tree_id(old),
                                 .birth = tl_page_birth(old),
                                 .kind = TL_PAGE_LEAF,
                                 .level = 0};
    tl_run_build(&run, 0, count, page, &identity, lower, upper, (tl_ref){0, 0});
    edit->stats->alloc_rebuilds++;
    edit->stats->alloc_bytes_moved += edit->page_bytes - tl_page_heap_lo(page);
    return true;
}

static bool rebuild_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                           tl_slice value)
{
    return rewrite(edit, page, index, &suffix, value, index);
}

static void rebuild_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    if (!rewrite(edit, page, index, NULL, tl_slice_of(NULL, 0), index + 1))
        edit->stats->alloc_failures++; /* fewer records between the same fences always fit */
}

static bool rebuild_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    bool same = tl_leaf_value(page, index).size_bytes == value.size_bytes;
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice old = tl_leaf_suffix(page, index), suffix = tl_slice_of(key, old.size_bytes);
    tl_copy(key, old.data, old.size_bytes);
    if (!rewrite(edit, page, index, &suffix, value, index + 1))
        return false;
    edit->stats->overwrites_same_size += same;
    return true;
}

const tl_leaf_mode tl_leaf_rebuild = {
    .name = "rebuild",
    .summary = "every edit writes the whole page, for comparison",
    .insert = rebuild_insert,
    .remove = rebuild_remove,
    .update = rebuild_update,
};
