/* harness/drivers/model.c -- the truth: a sorted array in memory, with correct transactions.
 *
 * What tl/engine.h promises, done in the plainest way: a read txn pins a version, a write txn
 * drafts the next one, a cursor remembers its key and looks it up again when the draft changed.
 * It stands in for `tree` in comparisons, so it takes tree's settings: it obeys max_key_bytes
 * and has no use for the others.
 *
 * Records are kept in memory; close and checkpoint write them to dir/model.records and open reads
 * them.  Without an existing directory the model lives in memory only.
 */
#include "harness/drivers/drivers.h"
#include "harness/drivers/files.h"
#include "harness/drivers/records.h"
#include "harness/drivers/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct tl_store {
    tl_records *records;
    char *path; /* of the file; NULL: memory only */
    size_t key_bytes_max;
    bool read_only, writing;
    tl_store_txn *txns; /* open ones */
};

struct tl_store_txn {
    tl_store *store;
    tl_records_version *version; /* a draft in a write txn, else pinned */
    bool read_only;
    uint64_t changes; /* made so far: a cursor that saw fewer looks its key up again */
    tl_store_cursor *cursors;
    tl_store_txn *next;
};

struct tl_store_cursor {
    tl_store_txn *txn;
    tl_store_cursor *next;
    bool stands; /* at `key`, or where it was before it was deleted */
    tl_records_place place;
    uint64_t changes_seen;
    unsigned char *key;
    size_t key_bytes, key_capacity;
};

static const char *model_version(void)
{
    return "model " TL_DRIVERS_VERSION;
}

static void store_release(tl_store *store)
{
    tl_records_destroy(store->records);
    free(store->path);
    free(store);
}

static tl_status model_load(tl_store *store)
{
    tl_records_version *draft;
    tl_status status = tl_records_fork(store->records, &draft);
    if (status != TL_OK)
        return status;
    status = tl_records_load(draft, store->path);
    if (status == TL_NOT_FOUND && !store->read_only)
        status = TL_OK; /* new */
    if (status == TL_OK)
        tl_records_publish(store->records, draft);
    else
        tl_records_discard(store->records, draft);
    return status;
}

static tl_status model_open(const tl_driver_options *options, tl_store **out)
{
    tl_env_options limits = {.page_bytes = options->page_bytes};
    tl_status status = tl_settings_apply(&tl_tree_settings, "model", options, &limits);
    if (status != TL_OK)
        return status;
    tl_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return TL_NO_MEMORY;
    store->read_only = options->read_only;
    size_t page_share = (options->page_bytes != 0 ? options->page_bytes : 8192) / 8 - 1;
    store->key_bytes_max =
        page_share < TL_DRIVER_KEY_BYTES_MAX ? page_share : TL_DRIVER_KEY_BYTES_MAX;
    if (limits.max_key_bytes != 0)
        store->key_bytes_max = limits.max_key_bytes;
    status = tl_records_create(&store->records);
    if (status != TL_OK)
        goto fail;
    struct stat facts;
    if (options->dir != NULL && stat(options->dir, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        status = TL_NO_MEMORY;
        store->path = tl_driver_path(options->dir, "model.records");
        if (store->path == NULL)
            goto fail;
        status = model_load(store);
        if (status != TL_OK)
            goto fail;
    }
    *out = store;
    return TL_OK;

fail:
    tl_driver_explain(options, "%s: %s", store->path != NULL ? store->path : "model",
                      tl_status_text(status));
    store_release(store);
    return status;
}

static tl_status model_save(tl_store *store)
{
    if (store->path == NULL || store->read_only)
        return TL_OK;
    tl_records_version *newest = tl_records_pin(store->records);
    tl_status status = tl_records_save(newest, store->path);
    tl_records_unpin(store->records, newest);
    return status;
}

static tl_status model_close(tl_store *store)
{
    if (store->txns != NULL)
        return TL_BUSY;
    tl_status status = model_save(store);
    store_release(store);
    return status;
}

static void model_cursor_close(tl_store_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tl_store_cursor **link = &cursor->txn->cursors;
    while (*link != cursor)
        link = &(*link)->next;
    *link = cursor->next;
    free(cursor->key);
    free(cursor);
}

static void txn_release(tl_store_txn *txn)
{
    while (txn->cursors != NULL)
        model_cursor_close(txn->cursors);
    tl_store_txn **link = &txn->store->txns;
    while (*link != txn)
        link = &(*link)->next;
    *link = txn->next;
    if (!txn->read_only)
        txn->store->writing = false;
    free(txn);
}

static void model_abort(tl_store_txn *txn)
{
    if (txn == NULL)
        return;
    if (txn->read_only)
        tl_records_unpin(txn->store->records, txn->version);
    else
        tl_records_discard(txn->store->records, txn->version);
    txn_release(txn);
}

/* A killed process keeps every commit: so they are written, but an open txn is lost. */
static void model_abandon(tl_store *store)
{
    while (store->txns != NULL)
        model_abort(store->txns);
    (void)model_save(store);
    store_release(store);
}

static size_t model_value_bytes_max(tl_store *store)
{
    (void)store;
    return SIZE_MAX;
}

static tl_status model_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->read_only)
        return TL_READ_ONLY;
    if (!read_only && store->writing)
        return TL_BUSY;
    tl_store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return TL_NO_MEMORY;
    txn->store = store;
    txn->read_only = read_only;
    if (read_only) {
        txn->version = tl_records_pin(store->records);
    } else {
        tl_status status = tl_records_fork(store->records, &txn->version);
        if (status != TL_OK) {
            free(txn);
            return status;
        }
        store->writing = true;
    }
    txn->next = store->txns;
    store->txns = txn;
    *out = txn;
    return TL_OK;
}

