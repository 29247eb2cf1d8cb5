/* harness/drivers/sqlite.c -- SQLite in its fairest fast configuration.
 *
 * One table, k BLOB PRIMARY KEY, v BLOB, WITHOUT ROWID, so that the table is one B-tree in memcmp
 * order.  WAL, prepared statements, cache of 2 GiB, mmap as large as the build allows, automatic
 * checkpoints as shipped, no mutexes (SQLITE_OPEN_NOMUTEX), no memory statistics.
 */
#include "harness/drivers/files.h"
#include "harness/drivers/settings.h"
#include "harness/drivers/sqlite_parts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_BYTES_DEFAULT = 4096,                   /* SQLite's own */
    VALUE_BYTES_MAX = 1000 * 1000 * 1000 - 4096, /* a row of SQLITE_MAX_LENGTH less its key */
};

static const char *sqlite_version(void)
{
    return "SQLite " SQLITE_VERSION;
}

static void configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* refused when already in use: no harm */
}

typedef struct sqlite_settings {
    uint32_t page_bytes;
} sqlite_settings;

static const tl_setting_row setting_rows[] = {
    {"page_bytes", TL_SETTING_U32, offsetof(sqlite_settings, page_bytes), 0, NULL, "of a new file"},
};
static const tl_setting_table settings_table = {setting_rows,
                                                sizeof setting_rows / sizeof setting_rows[0]};

static void store_release(tl_store *store)
{
    tl_driver_turn_destroy(&store->turn);
    (void)pthread_mutex_destroy(&store->pool);
    free(store->dir);
    free(store->path);
    free(store);
}

static tl_status sqlite_open(const tl_driver_options *options, tl_store **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, configure_library);
    sqlite_settings settings = {options->page_bytes};
    tl_status status = tl_settings_apply(&settings_table, "sqlite", options, &settings);
    if (status != TL_OK)
        return status;
    uint32_t page_bytes = settings.page_bytes != 0 ? settings.page_bytes : PAGE_BYTES_DEFAULT;
    if (page_bytes < 512 || page_bytes > 65536 || (page_bytes & (page_bytes - 1)) != 0) {
        tl_driver_explain(options, "SQLite pages are a power of two in 512..65536, not %u",
                          page_bytes);
        return TL_INVALID;
    }
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    tl_driver_turn_init(&store->turn);
    (void)pthread_mutex_init(&store->pool, NULL);
    store->dir = strdup(options->dir);
    store->path = tl_driver_path(options->dir, "sqlite.db");
    store->read_only = options->read_only;
    store->durability = options->durability;
    store->map_bytes = options->map_bytes != 0 ? options->map_bytes : TL_DRIVER_MAP_BYTES;
    tl_store_txn *first;
    int code = store->dir == NULL || store->path == NULL
                   ? SQLITE_NOMEM
                   : tl_sqlite_connect(store, store->read_only ? 0 : page_bytes, &first);
    if (code != SQLITE_OK) {
        tl_driver_explain(options, "%s/sqlite.db: SQLite says: %s", options->dir,
                          sqlite3_errstr(code));
        store_release(store);
        return tl_sqlite_status(code);
    }
    store->txns = first;
    *out = store;
    return TL_OK;
}

static void txn_finish(tl_store_txn *txn)
{
    while (txn->cursors != NULL)
        tl_sqlite_cursor_close(txn->cursors);
    tl_sqlite_settle(txn);
}

/* When the connection has ended its txn: others may have it, and the turn to write. */
static void txn_give(tl_store_txn *txn)
{
    tl_store *store = txn->store;
    bool wrote = !txn->read_only;
    tl_sqlite_give(txn);
    if (wrote)
        tl_driver_turn_give(&store->turn);
}

static void sqlite_abort(tl_store_txn *txn)
{
    if (txn == NULL)
        return;
    txn_finish(txn);
    if (sqlite3_get_autocommit(txn->db) == 0) /* else an error has rolled back already */
        (void)tl_sqlite_run(txn->statements[STATEMENT_ROLLBACK]); /* nothing could refuse it */
    txn_give(txn);
}

static tl_status sqlite_close(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open)
            return TL_BUSY;
    while (store->txns != NULL) {
        tl_store_txn *txn = store->txns;
        store->txns = txn->next;
        tl_sqlite_disconnect(txn); /* the last one checkpoints and removes the WAL */
    }
    store_release(store);
    return TL_OK;
}

