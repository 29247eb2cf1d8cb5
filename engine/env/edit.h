/* engine/env/edit.h -- put and delete of a write txn: limits, log record, tree; and what all
 * modifying calls have in common. */
#ifndef TL_ENV_EDIT_H
#define TL_ENV_EDIT_H

#include "tl/engine.h"

TL_MUST_USE tl_status tl_txn_put(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice value,
                                 unsigned flags);
TL_MUST_USE tl_status tl_txn_del(tl_txn *txn, tl_tree tree, tl_slice key);

/* TL_READ_ONLY, or why only abort is left to this txn. */
TL_MUST_USE tl_status tl_txn_check_writable(const tl_txn *txn);
/* How a modifying call went: after some failures only abort is left.  Returns `status`. */
TL_MUST_USE tl_status tl_txn_settle(tl_txn *txn, tl_status status);
/* Bytes that lie in a page may move under the edit: take them out first. */
bool tl_lies_in_pages(const tl_env *env, tl_slice bytes);
tl_slice tl_out_of_pages(const tl_env *env, tl_slice bytes, uint8_t *copy);
/* Note an operation for the log, when the protocol wants that. */
void tl_ops_record(tl_env *env, unsigned code, tl_tree tree, tl_slice key, tl_slice value);

#endif
