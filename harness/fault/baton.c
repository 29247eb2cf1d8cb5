/* harness/fault/baton.c -- see baton.h: who holds what, and who goes on.
 *
 * Everything here is read and written by the holder of the baton alone; it comes with a semaphore
 * of the thread that is given it, which orders all that the one before did.
 */
#define _GNU_SOURCE /* sched_getcpu, pthread_attr_setaffinity_np */
#include "harness/fault/baton_body.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MUTEXES_MAX = 64, /* held at one time */
    NAMED_MAX = 64,   /* mutexes and conditions that a message tells apart */
    LATE_EVERY = 16,  /* one step in so many, timed waits may end though others can go on */
    STAY_EVERY = 8,   /* the sticky style changes hands at one step in so many */
    DEMOTE_EVERY = 32,
};

typedef enum style { STYLE_ANEW, STYLE_STICKY, STYLE_RANKS, STYLE_RANKS_TOO, STYLE_COUNT } style;

typedef struct held {
    const void *mutex;
    const tl_baton_thread *holder;
} held;

struct tl_baton {
    uint64_t random;
    uint64_t steps_max, lowest_rank;
    style style;
    tl_baton_thread *threads[TL_BATON_THREADS_MAX];
    size_t thread_count;
    held mutexes[MUTEXES_MAX];
    size_t held_count;
    const void *named[NAMED_MAX];
    size_t named_count;
    void (*body)(void *context);
    void *context;
    sem_t over;
    bool is_stuck;
    tl_baton_report report;
};

_Thread_local tl_baton_thread *tl_baton_self;

/* A step of splitmix64 by Steele, Lea and Flood: every seed is good. */
uint64_t tl_baton_draw(tl_baton *baton, uint64_t below)
{
    uint64_t word = baton->random += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return (word ^ word >> 31) % below;
}

/* ---- who waits for what ---- */

static const tl_baton_thread *holder_of(const tl_baton *baton, const void *mutex)
{
    for (size_t i = 0; i < baton->held_count; i++)
        if (baton->mutexes[i].mutex == mutex)
            return baton->mutexes[i].holder;
    return NULL;
}

bool tl_baton_is_held(const tl_baton *baton, const void *mutex)
{
    return holder_of(baton, mutex) != NULL;
}

void tl_baton_hold(tl_baton_thread *self, const void *mutex)
{
    tl_baton *baton = self->baton;
    if (baton->held_count == MUTEXES_MAX)
        abort(); /* the lab's own bound, far above what stores hold at a time */
    baton->mutexes[baton->held_count++] = (held){mutex, self};
}

void tl_baton_let_go(tl_baton *baton, const void *mutex)
{
    for (size_t i = 0; i < baton->held_count; i++)
        if (baton->mutexes[i].mutex == mutex) {
            baton->mutexes[i] = baton->mutexes[--baton->held_count];
            return;
        }
}

void tl_baton_signal(tl_baton *baton, const void *condition, bool all)
{
    tl_baton_thread *waiters[TL_BATON_THREADS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < baton->thread_count; i++)
        if (baton->threads[i]->wait == TL_BATON_CONDITION &&
            baton->threads[i]->condition == condition)
            waiters[count++] = baton->threads[i];
    if (count > 0 && !all) {
        waiters[0] = waiters[tl_baton_draw(baton, count)];
        count = 1;
    }
    for (size_t i = 0; i < count; i++)
        waiters[i]->wait = TL_BATON_MUTEX;
}

/* `late`: timed waits may end. */
static bool can_go_on(const tl_baton_thread *thread, bool late)
{
    switch (thread->wait) {
    case TL_BATON_READY:
        return true;
    case TL_BATON_MUTEX:
        return !tl_baton_is_held(thread->baton, thread->mutex);
    case TL_BATON_CONDITION:
        return late && thread->timed && !tl_baton_is_held(thread->baton, thread->mutex);
    case TL_BATON_JOIN:
        return thread->joined->wait == TL_BATON_ENDED;
    case TL_BATON_ENDED:
        break;
    }
    return false;
}

/* It goes on: what it waited for is its own. */
static void take(tl_baton_thread *thread)
{
    thread->timed_out = thread->wait == TL_BATON_CONDITION;
    if (thread->wait == TL_BATON_MUTEX || thread->wait == TL_BATON_CONDITION)
        tl_baton_hold(thread, thread->mutex);
    thread->wait = TL_BATON_READY;
}

/* ---- who goes on ---- */

static tl_baton_thread *highest(tl_baton_thread **threads, size_t count)
{
    tl_baton_thread *best = threads[0];
    for (size_t i = 1; i < count; i++)
        best = threads[i]->rank > best->rank ? threads[i] : best;
    return best;
}

