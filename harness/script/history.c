#include "harness/script/history.h"

#include <stdlib.h>
#include <string.h>

static const size_t ABSENT = SIZE_MAX;

static size_t present_bytes(size_t size_bytes)
{
    return size_bytes == ABSENT ? 0 : size_bytes;
}

static void drop_changes_from(tl_history *history, size_t first)
{
    while (history->change_count > first)
        free(history->changes[--history->change_count].bytes);
}

void tl_history_free(tl_history *history)
{
    drop_changes_from(history, 0);
    free(history->changes);
    free(history->commits);
    *history = (tl_history){0};
}

static size_t changes_begin(const tl_history *history, size_t commit)
{
    return commit == 0 ? 0 : history->commits[commit - 1].change_end;
}

static tl_slice change_key(const tl_history_change *change)
{
    return (tl_slice){change->bytes, change->key_bytes};
}

static tl_slice change_value(const tl_history_change *change, bool after)
{
    size_t offset = change->key_bytes + (after ? present_bytes(change->before_bytes) : 0);
    return (tl_slice){change->bytes + offset, after ? change->after_bytes : change->before_bytes};
}

/* Room for one more element of `element_bytes`; NULL: out of memory, `array` stays as it was. */
static void *grown(void *array, size_t count, size_t *room, size_t element_bytes)
{
    if (count < *room)
        return array;
    size_t larger_room = *room == 0 ? 64 : 2 * *room;
    void *larger = realloc(array, larger_room * element_bytes);
    if (larger != NULL)
        *room = larger_room;
    return larger;
}

/* An unknown outcome that was never asked for is over when the next txn begins to write: the
 * store serves the state without it. */
static void forget_uncertain(tl_history *history)
{
    if (history->commit_count == history->position)
        return;
    history->commit_count = history->position;
    drop_changes_from(history, changes_begin(history, history->position));
}

tl_status tl_history_note(tl_history *history, const tl_driver *model, tl_store_txn *txn,
                          tl_slice key, const tl_slice *value)
{
    forget_uncertain(history);
    tl_history_change *changes =
        grown(history->changes, history->change_count, &history->change_room, sizeof *changes);
    if (changes == NULL)
        return TL_NO_MEMORY;
    history->changes = changes;
    tl_slice before = {NULL, ABSENT};
    tl_status status = model->get(txn, key, &before);
    if (status != TL_OK && status != TL_NOT_FOUND)
        return TL_OK; /* a key that no store takes: the write will be refused */
    tl_history_change *change = &changes[history->change_count];
    *change = (tl_history_change){.key_bytes = key.size_bytes,
                                  .before_bytes = before.size_bytes,
                                  .after_bytes = value == NULL ? ABSENT : value->size_bytes};
    size_t before_bytes = present_bytes(change->before_bytes);
    size_t after_bytes = present_bytes(change->after_bytes);
    change->bytes = malloc(key.size_bytes + before_bytes + after_bytes + 1);
    if (change->bytes == NULL)
        return TL_NO_MEMORY;
    memcpy(change->bytes, key.data, key.size_bytes);
    if (before_bytes > 0)
        memcpy(change->bytes + key.size_bytes, before.data, before_bytes);
    if (after_bytes > 0)
        memcpy(change->bytes + key.size_bytes + before_bytes, value->data, after_bytes);
    history->change_count++;
    return TL_OK;
}

static uint64_t value_hash(const tl_history_change *change, bool after)
{
    tl_slice value = change_value(change, after);
    return value.size_bytes == ABSENT ? 0 : tl_record_hash(change_key(change), value);
}

tl_status tl_history_commit_end(tl_history *history, bool certain)
{
    forget_uncertain(history);
    tl_history_commit *commits =
        grown(history->commits, history->commit_count, &history->commit_room, sizeof *commits);
    if (commits == NULL)
        return TL_NO_MEMORY;
    history->commits = commits;
    uint64_t hash = tl_history_hash(history, history->commit_count);
    for (size_t i = changes_begin(history, history->commit_count); i < history->change_count; i++)
        hash += value_hash(&history->changes[i], true) - value_hash(&history->changes[i], false);
    commits[history->commit_count++] = (tl_history_commit){history->change_count, hash};
    if (certain)
        history->position = history->commit_count;
    return TL_OK;
}

void tl_history_abort(tl_history *history)
{
    drop_changes_from(history, changes_begin(history, history->commit_count));
}

uint64_t tl_history_hash(const tl_history *history, size_t commit)
{
    return commit == 0 ? 0 : history->commits[commit - 1].hash;
}

static tl_status set_value(const tl_driver *model, tl_store_txn *txn, tl_slice key, tl_slice value)
{
    if (value.size_bytes != ABSENT)
        return model->put(txn, key, value, 0);
    tl_status status = model->del(txn, key);
    return status == TL_NOT_FOUND ? TL_OK : status;
}

tl_status tl_history_move(tl_history *history, const tl_driver *model, tl_store *store,
                          size_t commit)
{
    tl_store_txn *txn;
    tl_status status = model->begin(store, false, &txn);
    if (status != TL_OK)
        return status;
    size_t from = changes_begin(history, history->position), to = changes_begin(history, commit);
    for (size_t i = from; i < to && status == TL_OK; i++)
        status = set_value(model, txn, change_key(&history->changes[i]),
                           change_value(&history->changes[i], true));
    for (size_t i = from; i > to && status == TL_OK; i--)
        status = set_value(model, txn, change_key(&history->changes[i - 1]),
                           change_value(&history->changes[i - 1], false));
    if (status != TL_OK) {
        model->abort(txn);
        return status;
    }
    history->position = history->commit_count = commit;
    drop_changes_from(history, to);
    return model->commit(txn);
}
