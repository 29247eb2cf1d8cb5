/* harness/drivers/wiredtiger.c -- WiredTiger in its fairest fast configuration.
 *
 * A row store of raw bytes, log on, cache of 2 GiB, snapshot isolation, defaults otherwise.  A
 * txn is a session, since a session has one txn at a time; sessions are kept with their cursors.
 * Puts go through a cursor that overwrites; inserts and deletions through one that tells whether
 * the key was there.
 */
#include "harness/drivers/drivers.h"
#include "harness/drivers/files.h"
#include "harness/drivers/parked.h"
#include "harness/drivers/settings.h"
#include "harness/drivers/turn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wiredtiger.h>

#define TABLE           "table:t"
#define CACHE_BYTES     (UINT64_C(2) << 30)
#define VALUE_BYTES_MAX (UINT64_C(1) << 30)
enum { LEAF_PAGE_BYTES = 32 << 10 }; /* leaf_page_max, as shipped */

struct tl_store_txn {
    tl_store *store;
    WT_SESSION *session;
    WT_CURSOR *cursor; /* overwrites */
    WT_CURSOR *strict; /* does not */
    bool read_only, open;
    uintptr_t owner; /* the thread of an open write txn */
    tl_parked_list cursors;
    tl_store_txn *next;
};

struct tl_store {
    WT_CONNECTION *connection;
    char *dir;
    bool read_only;
    pthread_mutex_t pool; /* guards txns and their `open` */
    tl_store_txn *txns;   /* open ones and kept ones; the latest used first */
};

static const struct {
    int code;
    tl_status status;
} status_rows[] = {
    {0,                   TL_OK       },
    {WT_NOTFOUND,         TL_NOT_FOUND},
    {WT_DUPLICATE_KEY,    TL_EXISTS   },
    {WT_ROLLBACK,         TL_BUSY     },
    {WT_PREPARE_CONFLICT, TL_BUSY     },
    {WT_CACHE_FULL,       TL_NO_MEMORY},
    {WT_PANIC,            TL_POISONED },
    {WT_RUN_RECOVERY,     TL_POISONED },
    {WT_TRY_SALVAGE,      TL_CORRUPT  },
};

static tl_status wired_status(int code)
{
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++)
        if (status_rows[i].code == code)
            return status_rows[i].status;
    return tl_driver_errno_status(code);
}

static const char *wired_version(void)
{
    static char text[32];
    int major, minor, patch;
    (void)wiredtiger_version(&major, &minor, &patch);
    (void)snprintf(text, sizeof text, "WiredTiger %d.%d.%d", major, minor, patch);
    return text;
}

/* Errors are told by the status; the library would print them too. */
static int say_nothing(WT_EVENT_HANDLER *handler, WT_SESSION *session, int error,
                       const char *message)
{
    (void)handler, (void)session, (void)error, (void)message;
    return 0;
}
static WT_EVENT_HANDLER quiet = {.handle_error = say_nothing};

/* Open one more session and link it to its store. */
static int session_open(tl_store *store, tl_store_txn **out)
{
    tl_store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return ENOMEM;
    WT_CONNECTION *connection = store->connection;
    int code = connection->open_session(connection, NULL, "isolation=snapshot", &txn->session);
    if (code != 0) {
        free(txn);
        return code;
    }
    WT_SESSION *session = txn->session;
    code = session->open_cursor(session, TABLE, NULL, NULL, &txn->cursor);
    if (code == 0)
        code = session->open_cursor(session, TABLE, NULL, "overwrite=false", &txn->strict);
    if (code != 0) {
        (void)session->close(session, NULL); /* closes its cursors; the first failure is told */
        free(txn);
        return code;
    }
    txn->store = store;
    txn->next = store->txns;
    store->txns = txn;
    *out = txn;
    return 0;
}

static int table_create(tl_store *store)
{
    WT_SESSION *session;
    int code = store->connection->open_session(store->connection, NULL, NULL, &session);
    if (code == 0 && !store->read_only)
        code = session->create(session, TABLE, "key_format=u,value_format=u");
    if (code == 0)
        code = session->close(session, NULL);
    return code;
}

static int store_release(tl_store *store)
{
    int code = 0;
    while (store->txns != NULL) {
        tl_store_txn *txn = store->txns;
        store->txns = txn->next;
        int closed = txn->session->close(txn->session, NULL);
        code = code == 0 ? closed : code;
        free(txn);
    }
    if (store->connection != NULL) {
        int closed = store->connection->close(store->connection, NULL);
        code = code == 0 ? closed : code;
    }
    (void)pthread_mutex_destroy(&store->pool);
    free(store->dir);
    free(store);
    return code;
}

