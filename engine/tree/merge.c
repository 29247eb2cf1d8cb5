/* engine/tree/merge.c -- what happens to a page that deletes have emptied.
 *
 * In this order: merge it with a neighbour, if one page holds both under the wider fences (whose
 * common prefix is shorter, so that entries grow); else, if the fill strategy wants that, make one
 * leaf fewer of several (merge_many.c); else divide both pages' entries anew, if the new separator
 * fits into the parent without a split; else leave it as it is.  The fill strategy says when this
 * begins and which neighbour comes first.  A delete so never fails for the geometry of
 * pages and never makes the tree grow.
 *
 * A merge takes an entry from the parent.  When that is the parent's last one, the parent keeps a
 * single child, which is no legal page: before such a merge it is made sure that the parent can be
 * merged, or refilled, with a neighbour of its own, and so on upward.  What was found possible is
 * still possible when its turn comes, because nothing else changes in between.
 */
#include "engine/base/regression.h"
#include "engine/tree/division.h"

#include <assert.h>

typedef struct pair { /* two neighbours under one parent */
    unsigned i;       /* path level of the parent */
    unsigned at;      /* separator between them: left is child `at`, right child at + 1 */
    const uint8_t *left, *right; /* where their entries are read: in place, then from copies */
    uint8_t *left_page, *right_page;
    unsigned left_count, right_count; /* entries; that of a page about to lose its last one is 0 */
    tl_slice separator;               /* between them, whole */
    tl_division both; /* all entries; of branches the separator between the pages too */
    uint8_t separator_bytes[TL_KEY_BYTES_MAX];
} pair;

typedef struct rebalance {
    tl_writer *writer;
    bool must; /* the page has a single child: it cannot stay */
} rebalance;

static bool is_branch(const uint8_t *page)
{
    return tl_page_kind_of(page) == TL_PAGE_BRANCH;
}

static bool underfull(const tl_writer *writer, const uint8_t *page)
{
    size_t used = tl_page_used(page, writer->pager->page_bytes) - TL_PAGE_HEADER_BYTES;
    /* Long fences alone can fill a branch beyond any threshold. */
    return tl_page_count(page) < (is_branch(page) ? 2u : 1u) ||
           (used < writer->fill.merge_below_bytes && !TL_REGRESSION(missed_merge));
}

/* String the entries of both pages together, from where left and right point. */
static void pair_string(pair *both, tl_writer *writer)
{
    unsigned kind = tl_page_kind_of(both->left);
    tl_division *all = &both->both;
    *all = (tl_division){
        .writer = writer,
        .run = {.kind = kind, .page_bytes = writer->pager->page_bytes},
        .lower = tl_page_lower(both->left),
        .upper = tl_page_upper(both->right)
    };
    tl_run_add_page(&all->run, both->left, 0, both->left_count);
    if (kind == TL_PAGE_BRANCH) {
        tl_run_add_entry(&all->run, both->separator, tl_branch_child(both->right, 0));
        all->first_child = tl_branch_child(both->left, 0);
    }
    tl_run_add_page(&all->run, both->right, 0, both->right_count);
    all->count = tl_run_count(&all->run);
}

/* Gather the pages left and right of separator `at` of the parent at path level `i`. */
static tl_status pair_gather(tl_writer *writer, unsigned i, unsigned at, pair *both)
{
    tl_pager *pager = writer->pager;
    const uint8_t *parent = writer->path.at[i].page, *left = NULL, *right = NULL;
    unsigned level = tl_page_level(parent) - 1;
    tl_ref left_ref = tl_branch_child(parent, at), right_ref = tl_branch_child(parent, at + 1);
    tl_status status = tl_pager_get(pager, left_ref, level, writer->root.tree_id, &left);
    if (status == TL_OK)
        status = tl_pager_get(pager, right_ref, level, writer->root.tree_id, &right);
    if (status == TL_OK)
        status = tl_page_trust(pager, left, parent, at);
    if (status == TL_OK)
        status = tl_page_trust(pager, right, parent, at + 1);
    if (status != TL_OK)
        return status;
    tl_slice fence = tl_page_upper(left);
    tl_copy(both->separator_bytes, fence.data, fence.size_bytes);
    both->i = i;
    both->at = at;
    both->left = left;
    both->right = right;
    both->left_page = tl_pager_at(pager, left_ref.pgno);
    both->right_page = tl_pager_at(pager, right_ref.pgno);
    both->left_count = tl_page_count(left);
    both->right_count = tl_page_count(right);
    both->separator = tl_slice_of(both->separator_bytes, fence.size_bytes);
    pair_string(both, writer);
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
    pair_string(both, writer);
}

