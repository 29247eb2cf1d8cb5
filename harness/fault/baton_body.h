/* harness/fault/baton_body.h -- a baton and its threads; for baton*.c alone. */
#ifndef TL_HARNESS_BATON_BODY_H
#define TL_HARNESS_BATON_BODY_H

#include "harness/fault/baton.h"

#include <pthread.h>
#include <semaphore.h>

typedef struct tl_baton tl_baton;

typedef enum tl_baton_wait {
    TL_BATON_READY,
    TL_BATON_MUTEX,     /* for `mutex` */
    TL_BATON_CONDITION, /* for a signal of `condition`; then for `mutex` */
    TL_BATON_JOIN,      /* for the end of `joined` */
    TL_BATON_ENDED,
} tl_baton_wait;

typedef struct tl_baton_thread {
    tl_baton *baton;
    pthread_t handle;
    sem_t turn; /* posted once for each time that it gets the baton */
    tl_baton_wait wait;
    const void *mutex, *condition;
    const struct tl_baton_thread *joined;
    bool timed, timed_out; /* of the wait for a condition */
    bool is_joined;        /* nobody has to join it any more */
    uint64_t rank;
    const char *name;
    unsigned number;
    void *(*body)(void *context);
    void *context, *result;
} tl_baton_thread;

/* The calling thread as one below a baton; NULL: it is none. */
extern _Thread_local tl_baton_thread *tl_baton_self __attribute__((tls_model("initial-exec")));

uint64_t tl_baton_draw(tl_baton *baton, uint64_t below);
/* Hand over: `self` says in its `wait` what it waits for, and returns when it has that. */
void tl_baton_step(tl_baton_thread *self, bool rather_others);
bool tl_baton_is_held(const tl_baton *baton, const void *mutex);
void tl_baton_hold(tl_baton_thread *self, const void *mutex);
void tl_baton_let_go(tl_baton *baton, const void *mutex);
/* Threads that wait on `condition` now wait for their mutex: one, drawn, or all. */
void tl_baton_signal(tl_baton *baton, const void *condition, bool all);
/* 0, or EAGAIN. */
int tl_baton_start(tl_baton *baton, void *(*body)(void *), void *context, tl_baton_thread **out);
tl_baton_thread *tl_baton_thread_of(tl_baton *baton, pthread_t handle); /* NULL: not of it */

/* What the linker calls pthread's own. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*body)(void *), void *context);
int __real_pthread_join(pthread_t thread, void **result);

#endif
