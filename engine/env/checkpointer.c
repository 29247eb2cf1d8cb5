/* engine/env/checkpointer.c -- the thread that writes checkpoints beside the writer.
 *
 * It is started when the first checkpoint is due, so that opening costs nothing, and lives until
 * the env is closed.  It never takes the writer's turn: see checkpoint.c.
 */
#include "engine/env/env.h"

static void *checkpointer_body(void *context)
{
    tl_env *env = context;
    pthread_mutex_lock(&env->mutex);
    for (;;) {
        while (!env->ckpt_asked && !env->ckpt_leave)
            pthread_cond_wait(&env->ckpt_wake, &env->mutex);
        if (!env->ckpt_asked)
            break;
        env->ckpt_asked = false;
        pthread_mutex_unlock(&env->mutex);
        (void)tl_checkpoint_write(env);
        pthread_mutex_lock(&env->mutex);
    }
    pthread_mutex_unlock(&env->mutex);
    return NULL;
}

tl_status tl_checkpointer_start(tl_env *env)
{
    if (!env->ckpt_thread_runs) {
        tl_status status = tl_thread_start(&env->ckpt_thread, checkpointer_body, env);
        if (status != TL_OK)
            return status;
        env->ckpt_thread_runs = true;
    }
    pthread_mutex_lock(&env->mutex);
    env->ckpt_asked = true;
    pthread_cond_signal(&env->ckpt_wake);
    pthread_mutex_unlock(&env->mutex);
    return TL_OK;
}

void tl_checkpointer_stop(tl_env *env, bool abandon)
{
    if (!env->ckpt_thread_runs)
        return;
    atomic_store(&env->ckpt_stop, abandon);
    pthread_mutex_lock(&env->mutex);
    env->ckpt_leave = true; /* when what was asked is written, or given up */
    pthread_cond_signal(&env->ckpt_wake);
    pthread_mutex_unlock(&env->mutex);
    pthread_join(env->ckpt_thread, NULL);
    env->ckpt_thread_runs = false;
}

/* The file is full, perhaps in the middle of a txn: the checkpoint before the running one may hold
 * pages that nobody else sees, and so may snapshots that have ended. */
bool tl_checkpointer_relieve(void *context)
{
    tl_env *env = context;
    size_t before = tl_space_available(&env->pager.space);
    if (atomic_load(&env->ckpt_state) != TL_CHECKPOINT_NONE) {
        uint64_t begin = tl_clock_ns();
        tl_checkpoint_wait(env);
        env->pager.stats.log_waits++;
        env->pager.stats.log_wait_ns += tl_clock_ns() - begin;
    } else if (env->groups) {
        tl_snapshot_refresh_pins(env);
    }
    return tl_space_available(&env->pager.space) > before;
}
