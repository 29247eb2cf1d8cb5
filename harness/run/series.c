/* harness/run/series.c -- see series.h. */
#include "harness/run/series.h"

#include "harness/measure/hdr_codec.h"

#include <stdlib.h>
#include <string.h>

#define NAME_OF(name) #name,
const char *const tl_series_counter_names[TL_SERIES_COUNTER_COUNT] = {
    TL_SERIES_COUNTER_MAP(NAME_OF)};

enum { COUNTERS_MAX = 192, NOT_THERE = COUNTERS_MAX };

/* Counters. */

static void counters_find(tl_series *series)
{
    tl_driver_counter rows[COUNTERS_MAX];
    for (size_t i = 0; i < TL_SERIES_COUNTER_COUNT; i++)
        series->counter_places[i] = NOT_THERE;
    if (series->driver->counters == NULL)
        return;
    size_t count = series->driver->counters(series->store, rows, COUNTERS_MAX);
    for (size_t i = 0; i < count && i < COUNTERS_MAX; i++)
        for (size_t j = 0; j < TL_SERIES_COUNTER_COUNT; j++)
            if (strcmp(rows[i].name, tl_series_counter_names[j]) == 0) {
                series->counter_places[j] = i;
                series->counter_values[j] = rows[i].value;
                series->counters_known = true;
            }
}

/* What each counter has grown by since the last reading; asked by the leading thread only.  The
 * store may wait for a writer meanwhile, so no lock is held. */
static void counters_since(tl_series *series, uint64_t grown[TL_SERIES_COUNTER_COUNT])
{
    tl_driver_counter rows[COUNTERS_MAX];
    memset(grown, 0, TL_SERIES_COUNTER_COUNT * sizeof grown[0]);
    if (!series->counters_known)
        return;
    size_t count = series->driver->counters(series->store, rows, COUNTERS_MAX);
    for (size_t i = 0; i < TL_SERIES_COUNTER_COUNT; i++) {
        size_t place = series->counter_places[i];
        if (place >= count || place >= COUNTERS_MAX)
            continue;
        uint64_t value = rows[place].value;
        grown[i] = value > series->counter_values[i] ? value - series->counter_values[i] : 0;
        series->counter_values[i] = value;
    }
}

/* Rows. */

void tl_series_begin(tl_series *series, uint64_t interval_ns, uint32_t threads,
                     const tl_driver *driver, tl_store *store, const tl_steady_rule *rule)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *series = (tl_series){
        .interval_ns = interval_ns,
        .begin_unix_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .threads = threads,
        .driver = driver,
        .store = store,
    };
    if (rule != NULL)
        series->steady.rule = *rule;
    counters_find(series);
}

/* Row `index`, made with all before it if it is not there; NULL when memory is short. */
static tl_series_row *row_at(tl_series *series, size_t index)
{
    if (index >= series->capacity) {
        size_t capacity = index + index / 2 + 16;
        tl_series_row *rows = realloc(series->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            series->status = TL_NO_MEMORY;
            return NULL;
        }
        memset(rows + series->capacity, 0, (capacity - series->capacity) * sizeof *rows);
        series->rows = rows;
        series->capacity = capacity;
    }
    if (index >= series->count)
        series->count = index + 1;
    return &series->rows[index];
}

static void latency_close(tl_series *series, tl_series_latency *latency)
{
    tl_hdr *hdr = latency->open;
    if (hdr == NULL)
        return;
    latency->open = NULL;
    latency->count = hdr->count;
    latency->p50_ns = tl_hdr_percentile(hdr, 50);
    latency->p99_ns = tl_hdr_percentile(hdr, 99);
    latency->p99_9_ns = tl_hdr_percentile(hdr, 99.9);
    latency->max_ns = tl_hdr_max(hdr);
    if (tl_hdr_encode(hdr, &latency->text) != TL_OK)
        series->status = TL_NO_MEMORY;
    tl_hdr_free(hdr);
}

static void row_close(tl_series *series, tl_series_row *row)
{
    for (size_t kind = 0; kind < TL_SERIES_KIND_COUNT; kind++)
        latency_close(series, &row->latency[kind]);
}

