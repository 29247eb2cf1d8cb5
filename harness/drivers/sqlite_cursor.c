/* harness/drivers/sqlite_cursor.c -- cursors of driver sqlite: SELECTs that are stepped.
 *
 * Before a change, and when the direction turns, a cursor is parked: it remembers its key, and
 * the next step opens a SELECT from there.
 */
#include "harness/drivers/sqlite_parts.h"

#include <stdlib.h>
#include <string.h>

typedef enum walk { WALK_FROM, WALK_AFTER, WALK_BEFORE, WALK_BACK_FROM_END, WALK_COUNT } walk;

static const struct {
    const char *text;
    bool backward, keyed;
} walks[WALK_COUNT] = {
    {"SELECT k, v FROM t WHERE k >= ?1 ORDER BY k",     false, true }, /* WALK_FROM */
    {"SELECT k, v FROM t WHERE k > ?1 ORDER BY k",      false, true }, /* WALK_AFTER */
    {"SELECT k, v FROM t WHERE k < ?1 ORDER BY k DESC", true,  true }, /* WALK_BEFORE */
    {"SELECT k, v FROM t ORDER BY k DESC",              true,  false}, /* WALK_BACK_FROM_END */
};

typedef enum cursor_standing {
    CURSOR_NOWHERE,
    CURSOR_THERE, /* the SELECT `running` is at the record */
    CURSOR_PARKED /* at `key`, or where it was before it was deleted */
} cursor_standing;

struct tl_store_cursor {
    tl_store_txn *txn;
    sqlite3_stmt *selects[WALK_COUNT]; /* prepared when first used */
    sqlite3_stmt *running;
    bool backward; /* the direction of `running` */
    cursor_standing standing;
    size_t key_bytes;
    unsigned char key[TL_DRIVER_KEY_BYTES_MAX];
    tl_store_cursor *next;
};

tl_status tl_sqlite_cursor_open(tl_store_txn *txn, tl_store_cursor **out)
{
    tl_store_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return TL_NO_MEMORY;
    cursor->txn = txn;
    cursor->next = txn->cursors;
    txn->cursors = cursor;
    *out = cursor;
    return TL_OK;
}

void tl_sqlite_cursor_close(tl_store_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tl_store_cursor **link = &cursor->txn->cursors;
    while (*link != cursor)
        link = &(*link)->next;
    *link = cursor->next;
    for (size_t i = 0; i < WALK_COUNT; i++)
        (void)sqlite3_finalize(cursor->selects[i]);
    free(cursor);
}

static void park(tl_store_cursor *cursor)
{
    if (cursor->standing != CURSOR_THERE)
        return;
    tl_slice key = tl_sqlite_column(cursor->running, 0);
    memcpy(cursor->key, key.data, key.size_bytes); /* put refuses longer ones */
    cursor->key_bytes = key.size_bytes;
    cursor->standing = CURSOR_PARKED;
    (void)sqlite3_reset(cursor->running); /* it had a row: nothing to report */
    cursor->running = NULL;
}

void tl_sqlite_park(tl_store_txn *txn)
{
    for (tl_store_cursor *each = txn->cursors; each != NULL; each = each->next)
        park(each);
}

/* Step the running SELECT and stand where it arrives. */
static tl_status cursor_step(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    if (sqlite3_step(cursor->running) == SQLITE_ROW) {
        cursor->standing = CURSOR_THERE;
        *key = tl_sqlite_column(cursor->running, 0);
        *value = tl_sqlite_column(cursor->running, 1);
        return TL_OK;
    }
    tl_status status = tl_sqlite_status(sqlite3_reset(cursor->running));
    cursor->running = NULL;
    cursor->standing = CURSOR_NOWHERE;
    return status == TL_OK ? TL_NOT_FOUND : status;
}

/* Start a SELECT; a keyed one starts from `from`. */
static tl_status cursor_start(tl_store_cursor *cursor, walk kind, tl_slice from, tl_slice *key,
                              tl_slice *value)
{
    tl_sqlite_settle(cursor->txn);
    if (cursor->running != NULL)
        (void)sqlite3_reset(cursor->running); /* it had a row: nothing to report */
    cursor->running = NULL;
    cursor->standing = CURSOR_NOWHERE;
    sqlite3_stmt **select = &cursor->selects[kind];
    int code = SQLITE_OK;
    if (*select == NULL)
        code = sqlite3_prepare_v3(cursor->txn->db, walks[kind].text, -1, SQLITE_PREPARE_PERSISTENT,
                                  select, NULL);
    if (code == SQLITE_OK && walks[kind].keyed)
        code = tl_sqlite_bind(*select, 1, from);
    if (code != SQLITE_OK)
        return tl_sqlite_status(code);
    cursor->running = *select;
    cursor->backward = walks[kind].backward;
    return cursor_step(cursor, key, value);
}

tl_status tl_sqlite_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_start(cursor, WALK_FROM, (tl_slice){NULL, 0}, key, value);
}

tl_status tl_sqlite_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_start(cursor, WALK_BACK_FROM_END, (tl_slice){NULL, 0}, key, value);
}

tl_status tl_sqlite_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key,
                                tl_slice *value)
{
    return cursor_start(cursor, WALK_FROM, from, key, value);
}

static tl_status cursor_move(tl_store_cursor *cursor, bool backward, tl_slice *key, tl_slice *value)
{
    if (cursor->standing == CURSOR_NOWHERE)
        return backward ? tl_sqlite_cursor_last(cursor, key, value)
                        : tl_sqlite_cursor_first(cursor, key, value);
    if (cursor->standing == CURSOR_THERE && cursor->backward == backward)
        return cursor_step(cursor, key, value);
    park(cursor);
    tl_slice place = {cursor->key, cursor->key_bytes};
    return cursor_start(cursor, backward ? WALK_BEFORE : WALK_AFTER, place, key, value);
}

tl_status tl_sqlite_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_move(cursor, false, key, value);
}

tl_status tl_sqlite_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value)
{
    return cursor_move(cursor, true, key, value);
}

tl_status tl_sqlite_cursor_del(tl_store_cursor *cursor)
{
    if (cursor->txn->read_only)
        return TL_READ_ONLY;
    if (cursor->standing == CURSOR_NOWHERE)
        return TL_NOT_FOUND;
    park(cursor);
    return tl_sqlite_del(cursor->txn, (tl_slice){cursor->key, cursor->key_bytes});
}
