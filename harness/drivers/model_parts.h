/* harness/drivers/model_parts.h -- what the files of the model share.
 *
 * All trees lie in one sorted array, each record's key behind the four bytes of its tree's number:
 *
 *   0000 name       -> number of that tree      the catalog
 *   0000            -> largest number given out
 *   0001 key        -> value                    the main tree
 *   0002 key        -> value                    the first named tree ...
 *
 * So one version is one content of all trees, and creating or dropping a tree is made of puts and
 * deletes of records, which transactions and savepoints undo like any other.
 */
#ifndef TL_DRIVERS_MODEL_PARTS_H
#define TL_DRIVERS_MODEL_PARTS_H

#include "harness/drivers/drivers.h"
#include "harness/drivers/records.h"

enum { MODEL_CATALOG = 0, MODEL_PREFIX_BYTES = 4 };

typedef struct model_undo { /* one record before it was changed */
    unsigned char *bytes;   /* key with its prefix, then value; owned */
    size_t key_bytes, value_bytes;
    bool was_there;
} model_undo;

typedef struct model_bytes { /* a key with its prefix, in memory that is used again */
    unsigned char *data;
    size_t room_bytes;
} model_bytes;

struct tl_store {
    tl_records *records;
    char *path; /* of the file; NULL: memory only */
    size_t key_bytes_max;
    bool read_only, writing;
    tl_store_txn *txns; /* open ones */
};

struct tl_store_txn {
    tl_store *store;
    tl_store_txn *whole; /* the txn that this is a view of; itself when it is none */
    uint32_t tree;
    tl_store_txn *next; /* of the store's txns, or of the whole txn's views */

    /* of a whole txn alone */
    tl_records_version *version; /* a draft in a write txn, else pinned */
    bool read_only;
    uint64_t changes; /* made so far: a cursor that saw fewer looks its key up again */
    tl_store_cursor *cursors;
    tl_store_txn *views;
    model_bytes key, bound;
    model_undo *undo; /* since the first savepoint */
    size_t undo_count, undo_room;
    size_t *saves; /* undo_count at each savepoint */
    size_t save_count, save_room;
};

struct tl_store_cursor {
    tl_store_txn *txn; /* or view */
    tl_store_cursor *next;
    bool stands; /* at `key`, or where it was before it was deleted */
    tl_records_place place;
    uint64_t changes_seen;
    model_bytes key; /* with its prefix */
    size_t key_bytes;
};

/* --- model_txn.c --- */

tl_status model_begin(tl_store *store, bool read_only, tl_store_txn **txn);
tl_status model_commit(tl_store_txn *txn);
void model_abort(tl_store_txn *txn);
tl_status model_savepoint(tl_store_txn *txn, uint32_t *save);
tl_status model_rollback(tl_store_txn *txn, uint32_t save);

/* `key` behind the number of `tree`, in `into`. */
TL_MUST_USE tl_status model_full_key(model_bytes *into, uint32_t tree, tl_slice key,
                                     tl_slice *full);
/* Change one record, its key with prefix; value NULL: delete.  Every change comes through here. */
TL_MUST_USE tl_status model_change(tl_store_txn *whole, tl_slice full_key, const tl_slice *value);
/* The txn may write `key`: TL_READ_ONLY, TL_KEY_SIZE. */
TL_MUST_USE tl_status model_may_write(const tl_store_txn *txn, tl_slice key);

/* --- model_tree.c: one tree of a txn --- */

/* The record at `place`, without its prefix; false when it is past the end of the tree. */
bool model_at(const tl_store_txn *txn, tl_records_place place, tl_slice *key, tl_slice *value);
TL_MUST_USE tl_status model_seek(tl_store_txn *txn, tl_slice key, tl_records_place *place,
                                 bool *equal);
/* The places that a tree or a range begins and ends at; NULL: the whole tree. */
TL_MUST_USE tl_status model_span(tl_store_txn *txn, const tl_range *range, tl_records_place *first,
                                 tl_records_place *end);
uint64_t model_between(const tl_store_txn *txn, tl_records_place first, tl_records_place end);

tl_status model_tree(tl_store_txn *txn, tl_slice name, bool create, tl_store_txn **view);
tl_status model_drop(tl_store_txn *txn, tl_slice name);

/* --- model_many.c --- */

tl_status model_upsert_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at);
tl_status model_insert_sorted(tl_store_txn *txn, const tl_record *records, size_t count,
                              size_t *failed_at);
tl_status model_bulk_load(tl_store_txn *txn, tl_next_fn next, void *context, const char *fill,
                          size_t *failed_at);
tl_status model_del_range(tl_store_txn *txn, const tl_range *range, uint64_t *deleted);
tl_status model_count_range(tl_store_txn *txn, const tl_range *range, uint64_t *count);

/* --- model_cursor.c --- */

tl_status model_cursor_open(tl_store_txn *txn, tl_store_cursor **cursor);
void model_cursor_close(tl_store_cursor *cursor);
tl_status model_cursor_first(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status model_cursor_last(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status model_cursor_seek(tl_store_cursor *cursor, tl_slice from, tl_slice *key, tl_slice *value);
tl_status model_cursor_next(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status model_cursor_prev(tl_store_cursor *cursor, tl_slice *key, tl_slice *value);
tl_status model_cursor_del(tl_store_cursor *cursor);

#endif
