/* harness/run/tests/memory_store.c -- a sorted array of records; faults at one call in the middle.
 */
#include "harness/run/tests/memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_AT = 7 }; /* the call (of its kind) that goes wrong */

typedef struct record {
    unsigned char *key, *value; /* one block: key first */
    size_t key_bytes, value_bytes;
} record;

struct tl_store {
    char dir[512];
    record *records;
    size_t count, capacity;
    memory_fault fault;
    uint64_t gets, puts, dels, scans, commits;
    unsigned char *altered; /* the last altered value handed out */
};

memory_calls memory_calls_seen;

/* What the persistent driver keeps between a close and the next open: one store is enough. */
static tl_store *kept;

static int key_order(const record *left, tl_slice right)
{
    size_t shared = left->key_bytes < right.size_bytes ? left->key_bytes : right.size_bytes;
    int order = memcmp(left->key, right.data, shared);
    return order != 0 ? order
                      : (left->key_bytes > right.size_bytes) - (left->key_bytes < right.size_bytes);
}

static size_t lower_bound(const tl_store *store, tl_slice key, bool *equal)
{
    size_t low = 0, high = store->count;
    *equal = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = key_order(&store->records[middle], key);
        *equal = *equal || order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_at(tl_store *store, size_t at)
{
    free(store->records[at].key);
    store->count--;
    memmove(&store->records[at], &store->records[at + 1],
            (store->count - at) * sizeof *store->records);
}

static void store_free(tl_store *store)
{
    while (store->count > 0)
        remove_at(store, store->count - 1);
    free(store->records);
    free(store->altered);
    free(store);
}

void memory_store_forget(void)
{
    if (kept != NULL)
        store_free(kept);
    kept = NULL;
}

static memory_fault fault_of(const tl_driver_options *options)
{
    return options->setting_count == 0 ? MEMORY_SOUND
                                       : (memory_fault)atoi(options->settings[0].value);
}

static tl_status memory_open(const tl_driver_options *options, tl_store **out)
{
    memory_calls_seen.opens++;
    if (fault_of(options) == MEMORY_OPEN_REFUSED) {
        if (options->error != NULL && options->error_bytes > 0)
            snprintf(options->error, options->error_bytes, "unknown setting 'lief'");
        return TL_INVALID;
    }
    tl_store *store = NULL;
    if (kept != NULL && strcmp(kept->dir, options->dir) == 0) {
        store = kept;
        kept = NULL;
    } else {
        memory_store_forget();
        store = calloc(1, sizeof *store);
    }
    if (store == NULL)
        return TL_NO_MEMORY;
    snprintf(store->dir, sizeof store->dir, "%s", options->dir);
    store->fault = fault_of(options);
    *out = store;
    return TL_OK;
}

static tl_status memory_close(tl_store *store)
{
    memory_calls_seen.closes++;
    store_free(store);
    return TL_OK;
}

static tl_status memory_close_keeping(tl_store *store)
{
    memory_calls_seen.closes++;
    memory_store_forget();
    if (store->fault == MEMORY_FORGETS_ON_CLOSE && store->count > 0)
        remove_at(store, store->count / 2);
    kept = store;
    return TL_OK;
}

static size_t memory_value_bytes_max(tl_store *store)
{
    (void)store;
    return 5000;
}

static tl_status memory_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    if (read_only)
        memory_calls_seen.begins_read++;
    else
        memory_calls_seen.begins_write++;
    *txn = (tl_store_txn *)store;
    return TL_OK;
}

static tl_status memory_commit(tl_store_txn *txn)
{
    tl_store *store = (tl_store *)txn;
    memory_calls_seen.commits++;
    return ++store->commits == 2 && store->fault == MEMORY_COMMIT_FAILS ? TL_IO : TL_OK;
}

static void memory_abort(tl_store_txn *txn)
{
    (void)txn;
    memory_calls_seen.aborts++;
}

/* A copy of the value with its last byte flipped, good until the next call. */
static tl_slice altered(tl_store *store, tl_slice value)
{
    unsigned char *copy = malloc(value.size_bytes + 1);
    if (copy == NULL)
        abort();
    if (value.size_bytes > 0) {
        memcpy(copy, value.data, value.size_bytes);
        copy[value.size_bytes - 1] ^= 1;
    }
    free(store->altered);
    store->altered = copy;
    return (tl_slice){copy, value.size_bytes};
}

static tl_status memory_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    tl_store *store = (tl_store *)txn;
    bool equal, now = ++store->gets == FAULT_AT;
    size_t at = lower_bound(store, key, &equal);
    if (!equal && store->fault == MEMORY_GET_RESURRECTS) {
        *value = (tl_slice){"ghost", 5};
        return TL_OK;
    }
    if (!equal || (now && store->fault == MEMORY_GET_MISSING))
        return TL_NOT_FOUND;
    *value = (tl_slice){store->records[at].value, store->records[at].value_bytes};
    if (now && store->fault == MEMORY_GET_WRONG_BYTE)
        *value = altered(store, *value);
    if (now && store->fault == MEMORY_GET_SHORT)
        value->size_bytes--;
    return TL_OK;
}

