/* engine/env/range.c -- whole ranges: count, estimate, delete.
 *
 * The first key above k is k with a zero byte behind it.  So each kind of bound is made one of the
 * half-open kind, which is all that the floors below and the log know.
 */
#include "engine/env/range.h"
#include "engine/env/edit.h"
#include "engine/env/env.h"

static size_t bound_copy(uint8_t *to, tl_slice from, bool behind)
{
    if (from.size_bytes == 0)
        return 0; /* no bound; the empty key itself cannot be stored */
    memcpy(to, from.data, from.size_bytes);
    to[from.size_bytes] = 0;
    return from.size_bytes + behind;
}

tl_status tl_range_copy_make(tl_range_copy *copy, const tl_range *range, uint32_t max_key_bytes)
{
    static const tl_range all;
    const tl_range *given = range != NULL ? range : &all;
    if (given->lower.size_bytes > max_key_bytes || given->upper.size_bytes > max_key_bytes)
        return TL_KEY_SIZE;
    copy->lower_bytes = bound_copy(copy->lower, given->lower, given->lower_exclusive);
    copy->upper_bytes = bound_copy(copy->upper, given->upper, given->upper_inclusive);
    return TL_OK;
}

tl_status tl_count_range(tl_txn *txn, tl_tree tree, const tl_range *range, unsigned flags,
                         uint64_t *count)
{
    tl_pager *pager = &txn->env->pager;
    tl_search_counts *counts = txn->read_only ? &txn->counts : &txn->env->writer.counts;
    tl_range_copy copy;
    const tl_root *root = tl_txn_root(txn, tree);
    if (root == NULL)
        return TL_NOT_FOUND;
    if ((flags & ~(unsigned)TL_COUNT_ESTIMATE) != 0)
        return TL_INVALID;
    tl_status status = tl_range_copy_make(&copy, range, pager->max_key_bytes);
    if (status != TL_OK)
        return status;
    tl_bounds bounds = tl_range_copy_bounds(&copy);
    tl_range_survey covered = {.records = root->count};
    if ((flags & TL_COUNT_ESTIMATE) != 0)
        return tl_tree_estimate_range(pager, root, &bounds, counts, count);
    if (!tl_bounds_all(&bounds))
        status = tl_tree_survey_range(pager, root, &bounds, false, counts, &covered);
    if (status == TL_OK)
        *count = covered.records;
    return status;
}

tl_status tl_del_range(tl_txn *txn, tl_tree tree, const tl_range *range, uint64_t *deleted)
{
    tl_env *env = txn->env;
    tl_range_copy copy;
    uint64_t count = 0;
    tl_status status = tl_txn_check_writable(txn);
    if (status == TL_OK)
        status = tl_range_copy_make(&copy, range, env->pager.max_key_bytes);
    if (status == TL_OK)
        status = tl_writer_turn(env, tree);
    if (status != TL_OK)
        return status;
    tl_bounds bounds = tl_range_copy_bounds(&copy);
    status = tl_txn_settle(txn, tl_tree_del_range(&env->writer, &bounds, &count));
    if (status != TL_OK)
        return status;
    if (count != 0)
        tl_ops_record(env, TL_OP_CODE_DEL_RANGE, tree, bounds.lower, bounds.upper);
    if (deleted != NULL)
        *deleted = count;
    return TL_OK;
}
