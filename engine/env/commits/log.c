/* engine/env/commits/log.c -- commit protocol `log`: one frame, one sync.
 *
 * The frame holds the operations, not the pages; pages go out with the next checkpoint.  A txn
 * whose ops outweigh what a checkpoint would write commits by a checkpoint instead.
 */
#include "engine/base/mutant.h"
#include "engine/env/value.h"

enum { SYNC_EVERY_COMMITS = 8 };

/* Under async someone has to sync now and then: a thread, or, deterministically, every few. */
static tl_status sync_as_promised(tl_env *env, uint64_t txn)
{
    bool counted = (env->flags & TL_OPEN_DETERMINISTIC) != 0 &&
                   env->durability == TL_DURABILITY_ASYNC &&
                   ++env->commits_since_sync >= SYNC_EVERY_COMMITS;
    if (env->durability != TL_DURABILITY_COMMIT && !counted)
        return TL_OK;
    env->commits_since_sync = 0;
    uint64_t begin = tl_clock_ns();
    tl_stats *stats = &env->pager.stats;
    tl_sync_counts counts = {0, 0};
    tl_status status = tl_written_sync(env, env->log.active, &counts);
    stats->syncs_log += counts.log;
    stats->syncs_values += counts.values;
    stats->log_sync_ns += tl_clock_ns() - begin;
    if (status == TL_OK)
        tl_durable_advance(env, txn);
    return status;
}

/* The long way, for what is not grouped: written, and synced if that was promised, in the turn. */
static tl_status commit_alone(tl_env *env)
{
    uint64_t txn = env->pager.txn;
    tl_status status = TL_MUTANT(ack_before_sync) ? sync_as_promised(env, txn) : TL_OK;
    if (status == TL_OK)
        status = tl_log_append(&env->log, txn, atomic_load(&env->durable_txn), &env->ops);
    if (status == TL_NO_SPACE || status == TL_NO_MEMORY)
        return status;
    if (status == TL_OK && !TL_MUTANT(ack_before_sync))
        status = sync_as_promised(env, txn);
    if (status != TL_OK) {
        tl_pager_fail(&env->pager, TL_IO, 0,
                      "the log could not be written; whether txn %llu "
                      "happened is known after reopening",
                      (unsigned long long)txn);
        return tl_env_poison(env, status);
    }
    env->log_bytes_since += env->log.tail - env->log_reached;
    env->log_reached = env->log.tail;
    tl_commit_take_effect(env);
    tl_snapshot_publish(env);
    return TL_OK;
}

/* Many committers share a flush; one with much to say writes by itself what it need not copy. */
static tl_status commit_grouped(tl_env *env, tl_ticket *ticket)
{
    tl_status status = TL_OK;
    if (env->ops.size_bytes <= TL_LOG_STAGE_BYTES_MAX) {
        status = tl_flush_stage(env, ticket);
        if (status == TL_OK)
            tl_snapshot_commit_space(env);
        return status;
    }
    status = tl_flush_all(env);
    return status == TL_OK ? commit_alone(env) : status;
}

static tl_status commit_log(tl_env *env, tl_ticket *ticket)
{
    if (env->ops_dropped)
        return tl_commit_by_checkpoint(env, ticket);
    uint64_t txn = env->pager.txn;
    tl_status status = tl_values_settle(env);
    if (status == TL_IO)
        return tl_env_poison(env, status);
    if (status == TL_OK)
        status = env->groups ? commit_grouped(env, ticket) : commit_alone(env);
    if (status == TL_NO_SPACE || status == TL_NO_MEMORY)
        return tl_pager_fail(&env->pager, status, 0, "the log has no room for txn %llu",
                             (unsigned long long)txn);
    if (status != TL_OK)
        return status;
    atomic_store(&env->written_txn, txn);
    env->pager.stats.txns++;
    env->log_bytes_since += env->pager.direct_bytes;
    tl_checkpoint_if_due(env);
    return TL_OK;
}

const tl_commit_protocol tl_commit_log = {
    "log", "one log frame and one sync; pages wait for a checkpoint", true, false, commit_log};
