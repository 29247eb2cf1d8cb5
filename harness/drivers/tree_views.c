/* harness/drivers/tree_views.c -- named trees of our engine: a view is a txn and a tree's id.
 *
 * Only views need a wrapper, so they have a table of calls of their own and the main tree, which
 * is what gets measured, goes without.
 */
#include "harness/drivers/tree_parts.h"

#include <stdlib.h>

typedef struct tree_view {
    tl_txn *txn;
    tl_tree tree;
} tree_view;

static const tree_view *view_of(const tl_store_txn *view)
{
    return (const tree_view *)(const void *)view;
}

tl_status tl_tree_view_enter(tl_store_txn *txn, tl_slice name, bool create, tl_store_txn **out)
{
    tl_tree tree;
    tl_txn *whole = (tl_txn *)txn;
    tl_status status = tl_tree_open(whole, name, create ? TL_TREE_CREATE : 0, &tree);
    if (status != TL_OK)
        return status;
    tree_view *view = malloc(sizeof *view);
    if (view == NULL)
        return TL_NO_MEMORY;
    *view = (tree_view){whole, tree};
    *out = (tl_store_txn *)(void *)view;
    return TL_OK;
}

void tl_tree_view_leave(tl_store_txn *view)
{
    free(view);
}

tl_status tl_tree_view_drop(tl_store_txn *txn, tl_slice name)
{
    tl_tree tree;
    tl_status status = tl_tree_open((tl_txn *)txn, name, 0, &tree);
    return status == TL_OK ? tl_tree_drop((tl_txn *)txn, tree) : status;
}

static tl_status view_get(tl_store_txn *view, tl_slice key, tl_slice *value)
{
    return tl_get(view_of(view)->txn, view_of(view)->tree, key, value);
}

static tl_status view_put(tl_store_txn *view, tl_slice key, tl_slice value, unsigned flags)
{
    return tl_put(view_of(view)->txn, view_of(view)->tree, key, value, flags);
}

static tl_status view_del(tl_store_txn *view, tl_slice key)
{
    return tl_del(view_of(view)->txn, view_of(view)->tree, key);
}

static tl_status view_count(tl_store_txn *view, uint64_t *count)
{
    return tl_count(view_of(view)->txn, view_of(view)->tree, count);
}

static tl_status view_scan(tl_store_txn *view, tl_slice from, tl_scan_fn visit, void *context)
{
    return tl_tree_scan(view_of(view)->txn, view_of(view)->tree, from, visit, context);
}

static tl_status view_cursor_open(tl_store_txn *view, tl_store_cursor **cursor)
{
    tl_cursor *opened;
    tl_status status = tl_cursor_open(view_of(view)->txn, view_of(view)->tree, &opened);
    if (status == TL_OK)
        *cursor = (tl_store_cursor *)opened;
    return status;
}

static tl_status view_upsert(tl_store_txn *view, const tl_record *records, size_t count,
                             size_t *failed_at)
{
    return tl_tree_upsert(view_of(view)->txn, view_of(view)->tree, records, count, failed_at);
}

static tl_status view_insert(tl_store_txn *view, const tl_record *records, size_t count,
                             size_t *failed_at)
{
    return tl_tree_insert(view_of(view)->txn, view_of(view)->tree, records, count, failed_at);
}

static tl_status view_load(tl_store_txn *view, tl_next_fn next, void *context, const char *fill,
                           size_t *failed_at)
{
    return tl_tree_load(view_of(view)->txn, view_of(view)->tree, next, context, fill, failed_at);
}

static tl_status view_del_range(tl_store_txn *view, const tl_range *range, uint64_t *deleted)
{
    return tl_del_range(view_of(view)->txn, view_of(view)->tree, range, deleted);
}

static tl_status view_count_range(tl_store_txn *view, const tl_range *range, uint64_t *count)
{
    return tl_count_range(view_of(view)->txn, view_of(view)->tree, range, 0, count);
}

const tl_driver tl_tree_views = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "tree",
    .summary = "one named tree of treelab's own B+tree",
    .get = view_get,
    .put = view_put,
    .del = view_del,
    .count = view_count,
    .scan = view_scan,
    .upsert_sorted = view_upsert,
    .insert_sorted = view_insert,
    .bulk_load = view_load,
    .del_range = view_del_range,
    .count_range = view_count_range,
    .cursor_open = view_cursor_open,
    .cursor_close = tl_tree_cursor_close,
    .cursor_first = tl_tree_cursor_first,
    .cursor_last = tl_tree_cursor_last,
    .cursor_seek = tl_tree_cursor_seek,
    .cursor_next = tl_tree_cursor_next,
    .cursor_prev = tl_tree_cursor_prev,
    .cursor_del = tl_tree_cursor_del,
};
