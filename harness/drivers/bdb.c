/* harness/drivers/bdb.c -- Berkeley DB in its fairest fast configuration.
 *
 * A private transactional env: cache of 2 GiB, log buffer of 8 MiB, log files of 64 MiB, recovery
 * at open.  Read txns are snapshots, which makes it keep versions of pages; with snapshot=0 it
 * keeps none and a read txn reads what is committed by then, under page locks that are let go at
 * once.  There the thread that writes should not read in another txn: what waits for its own
 * lock gets TL_BUSY.  `locks` bounds the pages that one txn may touch: the room for them is made
 * at open, which takes the longer the more there are.
 */
#include "harness/drivers/bdb_parts.h"
#include "harness/drivers/files.h"
#include "harness/drivers/settings.h"
#include "harness/drivers/turn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOG_BUFFER_BYTES = 8 << 20,
    LOG_FILE_BYTES = 64 << 20,
    LOCKS_USUAL = 200000, /* one per page that a txn touches: 1 million small records */
    TXNS_MAX = 1000,
    FILE_MODE = 0644,
};
#define CACHE_BYTES     (UINT64_C(2) << 30)
#define VALUE_BYTES_MAX (UINT64_C(1) << 30) /* sizes are 32-bit */

typedef struct bdb_settings {
    uint32_t page_bytes, locks;
    unsigned flags;
    uint64_t cache_bytes;
} bdb_settings;
enum { WITH_SNAPSHOTS = 1 };

static const tl_setting_row setting_rows[] = {
    {"page_bytes", TL_SETTING_U32,  offsetof(bdb_settings, page_bytes), 0,              NULL, "of a new file"},
    {"locks",      TL_SETTING_U32,  offsetof(bdb_settings, locks),      0,              NULL,
     "pages that one txn may touch"                                                                          },
    {"snapshot",   TL_SETTING_FLAG, offsetof(bdb_settings, flags),      WITH_SNAPSHOTS, NULL,
     "0: no page versions"                                                                                   },
};
static const tl_setting_table settings_table = {setting_rows,
                                                sizeof setting_rows / sizeof setting_rows[0]};

static const struct {
    int code;
    tl_status status;
} status_rows[] = {
    {0,                   TL_OK       },
    {DB_NOTFOUND,         TL_NOT_FOUND},
    {DB_KEYEXIST,         TL_EXISTS   },
    {DB_LOCK_DEADLOCK,    TL_BUSY     },
    {DB_LOCK_NOTGRANTED,  TL_BUSY     },
    {DB_RUNRECOVERY,      TL_POISONED },
    {DB_VERIFY_BAD,       TL_CORRUPT  },
    {DB_OLD_VERSION,      TL_VERSION  },
    {DB_VERSION_MISMATCH, TL_VERSION  },
};

tl_status tl_bdb_status(int code)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++)
        if (status_rows[i].code == code)
            return status_rows[i].status;
    return tl_driver_errno_status(code);
}

static const char *bdb_version(void)
{
    static char text[32];
    int major, minor, patch;
    (void)db_version(&major, &minor, &patch);
    (void)snprintf(text, sizeof text, "BerkeleyDB %d.%d.%d", major, minor, patch);
    return text;
}

/* One row per tl_durability: the flag, whose name is the contract's. */
static const u_int32_t durability_flags[] = {
    [TL_DURABILITY_COMMIT] = 0,
    [TL_DURABILITY_ASYNC] = DB_TXN_WRITE_NOSYNC,
    [TL_DURABILITY_NONE] = DB_TXN_NOSYNC,
};

static int env_open(tl_store *store, tl_durability durability, const bdb_settings *settings)
{
    DB_ENV *env;
    int code = db_env_create(&env, 0);
    if (code != 0)
        return code;
    store->env = env;
    env->set_errfile(env, NULL); /* the status tells; nothing is printed */
    if (code == 0)
        code = env->set_cachesize(env, (u_int32_t)(settings->cache_bytes >> 30),
                                  (u_int32_t)(settings->cache_bytes & ((1u << 30) - 1)), 1);
    if (code == 0)
        code = env->set_lg_bsize(env, LOG_BUFFER_BYTES);
    if (code == 0)
        code = env->set_lg_max(env, LOG_FILE_BYTES);
    if (code == 0)
        code = env->set_lk_max_locks(env, settings->locks);
    if (code == 0)
        code = env->set_lk_max_objects(env, settings->locks);
    if (code == 0)
        code = env->set_lk_detect(env, DB_LOCK_DEFAULT);
    if (code == 0)
        code = env->set_tx_max(env, TXNS_MAX);
    if (code == 0 && durability_flags[durability] != 0)
        code = env->set_flags(env, durability_flags[durability], 1);
    if (code == 0)
        code = env->open(env, store->dir,
                         DB_CREATE | DB_INIT_MPOOL | DB_INIT_LOG | DB_INIT_LOCK | DB_INIT_TXN |
                             DB_PRIVATE | DB_THREAD | DB_RECOVER,
                         FILE_MODE);
    return code;
}

