/* engine/env/batch.c -- many sorted records at once: limits, foreign bytes, large values, log.
 *
 * Records may lie in pages of the very txn that the batch changes, as values from tl_get do.  Those
 * are taken out first, into memory of their own: an edit of one record moves the others.
 *
 * Values that fit into no leaf are made between the plan and the edit of the tree: after all that
 * can refuse the batch by a look, before anything that cannot be undone.  They are read where they
 * lie, so they need no copy.
 */
#include "engine/tree/batch.h"
#include "engine/env/edit.h"
#include "engine/env/value_group.h"

typedef struct sorted { /* a batch on its way into a tree */
    tl_txn *txn;
    tl_tree tree;
    const tl_record *given;
    size_t large_count, foreign_bytes;
    tl_record *own; /* the records as the tree wants them, when those given are not; else NULL */
    size_t own_bytes;
    tl_value_group values;
    tl_batch batch;
} sorted;

static bool is_large(const tl_env *env, const tl_record *record)
{
    return !tl_record_fits(&env->pager, record->key.size_bytes, record->value.size_bytes);
}

static tl_status record_check(const tl_pager *pager, const tl_record *record,
                              const tl_record *before)
{
    if (record->key.size_bytes == 0 || record->key.size_bytes > pager->max_key_bytes)
        return TL_KEY_SIZE;
    if (record->value.size_bytes > TL_VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    if (before != NULL && tl_slice_compare(before->key, record->key) >= 0)
        return TL_INVALID;
    return TL_OK;
}

/* Check every record; count the large values, and the bytes to be taken out of pages. */
static tl_status records_check(sorted *of)
{
    const tl_env *env = of->txn->env;
    for (size_t i = 0; i < of->batch.count; i++) {
        const tl_record *record = &of->given[i];
        tl_status status = record_check(&env->pager, record, i == 0 ? NULL : record - 1);
        if (status != TL_OK) {
            of->batch.failed_at = i;
            return status;
        }
        bool large = is_large(env, record);
        of->large_count += large;
        if (tl_lies_in_pages(env, record->key))
            of->foreign_bytes += record->key.size_bytes;
        if (!large && tl_lies_in_pages(env, record->value))
            of->foreign_bytes += record->value.size_bytes;
    }
    return TL_OK;
}

/* The bytes, or a copy at *at if they lie in pages. */
static tl_slice taken_out(const tl_env *env, tl_slice bytes, uint8_t **at)
{
    tl_slice copy = tl_out_of_pages(env, bytes, *at);
    *at += copy.data != bytes.data ? bytes.size_bytes : 0;
    return copy;
}

/* The records anew: references for large values, to be filled in later, behind them; and what is
 * taken out of pages behind those. */
static tl_status records_own(sorted *of)
{
    tl_env *env = of->txn->env;
    tl_memory *memory = env->pager.memory;
    size_t count = of->batch.count;
    if (of->large_count == 0 && of->foreign_bytes == 0)
        return TL_OK;
    of->own_bytes =
        count * sizeof *of->own + of->large_count * TL_VALUE_REF_BYTES + of->foreign_bytes;
    of->own = memory->allocate(memory, of->own_bytes);
    if (of->own == NULL)
        return TL_NO_MEMORY;
    uint8_t *ref = (uint8_t *)(of->own + count), *at = ref + of->large_count * TL_VALUE_REF_BYTES;
    for (size_t i = 0; i < count; i++) {
        const tl_record *given = &of->given[i];
        of->own[i].key = taken_out(env, given->key, &at);
        if (is_large(env, given)) {
            of->own[i].value = tl_slice_of(ref, TL_VALUE_IS_REF);
            ref += TL_VALUE_REF_BYTES;
        } else {
            of->own[i].value = taken_out(env, given->value, &at);
        }
    }
    of->batch.records = of->own;
    return TL_OK;
}

/* A value outside of pages is where it was after the edit, too. */
static bool stays(const sorted *of, size_t i)
{
    return !tl_lies_in_pages(of->txn->env, of->given[i].value);
}

/* The large values, and their references. */
static tl_status values_make(sorted *of)
{
    if (of->large_count == 0)
        return TL_OK;
    tl_value_group_begin(&of->values, of->txn->env, of->tree);
    uint8_t *ref = (uint8_t *)(of->own + of->batch.count);
    for (size_t i = 0; i < of->batch.count; i++) {
        if (of->own[i].value.size_bytes != TL_VALUE_IS_REF)
            continue;
        tl_status status = tl_value_group_add(&of->values, of->given[i].value, stays(of, i),
                                              of->batch.pages_max, ref);
        if (status != TL_OK) {
            of->batch.failed_at = i;
            return status;
        }
        ref += TL_VALUE_REF_BYTES;
    }
    return TL_OK;
}

static void records_log(sorted *of)
{
    tl_env *env = of->txn->env;
    for (size_t i = 0; i < of->batch.count; i++) {
        const tl_record *record = &of->batch.records[i];
        tl_slice none = {NULL, 0};
        env->pager.stats.user_bytes += of->given[i].key.size_bytes + of->given[i].value.size_bytes;
        if (record->value.size_bytes == TL_VALUE_IS_REF)
            tl_value_group_log(&of->values, record->key, stays(of, i) ? of->given[i].value : none);
        else
            tl_ops_record(env, TL_OP_CODE_PUT, of->tree, record->key, record->value);
    }
}

/* All of it, once the records are known to be good. */
static tl_status sorted_put(sorted *of)
{
    tl_writer *writer = &of->txn->env->writer;
    tl_status status = records_own(of);
    if (status == TL_OK)
        status = tl_tree_plan_batch(writer, &of->batch);
    if (status == TL_OK)
        status = values_make(of);
    if (status == TL_OK)
        status = tl_tree_put_batch(writer, &of->batch);
    if (status == TL_OK)
        records_log(of);
    else if (of->values.env != NULL)
        tl_value_group_undo(&of->values);
    return status;
}

static tl_status put_sorted(tl_txn *txn, tl_tree tree, const tl_record *records, size_t count,
                            bool insert_only, tl_batch_result *result)
{
    tl_memory *memory = txn->env->pager.memory;
    tl_batch batch = {
        .records = records, .count = count, .insert_only = insert_only, .failed_at = count};
    sorted all = {.txn = txn, .tree = tree, .given = records, .batch = batch};
    tl_status status = tl_txn_check_writable(txn);
    if (status == TL_OK)
        status = records_check(&all);
    if (status == TL_OK)
        status = tl_writer_turn(txn->env, tree);
    if (status == TL_OK)
        status = tl_txn_settle(txn, sorted_put(&all));
    tl_value_group_end(&all.values);
    if (all.own != NULL)
        memory->release(memory, all.own, all.own_bytes);
    if (result != NULL && status == TL_OK)
        *result = (tl_batch_result){all.batch.inserted, all.batch.updated, all.batch.leaves, count};
    else if (result != NULL)
        result->failed_at = all.batch.failed_at;
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
