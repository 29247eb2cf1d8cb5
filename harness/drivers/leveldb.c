/* harness/drivers/leveldb.c -- LevelDB in its fairest fast configuration.
 *
 * No compression, a bloom filter of 10 bits a key, a write buffer of 64 MiB, a block cache of
 * 2 GiB.  Reads go through leveldb_get, the one way its C interface has: it copies the value.
 */
#include "harness/drivers/settings.h"

#include <leveldb/c.h>
#include <stdio.h>

#define LSM(name) leveldb_##name
#include "harness/drivers/lsm_body.h"

static const char *level_version(void)
{
    static char text[32];
    (void)snprintf(text, sizeof text, "LevelDB %d.%d", leveldb_major_version(),
                   leveldb_minor_version());
    return text;
}

static void answer_free(void *answer)
{
    leveldb_free(answer);
}

static void db_close(tl_store *store)
{
    leveldb_close(store->db);
}

static tl_status level_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    answers_release(txn);
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    char *text = NULL;
    size_t value_bytes = 0;
    char *found =
        leveldb_get(txn->store->db, txn->reading, key.data, key.size_bytes, &value_bytes, &text);
    if (found == NULL)
        return text == NULL ? TL_NOT_FOUND : lsm_status(text);
    txn->answers[txn->answer_count++] = found;
    *value = (tl_slice){found, value_bytes};
    return TL_OK;
}

/* The filter outlives every store that uses it; it is never given back. */
static const leveldb_filterpolicy_t *bloom;
static void make_bloom(void)
{
    bloom = leveldb_filterpolicy_create_bloom(LSM_BLOOM_BITS);
}

static tl_status level_open(const tl_driver_options *options, tl_store **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    tl_status status = tl_settings_refuse("leveldb", options);
    if (status != TL_OK)
        return status;
    (void)pthread_once(&once, make_bloom);
    tl_store *store = lsm_store_new(options);
    if (store == NULL)
        return TL_NO_MEMORY;
    leveldb_options_set_compression(store->options, leveldb_no_compression);
    leveldb_options_set_filter_policy(store->options, (leveldb_filterpolicy_t *)bloom);
    leveldb_options_set_cache(store->options, store->cache);
    char *text = NULL;
    store->db = leveldb_open(store->options, options->dir, &text);
    if (store->db == NULL) {
        tl_driver_explain(options, "%s: LevelDB says: %s", options->dir,
                          text != NULL ? text : "nothing");
        lsm_abandon(store);
        status = lsm_status(text);
        return status == TL_OK ? TL_IO : status;
    }
    *out = store;
    return TL_OK;
}

const tl_driver tl_driver_leveldb = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "leveldb",
    .summary = "LevelDB, no compression, bloom filter; a write txn is a batch",
    .capabilities = LSM_CAPABILITIES,
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_SAME, "sync=true", ""},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "sync=false",
                                           "the log is synced when a file is full: a power loss "
                                           "can undo commits of any age"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_WEAKER, "sync=false",
                                          "recovery skips damaged parts of the log: after a power "
                                          "loss later commits may be there without earlier ones"}},
    .version = level_version,
    .open = level_open,
    .get = level_get,
    LSM_DRIVER_SLOTS,
};
