/* harness/drivers/model.c -- the truth: a sorted array in memory, with correct transactions.
 *
 * What tl/engine.h promises, done in the plainest way: all of it, so that it can be compared with.
 * It stands in for `tree` in comparisons, so it takes tree's settings: it obeys max_key_bytes
 * and the page size, which limit keys and records of batches, and has no use for the others.
 *
 * Records are kept in memory; close and checkpoint write them to dir/model.records and open reads
 * them.  Without an existing directory the model lives in memory only.
 */
#include "harness/drivers/files.h"
#include "harness/drivers/model_parts.h"
#include "harness/drivers/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    size_t page_bytes = options->page_bytes != 0 ? options->page_bytes : 8192;
    size_t page_share = page_bytes / 8 - 1;
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

static tl_status model_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    bool equal;
    tl_slice found;
    tl_records_place place;
    if (!tl_driver_key_fits(key, txn->store->key_bytes_max))
        return TL_KEY_SIZE;
    tl_status status = model_seek(txn, key, &place, &equal);
    if (status != TL_OK)
        return status;
    return equal && model_at(txn, place, &found, value) ? TL_OK : TL_NOT_FOUND;
}

static tl_status model_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    bool equal = false;
    tl_records_place place;
    tl_status status = model_may_write(txn, key);
    if (status == TL_OK && (flags & TL_PUT_INSERT) != 0)
        status = model_seek(txn, key, &place, &equal);
    if (status == TL_OK && equal)
        status = TL_EXISTS;
    tl_slice full;
    if (status == TL_OK)
        status = model_full_key(&txn->whole->key, txn->tree, key, &full);
    return status == TL_OK ? model_change(txn->whole, full, &value) : status;
}

static tl_status model_del(tl_store_txn *txn, tl_slice key)
{
    tl_slice full;
    tl_status status = model_may_write(txn, key);
    if (status == TL_OK)
        status = model_full_key(&txn->whole->key, txn->tree, key, &full);
    return status == TL_OK ? model_change(txn->whole, full, NULL) : status;
}

static tl_status model_count(tl_store_txn *txn, uint64_t *count)
{
    return model_count_range(txn, NULL, count);
}

static tl_status model_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    bool equal;
    tl_slice key, value;
    tl_records_place place;
    tl_status status = model_seek(txn, from, &place, &equal);
    while (status == TL_OK && model_at(txn, place, &key, &value) && visit(context, key, value))
        place = tl_records_after(txn->whole->version, place);
    return status;
}

static tl_status model_checkpoint(tl_store *store)
{
    return store->writing ? TL_BUSY : model_save(store);
}

static tl_status model_space(tl_store *store, tl_driver_space *space)
{
    tl_store_txn *txn;
    uint64_t count;
    tl_status status = model_begin(store, true, &txn);
    if (status != TL_OK)
        return status;
    status = model_count(txn, &count);
    if (status == TL_OK) /* no file yet: what it will have to hold */
        *space = (tl_driver_space){.file_bytes = tl_records_bytes(txn->version),
                                   .record_count = count,
                                   .free_bytes = TL_DRIVER_UNKNOWN};
    model_abort(txn);
    return status;
}

/* An array has nothing to give back. */
static tl_status model_compact(tl_store *store, uint64_t pages_max, bool *done)
{
    (void)pages_max;
    if (store->writing)
        return TL_BUSY;
    *done = true;
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
    .tree = model_tree,
    .drop = model_drop,
    .savepoint = model_savepoint,
    .rollback = model_rollback,
    .upsert_sorted = model_upsert_sorted,
    .insert_sorted = model_insert_sorted,
    .bulk_load = model_bulk_load,
    .del_range = model_del_range,
    .count_range = model_count_range,
    .compact = model_compact,
    .checkpoint = model_checkpoint,
    .space = model_space,
};