/* As a killed process: the WAL stays as it is. */
static void sqlite_abandon(tl_store *store)
{
    for (tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next) {
        (void)sqlite3_db_config(txn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        if (txn->open)
            sqlite_abort(txn);
    }
    (void)sqlite_close(store); /* never busy: every txn has just ended */
}

static size_t sqlite_value_bytes_max(tl_store *store)
{
    (void)store;
    return VALUE_BYTES_MAX;
}

static tl_status sqlite_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->read_only)
        return TL_READ_ONLY;
    tl_status status = read_only ? TL_OK : tl_driver_turn_take(&store->turn);
    if (status != TL_OK)
        return status;
    tl_store_txn *txn = NULL;
    status = tl_sqlite_take(store, &txn);
    if (status != TL_OK) {
        if (!read_only)
            tl_driver_turn_give(&store->turn);
        return status;
    }
    txn->read_only = read_only;
    status =
        tl_sqlite_run(txn->statements[read_only ? STATEMENT_BEGIN_READ : STATEMENT_BEGIN_WRITE]);
    if (status == TL_OK && read_only)
        status = tl_sqlite_run(txn->statements[STATEMENT_PIN]);
    if (status == TL_OK)
        *out = txn;
    else
        sqlite_abort(txn); /* TL_BUSY: another process writes */
    return status;
}

static tl_status sqlite_commit(tl_store_txn *txn)
{
    txn_finish(txn);
    tl_status status = tl_sqlite_run(txn->statements[STATEMENT_COMMIT]);
    if (sqlite3_get_autocommit(txn->db) == 0) /* refused: the txn ends whatever the status */
        (void)tl_sqlite_run(txn->statements[STATEMENT_ROLLBACK]);
    txn_give(txn);
    return status;
}

static tl_status sqlite_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    tl_sqlite_settle(txn);
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    sqlite3_stmt *prepared = txn->statements[STATEMENT_GET];
    int code = tl_sqlite_bind(prepared, 1, key);
    if (code != SQLITE_OK)
        return tl_sqlite_status(code);
    if (sqlite3_step(prepared) == SQLITE_ROW) {
        *value = tl_sqlite_column(prepared, 0);
        txn->answer = prepared;
        return TL_OK;
    }
    tl_status status = tl_sqlite_status(sqlite3_reset(prepared));
    return status == TL_OK ? TL_NOT_FOUND : status;
}

static tl_status sqlite_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    if (value.size_bytes > VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    tl_sqlite_settle(txn);
    tl_sqlite_park(txn);
    sqlite3_stmt *prepared =
        txn->statements[flags & TL_PUT_INSERT ? STATEMENT_INSERT : STATEMENT_PUT];
    int code = tl_sqlite_bind(prepared, 1, key);
    if (code == SQLITE_OK)
        code = tl_sqlite_bind(prepared, 2, value);
    return code == SQLITE_OK ? tl_sqlite_run(prepared) : tl_sqlite_status(code);
}

tl_status tl_sqlite_del(tl_store_txn *txn, tl_slice key)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    tl_sqlite_settle(txn);
    tl_sqlite_park(txn);
    sqlite3_stmt *prepared = txn->statements[STATEMENT_DEL];
    int code = tl_sqlite_bind(prepared, 1, key);
    if (code != SQLITE_OK)
        return tl_sqlite_status(code);
    tl_status status = tl_sqlite_run(prepared);
    return status == TL_OK && sqlite3_changes(txn->db) == 0 ? TL_NOT_FOUND : status;
}

static tl_status sqlite_count(tl_store_txn *txn, uint64_t *count)
{
    tl_sqlite_settle(txn);
    sqlite3_stmt *prepared = txn->statements[STATEMENT_COUNT_ALL];
    bool found = sqlite3_step(prepared) == SQLITE_ROW;
    uint64_t counted = found ? (uint64_t)sqlite3_column_int64(prepared, 0) : 0;
    tl_status status = tl_sqlite_status(sqlite3_reset(prepared));
    if (status == TL_OK)
        *count = counted;
    return status;
}

static tl_status sqlite_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    tl_sqlite_settle(txn);
    sqlite3_stmt *prepared = txn->statements[STATEMENT_SCAN];
    int code = tl_sqlite_bind(prepared, 1, from); /* every key is >= the empty one */
    if (code != SQLITE_OK)
        return tl_sqlite_status(code);
    while (sqlite3_step(prepared) == SQLITE_ROW &&
           visit(context, tl_sqlite_column(prepared, 0), tl_sqlite_column(prepared, 1)))
        ;
    return tl_sqlite_status(sqlite3_reset(prepared));
}

