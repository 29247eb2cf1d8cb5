/* engine/env/commits/shadow2.c -- commit protocol `shadow2`: every commit is a checkpoint.
 *
 * Pages, sync, meta, sync: the classic shadow paging of LMDB.  Under async it syncs as under
 * commit: a meta may not go out before its pages are durable, and the next commit may not overwrite
 * a bitmap before the last meta is, so leaving a sync out would save nothing.
 */
#include "engine/env/value.h"

tl_status tl_commit_by_checkpoint(tl_env *env, tl_ticket *ticket)
{
    uint64_t txn = env->pager.txn;
    (void)ticket; /* durable when this returns */
    tl_status status = tl_direct_write(&env->pager);
    if (status == TL_OK)
        status = tl_checkpoint(env, txn, &env->running);
    if (status != TL_OK)
        return status;
    atomic_store(&env->written_txn, txn);
    tl_commit_take_effect(env);
    env->pager.stats.txns++;
    env->pager.stats.commit_by_ckpt += env->protocol->logs;
    tl_snapshot_publish(env);
    return TL_OK;
}

const tl_commit_protocol tl_commit_shadow2 = {"shadow2", "pages, sync, meta, sync at every commit",
                                              false, false, tl_commit_by_checkpoint};
