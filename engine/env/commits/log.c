/* engine/env/commits/log.c -- commit protocol `log`: one frame, one sync.
 *
 * The frame holds the operations, not the pages; pages go out with the next checkpoint.  A txn
 * whose ops outweigh what a checkpoint would write commits by a checkpoint instead.
 */
#include "engine/env/value.h"

enum { PINNED_PAGES_MIN = 256, SYNC_EVERY_COMMITS = 8 };

/* Under async someone has to sync now and then: a thread, or, deterministically, every few. */
static tl_status sync_as_promised(tl_env *env, uint64_t txn)
{
    bool counted = (env->flags & TL_OPEN_DETERMINISTIC) != 0 &&
                   env->durability == TL_DURABILITY_ASYNC &&
                   ++env->commits_since_sync >= SYNC_EVERY_COMMITS;
    if (env->durability != TL_DURABILITY_COMMIT && !counted)
        return TL_OK;
    env->commits_since_sync = 0;
    tl_status status = tl_log_sync(&env->log);
    if (status == TL_OK)
        atomic_store(&env->durable_txn, txn);
    return status;
}

/* Old pages that only the last checkpoint holds make the file grow, to twice its live pages at
 * most. A checkpoint gives them back, and is worth it once it writes no more than four times what
 * the commits since have logged: before, a small busy store would do little else than checkpoints.
 */
static bool checkpoint_due(const tl_env *env)
{
    const tl_space *space = &env->pager.space;
    size_t pinned = tl_space_dead_count(space, env->meta.txn) + space->retired_pages;
    size_t used = space->page_count - space->free_count;
    size_t wanted = tl_tree_pages_needed(&env->writer.root) +
                    tl_tree_pages_reserved(&env->writer) + /* by the next put */
                    env->pager.refused_pages;
    return env->log_bytes_since >= env->ckpt_bytes ||
           (pinned != 0 && tl_pager_is_full(&env->pager, wanted)) ||
           (pinned >= PINNED_PAGES_MIN && pinned > (used - pinned) / 4 &&
            4 * env->log_bytes_since >= space->dirty_count << env->pager.page_shift);
}

static tl_status commit_log(tl_env *env)
{
    if (env->ops_dropped)
        return tl_commit_by_checkpoint(env);
    uint64_t txn = env->pager.txn, tail = env->log.tail;
    tl_status status = tl_values_settle(env);
    if (status == TL_IO)
        return tl_env_poison(env, status);
    if (status == TL_OK)
        status = tl_log_append(&env->log, txn, atomic_load(&env->durable_txn), &env->ops);
    if (status == TL_NO_SPACE || status == TL_NO_MEMORY)
        return tl_pager_fail(&env->pager, status, 0, "the log has no room for txn %llu",
                             (unsigned long long)txn);
    if (status == TL_OK)
        status = sync_as_promised(env, txn);
    if (status != TL_OK) {
        tl_pager_fail(&env->pager, TL_IO, 0,
                      "the log could not be written; whether txn %llu "
                      "happened is known after reopening",
                      (unsigned long long)txn);
        return tl_env_poison(env, status);
    }
    atomic_store(&env->written_txn, txn);
    env->log_bytes_since += env->log.tail - tail + env->pager.direct_bytes;
    tl_commit_take_effect(env);
    env->pager.stats.txns++;
    tl_snapshot_publish(env);
    if (!checkpoint_due(env))
        return TL_OK;
    /* The txn is committed whatever becomes of the checkpoint: a full disk puts it off, any other
     * failure poisons the env, which the next txn learns. */
    if (tl_checkpoint(env, txn, &env->newest) == TL_OK)
        tl_snapshot_commit_space(env);
    return TL_OK;
}

const tl_commit_protocol tl_commit_log = {
    "log", "one log frame and one sync; pages wait for a checkpoint", true, commit_log};
