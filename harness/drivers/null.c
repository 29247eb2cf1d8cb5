/* harness/drivers/null.c -- a store that does nothing: what a run costs without a store.
 *
 * Every call returns TL_OK at once, so the time of a run over it is the clock, the histogram, the
 * generator and the call itself.  It stores nothing and answers nothing: no capability says so.
 */
#include "harness/drivers/drivers.h"
#include "harness/drivers/settings.h"

struct tl_store { /* its address stands for the store and for every txn */
    char unused;
};

static tl_store the_store;

static const char *null_version(void)
{
    return "null " TL_DRIVERS_VERSION;
}

static tl_status null_open(const tl_driver_options *options, tl_store **store)
{
    tl_status status = tl_settings_refuse("null", options);
    if (status == TL_OK)
        *store = &the_store;
    return status;
}

static tl_status null_close(tl_store *store)
{
    (void)store;
    return TL_OK;
}

static void null_abandon(tl_store *store)
{
    (void)store;
}

static size_t null_value_bytes_max(tl_store *store)
{
    (void)store;
    return SIZE_MAX;
}

static tl_status null_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    (void)read_only;
    *txn = (tl_store_txn *)store;
    return TL_OK;
}

static tl_status null_commit(tl_store_txn *txn)
{
    (void)txn;
    return TL_OK;
}

static void null_abort(tl_store_txn *txn)
{
    (void)txn;
}

static tl_status null_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    (void)txn, (void)key;
    *value = (tl_slice){NULL, 0};
    return TL_OK;
}

static tl_status null_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    (void)txn, (void)key, (void)value, (void)flags;
    return TL_OK;
}

static tl_status null_del(tl_store_txn *txn, tl_slice key)
{
    (void)txn, (void)key;
    return TL_OK;
}

static tl_status null_count(tl_store_txn *txn, uint64_t *count)
{
    (void)txn;
    *count = 0;
    return TL_OK;
}

static tl_status null_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    (void)txn, (void)from, (void)visit, (void)context;
    return TL_OK;
}

static tl_status null_space(tl_store *store, tl_driver_space *space)
{
    (void)store;
    *space = (tl_driver_space){0};
    return TL_OK;
}

#define NULL_CONTRACT                                                                              \
    {                                                                                              \
        TL_PROMISE_WEAKER, "nothing", "stores nothing: it measures the harness"                    \
    }

const tl_driver tl_driver_null = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "null",
    .summary = "does nothing: what the harness itself costs",
    .capabilities = TL_DRIVER_THREADS,
    .contracts = {NULL_CONTRACT, NULL_CONTRACT, NULL_CONTRACT},
    .version = null_version,
    .open = null_open,
    .close = null_close,
    .abandon = null_abandon,
    .value_bytes_max = null_value_bytes_max,
    .begin = null_begin,
    .commit = null_commit,
    .abort = null_abort,
    .get = null_get,
    .put = null_put,
    .del = null_del,
    .count = null_count,
    .scan = null_scan,
    .space = null_space,
};
