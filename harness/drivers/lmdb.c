/* harness/drivers/lmdb.c -- LMDB in its fairest fast configuration.
 *
 * A directory env, map of 16 GiB, copy-on-write pages, read-ahead on, locks on.  writemap=1 adds
 * MDB_WRITEMAP: pages are changed in the map itself, which saves copying them and leaves them open
 * to any stray pointer of the process.
 * MDB_NOTLS lets one thread hold several read txns.  Read txns are kept and renewed, and keep
 * the cursor of their scans, which is LMDB's best case.  MDB_APPEND follows TL_PUT_APPEND.
 */
#include "harness/drivers/files.h"
#include "harness/drivers/lmdb_parts.h"
#include "harness/drivers/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int code;
    tl_status status;
} status_rows[] = {
    {MDB_SUCCESS,          TL_OK       },
    {MDB_NOTFOUND,         TL_NOT_FOUND},
    {MDB_KEYEXIST,         TL_EXISTS   },
    {MDB_MAP_FULL,         TL_NO_SPACE },
    {ENOSPC,               TL_NO_SPACE },
    {MDB_TXN_FULL,         TL_NO_SPACE },
    {MDB_READERS_FULL,     TL_BUSY     },
    {MDB_BAD_VALSIZE,      TL_KEY_SIZE },
    {MDB_INVALID,          TL_NOT_OURS },
    {MDB_VERSION_MISMATCH, TL_VERSION  },
    {MDB_CORRUPTED,        TL_CORRUPT  },
    {MDB_PAGE_NOTFOUND,    TL_CORRUPT  },
    {MDB_CURSOR_FULL,      TL_CORRUPT  },
    {MDB_PANIC,            TL_POISONED },
    {MDB_BAD_TXN,          TL_POISONED },
};

tl_status tl_lmdb_status(int code)
{
    if (code == MDB_SUCCESS)
        return TL_OK;
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++)
        if (status_rows[i].code == code)
            return status_rows[i].status;
    return tl_driver_errno_status(code);
}

static const char *lmdb_version(void)
{
    static const char text[] = "LMDB ";
    const char *whole = mdb_version(NULL, NULL, NULL); /* "LMDB 0.9.24: (July 24, 2019)" */
    static char cut[32];
    if (strncmp(whole, text, sizeof text - 1) != 0)
        return whole;
    size_t length = strcspn(whole, ":");
    if (length >= sizeof cut)
        return whole;
    memcpy(cut, whole, length);
    cut[length] = '\0';
    return cut;
}

static const tl_setting_row setting_rows[] = {
    {"writemap", TL_SETTING_FLAG, 0, MDB_WRITEMAP, NULL, "1: MDB_WRITEMAP"},
};
static const tl_setting_table settings_table = {setting_rows,
                                                sizeof setting_rows / sizeof setting_rows[0]};

/* One row per tl_durability: the flag LMDB is opened with, and its name for the result. */
static const unsigned durability_flags[] = {
    [TL_DURABILITY_COMMIT] = 0,
    [TL_DURABILITY_ASYNC] = MDB_NOMETASYNC,
    [TL_DURABILITY_NONE] = MDB_NOSYNC,
};

