/* harness/fault/baton_wrap.c -- what pthread's functions do in a program of the lab.
 *
 * The linker sends every call of these functions here (`--wrap`: tl_baton in CMakeLists.txt).  A
 * thread that runs below a baton asks it; any other goes on to the real function, after one
 * compare of a thread's own variable.
 */
#include "harness/fault/baton_body.h"

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __real_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __real_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
int __real_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __real_pthread_cond_signal(pthread_cond_t *condition);
int __real_pthread_cond_broadcast(pthread_cond_t *condition);
int __real_sched_yield(void);
ssize_t __real_getrandom(void *buffer, size_t size_bytes, unsigned flags);

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __wrap_pthread_cond_signal(pthread_cond_t *condition);
int __wrap_pthread_cond_broadcast(pthread_cond_t *condition);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*body)(void *), void *context);
int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_sched_yield(void);
ssize_t __wrap_getrandom(void *buffer, size_t size_bytes, unsigned flags);

static inline tl_baton_thread *self(void)
{
    return __builtin_expect(tl_baton_self != NULL, 0) ? tl_baton_self : NULL;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    tl_baton_thread *me = self();
    if (me == NULL)
        return __real_pthread_mutex_lock(mutex);
    me->wait = TL_BATON_MUTEX;
    me->mutex = mutex;
    tl_baton_step(me, false);
    return 0;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    tl_baton_thread *me = self();
    if (me == NULL)
        return __real_pthread_mutex_trylock(mutex);
    tl_baton_step(me, false);
    if (tl_baton_is_held(me->baton, mutex))
        return EBUSY;
    tl_baton_hold(me, mutex);
    return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    tl_baton_thread *me = self();
    if (me == NULL)
        return __real_pthread_mutex_unlock(mutex);
    tl_baton_let_go(me->baton, mutex);
    tl_baton_step(me, false);
    return 0;
}

static int wait_for_signal(tl_baton_thread *me, const void *condition, const void *mutex,
                           bool timed)
{
    tl_baton_let_go(me->baton, mutex);
    me->wait = TL_BATON_CONDITION;
    me->condition = condition;
    me->mutex = mutex;
    me->timed = timed;
    tl_baton_step(me, false);
    return me->timed_out ? ETIMEDOUT : 0;
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    tl_baton_thread *me = self();
    return me == NULL ? __real_pthread_cond_wait(condition, mutex)
                      : wait_for_signal(me, condition, mutex, false);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    tl_baton_thread *me = self();
    return me == NULL ? __real_pthread_cond_timedwait(condition, mutex, until)
                      : wait_for_signal(me, condition, mutex, true);
}

int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    tl_baton_thread *me = self();
    if (me == NULL)
        return __real_pthread_cond_signal(condition);
    tl_baton_signal(me->baton, condition, false);
    tl_baton_step(me, false);
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *condition)
{
    tl_baton_thread *me = self();
    if (me == NULL)
        return __real_pthread_cond_broadcast(condition);
    tl_baton_signal(me->baton, condition, true);
    tl_baton_step(me, false);
    return 0;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*body)(void *), void *context)
{
    tl_baton_thread *me = self(), *made = NULL;
    if (me == NULL)
        return __real_pthread_create(thread, attributes, body, context);
    int failed = tl_baton_start(me->baton, body, context, &made);
    if (failed != 0)
        return failed;
    *thread = made->handle;
    tl_baton_step(me, false);
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    tl_baton_thread *me = self();
    tl_baton_thread *joined = me == NULL ? NULL : tl_baton_thread_of(me->baton, thread);
    if (joined == NULL)
        return __real_pthread_join(thread, result);
    me->wait = TL_BATON_JOIN;
    me->joined = joined;
    tl_baton_step(me, false);
    joined->is_joined = true;
    return __real_pthread_join(thread, result); /* it has handed over for the last time */
}

int __wrap_sched_yield(void)
{
    tl_baton_thread *me = self();
    if (me == NULL)
        return __real_sched_yield();
    tl_baton_step(me, true);
    return 0;
}

ssize_t __wrap_getrandom(void *buffer, size_t size_bytes, unsigned flags)
{
    tl_baton_thread *me = self();
    unsigned char *bytes = buffer;
    if (me == NULL)
        return __real_getrandom(buffer, size_bytes, flags);
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (unsigned char)tl_baton_draw(me->baton, 256);
    return (ssize_t)size_bytes;
}
