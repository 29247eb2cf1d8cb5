/* harness/drivers/bdb_read.c -- reads of driver bdb: gets, bulk scans, cursors.
 *
 * Handles shared by threads copy answers to memory of the caller, so each txn and each cursor
 * keeps a buffer that grows to the largest answer so far.  A scan fetches records in bulk, which
 * is its fastest way: the first fetch is small, since a scan may be short.
 */
#include "harness/drivers/bdb_parts.h"

#include <stdlib.h>
#include <string.h>

enum { BULK_FIRST_BYTES = 16 << 10, BULK_BYTES = 256 << 10, VALUE_BYTES = 4 << 10 };

tl_status tl_bdb_reserve(tl_bdb_buffer *buffer, size_t size_bytes)
{
    if (buffer->size_bytes >= size_bytes)
        return TL_OK;
    void *grown = realloc(buffer->data, size_bytes);
    if (grown == NULL)
        return TL_NO_MEMORY;
    buffer->data = grown;
    buffer->size_bytes = size_bytes;
    return TL_OK;
}

static DBT dbt_over(const tl_bdb_buffer *buffer)
{
    return (DBT){
        .data = buffer->data, .ulen = (u_int32_t)buffer->size_bytes, .flags = DB_DBT_USERMEM};
}

tl_status tl_bdb_get(tl_store_txn *txn, tl_slice key, tl_slice *value)
{
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    tl_status status = tl_bdb_reserve(&txn->value, VALUE_BYTES);
    DB *db = txn->store->db;
    while (status == TL_OK) { /* ends: the second round has the room that the first asked for */
        DBT wanted = tl_bdb_dbt(key), found = dbt_over(&txn->value);
        int code = db->get(db, txn->txn, &wanted, &found, 0);
        if (code == 0) {
            *value = (tl_slice){txn->value.data, found.size};
            return TL_OK;
        }
        status =
            code == DB_BUFFER_SMALL ? tl_bdb_reserve(&txn->value, found.size) : tl_bdb_status(code);
    }
    return status;
}

/* Fetch the next records into the txn's bulk buffer; `flags` says from where. */
static tl_status fetch(tl_store_txn *txn, DBC *cursor, DBT *key, u_int32_t flags, size_t size_bytes,
                       DBT *bulk)
{
    tl_status status = tl_bdb_reserve(&txn->bulk, size_bytes);
    while (status == TL_OK) { /* ends: as tl_bdb_get */
        *bulk = dbt_over(&txn->bulk);
        if (bulk->ulen > size_bytes)
            bulk->ulen = (u_int32_t)size_bytes;
        int code = cursor->get(cursor, key, bulk, flags | DB_MULTIPLE_KEY);
        if (code != DB_BUFFER_SMALL)
            return tl_bdb_status(code);
        size_bytes = ((size_t)bulk->size + 2047) / 1024 * 1024; /* must be a multiple of it */
        status = tl_bdb_reserve(&txn->bulk, size_bytes);
    }
    return status;
}

/* Hand out what was fetched; false when the visitor has enough. */
static bool visit_bulk(const DBT *bulk, tl_scan_fn visit, void *context)
{
    void *place;
    DB_MULTIPLE_INIT(place, bulk);
    for (;;) {
        void *key, *value;
        size_t key_bytes, value_bytes;
        DB_MULTIPLE_KEY_NEXT(place, bulk, key, key_bytes, value, value_bytes);
        if (place == NULL)
            return true;
        if (!visit(context, (tl_slice){key, key_bytes}, (tl_slice){value, value_bytes}))
            return false;
    }
}

tl_status tl_bdb_scan(tl_store_txn *txn, tl_slice from, tl_scan_fn visit, void *context)
{
    DBC *cursor;
    unsigned char key_bytes[TL_DRIVER_KEY_BYTES_MAX];
    DB *db = txn->store->db;
    if (from.size_bytes > sizeof key_bytes)
        return TL_KEY_SIZE;
    tl_status status = tl_bdb_status(db->cursor(db, txn->txn, &cursor, 0));
    if (status != TL_OK)
        return status;
    DBT key = {.data = key_bytes,
               .size = (u_int32_t)from.size_bytes,
               .ulen = sizeof key_bytes,
               .flags = DB_DBT_USERMEM};
    if (from.size_bytes != 0)
        memcpy(key_bytes, from.data, from.size_bytes);
    u_int32_t move = from.size_bytes == 0 ? DB_FIRST : DB_SET_RANGE;
    size_t first_bytes =
        txn->store->page_bytes > BULK_FIRST_BYTES ? txn->store->page_bytes : BULK_FIRST_BYTES;
    DBT bulk;
    status = fetch(txn, cursor, &key, move, first_bytes, &bulk);
    while (status == TL_OK && visit_bulk(&bulk, visit, context))
        status = fetch(txn, cursor, &key, DB_NEXT, BULK_BYTES, &bulk);
    tl_status closed = tl_bdb_status(cursor->close(cursor));
    if (status == TL_OK || status == TL_NOT_FOUND)
        status = closed;
    return status;
}

typedef struct bdb_cursor {
    DBC *cursor;
    tl_bdb_buffer key, value;
} bdb_cursor;

static void cursor_close(void *native)
{
    bdb_cursor *own = native;
    if (own->cursor != NULL)
        (void)own->cursor->close(own->cursor); /* it holds nothing that could be lost */
    free(own->key.data);
    free(own->value.data);
    free(own);
}

static tl_status cursor_open(tl_store_txn *txn, void **native)
{
    bdb_cursor *own = calloc(1, sizeof *own);
    if (own == NULL)
        return TL_NO_MEMORY;
    DB *db = txn->store->db;
    tl_status status = tl_bdb_reserve(&own->key, TL_DRIVER_KEY_BYTES_MAX);
    if (status == TL_OK)
        status = tl_bdb_reserve(&own->value, VALUE_BYTES);
    if (status == TL_OK)
        status = tl_bdb_status(db->cursor(db, txn->txn, &own->cursor, 0));
    if (status == TL_OK)
        *native = own;
    else
        cursor_close(own);
    return status;
}

static tl_status cursor_move(void *native, tl_parked_move move, tl_slice from, tl_slice *key,
                             tl_slice *value)
{
    static const u_int32_t flags[] = {
        [TL_MOVE_FIRST] = DB_FIRST, [TL_MOVE_LAST] = DB_LAST, [TL_MOVE_SEEK] = DB_SET_RANGE,
        [TL_MOVE_NEXT] = DB_NEXT,   [TL_MOVE_PREV] = DB_PREV,
    };
    bdb_cursor *own = native;
    if (from.size_bytes > TL_DRIVER_KEY_BYTES_MAX)
        return TL_KEY_SIZE;
    for (;;) { /* ends: as tl_bdb_get; a refused move leaves the cursor where it was */
        DBT found_key = dbt_over(&own->key), found = dbt_over(&own->value);
        if (from.size_bytes != 0)
            memcpy(own->key.data, from.data, from.size_bytes);
        found_key.size = (u_int32_t)from.size_bytes;
        int code = own->cursor->get(own->cursor, &found_key, &found, flags[move]);
        if (code == 0) {
            *key = (tl_slice){own->key.data, found_key.size};
            *value = (tl_slice){own->value.data, found.size};
            return TL_OK;
        }
        tl_status status = tl_bdb_status(code);
        if (code == DB_BUFFER_SMALL)
            status = tl_bdb_reserve(&own->value, found.size);
        if (status != TL_OK)
            return status;
    }
}

const tl_parked_engine tl_bdb_cursors = {cursor_open, cursor_close, cursor_move};