static tl_status wired_open(const tl_driver_options *options, tl_store **out)
{
    tl_status status = tl_settings_refuse("wiredtiger", options);
    if (status != TL_OK)
        return status;
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    (void)pthread_mutex_init(&store->pool, NULL);
    store->read_only = options->read_only;
    store->dir = strdup(options->dir);
    char text[200]; /* the contract is what is asked for */
    (void)snprintf(
        text, sizeof text, "%s,cache_size=%" PRIu64 ",log=(enabled=true),transaction_sync=(%s)",
        store->read_only ? "readonly=true" : "create", tl_driver_cache_bytes(options, CACHE_BYTES),
        tl_driver_wiredtiger.contracts[options->durability].options);
    int code =
        store->dir == NULL ? ENOMEM : wiredtiger_open(store->dir, &quiet, text, &store->connection);
    if (code == 0)
        code = table_create(store);
    if (code != 0) {
        tl_driver_explain(options, "%s: WiredTiger says: %s", options->dir,
                          wiredtiger_strerror(code));
        (void)store_release(store); /* the first failure is the one to tell */
        return wired_status(code);
    }
    *out = store;
    return TL_OK;
}

static tl_status wired_close(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open)
            return TL_BUSY;
    return wired_status(store_release(store));
}

static size_t wired_value_bytes_max(tl_store *store)
{
    (void)store;
    return VALUE_BYTES_MAX;
}

static tl_status cursor_open(tl_store_txn *txn, void **native)
{
    WT_CURSOR *cursor;
    int code = txn->session->open_cursor(txn->session, TABLE, NULL, NULL, &cursor);
    if (code == 0)
        *native = cursor;
    return wired_status(code);
}

static void cursor_close(void *native)
{
    WT_CURSOR *cursor = native;
    (void)cursor->close(cursor); /* it holds nothing that could be lost */
}

static WT_ITEM item_of(tl_slice bytes)
{
    return (WT_ITEM){.data = bytes.size_bytes != 0 ? bytes.data : "", .size = bytes.size_bytes};
}

/* The record that `cursor` is at. */
static int cursor_record(WT_CURSOR *cursor, tl_slice *key, tl_slice *value)
{
    WT_ITEM found_key, found;
    int code = cursor->get_key(cursor, &found_key);
    if (code == 0)
        code = cursor->get_value(cursor, &found);
    if (code != 0)
        return code;
    *key = (tl_slice){found_key.data, found_key.size};
    *value = (tl_slice){found.data, found.size};
    return 0;
}

/* Go to the first record >= from. */
static int cursor_seek(WT_CURSOR *cursor, tl_slice from)
{
    int exact;
    WT_ITEM item = item_of(from);
    cursor->set_key(cursor, &item);
    int code = cursor->search_near(cursor, &exact);
    return code == 0 && exact < 0 ? cursor->next(cursor) : code;
}

static tl_status cursor_move(void *native, tl_parked_move move, tl_slice from, tl_slice *key,
                             tl_slice *value)
{
    WT_CURSOR *cursor = native;
    int code = 0;
    if (move == TL_MOVE_FIRST || move == TL_MOVE_LAST)
        code = cursor->reset(cursor);
    if (code == 0 && move == TL_MOVE_SEEK)
        code = cursor_seek(cursor, from);
    else if (code == 0)
        code = move == TL_MOVE_FIRST || move == TL_MOVE_NEXT ? cursor->next(cursor)
                                                             : cursor->prev(cursor);
    if (code == 0)
        code = cursor_record(cursor, key, value);
    return wired_status(code);
}

static const tl_parked_engine wired_cursors = {cursor_open, cursor_close, cursor_move};

/* A session that is not in use, or a new one.  TL_BUSY: this thread writes already. */
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
    if (status == TL_OK && taken == NULL)
        status = wired_status(session_open(store, &taken));
    if (status == TL_OK) {
        taken->open = true;
        taken->read_only = read_only;
        taken->owner = self;
        taken->cursors.engine = &wired_cursors;
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

static tl_status wired_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->read_only)
        return TL_READ_ONLY;
    tl_store_txn *txn;
    tl_status status = txn_take(store, read_only, &txn);
    if (status != TL_OK)
        return status;
    status = wired_status(txn->session->begin_transaction(txn->session, NULL));
    if (status == TL_OK)
        *out = txn;
    else
        txn_give(txn);
    return status;
}

static tl_status wired_commit(tl_store_txn *txn)
{
    tl_parked_clear(&txn->cursors);
    tl_status status = wired_status(txn->session->commit_transaction(txn->session, NULL));
    txn_give(txn);
    return status;
}

