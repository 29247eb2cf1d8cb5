/* engine/env/flush.c -- group commit: one write and one sync for all who wait.
 *
 *   in the turn         apply, secure log space, stage the frames; the next writer may begin
 *   the turn is given   who finds no flush under way leads one: takes all that is staged, writes
 * it, syncs it, publishes the newest of it; the others wait for their flush
 *
 * So while one flush is on its way the next one gathers, and a lone writer pays one write and one
 * sync, without a hand-over.  A txn that read what is not yet durable comes behind it in the same
 * sequence of frames: it becomes durable later or in the same flush, never before.
 *
 * When a flush fails nobody knows what of it is on the disk: everybody who waits, for it or for a
 * later one, gets TL_IO, the env is poisoned, readers stay on what was published.
 *
 * The mutex guards all of this but the write and the sync.  Flushes are numbered; who waits for
 * flush n waits on the condition n & 1, so that a finished flush wakes its own people, and one of
 * the next flush's to lead that.
 */
#include "engine/base/mutant.h"
#include "engine/env/env.h"

void tl_durable_advance(tl_env *env, uint64_t txn)
{
    uint64_t durable = atomic_load(&env->durable_txn);
    while (durable < txn && !atomic_compare_exchange_weak(&env->durable_txn, &durable, txn))
        ; /* ends: somebody has been further, or the exchange succeeds */
}

/* The frames of the running txn wait for the next flush; it is committed for all writers behind. */
tl_status tl_flush_stage(tl_env *env, tl_ticket *ticket)
{
    tl_log *log = &env->log;
    pthread_mutex_lock(&env->mutex);
    uint64_t end = tl_log_stage_end(log, &env->ops);
    pthread_mutex_unlock(&env->mutex);
    tl_status status = tl_log_grow(log, end); /* only a turn stages: `end` stays enough */
    if (status != TL_OK)
        return status;
    pthread_mutex_lock(&env->mutex);
    status = tl_log_stage(log, env->pager.txn, &env->ops);
    if (status == TL_OK) {
        tl_commit_take_effect(env);
        tl_snapshot_advance(env);
        if (env->publish_early || TL_MUTANT(publish_before_sync))
            atomic_store(&env->published, env->newest_packed);
        *ticket = (tl_ticket){env->newest_txn, env->flush_next};
        env->staged_txns++;
        uint64_t reached = log->tail + log->staged.count;
        env->log_bytes_since += reached - env->log_reached;
        env->log_reached = reached;
    }
    pthread_mutex_unlock(&env->mutex);
    return status;
}

static void wake(tl_env *env, unsigned flush, bool all)
{
    if (env->flush_waiters[flush & 1] == 0)
        return;
    if (all)
        pthread_cond_broadcast(&env->flushed[flush & 1]);
    else
        pthread_cond_signal(&env->flushed[flush & 1]);
}

static void count(tl_env *env, uint64_t txns, uint64_t bytes, uint64_t begin_ns)
{
    tl_flush_counts *counts = &env->flush_counts;
    counts->flushes++;
    counts->txns += txns;
    counts->largest = txns > counts->largest ? txns : counts->largest;
    counts->bytes += bytes;
    counts->sync_ns += tl_clock_ns() - begin_ns;
}

/* Mutex held, nobody leads.  Flush what is staged; on return the mutex is held again. */
static void lead(tl_env *env)
{
    env->flushing = true;
    /* More may come, if there are others at all. */
    if (env->group_wait_ns != 0 && (env->turn_taken || env->turn_waiters != 0))
        tl_condition_wait_ns(&env->pause, &env->mutex, env->group_wait_ns);
    uint64_t target = env->newest_packed, txns = env->staged_txns;
    unsigned flush = env->flush_next++;
    tl_log_take(&env->log);
    uint64_t bytes = env->log.tail - env->log.taken_at;
    env->staged_txns = 0;
    env->in_flight = target;
    pthread_mutex_unlock(&env->mutex);

    uint64_t begin = tl_clock_ns();
    tl_status status = tl_log_flush(&env->log, atomic_load(&env->durable_txn));
    if (status != TL_OK)
        tl_pager_fail(&env->pager, TL_IO, 0,
                      "the log could not be written; what was not acknowledged is known after "
                      "reopening");

    pthread_mutex_lock(&env->mutex);
    if (status == TL_OK) {
        tl_durable_advance(env, target >> 16);
        if (atomic_load(&env->published) < target)
            atomic_store(&env->published, target);
    } else {
        tl_env_poison(env, status);
    }
    count(env, txns, bytes, begin);
    env->in_flight = 0;
    env->flushing = false;
    wake(env, flush, true);
    wake(env, flush + 1, status != TL_OK); /* one leads it; or all learn what happened */
    if (status == TL_OK && TL_MUTANT(acknowledge_what_is_staged)) {
        tl_durable_advance(env, env->newest_packed >> 16); /* staged meanwhile, not written */
        wake(env, flush + 1, true);                        /* nobody is left who would lead it */
    }
}

/* Mutex held.  Sleep until flush number `flush` is over, or wants a leader. */
static void sleep_through(tl_env *env, unsigned flush)
{
    env->flush_waiters[flush & 1]++;
    pthread_cond_wait(&env->flushed[flush & 1], &env->mutex);
    env->flush_waiters[flush & 1]--;
}

/* Mutex held.  Nothing is written any more: it may be a checkpoint that failed, after the flush
 * before this one had woken only the caller to lead it. */
static tl_status give_up(tl_env *env, unsigned flush)
{
    wake(env, flush, true);
    return TL_IO;
}

/* Mutex held.  Wait until `txn`, which goes out with flush number `flush`, is durable. */
static tl_status wait_for(tl_env *env, uint64_t txn, unsigned flush)
{
    while (atomic_load(&env->durable_txn) < txn) { /* ends: each flush ends or poisons */
        if (env->flushing)
            sleep_through(env, flush);
        else if (atomic_load(&env->poisoned))
            return give_up(env, flush);
        else
            lead(env);
    }
    return TL_OK;
}

tl_status tl_flush_wait(tl_env *env, const tl_ticket *ticket)
{
    pthread_mutex_lock(&env->mutex);
    tl_status status = wait_for(env, ticket->txn, ticket->flush);
    pthread_mutex_unlock(&env->mutex);
    return status;
}

tl_status tl_flush_all(tl_env *env)
{
    if (!env->groups)
        return atomic_load(&env->poisoned) ? TL_POISONED : TL_OK;
    pthread_mutex_lock(&env->mutex);
    if (env->log.staged.count != 0)
        (void)wait_for(env, env->newest_txn, env->flush_next); /* the poison tells */
    while (env->flushing)
        sleep_through(env, env->flush_next - 1);
    pthread_mutex_unlock(&env->mutex);
    return atomic_load(&env->poisoned) ? TL_POISONED : TL_OK;
}