static tl_status record_make(record *made, tl_slice key, tl_slice value)
{
    unsigned char *block = malloc(key.size_bytes + value.size_bytes + 1);
    if (block == NULL)
        return TL_NO_MEMORY;
    memcpy(block, key.data, key.size_bytes);
    if (value.size_bytes > 0)
        memcpy(block + key.size_bytes, value.data, value.size_bytes);
    *made = (record){block, block + key.size_bytes, key.size_bytes, value.size_bytes};
    return TL_OK;
}

static tl_status memory_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    tl_store *store = (tl_store *)txn;
    bool equal, now = ++store->puts == FAULT_AT;
    size_t at = lower_bound(store, key, &equal);
    if ((flags & TL_PUT_INSERT) != 0 && (equal || (now && store->fault == MEMORY_INSERT_REFUSED)))
        return TL_EXISTS;
    if (now && store->fault == MEMORY_PUT_DROPPED)
        return TL_OK;
    if (now && store->fault == MEMORY_DISK_FULL)
        return TL_NO_SPACE;
    if (now && store->fault == MEMORY_PUT_WRONG_VALUE)
        value = altered(store, value);
    record made;
    tl_status status = record_make(&made, key, value);
    if (status != TL_OK)
        return status;
    if (equal) {
        free(store->records[at].key);
        store->records[at] = made;
        return TL_OK;
    }
    if (store->count == store->capacity) {
        size_t capacity = store->capacity * 2 + 16;
        record *records = realloc(store->records, capacity * sizeof *records);
        if (records == NULL) {
            free(made.key);
            return TL_NO_MEMORY;
        }
        store->records = records;
        store->capacity = capacity;
    }
    memmove(&store->records[at + 1], &store->records[at],
            (store->count - at) * sizeof *store->records);
    store->records[at] = made;
    store->count++;
    return TL_OK;
}

static tl_status memory_del(tl_store_txn *txn, tl_slice key)
{
    tl_store *store = (tl_store *)txn;
    bool equal, now = ++store->dels == FAULT_AT;
    size_t at = lower_bound(store, key, &equal);
    if (!equal)
        return TL_NOT_FOUND;
    remove_at(store, at);
    return now && store->fault == MEMORY_DEL_DENIES ? TL_NOT_FOUND : TL_OK;
}

static tl_status memory_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    tl_store *store = (tl_store *)txn;
    bool equal;
    uint64_t scan = ++store->scans;
    size_t begin = from.size_bytes == 0 ? 0 : lower_bound(store, from, &equal);
    for (size_t i = begin; i < store->count; i++) {
        bool now = i - begin + 1 == FAULT_AT;
        size_t at = i;
        if (store->fault == MEMORY_SCAN_SWAPPED && (now || i - begin + 1 == FAULT_AT + 1))
            at = now && i + 1 < store->count ? i + 1 : now ? i : i - 1;
        if (now && store->fault == MEMORY_SCAN_SKIPS)
            continue;
        const record *row = &store->records[at];
        tl_slice value = {row->value, row->value_bytes};
        if (now && (store->fault == MEMORY_SCAN_WRONG_BYTE ||
                    (store->fault == MEMORY_SCAN_WRONG_ONCE && scan == 1) ||
                    (store->fault == MEMORY_SCAN_WRONG_TWICE && scan <= 2)))
            value = altered(store, value);
        if (!visit(context, (tl_slice){row->key, row->key_bytes}, value))
            break;
    }
    return TL_OK;
}

static tl_status memory_space(tl_store *store, tl_driver_space *space)
{
    *space = (tl_driver_space){.record_count = store->count};
    return TL_OK;
}

static const char *memory_version(void)
{
    return "memory 1";
}

/* What the three drivers share. */
#define MEMORY_FUNCTIONS                                                                           \
    .abi = TL_DRIVER_ABI, .size_bytes = sizeof(tl_driver), .summary = "sorted array for tests",    \
    .version = memory_version, .open = memory_open, .value_bytes_max = memory_value_bytes_max,     \
    .begin = memory_begin, .commit = memory_commit, .abort = memory_abort, .get = memory_get,      \
    .put = memory_put, .del = memory_del, .scan = memory_scan, .space = memory_space

const tl_driver memory_driver = {
    .name = "memory",
    .capabilities = TL_DRIVER_READS_BACK,
    .contracts = {{TL_PROMISE_WEAKER, "nothing", "memory only"},
                  {TL_PROMISE_WEAKER, "nothing", "memory only"},
                  {TL_PROMISE_SAME, "nothing", ""}},
    .close = memory_close,
    MEMORY_FUNCTIONS,
};

const tl_driver memory_keeping_driver = {
    .name = "keeping",
    .capabilities = TL_DRIVER_READS_BACK | TL_DRIVER_PERSISTENT,
    .contracts = {{TL_PROMISE_SAME, "", ""}, {TL_PROMISE_SAME, "", ""}, {TL_PROMISE_SAME, "", ""}},
    .close = memory_close_keeping,
    MEMORY_FUNCTIONS,
};

const tl_driver memory_mute_driver = {
    .name = "mute",
    .contracts = {{TL_PROMISE_SAME, "", ""}, {TL_PROMISE_SAME, "", ""}, {TL_PROMISE_SAME, "", ""}},
    .close = memory_close,
    MEMORY_FUNCTIONS,
};