/* As much of the WAL as no reader still needs is copied into the table file. */
static tl_status sqlite_checkpoint(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open && !txn->read_only)
            return TL_BUSY;
    tl_store_txn *txn = NULL;
    tl_status status = tl_sqlite_take(store, &txn);
    if (status != TL_OK)
        return status;
    status = tl_sqlite_status(
        sqlite3_wal_checkpoint_v2(txn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
    tl_sqlite_give(txn);
    return status;
}

static tl_status sqlite_verify(tl_store *store, tl_report_fn report, void *context,
                               uint64_t *finding_count)
{
    tl_store_txn *txn = NULL;
    tl_status status = tl_sqlite_take(store, &txn);
    if (status != TL_OK)
        return status;
    sqlite3_stmt *check;
    int code = sqlite3_prepare_v2(txn->db, "PRAGMA integrity_check", -1, &check, NULL);
    if (code != SQLITE_OK) {
        tl_sqlite_give(txn);
        return tl_sqlite_status(code);
    }
    uint64_t counted = 0;
    bool goes_on = true;
    while (goes_on && sqlite3_step(check) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(check, 0);
        if (text == NULL || strcmp(text, "ok") == 0)
            continue;
        counted++;
        tl_finding finding = {"integrity-check", 0, text};
        goes_on = report == NULL || report(context, &finding);
    }
    status = tl_sqlite_status(sqlite3_finalize(check));
    tl_sqlite_give(txn);
    if (status == TL_OK || status == TL_CORRUPT)
        *finding_count = counted;
    return counted != 0 ? TL_CORRUPT : status;
}

static tl_status sqlite_space(tl_store *store, tl_driver_space *space)
{
    tl_store_txn *txn = NULL;
    tl_status status = sqlite_begin(store, true, &txn);
    if (status != TL_OK)
        return status;
    uint64_t count = 0, page_bytes = 0;
    status = sqlite_count(txn, &count);
    sqlite3_stmt *pragma = NULL;
    if (status == TL_OK)
        status =
            tl_sqlite_status(sqlite3_prepare_v2(txn->db, "PRAGMA page_size", -1, &pragma, NULL));
    if (status == TL_OK && sqlite3_step(pragma) == SQLITE_ROW)
        page_bytes = (uint64_t)sqlite3_column_int64(pragma, 0);
    if (pragma != NULL)
        status = tl_sqlite_status(sqlite3_finalize(pragma));
    sqlite_abort(txn);
    if (status != TL_OK)
        return status;
    *space = (tl_driver_space){
        .file_bytes = tl_driver_dir_bytes(store->dir),
        .record_count = count,
        .free_bytes = TL_DRIVER_UNKNOWN,
        .page_bytes = (uint32_t)page_bytes,
    };
    return TL_OK;
}

const tl_driver tl_driver_sqlite = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "sqlite",
    .summary = "SQLite, WAL, one table WITHOUT ROWID",
    .capabilities =
        TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_THREADS,
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_SAME, "synchronous=FULL", ""},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "synchronous=NORMAL",
                                           "the WAL is synced at checkpoints only: a power loss "
                                           "keeps a commit prefix, but of any age"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_WEAKER, "synchronous=OFF",
                                          "no page checksums: after a power loss damage may go "
                                          "unnoticed and answers may be wrong"}},
    .version = sqlite_version,
    .open = sqlite_open,
    .close = sqlite_close,
    .abandon = sqlite_abandon,
    .value_bytes_max = sqlite_value_bytes_max,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .abort = sqlite_abort,
    .get = sqlite_get,
    .put = sqlite_put,
    .del = tl_sqlite_del,
    .count = sqlite_count,
    .scan = sqlite_scan,
    .cursor_open = tl_sqlite_cursor_open,
    .cursor_close = tl_sqlite_cursor_close,
    .cursor_first = tl_sqlite_cursor_first,
    .cursor_last = tl_sqlite_cursor_last,
    .cursor_seek = tl_sqlite_cursor_seek,
    .cursor_next = tl_sqlite_cursor_next,
    .cursor_prev = tl_sqlite_cursor_prev,
    .cursor_del = tl_sqlite_cursor_del,
    .checkpoint = sqlite_checkpoint,
    .verify = sqlite_verify,
    .space = sqlite_space,
};