static int db_open(tl_store *store, uint32_t page_bytes)
{
    DB *db;
    int code = db_create(&db, store->env, 0);
    if (code != 0)
        return code;
    store->db = db;
    if (page_bytes != 0)
        code = db->set_pagesize(db, page_bytes);
    u_int32_t flags = DB_THREAD | DB_AUTO_COMMIT;
    flags |= store->read_only ? DB_RDONLY : DB_CREATE;
    flags |= store->snapshots ? DB_MULTIVERSION : 0u;
    if (code == 0)
        code = db->open(db, NULL, "bdb.db", NULL, DB_BTREE, flags, FILE_MODE);
    u_int32_t used = 0;
    if (code == 0)
        code = db->get_pagesize(db, &used);
    store->page_bytes = used;
    return code;
}

/* Close what is open.  The first failure is told; all is released whatever happens. */
static int store_release(tl_store *store)
{
    int code = 0;
    while (store->txns != NULL) {
        tl_store_txn *txn = store->txns;
        store->txns = txn->next;
        free(txn->value.data);
        free(txn->bulk.data);
        free(txn);
    }
    if (store->db != NULL)
        code = store->db->close(store->db, 0);
    if (store->env != NULL) {
        /* So that the next open has no log to replay. */
        if (code == 0 && !store->read_only && store->db != NULL)
            code = store->env->txn_checkpoint(store->env, 0, 0, DB_FORCE);
        int closed = store->env->close(store->env, 0);
        code = code == 0 ? closed : code;
    }
    (void)pthread_mutex_destroy(&store->pool);
    free(store->dir);
    free(store);
    return code;
}

static tl_status bdb_open(const tl_driver_options *options, tl_store **out)
{
    bdb_settings settings = {
        .page_bytes = options->page_bytes,
        .locks = LOCKS_USUAL,
        .flags = WITH_SNAPSHOTS,
        .cache_bytes = tl_driver_cache_bytes(options, CACHE_BYTES),
    };
    tl_status status = tl_settings_apply(&settings_table, "bdb", options, &settings);
    if (status != TL_OK)
        return status;
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    (void)pthread_mutex_init(&store->pool, NULL);
    store->read_only = options->read_only;
    store->snapshots = (settings.flags & WITH_SNAPSHOTS) != 0;
    store->dir = strdup(options->dir);
    int code = store->dir == NULL ? ENOMEM : env_open(store, options->durability, &settings);
    if (code == 0)
        code = db_open(store, settings.page_bytes);
    if (code != 0) {
        tl_driver_explain(options, "%s: Berkeley DB says: %s", options->dir, db_strerror(code));
        (void)store_release(store); /* the first failure is the one to tell */
        return tl_bdb_status(code);
    }
    *out = store;
    return TL_OK;
}

static tl_status bdb_close(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open)
            return TL_BUSY;
    return tl_bdb_status(store_release(store));
}

static size_t bdb_value_bytes_max(tl_store *store)
{
    (void)store;
    return VALUE_BYTES_MAX;
}

/* A txn that is not in use, or a new one.  TL_BUSY: this thread writes already. */
static tl_status txn_take(tl_store *store, bool read_only, tl_store_txn **out)
{
    uintptr_t self = tl_thread_token();
    tl_status status = TL_OK;
    tl_store_txn *taken = NULL;
    (void)pthread_mutex_lock(&store->pool);
    for (tl_store_txn *each = store->txns; each != NULL; each = each->next) {
        if (!each->open && taken == NULL)
            taken = each;
        if (each->open && !each->read_only && !read_only && each->owner == self)
            status = TL_BUSY;
    }
    if (status == TL_OK && taken == NULL) {
        taken = calloc(1, sizeof *taken);
        if (taken == NULL) {
            status = TL_NO_MEMORY;
        } else {
            taken->store = store;
            taken->cursors.engine = &tl_bdb_cursors;
            taken->next = store->txns;
            store->txns = taken;
        }
    }
    if (status == TL_OK) {
        taken->open = true;
        taken->read_only = read_only;
        taken->owner = self;
        *out = taken;
    }
    (void)pthread_mutex_unlock(&store->pool);
    return status;
}

static void txn_give(tl_store_txn *txn)
{
    (void)pthread_mutex_lock(&txn->store->pool);
    txn->open = false;
    (void)pthread_mutex_unlock(&txn->store->pool);
}

static void bdb_abort(tl_store_txn *txn)
{
    if (txn == NULL)
        return;
    tl_parked_clear(&txn->cursors);
    (void)txn->txn->abort(txn->txn); /* what could fail poisons the env: the next call tells */
    txn_give(txn);
}

