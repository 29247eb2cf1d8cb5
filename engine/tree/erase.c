/* engine/tree/erase.c -- deleting a range of keys, whole leaves at a time.
 *
 *   parent        | .. a         ..          b .. |        every key of children a..b is in the
 * range leaves         [..][#######][####][######][..] becomes parent        | .. a .. | leaves
 * [..][           ][..]                   one empty leaf between the same fences
 *
 * The range is gone through from left to right.  A leaf that has other keys too is edited; children
 * of one parent that have none are given up unseen but for their number of records, and an empty
 * leaf stands in for all of them, so that the tree is whole after each step.  Rebalancing then
 * merges the stand-in away, and emptied parents after it, as it does after any delete.  The first
 * leaf is rebalanced last: before, it would only be merged with neighbours that go anyway.
 */
#include "engine/store/overflow.h"
#include "engine/tree/range.h"

#include <assert.h>

typedef struct bound { /* a key of its own */
    size_t size_bytes;
    uint8_t bytes[TL_BOUND_BYTES_MAX];
} bound;

static tl_slice bound_slice(const bound *of)
{
    return tl_slice_of(of->bytes, of->size_bytes);
}

static void bound_set(bound *to, tl_slice from)
{
    to->size_bytes = from.size_bytes;
    tl_copy(to->bytes, from.data, from.size_bytes);
}

/* Does a page that ends at fence `end` end inside the range? */
static bool ends_inside(tl_slice end, tl_slice upper)
{
    if (upper.size_bytes == 0)
        return true;
    return end.size_bytes != 0 && tl_slice_compare(end, upper) <= 0;
}

/* Take records first..end-1 out of the leaf at the end of the path, which is owned. */
static void records_remove(tl_writer *writer, unsigned first, unsigned end)
{
    enum { FEW = 8 };
    tl_pager *pager = writer->pager;
    uint8_t *leaf = writer->path.at[writer->path.depth - 1].page, *old = pager->scratch[1];
    writer->root.count -= end - first;
    if (end - first <= FEW) {
        for (unsigned i = end; i > first; i--)
            writer->mode->remove(&pager->edit, leaf, i - 1);
        return;
    }
    memcpy(old, leaf, pager->page_bytes);
    tl_run run = {.kind = TL_PAGE_LEAF};
    tl_run_add_page(&run, old, 0, first);
    tl_run_add_page(&run, old, end, tl_page_count(old));
    tl_page_identity identity = tl_identity_like(writer, old, tl_page_pgno(old));
    tl_edit_forget(&pager->edit, identity.pgno);
    tl_run_build(&run, 0, tl_run_count(&run), leaf, &identity, tl_page_lower(old),
                 tl_page_upper(old), (tl_ref){0, 0});
}

static tl_ref leaf_empty(tl_writer *writer, tl_slice lower, tl_slice upper)
{
    tl_page_identity identity = {.page_bytes = writer->pager->page_bytes,
                                 .tree_id = writer->root.tree_id,
                                 .birth = writer->pager->txn,
                                 .kind = TL_PAGE_LEAF};
    uint8_t *page = tl_pager_take(writer->pager, &identity.pgno);
    tl_builder builder;
    tl_build_begin(&builder, page, &identity, lower, upper, 0);
    tl_build_end(&builder);
    return tl_page_ref(page);
}

/* An empty leaf in place of children first..last of the parent at path level `i`, which is owned.
 */
static tl_status children_replace(tl_writer *writer, unsigned i, unsigned first, unsigned last)
{
    tl_pager *pager = writer->pager;
    uint8_t *parent = writer->path.at[i].page;
    bound lower, upper;
    for (unsigned at = first; at <= last; at++) {
        const uint8_t *leaf = NULL;
        tl_status status =
            tl_pager_get(pager, tl_branch_child(parent, at), 0, writer->root.tree_id, &leaf);
        if (status != TL_OK)
            return status; /* not after the survey */
        if (at == first)
            bound_set(&lower, tl_page_lower(leaf));
        if (at == last)
            bound_set(&upper, tl_page_upper(leaf));
        writer->root.count -= tl_page_count(leaf);
        tl_pager_give(pager, leaf);
        pager->stats.leaves_erased++;
    }
    for (unsigned at = first; at < last; at++)
        tl_branch_remove(&pager->edit, parent, first);
    tl_branch_set_child(parent, first,
                        leaf_empty(writer, bound_slice(&lower), bound_slice(&upper)));
    writer->path.at[i].index = first;
    writer->path.at[i + 1].page = tl_pager_at(pager, tl_branch_child(parent, first).pgno);
    return TL_OK;
}

