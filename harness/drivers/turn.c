/* harness/drivers/turn.c -- see turn.h. */
#include "harness/drivers/turn.h"

uintptr_t tl_thread_token(void)
{
    static _Thread_local char here;
    return (uintptr_t)&here;
}

void tl_driver_turn_init(tl_driver_turn *turn)
{
    (void)pthread_mutex_init(&turn->mutex, NULL); /* of the default kind: it cannot fail on Linux */
    atomic_init(&turn->owner, 0);
}

void tl_driver_turn_destroy(tl_driver_turn *turn)
{
    (void)pthread_mutex_destroy(&turn->mutex);
}

/* Relaxed is enough: a thread looks only for its own token, which it wrote itself. */
tl_status tl_driver_turn_take(tl_driver_turn *turn)
{
    if (atomic_load_explicit(&turn->owner, memory_order_relaxed) == tl_thread_token())
        return TL_BUSY;
    (void)pthread_mutex_lock(&turn->mutex);
    atomic_store_explicit(&turn->owner, tl_thread_token(), memory_order_relaxed);
    return TL_OK;
}

void tl_driver_turn_give(tl_driver_turn *turn)
{
    atomic_store_explicit(&turn->owner, 0, memory_order_relaxed);
    (void)pthread_mutex_unlock(&turn->mutex);
}
