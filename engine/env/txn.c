/* engine/env/txn.c -- the writer's turn, and the life of a write txn. */
#include "engine/env/value.h"

#include <assert.h>

bool tl_turn_is_mine(tl_env *env)
{
    pthread_mutex_lock(&env->mutex);
    bool mine = env->turn_taken && tl_thread_is_me(env->turn_thread);
    pthread_mutex_unlock(&env->mutex);
    return mine;
}

tl_status tl_turn_take(tl_env *env, unsigned flags)
{
    tl_status status = TL_OK;
    pthread_mutex_lock(&env->mutex);
    if (env->turn_taken && ((flags & TL_TXN_TRY) != 0 || tl_thread_is_me(env->turn_thread)))
        status = TL_BUSY;
    while (status == TL_OK && env->turn_taken) {
        env->turn_waiters++;
        pthread_cond_wait(&env->turn_free, &env->mutex);
        env->turn_waiters--;
    }
    if (status == TL_OK) {
        env->turn_taken = true;
        env->turn_thread = pthread_self();
    }
    pthread_mutex_unlock(&env->mutex);
    if (status == TL_OK && atomic_load(&env->ckpt_state) == TL_CHECKPOINT_WRITTEN)
        tl_checkpoint_settle(env);
    return status;
}

void tl_turn_give(tl_env *env)
{
    pthread_mutex_lock(&env->mutex);
    env->turn_taken = false;
    if (env->turn_waiters != 0)
        pthread_cond_signal(&env->turn_free);
    pthread_mutex_unlock(&env->mutex);
}

void tl_writer_begin(tl_env *env, uint64_t number)
{
    tl_writer *writer = &env->writer;
    tl_forest_copy(&env->running, &env->newest);
    writer->root = *tl_forest_main(&env->running);
    writer->pages_kept =
        tl_catalog_pages_kept(env, &env->running) + (env->protocol->one_sync ? 1 : 0);
    writer->edits_before += writer->changes;
    writer->changes = 0;
    writer->counts = (tl_search_counts){.lower = env->pager.search->lower};
    tl_writer_forget(writer);
    tl_pager_set_txn(&env->pager, number);
}

tl_status tl_commit_secure(tl_env *env)
{
    tl_writer_leave(env);
    tl_status status = tl_forest_reserve(&env->newest, env->pager.memory, &env->running);
    return status == TL_OK ? tl_snapshot_secure(env, &env->running) : status;
}

void tl_commit_take_effect(tl_env *env)
{
    tl_forest_copy(&env->newest, &env->running);
    tl_names_commit(&env->names);
    env->newest_txn = env->pager.txn;
}

static tl_status write_begin(tl_env *env, unsigned flags, tl_txn **out)
{
    if (env->pager.read_only)
        return TL_READ_ONLY;
    tl_status status = tl_turn_take(env, flags);
    if (status != TL_OK)
        return status;
    if (atomic_load(&env->poisoned)) {
        tl_turn_give(env);
        return TL_POISONED;
    }
    tl_checkpoint_press(env);
    if (atomic_load(&env->published) != env->pins_published)
        tl_snapshot_refresh_pins(env); /* what the last flush replaced is no longer seen */
    tl_writer_begin(env, env->newest_txn + 1);
    tl_op_buffer_clear(&env->ops);
    env->ops_dropped = false;
    env->pager.space.lowest_first = false;
    env->write_txn = (tl_txn){.env = env,
                              .root = &env->writer.root,
                              .trees = &env->running,
                              .number = env->pager.txn,
                              .doomed = TL_OK};
    *out = &env->write_txn;
    return TL_OK;
}

tl_status tl_txn_begin(tl_env *env, unsigned flags, tl_txn **txn)
{
    return (flags & TL_TXN_READ_ONLY) != 0 ? tl_reader_begin(env, txn)
                                           : write_begin(env, flags, txn);
}

enum { OPS_KEPT_BYTES = 1 << 20 }; /* a log this short is always the better way */

/* Logged bytes go out twice, once more with the pages of a later checkpoint.  A checkpoint now is
 * the better way when it writes less than that. */
void tl_txn_limit_ops(tl_env *env)
{
    size_t bytes = env->ops.size_bytes;
    uint64_t pages = env->pager.space.dirty_count << env->pager.page_shift;
    if (bytes <= OPS_KEPT_BYTES ||
        (2 * bytes <= pages && bytes <= env->ckpt_bytes && bytes <= TL_LOG_TXN_BYTES_MAX))
        return;
    tl_txn_drop_ops(env);
}

void tl_txn_drop_ops(tl_env *env)
{
    env->ops_dropped = true;
    tl_op_buffer_clear(&env->ops);
}

static void write_end(tl_env *env)
{
    tl_stats *stats = &env->pager.stats;
    const tl_search_counts *counts = &env->writer.counts;
    stats->descents += counts->descents;
    stats->levels += counts->levels;
    stats->head_ties += counts->head_ties;
    stats->full_compares += counts->full_compares;
    tl_writer_forget(&env->writer);
    tl_direct_forget(&env->pager);
    tl_txn_values_release(&env->write_txn);
    tl_turn_give(env);
}

static void write_abort(tl_env *env)
{
    tl_saves_end(env);
    tl_value_cancel(env->value_writer);
    tl_space_abort(&env->pager.space);
    tl_names_abort(&env->names, env->pager.memory);
    env->pager.stats.aborts++;
    if (env->pager.starved) /* perhaps that is why: the next one should find room */
        tl_checkpoint_if_due(env);
    write_end(env);
}

void tl_txn_abort(tl_txn *txn)
{
    if (txn == NULL)
        return;
    assert(txn->cursors == NULL); /* closed before their txn ends: tl/engine.h */
    if (txn->read_only)
        tl_reader_end(txn);
    else
        write_abort(txn->env);
}

tl_status tl_txn_commit(tl_txn *txn)
{
    assert(txn->cursors == NULL);
    if (txn->read_only) {
        tl_reader_end(txn);
        return TL_OK;
    }
    tl_env *env = txn->env;
    tl_value_cancel(env->value_writer);
    tl_status status = txn->doomed;
    tl_saves_end(env);
    if (status == TL_OK && env->writer.changes == 0) { /* nothing happened: no txn number is used */
        tl_space_abort(
            &env->pager.space); /* a refused put may have taken pages and given them up */
        write_end(env);
        return TL_OK;
    }
    tl_ticket ticket = {0, 0};
    if (status == TL_OK)
        status = tl_commit_secure(env);
    if (status == TL_OK)
        status = env->protocol->commit(env, &ticket);
    if (status != TL_OK) {
        write_abort(env);
        return status;
    }
    write_end(env);
    return ticket.txn != 0 ? tl_flush_wait(env, &ticket) : TL_OK;
}
