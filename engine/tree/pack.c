/* engine/tree/pack.c -- leaves filled from their right neighbours, for compaction.
 *
 * A merge waits until both pages fit one; this moves as many records to the left as fit there,
 * whatever is left over, as long as the parent takes the new separator without a split.
 */
#include "engine/tree/tree.h"

typedef struct packing { /* a leaf and its right neighbour under one parent */
    unsigned i, at;      /* path level of the parent; left is its child `at` */
    const uint8_t *left, *right;
    tl_slice lower, upper;
    tl_run run;
    unsigned left_count, count;
    /* what is to be done */
    unsigned cut; /* so many records go left; `count`: all, and the right page goes */
    tl_slice separator;
    uint8_t separator_bytes[TL_KEY_BYTES_MAX];
} packing;

static void gather(packing *pack, const uint8_t *left, const uint8_t *right)
{
    pack->left = left;
    pack->right = right;
    pack->lower = tl_page_lower(left);
    pack->upper = tl_page_upper(right);
    pack->left_count = tl_page_count(left);
    pack->run = (tl_run){.kind = TL_PAGE_LEAF};
    tl_run_add_page(&pack->run, left, 0, tl_page_count(left));
    tl_run_add_page(&pack->run, right, 0, tl_page_count(right));
    pack->count = tl_run_count(&pack->run);
}

static void separate(packing *pack, unsigned cut)
{
    uint8_t key[TL_KEY_BYTES_MAX];
    tl_slice right = tl_run_key(&pack->run, cut, pack->separator_bytes);
    size_t size = tl_slice_common(tl_run_key(&pack->run, cut - 1, key), right) + 1;
    if (right.data != pack->separator_bytes)
        tl_copy(pack->separator_bytes, right.data, size);
    pack->separator = tl_slice_of(pack->separator_bytes, size);
    pack->cut = cut;
}

/* Do both pages and the parent hold what this cut gives them? */
static bool cut_fits(const tl_writer *writer, packing *pack, unsigned cut)
{
    size_t page_bytes = writer->pager->page_bytes;
    const uint8_t *parent = writer->path.at[pack->i].page;
    separate(pack, cut);
    return tl_run_page_bytes(&pack->run, 0, cut, pack->lower, pack->separator) <= page_bytes &&
           tl_run_page_bytes(&pack->run, cut, pack->count, pack->separator, pack->upper) <=
               page_bytes &&
           tl_branch_fits(parent, pack->at, tl_suffix_of(parent, pack->separator).size_bytes);
}

/* Choose what to do.  False: nothing. */
static bool plan(const tl_writer *writer, packing *pack)
{
    size_t page_bytes = writer->pager->page_bytes;
    const uint8_t *parent = writer->path.at[pack->i].page;
    bool parent_can_lose = pack->i == 0 || tl_page_count(parent) > 1;
    if (parent_can_lose &&
        tl_run_page_bytes(&pack->run, 0, pack->count, pack->lower, pack->upper) <= page_bytes) {
        pack->cut = pack->count;
        return true;
    }
    unsigned least = pack->left_count + 1, most = pack->count - 1;
    if (pack->count < 2 || least > most)
        return false;
    unsigned low = least, high = most; /* of the cuts whose left page fits, look at the largest */
    while (low < high) {               /* ends: high - low shrinks every round */
        unsigned middle = low + (high - low + 1) / 2;
        separate(pack, middle);
        if (tl_run_page_bytes(&pack->run, 0, middle, pack->lower, pack->separator) <= page_bytes)
            low = middle;
        else
            high = middle - 1;
    }
    for (unsigned cut = low; cut >= least && low - cut < 8; cut--) /* a separator may be too long */
        if (cut_fits(writer, pack, cut))
            return true;
    return false;
}

static tl_ref part_build(tl_writer *writer, const packing *pack, uint8_t *page, unsigned first,
                         unsigned end, tl_slice lower, tl_slice upper)
{
    tl_page_identity identity = tl_identity_like(writer, pack->left, tl_page_pgno(page));
    tl_run_build(&pack->run, first, end, page, &identity, lower, upper, (tl_ref){0, 0});
    return tl_page_ref(page);
}

