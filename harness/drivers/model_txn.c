/* harness/drivers/model_txn.c -- transactions of the model, and the ways back inside one.
 *
 * A read txn pins a version, a write txn drafts the next one.  From the first savepoint on, each
 * change notes what it replaces; rolling back puts that in place again, newest first.
 */
#include "harness/drivers/model_parts.h"

#include <stdlib.h>
#include <string.h>

tl_status model_begin(tl_store *store, bool read_only, tl_store_txn **out)
{
    if (!read_only && store->read_only)
        return TL_READ_ONLY;
    if (!read_only && store->writing)
        return TL_BUSY;
    tl_store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return TL_NO_MEMORY;
    txn->store = store;
    txn->whole = txn;
    txn->tree = TL_TREE_MAIN;
    txn->read_only = read_only;
    if (read_only) {
        txn->version = tl_records_pin(store->records);
    } else {
        tl_status status = tl_records_fork(store->records, &txn->version);
        if (status != TL_OK) {
            free(txn);
            return status;
        }
        store->writing = true;
    }
    txn->next = store->txns;
    store->txns = txn;
    *out = txn;
    return TL_OK;
}

static void undo_drop(tl_store_txn *txn, size_t kept)
{
    while (txn->undo_count > kept)
        free(txn->undo[--txn->undo_count].bytes);
}

static void txn_release(tl_store_txn *txn)
{
    while (txn->cursors != NULL)
        model_cursor_close(txn->cursors);
    while (txn->views != NULL) {
        tl_store_txn *view = txn->views;
        txn->views = view->next;
        free(view);
    }
    tl_store_txn **link = &txn->store->txns;
    while (*link != txn)
        link = &(*link)->next;
    *link = txn->next;
    if (!txn->read_only)
        txn->store->writing = false;
    undo_drop(txn, 0);
    free(txn->undo);
    free(txn->saves);
    free(txn->key.data);
    free(txn->bound.data);
    free(txn);
}

void model_abort(tl_store_txn *txn)
{
    if (txn == NULL)
        return;
    if (txn->read_only)
        tl_records_unpin(txn->store->records, txn->version);
    else
        tl_records_discard(txn->store->records, txn->version);
    txn_release(txn);
}

tl_status model_commit(tl_store_txn *txn)
{
    if (txn->read_only)
        tl_records_unpin(txn->store->records, txn->version);
    else
        tl_records_publish(txn->store->records, txn->version);
    txn_release(txn);
    return TL_OK;
}

tl_status model_full_key(model_bytes *into, uint32_t tree, tl_slice key, tl_slice *full)
{
    size_t size_bytes = MODEL_PREFIX_BYTES + key.size_bytes;
    if (size_bytes > into->room_bytes) {
        unsigned char *grown = realloc(into->data, 2 * size_bytes);
        if (grown == NULL)
            return TL_NO_MEMORY;
        into->data = grown;
        into->room_bytes = 2 * size_bytes;
    }
    for (int i = 0; i < MODEL_PREFIX_BYTES; i++)
        into->data[i] = (unsigned char)(tree >> (24 - 8 * i));
    if (key.size_bytes != 0)
        memcpy(into->data + MODEL_PREFIX_BYTES, key.data, key.size_bytes);
    *full = (tl_slice){into->data, size_bytes};
    return TL_OK;
}

/* Room for one more; false: out of memory, *array stays as it was. */
static bool list_grow(void **array, size_t count, size_t *room, size_t element_bytes)
{
    if (count < *room)
        return true;
    size_t larger_room = 2 * *room + 32;
    void *larger = realloc(*array, larger_room * element_bytes);
    if (larger == NULL)
        return false;
    *array = larger;
    *room = larger_room;
    return true;
}

/* Note what `full_key` holds now. */
static tl_status undo_note(tl_store_txn *whole, tl_slice full_key)
{
    void *undo = whole->undo;
    if (!list_grow(&undo, whole->undo_count, &whole->undo_room, sizeof *whole->undo))
        return TL_NO_MEMORY;
    whole->undo = undo;
    model_undo *note = &whole->undo[whole->undo_count];
    tl_slice key, value = {NULL, 0};
    *note = (model_undo){.key_bytes = full_key.size_bytes};
    tl_records_place place = tl_records_seek(whole->version, full_key, &note->was_there);
    if (note->was_there)
        (void)tl_records_at(whole->version, place, &key, &value);
    note->value_bytes = value.size_bytes;
    note->bytes = malloc(note->key_bytes + note->value_bytes + 1);
    if (note->bytes == NULL)
        return TL_NO_MEMORY;
    memcpy(note->bytes, full_key.data, note->key_bytes);
    if (note->value_bytes != 0)
        memcpy(note->bytes + note->key_bytes, value.data, note->value_bytes);
    whole->undo_count++;
    return TL_OK;
}

tl_status model_change(tl_store_txn *whole, tl_slice full_key, const tl_slice *value)
{
    size_t noted = whole->undo_count;
    tl_status status = whole->save_count != 0 ? undo_note(whole, full_key) : TL_OK;
    if (status == TL_OK)
        status = value != NULL ? tl_records_put(whole->version, full_key, *value, false)
                               : tl_records_del(whole->version, full_key);
    if (status != TL_OK)
        undo_drop(whole, noted);
    whole->changes += status == TL_OK;
    return status;
}

tl_status model_may_write(const tl_store_txn *txn, tl_slice key)
{
    if (txn->whole->read_only)
        return TL_READ_ONLY;
    return tl_driver_key_fits(key, txn->store->key_bytes_max) ? TL_OK : TL_KEY_SIZE;
}

tl_status model_savepoint(tl_store_txn *txn, uint32_t *save)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    void *saves = txn->saves;
    if (!list_grow(&saves, txn->save_count, &txn->save_room, sizeof *txn->saves))
        return TL_NO_MEMORY;
    txn->saves = saves;
    txn->saves[txn->save_count] = txn->undo_count;
    *save = (uint32_t)++txn->save_count;
    return TL_OK;
}

tl_status model_rollback(tl_store_txn *txn, uint32_t save)
{
    if (save == 0 || save > txn->save_count)
        return TL_INVALID;
    size_t kept = txn->saves[save - 1];
    for (; txn->undo_count > kept; undo_drop(txn, txn->undo_count - 1)) {
        const model_undo *note = &txn->undo[txn->undo_count - 1];
        tl_slice key = {note->bytes, note->key_bytes};
        tl_slice value = {note->bytes + note->key_bytes, note->value_bytes};
        tl_status status = note->was_there ? tl_records_put(txn->version, key, value, false)
                                           : tl_records_del(txn->version, key);
        if (status != TL_OK && status != TL_NOT_FOUND)
            return status;
    }
    txn->save_count = save - 1;
    txn->changes++;
    return TL_OK;
}
