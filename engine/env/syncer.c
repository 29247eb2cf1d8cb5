/* engine/env/syncer.c -- durability async: a thread that syncs the log every async_ms.
 *
 * It shares nothing with the writer but atomics: how far each file of the log is written, and which
 * is in use.
 */
#include "engine/env/value.h"

static void sync_once(tl_env *env)
{
    uint64_t written = atomic_load(&env->written_txn);
    tl_sync_counts counts = {0, 0};
    if (written <= atomic_load(&env->durable_txn) || atomic_load(&env->poisoned))
        return;
    if (tl_written_sync(env, atomic_load(&env->log_active), &counts) != TL_OK) {
        tl_pager_fail(&env->pager, TL_IO, 0, "the log could not be synced; reopen to recover");
        atomic_store(&env->poisoned, true);
        return;
    }
    tl_durable_advance(env, written);
}

static void *syncer_body(void *context)
{
    tl_env *env = context;
    pthread_mutex_lock(&env->mutex);
    while (!env->syncer_stop) {
        tl_condition_wait_ns(&env->syncer_wake, &env->mutex, env->async_ms * 1000000);
        if (env->syncer_stop)
            break;
        pthread_mutex_unlock(&env->mutex);
        sync_once(env);
        pthread_mutex_lock(&env->mutex);
    }
    pthread_mutex_unlock(&env->mutex);
    return NULL;
}

tl_status tl_syncer_start(tl_env *env)
{
    if (env->durability != TL_DURABILITY_ASYNC || !env->protocol->logs || env->pager.read_only ||
        (env->flags & TL_OPEN_DETERMINISTIC) != 0)
        return TL_OK;
    tl_condition_create(&env->syncer_wake);
    tl_status status = tl_thread_start(&env->syncer, syncer_body, env);
    env->syncer_runs = status == TL_OK;
    return status;
}

void tl_syncer_stop(tl_env *env)
{
    if (!env->syncer_runs)
        return;
    pthread_mutex_lock(&env->mutex);
    env->syncer_stop = true;
    pthread_cond_signal(&env->syncer_wake);
    pthread_mutex_unlock(&env->mutex);
    pthread_join(env->syncer, NULL);
    pthread_cond_destroy(&env->syncer_wake);
    env->syncer_runs = false;
}
