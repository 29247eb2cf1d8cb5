/* harness/drivers/tree_many.c -- ranges, batches and loads of our engine. */
#include "harness/drivers/tree_parts.h"

static tl_txn *txn_of(tl_store_txn *txn)
{
    return (tl_txn *)txn;
}

tl_status tl_tree_upsert(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                         size_t *failed_at)
{
    tl_batch_result result = {.failed_at = 0};
    tl_status status = tl_upsert_sorted(txn, tree, records, count, &result);
    *failed_at = result.failed_at;
    return status;
}

tl_status tl_tree_insert(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                         size_t *failed_at)
{
    tl_batch_result result = {.failed_at = 0};
    tl_status status = tl_insert_sorted(txn, tree, records, count, &result);
    *failed_at = result.failed_at;
    return status;
}

tl_status tl_tree_load(tl_txn *txn, tl_tree tree, tl_next_fn next, void *context, const char *fill,
                       size_t *failed_at)
{
    tl_batch_result result = {.failed_at = 0};
    tl_status status = tl_bulk_load(txn, tree, next, context, fill, &result);
    *failed_at = result.failed_at;
    return status;
}

tl_status tl_tree_main_upsert(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at)
{
    return tl_tree_upsert(txn_of(txn), TL_TREE_MAIN, records, count, failed_at);
}

tl_status tl_tree_main_insert(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at)
{
    return tl_tree_insert(txn_of(txn), TL_TREE_MAIN, records, count, failed_at);
}

tl_status tl_tree_main_load(tl_store_txn *txn, tl_next_fn next, void *context, const char *fill,
                            size_t *failed_at)
{
    return tl_tree_load(txn_of(txn), TL_TREE_MAIN, next, context, fill, failed_at);
}

tl_status tl_tree_main_del_range(tl_store_txn *txn, const tl_range *range, uint64_t *deleted)
{
    return tl_del_range(txn_of(txn), TL_TREE_MAIN, range, deleted);
}

tl_status tl_tree_main_count_range(tl_store_txn *txn, const tl_range *range, uint64_t *count)
{
    return tl_count_range(txn_of(txn), TL_TREE_MAIN, range, 0, count);
}