/* The handle of the unnamed database stays valid for the env once its txn has committed. */
static int dbi_open(tl_store *store)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);
    if (code != MDB_SUCCESS)
        return code;
    code = mdb_dbi_open(txn, NULL, 0, &store->dbi);
    if (code != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

static void lmdb_abandon(tl_store *store);

static tl_status lmdb_open(const tl_driver_options *options, tl_store **out)
{
    unsigned asked = 0; /* flags of the env */
    tl_status status = tl_settings_apply(&settings_table, "lmdb", options, &asked);
    if (status != TL_OK)
        return status;
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    tl_driver_turn_init(&store->turn);
    (void)pthread_mutex_init(&store->pool, NULL);
    store->read_only = options->read_only;
    store->writer.store = store;
    store->dir = strdup(options->dir);
    uint64_t map_bytes = options->map_bytes != 0 ? options->map_bytes : TL_DRIVER_MAP_BYTES;
    unsigned flags =
        MDB_NOTLS | (store->read_only ? MDB_RDONLY : asked) | durability_flags[options->durability];
    int code = store->dir == NULL ? ENOMEM : mdb_env_create(&store->env);
    if (code == MDB_SUCCESS)
        code = mdb_env_set_mapsize(store->env, (size_t)map_bytes);
    if (code == MDB_SUCCESS)
        code = mdb_env_open(store->env, store->dir, flags, 0644);
    if (code == MDB_SUCCESS)
        code = dbi_open(store);
    if (code != MDB_SUCCESS) {
        tl_driver_explain(options, "%s: LMDB says: %s", options->dir, mdb_strerror(code));
        lmdb_abandon(store);
        return tl_lmdb_status(code);
    }
    store->key_bytes_max = (size_t)mdb_env_get_maxkeysize(store->env);
    if (store->key_bytes_max > TL_DRIVER_KEY_BYTES_MAX)
        store->key_bytes_max = TL_DRIVER_KEY_BYTES_MAX;
    *out = store;
    return TL_OK;
}

/* Closing the env writes nothing, so this is what a killed process leaves behind. */
static void lmdb_abandon(tl_store *store)
{
    while (store->writer.cursors != NULL)
        tl_lmdb_cursor_close(store->writer.cursors);
    if (store->writer.open) {
        mdb_txn_abort(store->writer.txn);
        tl_driver_turn_give(&store->turn);
    }
    while (store->readers != NULL) {
        tl_store_txn *reader = store->readers;
        store->readers = reader->next;
        while (reader->cursors != NULL)
            tl_lmdb_cursor_close(reader->cursors);
        if (reader->scanner != NULL)
            mdb_cursor_close(reader->scanner);
        mdb_txn_abort(reader->txn);
        free(reader);
    }
    if (store->env != NULL)
        mdb_env_close(store->env);
    tl_driver_turn_destroy(&store->turn);
    (void)pthread_mutex_destroy(&store->pool);
    free(store->dir);
    free(store);
}

static tl_status lmdb_close(tl_store *store)
{
    bool busy = store->writer.open;
    for (const tl_store_txn *reader = store->readers; reader != NULL; reader = reader->next)
        busy = busy || reader->open;
    if (busy)
        return TL_BUSY;
    lmdb_abandon(store);
    return TL_OK;
}

static size_t lmdb_value_bytes_max(tl_store *store)
{
    (void)store;
    return UINT32_MAX;
}

static tl_status begin_write(tl_store *store, tl_store_txn **txn)
{
    if (store->read_only)
        return TL_READ_ONLY;
    tl_status status = tl_driver_turn_take(&store->turn);
    if (status != TL_OK)
        return status;
    int code = mdb_txn_begin(store->env, NULL, 0, &store->writer.txn);
    if (code != MDB_SUCCESS) {
        tl_driver_turn_give(&store->turn);
        return tl_lmdb_status(code);
    }
    store->writer.open = true;
    *txn = &store->writer;
    return TL_OK;
}

static tl_status begin_new_reader(tl_store *store, tl_store_txn **txn)
{
    tl_store_txn *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return TL_NO_MEMORY;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &reader->txn);
    if (code != MDB_SUCCESS) {
        free(reader);
        return tl_lmdb_status(code);
    }
    reader->store = store;
    reader->read_only = reader->open = true;
    (void)pthread_mutex_lock(&store->pool);
    reader->next = store->readers;
    store->readers = reader;
    (void)pthread_mutex_unlock(&store->pool);
    *txn = reader;
    return TL_OK;
}

/* A kept reader that is not in use, taken; NULL when there is none. */
static tl_store_txn *kept_reader(tl_store *store)
{
    (void)pthread_mutex_lock(&store->pool);
    tl_store_txn *reader = store->readers;
    while (reader != NULL && reader->open)
        reader = reader->next;
    if (reader != NULL)
        reader->open = true;
    (void)pthread_mutex_unlock(&store->pool);
    return reader;
}

static void give_reader(tl_store_txn *reader)
{
    (void)pthread_mutex_lock(&reader->store->pool);
    reader->open = false;
    (void)pthread_mutex_unlock(&reader->store->pool);
}

static tl_status lmdb_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    if (!read_only)
        return begin_write(store, txn);
    tl_store_txn *reader = kept_reader(store);
    if (reader == NULL)
        return begin_new_reader(store, txn);
    int code = mdb_txn_renew(reader->txn);
    if (code != MDB_SUCCESS) {
        give_reader(reader);
        return tl_lmdb_status(code);
    }
    reader->scanner_fresh = false;
    *txn = reader;
    return TL_OK;
}

/* End the txn, whichever kind it is. */
static tl_status txn_end(tl_store_txn *txn, bool commit)
{
    tl_status status = TL_OK;
    while (txn->cursors != NULL)
        tl_lmdb_cursor_close(txn->cursors);
    if (txn->read_only) {
        mdb_txn_reset(txn->txn);
        give_reader(txn);
        return TL_OK;
    }
    txn->open = false;
    if (commit)
        status = tl_lmdb_status(mdb_txn_commit(txn->txn));
    else
        mdb_txn_abort(txn->txn);
    tl_driver_turn_give(&txn->store->turn);
    return status;
}

static tl_status lmdb_commit(tl_store_txn *txn)
{
    return txn_end(txn, true);
}

static void lmdb_abort(tl_store_txn *txn)
{
    if (txn != NULL)
        (void)txn_end(txn, false); /* aborting cannot fail */
}

