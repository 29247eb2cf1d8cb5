/* harness/drivers/example/sorted.c -- "my engine under this harness": a driver as a plug-in.
 *
 *     treelab run --plugin build/harness/drivers/example_sorted.so --driver sorted,tree
 *
 * The engine is a sorted array in memory, so that the driver is all there is to see.  It needs the
 * headers harness/driver.h and tl/engine.h and links nothing.  An engine of your own stands where
 * `array` stands.
 */
#include "harness/driver.h"

#include <stdlib.h>
#include <string.h>

typedef struct row {
    size_t key_bytes, value_bytes;
    unsigned char bytes[]; /* key, then value */
} row;

struct tl_store { /* its address stands for every txn too: there is nothing to undo */
    row **rows;
    size_t count, capacity;
};

static tl_store *store_of(tl_store_txn *txn)
{
    return (tl_store *)txn;
}

static int compare(const row *stored, tl_slice key)
{
    size_t shared = stored->key_bytes < key.size_bytes ? stored->key_bytes : key.size_bytes;
    int order = memcmp(stored->bytes, key.data, shared);
    return order != 0 ? order
                      : (stored->key_bytes > key.size_bytes) - (stored->key_bytes < key.size_bytes);
}

/* The place of `key`, or where it belongs. */
static size_t place(const tl_store *store, tl_slice key, bool *found)
{
    size_t low = 0, high = store->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(store->rows[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < store->count && compare(store->rows[low], key) == 0;
    return low;
}

static tl_slice value_of(const row *stored)
{
    return (tl_slice){stored->bytes + stored->key_bytes, stored->value_bytes};
}

static const char *sorted_version(void)
{
    return "sorted array, example";
}

static tl_status sorted_open(const tl_driver_options *options, tl_store **store)
{
    (void)options; /* nothing is kept in options->dir: this store forgets when it is closed */
    tl_store *made = calloc(1, sizeof *made);
    if (made == NULL)
        return TL_NO_MEMORY;
    *store = made;
    return TL_OK;
}

static tl_status sorted_close(tl_store *store)
{
    for (size_t i = 0; i < store->count; i++)
        free(store->rows[i]);
    free(store->rows);
    free(store);
    return TL_OK;
}

static size_t sorted_value_bytes_max(tl_store *store)
{
    (void)store;
    return SIZE_MAX;
}

static tl_status sorted_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    (void)read_only;
    *txn = (tl_store_txn *)store;
    return TL_OK;
}

static tl_status sorted_commit(tl_store_txn *txn)
{
    (void)txn;
    return TL_OK;
}

static void sorted_abort(tl_store_txn *txn)
{
    (void)txn; /* cannot undo: TL_DRIVER_TRANSACTIONS is not among the capabilities */
}

static tl_status sorted_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    bool found;
    size_t at = place(store_of(txn), key, &found);
    if (!found)
        return TL_NOT_FOUND;
    *value = value_of(store_of(txn)->rows[at]);
    return TL_OK;
}

static bool make_room(tl_store *store)
{
    if (store->count < store->capacity)
        return true;
    size_t capacity = store->capacity == 0 ? 1024 : 2 * store->capacity;
    row **rows = realloc(store->rows, capacity * sizeof rows[0]);
    if (rows == NULL)
        return false;
    store->rows = rows;
    store->capacity = capacity;
    return true;
}

static tl_status sorted_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    tl_store *store = store_of(txn);
    bool found;
    size_t at = place(store, key, &found);
    if (found && (flags & TL_PUT_INSERT) != 0)
        return TL_EXISTS;
    row *made = malloc(sizeof *made + key.size_bytes + value.size_bytes);
    if (made == NULL || !make_room(store)) {
        free(made);
        return TL_NO_MEMORY;
    }
    made->key_bytes = key.size_bytes;
    made->value_bytes = value.size_bytes;
    memcpy(made->bytes, key.data, key.size_bytes);
    if (value.size_bytes > 0)
        memcpy(made->bytes + key.size_bytes, value.data, value.size_bytes);
    if (found) {
        free(store->rows[at]);
    } else {
        memmove(store->rows + at + 1, store->rows + at, (store->count - at) * sizeof made);
        store->count++;
    }
    store->rows[at] = made;
    return TL_OK;
}

static tl_status sorted_del(tl_store_txn *txn, tl_slice key)
{
    tl_store *store = store_of(txn);
    bool found;
    size_t at = place(store, key, &found);
    if (!found)
        return TL_NOT_FOUND;
    free(store->rows[at]);
    store->count--;
    memmove(store->rows + at, store->rows + at + 1, (store->count - at) * sizeof store->rows[0]);
    return TL_OK;
}

static tl_status sorted_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    tl_store *store = store_of(txn);
    bool found;
    for (size_t at = from.size_bytes == 0 ? 0 : place(store, from, &found); at < store->count;
         at++) {
        const row *stored = store->rows[at];
        if (!visit(context, (tl_slice){stored->bytes, stored->key_bytes}, value_of(stored)))
            break;
    }
    return TL_OK;
}

static tl_status sorted_space(tl_store *store, tl_driver_space *space)
{
    *space = (tl_driver_space){.record_count = store->count, .free_bytes = TL_DRIVER_UNKNOWN};
    return TL_OK;
}

#define FORGETS                                                                                    \
    {                                                                                              \
        TL_PROMISE_WEAKER, "none", "in memory only: forgotten when it is closed"                   \
    }

const tl_driver tl_driver_v1 = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "sorted",
    .summary = "an example plug-in: a sorted array in memory",
    .capabilities = TL_DRIVER_READS_BACK,
    .contracts = {FORGETS, FORGETS, FORGETS},
    .version = sorted_version,
    .open = sorted_open,
    .close = sorted_close,
    .value_bytes_max = sorted_value_bytes_max,
    .begin = sorted_begin,
    .commit = sorted_commit,
    .abort = sorted_abort,
    .get = sorted_get,
    .put = sorted_put,
    .del = sorted_del,
    .scan = sorted_scan,
    .space = sorted_space,
};
