/* harness/drivers/model_tree.c -- the trees of a txn of the model: where each begins and ends. */
#include "harness/drivers/model_parts.h"

#include <stdlib.h>
#include <string.h>

static uint32_t tree_of(tl_slice full_key)
{
    const unsigned char *at = full_key.data;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

bool model_at(const tl_store_txn *txn, tl_records_place place, tl_slice *key, tl_slice *value)
{
    tl_slice full, found;
    if (!tl_records_at(txn->whole->version, place, &full, &found) || tree_of(full) != txn->tree)
        return false;
    *key = (tl_slice){(const unsigned char *)full.data + MODEL_PREFIX_BYTES,
                      full.size_bytes - MODEL_PREFIX_BYTES};
    *value = found;
    return true;
}

tl_status model_seek(tl_store_txn *txn, tl_slice key, tl_records_place *place, bool *equal)
{
    tl_slice full;
    tl_status status = model_full_key(&txn->whole->key, txn->tree, key, &full);
    if (status == TL_OK)
        *place = tl_records_seek(txn->whole->version, full, equal);
    return status;
}

/* The place behind `key`, or at it: where a bound of a range is. */
static tl_status seek_bound(tl_store_txn *txn, tl_slice key, bool behind, tl_records_place *place)
{
    bool equal;
    tl_status status = model_seek(txn, key, place, &equal);
    if (status == TL_OK && equal && behind)
        *place = tl_records_after(txn->whole->version, *place);
    return status;
}

static tl_status seek_end(tl_store_txn *txn, tl_records_place *place)
{
    bool equal;
    tl_slice full, nothing = {NULL, 0};
    tl_status status = model_full_key(&txn->whole->bound, txn->tree + 1, nothing, &full);
    if (status == TL_OK)
        *place = tl_records_seek(txn->whole->version, full, &equal);
    return status;
}

tl_status model_span(tl_store_txn *txn, const tl_range *range, tl_records_place *first,
                     tl_records_place *end)
{
    static const tl_range all;
    const tl_range *bounds = range != NULL ? range : &all;
    tl_status status = seek_bound(txn, bounds->lower, bounds->lower_exclusive, first);
    if (status != TL_OK)
        return status;
    return bounds->upper.size_bytes == 0
               ? seek_end(txn, end)
               : seek_bound(txn, bounds->upper, bounds->upper_inclusive, end);
}

uint64_t model_between(const tl_store_txn *txn, tl_records_place first, tl_records_place end)
{
    uint64_t before = tl_records_rank(txn->whole->version, first);
    uint64_t past = tl_records_rank(txn->whole->version, end);
    return past > before ? past - before : 0;
}

/* --- the catalog --- */

static bool is_main(tl_slice name)
{
    return name.size_bytes == 4 && memcmp(name.data, "main", 4) == 0;
}

/* The number behind `name`; 0: none.  The empty name holds the largest number given out. */
static tl_status catalog_get(tl_store_txn *whole, tl_slice name, uint32_t *number)
{
    bool equal;
    tl_slice full, key, value;
    tl_status status = model_full_key(&whole->key, MODEL_CATALOG, name, &full);
    if (status != TL_OK)
        return status;
    tl_records_place place = tl_records_seek(whole->version, full, &equal);
    *number = equal && tl_records_at(whole->version, place, &key, &value) ? tree_of(value) : 0;
    return TL_OK;
}

static tl_status catalog_put(tl_store_txn *whole, tl_slice name, uint32_t number)
{
    unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                              (unsigned char)(number >> 8), (unsigned char)number};
    tl_slice full, value = {bytes, sizeof bytes};
    tl_status status = model_full_key(&whole->key, MODEL_CATALOG, name, &full);
    return status == TL_OK ? model_change(whole, full, &value) : status;
}

static tl_status tree_create(tl_store_txn *whole, tl_slice name, uint32_t *number)
{
    uint32_t newest;
    tl_slice nothing = {NULL, 0};
    if (whole->read_only)
        return TL_READ_ONLY;
    tl_status status = catalog_get(whole, nothing, &newest);
    *number = newest == 0 ? TL_TREE_MAIN + 1 : newest + 1;
    if (status == TL_OK)
        status = catalog_put(whole, nothing, *number);
    return status == TL_OK ? catalog_put(whole, name, *number) : status;
}

static tl_status view_of(tl_store_txn *whole, uint32_t number, tl_store_txn **out)
{
    tl_store_txn *view = whole->views;
    while (view != NULL && view->tree != number)
        view = view->next;
    if (view == NULL) {
        view = calloc(1, sizeof *view);
        if (view == NULL)
            return TL_NO_MEMORY;
        *view = (tl_store_txn){
            .store = whole->store, .whole = whole, .tree = number, .next = whole->views};
        whole->views = view;
    }
    *out = view;
    return TL_OK;
}

tl_status model_tree(tl_store_txn *txn, tl_slice name, bool create, tl_store_txn **view)
{
    uint32_t number = TL_TREE_MAIN;
    tl_status status = TL_OK;
    if (name.size_bytes == 0)
        return TL_INVALID;
    if (!is_main(name))
        status = catalog_get(txn, name, &number);
    if (status == TL_OK && number == 0)
        status = create ? tree_create(txn, name, &number) : TL_NOT_FOUND;
    return status == TL_OK ? view_of(txn, number, view) : status;
}

tl_status model_drop(tl_store_txn *txn, tl_slice name)
{
    uint32_t number;
    uint64_t deleted;
    tl_store_txn *view;
    tl_slice full;
    static const tl_range all;
    if (txn->read_only)
        return TL_READ_ONLY;
    if (is_main(name))
        return TL_INVALID;
    tl_status status = catalog_get(txn, name, &number);
    if (status == TL_OK && number == 0)
        status = TL_NOT_FOUND;
    if (status == TL_OK)
        status = view_of(txn, number, &view);
    if (status == TL_OK)
        status = model_del_range(view, &all, &deleted);
    if (status == TL_OK)
        status = model_full_key(&txn->key, MODEL_CATALOG, name, &full);
    return status == TL_OK ? model_change(txn, full, NULL) : status;
}
