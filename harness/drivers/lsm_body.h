/* harness/drivers/lsm_body.h -- what the drivers of LevelDB and RocksDB do alike.
 *
 * RocksDB's C interface grew out of LevelDB's: the calls below differ in their prefix only.  The
 * file that includes this one defines LSM(name) as that prefix, and supplies what differs:
 *
 *     answer_free   gives back what one entry of `answers` points to
 *     db_close      closes the database
 *
 * A write txn is a WriteBatch, the way both are meant to be used: nothing in it can be read
 * before it is written, a deletion does not look for its key, and there is no insert that refuses
 * a present key.  A read txn is a snapshot with read options of its own.  Both kinds are kept and
 * used again, so that begin allocates nothing but the snapshot.
 */
#include "harness/drivers/drivers.h"
#include "harness/drivers/files.h"
#include "harness/drivers/parked.h"
#include "harness/drivers/turn.h"

#include <stdlib.h>
#include <string.h>

#define LSM_CACHE_BYTES        (UINT64_C(2) << 30)
#define LSM_WRITE_BUFFER_BYTES (UINT64_C(64) << 20)
#define LSM_VALUE_BYTES_MAX    (UINT64_C(1) << 30) /* lengths are 32-bit, that of a batch too */
enum { LSM_BLOOM_BITS = 10 };

struct tl_store_txn {
    tl_store *store;
    bool read_only, open;
    uintptr_t owner; /* the thread of an open write txn */
    LSM(writebatch_t) * batch;
    LSM(readoptions_t) * reading;
    const LSM(snapshot_t) * snapshot;  /* of an open read txn */
    LSM(iterator_t) * iterator;        /* of an open read txn: kept for its scans */
    void *answers[TL_DRIVER_MANY_MAX]; /* hold the bytes handed out last */
    size_t answer_count;
    tl_parked_list cursors;
    tl_store_txn *next;
};

struct tl_store {
    LSM(t) * db;
    LSM(options_t) * options;
    LSM(cache_t) * cache;
    LSM(writeoptions_t) * writing;
    void *family; /* RocksDB's handle of its one column family */
    char *dir;
    bool read_only;
    pthread_mutex_t pool; /* guards txns and their `open` */
    tl_store_txn *txns;   /* open ones and kept ones; the latest used first */
};

static void answer_free(void *answer);
static void db_close(tl_store *store);

static void answers_release(tl_store_txn *txn)
{
    while (txn->answer_count > 0)
        answer_free(txn->answers[--txn->answer_count]);
}

static const struct {
    const char *prefix, *part; /* the text begins so, and contains this */
    tl_status status;
} lsm_status_rows[] = {
    {"NotFound",         "",                      TL_NOT_FOUND  },
    {"Corruption",       "",                      TL_CORRUPT    },
    {"Invalid argument", "does not exist",        TL_NOT_FOUND  },
    {"Invalid argument", "",                      TL_INVALID    },
    {"IO error",         "No space left",         TL_NO_SPACE   },
    {"IO error",         "lock ",                 TL_BUSY       },
    {"IO error",         "No such file",          TL_NOT_FOUND  },
    {"IO error",         "Permission denied",     TL_ACCESS     },
    {"IO error",         "Read-only file system", TL_ACCESS     },
    {"Not implemented",  "",                      TL_UNSUPPORTED},
    {"Busy",             "",                      TL_BUSY       },
};

