/* engine/env/load.c -- loading a stream of sorted records: limits, large values, fill, log.
 *
 * A value that fits into no leaf is made when its record comes, because its bytes do not stay. What
 * undoes the load undoes those values.
 */
#include "engine/tree/load.h"
#include "engine/env/edit.h"
#include "engine/env/value_group.h"

#include <string.h>

typedef struct stream { /* the records, as they come */
    tl_next_fn next;
    void *context;
    uint64_t count, bytes;
    size_t first_key_bytes;
    uint8_t first_key[TL_KEY_BYTES_MAX];
    tl_value_group values; /* the large ones */
} stream;

/* The value as the tree gets it: itself, or the reference to it, made in `ref`. */
static tl_status value_make(const tl_env *env, stream *from, const tl_record *record,
                            uint8_t ref[TL_VALUE_REF_BYTES], tl_slice *value)
{
    *value = record->value;
    if (tl_record_fits(&env->pager, record->key.size_bytes, value->size_bytes))
        return TL_OK;
    size_t others = tl_tree_pages_needed(&env->writer.root) + tl_tree_pages_left(&env->writer);
    *value = tl_slice_of(ref, TL_VALUE_IS_REF);
    return tl_value_group_add(&from->values, record->value, false, others, ref);
}

static tl_status record_add(const tl_env *env, tl_load *load, stream *from, const tl_record *record)
{
    uint8_t ref[TL_VALUE_REF_BYTES];
    tl_slice value;
    if (record->key.size_bytes == 0 || record->key.size_bytes > env->pager.max_key_bytes)
        return TL_KEY_SIZE;
    if (record->value.size_bytes > TL_VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    tl_status status = value_make(env, from, record, ref, &value);
    if (status == TL_OK)
        status = tl_load_add(load, record->key, value);
    if (status != TL_OK)
        return status;
    if (from->count++ == 0) {
        from->first_key_bytes = record->key.size_bytes;
        memcpy(from->first_key, record->key.data, record->key.size_bytes);
    }
    from->bytes += record->key.size_bytes + record->value.size_bytes;
    return TL_OK;
}

/* Add all records.  *broken: the stream itself gave the status. */
static tl_status stream_add(const tl_env *env, tl_load *load, stream *from, bool *broken)
{
    for (;;) { /* ends with the stream */
        tl_record record = {
            {NULL, 0},
            {NULL, 0}
        };
        tl_status status = from->next(from->context, &record);
        if (status != TL_OK) {
            *broken = status != TL_NOT_FOUND;
            return status == TL_NOT_FOUND ? TL_OK : status;
        }
        status = record_add(env, load, from, &record);
        if (status != TL_OK)
            return status;
    }
}

/* The log wants single operations: as many as it takes until they are dropped as too many. */
static tl_status loaded_record(tl_env *env, tl_tree tree, stream *from)
{
    tl_walk walk = {.pager = &env->pager, .root = &env->writer.root, .counts = &env->writer.counts};
    if (!env->protocol->logs || env->ops_dropped || from->count == 0)
        return TL_OK;
    tl_status status = tl_walk_seek(&walk, tl_slice_of(from->first_key, from->first_key_bytes));
    while (status == TL_OK && !env->ops_dropped) {
        tl_slice key, value;
        tl_walk_record(&walk, &key, &value);
        if (value.size_bytes == TL_VALUE_IS_REF)
            tl_value_group_log(&from->values, key, tl_slice_of(NULL, 0));
        else
            tl_ops_record(env, TL_OP_CODE_PUT, tree, key, value);
        status = tl_walk_next(&walk);
    }
    return status == TL_NOT_FOUND ? TL_OK : status;
}

/* Is it one after which the tree is as it was, and the txn with it? */
static tl_status settle(tl_txn *txn, tl_status status)
{
    bool refused = status == TL_INVALID || status == TL_KEY_SIZE || status == TL_VALUE_SIZE;
    return refused ? status : tl_txn_settle(txn, status);
}

static tl_status load_all(tl_txn *txn, tl_tree tree, stream *from, const tl_fill_use *fill,
                          uint64_t *leaves)
{
    tl_env *env = txn->env;
    tl_load *load = NULL;
    bool broken = false;
    tl_status status = tl_load_begin(&load, &env->writer, fill);
    if (status != TL_OK)
        return settle(txn, status);
    tl_value_group_begin(&from->values, env, tree);
    status = stream_add(env, load, from, &broken);
    if (status == TL_OK)
        status = tl_load_end(load, leaves);
    if (status != TL_OK) {
        tl_load_cancel(load);
        tl_value_group_undo(&from->values);
    }
    return broken ? status : settle(txn, status);
}

/* The strategy of this name, opened; the env's own when there is no name. */
static tl_status fill_open(tl_env *env, const char *name, tl_fill_use *use)
{
    const tl_pager *pager = &env->pager;
    use->row = tl_fill_find(env->extra_fills, name);
    if (use->row == NULL)
        return TL_INVALID;
    tl_strategy_config config = {.page_bytes = pager->page_bytes,
                                 .max_key_bytes = pager->max_key_bytes,
                                 .seed = env->seed,
                                 .memory = pager->memory};
    return tl_fill_open(use, &config);
}

tl_status tl_bulk_load(tl_txn *txn, tl_tree tree, tl_next_fn next, void *context, const char *fill,
                       tl_batch_result *result)
{
    tl_env *env = txn->env;
    stream from = {.next = next, .context = context};
    tl_fill_use own = {.row = NULL};
    uint64_t leaves = 0;
    tl_status status = tl_txn_check_writable(txn);
    if (status == TL_OK && fill != NULL)
        status = fill_open(env, fill, &own);
    if (status == TL_OK)
        status = tl_writer_turn(env, tree);
    if (status == TL_OK)
        status = load_all(txn, tree, &from, fill != NULL ? &own : &env->writer.fill, &leaves);
    tl_fill_close(&own);
    if (status == TL_OK) {
        env->pager.stats.user_bytes += from.bytes;
        status = tl_txn_settle(txn, loaded_record(env, tree, &from));
    }
    tl_value_group_end(&from.values);
    if (result != NULL && status == TL_OK)
        *result =
            (tl_batch_result){.inserted = from.count, .leaves = leaves, .failed_at = from.count};
    else if (result != NULL)
        result->failed_at = from.count;
    return status;
}
