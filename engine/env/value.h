/* engine/env/value.h -- values that do not fit into a leaf, as a txn sees them. */
#ifndef TL_ENV_VALUE_H
#define TL_ENV_VALUE_H

#include "engine/env/env.h"
#include "engine/store/overflow.h"

/* Put a value of any size into extents; key and flags are checked, the txn is writable. */
TL_MUST_USE tl_status tl_txn_put_large(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice value,
                                       unsigned flags);

/* Its two steps, for values that come piece by piece: pages for `bytes`; and, once all bytes are in
 * place, the record.  `value` has no data when the bytes are nowhere else.  When the second fails,
 * the pages have gone back. */
TL_MUST_USE tl_status tl_value_make_for(tl_env *env, tl_value_maker *maker, tl_tree tree,
                                        uint64_t bytes);
TL_MUST_USE tl_status tl_value_enter(tl_txn *txn, tl_tree tree, tl_value_maker *maker, tl_slice key,
                                     tl_slice value, unsigned flags);
/* What the values of a group (value_group.h) share with those two.  Is the value to be written
 * ahead of the frame?  Else it is dirty, and in the frame if there is one. */
bool tl_value_goes_direct(const tl_env *env, const tl_value_maker *maker, bool bytes_at_hand);
/* Note the put of a value that the tree has now, for the log. */
typedef struct tl_made_value {
    const tl_extent *extents;
    size_t extent_count;
    tl_slice bytes; /* no data: they are nowhere in one piece */
    bool direct;
} tl_made_value;
void tl_value_log(tl_env *env, tl_tree tree, tl_slice key, const tl_made_value *made);

void tl_value_writer_abandon(tl_env *env); /* release the open one, if any */

/* *value may be a reference (TL_VALUE_IS_REF): make it the bytes.  One extent is handed out where
 * it lies in the arena; a chain is put together in memory that the txn owns to its end. */
TL_MUST_USE tl_status tl_txn_fetch_slow(tl_txn *txn, tl_tree tree, tl_slice *value);
TL_MUST_USE static inline tl_status tl_txn_fetch(tl_txn *txn, tl_tree tree, tl_slice *value)
{
    return __builtin_expect(value->size_bytes != TL_VALUE_IS_REF, 1)
               ? TL_OK
               : tl_txn_fetch_slow(txn, tree, value);
}
void tl_txn_values_release(tl_txn *txn); /* the joined ones */

/* Before the frame or the meta of the running txn: its extents are written, and durable if
 * commit promises that.  TL_NO_SPACE: nothing of the txn happened. */
TL_MUST_USE tl_status tl_values_settle(tl_env *env);

/* Sync what was written for the log and not synced since: extents before the frames that name them.
 * Any thread; `active` is the log file in use. */
typedef struct tl_sync_counts {
    uint64_t log, values;
} tl_sync_counts;
TL_MUST_USE tl_status tl_written_sync(tl_env *env, unsigned active, tl_sync_counts *counts);

/* Recovery: reserve what an op names, if its bytes are there (TL_NOT_FOUND: not all); put it. */
TL_MUST_USE tl_status tl_values_survey(tl_env *env, uint64_t txn, const tl_log_op *op);
TL_MUST_USE tl_status tl_values_replay(tl_env *env, const tl_log_op *op);
/* Put a value that the log holds whole but no leaf can. */
TL_MUST_USE tl_status tl_values_replay_put(tl_env *env, const tl_log_op *op);

#endif
