/* engine/tree/batch.c -- see batch.h.
 *
 *   records   a  c  f | h  k | p  q  r  s  t        sorted, so they fall into groups:
 *   leaves   [  b  e  )[  h  )[ ....        )       one for each leaf that has some of them
 *
 * Two passes.  The first only reads: it finds the leaf of each group, refuses present keys when
 * these are not wanted, and adds up the pages that the second can need, which are then secured.
 * The second descends once per group, edits the leaf in place where its records fit, and otherwise
 * merges the leaf and its group into as many new leaves as that takes, each written once.
 *
 * New leaves are filled alike, as splits by bytes would leave them at best; at the right edge of
 * the tree, where more will probably be appended, they are filled up one after the other.
 */
#include "engine/tree/batch.h"
#include "engine/store/overflow.h"
#include "engine/tree/batch_pages.h"
#include "engine/tree/split.h"

#include <assert.h>

/* ---- the first pass ---- */

/* The end of the group that begins at `first`: records below the leaf's upper fence. */
static size_t group_end(const tl_batch *batch, size_t first, tl_slice upper)
{
    if (upper.size_bytes == 0)
        return batch->count;
    size_t low = first + 1, step = 1; /* records before `low` belong to it */
    while (low < batch->count && tl_slice_compare(batch->records[low].key, upper) < 0) {
        low += step; /* twice as far each time; what was stepped over is looked at below */
        step *= 2;
    }
    size_t high = low < batch->count ? low : batch->count;
    low = step == 1 ? high : low - step / 2 + 1;
    while (low < high) { /* ends: high - low shrinks every round */
        size_t middle = low + (high - low) / 2;
        if (tl_slice_compare(batch->records[middle].key, upper) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct plan {                      /* what the second pass can need */
    size_t touched[TL_TREE_DEPTH_MAX + 1]; /* pages of each level of the tree, 0 = leaves */
    size_t leaves_new, key_bytes_max;      /* of the keys that separate them */
} plan;

static void plan_division(const tl_writer *writer, const uint8_t *leaf, const tl_batch_merge *whole,
                          plan *needed)
{
    size_t page_bytes = writer->pager->page_bytes;
    tl_batch_pages of = tl_batch_pages_of(whole, leaf, page_bytes);
    for (; tl_batch_pages_next(&of) && !of.last; needed->leaves_new++)
        if (of.to.size_bytes > needed->key_bytes_max)
            needed->key_bytes_max = of.to.size_bytes;
}

/* Bytes of the leaf when it has taken records first..end-1.  TL_EXISTS: it may not. */
static tl_status group_weigh(tl_writer *writer, tl_batch *batch, const uint8_t *leaf, size_t first,
                             size_t end, size_t *bytes)
{
    *bytes = tl_page_used(leaf, writer->pager->page_bytes);
    for (size_t i = first; i < end; i++) {
        const tl_record *record = &batch->records[i];
        tl_slice suffix = tl_suffix_of(leaf, record->key);
        bool equal;
        unsigned index = tl_leaf_find(leaf, suffix, &equal, &writer->counts);
        if (equal && batch->insert_only) {
            batch->failed_at = i;
            return TL_EXISTS;
        }
        if (equal && tl_leaf_has_overflow(leaf, index)) {
            tl_status status =
                tl_leaf_doom_values(writer->pager, &writer->root, leaf, index, index + 1);
            if (status != TL_OK) {
                batch->failed_at = i;
                return status;
            }
        }
        batch->inserted += !equal;
        batch->updated += equal;
        batch->has_refs |= record->value.size_bytes == TL_VALUE_IS_REF;
        *bytes +=
            TL_CELL_HEADER_BYTES + suffix.size_bytes + tl_value_stored(record->value).size_bytes;
        if (equal)
            *bytes -= tl_page_cell_bytes(leaf, index);
        else
            *bytes += TL_ENTRY_BYTES;
    }
    return TL_OK;
}

/* Count the pages of the way that the group before did not share. */
static void path_count(const tl_path *now, tl_path *before, plan *needed)
{
    for (unsigned i = 0; i < now->depth; i++)
        if (before->depth == 0 || before->at[i].page != now->at[i].page)
            needed->touched[now->depth - 1 - i]++;
    *before = *now;
}

/* Whole entries are about to be made of it. */
static tl_status leaf_trust(tl_writer *writer, const uint8_t *leaf)
{
    const tl_path *path = &writer->path;
    unsigned i = path->depth - 1;
    return tl_page_trust(writer->pager, leaf, i > 0 ? path->at[i - 1].page : NULL,
                         i > 0 ? path->at[i - 1].index : 0);
}

static tl_status batch_plan(tl_writer *writer, tl_batch *batch, plan *needed)
{
    tl_path before = {.depth = 0};
    tl_path *path = &writer->path;
    for (size_t first = 0, end; first < batch->count; first = end) {
        size_t bytes;
        tl_status status = tl_tree_descend(writer->pager, &writer->root, batch->records[first].key,
                                           path, &writer->counts);
        if (status != TL_OK)
            return status;
        const uint8_t *leaf = path->at[path->depth - 1].page;
        end = group_end(batch, first, tl_page_upper(leaf));
        status = group_weigh(writer, batch, leaf, first, end, &bytes);
        if (status != TL_OK)
            return status;
        path_count(path, &before, needed);
        /* A soft prefix is given up when the leaf is divided: it may then be too small at once. */
        if (bytes <= writer->pager->page_bytes && !tl_page_is_soft(leaf))
            continue;
        status = leaf_trust(writer, leaf);
        if (status != TL_OK)
            return status;
        tl_batch_merge whole =
            tl_batch_merge_of(leaf, batch->records + first, batch->records + end);
        plan_division(writer, leaf, &whole, needed);
    }
    return TL_OK;
}

/* Pages that the second pass can take at most.  A branch splits at once when it is full, and again
 * whenever the free half that a split leaves has been filled with new entries; at the right edge
 * it is a whole page (batch_apply sees to it that no other strategy is asked). */
static size_t plan_pages(const tl_writer *writer, const plan *needed)
{
    const tl_pager *pager = writer->pager;
    size_t total = needed->touched[0] + needed->leaves_new, entered = needed->leaves_new;
    size_t key_bytes = needed->key_bytes_max, entry_bytes = TL_ENTRY_BYTES + TL_CHILD_BYTES;
    size_t half = (pager->page_bytes - TL_PAGE_HEADER_BYTES - 3 * pager->max_key_bytes) / 2 - 8;
    for (unsigned level = 1; level < writer->root.depth; level++) {
        size_t full = needed->touched[level] < entered ? needed->touched[level] : entered;
        entered = full + entered * (entry_bytes + key_bytes) / half;
        total += needed->touched[level] + entered;
        key_bytes = pager->max_key_bytes; /* a split moves any separator up */
    }
    /* New levels, each of half the pages below it, or less. */
    total += entered > 1 ? 2 * entered + TL_TREE_DEPTH_MAX : 0;
    return total + tl_tree_pages_needed(&writer->root) + tl_tree_pages_left(writer);
}

/* ---- the second pass ---- */

/* The new leaf `page` stands right of the one that the path leads to, and becomes that. */
static void leaf_enter(tl_writer *writer, tl_slice separator, uint8_t *page)
{
    tl_path *path = &writer->path;
    unsigned i = path->depth - 1;
    if (i > 0 &&
        tl_branch_insert(&writer->pager->edit, path->at[i - 1].page, path->at[i - 1].index,
                         tl_suffix_of(path->at[i - 1].page, separator), tl_page_ref(page))) {
        path->at[i - 1].index++;
        path->at[i].page = page;
        return;
    }
    tl_parent_enter(writer, i, i == 0 ? 0 : path->at[i - 1].index, separator,
                    tl_page_ref(path->at[i].page), tl_page_ref(page));
    tl_status status =
        tl_tree_descend(writer->pager, &writer->root, separator, path, &writer->counts);
    assert(status == TL_OK && path->at[path->depth - 1].page == page); /* all are in memory */
    (void)status;
}

/* Merge leaf and records into as many leaves as that takes.  The path is owned. */
static void leaf_divide(tl_writer *writer, tl_batch *batch, const tl_record *first,
                        const tl_record *end)
{
    tl_path *path = &writer->path;
    tl_pager *pager = writer->pager;
    uint8_t *page = path->at[path->depth - 1].page, *old = pager->scratch[2];
    memcpy(old, page, pager->page_bytes);
    pager->stats.leaves_divided++;
    tl_page_identity identity = tl_identity_like(writer, page, tl_page_pgno(page));
    tl_batch_merge whole = tl_batch_merge_of(old, first, end);
    tl_batch_pages of = tl_batch_pages_of(&whole, old, pager->page_bytes);
    for (bool begun = false; tl_batch_pages_next(&of); begun = true) {
        if (begun)
            page = tl_pager_take(pager, &identity.pgno);
        tl_edit_forget(&pager->edit, identity.pgno);
        tl_batch_page_build(&of, page, &identity);
        if (begun)
            leaf_enter(writer, tl_batch_fence_slice(&of.from), page);
        batch->leaves++;
    }
}

/* Put records first..end-1 where they are, as long as there is room.  Returns how many were put. */
static size_t leaf_edit(tl_writer *writer, const tl_record *records, size_t count)
{
    tl_edit *edit = &writer->pager->edit;
    uint8_t *leaf = writer->path.at[writer->path.depth - 1].page;
    for (size_t i = 0; i < count; i++) {
        bool equal, done;
        tl_slice suffix = tl_suffix_of(leaf, records[i].key);
        tl_slice value = tl_value_stored(records[i].value);
        unsigned index = tl_leaf_find(leaf, suffix, &equal, &writer->counts);
        edit->value_flags = tl_value_stored_flags(records[i].value);
        if (equal)
            done = writer->mode->update(edit, leaf, index, value);
        else
            done = writer->mode->insert(edit, leaf, index, suffix, value);
        edit->value_flags = 0;
        if (!done)
            return i;
    }
    return count;
}

static tl_status batch_apply(tl_writer *writer, tl_batch *batch)
{
    tl_path *path = &writer->path;
    writer->append_leaf = NULL;
    for (size_t first = 0, end; first < batch->count; first = end) {
        const tl_record *records = batch->records + first;
        tl_status status =
            tl_tree_descend(writer->pager, &writer->root, records->key, path, &writer->counts);
        if (status == TL_OK)
            status = tl_path_own(writer);
        if (status != TL_OK)
            return status;
        const uint8_t *leaf = path->at[path->depth - 1].page;
        end = group_end(batch, first, tl_page_upper(leaf));
        size_t done = leaf_edit(writer, records, end - first);
        if (done < end - first)
            leaf_divide(writer, batch, records + done, batch->records + end);
        else
            batch->leaves++;
    }
    return TL_OK;
}

/* How branches split meanwhile: as plan_pages expects, whatever the fill strategy packs. */
static void packed_choose(void *self, const tl_split_input *input, tl_split_plan *out)
{
    (void)self;
    bool appends = input->rightmost && input->new_index == input->count - 1;
    out->at = appends ? tl_split_last(input) : tl_split_half(input);
}

static const tl_split_strategy packed = {
    .name = "packed", .summary = "full pages at the right edge", .choose = packed_choose};

tl_status tl_tree_plan_batch(tl_writer *writer, tl_batch *batch)
{
    plan needed = {.leaves_new = 0};
    batch->inserted = batch->updated = batch->leaves = 0;
    batch->pages_max = 0;
    batch->has_refs = false;
    if (batch->count == 0)
        return TL_OK;
    writer->pager->doomed.count = 0; /* values in extents that are replaced */
    tl_status status = batch_plan(writer, batch, &needed);
    batch->pages_max = plan_pages(writer, &needed);
    return status;
}

tl_status tl_tree_put_batch(tl_writer *writer, tl_batch *batch)
{
    if (batch->count == 0)
        return TL_OK;
    tl_pager *pager = writer->pager;
    tl_status status = tl_pager_secure(pager, batch->pages_max);
    if (status == TL_OK)
        status = tl_space_secure_runs(&pager->space, batch->pages_max + pager->doomed.count);
    if (status != TL_OK)
        return status;
    tl_split_use strategy = writer->split;
    writer->changes++;
    writer->root.count += batch->inserted;
    writer->root.flags |= batch->has_refs ? TL_ROOT_EXTENTS : 0;
    writer->split = (tl_split_use){.row = &packed};
    status = batch_apply(writer, batch);
    writer->split = strategy;
    if (status == TL_OK)
        tl_value_give(pager);
    return status;
}
