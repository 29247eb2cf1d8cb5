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

/* Room for one more change, which is not yet counted; NULL: out of memory. */
static tl_history_change *next_change(tl_history *history)
{
    forget_uncertain(history);
    tl_history_change *changes =
        grown(history->changes, history->change_count, &history->change_room, sizeof *changes);
    if (changes == NULL)
        return NULL;
    history->changes = changes;
    return &changes[history->change_count];
}

size_t tl_history_mark(tl_history *history)
{
    forget_uncertain(history);
    return history->change_count;
}

void tl_history_return(tl_history *history, size_t mark)
{
    drop_changes_from(history, mark);
}

tl_status tl_history_note_tree(tl_history *history, const char *tree, bool made)
{
    tl_history_change *change = next_change(history);
    if (change == NULL)
        return TL_NO_MEMORY;
    *change = (tl_history_change){.kind = made ? TL_HISTORY_TREE_MADE : TL_HISTORY_TREE_DROPPED,
                                  .tree = tree,
                                  .before_bytes = ABSENT,
                                  .after_bytes = ABSENT};
    history->change_count++;
    return TL_OK;
}

tl_status tl_history_note(tl_history *history, const tl_driver *model, tl_store_txn *view,
                          const char *tree, tl_slice key, const tl_slice *value)
{
    tl_history_change *change = next_change(history);
    if (change == NULL)
        return TL_NO_MEMORY;
    tl_slice before = {NULL, ABSENT};
    tl_status status = model->get(view, key, &before);
    if (status != TL_OK && status != TL_NOT_FOUND)
        return TL_OK; /* a key that no store takes: the write will be refused */
    *change = (tl_history_change){.tree = tree,
                                  .key_bytes = key.size_bytes,
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

/* What the changed thing adds to the content hash before or after the change. */
static uint64_t change_hash(const tl_history_change *change, bool after)
{
    if (change->kind != TL_HISTORY_RECORD)
        return (change->kind == TL_HISTORY_TREE_MADE) == after ? tl_content_tree_hash(change->tree)
                                                               : 0;
    tl_slice value = change_value(change, after);
    return value.size_bytes == ABSENT
               ? 0
               : tl_content_record_hash(change->tree, change_key(change), value);
}

static bool key_is(tl_slice key, const char *text, size_t text_bytes)
{
    return key.size_bytes == text_bytes && memcmp(key.data, text, text_bytes) == 0;
}

/* The content behind a change. */
static void content_follow(tl_script_content *content, const tl_history_change *change)
{
    static const char marker[] = "\0treelab/n", again[] = "\0treelab/again";
    uint64_t after = change_hash(change, true);
    content->hash += after - change_hash(change, false);
    if (change->kind != TL_HISTORY_RECORD)
        return;
    content->count += change->after_bytes != ABSENT;
    content->count -= change->before_bytes != ABSENT;
    if (change->tree != NULL || change->key_bytes == 0 || change->bytes[0] != 0)
        return;
    if (key_is(change_key(change), marker, sizeof marker - 1))
        content->marker_hash = after;
    else if (key_is(change_key(change), again, sizeof again - 1))
        content->again_hash = after;
}

tl_status tl_history_commit_end(tl_history *history, bool certain)
{
    forget_uncertain(history);
    tl_history_commit *commits =
        grown(history->commits, history->commit_count, &history->commit_room, sizeof *commits);
    if (commits == NULL)
        return TL_NO_MEMORY;
    history->commits = commits;
    tl_script_content content = tl_history_content(history, history->commit_count);
    for (size_t i = changes_begin(history, history->commit_count); i < history->change_count; i++)
        content_follow(&content, &history->changes[i]);
    commits[history->commit_count++] = (tl_history_commit){history->change_count, content};
    if (certain)
        history->position = history->commit_count;
    return TL_OK;
}

void tl_history_abort(tl_history *history)
{
    drop_changes_from(history, changes_begin(history, history->commit_count));
}

tl_script_content tl_history_content(const tl_history *history, size_t commit)
{
    return commit == 0 ? (tl_script_content){0} : history->commits[commit - 1].content;
}

uint64_t tl_history_hash(const tl_history *history, size_t commit)
{
    return tl_history_content(history, commit).hash;
}

/* Make the model hold what there was before or after a change. */
static tl_status set_change(const tl_driver *model, tl_store_txn *txn,
                            const tl_history_change *change, bool after)
{
    tl_store_txn *view = txn;
    tl_slice name = {change->tree, change->tree == NULL ? 0 : strlen(change->tree)};
    if (change->kind != TL_HISTORY_RECORD && (change->kind == TL_HISTORY_TREE_MADE) != after)
        return model->drop(txn, name);
    tl_status status = change->tree == NULL ? TL_OK : model->tree(txn, name, true, &view);
    if (status != TL_OK || change->kind != TL_HISTORY_RECORD)
        return status;
    tl_slice key = change_key(change), value = change_value(change, after);
    if (value.size_bytes != ABSENT)
        return model->put(view, key, value, 0);
    status = model->del(view, key);
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
        status = set_change(model, txn, &history->changes[i], true);
    for (size_t i = from; i > to && status == TL_OK; i--)
        status = set_change(model, txn, &history->changes[i - 1], false);
    if (status != TL_OK) {
        model->abort(txn);
        return status;
    }
    history->position = history->commit_count = commit;
    drop_changes_from(history, to);
    return model->commit(txn);
}
