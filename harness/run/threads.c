/* harness/run/threads.c -- see threads.h.
 *
 *     make every worker whole -> start all -> gate opens, clock starts -> join all -> merge
 *
 * Until the gate opens a worker does nothing, so one that cannot be started lets the others end
 * without having touched the store.
 */
#include "harness/run/threads.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct gate { /* opened once, for all or for none */
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool is_open, is_off;
} gate;

typedef struct worker {
    tl_loop loop;
    tl_check check;
    tl_histogram *histograms, *before;
    tl_scan *scan;
    tl_scan_list scans; /* a shared phase has none to audit; the loop wants a place */
    tl_status status;
    gate *gate;
    pthread_t thread;
    bool started;
} worker;

static void gate_open(gate *g, bool off)
{
    pthread_mutex_lock(&g->mutex);
    g->is_open = true;
    g->is_off = off;
    pthread_cond_broadcast(&g->opened);
    pthread_mutex_unlock(&g->mutex);
}

/* False: it all is off. */
static bool gate_wait(gate *g)
{
    pthread_mutex_lock(&g->mutex);
    while (!g->is_open)
        pthread_cond_wait(&g->opened, &g->mutex);
    bool on = !g->is_off;
    pthread_mutex_unlock(&g->mutex);
    return on;
}

static void *worker_main(void *argument)
{
    worker *own = argument;
    own->status = gate_wait(own->gate) ? tl_loop_run(&own->loop) : TL_OK;
    return NULL;
}

static bool worker_make(worker *own, const tl_loop *loop, uint32_t share, gate *g)
{
    const tl_workload *workload = loop->workload;
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    own->gate = g;
    own->loop = *loop;
    own->check.enabled = loop->check->enabled;
    size_t histogram_count = loop->responses != NULL ? 2 * TL_OP_KIND_COUNT : TL_OP_KIND_COUNT;
    own->histograms = malloc(histogram_count * sizeof *own->histograms);
    if (loop->series != NULL)
        own->before = malloc(TL_SERIES_KIND_COUNT * sizeof *own->before);
    own->scan = malloc(sizeof *own->scan);
    own->loop.generator = workload->create(&host, loop->spec, NULL, 0);
    if (own->histograms == NULL || own->scan == NULL || own->loop.generator == NULL ||
        (loop->series != NULL && own->before == NULL))
        return false;
    for (size_t i = 0; i < histogram_count; i++)
        tl_histogram_reset(&own->histograms[i]);
    own->loop.histograms = own->histograms;
    own->loop.before = own->before;
    own->loop.share = share;
    own->loop.share_count = loop->phase->threads;
    if (loop->responses != NULL)
        own->loop.responses = own->histograms + TL_OP_KIND_COUNT;
    own->loop.check = &own->check;
    own->loop.scan = own->scan;
    own->loop.scans = &own->scans;
    own->loop.shared = true;
    workload->start_share(own->loop.generator, loop->phase_index, share);
    return true;
}

static void worker_release(worker *own)
{
    own->loop.workload->destroy(own->loop.generator); /* NULL is fine */
    tl_scan_list_clear(&own->scans);
    free(own->scan);
    free(own->before);
    free(own->histograms);
}

/* Add what one worker found to the whole; the first trouble is the one to tell. */
static void worker_merge(worker *own, tl_loop *loop, tl_status *status)
{
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        tl_histogram_merge(&loop->histograms[kind], &own->histograms[kind]);
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT && loop->responses != NULL; kind++)
        tl_histogram_merge(&loop->responses[kind], &own->loop.responses[kind]);
    if (loop->responses != NULL)
        tl_schedule_add(&loop->kept, &own->loop.schedule);
    if (loop->check->wrong == 0 && own->check.wrong != 0)
        snprintf(loop->check->first_wrong, sizeof loop->check->first_wrong, "%s",
                 own->check.first_wrong);
    loop->check->answers += own->check.answers;
    loop->check->wrong += own->check.wrong;
    loop->check->hash += own->check.hash;
    loop->ops += own->loop.ops;
    loop->transactions += own->loop.transactions;
    loop->errors += own->loop.errors;
    loop->retries += own->loop.retries;
    loop->many_looped = loop->many_looped || own->loop.many_looped;
    loop->stopped = loop->stopped || own->loop.stopped;
    if (own->loop.end != TL_RUN_END_STREAM)
        loop->end = own->loop.end;
    if (*status == TL_OK && own->status != TL_OK) {
        *status = own->status;
        snprintf(loop->error, sizeof loop->error, "%s", own->loop.error);
    }
}

static tl_status refuse(tl_loop *loop, tl_status status, const char *text)
{
    snprintf(loop->error, sizeof loop->error, "phase %s: %s", loop->phase->name, text);
    return status;
}

/* Run workers that are made; the clocks cover all of them. */
static tl_status workers_run(worker *workers, uint32_t count, gate *g, tl_loop *loop)
{
    bool all = true;
    for (uint32_t i = 0; i < count && all; i++)
        all = workers[i].started =
            pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0;
    uint64_t begin_cpu_ns = tl_clock_cpu_ns(), begin_ns = tl_clock_ns();
    gate_open(g, !all);
    for (uint32_t i = 0; i < count; i++)
        if (workers[i].started)
            pthread_join(workers[i].thread, NULL);
    loop->wall_ns = tl_clock_ns() - begin_ns;
    loop->cpu_ns = tl_clock_cpu_ns() - begin_cpu_ns;
    return all ? TL_OK : refuse(loop, TL_NO_MEMORY, "a thread could not be started");
}

tl_status tl_threads_run(tl_loop *loop)
{
    uint32_t count = loop->phase->threads;
    if ((loop->driver->capabilities & TL_DRIVER_THREADS) == 0)
        return refuse(loop, TL_UNSUPPORTED, "the driver takes one thread at a time");
    if (loop->workload->start_share == NULL || loop->spec == NULL)
        return refuse(loop, TL_UNSUPPORTED, "the workload has no shares for threads");
    worker *workers = calloc(count, sizeof *workers);
    if (workers == NULL)
        return refuse(loop, TL_NO_MEMORY, "no memory for its threads");
    gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
    tl_status status = TL_OK;
    uint32_t made = 0;
    for (; made < count && status == TL_OK; made++)
        if (!worker_make(&workers[made], loop, made, &g))
            status = refuse(loop, TL_NO_MEMORY, "no memory for its threads");
    if (status == TL_OK)
        status = workers_run(workers, count, &g, loop);
    for (uint32_t i = 0; i < made; i++) {
        if (status == TL_OK || workers[i].started)
            worker_merge(&workers[i], loop, &status);
        worker_release(&workers[i]);
    }
    free(workers);
    if (loop->responses != NULL)
        tl_schedule_conclude(&loop->kept, loop->ops, loop->wall_ns);
    if (status == TL_OK && !loop->stopped && loop->end == TL_RUN_END_STREAM &&
        loop->ops != loop->phase->ops)
        status = refuse(loop, TL_INVALID, "the workload's shares are not the whole phase");
    return status;
}
