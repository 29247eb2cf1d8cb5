/* harness/run/scan.c -- visiting records: order, fold, hash. */
#include "harness/run/scan.h"

#include <endian.h>
#include <stdlib.h>

typedef struct tl_scan_again {
    void *key; /* own copy; NULL for a scan from the first record */
    size_t key_bytes;
    uint64_t scan_count, fold, expected_hash;
} tl_scan_again;

static inline uint64_t load64(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The sum of all bytes taken eight at a time, the last eight overlapping the ones before; two sums
 * side by side keep the adders busy. */
static inline uint64_t fold_bytes(const unsigned char *at, size_t size_bytes)
{
    uint64_t even = size_bytes, odd = 0;
    if (size_bytes < 8) {
        for (size_t i = 0; i < size_bytes; i++)
            odd = odd << 8 | at[i];
        return even + (odd << 1);
    }
    const unsigned char *last = at + size_bytes - 8;
    for (; at + 8 < last; at += 16) {
        even += load64(at);
        odd += load64(at + 8);
    }
    if (at < last)
        even += load64(at);
    odd += load64(last);
    return even + (odd << 1);
}

/* The first bytes of a key as a number that orders as the bytes do; a shorter key counts as if
 * zeros followed. */
static inline uint64_t key_head(tl_slice key)
{
    uint64_t head = 0;
    if (key.size_bytes >= 8)
        return be64toh(load64(key.data));
    memcpy(&head, key.data, key.size_bytes);
    return be64toh(head);
}

/* The order of the key before and this one, whose heads are equal. */
static int key_order(const tl_scan *scan, tl_slice key)
{
    size_t shared = key.size_bytes < scan->previous_bytes ? key.size_bytes : scan->previous_bytes;
    if (shared > TL_SCAN_KEY_MAX)
        shared = TL_SCAN_KEY_MAX;
    int order = memcmp(scan->previous, key.data, shared);
    if (order != 0 || shared == TL_SCAN_KEY_MAX)
        return order;
    return scan->previous_bytes < key.size_bytes ? -1 : scan->previous_bytes > key.size_bytes;
}

/* Keep the key: the store's bytes may be gone when the next one comes. */
static inline void keep_key(tl_scan *scan, tl_slice key)
{
    const unsigned char *from = key.data;
    scan->previous_bytes = key.size_bytes;
    if (key.size_bytes >= 8 && key.size_bytes <= 16) { /* the usual sizes, without a call */
        memcpy(scan->previous, from, 8);
        memcpy(scan->previous + key.size_bytes - 8, from + key.size_bytes - 8, 8);
        return;
    }
    memcpy(scan->previous, from,
           key.size_bytes < TL_SCAN_KEY_MAX ? key.size_bytes : TL_SCAN_KEY_MAX);
}

static bool scan_visit(void *context, tl_slice key, tl_slice value)
{
    tl_scan *scan = context;
    if (key.size_bytes == 0) { /* no store takes such a key */
        scan->out_of_order = true;
        return ++scan->seen < scan->wanted;
    }
    uint64_t head = key_head(key);
    if (head <= scan->previous_head && scan->seen > 0 &&
        (head < scan->previous_head || key_order(scan, key) >= 0))
        scan->out_of_order = true;
    scan->previous_head = head;
    keep_key(scan, key);
    scan->fold = scan->fold * 31 + fold_bytes(key.data, key.size_bytes) +
                 3 * fold_bytes(value.data, value.size_bytes);
    if (scan->hashing)
        scan->hash += tl_record_hash(key, value);
    return ++scan->seen < scan->wanted;
}

/* Of the first key only: it must not lie before where the scan was to begin. */
typedef struct from_visit {
    tl_scan *scan;
    const tl_op *op;
} from_visit;

static bool scan_visit_from(void *context, tl_slice key, tl_slice value)
{
    from_visit *visit = context;
    tl_scan *scan = visit->scan;
    if (scan->seen == 0) {
        size_t shared =
            key.size_bytes < visit->op->key_bytes ? key.size_bytes : visit->op->key_bytes;
        int order = shared == 0 ? 0 : memcmp(key.data, visit->op->key, shared);
        if (order < 0 || (order == 0 && key.size_bytes < visit->op->key_bytes))
            scan->out_of_order = true;
    }
    return scan_visit(scan, key, value);
}

tl_status tl_scan_run(const tl_driver *driver, tl_store_txn *txn, const tl_op *op, bool hashing,
                      tl_scan *scan)
{
    scan->wanted = op->scan_count;
    scan->seen = scan->fold = scan->hash = 0;
    scan->hashing = hashing;
    scan->out_of_order = false;
    scan->previous_bytes = 0;
    tl_slice from = {op->key, op->key_bytes};
    if (op->key_bytes == 0)
        return driver->scan(txn, from, scan_visit, scan);
    from_visit visit = {scan, op};
    return driver->scan(txn, from, scan_visit_from, &visit);
}

void tl_scan_check(tl_check *check, const tl_op *op, const tl_scan *scan, uint64_t expected_hash)
{
    if (!check->enabled)
        return;
    check->answers += scan->seen;
    check->hash += scan->hash;
    if (scan->seen != op->scan_count)
        tl_check_wrong(check, op, "expected %llu records, got %llu",
                       (unsigned long long)op->scan_count, (unsigned long long)scan->seen);
    else if (scan->out_of_order)
        tl_check_wrong(check, op, "expected strictly ascending keys from there on, got others");
    else if (scan->hashing && expected_hash != 0 && scan->hash != expected_hash)
        tl_check_wrong(check, op, "expected %llu records of hash 0x%016llx, got 0x%016llx",
                       (unsigned long long)op->scan_count, (unsigned long long)expected_hash,
                       (unsigned long long)scan->hash);
}

tl_status tl_scan_list_add(tl_scan_list *list, const tl_op *op, const tl_scan *scan,
                           uint64_t expected_hash)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        tl_scan_again *rows = realloc(list->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return TL_NO_MEMORY;
        list->rows = rows;
        list->capacity = capacity;
    }
    tl_scan_again row = {NULL, op->key_bytes, op->scan_count, scan->fold, expected_hash};
    if (op->key_bytes != 0) {
        row.key = malloc(op->key_bytes);
        if (row.key == NULL)
            return TL_NO_MEMORY;
        memcpy(row.key, op->key, op->key_bytes);
    }
    list->rows[list->count++] = row;
    return TL_OK;
}