void tl_series_end(tl_series *series, uint64_t wall_ns)
{
    series->wall_ns = wall_ns;
    for (size_t i = 0; i < series->count; i++)
        row_close(series, &series->rows[i]);
    pthread_mutex_destroy(&series->lock);
}

void tl_series_release(tl_series *series)
{
    for (size_t i = 0; i < series->count; i++)
        for (size_t kind = 0; kind < TL_SERIES_KIND_COUNT; kind++) {
            tl_hdr_free(series->rows[i].latency[kind].open);
            free(series->rows[i].latency[kind].text);
        }
    free(series->rows);
    *series = (tl_series){0};
}

/* A thread's part. */

void tl_recorder_begin(tl_recorder *recorder, tl_series *series, const tl_clock *clock,
                       tl_histogram *before)
{
    recorder->due_ticks = UINT64_MAX;
    recorder->series = series;
    recorder->before = before;
    recorder->row = 0;
    recorder->extra_ops = recorder->extra_ops_before = 0;
    if (series == NULL)
        return;
    for (size_t kind = 0; kind < TL_SERIES_KIND_COUNT; kind++)
        if (recorder->histograms[kind] != NULL)
            tl_histogram_reset(&before[kind]);
    recorder->step_ticks = tl_clock_ticks_of_ns(clock, series->interval_ns);
    recorder->due_ticks = tl_clock_ticks(clock) + recorder->step_ticks;
}

static void kind_add(tl_recorder *recorder, tl_series_row *row, size_t kind)
{
    const tl_histogram *now = recorder->histograms[kind];
    tl_histogram *before = &recorder->before[kind];
    if (now == NULL || now->count == before->count)
        return;
    tl_series_latency *latency = &row->latency[kind];
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    if (latency->open == NULL)
        latency->open = tl_hdr_new(&layout);
    if (latency->open == NULL) {
        recorder->series->status = TL_NO_MEMORY;
        return;
    }
    tl_hdr_add_since(latency->open, now, before);
    if (kind < TL_SERIES_RESPONSE && kind != TL_OP_COMMIT)
        row->ops += now->count - before->count;
    *before = *now;
}

/* Add to the row that is the recorder's, and leave it and those up to `next`. */
static void row_leave(tl_recorder *recorder, size_t next)
{
    tl_series *series = recorder->series;
    uint64_t grown[TL_SERIES_COUNTER_COUNT];
    if (recorder->leads)
        counters_since(series, grown);
    pthread_mutex_lock(&series->lock);
    tl_series_row *row = row_at(series, recorder->row);
    for (size_t kind = 0; row != NULL && kind < TL_SERIES_KIND_COUNT; kind++)
        kind_add(recorder, row, kind);
    if (row != NULL)
        row->ops += recorder->extra_ops - recorder->extra_ops_before;
    for (size_t i = 0; row != NULL && recorder->leads && i < TL_SERIES_COUNTER_COUNT; i++)
        row->counters[i] += grown[i];
    for (size_t i = recorder->row; i < next; i++) {
        row = row_at(series, i);
        if (row == NULL || ++row->closed_by != series->threads)
            continue;
        row_close(series, row);
        tl_steady_add(&series->steady, (double)row->ops * 1e9 / (double)series->interval_ns);
        if (series->steady.reached)
            atomic_store_explicit(&series->is_steady, true, memory_order_relaxed);
    }
    pthread_mutex_unlock(&series->lock);
    recorder->extra_ops_before = recorder->extra_ops;
}

void tl_recorder_pass(tl_recorder *recorder, uint64_t now_ticks)
{
    uint64_t passed = (now_ticks - recorder->due_ticks) / recorder->step_ticks + 1;
    recorder->due_ticks += passed * recorder->step_ticks;
    size_t last = TL_SERIES_ROWS_MAX - 1;
    size_t next = passed < last - recorder->row ? recorder->row + (size_t)passed : last;
    if (recorder->row < last)
        row_leave(recorder, next);
    recorder->row = next;
}

void tl_recorder_end(tl_recorder *recorder)
{
    if (recorder->series != NULL)
        row_leave(recorder, recorder->row);
}
