/* engine/tree/shape.c -- how full, how wide, how scattered: one walk over all pages of a tree. */
#include "engine/tree/tree.h"

typedef struct walk {
    tl_pager *pager;
    const tl_root *root;
    tl_shape *shape;
    uint32_t latest[TL_TREE_DEPTH_MAX]; /* page number of the page before, by level; 0: none */
    uint64_t pages;
} walk;

static void count_page(walk *at, const uint8_t *page, tl_level_shape *level)
{
    const tl_pager *pager = at->pager;
    unsigned count = tl_page_count(page), prefix = tl_page_prefix_len(page);
    size_t usable = pager->page_bytes - TL_PAGE_HEADER_BYTES;
    size_t used = tl_page_used(page, pager->page_bytes) - TL_PAGE_HEADER_BYTES;
    size_t bin = used * TL_SHAPE_BINS / usable;
    level->pages++;
    level->entries += count;
    level->used_bytes += used;
    level->usable_bytes += usable;
    level->fill[bin < TL_SHAPE_BINS ? bin : TL_SHAPE_BINS - 1]++;
    level->prefix_bytes += prefix;
    level->key_bytes += (uint64_t)prefix * count;
    for (unsigned i = 0; i < count; i++)
        level->key_bytes += tl_page_suffix_len(page, i);
}

static void count_neighbour(tl_level_shape *level, uint32_t *latest, uint32_t pgno)
{
    if (*latest != 0) {
        level->next_adjacent += pgno == *latest + 1;
        level->next_distance += pgno > *latest ? pgno - *latest : *latest - pgno;
    }
    *latest = pgno;
}

static tl_status measure(walk *at, tl_ref ref, unsigned level)
{
    const uint8_t *page = NULL;
    tl_status status = tl_pager_get(at->pager, ref, level, at->root->tree_id, &page);
    if (status != TL_OK)
        return status;
    if (++at->pages > at->pager->space.page_count)
        return tl_pager_fail(at->pager, TL_CORRUPT, ref.pgno, "page %u is named twice", ref.pgno);
    count_page(at, page, &at->shape->levels[level]);
    count_neighbour(&at->shape->levels[level], &at->latest[level], ref.pgno);
    for (unsigned i = 0; level > 0 && i <= tl_page_count(page) && status == TL_OK; i++)
        status = measure(at, tl_branch_child(page, i), level - 1);
    return status;
}

tl_status tl_tree_measure(tl_pager *pager, const tl_root *root, tl_shape *shape)
{
    walk at = {.pager = pager, .root = root, .shape = shape};
    *shape = (tl_shape){.depth = root->depth, .records = root->count};
    return measure(&at, root->ref, root->depth - 1);
}
