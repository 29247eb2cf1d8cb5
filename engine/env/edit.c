/* engine/env/edit.c -- see edit.h. */
#include "engine/env/edit.h"
#include "engine/base/regression.h"
#include "engine/env/value.h"

/* Statuses after which the tree is as it was before the call. */
static bool is_clean(tl_status status)
{
    return status == TL_OK || status == TL_NOT_FOUND || status == TL_EXISTS ||
           status == TL_NO_SPACE;
}

tl_status tl_txn_settle(tl_txn *txn, tl_status status)
{
    if (!is_clean(status))
        txn->doomed = status;
    return status;
}

tl_status tl_txn_check_writable(const tl_txn *txn)
{
    if (txn->read_only)
        return TL_READ_ONLY;
    return txn->doomed == TL_OK && txn->env->value_writer != NULL ? TL_BUSY : txn->doomed;
}

void tl_ops_record(tl_env *env, unsigned code, tl_tree tree, tl_slice key, tl_slice value)
{
    if (!env->protocol->logs || env->ops_dropped)
        return;
    tl_op_buffer_record(&env->ops, code, tree, key, value);
    tl_txn_limit_ops(env);
}

bool tl_lies_in_pages(const tl_env *env, tl_slice bytes)
{
    const uint8_t *base = env->pager.base, *at = bytes.data;
    return at >= base && at < base + env->pager.arena->map_bytes;
}

tl_slice tl_out_of_pages(const tl_env *env, tl_slice bytes, uint8_t *copy)
{
    if (!tl_lies_in_pages(env, bytes))
        return bytes;
    memcpy(copy, bytes.data, bytes.size_bytes);
    return tl_slice_of(copy, bytes.size_bytes);
}

tl_status tl_txn_put(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice value, unsigned flags)
{
    tl_env *env = txn->env;
    const tl_pager *pager = &env->pager;
    tl_status status = tl_txn_check_writable(txn);
    if (status != TL_OK)
        return status;
    if ((flags & ~(unsigned)(TL_PUT_INSERT | TL_PUT_APPEND)) != 0)
        return TL_INVALID;
    if (key.size_bytes == 0 || key.size_bytes > pager->max_key_bytes)
        return TL_KEY_SIZE;
    if (value.size_bytes > TL_VALUE_BYTES_MAX)
        return TL_VALUE_SIZE;
    status = tl_writer_turn(env, tree);
    if (status != TL_OK)
        return status;
    key = tl_out_of_pages(env, key, pager->scratch[3]);
    if (value.size_bytes <= pager->record_bytes_max) /* a longer one lies in an extent: it stays */
        value = tl_out_of_pages(env, value, pager->scratch[3] + key.size_bytes);
    if (!tl_record_fits(pager, key.size_bytes, value.size_bytes))
        return tl_txn_settle(txn, tl_txn_put_large(txn, tree, key, value, flags));
    status = tl_txn_settle(txn, tl_tree_put(&env->writer, key, value, flags));
    if (status != TL_OK)
        return status;
    if (TL_REGRESSION(page_once_in_a_million))
        tl_regression_count_operation();
    env->pager.stats.user_bytes += key.size_bytes + value.size_bytes;
    tl_ops_record(env, TL_OP_CODE_PUT, tree, key, value);
    return TL_OK;
}

tl_status tl_txn_del(tl_txn *txn, tl_tree tree, tl_slice key)
{
    tl_env *env = txn->env;
    tl_status status = tl_txn_check_writable(txn);
    if (status != TL_OK)
        return status;
    if (key.size_bytes == 0 || key.size_bytes > env->pager.max_key_bytes)
        return TL_KEY_SIZE;
    status = tl_writer_turn(env, tree);
    if (status != TL_OK)
        return status;
    key = tl_out_of_pages(env, key, env->pager.scratch[3]);
    status = tl_txn_settle(txn, tl_tree_del(&env->writer, key));
    if (status == TL_OK)
        tl_ops_record(env, TL_OP_CODE_DEL, tree, key, tl_slice_of(NULL, 0));
    return status;
}