static tl_status lmdb_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    MDB_val wanted = tl_lmdb_val(key), found;
    int code = mdb_get(txn->txn, txn->store->dbi, &wanted, &found);
    if (code != MDB_SUCCESS)
        return tl_lmdb_status(code);
    *value = tl_lmdb_slice(&found);
    return TL_OK;
}

static tl_status lmdb_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    if (value.size_bytes > UINT32_MAX)
        return TL_VALUE_SIZE;
    tl_status parked = tl_lmdb_park(txn);
    if (parked != TL_OK)
        return parked;
    MDB_val name = tl_lmdb_val(key), content = tl_lmdb_val(value);
    unsigned insert = flags & TL_PUT_INSERT ? MDB_NOOVERWRITE : 0u;
    if (flags & TL_PUT_APPEND) {
        int code = mdb_put(txn->txn, txn->store->dbi, &name, &content, insert | MDB_APPEND);
        if (code != MDB_KEYEXIST)
            return tl_lmdb_status(code);
        name = tl_lmdb_val(key); /* not the largest key: the hint was wrong */
        content = tl_lmdb_val(value);
    }
    return tl_lmdb_status(mdb_put(txn->txn, txn->store->dbi, &name, &content, insert));
}

tl_status tl_lmdb_del(tl_store_txn *txn, tl_slice key)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    tl_status parked = tl_lmdb_park(txn);
    if (parked != TL_OK)
        return parked;
    MDB_val name = tl_lmdb_val(key);
    return tl_lmdb_status(mdb_del(txn->txn, txn->store->dbi, &name, NULL));
}

static tl_status lmdb_count(tl_store_txn *txn, uint64_t *count)
{
    MDB_stat facts;
    int code = mdb_stat(txn->txn, txn->store->dbi, &facts);
    if (code == MDB_SUCCESS)
        *count = facts.ms_entries;
    return tl_lmdb_status(code);
}

/* A reader keeps one cursor for its scans; a writer opens one each time, as LMDB demands. */
static int scanner_take(tl_store_txn *txn, MDB_cursor **cursor)
{
    int code = MDB_SUCCESS;
    if (!txn->read_only || txn->scanner == NULL)
        code = mdb_cursor_open(txn->txn, txn->store->dbi, cursor);
    else if (!txn->scanner_fresh)
        code = mdb_cursor_renew(txn->txn, *cursor = txn->scanner);
    else
        *cursor = txn->scanner;
    if (code == MDB_SUCCESS && txn->read_only) {
        txn->scanner = *cursor;
        txn->scanner_fresh = true;
    }
    return code;
}

static tl_status lmdb_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    MDB_cursor *cursor;
    int code = scanner_take(txn, &cursor);
    if (code != MDB_SUCCESS)
        return tl_lmdb_status(code);
    MDB_val key = tl_lmdb_val(from), value;
    code = mdb_cursor_get(cursor, &key, &value, from.size_bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);
    while (code == MDB_SUCCESS && visit(context, tl_lmdb_slice(&key), tl_lmdb_slice(&value)))
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    if (!txn->read_only)
        mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? TL_OK : tl_lmdb_status(code);
}

static tl_status lmdb_space(tl_store *store, tl_driver_space *space)
{
    MDB_stat facts;
    int code = mdb_env_stat(store->env, &facts);
    if (code != MDB_SUCCESS)
        return tl_lmdb_status(code);
    *space = (tl_driver_space){
        .file_bytes = tl_driver_dir_bytes(store->dir),
        .record_count = facts.ms_entries,
        .free_bytes = TL_DRIVER_UNKNOWN,
        .page_bytes = facts.ms_psize,
        .depth = facts.ms_depth,
    };
    return TL_OK;
}

const tl_driver tl_driver_lmdb = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "lmdb",
    .summary = "LMDB, copy-on-write, pages of the operating system's size",
    .capabilities =
        TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_THREADS,
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_SAME, "no flags", ""},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "MDB_NOMETASYNC",
                                           "syncs data at every commit but not the meta page: a "
                                           "power loss can undo the last commit, however old"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_WEAKER, "MDB_NOSYNC",
                                          "no page checksums: after a power loss damage may go "
                                          "unnoticed and answers may be wrong"}},
    .version = lmdb_version,
    .open = lmdb_open,
    .close = lmdb_close,
    .abandon = lmdb_abandon,
    .value_bytes_max = lmdb_value_bytes_max,
    .log_files = "lock.mdb",
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .del = tl_lmdb_del,
    .count = lmdb_count,
    .scan = lmdb_scan,
    .cursor_open = tl_lmdb_cursor_open,
    .cursor_close = tl_lmdb_cursor_close,
    .cursor_first = tl_lmdb_cursor_first,
    .cursor_last = tl_lmdb_cursor_last,
    .cursor_seek = tl_lmdb_cursor_seek,
    .cursor_next = tl_lmdb_cursor_next,
    .cursor_prev = tl_lmdb_cursor_prev,
    .cursor_del = tl_lmdb_cursor_del,
    .space = lmdb_space,
};
