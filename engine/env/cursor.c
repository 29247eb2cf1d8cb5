/* engine/env/cursor.c -- cursors: a walk that finds its place again after the txn changed the tree.
 *
 * A cursor of a write txn remembers the key it stands at and the change count it last saw.  When
 * the count has moved, pages may have moved too: the next step seeks the key anew.  Next is then
 * the first record above it and prev the last below it, whether it still exists or not.
 */
#include "engine/env/edit.h"
#include "engine/env/range.h"
#include "engine/env/value.h"

struct tl_cursor {
    tl_txn *txn;
    tl_cursor *next, **link; /* among the txn's open cursors: its successor, and who points here */
    tl_walk walk;
    tl_tree tree;
    tl_root root;         /* of a write txn, when the walk was valid */
    bool ended;           /* by a rollback: good for nothing but closing */
    bool placed;          /* it stands at `key`; else nowhere */
    tl_range_copy *range; /* it shows nothing else; NULL: no bounds */
    uint64_t changes;     /* of the writer, when the walk was valid */
    size_t key_bytes;
    uint8_t key[TL_KEY_BYTES_MAX]; /* in a write txn only */
};

static uint64_t changes_now(const tl_txn *txn)
{
    return txn->read_only ? 0 : txn->env->writer.changes;
}

tl_status tl_cursor_open(tl_txn *txn, tl_tree tree, tl_cursor **out)
{
    tl_env *env = txn->env;
    const tl_root *root = tl_txn_root(txn, tree);
    if (root == NULL)
        return TL_NOT_FOUND;
    tl_cursor *cursor = env->pager.memory->allocate(env->pager.memory, sizeof *cursor);
    if (cursor == NULL)
        return TL_NO_MEMORY;
    cursor->txn = txn;
    cursor->placed = cursor->ended = false;
    cursor->range = NULL;
    cursor->walk.pager = &env->pager;
    cursor->tree = tree;
    cursor->root = *root;
    cursor->walk.root = txn->read_only ? root : &cursor->root;
    cursor->walk.counts = txn->read_only ? &txn->counts : &env->writer.counts;
    cursor->walk.depth = 0;
    cursor->next = txn->cursors;
    cursor->link = &txn->cursors;
    if (cursor->next != NULL)
        cursor->next->link = &cursor->next;
    txn->cursors = cursor;
    *out = cursor;
    return TL_OK;
}

void tl_cursor_close(tl_cursor *cursor)
{
    if (cursor == NULL)
        return;
    tl_memory *memory = cursor->txn->env->pager.memory;
    *cursor->link = cursor->next;
    if (cursor->next != NULL)
        cursor->next->link = cursor->link;
    if (cursor->range != NULL)
        memory->release(memory, cursor->range, sizeof *cursor->range);
    memory->release(memory, cursor, sizeof *cursor);
}

void tl_cursors_release(tl_txn *txn)
{
    while (txn->cursors != NULL)
        tl_cursor_close(txn->cursors);
}

void tl_cursors_end(tl_txn *txn)
{
    for (tl_cursor *cursor = txn->cursors; cursor != NULL; cursor = cursor->next) {
        cursor->ended = true;
        cursor->placed = false;
    }
}

static bool is_inside(const tl_cursor *cursor, tl_slice key)
{
    tl_bounds range = tl_range_copy_bounds(cursor->range);
    return tl_slice_compare(range.lower, key) <= 0 &&
           (range.upper.size_bytes == 0 || tl_slice_compare(key, range.upper) < 0);
}

/* The walk arrived with `status`: hand out the record, or stand nowhere. */
static tl_status arrive(tl_cursor *cursor, tl_status status, tl_slice *key, tl_slice *value)
{
    cursor->placed = status == TL_OK;
    if (status != TL_OK)
        return status;
    tl_slice found_key, found;
    tl_walk_record(&cursor->walk, &found_key, &found);
    if (__builtin_expect(cursor->range != NULL, 0) && !is_inside(cursor, found_key)) {
        cursor->placed = false;
        return TL_NOT_FOUND;
    }
    if (!cursor->txn->read_only) {
        cursor->changes = changes_now(cursor->txn);
        cursor->key_bytes = found_key.size_bytes;
        memcpy(cursor->key, found_key.data, found_key.size_bytes);
    }
    status = tl_txn_fetch(cursor->txn, cursor->tree, &found);
    if (status != TL_OK)
        return status; /* it stands at the record all the same */
    *key = found_key;
    *value = found;
    return TL_OK;
}

/* The tree may have another root by now, or be gone. */
static tl_status root_find(tl_cursor *cursor)
{
    if (cursor->txn->read_only)
        return TL_OK;
    if (cursor->ended)
        return TL_INVALID;
    const tl_root *root = tl_txn_root(cursor->txn, cursor->tree);
    cursor->placed = cursor->placed && root != NULL;
    if (root == NULL)
        return TL_NOT_FOUND;
    cursor->root = *root;
    return TL_OK;
}

/* The first record from `from` on, and not before the cursor's range.  Keys beyond the limits
 * cannot be stored but can be sought. */
static tl_status seek(tl_cursor *cursor, tl_slice from)
{
    if (cursor->range != NULL) {
        tl_slice lower = tl_range_copy_bounds(cursor->range).lower;
        from = tl_slice_compare(from, lower) < 0 ? lower : from;
    }
    if (from.size_bytes == 0)
        return tl_walk_first(&cursor->walk);
    return tl_walk_seek(&cursor->walk, from);
}

