/* engine/tree/drop.c -- giving up a whole tree at once.
 *
 * Two walks over the branches: the first counts and secures the memory for the dead list, the
 * second gives the pages up, so that nothing is half done when memory or a read fails.  Leaves, by
 * far the most pages, are read only in a tree that has had values in extents.
 *
 * A dead page needs its birth, and a parent tells only its low 32 bits.  A page that is in memory
 * shows its own.  One that is not was never touched since the env was opened, so it was born in or
 * before the checkpoint that open found; every snapshot pinned today is that one or a later one, so
 * "born in txn 0" gives the same answer to each of them as the true birth.
 */
#include "engine/store/overflow.h"
#include "engine/tree/tree.h"

static tl_status refuse(tl_pager *pager, uint32_t pgno)
{
    return tl_pager_fail(pager, TL_CORRUPT, pgno, "page %u is named but cannot be of this tree",
                         pgno);
}

tl_status tl_leaf_doom_values(tl_pager *pager, const tl_root *root, const uint8_t *leaf,
                              unsigned first, unsigned end)
{
    tl_status status = TL_OK;
    for (unsigned i = first; i < end && status == TL_OK; i++)
        if (tl_leaf_has_overflow(leaf, i))
            status =
                tl_value_doom(pager, tl_value_ref_load(tl_leaf_value(leaf, i).data), root->tree_id);
    return status;
}

/* Count the pages below `ref`, itself included, and doom the extents. */
static tl_status pages_count(tl_pager *pager, const tl_root *root, tl_ref ref, unsigned level,
                             size_t *count)
{
    const uint8_t *page = NULL;
    if (++*count > pager->space.page_count)
        return refuse(pager, ref.pgno); /* more pages than there are: some are named twice */
    if (level == 0 && (root->flags & TL_ROOT_EXTENTS) == 0)
        return TL_OK;
    tl_status status = tl_pager_get(pager, ref, level, root->tree_id, &page);
    if (level == 0)
        return status == TL_OK ? tl_leaf_doom_values(pager, root, page, 0, tl_page_count(page))
                               : status;
    for (unsigned i = 0; status == TL_OK && i <= tl_page_count(page); i++)
        status = pages_count(pager, root, tl_branch_child(page, i), level - 1, count);
    return status;
}

static tl_status page_free(tl_pager *pager, const tl_root *root, tl_ref ref, unsigned level)
{
    if (ref.pgno < tl_meta_pages(pager->page_bytes) || ref.pgno >= pager->space.page_count ||
        !tl_bitmap_get(&pager->space.live, ref.pgno))
        return refuse(pager, ref.pgno);
    if (!tl_pager_has(pager, ref, level, root->tree_id)) {
        tl_space_give(&pager->space, ref.pgno, 0, false);
        return TL_OK;
    }
    const uint8_t *page = tl_pager_at(pager, ref.pgno);
    if ((uint32_t)tl_page_birth(page) != ref.tag)
        return refuse(pager, ref.pgno);
    tl_pager_give(pager, page);
    return TL_OK;
}

static tl_status pages_free(tl_pager *pager, const tl_root *root, tl_ref ref, unsigned level)
{
    const uint8_t *page = NULL;
    tl_status status = TL_OK;
    if (level > 0)
        status = tl_pager_get(pager, ref, level, root->tree_id, &page);
    for (unsigned i = 0; level > 0 && status == TL_OK && i <= tl_page_count(page); i++)
        status = pages_free(pager, root, tl_branch_child(page, i), level - 1);
    return status == TL_OK ? page_free(pager, root, ref, level)
                           : status; /* its bytes stay readable till here */
}

tl_status tl_tree_free(tl_pager *pager, const tl_root *root)
{
    size_t count = 0;
    pager->doomed.count = 0;
    tl_status status = pages_count(pager, root, root->ref, root->depth - 1, &count);
    if (status == TL_OK)
        status = tl_space_secure(&pager->space, count);
    if (status == TL_OK)
        status = tl_space_secure_runs(&pager->space, count + pager->doomed.count);
    if (status == TL_OK)
        status = pages_free(pager, root, root->ref, root->depth - 1);
    if (status == TL_OK)
        tl_value_give(pager);
    return status;
}
