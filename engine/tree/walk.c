/* engine/tree/walk.c -- see walk.h. */
#include "engine/tree/walk.h"

#include <assert.h>

/* Page `i` of the way is `page`, at entry `index`. */
static void walk_enter(tl_walk *walk, unsigned i, const uint8_t *page, unsigned index)
{
    walk->at[i].page = page;
    walk->at[i].index = index;
    if (i + 1 < walk->root->depth)
        return;
    tl_slice prefix = tl_page_prefix(page);
    walk->prefix_bytes = (unsigned)prefix.size_bytes;
    tl_copy(walk->key, prefix.data, prefix.size_bytes);
    walk->slots = tl_page_slot(page, 0);
    walk->steps = tl_page_is_dense(page) ? 0 : tl_page_count(page);
    for (size_t word = 0; word < 2; word++) {
        size_t from = 8 * word, cut = walk->prefix_bytes <= from ? 0 : walk->prefix_bytes - from;
        walk->keep[word] = cut >= 8 ? 0 : UINT64_MAX << (8 * cut);
        walk->prefix[word] = tl_load64(walk->key + from) & ~walk->keep[word];
    }
}

static tl_status page_get(tl_walk *walk, unsigned i, tl_ref ref, const uint8_t **page)
{
    return tl_pager_get(walk->pager, ref, walk->root->depth - 1 - i, walk->root->tree_id, page);
}

/* From the child of page i-1 that is chosen, go down to a leaf along its first or last children. */
static tl_status walk_descend(tl_walk *walk, unsigned i, bool to_last)
{
    tl_ref ref =
        i == 0 ? walk->root->ref : tl_branch_child(walk->at[i - 1].page, walk->at[i - 1].index);
    for (;; i++) {
        const uint8_t *page = NULL;
        tl_status status = page_get(walk, i, ref, &page);
        if (status != TL_OK) {
            walk->depth = 0;
            return status;
        }
        unsigned count = tl_page_count(page), leaf = i + 1 == walk->root->depth;
        unsigned last = leaf && count != 0 ? count - 1 : count;
        walk_enter(walk, i, page, to_last ? last : 0);
        if (leaf)
            break;
        ref = tl_branch_child(page, walk->at[i].index);
    }
    walk->depth = walk->root->depth;
    walk->ahead = walk->ahead_end = walk->ahead_page = NULL;
    return TL_OK;
}

/* The leaf behind this one under the same parent: the walk will soon be there. */
static void look_ahead(tl_walk *walk)
{
    walk->ahead = walk->ahead_end = walk->ahead_page = NULL;
    if (walk->depth < 2)
        return;
    const uint8_t *parent = walk->at[walk->depth - 2].page;
    unsigned next = walk->at[walk->depth - 2].index + 1;
    if (next > tl_page_count(parent))
        return;
    tl_ref ref = tl_branch_child(parent, next);
    if (ref.pgno >= walk->pager->map_pages || !tl_pager_is_resident(walk->pager, ref.pgno))
        return; /* its bytes come from the file and not from memory */
    size_t page_bytes = walk->pager->page_bytes;
    unsigned steps = tl_page_count(walk->at[walk->depth - 1].page) + 1;
    walk->ahead_step = (page_bytes / steps + TL_LINE_BYTES) & ~(size_t)(TL_LINE_BYTES - 1);
    walk->ahead = walk->ahead_page = tl_pager_at(walk->pager, ref.pgno);
    walk->ahead_end = walk->ahead + tl_leaf_index_bytes(walk->pager);
    if (next < tl_page_count(parent)) /* its header, by when its cells are to be asked for */
        tl_page_prefetch(walk->pager, tl_branch_child(parent, next + 1).pgno, 1);
}

/* The front of the next leaf has come, so its header tells where the cells begin: what lies before
 * them is free space, a third of a leaf that was filled at random. */
void tl_walk_look_further(tl_walk *walk)
{
    size_t page_bytes = walk->pager->page_bytes, heap = tl_page_heap_lo(walk->ahead_page);
    size_t fetched = (size_t)(walk->ahead - walk->ahead_page);
    if (tl_page_is_dense(walk->ahead_page) || heap < fetched)
        heap = fetched;
    walk->ahead = walk->ahead_page + (heap & ~(size_t)63);
    walk->ahead_end = walk->ahead_page + page_bytes;
    walk->ahead_page = NULL;
}

