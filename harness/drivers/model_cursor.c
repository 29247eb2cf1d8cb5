/* harness/drivers/model_cursor.c -- cursors of the model: each remembers its key and looks it up
 * again when the draft changed. */
#include "harness/drivers/model_parts.h"

#include <stdlib.h>
#include <string.h>

tl_status model_cursor_open(tl_store_txn *txn, tl_store_cursor **out)
{
    tl_store_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return TL_NO_MEMORY;
    cursor->txn = txn;
    cursor->next = txn->whole->cursors;
    txn->whole->cursors = cursor;
    *out = cursor;
    return TL_OK;
}

void model_cursor_close(tl_store_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tl_store_cursor **link = &cursor->txn->whole->cursors;
    while (*link != cursor)
        link = &(*link)->next;
    *link = cursor->next;
    free(cursor->key.data);
    free(cursor);
}

static tl_slice cursor_key(const tl_store_cursor *cursor)
{
    return (tl_slice){cursor->key.data, cursor->key_bytes};
}

/* Stand at `place` and hand out its record, or stand nowhere when it is past an end. */
static tl_status cursor_arrive(tl_store_cursor *cursor, tl_records_place place, tl_slice *key,
                               tl_slice *value)
{
    tl_slice found_key, found_value, full;
    if (!model_at(cursor->txn, place, &found_key, &found_value)) {
        cursor->stands = false;
        return TL_NOT_FOUND;
    }
    tl_status status = model_full_key(&cursor->key, cursor->txn->tree, found_key, &full);
    if (status != TL_OK)
        return status;
    cursor->key_bytes = full.size_bytes;
    cursor->place = place;
    cursor->changes_seen = cursor->txn->whole->changes;
    cursor->stands = true;
    *key = found_key;
    *value = found_value;
    return TL_OK;
}

/* Where the cursor stands now; *there is false when its record is gone and the place is that of
 * the next one. */
static tl_records_place cursor_place(const tl_store_cursor *cursor, bool *there)
{
    *there = true;
    if (cursor->changes_seen == cursor->txn->whole->changes)
        return cursor->place;
    return tl_records_seek(cursor->txn->whole->version, cursor_key(cursor), there);
}

tl_status model_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_records_place first, end;
    tl_status status = model_span(cursor->txn, NULL, &first, &end);
    return status == TL_OK ? cursor_arrive(cursor, first, key, value) : status;
}

/* Go to the record before `place`, or nowhere. */
static tl_status cursor_arrive_before(tl_store_cursor *cursor, tl_records_place place,
                                      tl_slice *key, tl_slice *value)
{
    const tl_records_version *version = cursor->txn->whole->version;
    if (!tl_records_before(version, &place))
        place = tl_records_end(version);
    return cursor_arrive(cursor, place, key, value);
}

tl_status model_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_records_place first, end;
    tl_status status = model_span(cursor->txn, NULL, &first, &end);
    return status == TL_OK ? cursor_arrive_before(cursor, end, key, value) : status;
}

tl_status model_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key, tl_slice *value)
{
    bool equal;
    tl_records_place place;
    tl_status status = model_seek(cursor->txn, from, &place, &equal);
    return status == TL_OK ? cursor_arrive(cursor, place, key, value) : status;
}

tl_status model_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (!cursor->stands)
        return model_cursor_first(cursor, key, value);
    bool there;
    tl_records_place place = cursor_place(cursor, &there);
    if (there)
        place = tl_records_after(cursor->txn->whole->version, place);
    return cursor_arrive(cursor, place, key, value);
}

tl_status model_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (!cursor->stands)
        return model_cursor_last(cursor, key, value);
    bool there;
    return cursor_arrive_before(cursor, cursor_place(cursor, &there), key, value);
}

tl_status model_cursor_del(tl_store_cursor *cursor)
{
    if (cursor->txn->whole->read_only)
        return TL_READ_ONLY;
    return cursor->stands ? model_change(cursor->txn->whole, cursor_key(cursor), NULL)
                          : TL_NOT_FOUND;
}