/* The status that an error text means; NULL means none.  The text is given back. */
static tl_status lsm_status(char *text)
{
    if (text == NULL)
        return TL_OK;
    tl_status status = TL_IO;
    for (size_t i = sizeof lsm_status_rows / sizeof lsm_status_rows[0]; i-- > 0;)
        if (strncmp(text, lsm_status_rows[i].prefix, strlen(lsm_status_rows[i].prefix)) == 0 &&
            strstr(text, lsm_status_rows[i].part) != NULL)
            status = lsm_status_rows[i].status;
    LSM(free)(text);
    return status;
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
        status = taken == NULL ? TL_NO_MEMORY : TL_OK;
        if (status == TL_OK) {
            taken->store = store;
            taken->batch = LSM(writebatch_create)();
            taken->reading = LSM(readoptions_create)();
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
    tl_store *store = txn->store;
    answers_release(txn);
    tl_parked_clear(&txn->cursors);
    if (txn->iterator != NULL)
        LSM(iter_destroy)(txn->iterator);
    txn->iterator = NULL;
    if (txn->snapshot != NULL) {
        LSM(readoptions_set_snapshot)(txn->reading, NULL);
        LSM(release_snapshot)(store->db, txn->snapshot);
        txn->snapshot = NULL;
    }
    LSM(writebatch_clear)(txn->batch);
    (void)pthread_mutex_lock(&store->pool);
    txn->open = false;
    (void)pthread_mutex_unlock(&store->pool);
}

static void lsm_move_to(LSM(iterator_t) * iterator, tl_parked_move move, tl_slice from)
{
    switch (move) {
    case TL_MOVE_FIRST:
        LSM(iter_seek_to_first)(iterator);
        break;
    case TL_MOVE_LAST:
        LSM(iter_seek_to_last)(iterator);
        break;
    case TL_MOVE_SEEK:
        LSM(iter_seek)(iterator, from.data, from.size_bytes);
        break;
    case TL_MOVE_NEXT:
        LSM(iter_next)(iterator);
        break;
    case TL_MOVE_PREV:
        LSM(iter_prev)(iterator);
        break;
    }
}

static tl_status lsm_iterator_status(const LSM(iterator_t) * iterator)
{
    char *text = NULL;
    LSM(iter_get_error)(iterator, &text);
    return lsm_status(text);
}

static tl_status lsm_cursor_open(tl_store_txn *txn, void **native)
{
    *native = LSM(create_iterator)(txn->store->db, txn->reading);
    return TL_OK;
}

static void lsm_cursor_close(void *native)
{
    LSM(iter_destroy)(native);
}

static tl_status lsm_cursor_move(void *native, tl_parked_move move, tl_slice from, tl_slice *key,
                                 tl_slice *value)
{
    LSM(iterator_t) *iterator = native;
    lsm_move_to(iterator, move, from);
    if (!LSM(iter_valid)(iterator)) {
        tl_status status = lsm_iterator_status(iterator);
        return status == TL_OK ? TL_NOT_FOUND : status;
    }
    key->data = LSM(iter_key)(iterator, &key->size_bytes);
    value->data = LSM(iter_value)(iterator, &value->size_bytes);
    return TL_OK;
}

static const tl_parked_engine lsm_cursors = {lsm_cursor_open, lsm_cursor_close, lsm_cursor_move};

static tl_status lsm_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->read_only)
        return TL_READ_ONLY;
    tl_store_txn *txn;
    tl_status status = txn_take(store, read_only, &txn);
    if (status != TL_OK)
        return status;
    txn->cursors.engine = &lsm_cursors;
    if (read_only) {
        txn->snapshot = LSM(create_snapshot)(store->db);
        LSM(readoptions_set_snapshot)(txn->reading, txn->snapshot);
    }
    *out = txn;
    return TL_OK;
}

static tl_status lsm_commit(tl_store_txn *txn)
{
    char *text = NULL;
    if (!txn->read_only)
        LSM(write)(txn->store->db, txn->store->writing, txn->batch, &text);
    txn_give(txn);
    return lsm_status(text);
}

static void lsm_abort(tl_store_txn *txn)
{
    if (txn != NULL)
        txn_give(txn);
}

static size_t lsm_value_bytes_max(tl_store *store)
{
    (void)store;
    return LSM_VALUE_BYTES_MAX;
}

static tl_status lsm_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    if (value.size_bytes > LSM_VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    if ((flags & TL_PUT_INSERT) != 0)
        return TL_UNSUPPORTED;
    LSM(writebatch_put)(txn->batch, key.data, key.size_bytes, value.data, value.size_bytes);
    return TL_OK;
}

static tl_status lsm_del(tl_store_txn *txn, tl_slice key)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    LSM(writebatch_delete)(txn->batch, key.data, key.size_bytes);
    return TL_OK;
}

