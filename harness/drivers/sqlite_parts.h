/* harness/drivers/sqlite_parts.h -- what the three files of driver sqlite share.
 *
 * A txn is a connection: a snapshot beside a writer needs one of its own.  Connections are kept
 * and the latest one is used again first, so that one thread keeps one warm page cache.
 */
#ifndef TL_DRIVERS_SQLITE_PARTS_H
#define TL_DRIVERS_SQLITE_PARTS_H

#include "harness/drivers/drivers.h"
#include "harness/drivers/turn.h"

#include <sqlite3.h>

typedef enum statement {
    STATEMENT_BEGIN_READ,
    STATEMENT_BEGIN_WRITE,
    STATEMENT_PIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_GET,
    STATEMENT_PUT,
    STATEMENT_INSERT,
    STATEMENT_DEL,
    STATEMENT_COUNT_ALL,
    STATEMENT_SCAN,
    STATEMENT_COUNT,
} statement;

struct tl_store_txn {
    tl_store *store;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    sqlite3_stmt *answer; /* holds the bytes handed out last; reset at the next call */
    bool read_only, open;
    tl_store_cursor *cursors;
    tl_store_txn *next;
};

struct tl_store {
    char *dir, *path;
    bool read_only;
    uint64_t map_bytes;
    tl_durability durability;
    tl_driver_turn turn;  /* to write */
    pthread_mutex_t pool; /* guards txns and their `open` */
    tl_store_txn *txns;   /* every connection, open or kept; the latest used first */
};

/* sqlite_connection.c */

/* The status that an SQLite result code means. */
tl_status tl_sqlite_status(int code);

/* Run a statement that answers with nothing. */
tl_status tl_sqlite_run(sqlite3_stmt *prepared);

/* Bytes in and out.  Bound bytes must stay until the statement is reset. */
int tl_sqlite_bind(sqlite3_stmt *prepared, int place, tl_slice bytes);
tl_slice tl_sqlite_column(sqlite3_stmt *prepared, int column);

/* Give back the bytes handed out last. */
void tl_sqlite_settle(tl_store_txn *txn);

/* Open one more connection.  `page_bytes` is 0 but for the first one of a store that may be new.
 * Answers an SQLite code; *txn is set when that is SQLITE_OK. */
int tl_sqlite_connect(tl_store *store, uint32_t page_bytes, tl_store_txn **txn);
void tl_sqlite_disconnect(tl_store_txn *txn); /* unlinked before */

/* A connection that is not in use, the latest used first; a new one when there is none.  It is
 * marked open until it is given back. */
tl_status tl_sqlite_take(tl_store *store, tl_store_txn **txn);
void tl_sqlite_give(tl_store_txn *txn);

/* sqlite_cursor.c */

/* Before a change: stop the SELECTs of the txn's cursors, which remember their keys instead. */
void tl_sqlite_park(tl_store_txn *txn);

tl_status tl_sqlite_cursor_open(tl_store_txn *txn, tl_store_cursor **cursor);
void tl_sqlite_cursor_close(tl_store_cursor *cursor);
tl_status tl_sqlite_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_sqlite_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_sqlite_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                                tl_slice *value);
tl_status tl_sqlite_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_sqlite_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_sqlite_cursor_del(tl_store_cursor *cursor);

/* sqlite.c */
tl_status tl_sqlite_del(tl_store_txn *txn, tl_slice key);

#endif
