/* engine/page/leaf_rebuild.c -- leaf mode `rebuild`: every edit writes the whole page anew.
 *
 * Kept for comparison: it shows what in-place edits save.
 */
#include "engine/page/edit_parts.h"
#include "engine/page/run.h"
#include "engine/page/search.h"

/* What the page becomes: entries [0, index), then `value` under `suffix` unless that is NULL, then
 * the rest from `next` on. */
typedef struct revision {
    unsigned index, next;
    const tl_slice *suffix;
    tl_slice value;
} revision;

/* Bytes of the page when it is written anew. */
static size_t revised_bytes(const tl_edit *edit, const uint8_t *page, const revision *wanted)
{
    size_t bytes = tl_page_used(page, edit->page_bytes) + tl_page_reserve(page);
    if (wanted->next != wanted->index)
        bytes -= TL_ENTRY_BYTES + tl_page_cell_bytes(page, wanted->index);
    if (wanted->suffix != NULL)
        bytes += TL_ENTRY_BYTES + tl_leaf_cell_size(*wanted->suffix, wanted->value);
    return bytes;
}

/* False, and unchanged, when it does not fit. */
static bool rewrite(const tl_edit *edit, uint8_t *page, const revision *wanted)
{
    size_t bytes = revised_bytes(edit, page, wanted);
    if (bytes > edit->page_bytes) {
        edit->stats->alloc_misses++;
        return false;
    }
    const uint8_t *old = edit->scratch;
    memcpy(edit->scratch, page, edit->page_bytes);
    tl_page_identity identity = {.page_bytes = edit->page_bytes,
                                 .pgno = tl_page_pgno(old),
                                 .tree_id = tl_page_tree_id(old),
                                 .birth = tl_page_birth(old),
                                 .kind = TL_PAGE_LEAF,
                                 .level = 0};
    unsigned count = tl_page_count(old) - (wanted->next - wanted->index) + (wanted->suffix != NULL);
    size_t room = (edit->page_bytes - bytes) / TL_ENTRY_BYTES, step = tl_cap_step(edit->page_bytes);
    tl_slice prefix = tl_page_prefix(old);
    tl_builder builder;
    tl_build_begin_with(&builder, page, &identity, tl_page_lower(old), tl_page_upper(old), prefix,
                        count + (unsigned)(room / 4 < step ? room / 4 : step));
    tl_build_copy(&builder, old, 0, wanted->index);
    if (wanted->suffix != NULL)
        tl_build_record(&builder, prefix, *wanted->suffix, wanted->value, edit->value_flags);
    tl_build_copy(&builder, old, wanted->next, tl_page_count(old));
    tl_build_end(&builder);
    tl_page_set_last_ins(page, tl_page_last_ins(old));
    tl_page_set_run(page, tl_page_run(old));
    edit->stats->alloc_rebuilds++;
    edit->stats->alloc_bytes_moved += edit->page_bytes - tl_page_heap_lo(page);
    return true;
}

static bool rebuild_insert(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice suffix,
                           tl_slice value)
{
    return !tl_suffix_is_outside(page, suffix.size_bytes) &&
           rewrite(edit, page, &(revision){index, index, &suffix, value});
}

static void rebuild_remove(const tl_edit *edit, uint8_t *page, unsigned index)
{
    if (!rewrite(edit, page, &(revision){.index = index, .next = index + 1}))
        edit->stats->alloc_failures++; /* fewer records between the same fences always fit */
}

static bool rebuild_update(const tl_edit *edit, uint8_t *page, unsigned index, tl_slice value)
{
    bool same = tl_leaf_value(page, index).size_bytes == value.size_bytes;
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice old = tl_leaf_suffix(page, index), suffix = tl_slice_of(key, old.size_bytes);
    tl_copy(key, old.data, old.size_bytes);
    if (!rewrite(edit, page, &(revision){index, index + 1, &suffix, value}))
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