static tl_status lsm_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    LSM(iterator_t) *iterator = txn->iterator;
    if (iterator == NULL)
        iterator = LSM(create_iterator)(txn->store->db, txn->reading);
    lsm_move_to(iterator, from.size_bytes == 0 ? TL_MOVE_FIRST : TL_MOVE_SEEK, from);
    for (; LSM(iter_valid)(iterator); LSM(iter_next)(iterator)) {
        tl_slice key, value;
        key.data = LSM(iter_key)(iterator, &key.size_bytes);
        value.data = LSM(iter_value)(iterator, &value.size_bytes);
        if (!visit(context, key, value))
            break;
    }
    tl_status status = lsm_iterator_status(iterator);
    if (txn->read_only) /* it is of the snapshot; one of a write txn would grow old */
        txn->iterator = iterator;
    else
        LSM(iter_destroy)(iterator);
    return status;
}

static tl_status lsm_cursor_begin(tl_store_txn *txn, tl_store_cursor **cursor)
{
    return txn->read_only ? tl_parked_open(&txn->cursors, txn, cursor) : TL_UNSUPPORTED;
}

static tl_status lsm_cursor_del(tl_store_cursor *cursor)
{
    (void)cursor; /* only read txns have cursors */
    return TL_READ_ONLY;
}

static void lsm_release_txns(tl_store *store)
{
    while (store->txns != NULL) {
        tl_store_txn *txn = store->txns;
        store->txns = txn->next;
        if (txn->open)
            txn_give(txn);
        LSM(writebatch_destroy)(txn->batch);
        LSM(readoptions_destroy)(txn->reading);
        free(txn);
    }
}

/* Closing writes nothing of a memtable: it is in the log, as a killed process leaves it. */
static void lsm_abandon(tl_store *store)
{
    lsm_release_txns(store);
    if (store->db != NULL)
        db_close(store);
    if (store->writing != NULL)
        LSM(writeoptions_destroy)(store->writing);
    if (store->options != NULL)
        LSM(options_destroy)(store->options);
    if (store->cache != NULL)
        LSM(cache_destroy)(store->cache);
    (void)pthread_mutex_destroy(&store->pool);
    free(store->dir);
    free(store);
}

static tl_status lsm_close(tl_store *store)
{
    for (const tl_store_txn *txn = store->txns; txn != NULL; txn = txn->next)
        if (txn->open)
            return TL_BUSY;
    lsm_abandon(store);
    return TL_OK;
}

/* All that both have before their options differ.  NULL: no memory. */
static tl_store *lsm_store_new(const tl_driver_options *options)
{
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    (void)pthread_mutex_init(&store->pool, NULL);
    store->dir = strdup(options->dir);
    if (store->dir == NULL) {
        lsm_abandon(store);
        return NULL;
    }
    store->read_only = options->read_only;
    store->writing = LSM(writeoptions_create)();
    LSM(writeoptions_set_sync)(store->writing, options->durability == TL_DURABILITY_COMMIT);
    store->cache = LSM(cache_create_lru)(LSM_CACHE_BYTES);
    store->options = LSM(options_create)();
    LSM(options_set_create_if_missing)(store->options, !options->read_only);
    LSM(options_set_write_buffer_size)(store->options, LSM_WRITE_BUFFER_BYTES);
    return store;
}

static tl_status lsm_space(tl_store *store, tl_driver_space *space)
{
    *space = (tl_driver_space){
        .file_bytes = tl_driver_dir_bytes(store->dir),
        .record_count = TL_DRIVER_UNKNOWN,
        .free_bytes = TL_DRIVER_UNKNOWN,
    };
    return TL_OK;
}

#define LSM_CAPABILITIES                                                                           \
    (TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT | TL_DRIVER_THREADS |    \
     TL_DRIVER_BLIND_WRITES)

#define LSM_DRIVER_SLOTS                                                                           \
    .close = lsm_close, .abandon = lsm_abandon, .value_bytes_max = lsm_value_bytes_max,            \
    .begin = lsm_begin, .commit = lsm_commit, .abort = lsm_abort, .put = lsm_put, .del = lsm_del,  \
    .scan = lsm_scan, .cursor_open = lsm_cursor_begin, .cursor_close = tl_parked_close,            \
    .cursor_first = tl_parked_first, .cursor_last = tl_parked_last, .cursor_seek = tl_parked_seek, \
    .cursor_next = tl_parked_next, .cursor_prev = tl_parked_prev, .cursor_del = lsm_cursor_del,    \
    .space = lsm_space
