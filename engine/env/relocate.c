/* engine/env/relocate.c -- large values copied to lower places of the file: see relocate.h. */
#include "engine/env/relocate.h"

/* Is some extent of a value beyond the border, or anywhere if any lower place will do, while there
 * is room for the value below? */
static tl_status value_moves(const tl_relocation *now, tl_value_ref ref, bool *moves)
{
    tl_pager *pager = &now->env->pager;
    uint32_t border = now->border, highest = 0, tree = now->env->writer.root.tree_id,
             left = ref.bytes;
    uint8_t buffer[TL_PAGE_HEADER_BYTES];
    tl_extent extent;
    tl_status status = tl_value_first(pager, ref, &extent);
    while (status == TL_OK) { /* ends: every extent has bytes */
        highest = extent.pgno > highest ? extent.pgno : highest;
        left -= extent.bytes;
        if (left == 0)
            break;
        const uint8_t *head = NULL;
        status = tl_extent_head(pager, &extent, tree, buffer, &head);
        if (status == TL_OK)
            status = tl_value_next(pager, head, left, &extent);
    }
    uint32_t limit = now->any_lower ? highest : border;
    *moves = status == TL_OK && highest >= limit &&
             tl_bitmap_find_run(&pager->space.busy, 0, limit,
                                tl_extent_pages(pager->page_bytes, ref.bytes)) != TL_BITMAP_NONE;
    return status;
}

/* Copy the extents of a value into the maker, which has taken pages for it. */
static tl_status value_copy(const tl_relocation *now, tl_value_ref ref)
{
    tl_env *env = now->env;
    uint32_t tree = env->writer.root.tree_id, left = ref.bytes;
    tl_extent extent;
    tl_status status = tl_value_first(&env->pager, ref, &extent);
    while (status == TL_OK) { /* ends: every extent has bytes */
        const uint8_t *head = NULL;
        status = tl_extent_get(&env->pager, &extent, tree, &head);
        if (status != TL_OK)
            break;
        tl_value_append(&env->maker, head + tl_extent_data_at(extent.bytes), extent.bytes);
        left -= extent.bytes;
        if (left == 0)
            return TL_OK;
        status = tl_value_next(&env->pager, head, left, &extent);
    }
    tl_value_unmake(&env->maker);
    return status;
}

static tl_status value_move(tl_relocation *now, tl_slice key, tl_value_ref ref)
{
    tl_env *env = now->env;
    tl_status status = tl_value_make_for(env, &env->maker, env->writer.root.tree_id, ref.bytes);
    if (status == TL_OK)
        status = value_copy(now, ref);
    if (status != TL_OK)
        return status;
    status = tl_tree_put_ref(&env->writer, key, tl_value_seal(&env->maker, false), 0);
    if (status != TL_OK)
        tl_value_unmake(&env->maker);
    now->moved += tl_extent_pages(env->pager.page_bytes, ref.bytes);
    return status;
}

tl_status tl_leaf_values_move(tl_relocation *now)
{
    tl_path *path = &now->env->writer.path;
    unsigned count = tl_page_count(path->at[path->depth - 1].page);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *leaf = path->at[path->depth - 1].page; /* a move makes it the txn's own */
        if (!tl_leaf_has_overflow(leaf, i))
            continue;
        uint8_t bytes[TL_KEY_BYTES_MAX];
        tl_value_ref ref = tl_value_ref_load(tl_leaf_value(leaf, i).data);
        tl_slice prefix = tl_page_prefix(leaf), suffix = tl_leaf_suffix(leaf, i);
        tl_copy(bytes, prefix.data, prefix.size_bytes);
        tl_copy(bytes + prefix.size_bytes, suffix.data, suffix.size_bytes);
        bool moves = false;
        tl_status status = value_moves(now, ref, &moves);
        if (status == TL_OK && moves)
            status =
                value_move(now, tl_slice_of(bytes, prefix.size_bytes + suffix.size_bytes), ref);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}
