/* harness/drivers/rocksdb.c -- RocksDB in its fairest fast configuration.
 *
 * No compression, a bloom filter of 10 bits a key, a write buffer of 64 MiB, a block cache of
 * 2 GiB, two background jobs.  Reads hand out pinned slices: no value is copied.  get_many is its
 * batched MultiGet.
 */
#include "harness/drivers/settings.h"

#include <rocksdb/c.h>

#define LSM(name) rocksdb_##name
#include "harness/drivers/lsm_body.h"

enum { BACKGROUND_JOBS = 2 };

static const char *rocks_version(void)
{
    return "RocksDB " TL_ROCKSDB_VERSION;
}

static void answer_free(void *answer)
{
    rocksdb_pinnableslice_destroy(answer);
}

static void db_close(tl_store *store)
{
    rocksdb_column_family_handle_destroy(store->family);
    rocksdb_close(store->db);
}

static tl_slice slice_of(const rocksdb_pinnableslice_t *pinned)
{
    tl_slice bytes;
    bytes.data = rocksdb_pinnableslice_value(pinned, &bytes.size_bytes);
    return bytes;
}

static tl_status rocks_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    answers_release(txn);
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    char *text = NULL;
    rocksdb_pinnableslice_t *found =
        rocksdb_get_pinned(txn->store->db, txn->reading, key.data, key.size_bytes, &text);
    if (found == NULL)
        return text == NULL ? TL_NOT_FOUND : lsm_status(text);
    txn->answers[txn->answer_count++] = found;
    *value = slice_of(found);
    return TL_OK;
}

static tl_status rocks_get_many(tl_store_txn *txn, const tl_slice *keys, size_t count,
                                tl_slice *values, size_t *found)
{
    const char *key_data[TL_DRIVER_MANY_MAX];
    size_t key_bytes[TL_DRIVER_MANY_MAX], found_count = 0;
    rocksdb_pinnableslice_t *pinned[TL_DRIVER_MANY_MAX];
    char *texts[TL_DRIVER_MANY_MAX] = {NULL};
    answers_release(txn);
    if (count > TL_DRIVER_MANY_MAX)
        return TL_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (!tl_driver_key_fits(keys[i], TL_DRIVER_KEY_BYTES_MAX))
            return TL_KEY_SIZE;
        key_data[i] = keys[i].data;
        key_bytes[i] = keys[i].size_bytes;
    }
    rocksdb_batched_multi_get_cf(txn->store->db, txn->reading, txn->store->family, count, key_data,
                                 key_bytes, pinned, texts, false);
    tl_status status = TL_OK;
    for (size_t i = 0; i < count; i++) {
        tl_status one = lsm_status(texts[i]);
        status = status == TL_OK ? one : status;
        if (pinned[i] != NULL)
            txn->answers[txn->answer_count++] = pinned[i];
    }
    if (status != TL_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        values[i] = pinned[i] != NULL ? slice_of(pinned[i]) : (tl_slice){NULL, 0};
        found_count += pinned[i] != NULL;
    }
    *found = found_count;
    return TL_OK;
}

static void configure(tl_store *store)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(LSM_BLOOM_BITS)); /* owned by the table */
    rocksdb_block_based_options_set_block_cache(table, store->cache);
    rocksdb_options_set_block_based_table_factory(store->options, table);
    rocksdb_block_based_options_destroy(table);
    rocksdb_options_set_compression(store->options, rocksdb_no_compression);
    rocksdb_options_set_max_background_jobs(store->options, BACKGROUND_JOBS);
}

static tl_status rocks_open(const tl_driver_options *options, tl_store **out)
{
    static const char *const family_name = "default";
    tl_status status = tl_settings_refuse("rocksdb", options);
    if (status != TL_OK)
        return status;
    tl_store *store = lsm_store_new(options);
    if (store == NULL)
        return TL_NO_MEMORY;
    configure(store);
    char *text = NULL;
    const rocksdb_options_t *family_options = store->options;
    rocksdb_column_family_handle_t *family = NULL;
    if (options->read_only)
        store->db = rocksdb_open_for_read_only_column_families(
            store->options, options->dir, 1, &family_name, &family_options, &family, false, &text);
    else
        store->db = rocksdb_open_column_families(store->options, options->dir, 1, &family_name,
                                                 &family_options, &family, &text);
    store->family = family;
    if (store->db == NULL) {
        tl_driver_explain(options, "%s: RocksDB says: %s", options->dir,
                          text != NULL ? text : "nothing");
        lsm_abandon(store);
        status = lsm_status(text);
        return status == TL_OK ? TL_IO : status;
    }
    *out = store;
    return TL_OK;
}

const tl_driver tl_driver_rocksdb = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "rocksdb",
    .summary = "RocksDB, no compression, bloom filter; a write txn is a batch",
    .capabilities = LSM_CAPABILITIES,
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_SAME, "sync=true", ""},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "sync=false",
                                           "the log is synced when a file is full: what a power "
                                           "loss leaves is a commit prefix, but of any age"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_SAME, "sync=false", ""}},
    .version = rocks_version,
    .open = rocks_open,
    .get = rocks_get,
    .get_many = rocks_get_many,
    LSM_DRIVER_SLOTS,
};
