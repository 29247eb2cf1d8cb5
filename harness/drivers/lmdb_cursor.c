/* harness/drivers/lmdb_cursor.c -- cursors of driver lmdb.
 *
 * LMDB moves its cursors along when their txn changes the tree, but says little about one whose
 * record is deleted.  Before each change a cursor is therefore parked: it remembers its key and
 * finds its place again at its next step.  Steps between changes pay nothing for that.
 */
#include "harness/drivers/lmdb_parts.h"

#include <stdlib.h>
#include <string.h>

typedef enum cursor_standing {
    CURSOR_NOWHERE,
    CURSOR_THERE, /* the MDB_cursor is at the record */
    CURSOR_PARKED /* at `key`, or where it was before it was deleted */
} cursor_standing;

struct tl_store_cursor {
    tl_store_txn *txn;
    MDB_cursor *cursor;
    cursor_standing standing;
    tl_store_cursor *next;
    size_t key_bytes;
    unsigned char key[TL_DRIVER_KEY_BYTES_MAX];
};

tl_status tl_lmdb_cursor_open(tl_store_txn *txn, tl_store_cursor **out)
{
    tl_store_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return TL_NO_MEMORY;
    int code = mdb_cursor_open(txn->txn, txn->store->dbi, &cursor->cursor);
    if (code != MDB_SUCCESS) {
        free(cursor);
        return tl_lmdb_status(code);
    }
    cursor->txn = txn;
    cursor->next = txn->cursors;
    txn->cursors = cursor;
    *out = cursor;
    return TL_OK;
}

void tl_lmdb_cursor_close(tl_store_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tl_store_cursor **link = &cursor->txn->cursors;
    while (*link != cursor)
        link = &(*link)->next;
    *link = cursor->next;
    mdb_cursor_close(cursor->cursor);
    free(cursor);
}

/* Before a change: let every cursor of the txn remember its key. */
tl_status tl_lmdb_park(tl_store_txn *txn)
{
    for (tl_store_cursor *each = txn->cursors; each != NULL; each = each->next) {
        if (each->standing != CURSOR_THERE)
            continue;
        MDB_val key, value;
        int code = mdb_cursor_get(each->cursor, &key, &value, MDB_GET_CURRENT);
        if (code != MDB_SUCCESS)
            return tl_lmdb_status(code);
        if (key.mv_size > sizeof each->key)
            return TL_CORRUPT;
        memcpy(each->key, key.mv_data, key.mv_size);
        each->key_bytes = key.mv_size;
        each->standing = CURSOR_PARKED;
    }
    return TL_OK;
}

static tl_status cursor_go(tl_store_cursor *cursor, MDB_cursor_op op, MDB_val from, tl_slice *key,
                           tl_slice *value)
{
    MDB_val found_key = from, found_value;
    int code = mdb_cursor_get(cursor->cursor, &found_key, &found_value, op);
    cursor->standing = code == MDB_SUCCESS ? CURSOR_THERE : CURSOR_NOWHERE;
    if (code != MDB_SUCCESS)
        return tl_lmdb_status(code);
    *key = tl_lmdb_slice(&found_key);
    *value = tl_lmdb_slice(&found_value);
    return TL_OK;
}

tl_status tl_lmdb_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_go(cursor, MDB_FIRST, (MDB_val){0, NULL}, key, value);
}

tl_status tl_lmdb_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_go(cursor, MDB_LAST, (MDB_val){0, NULL}, key, value);
}

tl_status tl_lmdb_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                              tl_slice *value)
{
    MDB_cursor_op op = from.size_bytes == 0 ? MDB_FIRST : MDB_SET_RANGE;
    return cursor_go(cursor, op, tl_lmdb_val(from), key, value);
}

tl_status tl_lmdb_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (cursor->standing == CURSOR_NOWHERE)
        return tl_lmdb_cursor_first(cursor, key, value);
    if (cursor->standing == CURSOR_PARKED) {
        tl_slice place = {cursor->key, cursor->key_bytes}, found_key, found_value;
        tl_status status = tl_lmdb_cursor_seek(cursor, place, &found_key, &found_value);
        if (status != TL_OK)
            return status;
        if (found_key.size_bytes != place.size_bytes ||
            memcmp(found_key.data, place.data, place.size_bytes) != 0) {
            *key = found_key; /* the record is gone: this is its neighbour */
            *value = found_value;
            return TL_OK;
        }
    }
    return cursor_go(cursor, MDB_NEXT, (MDB_val){0, NULL}, key, value);
}

tl_status tl_lmdb_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (cursor->standing == CURSOR_NOWHERE)
        return tl_lmdb_cursor_last(cursor, key, value);
    if (cursor->standing == CURSOR_PARKED) {
        tl_slice place = {cursor->key, cursor->key_bytes}, found_key, found_value;
        tl_status status = tl_lmdb_cursor_seek(cursor, place, &found_key, &found_value);
        if (status == TL_NOT_FOUND) /* nothing at or after it: the neighbour is the last */
            return tl_lmdb_cursor_last(cursor, key, value);
        if (status != TL_OK)
            return status;
    }
    return cursor_go(cursor, MDB_PREV, (MDB_val){0, NULL}, key, value);
}

tl_status tl_lmdb_cursor_del(tl_store_cursor *cursor)
{
    if (cursor->txn->read_only)
        return TL_READ_ONLY;
    if (cursor->standing == CURSOR_NOWHERE)
        return TL_NOT_FOUND;
    tl_status status = tl_lmdb_park(cursor->txn);
    if (status != TL_OK)
        return status;
    return tl_lmdb_del(cursor->txn, (tl_slice){cursor->key, cursor->key_bytes});
}