/* The right page as the txn's own, to be written anew. */
static uint8_t *right_own(tl_writer *writer, const uint8_t *right)
{
    tl_pager *pager = writer->pager;
    uint32_t pgno = tl_page_pgno(right);
    if (tl_pager_owns(pager, right))
        return tl_pager_at(pager, pgno);
    uint8_t *fresh = tl_pager_take(pager, &pgno);
    tl_store32(fresh + TL_AT_PGNO, pgno); /* part_build reads it */
    tl_pager_give(pager, right);
    pager->stats.cow_copies++;
    pager->stats.siblings_copied++;
    return fresh;
}

static void execute(tl_writer *writer, packing *pack)
{
    tl_pager *pager = writer->pager;
    unsigned cut = pack->cut, last = writer->path.depth - 1;
    uint8_t *parent = writer->path.at[pack->i].page, *left = writer->path.at[last].page;
    const uint8_t *right = pack->right;
    memcpy(pager->scratch[1], left, pager->page_bytes);
    /* The stored crc, which a checkpoint may be writing at this moment, is left out. */
    memcpy(pager->scratch[2] + TL_AT_PGNO, right + TL_AT_PGNO, pager->page_bytes - TL_AT_PGNO);
    gather(pack, pager->scratch[1], pager->scratch[2]);
    writer->append_leaf = NULL;
    writer->changes++;
    if (cut == pack->count) {
        tl_pager_give(pager, right);
        tl_ref merged = part_build(writer, pack, left, 0, cut, pack->lower, pack->upper);
        tl_branch_remove(&pager->edit, parent, pack->at);
        tl_branch_set_child(parent, pack->at, merged);
        pager->stats.leaf_merges++;
        return;
    }
    uint8_t *right_page = right_own(writer, right);
    tl_ref right_ref =
        part_build(writer, pack, right_page, cut, pack->count, pack->separator, pack->upper);
    tl_ref left_ref = part_build(writer, pack, left, 0, cut, pack->lower, pack->separator);
    tl_branch_replace(&pager->edit, parent, pack->at, tl_suffix_of(parent, pack->separator));
    tl_branch_set_child(parent, pack->at, left_ref);
    tl_branch_set_child(parent, pack->at + 1, right_ref);
    pager->stats.leaf_moves++;
}

tl_status tl_leaf_pack(tl_writer *writer, tl_packed *outcome)
{
    tl_path *path = &writer->path;
    *outcome = TL_PACKED_NOTHING;
    if (path->depth < 2)
        return TL_OK;
    packing pack = {.i = path->depth - 2, .at = path->at[path->depth - 2].index};
    const uint8_t *parent = path->at[pack.i].page, *left = path->at[path->depth - 1].page;
    const uint8_t *right = NULL;
    size_t room = writer->pager->page_bytes - tl_page_used(left, writer->pager->page_bytes);
    if (pack.at == tl_page_count(parent) || room < writer->pager->page_bytes / 20)
        return TL_OK;
    tl_status status = tl_pager_get(writer->pager, tl_branch_child(parent, pack.at + 1), 0,
                                    writer->root.tree_id, &right);
    if (status != TL_OK)
        return status;
    gather(&pack, left, right);
    if (!plan(writer, &pack))
        return TL_OK;
    status = tl_page_trust(writer->pager, right, parent, pack.at + 1);
    if (status == TL_OK)
        status = tl_path_own(writer);
    if (status != TL_OK)
        return status;
    *outcome = pack.cut == pack.count ? TL_PACKED_MERGED : TL_PACKED_MOVED;
    execute(writer, &pack);
    return TL_OK;
}

tl_status tl_tree_descend_first(tl_pager *pager, const tl_root *root, tl_path *path)
{
    tl_ref ref = root->ref;
    path->depth = root->depth;
    for (unsigned i = 0;; i++) {
        const uint8_t *page = NULL;
        tl_status status = tl_pager_get(pager, ref, root->depth - 1 - i, root->tree_id, &page);
        if (status != TL_OK)
            return status;
        path->at[i].page = tl_pager_at(pager, ref.pgno);
        path->at[i].index = 0;
        if (i + 1 == root->depth)
            return TL_OK;
        ref = tl_branch_child(page, 0);
    }
}