static tl_status model_commit(tl_store_txn *txn)
{
    if (txn->read_only)
        tl_records_unpin(txn->store->records, txn->version);
    else
        tl_records_publish(txn->store->records, txn->version);
    txn_release(txn);
    return TL_OK;
}

static tl_status model_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    bool equal;
    tl_records_place place = tl_records_seek(txn->version, key, &equal);
    tl_slice found;
    return equal && tl_records_at(txn->version, place, &found, value) ? TL_OK : TL_NOT_FOUND;
}

static tl_status model_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    tl_status status = tl_records_put(txn->version, key, value, (flags & TL_PUT_INSERT) != 0);
    txn->changes += status == TL_OK;
    return status;
}

static tl_status model_del(tl_store_txn *txn, tl_slice key)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    tl_status status = tl_records_del(txn->version, key);
    txn->changes += status == TL_OK;
    return status;
}

static tl_status model_count(tl_store_txn *txn, uint64_t *count)
{
    *count = tl_records_count(txn->version);
    return TL_OK;
}

static tl_status model_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    bool equal;
    tl_slice key, value;
    tl_records_place place = tl_records_seek(txn->version, from, &equal);
    while (tl_records_at(txn->version, place, &key, &value) && visit(context, key, value))
        place = tl_records_after(txn->version, place);
    return TL_OK;
}

static tl_status model_cursor_open(tl_store_txn *txn, tl_store_cursor **out)
{
    tl_store_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return TL_NO_MEMORY;
    cursor->txn = txn;
    cursor->next = txn->cursors;
    txn->cursors = cursor;
    *out = cursor;
    return TL_OK;
}

/* Stand at `place` and hand out its record, or stand nowhere when it is past an end. */
static tl_status cursor_arrive(tl_store_cursor *cursor, tl_records_place place, tl_slice *key,
                               tl_slice *value)
{
    tl_slice found_key, found_value;
    if (!tl_records_at(cursor->txn->version, place, &found_key, &found_value)) {
        cursor->stands = false;
        return TL_NOT_FOUND;
    }
    if (found_key.size_bytes > cursor->key_capacity) {
        unsigned char *grown = realloc(cursor->key, found_key.size_bytes);
        if (grown == NULL)
            return TL_NO_MEMORY;
        cursor->key = grown;
        cursor->key_capacity = found_key.size_bytes;
    }
    memcpy(cursor->key, found_key.data, found_key.size_bytes);
    cursor->key_bytes = found_key.size_bytes;
    cursor->place = place;
    cursor->changes_seen = cursor->txn->changes;
    cursor->stands = true;
    *key = found_key;
    *value = found_value;
    return TL_OK;
}

