/* harness/compare/agent.c -- see agent.h and protocol.h.
 *
 * Timed is what the duel asks for with `slice`: generating, operations, checks and what is
 * injected.  Both clocks are read around it once: reading the CPU clock costs half a microsecond.
 * Single operations are timed by nobody, so the loop gets a clock that needs no calibration.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include "harness/compare/agent.h"

#include "harness/compare/counters.h"
#include "harness/compare/protocol.h"
#include "harness/measure/clock.h"
#include "harness/report/machine.h"
#include "harness/run/cell.h"
#include "harness/run/directory.h"
#include "harness/run/loop.h"
#include "harness/run/phase.h"
#include "harness/run/threads.h"
#include "workloads/keys.h"

#include <alloca.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define EXTRA_STREAM UINT64_C(0x77a0)

enum { EMPTY_SLICES = 32, SPIN_NS = 2000000, HICCUP_NS = 100000, STACK_MAX = 65536 };

static const tl_clock ticks_only = {.name = "ticks", .is_tsc = true};

typedef struct agent {
    const tl_agent_request *request;
    const tl_driver *driver;
    const tl_workload *workload;
    FILE *in, *out;
    tl_store *store;
    void *generator;
    void *extra; /* the generator of injected reads, or NULL */
    double extra_owed;
    tl_histogram *histograms;
    tl_scan *scan;
    tl_workload_spec spec;
    const tl_phase *phases;
    size_t phase_count, next_phase;
    /* the phase that is under way */
    tl_loop loop;
    tl_check check;
    tl_scan_list scans;
    bool repeats, scans_audited;
    tl_op held[TL_LOOP_CHUNK_OPS]; /* of a phase that repeats its operations */
    size_t held_count, held_at;
    tl_driver_counter before[TL_RUN_COUNTER_MAX];
    size_t before_count;
    uint64_t applied;
    uint64_t idle_cpu_ns; /* spent while it waited for the last order */
} agent;