static tl_status audit_one(const tl_scan_again *row, const tl_driver *driver, tl_store_txn *txn,
                           tl_scan *scan, tl_check *check)
{
    tl_op op = {.kind = TL_OP_SCAN,
                .key = row->key,
                .key_bytes = row->key_bytes,
                .scan_count = row->scan_count};
    tl_status status = tl_scan_run(driver, txn, &op, true, scan);
    if (status != TL_OK)
        return status;
    uint64_t answers = check->answers; /* these records were counted when the scan was timed */
    tl_scan_check(check, &op, scan, row->expected_hash);
    check->answers = answers;
    if (scan->fold != row->fold)
        tl_check_wrong(check, &op, "expected the same records as the scan before, got others");
    return TL_OK;
}

tl_status tl_scan_list_audit(tl_scan_list *list, const tl_driver *driver, tl_store *store,
                             tl_check *check)
{
    if (list->count == 0)
        return TL_OK;
    tl_scan *scan = malloc(sizeof *scan);
    if (scan == NULL)
        return TL_NO_MEMORY;
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, true, &txn);
    for (size_t i = 0; i < list->count && status == TL_OK; i++)
        status = audit_one(&list->rows[i], driver, txn, scan, check);
    if (txn != NULL)
        driver->abort(txn);
    free(scan);
    tl_scan_list_clear(list);
    return status;
}

void tl_scan_list_clear(tl_scan_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i].key);
    free(list->rows);
    *list = (tl_scan_list){0};
}