static tl_baton_thread *choose(tl_baton *baton, tl_baton_thread *self, bool rather_others)
{
    tl_baton_thread *able[TL_BATON_THREADS_MAX];
    size_t count = 0;
    bool late = tl_baton_draw(baton, LATE_EVERY) == 0, self_can = can_go_on(self, false);
    if (baton->style >= STYLE_RANKS && (rather_others || tl_baton_draw(baton, DEMOTE_EVERY) == 0))
        self->rank = baton->lowest_rank--;
    for (int round = 0; round < 3 && count == 0; round++) /* self, then late ones, only if needed */
        for (size_t i = 0; i < baton->thread_count; i++) {
            bool skip = rather_others && round == 0 && baton->threads[i] == self;
            if (!skip && can_go_on(baton->threads[i], late || round == 2))
                able[count++] = baton->threads[i];
        }
    if (count == 0)
        return NULL;
    if (baton->style >= STYLE_RANKS)
        return highest(able, count);
    if (baton->style == STYLE_STICKY && self_can && !rather_others &&
        tl_baton_draw(baton, STAY_EVERY) != 0)
        return self;
    return able[tl_baton_draw(baton, count)];
}

/* ---- stuck ---- */

static unsigned number_of(tl_baton *baton, const void *object)
{
    for (size_t i = 0; i < baton->named_count; i++)
        if (baton->named[i] == object)
            return (unsigned)i + 1;
    if (baton->named_count < NAMED_MAX)
        baton->named[baton->named_count++] = object;
    return (unsigned)baton->named_count;
}

__attribute__((format(printf, 2, 3))) static void say(tl_baton *baton, const char *format, ...)
{
    char *text = baton->report.stuck;
    size_t used = 0;
    while (text[used] != '\0')
        used++;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof baton->report.stuck - used, format, arguments);
    va_end(arguments);
}

static void say_name(tl_baton *baton, const tl_baton_thread *thread)
{
    if (thread->number != 0)
        say(baton, "%s %u", thread->name, thread->number);
    else
        say(baton, "%s", thread->name);
}

static void say_wait(tl_baton *baton, const tl_baton_thread *thread)
{
    const tl_baton_thread *holder = NULL;
    say_name(baton, thread);
    switch (thread->wait) {
    case TL_BATON_MUTEX:
        holder = holder_of(baton, thread->mutex);
        say(baton, " waits for mutex %u", number_of(baton, thread->mutex));
        break;
    case TL_BATON_CONDITION:
        say(baton, " waits for a signal of condition %u", number_of(baton, thread->condition));
        break;
    case TL_BATON_JOIN:
        say(baton, " waits for the end of ");
        say_name(baton, thread->joined);
        break;
    default:
        say(baton, " runs");
        break;
    }
    if (holder != NULL) {
        say(baton, ", which ");
        say_name(baton, holder);
        say(baton, " holds");
    }
}

/* The run is over for all of its threads, wherever they are.  Does not return. */
static void stuck(tl_baton_thread *self, const char *why)
{
    tl_baton *baton = self->baton;
    static const tl_baton_wait order[] = {TL_BATON_MUTEX, TL_BATON_CONDITION, TL_BATON_READY,
                                          TL_BATON_JOIN}; /* the end of the text may be cut off */
    say(baton, "%s", why);
    for (size_t w = 0; w < sizeof order / sizeof order[0]; w++)
        for (size_t i = 0; i < baton->thread_count; i++)
            if (baton->threads[i]->wait == order[w]) {
                say(baton, "; ");
                say_wait(baton, baton->threads[i]);
            }
    baton->is_stuck = true;
    sem_post(&baton->over);
    for (;;) /* until the process ends */
        sem_wait(&self->turn);
}

/* ---- the step ---- */

static void wait_for_turn(tl_baton_thread *self)
{
    while (sem_wait(&self->turn) != 0 && errno == EINTR)
        ; /* ends: it is interrupted now and then only */
}

static bool all_ended(const tl_baton *baton)
{
    for (size_t i = 0; i < baton->thread_count; i++)
        if (baton->threads[i]->wait != TL_BATON_ENDED)
            return false;
    return true;
}

static uint64_t index_of(const tl_baton *baton, const tl_baton_thread *thread)
{
    uint64_t index = 0;
    while (baton->threads[index] != thread)
        index++;
    return index;
}

void tl_baton_step(tl_baton_thread *self, bool rather_others)
{
    tl_baton *baton = self->baton;
    bool ended = self->wait == TL_BATON_ENDED; /* then others may free it once it has passed on */
    if (ended && all_ended(baton)) {
        sem_post(&baton->over);
        return;
    }
    if (++baton->report.steps > baton->steps_max)
        stuck(self, "there is no end to it");
    tl_baton_thread *next = choose(baton, self, rather_others);
    if (next == NULL)
        stuck(self, "no thread can go on");
    take(next);
    baton->report.order =
        (baton->report.order ^ index_of(baton, next)) * UINT64_C(0x100000001b3) + 1;
    if (next == self)
        return;
    baton->report.switches++;
    sem_post(&next->turn);
    if (!ended)
        wait_for_turn(self);
}