/* The last record of all, or of the cursor's range. */
static tl_status seek_last(tl_cursor *cursor)
{
    tl_walk *walk = &cursor->walk;
    if (cursor->range == NULL || cursor->range->upper_bytes == 0)
        return tl_walk_last(walk);
    tl_status status = tl_walk_seek(walk, tl_range_copy_bounds(cursor->range).upper);
    if (status == TL_OK)
        return tl_walk_prev(walk);
    return status == TL_NOT_FOUND ? tl_walk_last(walk) : status;
}

tl_status tl_cursor_bound(tl_cursor *cursor, const tl_range *range)
{
    tl_env *env = cursor->txn->env;
    tl_memory *memory = env->pager.memory;
    tl_range_copy *copy = NULL;
    if (range != NULL) {
        copy = memory->allocate(memory, sizeof *copy);
        if (copy == NULL)
            return TL_NO_MEMORY;
        tl_status status = tl_range_copy_make(copy, range, env->pager.max_key_bytes);
        if (status != TL_OK) {
            memory->release(memory, copy, sizeof *copy);
            return status;
        }
    }
    if (cursor->range != NULL)
        memory->release(memory, cursor->range, sizeof *copy);
    cursor->range = copy;
    cursor->placed = false;
    return TL_OK;
}

tl_status tl_cursor_first(tl_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_status status = root_find(cursor);
    if (status != TL_OK)
        return status;
    return arrive(cursor, seek(cursor, tl_slice_of(NULL, 0)), key, value);
}

tl_status tl_cursor_last(tl_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_status status = root_find(cursor);
    if (status != TL_OK)
        return status;
    return arrive(cursor, seek_last(cursor), key, value);
}

tl_status tl_cursor_seek(tl_cursor *cursor, tl_slice from, tl_slice *key, tl_slice *value)
{
    tl_status status = root_find(cursor);
    if (status != TL_OK)
        return status;
    return arrive(cursor, seek(cursor, from), key, value);
}

static bool walk_is_stale(const tl_cursor *cursor)
{
    return !cursor->txn->read_only && cursor->changes != changes_now(cursor->txn);
}

static __attribute__((noinline)) tl_status next_anyhow(tl_cursor *cursor, tl_slice *key,
                                                       tl_slice *value)
{
    tl_walk *walk = &cursor->walk;
    if (!cursor->placed)
        return tl_cursor_first(cursor, key, value);
    if (!walk_is_stale(cursor))
        return arrive(cursor, tl_walk_next(walk), key, value);
    tl_slice here = tl_slice_of(cursor->key, cursor->key_bytes), found, ignored;
    tl_status status = root_find(cursor);
    if (status != TL_OK)
        return status;
    status = tl_walk_seek(walk, here);
    if (status == TL_OK) {
        tl_walk_record(walk, &found, &ignored);
        if (tl_slice_compare(found, here) == 0)
            status = tl_walk_next(walk);
    }
    return arrive(cursor, status, key, value);
}

tl_status tl_cursor_next(tl_cursor *cursor, tl_slice *key, tl_slice *value)
{
    bool plain = cursor->placed && cursor->txn->read_only && cursor->range == NULL;
    if (__builtin_expect(plain, 1) && tl_walk_step(&cursor->walk, key, value))
        return TL_OK;
    return next_anyhow(cursor, key, value);
}

tl_status tl_cursor_prev(tl_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_walk *walk = &cursor->walk;
    if (!cursor->placed)
        return tl_cursor_last(cursor, key, value);
    if (!walk_is_stale(cursor))
        return arrive(cursor, tl_walk_prev(walk), key, value);
    tl_status status = root_find(cursor);
    if (status != TL_OK)
        return status;
    status = tl_walk_seek(walk, tl_slice_of(cursor->key, cursor->key_bytes));
    if (status == TL_OK)
        status = tl_walk_prev(walk);
    else if (status == TL_NOT_FOUND)
        status = tl_walk_last(walk); /* all that is left lies below */
    return arrive(cursor, status, key, value);
}

tl_status tl_cursor_next_leaf(tl_cursor *cursor, tl_slice *key, tl_slice *value)
{
    tl_walk *walk = &cursor->walk;
    if (!cursor->placed)
        return tl_cursor_first(cursor, key, value);
    tl_status status = TL_OK;
    if (walk_is_stale(cursor)) {
        status = root_find(cursor);
        if (status == TL_OK)
            status = tl_walk_seek(walk, tl_slice_of(cursor->key, cursor->key_bytes));
    }
    if (status == TL_OK)
        status = tl_walk_next_leaf(walk);
    return arrive(cursor, status, key, value);
}

tl_status tl_cursor_put(tl_cursor *cursor, tl_slice value)
{
    if (cursor->txn->read_only)
        return TL_READ_ONLY;
    if (!cursor->placed)
        return cursor->ended ? TL_INVALID : TL_NOT_FOUND;
    return tl_txn_put(cursor->txn, cursor->tree, tl_slice_of(cursor->key, cursor->key_bytes), value,
                      0);
}

tl_status tl_cursor_del(tl_cursor *cursor)
{
    if (cursor->txn->read_only)
        return TL_READ_ONLY;
    if (!cursor->placed)
        return cursor->ended ? TL_INVALID : TL_NOT_FOUND;
    return tl_txn_del(cursor->txn, cursor->tree, tl_slice_of(cursor->key, cursor->key_bytes));
}
