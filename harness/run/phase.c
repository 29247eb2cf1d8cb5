/* harness/run/phase.c -- reading counts before and after a phase, and summing up its latencies. */
#include "harness/run/phase.h"

#include "harness/measure/hdr_codec.h"
#include "harness/measure/instrument.h"
#include "harness/run/threads.h"

#include <stdlib.h>
#include <string.h>

typedef struct counter_reading {
    tl_driver_counter rows[TL_RUN_COUNTER_MAX];
    size_t count;
} counter_reading;

static void counters_read(const tl_driver *driver, tl_store *store, counter_reading *reading)
{
    reading->count = 0;
    if (driver->counters == NULL)
        return;
    size_t count = driver->counters(store, reading->rows, TL_RUN_COUNTER_MAX);
    reading->count = count < TL_RUN_COUNTER_MAX ? count : TL_RUN_COUNTER_MAX;
}

/* A driver gives its counters in one order always, so the readings match row by row. */
static void counters_between(const counter_reading *before, const counter_reading *after,
                             tl_run_phase *result)
{
    result->counter_count = after->count;
    for (size_t i = 0; i < after->count; i++) {
        uint64_t from = i < before->count ? before->rows[i].value : 0;
        uint64_t to = after->rows[i].value;
        result->counters[i] = (tl_run_counter){after->rows[i].name, to > from ? to - from : 0};
    }
}

/* TL_NO_MEMORY leaves the text out. */
static tl_status latency_sum_up(const tl_histogram *histogram, tl_run_latency *latency)
{
    *latency = (tl_run_latency){.count = histogram->count};
    if (histogram->count == 0)
        return TL_OK;
    latency->min = histogram->min_ns;
    latency->p50 = tl_histogram_percentile(histogram, 50);
    latency->p90 = tl_histogram_percentile(histogram, 90);
    latency->p99 = tl_histogram_percentile(histogram, 99);
    latency->p99_9 = tl_histogram_percentile(histogram, 99.9);
    latency->p99_99 = tl_histogram_percentile(histogram, 99.99);
    latency->max = histogram->max_ns;
    latency->clamped = histogram->clamped;
    latency->mean = tl_histogram_mean(histogram);
    latency->curve_count = tl_histogram_curve(histogram, latency->curve);
    return tl_histogram_encode(histogram, &latency->hdr);
}

static void name_set(tl_run_phase *result, const char *name)
{
    snprintf(result->name, sizeof result->name, "%s", name);
}

static void space_read(const tl_driver *driver, tl_store *store, const tl_truth *truth,
                       tl_run_phase *result)
{
    result->space_known = driver->space != NULL && driver->space(store, &result->space) == TL_OK;
    if (truth != NULL) {
        result->logical_known = true;
        result->logical_bytes = truth->logical_bytes;
    }
}

tl_status tl_phase_measure(tl_loop *loop, const tl_truth *truth, tl_run_phase *result)
{
    counter_reading counters_before, counters_after;
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        tl_histogram_reset(&loop->histograms[kind]);
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT && loop->responses != NULL; kind++)
        tl_histogram_reset(&loop->responses[kind]);
    counters_read(loop->driver, loop->store, &counters_before);
    tl_resources_reset_peak();
    tl_resources os_before = tl_resources_now();

    if (loop->phase->measured)
        tl_instrument_begin();
    tl_status status = loop->phase->threads > 1 ? tl_threads_run(loop) : tl_loop_run(loop);
    if (loop->phase->measured)
        tl_instrument_end(loop->phase->name);

    tl_resources os_after = tl_resources_now();
    counters_read(loop->driver, loop->store, &counters_after);
    memset(result, 0, sizeof *result);
    name_set(result, loop->phase->name);
    result->measured = loop->phase->measured;
    result->ops = loop->ops;
    result->transactions = loop->transactions;
    result->errors = loop->errors;
    result->retries = loop->retries;
    result->threads = loop->phase->threads > 1 ? loop->phase->threads : 1;
    result->many_looped = loop->many_looped;
    result->schedule = loop->kept;
    result->end = loop->end;
    result->blind_gets = loop->blind && loop->histograms[TL_OP_GET].count != 0;
    result->wall_ns = loop->wall_ns;
    result->cpu_ns = loop->cpu_ns;
    result->os = tl_resources_between(&os_before, &os_after);
    counters_between(&counters_before, &counters_after, result);
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++) {
        tl_status kept = latency_sum_up(&loop->histograms[kind], &result->latency[kind]);
        if (kept == TL_OK && loop->responses != NULL)
            kept = latency_sum_up(&loop->responses[kind], &result->response[kind]);
        if (status == TL_OK && kept != TL_OK) {
            status = kept;
            snprintf(loop->error, sizeof loop->error, "phase %s: keeping its latencies: %s",
                     loop->phase->name, tl_status_text(kept));
        }
        result->ops_ns += loop->histograms[kind].sum_ns;
    }
    space_read(loop->driver, loop->store, truth, result);
    return status;
}

void tl_phase_release(tl_run_phase *result)
{
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        free(result->latency[kind].hdr);
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        free(result->response[kind].hdr);
}

static void audit_compare(const tl_truth *truth, const tl_scan *scan, tl_check *check)
{
    check->answers = scan->seen;
    check->hash = scan->hash;
    if (scan->seen != truth->record_count)
        tl_check_wrong(check, NULL, "%llu records were written and kept, the store has %llu",
                       (unsigned long long)truth->record_count, (unsigned long long)scan->seen);
    else if (scan->out_of_order)
        tl_check_wrong(check, NULL, "the store's keys are not strictly ascending");
    else if (scan->hash != truth->content_hash)
        tl_check_wrong(check, NULL,
                       "the records written have hash 0x%016llx, the store's 0x%016llx",
                       (unsigned long long)truth->content_hash, (unsigned long long)scan->hash);
}

tl_status tl_phase_audit(const tl_driver *driver, tl_store *store, const tl_truth *truth,
                         tl_scan *scan, tl_check *check, tl_run_phase *result)
{
    memset(result, 0, sizeof *result);
    name_set(result, "audit");
    result->threads = 1;
    uint64_t begin_cpu_ns = tl_clock_cpu_ns(), begin_ns = tl_clock_ns();
    tl_resources os_before = tl_resources_now();
    tl_store_txn *txn;
    tl_status status = driver->begin(store, true, &txn);
    if (status == TL_OK) {
        tl_op everything = {.kind = TL_OP_SCAN, .scan_count = UINT64_MAX};
        status = tl_scan_run(driver, txn, &everything, true, scan);
        driver->abort(txn);
        result->transactions = 1;
    }
    result->wall_ns = tl_clock_ns() - begin_ns;
    result->cpu_ns = tl_clock_cpu_ns() - begin_cpu_ns;
    result->ops = 1;
    result->errors = status != TL_OK;
    tl_resources os_after = tl_resources_now();
    result->os = tl_resources_between(&os_before, &os_after);
    space_read(driver, store, truth, result);
    if (status == TL_OK)
        audit_compare(truth, scan, check);
    return status;
}

void tl_phase_conclude(tl_run_phase *result, const tl_check *check)
{
    result->answers_checked = check->answers;
    result->wrong = check->wrong;
    result->result_hash = check->hash;
}
