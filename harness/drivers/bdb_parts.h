/* harness/drivers/bdb_parts.h -- what the two files of driver bdb share. */
#ifndef TL_DRIVERS_BDB_PARTS_H
#define TL_DRIVERS_BDB_PARTS_H

#include "harness/drivers/drivers.h"
#include "harness/drivers/parked.h"

#include <db.h>
#include <pthread.h>

typedef struct tl_bdb_buffer { /* memory that Berkeley DB copies an answer to; kept and grown */
    void *data;
    size_t size_bytes;
} tl_bdb_buffer;

struct tl_store_txn {
    tl_store *store;
    DB_TXN *txn;
    bool read_only, open;
    uintptr_t owner; /* the thread of an open write txn */
    tl_bdb_buffer value, bulk;
    tl_parked_list cursors;
    tl_store_txn *next;
};

struct tl_store {
    DB_ENV *env;
    DB *db;
    char *dir;
    uint32_t page_bytes; /* really used */
    bool read_only;
    bool snapshots;       /* read txns are snapshots; else they read what is committed by then */
    pthread_mutex_t pool; /* guards txns and their `open` */
    tl_store_txn *txns;   /* open ones and kept ones */
};

static inline DBT tl_bdb_dbt(tl_slice bytes)
{
    /* It only reads what it is given; put, the caller, bounds the size. */
    return (DBT){.data = (void *)(uintptr_t)bytes.data, .size = (u_int32_t)bytes.size_bytes};
}

/* bdb.c */
tl_status tl_bdb_status(int code); /* the status that a Berkeley DB or errno code means */

/* bdb_read.c */
extern const tl_parked_engine tl_bdb_cursors;

/* Give `buffer` at least this size; TL_NO_MEMORY leaves it as it was. */
tl_status tl_bdb_reserve(tl_bdb_buffer *buffer, size_t size_bytes);

tl_status tl_bdb_get(tl_store_txn *txn, tl_slice key, tl_slice *value);
tl_status tl_bdb_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context);

#endif