static bool merged_fits(const rebalance *work, const pair *both)
{
    const tl_division *all = &both->both;
    size_t most =
        work->must ? work->writer->pager->page_bytes : work->writer->fill.merge_upto_bytes;
    return tl_run_page_bytes(&all->run, 0, all->count, all->lower, all->upper) <= most;
}

/* The cut nearest to the middle after which both pages fit, and the parent as well. */
static bool division_find(const rebalance *work, const pair *both, tl_cut *out)
{
    enum { REACH = 8 };
    const tl_division *all = &both->both;
    const uint8_t *parent = work->writer->path.at[both->i].page;
    int last = tl_division_last(all);
    if (last < 1)
        return false;
    bool anywhere = work->must || both->left_count == 0 || both->right_count == 0;
    unsigned half = tl_division_half(all), reach = anywhere ? all->count : REACH;
    for (unsigned away = 0; away <= reach; away++)
        for (int side = away == 0 ? 1 : -1; side <= 1; side += 2) {
            int at = (int)half + side * (int)away;
            if (at < 1 || at > last || tl_cut_try(all, (unsigned)at, out) != TL_CUT_FITS)
                continue;
            if (tl_branch_fits(parent, both->at, tl_suffix_of(parent, out->separator).size_bytes))
                return true;
        }
    return false;
}

static tl_status parent_can_lose(tl_writer *writer, unsigned i, bool *can);

/* Could the branch at path level `i` be merged or refilled if it had but its first child? */
static tl_status single_child_curable(tl_writer *writer, unsigned i, bool *curable)
{
    const uint8_t *parent = writer->path.at[i - 1].page;
    unsigned index = writer->path.at[i - 1].index;
    rebalance work = {.writer = writer, .must = true};
    *curable = false;
    for (unsigned side = 0; side < 2 && !*curable; side++) {
        if (side == 0 ? index == 0 : index == tl_page_count(parent))
            continue;
        pair both;
        tl_cut where;
        tl_status status = pair_gather(writer, i - 1, side == 0 ? index - 1 : index, &both);
        if (status != TL_OK)
            return status;
        *(side == 0 ? &both.right_count : &both.left_count) = 0;
        pair_string(&both, writer);
        if (merged_fits(&work, &both)) {
            status = parent_can_lose(writer, i - 1, curable);
            if (status != TL_OK)
                return status;
        }
        *curable = *curable || division_find(&work, &both, &where);
    }
    return TL_OK;
}

/* Can the branch at path level `i` do without one of its entries? */
static tl_status parent_can_lose(tl_writer *writer, unsigned i, bool *can)
{
    *can = i == 0 || tl_page_count(writer->path.at[i].page) > 1;
    return *can ? TL_OK : single_child_curable(writer, i, can);
}

static void count_moved(tl_writer *writer, const tl_division *all, unsigned from, unsigned to)
{
    tl_stats *stats = &writer->pager->stats;
    stats->merge_records_moved += to - from;
    stats->merge_bytes_moved += tl_run_weight(&all->run, from, to);
}

