/* harness/run/scan.c -- visiting records: order, fold, hash. */
#include "harness/run/scan.h"

#include <endian.h>
#include <stdlib.h>

typedef struct tl_scan_again {
    void *key; /* own copy; NULL for a scan from the first record */
    size_t key_bytes;
    uint32_t flags;
    uint64_t scan_count, fold, expected_hash;
} tl_scan_again;

static inline uint64_t load64(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Two sums of eight bytes each, side by side: spelled as a vector because compilers disagree about
 * finding it. */
typedef uint64_t sum_pair __attribute__((vector_size(16)));

static inline sum_pair load_pair(const unsigned char *at)
{
    sum_pair pair;
    memcpy(&pair, at, sizeof pair);
    return pair;
}

/* The sum of all bytes taken eight at a time, the last ones overlapping those before; a step of
 * each loop is as much as the adders do side by side.  It costs both sides of every ratio the same,
 * so it must not cost more than touching the bytes does. */
static inline uint64_t fold_bytes(const unsigned char *at, size_t size_bytes)
{
    if (size_bytes < 16) {
        uint64_t first = 0, last = 0;
        if (size_bytes >= 8) {
            first = load64(at);
            last = load64(at + size_bytes - 8);
        } else {
            for (size_t i = 0; i < size_bytes; i++)
                last = last << 8 | at[i];
        }
        return size_bytes + first + (last << 1);
    }
    const unsigned char *last = at + size_bytes - 16;
    sum_pair even = {0, 0}, odd = load_pair(last);
    for (; last - at >= 32; at += 32) {
        even += load_pair(at);
        odd += load_pair(at + 16);
    }
    if (at < last)
        even += load_pair(at);
    if (last - at > 16)
        even += load_pair(at + 16);
    even += odd;
    return size_bytes + even[0] + (even[1] << 1);
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

/* The order of the key before and this one, whose heads are equal: rarely looked at for random
 * keys, always for keys that share a beginning. */
static int key_order(const tl_scan *scan, tl_slice key)
{
    size_t shared = key.size_bytes < scan->previous_bytes ? key.size_bytes : scan->previous_bytes;
    if (shared > TL_SCAN_KEY_MAX)
        shared = TL_SCAN_KEY_MAX;
    const unsigned char *at = key.data;
    size_t same = 8; /* a number as long as a head decides nearly all of the rest */
    for (; same + 8 <= shared; same += 8) {
        uint64_t before = be64toh(load64(scan->previous + same)), here = be64toh(load64(at + same));
        if (before != here)
            return before < here ? -1 : 1;
    }
    same = same > shared ? 0 : same;
    int order = memcmp(scan->previous + same, at + same, shared - same);
    if (order != 0 || shared == TL_SCAN_KEY_MAX)
        return order;
    return scan->previous_bytes < key.size_bytes ? -1 : scan->previous_bytes > key.size_bytes;
}

static __attribute__((noinline)) void keep_long_key(tl_scan *scan, tl_slice key)
{
    memcpy(scan->previous, key.data,
           key.size_bytes < TL_SCAN_KEY_MAX ? key.size_bytes : TL_SCAN_KEY_MAX);
}

/* Keep the key: the store's bytes may be gone when the next one comes. */
static inline void keep_key(tl_scan *scan, tl_slice key)
{
    const unsigned char *from = key.data;
    scan->previous_bytes = key.size_bytes;
    if (key.size_bytes >= 8 && key.size_bytes <= 32) { /* the usual sizes, without a call */
        size_t half = key.size_bytes < 16 ? 8 : 16;
        if (half == 8) {
            memcpy(scan->previous, from, 8);
            memcpy(scan->previous + key.size_bytes - 8, from + key.size_bytes - 8, 8);
        } else {
            memcpy(scan->previous, from, 16);
            memcpy(scan->previous + key.size_bytes - 16, from + key.size_bytes - 16, 16);
        }
        return;
    }
    keep_long_key(scan, key);
}

/* No store takes an empty key. */
static __attribute__((noinline)) bool empty_key(tl_scan *scan)
{
    scan->out_of_order = true;
    return ++scan->seen < scan->wanted;
}

static bool scan_visit(void *context, tl_slice key, tl_slice value)
{
    tl_scan *scan = context;
    if (__builtin_expect(key.size_bytes == 0, 0))
        return empty_key(scan);
    uint64_t head = key_head(key);
    if (head <= scan->previous_head && scan->seen > 0 &&
        (head < scan->previous_head || key_order(scan, key) >= 0))
        scan->out_of_order = true;
    scan->previous_head = head;
    keep_key(scan, key);
    scan->fold = scan->fold * 31 + fold_bytes(key.data, key.size_bytes) +
                 3 * fold_bytes(value.data, value.size_bytes);
    return ++scan->seen < scan->wanted;
}

/* The same when nobody measures, or there is no second chance. */
static bool scan_visit_hashing(void *context, tl_slice key, tl_slice value)
{
    tl_scan *scan = context;
    scan->hash += tl_record_hash(key, value);
    return scan_visit(scan, key, value);
}

/* Of the first key only: it must not lie before where the scan was to begin. */
typedef struct from_visit {
    tl_scan *scan;
    const tl_op *op;
    tl_scan_fn visit;
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
    return visit->visit(scan, key, value);
}

/* Downwards each key must be smaller than the one before. */
static bool scan_visit_down(tl_scan *scan, tl_slice key, tl_slice value)
{
    if (key.size_bytes == 0)
        return empty_key(scan);
    uint64_t head = key_head(key);
    bool smaller = scan->seen == 0 || head < scan->previous_head ||
                   (head == scan->previous_head && key_order(scan, key) > 0);
    uint64_t fold = scan->fold * 31 + fold_bytes(key.data, key.size_bytes) +
                    3 * fold_bytes(value.data, value.size_bytes);
    scan->previous_head = head;
    keep_key(scan, key);
    scan->fold = fold;
    scan->out_of_order = scan->out_of_order || !smaller;
    if (scan->hashing)
        scan->hash += tl_record_hash(key, value);
    return ++scan->seen < scan->wanted;
}

static int slice_order(tl_slice a, tl_slice b)
{
    size_t shared = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

/* To the last record whose key is <= from; an empty `from`: to the last one. */
static tl_status cursor_seek_down(const tl_driver *driver, tl_store_cursor *cursor, tl_slice from,
                                  tl_slice *key, tl_slice *value)
{
    if (from.size_bytes == 0)
        return driver->cursor_last(cursor, key, value);
    tl_status status = driver->cursor_seek(cursor, from, key, value);
    if (status == TL_NOT_FOUND)
        return driver->cursor_last(cursor, key, value);
    if (status != TL_OK || slice_order(*key, from) <= 0)
        return status;
    return driver->cursor_prev(cursor, key, value);
}

/* No driver has a call for it: it is a cursor's work in all of them. */
static tl_status scan_down(const tl_driver *driver, tl_store_txn *txn, tl_slice from, tl_scan *scan)
{
    tl_store_cursor *cursor;
    tl_slice key, value;
    if (driver->cursor_open == NULL || driver->cursor_prev == NULL || driver->cursor_seek == NULL)
        return TL_UNSUPPORTED;
    tl_status status = driver->cursor_open(txn, &cursor);
    if (status != TL_OK)
        return status;
    status = cursor_seek_down(driver, cursor, from, &key, &value);
    if (status == TL_OK && from.size_bytes != 0 && slice_order(key, from) > 0)
        scan->out_of_order = true;
    while (status == TL_OK && scan_visit_down(scan, key, value))
        status = driver->cursor_prev(cursor, &key, &value);
    driver->cursor_close(cursor);
    return status == TL_NOT_FOUND ? TL_OK : status;
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
    if ((op->flags & TL_OP_REVERSE) != 0)
        return scan_down(driver, txn, from, scan);
    tl_scan_fn each = hashing ? scan_visit_hashing : scan_visit;
    if (op->key_bytes == 0)
        return driver->scan(txn, from, each, scan);
    from_visit visit = {scan, op, each};
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
        tl_check_wrong(check, op, "expected strictly %s keys from there on, got others",
                       (op->flags & TL_OP_REVERSE) != 0 ? "descending" : "ascending");
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
    tl_scan_again row = {NULL, op->key_bytes, op->flags, op->scan_count, scan->fold, expected_hash};
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
                .flags = row->flags,
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
