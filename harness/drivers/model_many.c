/* harness/drivers/model_many.c -- many records in one call, one after the other. */
#include "harness/drivers/model_parts.h"

#include <stdlib.h>
#include <string.h>

static int compare(tl_slice left, tl_slice right)
{
    size_t common = left.size_bytes < right.size_bytes ? left.size_bytes : right.size_bytes;
    int order = common == 0 ? 0 : memcmp(left.data, right.data, common);
    if (order != 0)
        return order;
    return (left.size_bytes > right.size_bytes) - (left.size_bytes < right.size_bytes);
}

/* May record `i` be written behind the one before it? */
static tl_status record_check(const tl_store_txn *txn, const tl_record *records, size_t i)
{
    tl_status status = model_may_write(txn, records[i].key);
    if (status == TL_OK && i > 0 && compare(records[i - 1].key, records[i].key) >= 0)
        status = TL_INVALID;
    return status;
}

static tl_status record_is_new(tl_store_txn *txn, const tl_record *record)
{
    bool equal;
    tl_records_place place;
    tl_status status = model_seek(txn, record->key, &place, &equal);
    return status == TL_OK && equal ? TL_EXISTS : status;
}

/* All are looked at before the first is written: so it is all or nothing.  What is wrong with the
 * records themselves comes before what the tree says to them. */
static tl_status write_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                              bool insert, size_t *failed_at)
{
    tl_status status = txn->whole->read_only ? TL_READ_ONLY : TL_OK;
    for (size_t i = 0; i < count && status == TL_OK; i++) {
        *failed_at = i;
        status = record_check(txn, records, i);
    }
    for (size_t i = 0; insert && i < count && status == TL_OK; i++) {
        *failed_at = i;
        status = record_is_new(txn, &records[i]);
    }
    for (size_t i = 0; i < count && status == TL_OK; i++) {
        tl_slice full;
        status = model_full_key(&txn->whole->key, txn->tree, records[i].key, &full);
        if (status == TL_OK)
            status = model_change(txn->whole, full, &records[i].value);
    }
    return status;
}

tl_status model_upsert_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at)
{
    return write_sorted(txn, records, count, false, failed_at);
}

tl_status model_insert_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at)
{
    return write_sorted(txn, records, count, true, failed_at);
}

static bool fill_is_known(const char *fill)
{
    const char *const *row = tl_fills();
    while (*row != NULL && fill != NULL && strcmp(*row, fill) != 0)
        row++;
    return *row != NULL;
}

typedef struct load { /* keys with their tree's number in front */
    model_bytes first, last;
    size_t first_bytes;
    tl_slice above; /* the next key lies behind this one; no bytes: behind nothing */
} load;

/* The last key that the tree has. */
static tl_status load_begin(tl_store_txn *txn, load *into)
{
    tl_slice key, value;
    tl_records_place first, end;
    tl_status status = model_span(txn, NULL, &first, &end);
    if (status != TL_OK || model_between(txn, first, end) == 0)
        return status;
    return tl_records_before(txn->whole->version, &end) && model_at(txn, end, &key, &value)
               ? model_full_key(&into->last, txn->tree, key, &into->above)
               : TL_CORRUPT;
}

static tl_status load_add(tl_store_txn *txn, load *into, const tl_record *record)
{
    tl_slice full;
    tl_status status = model_may_write(txn, record->key);
    if (status == TL_OK)
        status = model_full_key(&txn->whole->key, txn->tree, record->key, &full);
    if (status == TL_OK && into->above.size_bytes != 0 && compare(into->above, full) >= 0)
        status = TL_INVALID;
    if (status == TL_OK && into->first_bytes == 0) {
        tl_slice first;
        status = model_full_key(&into->first, txn->tree, record->key, &first);
        into->first_bytes = status == TL_OK ? first.size_bytes : 0;
    }
    if (status == TL_OK)
        status = model_change(txn->whole, full, &record->value);
    if (status == TL_OK)
        status = model_full_key(&into->last, txn->tree, record->key, &into->above);
    return status;
}

/* A load that broke off never happened: whatever lies from its first key on came with it. */
static tl_status load_undo(tl_store_txn *txn, const load *into, tl_status why)
{
    uint64_t deleted;
    if (into->first_bytes == 0)
        return why;
    tl_range all = {
        .lower = {into->first.data + MODEL_PREFIX_BYTES, into->first_bytes - MODEL_PREFIX_BYTES}
    };
    tl_status status = model_del_range(txn, &all, &deleted);
    return status == TL_OK ? why : status;
}

tl_status model_bulk_load(tl_store_txn *txn, tl_next_fn next, void *context, const char *fill,
                          size_t *failed_at)
{
    load into = {.first_bytes = 0};
    if (txn->whole->read_only)
        return TL_READ_ONLY;
    *failed_at = 0;
    if (fill != NULL && !fill_is_known(fill)) /* an array has no pages to fill */
        return TL_INVALID;
    tl_status status = load_begin(txn, &into);
    for (; status == TL_OK; *failed_at += status == TL_OK) {
        tl_record record;
        status = next(context, &record);
        if (status == TL_NOT_FOUND)
            break;
        if (status == TL_OK)
            status = load_add(txn, &into, &record);
    }
    status = status == TL_NOT_FOUND ? TL_OK : load_undo(txn, &into, status);
    free(into.first.data);
    free(into.last.data);
    return status;
}

/* No bound is longer than a key may be. */
static bool range_fits(const tl_store_txn *txn, const tl_range *range)
{
    size_t most = txn->store->key_bytes_max;
    return range == NULL || (range->lower.size_bytes <= most && range->upper.size_bytes <= most);
}

tl_status model_del_range(tl_store_txn *txn, const tl_range *range, uint64_t *deleted)
{
    tl_records_place first, end;
    tl_slice full, value;
    if (txn->whole->read_only)
        return TL_READ_ONLY;
    if (!range_fits(txn, range))
        return TL_KEY_SIZE;
    tl_status status = model_span(txn, range, &first, &end);
    uint64_t count = status == TL_OK ? model_between(txn, first, end) : 0;
    for (uint64_t i = 0; i < count && status == TL_OK; i++) {
        status = model_span(txn, range, &first, &end);
        if (status == TL_OK && tl_records_at(txn->whole->version, first, &full, &value))
            status = model_change(txn->whole, full, NULL);
    }
    if (status == TL_OK)
        *deleted = count;
    return status;
}

tl_status model_count_range(tl_store_txn *txn, const tl_range *range, uint64_t *count)
{
    tl_records_place first, end;
    if (!range_fits(txn, range))
        return TL_KEY_SIZE;
    tl_status status = model_span(txn, range, &first, &end);
    if (status == TL_OK)
        *count = model_between(txn, first, end);
    return status;
}