static void count_merge(tl_writer *writer, const pair *both, bool keep_right)
{
    tl_stats *stats = &writer->pager->stats;
    bool leaf = !is_branch(both->left);
    unsigned left = both->left_count, all = both->both.count;
    stats->leaf_merges += leaf;
    stats->branch_merges += !leaf;
    stats->leaf_freed += leaf && (left == 0 || both->right_count == 0);
    count_moved(writer, &both->both, keep_right ? 0 : left, keep_right ? left : all);
    unsigned level = tl_page_level(both->left);
    uint32_t id = writer->root.tree_id;
    uint32_t at_left = tl_thrash_place(both->both.lower, level, id);
    uint64_t edit = tl_writer_edit(writer);
    stats->thrash_merge +=
        tl_events_has(&writer->split_events, edit, at_left) ||
        tl_events_has(&writer->split_events, edit, tl_thrash_place(both->separator, level, id));
    tl_events_add(&writer->merge_events, edit, at_left);
}

/* One page instead of two, if one holds everything. */
static tl_status pair_merge(const rebalance *work, pair *both, bool *done)
{
    tl_writer *writer = work->writer;
    tl_status status = TL_OK;
    *done = merged_fits(work, both);
    if (*done)
        status = parent_can_lose(writer, both->i, done);
    if (status != TL_OK)
        return status;
    if (!*done) {
        writer->pager->stats.merge_refused_size++;
        return TL_OK;
    }
    pair_copy(writer, both);
    bool keep_right =
        tl_pager_owns(writer->pager, both->right) && !tl_pager_owns(writer->pager, both->left);
    uint8_t *keep = keep_right ? both->right_page : both->left_page, *parent;
    uint32_t pgno;
    count_merge(writer, both, keep_right);
    tl_pager_give(writer->pager, keep_right ? both->left : both->right);
    uint8_t *page = tl_page_rewritable(writer, keep, &pgno);
    const tl_division *all = &both->both;
    tl_ref merged =
        tl_division_build(all, 0, all->count, page, pgno, both->left, all->lower, all->upper);
    parent = writer->path.at[both->i].page;
    tl_branch_remove(&writer->pager->edit, parent, both->at);
    tl_branch_set_child(parent, both->at, merged);
    return TL_OK;
}

/* Divide the entries of both pages anew, if the parent takes the new separator as it stands. */
static tl_status pair_divide(const rebalance *work, pair *both, bool *done)
{
    tl_writer *writer = work->writer;
    tl_stats *stats = &writer->pager->stats;
    tl_cut where;
    *done = division_find(work, both, &where);
    if (!*done) {
        stats->merge_refused_separator++;
        return TL_OK;
    }
    pair_copy(writer, both);
    const tl_division *all = &both->both;
    uint8_t *parent = writer->path.at[both->i].page;
    uint32_t left_pgno, right_pgno;
    uint8_t *left_page = tl_page_rewritable(writer, both->left_page, &left_pgno);
    uint8_t *right_page = tl_page_rewritable(writer, both->right_page, &right_pgno);
    tl_ref right = tl_division_build(all, tl_division_behind(all, where.at), all->count, right_page,
                                     right_pgno, both->left, where.separator, all->upper);
    tl_ref left = tl_division_build(all, 0, where.at, left_page, left_pgno, both->left, all->lower,
                                    where.separator);
    tl_branch_replace(&writer->pager->edit, parent, both->at,
                      tl_suffix_of(parent, where.separator));
    tl_branch_set_child(parent, both->at, left);
    tl_branch_set_child(parent, both->at + 1, right);
    bool leaf = tl_division_is_leaf(all);
    stats->leaf_moves += leaf;
    stats->branch_moves += !leaf;
    stats->separators++;
    stats->separator_bytes += where.separator.size_bytes;
    unsigned level = tl_page_level(both->left);
    tl_events_move(&writer->split_events, tl_writer_edit(writer),
                   tl_thrash_place(both->separator, level, writer->root.tree_id),
                   tl_thrash_place(where.separator, level, writer->root.tree_id));
    bool to_left = where.at > both->left_count;
    count_moved(writer, all, to_left ? both->left_count : where.at,
                to_left ? where.at : both->left_count);
    return TL_OK;
}

typedef tl_status (*pair_action)(const rebalance *work, pair *both, bool *done);