/* The leaf that takes the place of children first..last has the fences of the outer ones. */
static tl_status ends_trust(tl_writer *writer, unsigned i, unsigned first, unsigned last)
{
    const uint8_t *parent = writer->path.at[i].page;
    tl_status status = TL_OK;
    for (unsigned at = first; at <= last && status == TL_OK; at += at < last ? last - first : 1) {
        const uint8_t *leaf = NULL;
        status = tl_pager_get(writer->pager, tl_branch_child(parent, at), 0, writer->root.tree_id,
                              &leaf);
        if (status == TL_OK)
            status = tl_page_trust(writer->pager, leaf, parent, at);
    }
    return status;
}

/* Children first..last have no key outside the range.  A branch keeps two children, so of a whole
 * one two empty leaves stay, for rebalancing to merge. */
static tl_status children_erase(tl_writer *writer, unsigned first, unsigned last)
{
    tl_path *path = &writer->path;
    path->depth--; /* the leaf need not be owned: it goes */
    tl_status status = tl_path_own(writer);
    path->depth++;
    unsigned i = path->depth - 2;
    if (status == TL_OK)
        status = ends_trust(writer, i, first, last);
    if (status != TL_OK)
        return status;
    if (first == 0 && last == tl_page_count(path->at[i].page)) {
        status = children_replace(writer, i, last, last);
        last--;
    }
    if (status == TL_OK)
        status = children_replace(writer, i, first, last);
    return status == TL_OK ? tl_page_rebalance(writer, path->depth - 1, 0) : status;
}

/* The last child of the parent that has no key outside the range, which the one at hand has not. */
static unsigned last_inside(const uint8_t *parent, tl_slice upper, tl_search_counts *counts)
{
    if (ends_inside(tl_page_upper(parent), upper))
        return tl_page_count(parent);
    return tl_branch_find(parent, tl_suffix_of(parent, upper), counts) - 1;
}

/* One step: erase from `at` to the end of a leaf or of several, where *at then stands.  *more: the
 * range goes on behind it. */
static tl_status range_step(tl_writer *writer, bound *at, tl_slice upper, bool *more)
{
    tl_path *path = &writer->path;
    tl_status status =
        tl_tree_descend(writer->pager, &writer->root, bound_slice(at), path, &writer->counts);
    if (status != TL_OK)
        return status;
    unsigned last = path->depth - 1;
    const uint8_t *leaf = path->at[last].page, *parent = last > 0 ? path->at[last - 1].page : NULL;
    bool equal, whole_tail = ends_inside(tl_page_upper(leaf), upper);
    unsigned first =
        tl_leaf_find(leaf, tl_suffix_of(leaf, bound_slice(at)), &equal, &writer->counts);
    unsigned end = tl_page_count(leaf), child = last > 0 ? path->at[last - 1].index : 0;
    unsigned last_child = child;
    if (!whole_tail)
        end = tl_leaf_find(leaf, tl_suffix_of(leaf, upper), &equal, &writer->counts);
    if (parent != NULL && first == 0 && whole_tail)
        last_child = last_inside(parent, upper, &writer->counts);
    const uint8_t *ending = leaf;
    if (last_child > child) {
        status = tl_pager_get(writer->pager, tl_branch_child(parent, last_child), 0,
                              writer->root.tree_id, &ending);
        if (status != TL_OK)
            return status;
    }
    tl_slice next = tl_page_upper(ending);
    if (next.size_bytes != 0 && tl_slice_compare(next, bound_slice(at)) <= 0)
        return tl_page_misplaced(writer->pager, ending); /* it would never end */
    bound_set(at, next);
    *more = whole_tail && at->size_bytes != 0 &&
            (upper.size_bytes == 0 || tl_slice_compare(bound_slice(at), upper) < 0);
    if (last_child > child)
        return children_erase(writer, child, last_child);
    if (first == end)
        return TL_OK;
    status = tl_path_own(writer);
    if (status != TL_OK)
        return status;
    records_remove(writer, first, end);
    return first == 0 ? tl_page_rebalance(writer, last, 0) : TL_OK;
}

