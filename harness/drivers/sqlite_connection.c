/* harness/drivers/sqlite_connection.c -- connections of driver sqlite and their statements. */
#include "harness/drivers/sqlite_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_KIB = 2 << 20 };

#define PUT_TEXT "INSERT INTO t(k, v) VALUES(?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v"

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN_READ] = "BEGIN",
    [STATEMENT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [STATEMENT_PIN] = "SELECT 1 FROM t LIMIT 1", /* BEGIN alone takes no snapshot */
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_GET] = "SELECT v FROM t WHERE k = ?1",
    [STATEMENT_PUT] = PUT_TEXT,
    [STATEMENT_INSERT] = "INSERT INTO t(k, v) VALUES(?1, ?2)",
    [STATEMENT_DEL] = "DELETE FROM t WHERE k = ?1",
    [STATEMENT_COUNT_ALL] = "SELECT count(*) FROM t",
    [STATEMENT_SCAN] = "SELECT k, v FROM t WHERE k >= ?1 ORDER BY k",
};

static const struct {
    int code;
    tl_status status;
} status_rows[] = {
    {SQLITE_BUSY,       TL_BUSY      },
    {SQLITE_LOCKED,     TL_BUSY      },
    {SQLITE_FULL,       TL_NO_SPACE  },
    {SQLITE_NOMEM,      TL_NO_MEMORY },
    {SQLITE_CORRUPT,    TL_CORRUPT   },
    {SQLITE_NOTADB,     TL_NOT_OURS  },
    {SQLITE_READONLY,   TL_READ_ONLY },
    {SQLITE_CANTOPEN,   TL_ACCESS    },
    {SQLITE_PERM,       TL_ACCESS    },
    {SQLITE_TOOBIG,     TL_VALUE_SIZE},
    {SQLITE_CONSTRAINT, TL_EXISTS    },
    {SQLITE_OK,         TL_OK        },
    {SQLITE_DONE,       TL_OK        },
};

tl_status tl_sqlite_status(int code)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++)
        if (status_rows[i].code == (code & 0xff))
            return status_rows[i].status;
    return TL_IO;
}

tl_status tl_sqlite_run(sqlite3_stmt *prepared)
{
    (void)sqlite3_step(prepared); /* reset tells what it failed with */
    return tl_sqlite_status(sqlite3_reset(prepared));
}

int tl_sqlite_bind(sqlite3_stmt *prepared, int place, tl_slice bytes)
{
    const void *data = bytes.size_bytes != 0 ? bytes.data : ""; /* a NULL pointer would bind NULL */
    return sqlite3_bind_blob64(prepared, place, data, bytes.size_bytes, SQLITE_STATIC);
}

tl_slice tl_sqlite_column(sqlite3_stmt *prepared, int column)
{
    const void *data = sqlite3_column_blob(prepared, column); /* before the size: it may convert */
    return (tl_slice){data, (size_t)sqlite3_column_bytes(prepared, column)};
}

void tl_sqlite_settle(tl_store_txn *txn)
{
    if (txn->answer == NULL)
        return;
    (void)sqlite3_reset(txn->answer); /* it had a row: nothing to report */
    txn->answer = NULL;
}

/* The contract is what is asked for: its text is the pragma. */
static int set_up_connection(tl_store_txn *txn)
{
    const tl_driver_contract *contract = &tl_driver_sqlite.contracts[txn->store->durability];
    char text[160];
    (void)snprintf(text, sizeof text, "PRAGMA %s; PRAGMA cache_size=-%d; PRAGMA mmap_size=%llu;",
                   contract->options, CACHE_KIB, (unsigned long long)txn->store->map_bytes);
    return sqlite3_exec(txn->db, text, NULL, NULL, NULL);
}

/* The one row that create_table answers with is the journal mode SQLite settled for. */
static int refuse_other_than_wal(void *context, int column_count, char **values, char **names)
{
    (void)context, (void)column_count, (void)names;
    return values[0] == NULL || strcmp(values[0], "wal") != 0;
}

/* The page size must come first: it is fixed once the file has a page. */
static int create_table(tl_store_txn *txn, uint32_t page_bytes)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "PRAGMA page_size=%u; PRAGMA journal_mode=WAL;"
                   "CREATE TABLE IF NOT EXISTS t(k BLOB PRIMARY KEY, v BLOB NOT NULL) "
                   "WITHOUT ROWID;",
                   page_bytes);
    return sqlite3_exec(txn->db, text, refuse_other_than_wal, NULL, NULL);
}

static int prepare_statements(tl_store_txn *txn)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < STATEMENT_COUNT && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(txn->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &txn->statements[i], NULL);
    return code;
}

void tl_sqlite_disconnect(tl_store_txn *txn)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(txn->statements[i]); /* repeats the last error: already reported */
    (void)sqlite3_close(txn->db);
    free(txn);
}

int tl_sqlite_connect(tl_store *store, uint32_t page_bytes, tl_store_txn **out)
{
    tl_store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return SQLITE_NOMEM;
    txn->store = store;
    int flags =
        SQLITE_OPEN_NOMUTEX |
        (store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(store->path, &txn->db, flags, NULL);
    if (code == SQLITE_OK)
        code = set_up_connection(txn);
    if (code == SQLITE_OK && page_bytes != 0)
        code = create_table(txn, page_bytes);
    if (code == SQLITE_OK)
        code = prepare_statements(txn);
    if (code != SQLITE_OK) {
        tl_sqlite_disconnect(txn);
        return code;
    }
    *out = txn;
    return SQLITE_OK;
}

/* Unlink the first connection that is not in use; NULL when there is none. */
static tl_store_txn *unlink_kept(tl_store *store)
{
    for (tl_store_txn **link = &store->txns; *link != NULL; link = &(*link)->next) {
        tl_store_txn *found = *link;
        if (found->open)
            continue;
        *link = found->next;
        return found;
    }
    return NULL;
}

tl_status tl_sqlite_take(tl_store *store, tl_store_txn **out)
{
    (void)pthread_mutex_lock(&store->pool);
    tl_store_txn *txn = unlink_kept(store);
    int code = txn == NULL ? tl_sqlite_connect(store, 0, &txn) : SQLITE_OK;
    if (code == SQLITE_OK) {
        txn->open = true;
        txn->next = store->txns;
        store->txns = txn;
        *out = txn;
    }
    (void)pthread_mutex_unlock(&store->pool);
    return tl_sqlite_status(code);
}

void tl_sqlite_give(tl_store_txn *txn)
{
    (void)pthread_mutex_lock(&txn->store->pool);
    txn->open = false;
    (void)pthread_mutex_unlock(&txn->store->pool);
}