/* Try `action` with the pairs whose separators are in `order`. */
static tl_status with_neighbours(const rebalance *work, unsigned i, const unsigned *order,
                                 unsigned count, pair_action action, bool *done)
{
    *done = false;
    for (unsigned round = 0; round < count && !*done; round++) {
        pair both;
        tl_status status = pair_gather(work->writer, i, order[round], &both);
        if (status == TL_OK)
            status = action(work, &both, done);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* tl_pager_owns, without a look at the page. */
static bool child_owned(const tl_writer *writer, const uint8_t *parent, unsigned index)
{
    const tl_pager *pager = writer->pager;
    tl_ref child = tl_branch_child(parent, index);
    if (pager->owner != 0)
        return child.tag == (uint32_t)pager->owner;
    return child.tag == (uint32_t)pager->txn && tl_space_is_new(&pager->space, child.pgno);
}

/* The separators beside child `index` of the parent at path level `i`, the better neighbour first;
 * their number.  0: the fill strategy wants neither. */
static unsigned neighbours_order(const rebalance *work, unsigned i, unsigned index,
                                 const uint8_t *page, unsigned order[2])
{
    tl_writer *writer = work->writer;
    const uint8_t *parent = writer->path.at[i].page;
    tl_merge_input input = {
        .page_bytes = writer->pager->page_bytes,
        .used_bytes = (uint32_t)tl_page_used(page, writer->pager->page_bytes),
        .level = tl_page_level(page),
        .count = tl_page_count(page),
        .has_left = index > 0,
        .has_right = index < tl_page_count(parent),
    };
    input.left_owned = input.has_left && child_owned(writer, parent, index - 1);
    input.right_owned = input.has_right && child_owned(writer, parent, index + 1);
    int first = input.right_owned && !input.left_owned ? TL_PREFER_RIGHT : TL_PREFER_LEFT;
    const tl_fill_strategy *row = writer->fill.row;
    if (row->prefer != NULL) {
        int wish = row->prefer(writer->fill.self, &input);
        if (wish == TL_PREFER_NONE && !work->must) {
            writer->pager->stats.merge_refused_nodirty++;
            return 0;
        }
        first = wish == TL_PREFER_NONE ? first : wish;
    }
    unsigned count = 0;
    if (input.has_left)
        order[count++] = index - 1;
    if (input.has_right)
        order[count++] = index;
    if (count == 2 && first > 0) {
        order[0] = index;
        order[1] = index - 1;
    }
    return count;
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
    if (is_branch(page))
        return;
    if (tl_page_count(page) == 0)
        writer->pager->stats.leaf_empty_kept++;
    else
        writer->pager->stats.leaf_underfilled++;
}

tl_status tl_page_rebalance(tl_writer *writer, unsigned i, unsigned among)
{
    for (; i > 0; i--) { /* upward, as long as parents lose entries */
        const uint8_t *page = writer->path.at[i].page;
        rebalance work = {.writer = writer, .must = is_branch(page) && tl_page_count(page) == 0};
        if (!underfull(writer, page))
            return TL_OK;
        bool merged = false, moved = false;
        unsigned order[2];
        unsigned count = neighbours_order(&work, i - 1, writer->path.at[i - 1].index, page, order);
        tl_status status = with_neighbours(&work, i - 1, order, count, pair_merge, &merged);
        if (status == TL_OK && !merged && count != 0 && !is_branch(page))
            merged = tl_leaves_merge(writer, i - 1, writer->path.at[i - 1].index, among);
        if (status == TL_OK && !merged && (work.must || !writer->fill.row->no_moves))
            status = with_neighbours(&work, i - 1, order, count, pair_divide, &moved);
        if (status != TL_OK)
            return status;
        if (merged || moved)
            writer->append_leaf = NULL;
        if (merged)
            continue;
        assert(moved || !work.must); /* single_child_curable found a way */
        if (!moved)
            count_left_alone(writer, page);
        return TL_OK;
    }
    return root_collapse(writer);
}
