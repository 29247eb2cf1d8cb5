/* engine/tree/merge.c -- what happens to a page that deletes have emptied.
 *
 * In this order: merge it with a neighbour, if one page holds both under the wider fences (whose
 * common prefix is shorter, so that entries grow); else divide both pages' entries anew, if the new
 * separator fits into the parent without a split; else leave it as it is.  A neighbour that the txn
 * already owns is preferred.  A delete so never fails for the geometry of pages and never makes the
 * tree grow.
 */
#include "engine/tree/tree.h"

typedef struct pair { /* two neighbours under one parent */
    unsigned i;       /* path level of the parent */
    unsigned at;      /* separator between them: left is child `at`, right child at + 1 */
    const uint8_t *left, *right; /* where their entries are read: in place, then from copies */
    uint8_t *left_page, *right_page;
    tl_slice separator; /* between two branches, whole */
    tl_slice lower, upper;
    tl_run run; /* all entries of both; of branches the separator between them too */
    unsigned count;
} pair;

static bool underfull(const tl_writer *writer, const uint8_t *page)
{
    uint32_t usable = writer->pager->page_bytes - TL_PAGE_HEADER_BYTES;
    size_t used = tl_page_used(page, writer->pager->page_bytes) - TL_PAGE_HEADER_BYTES;
    /* Long fences alone can fill a branch beyond any threshold. */
    unsigned entries_min = tl_page_kind_of(page) == TL_PAGE_BRANCH ? 2 : 1;
    return tl_page_count(page) < entries_min || used < writer->fill->merge_below(usable);
}

/* String the entries of both pages together, from where left and right point. */
static void pair_string(pair *both)
{
    both->lower = tl_page_lower(both->left);
    both->upper = tl_page_upper(both->right);
    both->run = (tl_run){.kind = tl_page_kind_of(both->left)};
    tl_run_add_page(&both->run, both->left, 0, tl_page_count(both->left));
    if (both->run.kind == TL_PAGE_BRANCH)
        tl_run_add_entry(&both->run, both->separator, tl_branch_child(both->right, 0));
    tl_run_add_page(&both->run, both->right, 0, tl_page_count(both->right));
    both->count = tl_run_count(&both->run);
}

/* Gather the pages left and right of separator `at` of the parent at path level `i`. */
static tl_status pair_gather(tl_writer *writer, unsigned i, unsigned at, pair *both,
                             uint8_t separator[TL_KEY_BYTES_MAX])
{
    tl_pager *pager = writer->pager;
    const uint8_t *parent = writer->path.at[i].page, *left = NULL, *right = NULL;
    unsigned level = tl_page_level(parent) - 1;
    tl_ref left_ref = tl_branch_child(parent, at), right_ref = tl_branch_child(parent, at + 1);
    tl_status status = tl_pager_get(pager, left_ref, level, writer->root.tree_id, &left);
    if (status == TL_OK)
        status = tl_pager_get(pager, right_ref, level, writer->root.tree_id, &right);
    if (status != TL_OK)
        return status;
    tl_slice fence = tl_page_upper(left);
    tl_copy(separator, fence.data, fence.size_bytes);
    *both = (pair){.i = i,
                   .at = at,
                   .left = left,
                   .right = right,
                   .left_page = tl_pager_at(pager, left_ref.pgno),
                   .right_page = tl_pager_at(pager, right_ref.pgno),
                   .separator = tl_slice_of(separator, fence.size_bytes)};
    pair_string(both);
    return TL_OK;
}

/* The pages are about to be written anew: read from copies from here on.  The stored crc, which a
 * checkpoint may be writing at this moment, is left out. */
static void pair_copy(tl_writer *writer, pair *both)
{
    tl_pager *pager = writer->pager;
    size_t behind_crc = pager->page_bytes - TL_AT_PGNO;
    memcpy(pager->scratch[1] + TL_AT_PGNO, both->left + TL_AT_PGNO, behind_crc);
    memcpy(pager->scratch[2] + TL_AT_PGNO, both->right + TL_AT_PGNO, behind_crc);
    both->left = pager->scratch[1];
    both->right = pager->scratch[2];
    pair_string(both);
}

