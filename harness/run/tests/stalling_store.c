/* harness/run/tests/stalling_store.c -- see stalling_store.h. */
#include "harness/run/tests/stalling_store.h"

stalling_script stalling;

static uint64_t wound_now_ns(void *context)
{
    (void)context;
    return stalling.now_ns;
}

static void wound_sleep_ns(void *context, uint64_t ns)
{
    (void)context;
    stalling.now_ns += ns;
}

static const tl_clock_source source = {wound_now_ns, wound_sleep_ns, NULL};
const tl_clock stalling_clock = {.name = "wound", .source = &source};

static const char *version(void)
{
    return "Stalling 1";
}

static tl_status open_store(const tl_driver_options *options, tl_store **store)
{
    (void)options;
    *store = (tl_store *)&stalling;
    return TL_OK;
}

static tl_status close_store(tl_store *store)
{
    (void)store;
    return TL_OK;
}

static size_t value_bytes_max(tl_store *store)
{
    (void)store;
    return SIZE_MAX;
}

static tl_status begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    (void)read_only;
    *txn = (tl_store_txn *)store;
    return TL_OK;
}

static tl_status commit(tl_store_txn *txn)
{
    (void)txn;
    return TL_OK;
}

static void end(tl_store_txn *txn)
{
    (void)txn;
}

static tl_status get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    (void)txn;
    (void)key;
    (void)value;
    uint64_t op_ns =
        stalling.op_ns_at == NULL ? stalling.op_ns : stalling.op_ns_at(stalling.now_ns);
    bool stalls = stalling.stall_ns > 0 && stalling.gets == stalling.stall_at;
    stalling.now_ns += stalls ? stalling.stall_ns : op_ns;
    stalling.gets++;
    return TL_NOT_FOUND;
}

const tl_driver stalling_driver = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof stalling_driver,
    .name = "stalling",
    .summary = "takes as long as a script says",
    .capabilities = TL_DRIVER_THREADS,
    .contracts = {{.options = "", .remark = ""},
                  {.options = "", .remark = ""},
                  {.options = "", .remark = ""}},
    .version = version,
    .open = open_store,
    .close = close_store,
    .value_bytes_max = value_bytes_max,
    .begin = begin,
    .commit = commit,
    .abort = end,
    .get = get,
};