/* A snapshot is taken at the first look at a page: look, so that it is the one of now. */
static tl_status take_snapshot(tl_store_txn *txn)
{
    DB *db = txn->store->db;
    DBT key = {.data = (void *)(uintptr_t) "", .size = 1};
    DBT nothing = {.flags = DB_DBT_USERMEM | DB_DBT_PARTIAL};
    int code = db->get(db, txn->txn, &key, &nothing, 0);
    return code == DB_NOTFOUND ? TL_OK : tl_bdb_status(code);
}

static tl_status bdb_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->read_only)
        return TL_READ_ONLY;
    tl_store_txn *txn;
    tl_status status = txn_take(store, read_only, &txn);
    if (status != TL_OK)
        return status;
    u_int32_t flags = 0;
    if (read_only)
        flags = store->snapshots ? DB_TXN_SNAPSHOT : DB_READ_COMMITTED | DB_TXN_NOWAIT;
    status = tl_bdb_status(store->env->txn_begin(store->env, NULL, &txn->txn, flags));
    if (status != TL_OK) {
        txn_give(txn);
        return status;
    }
    if (read_only && store->snapshots)
        status = take_snapshot(txn);
    if (status == TL_OK)
        *out = txn;
    else
        bdb_abort(txn);
    return status;
}

static tl_status bdb_commit(tl_store_txn *txn)
{
    tl_parked_clear(&txn->cursors);
    tl_status status = tl_bdb_status(txn->txn->commit(txn->txn, 0));
    txn_give(txn);
    return status;
}

static tl_status bdb_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    if (value.size_bytes > VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    tl_parked_park(&txn->cursors);
    DBT name = tl_bdb_dbt(key), content = tl_bdb_dbt(value);
    DB *db = txn->store->db;
    u_int32_t insert = flags & TL_PUT_INSERT ? DB_NOOVERWRITE : 0u;
    return tl_bdb_status(db->put(db, txn->txn, &name, &content, insert));
}

static tl_status bdb_del(tl_store_txn *txn, tl_slice key)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    tl_parked_park(&txn->cursors);
    DBT name = tl_bdb_dbt(key);
    DB *db = txn->store->db;
    return tl_bdb_status(db->del(db, txn->txn, &name, 0));
}

static tl_status bdb_cursor_open(tl_store_txn *txn, tl_store_cursor **cursor)
{
    return tl_parked_open(&txn->cursors, txn, cursor);
}

static tl_status bdb_cursor_del(tl_store_cursor *cursor)
{
    tl_slice key;
    tl_store_txn *txn = tl_parked_txn(cursor);
    if (txn->read_only)
        return TL_READ_ONLY;
    return tl_parked_place(cursor, &key) ? bdb_del(txn, key) : TL_NOT_FOUND;
}

static tl_status bdb_checkpoint(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open && !txn->read_only)
            return TL_BUSY;
    return tl_bdb_status(store->env->txn_checkpoint(store->env, 0, 0, DB_FORCE));
}

static tl_status bdb_space(tl_store *store, tl_driver_space *space)
{
    *space = (tl_driver_space){
        .file_bytes = tl_driver_dir_bytes(store->dir),
        .record_count = TL_DRIVER_UNKNOWN,
        .free_bytes = TL_DRIVER_UNKNOWN,
        .page_bytes = store->page_bytes,
    };
    return TL_OK;
}

#if defined(__SANITIZE_ADDRESS__)
/* With page versions, Berkeley DB keeps what describes the last transaction (344 bytes) beyond the
 * close of its env: its leak, one per env, that no call of ours ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libdb-5.3";
}
#endif

const tl_driver tl_driver_bdb = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "bdb",
    .summary = "Berkeley DB, one B-tree in a private transactional env",
    .capabilities =
        TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_THREADS,
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_SAME, "no flags", ""},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "DB_TXN_WRITE_NOSYNC",
                                           "the log is written at commit and synced at checkpoints "
                                           "only: a power loss can undo commits of any age"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_WEAKER, "DB_TXN_NOSYNC",
                                          "the log stays in the memory of the process: a killed "
                                          "process loses the last commits"}},
    .version = bdb_version,
    .open = bdb_open,
    .close = bdb_close,
    .value_bytes_max = bdb_value_bytes_max,
    .log_files = "log.",
    .begin = bdb_begin,
    .commit = bdb_commit,
    .abort = bdb_abort,
    .get = tl_bdb_get,
    .put = bdb_put,
    .del = bdb_del,
    .scan = tl_bdb_scan,
    .cursor_open = bdb_cursor_open,
    .cursor_close = tl_parked_close,
    .cursor_first = tl_parked_first,
    .cursor_last = tl_parked_last,
    .cursor_seek = tl_parked_seek,
    .cursor_next = tl_parked_next,
    .cursor_prev = tl_parked_prev,
    .cursor_del = bdb_cursor_del,
    .checkpoint = bdb_checkpoint,
    .space = bdb_space,
};