/* The page to write the new version of `page` to: itself when owned, else a fresh one. */
static uint8_t *page_for(tl_writer *writer, uint8_t *page, const uint8_t *copy)
{
    uint32_t pgno;
    if (tl_pager_owns(writer->pager, copy))
        return page;
    uint8_t *fresh = tl_pager_take(writer->pager, &pgno);
    tl_store32(fresh + TL_AT_PGNO, pgno); /* page_identity reads it */
    tl_pager_give(writer->pager, copy);
    writer->pager->stats.cow_copies++;
    return fresh;
}

static tl_ref build_part(tl_writer *writer, const pair *both, uint8_t *page, unsigned first,
                         unsigned end, tl_slice lower, tl_slice upper, tl_ref first_child)
{
    tl_page_identity identity = tl_identity_like(writer, both->left, tl_page_pgno(page));
    tl_run_build(&both->run, first, end, page, &identity, lower, upper, first_child);
    return tl_page_ref(page);
}

static tl_ref first_child_of(const pair *both)
{
    return both->run.kind == TL_PAGE_BRANCH ? tl_branch_child(both->left, 0) : (tl_ref){0, 0};
}

/* One page instead of two, if one holds everything. */
static bool pair_merge(tl_writer *writer, pair *both)
{
    tl_stats *stats = &writer->pager->stats;
    uint8_t *parent = writer->path.at[both->i].page;
    size_t bytes = tl_run_page_bytes(&both->run, 0, both->count, both->lower, both->upper);
    bool parent_can_lose = both->i == 0 || tl_page_count(parent) > 1;
    if (bytes > writer->pager->page_bytes || !parent_can_lose) {
        stats->merge_refused_size++;
        return false;
    }
    pair_copy(writer, both);
    bool keep_right =
        tl_pager_owns(writer->pager, both->right) && !tl_pager_owns(writer->pager, both->left);
    uint8_t *page = keep_right ? both->right_page : page_for(writer, both->left_page, both->left);
    tl_pager_give(writer->pager, keep_right ? both->left : both->right);
    tl_ref merged = build_part(writer, both, page, 0, both->count, both->lower, both->upper,
                               first_child_of(both));
    tl_branch_remove(&writer->pager->edit, parent, both->at);
    tl_branch_set_child(parent, both->at, merged);
    stats->merges++;
    stats->leaf_merges += both->run.kind == TL_PAGE_LEAF;
    stats->branch_merges += both->run.kind == TL_PAGE_BRANCH;
    return true;
}

/* Divide the entries of both pages anew, if the parent takes the new separator as it stands. */
static bool pair_divide(tl_writer *writer, pair *both)
{
    tl_pager *pager = writer->pager;
    bool leaf = both->run.kind == TL_PAGE_LEAF;
    if (both->count < (leaf ? 2u : 3u))
        return false;
    tl_run_weigh(&both->run, pager->weights);
    tl_split_input input = {.leaf = leaf, .count = both->count, .weights = pager->weights};
    unsigned at = tl_split_half(&input), right_first = leaf ? at : at + 1;
    uint8_t right_key[TL_KEY_BYTES_MAX], left_key[TL_KEY_BYTES_MAX];
    tl_slice separator = tl_run_key(&both->run, at, right_key);
    if (leaf)
        separator.size_bytes =
            tl_slice_common(tl_run_key(&both->run, at - 1, left_key), separator) + 1;
    uint8_t *parent = writer->path.at[both->i].page;
    bool fits = tl_run_page_bytes(&both->run, 0, at, both->lower, separator) <= pager->page_bytes &&
                tl_run_page_bytes(&both->run, right_first, both->count, separator, both->upper) <=
                    pager->page_bytes &&
                tl_branch_fits(parent, both->at, tl_suffix_of(parent, separator).size_bytes);
    if (!fits) {
        pager->stats.merge_refused_separator++;
        return false;
    }
    pair_copy(writer, both);
    uint8_t *left_page = page_for(writer, both->left_page, both->left);
    uint8_t *right_page = page_for(writer, both->right_page, both->right);
    tl_ref right = build_part(writer, both, right_page, right_first, both->count, separator,
                              both->upper, leaf ? (tl_ref){0, 0} : tl_run_child(&both->run, at));
    tl_ref left =
        build_part(writer, both, left_page, 0, at, both->lower, separator, first_child_of(both));
    tl_branch_replace(&pager->edit, parent, both->at, tl_suffix_of(parent, separator));
    tl_branch_set_child(parent, both->at, left);
    tl_branch_set_child(parent, both->at + 1, right);
    pager->stats.leaf_moves += leaf;
    pager->stats.branch_moves += !leaf;
    return true;
}

