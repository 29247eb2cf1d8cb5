/* engine/env/edit.h -- put and delete of a write txn: limits, log record, tree. */
#ifndef TL_ENV_EDIT_H
#define TL_ENV_EDIT_H

#include "tl/engine.h"

TL_MUST_USE tl_status tl_txn_put(tl_txn *txn, tl_slice key, tl_slice value, unsigned flags);
TL_MUST_USE tl_status tl_txn_del(tl_txn *txn, tl_slice key);

#endif
