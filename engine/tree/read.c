/* engine/tree/read.c -- following a key from the root to its leaf. */
#include "engine/base/regression.h"
#include "engine/tree/tree.h"

tl_status tl_page_misplaced(tl_pager *pager, const uint8_t *page)
{
    return tl_pager_fail(pager, TL_CORRUPT, tl_page_pgno(page),
                         "page %u has a prefix that its parent contradicts", tl_page_pgno(page));
}

tl_status tl_tree_get(tl_pager *pager, const tl_root *root, tl_slice key, tl_slice *value,
                      tl_search_counts *counts)
{
    tl_ref ref = root->ref;
    const uint8_t *page = NULL;
    tl_slice suffix;
    if (TL_REGRESSION(descend_twice)) {
        tl_path path;
        tl_status status = tl_tree_descend(pager, root, key, &path, counts);
        if (status != TL_OK)
            return status;
    }
    if (TL_REGRESSION(compare_once_in_a_million)) {
        tl_regression_count_operation();
        counts->full_compares += tl_regression_is_due();
    }
    counts->descents++;
    counts->levels += root->depth;
    for (unsigned level = root->depth - 1;; level--) {
        tl_status status = tl_pager_get(pager, ref, level, root->tree_id, &page);
        if (status != TL_OK)
            return status;
        if (TL_REGRESSION(page_hashed_at_each_read)) {
            volatile uint32_t unused = tl_page_checksum(page, pager->page_bytes);
            (void)unused;
        }
        if (!tl_suffix_take(page, key, &suffix))
            return tl_page_misplaced(pager, page);
        if (level == 0)
            break;
        ref = tl_branch_child(page, tl_branch_find(page, suffix, counts));
        if (!TL_REGRESSION(no_prefetch))
            tl_page_prefetch(pager, ref.pgno,
                             level == 1 ? tl_leaf_index_bytes(pager) : TL_BRANCH_INDEX_BYTES);
    }
    bool equal;
    unsigned low, high;
    if (!tl_leaf_find_heads(page, suffix, &low, &high, counts))
        return TL_NOT_FOUND;
    if (!TL_REGRESSION(no_prefetch))
        tl_record_prefetch(pager, page, low + (high - low) / 2);
    unsigned index = tl_leaf_find_between(page, low, high, suffix, &equal, counts);
    if (!equal)
        return TL_NOT_FOUND;
    *value = tl_leaf_value_or_ref(page, index);
    return TL_OK;
}

tl_status tl_tree_descend(tl_pager *pager, const tl_root *root, tl_slice key, tl_path *path,
                          tl_search_counts *counts)
{
    tl_ref ref = root->ref;
    path->depth = root->depth;
    counts->descents++;
    counts->levels += root->depth;
    for (unsigned i = 0;; i++) {
        const uint8_t *page = NULL;
        tl_slice suffix;
        tl_status status = tl_pager_get(pager, ref, root->depth - 1 - i, root->tree_id, &page);
        if (status != TL_OK)
            return status;
        if (!tl_suffix_take(page, key, &suffix))
            return tl_page_misplaced(pager, page);
        path->at[i].page = tl_pager_at(pager, ref.pgno);
        if (i + 1 == root->depth)
            return TL_OK;
        path->at[i].index = tl_branch_find(page, suffix, counts);
        ref = tl_branch_child(page, path->at[i].index);
        tl_page_prefetch(pager, ref.pgno,
                         i + 2 == root->depth ? tl_leaf_index_bytes(pager) : TL_BRANCH_INDEX_BYTES);
    }
}