/* Move to the neighbouring leaf, through the deepest page that has another child that way. */
static tl_status leaf_step(tl_walk *walk, bool forward)
{
    unsigned i = walk->depth - 1;
    while (i > 0) {
        i--;
        unsigned index = walk->at[i].index;
        if (forward ? index < tl_page_count(walk->at[i].page) : index > 0) {
            walk->at[i].index = forward ? index + 1 : index - 1;
            tl_status status = walk_descend(walk, i + 1, !forward);
            if (status == TL_OK && forward)
                look_ahead(walk);
            return status;
        }
    }
    walk->depth = 0;
    return TL_NOT_FOUND;
}

/* Leave empty leaves behind; they are rare and may stand side by side. */
static tl_status skip_empty(tl_walk *walk, bool forward)
{
    while (tl_page_count(walk->at[walk->depth - 1].page) == 0) {
        tl_status status = leaf_step(walk, forward);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

tl_status tl_walk_first(tl_walk *walk)
{
    tl_status status = walk_descend(walk, 0, false);
    if (status == TL_OK)
        look_ahead(walk);
    return status == TL_OK ? skip_empty(walk, true) : status;
}

tl_status tl_walk_last(tl_walk *walk)
{
    tl_status status = walk_descend(walk, 0, true);
    return status == TL_OK ? skip_empty(walk, false) : status;
}

tl_status tl_walk_seek(tl_walk *walk, tl_slice from)
{
    tl_path path;
    tl_status status = tl_tree_descend(walk->pager, walk->root, from, &path, walk->counts);
    walk->depth = 0;
    if (status != TL_OK)
        return status;
    bool equal;
    unsigned last = path.depth - 1;
    const uint8_t *leaf = path.at[last].page;
    for (unsigned i = 0; i < last; i++)
        walk_enter(walk, i, path.at[i].page, path.at[i].index);
    walk_enter(walk, last, leaf,
               tl_leaf_find(leaf, tl_suffix_of(leaf, from), &equal, walk->counts));
    walk->depth = path.depth;
    walk->ahead = walk->ahead_end = walk->ahead_page = NULL;
    if (walk->at[last].index < tl_page_count(leaf))
        return TL_OK;
    status = leaf_step(walk, true); /* the successor opens a later leaf */
    return status == TL_OK ? skip_empty(walk, true) : status;
}

tl_status tl_walk_next(tl_walk *walk)
{
    assert(walk->depth != 0);
    unsigned last = walk->depth - 1;
    tl_walk_fetch_ahead(walk);
    if (++walk->at[last].index < tl_page_count(walk->at[last].page))
        return TL_OK;
    tl_status status = leaf_step(walk, true);
    return status == TL_OK ? skip_empty(walk, true) : status;
}

tl_status tl_walk_next_leaf(tl_walk *walk)
{
    assert(walk->depth != 0);
    tl_status status = leaf_step(walk, true);
    return status == TL_OK ? skip_empty(walk, true) : status;
}

tl_status tl_walk_prev(tl_walk *walk)
{
    assert(walk->depth != 0);
    unsigned last = walk->depth - 1;
    if (walk->at[last].index > 0) {
        walk->at[last].index--;
        return TL_OK;
    }
    tl_status status = leaf_step(walk, false);
    return status == TL_OK ? skip_empty(walk, false) : status;
}

void tl_walk_record(tl_walk *walk, tl_slice *key, tl_slice *value)
{
    const uint8_t *leaf = walk->at[walk->depth - 1].page;
    unsigned index = walk->at[walk->depth - 1].index;
    tl_slice suffix = tl_leaf_suffix(leaf, index);
    tl_copy(walk->key + walk->prefix_bytes, suffix.data, suffix.size_bytes);
    *key = tl_slice_of(walk->key, walk->prefix_bytes + suffix.size_bytes);
    *value = tl_leaf_value_or_ref(leaf, index);
}