/* Where the cursor stands now; *there is false when its record is gone and the place is that of
 * the next one. */
static tl_records_place cursor_place(const tl_store_cursor *cursor, bool *there)
{
    *there = true;
    if (cursor->changes_seen == cursor->txn->changes)
        return cursor->place;
    tl_slice key = {cursor->key, cursor->key_bytes};
    return tl_records_seek(cursor->txn->version, key, there);
}

static tl_status model_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_arrive(cursor, (tl_records_place){0, 0}, key, value);
}

/* Go to the record before `place`, or nowhere. */
static tl_status cursor_arrive_before(tl_store_cursor *cursor, tl_records_place place,
                                      tl_slice *key, tl_slice *value)
{
    if (!tl_records_before(cursor->txn->version, &place))
        place = tl_records_end(cursor->txn->version);
    return cursor_arrive(cursor, place, key, value);
}

static tl_status model_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_arrive_before(cursor, tl_records_end(cursor->txn->version), key, value);
}

static tl_status model_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                                   tl_slice *value)
{
    bool equal;
    tl_records_place place = tl_records_seek(cursor->txn->version, from, &equal);
    return cursor_arrive(cursor, place, key, value);
}

static tl_status model_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (!cursor->stands)
        return model_cursor_first(cursor, key, value);
    bool there;
    tl_records_place place = cursor_place(cursor, &there);
    if (there)
        place = tl_records_after(cursor->txn->version, place);
    return cursor_arrive(cursor, place, key, value);
}

static tl_status model_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (!cursor->stands)
        return model_cursor_last(cursor, key, value);
    bool there;
    return cursor_arrive_before(cursor, cursor_place(cursor, &there), key, value);
}

static tl_status model_cursor_del(tl_store_cursor *cursor)
{
    if (cursor->txn->read_only)
        return TL_READ_ONLY;
    if (!cursor->stands)
        return TL_NOT_FOUND;
    return model_del(cursor->txn, (tl_slice){cursor->key, cursor->key_bytes});
}

static tl_status model_checkpoint(tl_store *store)
{
    return store->writing ? TL_BUSY : model_save(store);
}

static tl_status model_space(tl_store *store, tl_driver_space *space)
{
    tl_records_version *newest = tl_records_pin(store->records);
    *space = (tl_driver_space){
        .file_bytes = tl_records_bytes(newest), /* no file yet: what it will have to hold */
        .record_count = tl_records_count(newest),
        .free_bytes = TL_DRIVER_UNKNOWN,
    };
    tl_records_unpin(store->records, newest);
    return TL_OK;
}

#define MODEL_CONTRACT                                                                             \
    {                                                                                              \
        TL_PROMISE_WEAKER, "memory", "kept in memory: written to a file at close, never synced"    \
    }

const tl_driver tl_driver_model = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "model",
    .summary = "a sorted array in memory: the truth that others are compared with",
    .capabilities = TL_DRIVER_TRANSACTIONS | TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT,
    .contracts = {MODEL_CONTRACT, MODEL_CONTRACT, MODEL_CONTRACT},
    .version = model_version,
    .open = model_open,
    .close = model_close,
    .abandon = model_abandon,
    .value_bytes_max = model_value_bytes_max,
    .begin = model_begin,
    .commit = model_commit,
    .abort = model_abort,
    .get = model_get,
    .put = model_put,
    .del = model_del,
    .count = model_count,
    .scan = model_scan,
    .cursor_open = model_cursor_open,
    .cursor_close = model_cursor_close,
    .cursor_first = model_cursor_first,
    .cursor_last = model_cursor_last,
    .cursor_seek = model_cursor_seek,
    .cursor_next = model_cursor_next,
    .cursor_prev = model_cursor_prev,
    .cursor_del = model_cursor_del,
    .checkpoint = model_checkpoint,
    .space = model_space,
};