typedef bool (*pair_action)(tl_writer *writer, pair *both);

/* Try `action` with the neighbours of child `index`, an owned one first. */
static tl_status with_neighbours(tl_writer *writer, unsigned i, unsigned index, pair_action action,
                                 bool *done)
{
    const uint8_t *parent = writer->path.at[i].page;
    bool has_left = index > 0, has_right = index < tl_page_count(parent);
    unsigned order[2], count = 0;
    if (has_left)
        order[count++] = index - 1;
    if (has_right)
        order[count++] = index;
    *done = false;
    for (unsigned round = 0; round < count && !*done; round++) {
        uint8_t separator[TL_KEY_BYTES_MAX];
        pair both;
        tl_status status = pair_gather(writer, i, order[round], &both, separator);
        if (status != TL_OK)
            return status;
        bool left_is_me = order[round] == index;
        bool other_owned = tl_pager_owns(writer->pager, left_is_me ? both.right : both.left);
        if (round == 0 && count == 2 && !other_owned) { /* look at the other one first */
            unsigned first = order[0];
            order[0] = order[1];
            order[1] = first;
            status = pair_gather(writer, i, order[0], &both, separator);
            if (status != TL_OK)
                return status;
        }
        *done = action(writer, &both);
    }
    return TL_OK;
}

/* A root branch with a single child gives way to it. */
static tl_status root_collapse(tl_writer *writer)
{
    tl_pager *pager = writer->pager;
    const uint8_t *page = NULL;
    while (writer->root.depth > 1) {
        tl_status status = tl_pager_get(pager, writer->root.ref, writer->root.depth - 1,
                                        writer->root.tree_id, &page);
        if (status != TL_OK || tl_page_count(page) > 0)
            return status;
        writer->root.ref = tl_branch_child(page, 0);
        writer->root.depth--;
        pager->stats.root_collapses++;
        tl_pager_give(pager, page);
    }
    return TL_OK;
}

static void count_left_alone(tl_writer *writer, const uint8_t *page)
{
    if (tl_page_kind_of(page) != TL_PAGE_LEAF)
        return;
    if (tl_page_count(page) == 0)
        writer->pager->stats.leaf_empty_kept++;
    else
        writer->pager->stats.leaf_underfilled++;
}

tl_status tl_page_rebalance(tl_writer *writer, unsigned i)
{
    for (; i > 0; i--) { /* upward, as long as parents lose entries */
        const uint8_t *page = writer->path.at[i].page;
        if (!underfull(writer, page))
            return TL_OK;
        bool done = false;
        unsigned index = writer->path.at[i - 1].index;
        tl_status status = with_neighbours(writer, i - 1, index, pair_merge, &done);
        if (status != TL_OK)
            return status;
        if (done) {
            writer->append_leaf = NULL;
            continue;
        }
        status = with_neighbours(writer, i - 1, index, pair_divide, &done);
        if (done)
            writer->append_leaf = NULL;
        else if (status == TL_OK)
            count_left_alone(writer, page);
        return status;
    }
    return root_collapse(writer);
}
