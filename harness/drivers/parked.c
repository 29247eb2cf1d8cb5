/* harness/drivers/parked.c -- see parked.h. */
#include "harness/drivers/parked.h"

#include <stdlib.h>
#include <string.h>

typedef enum cursor_standing {
    CURSOR_NOWHERE,
    CURSOR_THERE, /* the engine's cursor is at the record */
    CURSOR_PARKED /* at `kept`, or where it was before it was deleted */
} cursor_standing;

struct tl_store_cursor {
    tl_parked_list *list;
    tl_store_txn *txn;
    void *native;
    cursor_standing standing;
    tl_slice there; /* while CURSOR_THERE: the record's key, in the engine's memory */
    size_t kept_bytes;
    unsigned char kept[TL_DRIVER_KEY_BYTES_MAX];
    tl_store_cursor *next;
};

tl_status tl_parked_open(tl_parked_list *list, tl_store_txn *txn, tl_store_cursor **out)
{
    tl_store_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return TL_NO_MEMORY;
    tl_status status = list->engine->open(txn, &cursor->native);
    if (status != TL_OK) {
        free(cursor);
        return status;
    }
    cursor->list = list;
    cursor->txn = txn;
    cursor->next = list->first;
    list->first = cursor;
    *out = cursor;
    return TL_OK;
}

void tl_parked_close(tl_store_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tl_store_cursor **link = &cursor->list->first;
    while (*link != cursor)
        link = &(*link)->next;
    *link = cursor->next;
    cursor->list->engine->close(cursor->native);
    free(cursor);
}

void tl_parked_clear(tl_parked_list *list)
{
    while (list->first != NULL)
        tl_parked_close(list->first);
}

static void park(tl_store_cursor *cursor)
{
    if (cursor->standing != CURSOR_THERE)
        return;
    memcpy(cursor->kept, cursor->there.data, cursor->there.size_bytes); /* put refuses longer */
    cursor->kept_bytes = cursor->there.size_bytes;
    cursor->standing = CURSOR_PARKED;
}

void tl_parked_park(tl_parked_list *list)
{
    for (tl_store_cursor *each = list->first; each != NULL; each = each->next)
        park(each);
}

bool tl_parked_place(tl_store_cursor *cursor, tl_slice *key)
{
    if (cursor->standing == CURSOR_NOWHERE)
        return false;
    park(cursor);
    *key = (tl_slice){cursor->kept, cursor->kept_bytes};
    return true;
}

tl_store_txn *tl_parked_txn(const tl_store_cursor *cursor)
{
    return cursor->txn;
}

static tl_status cursor_move(tl_store_cursor *cursor, tl_parked_move move, tl_slice from,
                             tl_slice *key, tl_slice *value)
{
    tl_slice found_key = {NULL, 0}, found_value = {NULL, 0};
    tl_status status =
        cursor->list->engine->move(cursor->native, move, from, &found_key, &found_value);
    if (status == TL_OK && found_key.size_bytes > sizeof cursor->kept)
        status = TL_CORRUPT; /* no key of ours: put refuses longer ones */
    cursor->standing = status == TL_OK ? CURSOR_THERE : CURSOR_NOWHERE;
    if (status != TL_OK)
        return status;
    cursor->there = found_key;
    *key = found_key;
    *value = found_value;
    return TL_OK;
}

static const tl_slice no_key = {NULL, 0};

tl_status tl_parked_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_move(cursor, TL_MOVE_FIRST, no_key, key, value);
}

tl_status tl_parked_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_move(cursor, TL_MOVE_LAST, no_key, key, value);
}

tl_status tl_parked_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key, tl_slice *value)
{
    tl_parked_move move = from.size_bytes == 0 ? TL_MOVE_FIRST : TL_MOVE_SEEK;
    return cursor_move(cursor, move, from, key, value);
}

/* Go back to the place it was parked at; *there is false when its record is gone and the cursor
 * is at the next one. */
static tl_status unpark(tl_store_cursor *cursor, bool *there, tl_slice *key, tl_slice *value)
{
    unsigned char place[TL_DRIVER_KEY_BYTES_MAX];
    size_t place_bytes = cursor->kept_bytes;
    memcpy(place, cursor->kept, place_bytes);
    tl_status status =
        cursor_move(cursor, TL_MOVE_SEEK, (tl_slice){place, place_bytes}, key, value);
    *there = status == TL_OK && key->size_bytes == place_bytes &&
             memcmp(key->data, place, place_bytes) == 0;
    return status;
}

tl_status tl_parked_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (cursor->standing == CURSOR_NOWHERE)
        return tl_parked_first(cursor, key, value);
    if (cursor->standing == CURSOR_PARKED) {
        bool there;
        tl_slice found_key, found_value;
        tl_status status = unpark(cursor, &there, &found_key, &found_value);
        if (status != TL_OK)
            return status;
        if (!there) {
            *key = found_key; /* the record is gone: this is its neighbour */
            *value = found_value;
            return TL_OK;
        }
    }
    return cursor_move(cursor, TL_MOVE_NEXT, no_key, key, value);
}

tl_status tl_parked_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (cursor->standing == CURSOR_NOWHERE)
        return tl_parked_last(cursor, key, value);
    if (cursor->standing == CURSOR_PARKED) {
        bool there;
        tl_slice found_key, found_value;
        tl_status status = unpark(cursor, &there, &found_key, &found_value);
        if (status == TL_NOT_FOUND) /* nothing at or after it: the neighbour is the last */
            return tl_parked_last(cursor, key, value);
        if (status != TL_OK)
            return status;
    }
    return cursor_move(cursor, TL_MOVE_PREV, no_key, key, value);
}