/* The leaf where the range began was left alone so far, however empty. */
static tl_status rebalance_begin(tl_writer *writer, tl_slice lower)
{
    tl_path *path = &writer->path;
    tl_status status = tl_tree_descend(writer->pager, &writer->root, lower, path, &writer->counts);
    if (status != TL_OK || !tl_pager_owns(writer->pager, path->at[path->depth - 1].page))
        return status;
    return tl_page_rebalance(writer, path->depth - 1, 0);
}

/* Nothing stays: the pages are given up as those of a dropped tree are. */
static tl_status erase_all(tl_writer *writer)
{
    tl_pager *pager = writer->pager;
    uint32_t pgno;
    tl_status status = tl_pager_secure(pager, tl_tree_pages_reserved(writer));
    if (status != TL_OK)
        return status;
    uint8_t *page = tl_pager_take(pager, &pgno);
    tl_tree_plant(page, pager->page_bytes, pgno, pager->txn, writer->root.tree_id);
    status = tl_tree_free(pager, &writer->root);
    if (status != TL_OK) {
        tl_pager_give(pager, page);
        return status;
    }
    writer->root = (tl_root){
        .ref = tl_page_ref(page), .tree_id = writer->root.tree_id, .depth = 1, .count = 0};
    return TL_OK;
}

/* Pages that the steps can take.  Two leaves cost no more than what every delete may take: two ways
 * down, and as each rebalancing has an owned page at hand, one neighbour per level.  Beyond that,
 * each parent may stay, with two empty leaves, in new versions, and change a neighbour. */
static size_t pages_needed(const tl_writer *writer, const tl_range_survey *covered)
{
    size_t pages = tl_tree_pages_reserved(writer);
    if (covered->leaves > 2)
        pages += tl_tree_pages_needed(&writer->root) + 8 * covered->parents;
    return pages;
}

/* Pages, and memory to give up all that goes. */
static tl_status range_secure(tl_writer *writer, const tl_range_survey *covered)
{
    tl_pager *pager = writer->pager;
    size_t pages = pages_needed(writer, covered), given = covered->leaves + pages;
    tl_status status = tl_pager_secure(pager, pages);
    if (status == TL_OK)
        status = tl_space_secure(&pager->space, given);
    if (status == TL_OK)
        status = tl_space_secure_runs(&pager->space, given + pager->doomed.count);
    return status;
}

tl_status tl_tree_del_range(tl_writer *writer, const tl_bounds *range, uint64_t *deleted)
{
    tl_range_survey covered = {.records = writer->root.count};
    tl_status status = TL_OK;
    bool extents = (writer->root.flags & TL_ROOT_EXTENTS) != 0;
    writer->pager->doomed.count = 0;
    if (!tl_bounds_all(range))
        status = tl_tree_survey_range(writer->pager, &writer->root, range, extents, &writer->counts,
                                      &covered);
    if (status != TL_OK)
        return status;
    *deleted = covered.records;
    if (covered.records == 0)
        return TL_OK;
    writer->append_leaf = NULL;
    writer->changes++;
    if (covered.records == writer->root.count)
        return erase_all(writer);
    status = range_secure(writer, &covered);
    if (status != TL_OK)
        return status;
    uint64_t before = writer->root.count;
    bound at;
    bound_set(&at, range->lower);
    for (bool more = true; more && status == TL_OK;) /* ends: `at` moves right by a leaf or more */
        status = range_step(writer, &at, range->upper, &more);
    if (status == TL_OK)
        status = rebalance_begin(writer, range->lower);
    if (status == TL_OK)
        tl_value_give(writer->pager);
    assert(status != TL_OK || before - writer->root.count == covered.records);
    (void)before;
    return status;
}