void tl_baton_pass(bool rather_others)
{
    if (tl_baton_self != NULL)
        tl_baton_step(tl_baton_self, rather_others);
}

void tl_baton_name(const char *name, unsigned number)
{
    if (tl_baton_self == NULL)
        return;
    tl_baton_self->name = name;
    tl_baton_self->number = number;
}

/* ---- threads ---- */

static void *thread_body(void *context)
{
    tl_baton_thread *self = context;
    wait_for_turn(self);
    tl_baton_self = self;
    void *result = self->body(self->context);
    tl_baton_self = NULL; /* what the system does at a thread's end is none of ours */
    self->result = result;
    self->wait = TL_BATON_ENDED;
    tl_baton_step(self, false);
    return result;
}

/* On the processor that the caller is on, and nowhere else: as one thread goes on when another
 * stops, a second processor would only have to be woken each time.  Where that is refused,
 * anywhere. */
static int create_here(pthread_t *handle, void *(*body)(void *), void *context)
{
    pthread_attr_t attributes;
    cpu_set_t here;
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu >= CPU_SETSIZE || pthread_attr_init(&attributes) != 0)
        return __real_pthread_create(handle, NULL, body, context);
    CPU_ZERO(&here);
    CPU_SET((size_t)cpu, &here);
    int failed = pthread_attr_setaffinity_np(&attributes, sizeof here, &here);
    if (failed == 0)
        failed = __real_pthread_create(handle, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    return failed == 0 ? 0 : __real_pthread_create(handle, NULL, body, context);
}

int tl_baton_start(tl_baton *baton, void *(*body)(void *), void *context, tl_baton_thread **out)
{
    if (baton->thread_count == TL_BATON_THREADS_MAX)
        return EAGAIN;
    tl_baton_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return EAGAIN;
    *thread = (tl_baton_thread){.baton = baton,
                                .name = "thread",
                                .number = (unsigned)baton->thread_count,
                                .body = body,
                                .context = context};
    thread->rank = (UINT64_C(1) << 32) + tl_baton_draw(baton, UINT64_C(1) << 32);
    sem_init(&thread->turn, 0, 0);
    int failed = create_here(&thread->handle, thread_body, thread);
    if (failed != 0) {
        sem_destroy(&thread->turn);
        free(thread);
        return failed;
    }
    baton->threads[baton->thread_count++] = thread;
    *out = thread;
    return 0;
}

tl_baton_thread *tl_baton_thread_of(tl_baton *baton, pthread_t handle)
{
    for (size_t i = baton->thread_count; i-- > 0;) /* a handle may be used again: the newest */
        if (pthread_equal(baton->threads[i]->handle, handle) && !baton->threads[i]->is_joined)
            return baton->threads[i];
    return NULL;
}

static void *first_body(void *context)
{
    tl_baton *baton = context;
    tl_baton_name("the first thread", 0);
    baton->body(baton->context);
    return NULL;
}

static void baton_free(tl_baton *baton)
{
    for (size_t i = 0; i < baton->thread_count; i++) {
        if (!baton->threads[i]->is_joined)
            __real_pthread_join(baton->threads[i]->handle, NULL);
        sem_destroy(&baton->threads[i]->turn);
        free(baton->threads[i]);
    }
    sem_destroy(&baton->over);
    free(baton);
}

tl_status tl_baton_run(const tl_baton_spec *spec, tl_baton_report *report)
{
    tl_baton *baton = calloc(1, sizeof *baton);
    if (baton == NULL)
        return TL_NO_MEMORY;
    baton->random = spec->seed;
    baton->steps_max = spec->steps_max != 0 ? spec->steps_max : UINT64_C(1) << 20;
    baton->lowest_rank = UINT64_C(1) << 31;
    baton->body = spec->body;
    baton->context = spec->context;
    baton->style = (style)tl_baton_draw(baton, STYLE_COUNT);
    sem_init(&baton->over, 0, 0);
    tl_baton_thread *first = NULL;
    if (tl_baton_start(baton, first_body, baton, &first) != 0) {
        baton_free(baton);
        return TL_NO_MEMORY;
    }
    sem_post(&first->turn);
    while (sem_wait(&baton->over) != 0 && errno == EINTR)
        ;
    *report = baton->report;
    if (baton->is_stuck)
        return TL_BUSY;
    baton_free(baton);
    return TL_OK;
}
