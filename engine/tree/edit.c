/* engine/tree/edit.c -- put and delete: find the leaf, own the path, edit in place. */
#include "engine/base/regression.h"
#include "engine/store/overflow.h"
#include "engine/tree/streak.h"
#include "engine/tree/tree.h"

#include <assert.h>

void tl_writer_forget(tl_writer *writer)
{
    writer->append_leaf = NULL;
}

void tl_tree_plant(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint64_t birth,
                   uint32_t tree_id)
{
    tl_page_identity identity = {.page_bytes = page_bytes,
                                 .pgno = pgno,
                                 .tree_id = tree_id,
                                 .birth = birth,
                                 .kind = TL_PAGE_LEAF,
                                 .level = 0};
    tl_builder builder;
    tl_slice infinite = {NULL, 0};
    tl_build_begin(&builder, page, &identity, infinite, infinite, 0);
    tl_build_end(&builder);
}

/* A copy of `from` for the running txn.  The gap is zeroed, not copied; the stored crc, which a
 * checkpoint may be writing at this moment, is left out. */
static uint8_t *page_copy(tl_writer *writer, const uint8_t *from)
{
    tl_pager *pager = writer->pager;
    uint32_t pgno;
    uint8_t *to = tl_pager_take(pager, &pgno);
    size_t arrays = tl_page_front_bytes(from);
    size_t heap_lo = tl_page_heap_lo(from);
    pager->stats.cow_copies++;
    pager->stats.cow_bytes += arrays + pager->page_bytes - heap_lo;
    memset(to, 0, TL_AT_BIRTH);
    memcpy(to + TL_AT_BIRTH, from + TL_AT_BIRTH, arrays - TL_AT_BIRTH);
    memset(to + arrays, 0, heap_lo - arrays);
    memcpy(to + heap_lo, from + heap_lo, pager->page_bytes - heap_lo);
    tl_store32(to + TL_AT_PGNO, pgno);
    tl_page_set_birth(to, pager->txn);
    tl_pager_give(pager, from);
    return to;
}

/* Apart from tl_path_own, so that a path which is the txn's own, as most are, costs a look. */
static __attribute__((noinline)) tl_status path_copy(tl_writer *writer)
{
    tl_path *path = &writer->path;
    unsigned last = path->depth - 1;
    for (unsigned i = 0; i <= last; i++) {
        if (tl_pager_owns(writer->pager, path->at[i].page))
            continue;
        tl_status status =
            tl_page_trust(writer->pager, path->at[i].page, i > 0 ? path->at[i - 1].page : NULL,
                          i > 0 ? path->at[i - 1].index : 0);
        if (status != TL_OK)
            return status;
        path->at[i].page = page_copy(writer, path->at[i].page);
        tl_ref ref = tl_page_ref(path->at[i].page);
        if (i == 0)
            writer->root.ref = ref;
        else
            tl_branch_set_child(path->at[i - 1].page, path->at[i - 1].index, ref);
    }
    writer->pager->stats.dirtied_edit += tl_page_level(path->at[last].page) == 0;
    return TL_OK;
}

tl_status tl_path_own(tl_writer *writer)
{
    if (!tl_pager_owns(writer->pager, writer->path.at[writer->path.depth - 1].page))
        return path_copy(writer);
    writer->pager->stats.inplace_edits++;
    return TL_OK; /* then so are all above it */
}

/* Append behind the last key of the last leaf, found without a descent.  False: not applicable. */
static bool append_fast(tl_writer *writer, tl_slice key, tl_slice value)
{
    uint8_t *leaf = writer->append_leaf;
    unsigned count = tl_page_count(leaf);
    tl_slice prefix = tl_page_prefix(leaf);
    if (TL_REGRESSION(no_append_path) || count == 0 ||
        tl_page_soft_is_due(leaf, writer->pager->page_bytes) ||
        key.size_bytes < prefix.size_bytes ||
        !tl_bytes_equal(key.data, prefix.data, prefix.size_bytes))
        return false;
    tl_slice suffix = tl_slice_of((const uint8_t *)key.data + prefix.size_bytes,
                                  key.size_bytes - prefix.size_bytes);
    uint32_t head = tl_head_of(suffix.data, suffix.size_bytes);
    if (head <= tl_page_head(leaf, count - 1)) { /* the bytes behind it decide, if any do */
        writer->counts.full_compares++;
        if (tl_slice_compare(suffix, tl_leaf_suffix(leaf, count - 1)) <= 0)
            return false;
    }
    uint32_t streak = tl_streak_of(leaf);
    if (!writer->mode->insert(&writer->pager->edit, leaf, count, suffix, value))
        return false; /* full: the long way finds the path to split along */
    tl_streak_note(&writer->pager->stats, leaf, streak, count);
    writer->pager->stats.append_hits++;
    return true;
}

static void record_update(tl_writer *writer, unsigned index, tl_slice key, tl_slice value)
{
    unsigned leaf_at = writer->path.depth - 1;
    uint8_t *leaf = writer->path.at[leaf_at].page;
    const tl_edit *edit = &writer->pager->edit;
    if (writer->mode->update(edit, leaf, index, value))
        return;
    writer->mode->remove(edit, leaf, index);
    tl_page_split(writer, leaf_at, index, key, value, (tl_ref){0, 0});
}

