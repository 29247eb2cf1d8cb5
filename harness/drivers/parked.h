/* harness/drivers/parked.h -- cursors of tl/engine.h's meaning over an engine's own ones.
 *
 * Engines differ in what becomes of a cursor when its txn changes the tree, and most say little
 * about one whose record is deleted.  Before each change the cursors of the txn are therefore
 * parked: each remembers its key and finds its place again at its next step.  Steps between
 * changes pay nothing for that.
 */
#ifndef TL_DRIVERS_PARKED_H
#define TL_DRIVERS_PARKED_H

#include "harness/drivers/drivers.h"

typedef enum tl_parked_move {
    TL_MOVE_FIRST,
    TL_MOVE_LAST,
    TL_MOVE_SEEK, /* the first record >= from */
    TL_MOVE_NEXT,
    TL_MOVE_PREV,
} tl_parked_move;

typedef struct tl_parked_engine { /* what the engine does itself */
    tl_status (*open)(tl_store_txn *txn, void **native);
    void (*close)(void *native);
    /* TL_NOT_FOUND past either end.  The bytes live until the next move of this one. */
    tl_status (*move)(void *native, tl_parked_move move, tl_slice from, tl_slice *key,
                      tl_slice *value);
} tl_parked_engine;

typedef struct tl_parked_list { /* the open cursors of one txn */
    const tl_parked_engine *engine;
    tl_store_cursor *first;
} tl_parked_list;

tl_status tl_parked_open(tl_parked_list *list, tl_store_txn *txn, tl_store_cursor **cursor);
void tl_parked_park(tl_parked_list *list);  /* before a change of the txn */
void tl_parked_clear(tl_parked_list *list); /* before the txn ends: close those left open */

/* The key the cursor stands at, or stood at when its record was deleted; false: it stands
 * nowhere.  The bytes live until its next step. */
bool tl_parked_place(tl_store_cursor *cursor, tl_slice *key);
tl_store_txn *tl_parked_txn(const tl_store_cursor *cursor);

/* As the slots of tl_driver. */
void tl_parked_close(tl_store_cursor *cursor);
tl_status tl_parked_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_parked_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_parked_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key, tl_slice *value);
tl_status tl_parked_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status tl_parked_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);

#endif
