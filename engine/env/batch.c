/* engine/env/batch.c -- many sorted records at once: limits, foreign bytes, log.
 *
 * Records may lie in pages of the very txn that the batch changes, as values from tl_get do.  Those
 * are taken out first, into memory of their own: an edit of one record moves the others.
 */
#include "engine/tree/batch.h"
#include "engine/env/edit.h"
#include "engine/env/env.h"

static tl_status record_check(const tl_pager *pager, const tl_record *record,
                              const tl_record *before)
{
    size_t key_bytes = record->key.size_bytes;
    if (key_bytes == 0 || key_bytes > pager->max_key_bytes)
        return TL_KEY_SIZE;
    if (!tl_record_fits(pager, key_bytes, record->value.size_bytes))
        return TL_VALUE_SIZE;
    if (before != NULL && tl_slice_compare(before->key, record->key) >= 0)
        return TL_INVALID;
    return TL_OK;
}

/* Check every record; count the bytes that lie in pages. */
static tl_status records_check(const tl_env *env, const tl_record *records, size_t count,
                               size_t *page_bytes, size_t *failed_at)
{
    for (size_t i = 0; i < count; i++) {
        tl_status status = record_check(&env->pager, &records[i], i == 0 ? NULL : &records[i - 1]);
        if (status != TL_OK) {
            *failed_at = i;
            return status;
        }
        if (tl_lies_in_pages(env, records[i].key) || tl_lies_in_pages(env, records[i].value))
            *page_bytes += records[i].key.size_bytes + records[i].value.size_bytes;
    }
    return TL_OK;
}

/* A copy of the records, the bytes of those that lie in pages behind it. */
static tl_record *records_copy(const tl_env *env, const tl_record *records, size_t count,
                               size_t block_bytes)
{
    tl_memory *memory = env->pager.memory;
    tl_record *copy = memory->allocate(memory, block_bytes);
    if (copy == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)(copy + count);
    for (size_t i = 0; i < count; i++) {
        copy[i] = records[i];
        if (!tl_lies_in_pages(env, copy[i].key) && !tl_lies_in_pages(env, copy[i].value))
            continue;
        copy[i].key = tl_slice_of(at, records[i].key.size_bytes);
        tl_copy(at, records[i].key.data, records[i].key.size_bytes);
        at += records[i].key.size_bytes;
        copy[i].value = tl_slice_of(at, records[i].value.size_bytes);
        tl_copy(at, records[i].value.data, records[i].value.size_bytes);
        at += records[i].value.size_bytes;
    }
    return copy;
}

static tl_status batch_put(tl_txn *txn, tl_tree tree, tl_batch *batch)
{
    tl_env *env = txn->env;
    tl_status status = tl_txn_settle(txn, tl_tree_put_batch(&env->writer, batch));
    for (size_t i = 0; status == TL_OK && i < batch->count; i++) {
        const tl_record *record = &batch->records[i];
        env->pager.stats.user_bytes += record->key.size_bytes + record->value.size_bytes;
        tl_ops_record(env, TL_OP_CODE_PUT, tree, record->key, record->value);
    }
    return status;
}

static tl_status put_sorted(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                            bool insert_only, tl_batch_result *result)
{
    tl_env *env = txn->env;
    tl_memory *memory = env->pager.memory;
    tl_batch batch = {.records = records, .count = count, .insert_only = insert_only};
    tl_record *copy = NULL;
    size_t foreign_bytes = 0, block_bytes = 0;
    tl_status status = tl_txn_check_writable(txn);
    batch.failed_at = count;
    if (status == TL_OK)
        status = records_check(env, records, count, &foreign_bytes, &batch.failed_at);
    if (status == TL_OK)
        status = tl_writer_turn(env, tree);
    if (status == TL_OK && foreign_bytes != 0) {
        block_bytes = count * sizeof *records + foreign_bytes;
        copy = records_copy(env, records, count, block_bytes);
        batch.records = copy;
        status = copy != NULL ? TL_OK : TL_NO_MEMORY;
    }
    if (status == TL_OK)
        status = batch_put(txn, tree, &batch);
    if (copy != NULL)
        memory->release(memory, copy, block_bytes);
    if (result != NULL && status == TL_OK)
        *result = (tl_batch_result){batch.inserted, batch.updated, batch.leaves, count};
    else if (result != NULL)
        result->failed_at = batch.failed_at;
    return status;
}

tl_status tl_upsert_sorted(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                           tl_batch_result *result)
{
    return put_sorted(txn, tree, records, count, false, result);
}

tl_status tl_insert_sorted(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                           tl_batch_result *result)
{
    return put_sorted(txn, tree, records, count, true, result);
}
