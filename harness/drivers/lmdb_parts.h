/* harness/drivers/lmdb_parts.h -- what the two files of driver lmdb share. */
#ifndef TL_DRIVERS_LMDB_PARTS_H
#define TL_DRIVERS_LMDB_PARTS_H

#include "harness/drivers/drivers.h"
#include "harness/drivers/turn.h"

#include <lmdb.h>

struct tl_store_txn {
    tl_store *store;
    MDB_txn *txn; /* of a reader: kept reset while not open */
    bool read_only, open;
    MDB_cursor *scanner; /* of a reader: kept for its scans */
    bool scanner_fresh;  /* belongs to this begin, not to an earlier one */
    tl_store_cursor *cursors;
    tl_store_txn *next;
};

struct tl_store {
    MDB_env *env;
    MDB_dbi dbi;
    size_t key_bytes_max;
    bool read_only;
    char *dir;
    tl_driver_turn turn;   /* to write */
    tl_store_txn writer;   /* at most one is open: its fields belong to who has the turn */
    pthread_mutex_t pool;  /* guards readers and their `open` */
    tl_store_txn *readers; /* open ones and kept ones */
};

static inline MDB_val tl_lmdb_val(tl_slice bytes)
{
    const void *data = bytes.size_bytes != 0 ? bytes.data : "";
    return (MDB_val){bytes.size_bytes, (void *)data}; /* LMDB only reads what it is given */
}

static inline tl_slice tl_lmdb_slice(const MDB_val *val)
{
    return (tl_slice){val->mv_data, val->mv_size};
}

/* lmdb.c */
tl_status tl_lmdb_status(int code); /* the status that an LMDB or errno code means */
tl_status tl_lmdb_del(tl_store_txn *txn, tl_slice key);

/* lmdb_cursor.c */

/* Before a change: let every cursor of the txn remember its key. */
tl_status tl_lmdb_park(tl_store_txn *txn);

tl_status tl_lmdb_cursor_open(tl_store_txn *txn, tl_store_cursor **cursor);
void tl_lmdb_cursor_close(tl_store_cursor *cursor);
tl_status tl_lmdb_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_lmdb_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_lmdb_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                              tl_slice *value);
tl_status tl_lmdb_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_lmdb_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_lmdb_cursor_del(tl_store_cursor *cursor);

#endif
