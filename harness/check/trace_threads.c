/* harness/check/trace_threads.c -- see trace_threads.h.
 *
 * No lock guards what the threads share here: they run one at a time, and change hands only in the
 * calls of the store and where tl_baton_pass stands.
 */
#include "harness/check/trace_threads.h"

#include "harness/fault/baton.h"
#include "harness/fault/baton_io.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS_MAX = 24 }; /* of one reader */

typedef struct crowd { /* lives as long as the process when its threads are stuck */
    tl_inspector inspector;
    tl_crew crew;
    tl_trace *trace;
    tl_baton_io io;
    tl_store *store;
    size_t begun;          /* write txns: the newest has this number */
    size_t called;         /* of these, commits called */
    size_t acknowledged;   /* the newest that anybody knows of */
    bool seen_is_durable;  /* what a reader sees */
    unsigned writers_left; /* that have not ended */
    bool stop;             /* a call failed, or a promise was broken: no new txns */
    tl_status status;
    char *error;
    size_t error_bytes;
} crowd;

typedef struct member { /* one thread */
    crowd *all;
    unsigned number;
} member;

__attribute__((format(printf, 4, 5))) static void broken(crowd *all, tl_rule rule, tl_status status,
                                                         const char *format, ...)
{
    tl_verdict *verdict = &all->trace->threads.verdict;
    all->stop = true;
    if (verdict->rule != TL_RULE_NONE)
        return; /* the first is told */
    verdict->rule = rule;
    verdict->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

static void failed(crowd *all, tl_status status, const char *what, size_t n)
{
    all->stop = true;
    if (all->status != TL_OK)
        return;
    all->status = status;
    snprintf(all->error, all->error_bytes, "%s %zu of the history: %s (%s)", what, n,
             tl_status_text(status), tl_status_name(status));
}

static void acknowledge(crowd *all, size_t n)
{
    size_t *when = &all->trace->acknowledged[n];
    size_t now = tl_simdisk_op_count(all->trace->disk);
    *when = now < *when ? now : *when;
    all->acknowledged = n > all->acknowledged ? n : all->acknowledged;
}

/* ---- writers ---- */

static tl_status commit(crowd *all, tl_store_txn *txn, size_t n)
{
    tl_trace *trace = all->trace;
    trace->begun[n] = tl_simdisk_op_count(trace->disk);
    all->called = n;
    tl_status status = all->inspector.driver->commit(txn);
    if (status != TL_OK)
        return status;
    trace->threads.followers += all->called > n;
    acknowledge(all, n);
    status = tl_trace_between(&all->inspector, all->store, n);
    if (status == TL_OK && tl_oracle_deed_after(all->inspector.oracle, n) == TL_HISTORY_CHECKPOINT)
        trace->checkpointed[n] = tl_simdisk_op_count(trace->disk);
    return status;
}

/* One more commit; false: there are no more. */
static bool write_one(crowd *all)
{
    const tl_driver *driver = all->inspector.driver;
    size_t last = all->trace->commits;
    tl_store_txn *txn = NULL;
    if (all->stop || all->begun >= last)
        return false;
    tl_status status = driver->begin(all->store, false, &txn);
    if (status != TL_OK) {
        failed(all, status, "a write txn behind commit", all->begun);
        return false;
    }
    if (all->stop || all->begun >= last) { /* while it waited for its turn */
        driver->abort(txn);
        return false;
    }
    size_t n = ++all->begun;
    status = tl_trace_fill(&all->inspector, txn, n);
    if (status != TL_OK)
        driver->abort(txn);
    else
        status = commit(all, txn, n);
    if (status != TL_OK)
        failed(all, status, "commit", n);
    tl_baton_pass(false);
    return status == TL_OK;
}

static void *writer_body(void *context)
{
    member *me = context;
    tl_baton_name("writer", me->number);
    while (write_one(me->all)) /* ends: each takes one commit more */
        ;
    me->all->writers_left--;
    return NULL;
}

/* ---- readers ---- */

typedef struct look { /* what a reader saw */
    tl_truth truth;
    uint64_t number; /* of the last commit, as the content says; 0: there is none */
} look;

static bool look_at(void *context, tl_slice key, tl_slice value)
{
    look *now = context;
    tl_slice marker = tl_oracle_marker_key();
    now->truth.count++;
    now->truth.hash += tl_record_hash(key, value);
    if (key.size_bytes == marker.size_bytes && value.size_bytes == 8 &&
        memcmp(key.data, marker.data, marker.size_bytes) == 0)
        for (unsigned i = 0; i < 8; i++)
            now->number = now->number << 8 | ((const uint8_t *)value.data)[i];
    return true;
}

static bool read_all(crowd *all, tl_store_txn *txn, look *now)
{
    *now = (look){.number = 0};
    tl_status status = all->inspector.driver->scan(txn, (tl_slice){NULL, 0}, look_at, now);
    if (status != TL_OK)
        broken(all, TL_RULE_READABLE, status,
               "a reader's scan stopped after %" PRIu64 " records, beside writers",
               now->truth.count);
    all->trace->threads.looks++;
    return status == TL_OK;
}

/* Is it one commit prefix, and one that may be seen?  `low`: acknowledged when the reader began. */
static bool judge(crowd *all, const look *seen, size_t low)
{
    uint64_t n = seen->number;
    if (n > all->called) {
        broken(all, TL_RULE_RESURRECTED, TL_OK,
               "a reader saw commit %" PRIu64 " when only %zu were called", n, all->called);
        return false;
    }
    tl_truth truth = tl_oracle_truth(all->inspector.oracle, (tl_content){(size_t)n, 0});
    if (truth.count != seen->truth.count || truth.hash != seen->truth.hash)
        broken(all, TL_RULE_ONE_PREFIX, TL_OK,
               "a reader saw commit %" PRIu64 " with %" PRIu64 " records in place of %" PRIu64
               ", or with others",
               n, seen->truth.count, truth.count);
    else if (n < low)
        broken(all, TL_RULE_LOST_COMMITTED, TL_OK,
               "a reader that began behind the acknowledgement of commit %zu saw %" PRIu64
               " commits",
               low, n);
    return all->trace->threads.verdict.rule == TL_RULE_NONE;
}

/* One snapshot, looked at twice; false: that is enough. */
static bool read_one(crowd *all)
{
    const tl_driver *driver = all->inspector.driver;
    size_t low = all->acknowledged;
    tl_store_txn *txn = NULL;
    look first, second;
    tl_status status = driver->begin(all->store, true, &txn);
    if (status != TL_OK) {
        broken(all, TL_RULE_READABLE, status, "a reader cannot begin beside writers");
        return false;
    }
    tl_baton_pass(false); /* it has its snapshot; what follows may overtake it */
    bool good = read_all(all, txn, &first) && judge(all, &first, low);
    if (good && all->seen_is_durable && first.number > 0)
        acknowledge(all, (size_t)first.number);
    tl_baton_pass(true);
    if (good && read_all(all, txn, &second) &&
        (second.number != first.number || second.truth.count != first.truth.count ||
         second.truth.hash != first.truth.hash)) {
        broken(all, TL_RULE_SNAPSHOT, TL_OK,
               "a reader saw commit %" PRIu64 ", and something else when it looked again",
               first.number);
        good = false;
    }
    driver->abort(txn);
    tl_baton_pass(true);
    return good;
}

static void *reader_body(void *context)
{
    member *me = context;
    crowd *all = me->all;
    tl_baton_name("reader", me->number);
    for (unsigned i = 0; i < LOOKS_MAX && all->writers_left > 0 && !all->stop; i++)
        if (!read_one(all))
            break;
    return NULL;
}

/* ---- the run ---- */

static bool publishes_early(const tl_driver_options *options)
{
    for (size_t i = 0; i < options->setting_count; i++)
        if (strcmp(options->settings[i].name, "publish_early") == 0)
            return strcmp(options->settings[i].value, "0") != 0;
    return false;
}

static void start_and_join(crowd *all)
{
    pthread_t threads[TL_CREW_MAX];
    member members[TL_CREW_MAX];
    unsigned started = 0, count = all->crew.writers + all->crew.readers;
    all->writers_left = all->crew.writers;
    for (; started < count && all->status == TL_OK; started++) {
        bool writes = started < all->crew.writers;
        members[started] = (member){all, writes ? started + 1 : started - all->crew.writers + 1};
        if (pthread_create(&threads[started], NULL, writes ? writer_body : reader_body,
                           &members[started]) != 0) {
            failed(all, TL_NO_MEMORY, "a thread behind commit", all->begun);
            break;
        }
    }
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* In the first thread of the baton. */
static void run(void *context)
{
    crowd *all = context;
    tl_trace *trace = all->trace;
    const tl_driver *driver = all->inspector.driver;
    tl_driver_options options = all->inspector.options;
    options.io = &all->io.io;
    options.deterministic = false; /* it has threads of its own, too */
    options.error = all->error;
    options.error_bytes = all->error_bytes;
    all->status = driver->open(&options, &all->store);
    if (all->status != TL_OK)
        return;
    trace->acknowledged[0] = tl_simdisk_op_count(trace->disk);
    start_and_join(all);
    if (all->status != TL_OK || trace->threads.verdict.rule != TL_RULE_NONE) {
        tl_inspect_abandon(&all->inspector, all->store);
        return;
    }
    tl_trace_count_events(&all->inspector, all->store, &trace->counters);
    all->status = driver->close(all->store);
    if (all->status != TL_OK)
        snprintf(all->error, all->error_bytes, "closing after the history: %s",
                 tl_status_text(all->status));
    else if (trace->checkpointed[trace->commits] == SIZE_MAX)
        trace->checkpointed[trace->commits] = tl_simdisk_op_count(trace->disk);
}

static tl_status trace_begin(const tl_inspector *inspector, tl_trace *trace)
{
    tl_status status = tl_trace_begin(tl_oracle_commits(inspector->oracle), trace);
    for (size_t n = 1; n <= trace->commits && status == TL_OK; n++)
        trace->begun[n] = trace->acknowledged[n] = SIZE_MAX; /* it may end before that */
    if (status == TL_OK)
        status = tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &trace->disk);
    return status;
}

tl_status tl_trace_record_threads(const tl_inspector *inspector, const tl_crew *crew,
                                  tl_trace *trace, char *error, size_t error_bytes)
{
    assert(crew->writers > 0 && crew->writers + crew->readers <= TL_CREW_MAX &&
           crew->schedule != 0);
    tl_status status = trace_begin(inspector, trace);
    crowd *all = calloc(1, sizeof *all);
    if (status != TL_OK || all == NULL) {
        free(all);
        return TL_NO_MEMORY;
    }
    all->inspector = *inspector;
    all->crew = *crew;
    all->trace = trace;
    all->seen_is_durable = inspector->options.durability == TL_DURABILITY_COMMIT &&
                           !publishes_early(&inspector->options);
    all->error = error;
    all->error_bytes = error_bytes;
    trace->threads.schedule = crew->schedule;
    tl_baton_io_init(&all->io, tl_simdisk_io(trace->disk));
    tl_baton_spec spec = {.seed = crew->schedule, .body = run, .context = all};
    tl_baton_report report = {.steps = 0};
    status = tl_baton_run(&spec, &report);
    trace->threads.steps = report.steps;
    trace->threads.switches = report.switches;
    trace->threads.order = report.order;
    tl_trace_count_entries(trace);
    if (status == TL_BUSY) { /* its threads stay, and `all` with them */
        broken(all, TL_RULE_ENDS, TL_BUSY, "%.220s", report.stuck);
        return TL_OK;
    }
    status = status == TL_OK ? all->status : status;
    free(all);
    return status;
}