static void wired_abort(tl_store_txn *txn)
{
    if (txn == NULL)
        return;
    tl_parked_clear(&txn->cursors);
    (void)txn->session->rollback_transaction(txn->session, NULL); /* nobody could do anything */
    txn_give(txn);
}

static tl_status wired_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    WT_ITEM wanted = item_of(key), found;
    WT_CURSOR *cursor = txn->cursor;
    cursor->set_key(cursor, &wanted);
    int code = cursor->search(cursor);
    if (code == 0)
        code = cursor->get_value(cursor, &found);
    if (code != 0)
        return wired_status(code);
    *value = (tl_slice){found.data, found.size};
    return TL_OK;
}

static tl_status wired_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    if (value.size_bytes > VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    tl_parked_park(&txn->cursors);
    WT_ITEM name = item_of(key), content = item_of(value);
    WT_CURSOR *cursor = flags & TL_PUT_INSERT ? txn->strict : txn->cursor;
    cursor->set_key(cursor, &name);
    cursor->set_value(cursor, &content);
    return wired_status(cursor->insert(cursor));
}

static tl_status wired_del(tl_store_txn *txn, tl_slice key)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    tl_parked_park(&txn->cursors);
    WT_ITEM name = item_of(key);
    txn->strict->set_key(txn->strict, &name);
    return wired_status(txn->strict->remove(txn->strict));
}

static tl_status wired_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    WT_CURSOR *cursor = txn->cursor;
    int code = cursor->reset(cursor);
    if (code == 0)
        code = from.size_bytes == 0 ? cursor->next(cursor) : cursor_seek(cursor, from);
    while (code == 0) {
        tl_slice key, value;
        code = cursor_record(cursor, &key, &value);
        if (code == 0 && !visit(context, key, value))
            break;
        if (code == 0)
            code = cursor->next(cursor);
    }
    return code == WT_NOTFOUND ? TL_OK : wired_status(code);
}

static tl_status wired_cursor_open(tl_store_txn *txn, tl_store_cursor **cursor)
{
    return tl_parked_open(&txn->cursors, txn, cursor);
}

static tl_status wired_cursor_del(tl_store_cursor *cursor)
{
    tl_slice key;
    tl_store_txn *txn = tl_parked_txn(cursor);
    if (txn->read_only)
        return TL_READ_ONLY;
    return tl_parked_place(cursor, &key) ? wired_del(txn, key) : TL_NOT_FOUND;
}

static tl_status wired_checkpoint(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open && !txn->read_only)
            return TL_BUSY;
    tl_store_txn *txn;
    tl_status status = txn_take(store, true, &txn);
    if (status != TL_OK)
        return status;
    status = wired_status(txn->session->checkpoint(txn->session, NULL));
    txn_give(txn);
    return status;
}

static tl_status wired_space(tl_store *store, tl_driver_space *space)
{
    *space = (tl_driver_space){
        .file_bytes = tl_driver_dir_bytes(store->dir),
        .record_count = TL_DRIVER_UNKNOWN,
        .free_bytes = TL_DRIVER_UNKNOWN,
        .page_bytes = LEAF_PAGE_BYTES,
    };
    return TL_OK;
}

const tl_driver tl_driver_wiredtiger = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "wiredtiger",
    .summary = "WiredTiger, a row store with its log on, leaf pages of up to 32 KiB",
    .capabilities =
        TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_THREADS,
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_SAME, "enabled=true,method=fsync", ""},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "enabled=true,method=none",
                                           "the log is written at commit and synced at checkpoints "
                                           "only: a power loss can undo commits of any age"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_WEAKER, "enabled=false",
                                          "the log stays in the memory of the process: a killed "
                                          "process loses the last commits"}},
    .version = wired_version,
    .open = wired_open,
    .close = wired_close,
    .value_bytes_max = wired_value_bytes_max,
    .log_files = "WiredTigerLog. WiredTigerPreplog. WiredTigerTmplog.",
    .begin = wired_begin,
    .commit = wired_commit,
    .abort = wired_abort,
    .get = wired_get,
    .put = wired_put,
    .del = wired_del,
    .scan = wired_scan,
    .cursor_open = wired_cursor_open,
    .cursor_close = tl_parked_close,
    .cursor_first = tl_parked_first,
    .cursor_last = tl_parked_last,
    .cursor_seek = tl_parked_seek,
    .cursor_next = tl_parked_next,
    .cursor_prev = tl_parked_prev,
    .cursor_del = wired_cursor_del,
    .checkpoint = wired_checkpoint,
    .space = wired_space,
};
