/* engine/tree/lower.c -- pages from the end of the file moved into its holes: see tree.h.
 *
 * Whoever looks for the pages beyond a border reads branches only: they name the leaves.  A page
 * that moves takes its way from the root along, as every edit does; the copies go where the space
 * policy puts them, which is lowest first here.
 */
#include "engine/tree/tree.h"

typedef struct walk {
    tl_writer *writer;
    tl_lowering *to;
    uint64_t pages;
    bool stop;
} walk;

/* May a page be made the txn's own without a longer file? */
static bool has_room(const walk *at)
{
    const tl_writer *writer = at->writer;
    return tl_space_available(&writer->pager->space) >= writer->root.depth + writer->pages_kept + 2;
}

/* Move the page at path level `i` if it lies beyond the border. */
static tl_status page_move(walk *at, unsigned i)
{
    tl_writer *writer = at->writer;
    tl_path *path = &writer->path;
    if (tl_page_pgno(path->at[i].page) < at->to->border ||
        tl_pager_owns(writer->pager, path->at[i].page))
        return TL_OK;
    at->stop = !has_room(at);
    if (at->stop)
        return TL_OK;
    uint64_t copies = writer->pager->stats.cow_copies;
    tl_status status = tl_pager_secure(writer->pager, writer->root.depth);
    path->depth = i + 1; /* what is below stays */
    if (status == TL_OK)
        status = tl_path_own(writer);
    path->depth = writer->root.depth;
    writer->append_leaf = NULL;
    writer->changes++;
    at->to->moved += writer->pager->stats.cow_copies - copies;
    return status;
}

static tl_status leaf_visit(walk *at)
{
    tl_writer *writer = at->writer;
    tl_lowering *to = at->to;
    unsigned last = writer->root.depth - 1;
    tl_status status = page_move(at, last);
    if (status == TL_OK && !at->stop && to->leaf != NULL)
        status = to->leaf(to->context);
    if (status != TL_OK || at->stop)
        return status;
    tl_slice upper = tl_page_upper(writer->path.at[last].page);
    tl_copy(to->key, upper.data, upper.size_bytes);
    to->key_bytes = upper.size_bytes;
    at->stop = to->moved >= to->moved_max && upper.size_bytes != 0;
    return TL_OK;
}

static bool is_wanted(const walk *at, tl_ref child, unsigned level)
{
    const tl_lowering *to = at->to;
    return level != 0 || child.pgno >= to->border ||
           (to->leaf != NULL &&
            (!to->resident_only ||
             tl_pager_peek(at->writer->pager, child, 0, at->writer->root.tree_id) != NULL));
}

/* The page at path level `i` and what is below it; from the child on that the path takes if `seek`,
 * else from the first. */
static tl_status visit(walk *at, unsigned i, bool seek)
{
    tl_writer *writer = at->writer;
    tl_path *path = &writer->path;
    unsigned level = writer->root.depth - 1 - i;
    if (++at->pages > writer->pager->map_pages)
        return tl_pager_fail(writer->pager, TL_CORRUPT, tl_page_pgno(path->at[i].page),
                             "page %u is in a tree too large", tl_page_pgno(path->at[i].page));
    if (level == 0)
        return leaf_visit(at);
    tl_status status = page_move(at, i);
    unsigned count = tl_page_count(path->at[i].page), first = seek ? path->at[i].index : 0;
    for (unsigned c = first; c <= count && status == TL_OK && !at->stop; c++) {
        tl_ref child = tl_branch_child(path->at[i].page, c);
        const uint8_t *page = NULL;
        if (!is_wanted(at, child, level - 1))
            continue;
        path->at[i].index = c;
        status = tl_pager_get(writer->pager, child, level - 1, writer->root.tree_id, &page);
        path->at[i + 1].page = tl_pager_at(writer->pager, child.pgno);
        if (status == TL_OK)
            status = visit(at, i + 1, seek && c == first);
    }
    return status;
}

tl_status tl_tree_lower(tl_writer *writer, tl_lowering *to, bool *end)
{
    walk at = {.writer = writer, .to = to};
    bool seek = to->key_bytes != 0;
    tl_path *path = &writer->path;
    tl_status status =
        seek ? tl_tree_descend(writer->pager, &writer->root, tl_slice_of(to->key, to->key_bytes),
                               path, &writer->counts)
             : tl_tree_descend_first(writer->pager, &writer->root, path);
    if (status == TL_OK)
        status = visit(&at, 0, seek);
    *end = status == TL_OK && !at.stop;
    return status;
}