static void record_insert(tl_writer *writer, unsigned index, tl_slice key, tl_slice value)
{
    unsigned leaf_at = writer->path.depth - 1;
    uint8_t *leaf = writer->path.at[leaf_at].page;
    bool at_end = index == tl_page_count(leaf) && tl_page_upper(leaf).size_bytes == 0;
    uint32_t streak = tl_streak_of(leaf);
    writer->root.count++;
    if (tl_page_soft_is_due(leaf, writer->pager->page_bytes) ||
        !writer->mode->insert(&writer->pager->edit, leaf, index, tl_suffix_of(leaf, key), value)) {
        tl_page_split(writer, leaf_at, index, key, value, (tl_ref){0, 0});
        return;
    }
    tl_streak_note(&writer->pager->stats, leaf, streak, index);
    writer->append_leaf = at_end ? leaf : writer->append_leaf;
}

/* Entry `index` of `leaf` is about to go, or to have another value. */
static tl_status doom_value(tl_writer *writer, const uint8_t *leaf, unsigned index)
{
    writer->pager->doomed.count = 0;
    return tl_value_doom(writer->pager, tl_value_ref_load(tl_leaf_value(leaf, index).data),
                         writer->root.tree_id);
}

tl_status tl_tree_put_ref(tl_writer *writer, tl_slice key, tl_value_ref ref, unsigned flags)
{
    uint8_t bytes[TL_VALUE_REF_BYTES];
    tl_value_ref_store(bytes, ref);
    writer->pager->edit.value_flags = TL_VALUE_OVERFLOW;
    tl_status status = tl_tree_put(writer, key, tl_slice_of(bytes, sizeof bytes), flags);
    writer->pager->edit.value_flags = 0;
    if (status == TL_OK)
        writer->root.flags |= TL_ROOT_EXTENTS;
    return status;
}

tl_status tl_tree_put(tl_writer *writer, tl_slice key, tl_slice value, unsigned flags)
{
    if (writer->append_leaf != NULL && append_fast(writer, key, value)) {
        writer->root.count++;
        writer->changes++;
        return TL_OK;
    }
    tl_path *path = &writer->path;
    tl_status status = tl_tree_descend(writer->pager, &writer->root, key, path, &writer->counts);
    if (status != TL_OK)
        return status;
    const uint8_t *leaf = path->at[path->depth - 1].page;
    bool equal;
    unsigned index = tl_leaf_find(leaf, tl_suffix_of(leaf, key), &equal, &writer->counts);
    if (equal && (flags & TL_PUT_INSERT) != 0)
        return TL_EXISTS;
    bool in_extents = equal && tl_leaf_has_overflow(leaf, index);
    status = in_extents ? doom_value(writer, leaf, index) : TL_OK;
    if (status != TL_OK)
        return status;
    if (!writer->secured) {
        status = tl_pager_secure(writer->pager,
                                 tl_tree_pages_needed(&writer->root) + tl_tree_pages_left(writer));
        if (status != TL_OK)
            return status;
    }
    status = tl_path_own(writer);
    if (status != TL_OK)
        return status;
    writer->changes++;
    if (equal)
        record_update(writer, index, key, value);
    else
        record_insert(writer, index, key, value);
    if (in_extents)
        tl_value_give(writer->pager);
    return TL_OK;
}

tl_status tl_tree_del(tl_writer *writer, tl_slice key)
{
    tl_path *path = &writer->path;
    tl_status status = tl_tree_descend(writer->pager, &writer->root, key, path, &writer->counts);
    if (status != TL_OK)
        return status;
    unsigned leaf_at = path->depth - 1;
    const uint8_t *found_in = path->at[leaf_at].page;
    bool equal;
    unsigned index = tl_leaf_find(found_in, tl_suffix_of(found_in, key), &equal, &writer->counts);
    if (!equal)
        return TL_NOT_FOUND;
    bool in_extents = tl_leaf_has_overflow(found_in, index);
    status = in_extents ? doom_value(writer, found_in, index) : TL_OK;
    if (status != TL_OK)
        return status;
    if (!writer->secured) {
        status = tl_pager_secure(writer->pager, tl_tree_pages_reserved(writer));
        if (status != TL_OK)
            return status;
    }
    status = tl_path_own(writer);
    if (status != TL_OK)
        return status;
    writer->changes++;
    writer->root.count--;
    writer->mode->remove(&writer->pager->edit, path->at[leaf_at].page, index);
    if (in_extents)
        tl_value_give(writer->pager);
    if (index == 0 && tl_page_count(path->at[leaf_at].page) == 0)
        writer->pager->stats.leaf_emptied++;
    /* A delete alone has pages for several neighbours (tl_tree_pages_needed). */
    return tl_page_rebalance(writer, leaf_at, writer->secured ? 0 : writer->fill.merge_among);
}
