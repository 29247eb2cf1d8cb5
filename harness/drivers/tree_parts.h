/* harness/drivers/tree_parts.h -- what the files of driver `tree` share. */
#ifndef TL_DRIVERS_TREE_PARTS_H
#define TL_DRIVERS_TREE_PARTS_H

#include "harness/drivers/drivers.h"

/* --- tree.c --- */

tl_status tl_tree_scan(tl_txn *txn, tl_tree tree, tl_slice from, tl_scan_fn visit, void *context);
void tl_tree_cursor_close(tl_store_cursor *cursor);
tl_status tl_tree_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_tree_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_tree_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                              tl_slice *value);
tl_status tl_tree_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_tree_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_tree_cursor_del(tl_store_cursor *cursor);

/* --- tree_many.c: many records of the tree `tree` --- */

tl_status tl_tree_upsert(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                         size_t *failed_at);
tl_status tl_tree_insert(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                         size_t *failed_at);
tl_status tl_tree_load(tl_txn *txn, tl_tree tree, tl_next_fn next, void *context, const char *fill,
                       size_t *failed_at);
/* The same of the main tree, as slots. */
tl_status tl_tree_main_upsert(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at);
tl_status tl_tree_main_insert(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at);
tl_status tl_tree_main_load(tl_store_txn *txn, tl_next_fn next, void *context, const char *fill,
                            size_t *failed_at);
tl_status tl_tree_main_del_range(tl_store_txn *txn, const tl_range *range, uint64_t *deleted);
tl_status tl_tree_main_count_range(tl_store_txn *txn, const tl_range *range, uint64_t *count);

/* --- tree_views.c --- */

extern const tl_driver tl_tree_views;
tl_status tl_tree_view_enter(tl_store_txn *txn, tl_slice name, bool create, tl_store_txn **view);
void tl_tree_view_leave(tl_store_txn *view);
tl_status tl_tree_view_drop(tl_store_txn *txn, tl_slice name);

#endif