static void say(agent *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(agent *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(a->out, format, arguments);
    va_end(arguments);
    fputc('\n', a->out);
    fflush(a->out);
}

static tl_status fail(agent *a, tl_status status, const char *text)
{
    say(a, "error %s %.900s", tl_status_name(status), text);
    return status;
}

/* --- the surroundings --- */

static void spin(uint64_t *hiccups, uint64_t *longest_ns)
{
    uint64_t begin_ns = tl_clock_ns(), before_ns = begin_ns;
    *hiccups = *longest_ns = 0;
    while (before_ns - begin_ns < SPIN_NS) {
        uint64_t now_ns = tl_clock_ns(), gap_ns = now_ns - before_ns;
        *hiccups += gap_ns > HICCUP_NS;
        *longest_ns = gap_ns > *longest_ns ? gap_ns : *longest_ns;
        before_ns = now_ns;
    }
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Nine in ten are at most so long: one that the hypervisor took away says nothing of the clock. */
static uint64_t empty_slice_ns(void)
{
    uint64_t spans_ns[EMPTY_SLICES];
    for (int i = 0; i < EMPTY_SLICES; i++) {
        uint64_t begin_ns = tl_clock_cpu_ns();
        spans_ns[i] = tl_clock_cpu_ns() - begin_ns;
    }
    qsort(spans_ns, EMPTY_SLICES, sizeof *spans_ns, ascending);
    return spans_ns[EMPTY_SLICES * 9 / 10];
}

static uint64_t runqueue_wait_ns(void)
{
    uint64_t ran = 0, waited = 0;
    FILE *file = fopen("/proc/self/schedstat", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &ran, &waited) != 2)
        waited = 0;
    fclose(file);
    return waited;
}

static void pin(int cpu)
{
    cpu_set_t set;
    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        fprintf(stderr, "cannot stay on processor %d\n", cpu);
}

/* --- the store and the generator --- */

static tl_status agent_open(agent *a)
{
    char error[TL_RUN_TEXT_MAX];
    const tl_run_request *run = a->request->run;
    tl_status status = tl_directory_make_fresh(a->request->dir);
    if (status != TL_OK) {
        snprintf(error, sizeof error, "%.400s: cannot make the store's directory", a->request->dir);
        return fail(a, status, error);
    }
    status = tl_cell_open(run, &run->arms[0], a->request->dir, &a->store, error, sizeof error);
    if (status != TL_OK)
        return fail(a, status, error);
    say(a, "opened %" PRIu64 " %d", (uint64_t)a->driver->value_bytes_max(a->store),
        (a->driver->capabilities & TL_DRIVER_READS_BACK) != 0);
    return TL_OK;
}

static tl_status agent_begin(agent *a, uint64_t value_bytes_max)
{
    char error[TL_RUN_TEXT_MAX] = "out of memory";
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    uint64_t begin_ns = tl_clock_ns(), begin_cpu_ns = tl_clock_cpu_ns(), hiccups, longest_ns;
    a->spec = tl_cell_spec(a->request->run, &a->request->run->loads[0]);
    a->spec.value_bytes_max = (size_t)value_bytes_max;
    a->histograms = malloc(TL_OP_KIND_COUNT * sizeof *a->histograms);
    a->scan = malloc(sizeof *a->scan);
    if (a->histograms == NULL || a->scan == NULL)
        return fail(a, TL_NO_MEMORY, error);
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        tl_histogram_reset(&a->histograms[kind]);
    a->generator = a->workload->create(&host, &a->spec, error, sizeof error);
    if (a->generator == NULL)
        return fail(a, TL_INVALID, error);
    if (a->request->inject.work > 0) {
        tl_workload_spec spec = a->spec;
        spec.seed = tl_stream(spec.seed, EXTRA_STREAM);
        a->extra = a->workload->create(&host, &spec, error, sizeof error);
        if (a->extra == NULL)
            return fail(a, TL_INVALID, error);
    }
    a->phases = a->workload->phases(a->generator, &a->phase_count);
    uint64_t wall_ns = tl_clock_ns() - begin_ns, cpu_ns = tl_clock_cpu_ns() - begin_cpu_ns;
    spin(&hiccups, &longest_ns);
    say(a, "ready %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, cpu_ns, wall_ns,
        empty_slice_ns(), hiccups, longest_ns);
    return TL_OK;
}

/* --- phases --- */

static tl_status phase_wrong(agent *a)
{
    say(a, "wrong phase %s: %.800s", a->loop.phase->name, a->check.first_wrong);
    return TL_CORRUPT;
}

/* One read of the other stream; what it finds is nobody's business. */
static tl_status extra_read(agent *a, tl_store_txn *txn)
{
    tl_op op;
    tl_slice value;
    if (a->workload->next_n(a->extra, &op, 1) == 0) { /* the phase is over there: once more */
        a->workload->start(a->extra, a->loop.phase_index);
        if (a->workload->next_n(a->extra, &op, 1) == 0)
            return TL_OK;
    }
    tl_status status = op.kind == TL_OP_SCAN
                           ? tl_scan_run(a->driver, txn, &op, false, a->scan)
                           : a->driver->get(txn, (tl_slice){op.key, op.key_bytes}, &value);
    return status == TL_NOT_FOUND ? TL_OK : status;
}

static tl_status extra_reads(agent *a, size_t ops)
{
    tl_store_txn *own = NULL, *txn = a->loop.txn;
    tl_status status = TL_OK;
    a->extra_owed += a->request->inject.work * (double)ops;
    if (a->extra_owed < 1)
        return TL_OK;
    if (txn == NULL) {
        status = a->driver->begin(a->store, true, &own);
        txn = own;
    }
    for (; status == TL_OK && a->extra_owed >= 1; a->extra_owed--)
        status = extra_read(a, txn);
    if (own != NULL)
        a->driver->abort(own);
    return status;
}

static tl_status more_ops(agent *a, uint64_t count, const tl_inject *inject, uint64_t *done)
{
    tl_op ops[TL_LOOP_CHUNK_OPS];
    *done = 0;
    while (*done < count) {
        uint64_t left = count - *done;
        size_t wanted = left < TL_LOOP_CHUNK_OPS ? (size_t)left : TL_LOOP_CHUNK_OPS, got;
        const tl_op *chunk = ops;
        if (a->repeats) {
            chunk = a->held + a->held_at;
            got = a->held_count - a->held_at < wanted ? a->held_count - a->held_at : wanted;
            a->held_at = (a->held_at + got) % a->held_count;
        } else
            got = a->workload->next_n(a->generator, ops, wanted);
        if (got == 0)
            return TL_OK;
        if (inject != NULL)
            tl_inject_chunk(inject);
        tl_status status = tl_loop_apply(&a->loop, chunk, got);
        if (status != TL_OK)
            return status;
        if (inject != NULL && a->extra != NULL)
            status = extra_reads(a, got);
        if (status != TL_OK)
            return status;
        *done += got;
        a->applied += got;
    }
    return TL_OK;
}

/* The scans of a phase are run again and hashed; of repeated ones the first are enough. */
static tl_status scans_audit(agent *a)
{
    tl_status status = TL_OK;
    if (!a->repeats || !a->scans_audited)
        status = tl_scan_list_audit(&a->scans, a->driver, a->store, &a->check);
    else
        tl_scan_list_clear(&a->scans);
    a->scans_audited = true;
    return status;
}

static bool is_whole(const tl_phase *phase)
{
    return !phase->measured || phase->threads > 1;
}

static tl_status phase_whole(agent *a)
{
    const tl_phase *phase = a->loop.phase;
    tl_status status = phase->threads > 1 ? tl_threads_run(&a->loop) : tl_loop_run(&a->loop);
    if (status == TL_OK)
        status = tl_scan_list_audit(&a->scans, a->driver, a->store, &a->check);
    if (status != TL_OK)
        return fail(a, status, a->loop.error);
    if (a->check.wrong > 0)
        return phase_wrong(a);
    say(a, "%s %s %" PRIu64 " %" PRIu64 " %" PRIu64,
        phase->measured && phase->threads > 1 ? "threads" : "whole", phase->name, a->loop.ops,
        a->loop.cpu_ns, a->loop.wall_ns);
    return TL_OK;
}

static tl_status phase_next(agent *a)
{
    if (a->next_phase == a->phase_count) {
        say(a, "none");
        return TL_OK;
    }
    const tl_run_request *run = a->request->run;
    const tl_phase *phase = &a->phases[a->next_phase];
    a->check = (tl_check){.enabled = (a->driver->capabilities & TL_DRIVER_READS_BACK) != 0};
    a->loop = (tl_loop){
        .driver = a->driver,
        .store = a->store,
        .workload = a->workload,
        .generator = a->generator,
        .phase = phase,
        .batch = run->batch_given && !phase->read_only ? run->batch : phase->batch,
        .clock = &ticks_only,
        .histograms = a->histograms,
        .check = &a->check,
        .scan = a->scan,
        .scans = &a->scans,
        .spec = &a->spec,
        .phase_index = a->next_phase,
    };
    a->applied = 0;
    a->scans_audited = false;
    if (a->extra != NULL)
        a->workload->start(a->extra, a->next_phase);
    a->workload->start(a->generator, a->next_phase++);
    if (is_whole(phase))
        return phase_whole(a);
    a->repeats = phase->read_only && phase->ops > 0 && phase->ops <= TL_LOOP_CHUNK_OPS;
    if (a->repeats) {
        a->held_at = 0;
        a->held_count = a->workload->next_n(a->generator, a->held, TL_LOOP_CHUNK_OPS);
        a->repeats = a->held_count > 0;
    }
    a->before_count = a->driver->counters == NULL
                          ? 0
                          : a->driver->counters(a->store, a->before, TL_RUN_COUNTER_MAX);
    tl_loop_begin(&a->loop);
    say(a, "timed %s %" PRIu64 " %d %d", phase->name, phase->ops, a->repeats, phase->read_only);
    return TL_OK;
}

static tl_status phase_slice(agent *a, uint64_t warm, uint64_t ops, bool end)
{
    uint64_t done = 0, timed = 0;
    struct rusage before, after;
    tl_status status = more_ops(a, warm, NULL, &done);
    if (status != TL_OK)
        return fail(a, status, a->loop.error);
    if (a->repeats && (status = scans_audit(a)) != TL_OK)
        return fail(a, status, "repeating the scans before the slice");
    uint64_t waited_ns = runqueue_wait_ns();
    getrusage(RUSAGE_SELF, &before);
    uint64_t begin_ns = tl_clock_ns(), begin_cpu_ns = tl_clock_cpu_ns();

    status = more_ops(a, ops, &a->request->inject, &timed);
    if (status == TL_OK && end)
        status = tl_loop_end(&a->loop);
    tl_inject_slice(&a->request->inject, begin_cpu_ns);

    uint64_t cpu_ns = tl_clock_cpu_ns() - begin_cpu_ns, wall_ns = tl_clock_ns() - begin_ns;
    getrusage(RUSAGE_SELF, &after);
    waited_ns = runqueue_wait_ns() - waited_ns;
    if (status != TL_OK)
        return fail(a, status, a->loop.error);
    if (a->repeats)
        tl_scan_list_clear(&a->scans);
    if (a->check.wrong > 0)
        return phase_wrong(a);
    say(a, "slice %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIx64 " %ld %ld %" PRIu64 " %" PRIu64,
        timed, cpu_ns, wall_ns, a->check.hash, after.ru_minflt - before.ru_minflt,
        after.ru_nivcsw - before.ru_nivcsw, waited_ns, a->idle_cpu_ns);
    return TL_OK;
}

static tl_status phase_finish(agent *a)
{
    uint64_t done = 0;
    tl_driver_counter after[TL_RUN_COUNTER_MAX];
    tl_status status = a->loop.phase->read_only ? TL_OK : more_ops(a, UINT64_MAX, NULL, &done);
    if (status == TL_OK)
        status = tl_loop_end(&a->loop);
    if (status != TL_OK)
        return fail(a, status, a->loop.error);
    status = scans_audit(a);
    if (status != TL_OK)
        return fail(a, status, "repeating the scans of the phase");
    if (a->check.wrong > 0)
        return phase_wrong(a);
    size_t count =
        a->driver->counters == NULL ? 0 : a->driver->counters(a->store, after, TL_RUN_COUNTER_MAX);
    for (size_t i = 0; i < count && i < TL_RUN_COUNTER_MAX; i++) {
        uint64_t from = i < a->before_count ? a->before[i].value : 0;
        if (tl_counter_is_exact(after[i].name))
            say(a, "counter %s %" PRIu64, after[i].name, after[i].value - from);
    }
    say(a, "finished %" PRIu64 " %" PRIx64, a->applied, a->check.hash);
    return TL_OK;
}

/* --- the end --- */

static tl_status agent_close(agent *a)
{
    uint64_t records = 0, hash = 0;
    if (a->check.enabled && a->driver->scan != NULL) {
        tl_store_txn *txn;
        tl_op everything = {.kind = TL_OP_SCAN, .scan_count = UINT64_MAX};
        tl_status status = a->driver->begin(a->store, true, &txn);
        if (status == TL_OK) {
            status = tl_scan_run(a->driver, txn, &everything, true, a->scan);
            a->driver->abort(txn);
        }
        if (status != TL_OK)
            return fail(a, status, "reading the whole store at its end");
        records = a->scan->seen;
        hash = a->scan->hash;
    }
    tl_store *store = a->store;
    a->store = NULL;
    tl_status status = a->driver->close(store);
    if (status != TL_OK)
        return fail(a, status, "close");
    say(a, "closed %" PRIu64 " %" PRIx64, records, hash);
    return TL_OK;
}

/* What the line asks for; *going is false when it was the last. */
static tl_status obey(agent *a, const char *line, bool *going)
{
    uint64_t warm, ops, value_bytes_max;
    int end;
    bool timed = a->loop.phase != NULL && !is_whole(a->loop.phase);
    if (a->generator == NULL) {
        if (sscanf(line, "begin %" SCNu64, &value_bytes_max) == 1)
            return agent_begin(a, value_bytes_max);
    } else if (strcmp(line, "phase\n") == 0)
        return phase_next(a);
    else if (timed && sscanf(line, "slice %" SCNu64 " %" SCNu64 " %d", &warm, &ops, &end) == 3)
        return phase_slice(a, warm, ops, end != 0);
    else if (timed && strcmp(line, "finish\n") == 0)
        return phase_finish(a);
    else if (strcmp(line, "close\n") == 0) {
        *going = false;
        return agent_close(a);
    }
    return fail(a, TL_INVALID, "an order that this agent does not know");
}

static void agent_release(agent *a)
{
    if (a->loop.txn != NULL)
        a->driver->abort(a->loop.txn);
    if (a->generator != NULL)
        a->workload->destroy(a->generator);
    if (a->extra != NULL)
        a->workload->destroy(a->extra);
    tl_scan_list_clear(&a->scans);
    if (a->store != NULL && a->driver->close(a->store) != TL_OK)
        fprintf(stderr, "closing the store failed\n");
    tl_directory_remove(a->request->dir);
    free(a->histograms);
    free(a->scan);
}

static __attribute__((noinline)) tl_status serve(agent *a)
{
    char line[TL_PROTOCOL_LINE_MAX];
    bool going = true;
    say(a, TL_PROTOCOL_GREETING " %d %s", (int)TL_PROTOCOL_VERSION, tl_build_revision());
    tl_status status = agent_open(a);
    for (uint64_t idle_ns = tl_clock_cpu_ns();
         status == TL_OK && going && fgets(line, sizeof line, a->in) != NULL;
         idle_ns = tl_clock_cpu_ns()) {
        a->idle_cpu_ns = tl_clock_cpu_ns() - idle_ns;
        status = obey(a, line, &going);
    }
    agent_release(a);
    return status;
}

tl_status tl_agent_serve(const tl_agent_request *request, FILE *in, FILE *out)
{
    agent *a = calloc(1, sizeof *a);
    void *shift = malloc((size_t)request->heap_bytes + 1);
    if (a == NULL || shift == NULL) {
        free(a);
        free(shift);
        return TL_NO_MEMORY;
    }
    uint64_t stack_bytes = request->stack_bytes < STACK_MAX ? request->stack_bytes : STACK_MAX;
    volatile char *depth = alloca((size_t)stack_bytes + 16);
    depth[0] = 0;
    pin(request->cpu);
    a->request = request;
    a->driver = request->run->arms[0].driver;
    a->workload = request->run->loads[0].workload;
    a->in = in;
    a->out = out;
    tl_status status = serve(a);
    free(a);
    free(shift);
    return status;
}
