/* harness/run/series.h -- a phase over time: rate, latencies and engine counters per interval.
 *
 * Recording an operation costs what it did: into one histogram per thread and kind.  At the end of
 * an interval each thread adds what its histograms have counted since the last end, at two
 * significant figures, to the row that all threads share; a row that all have added to is summed
 * up and kept as text.  The hot path has one comparison of the clock reading more, no atomics.
 *
 *     thread 1   record record record | add to row 0 | record record ...
 *     thread 2   record record ...          | add to row 0 | record ...
 *                                             row 0 is closed here
 *
 * An operation belongs to the interval in which it ends, so a stalled store shows rows of zeros.
 * Adding happens between two latencies; wall_ns contains it (about 0.1 ms per kind and interval).
 *
 * Threads   tl_recorder belongs to one thread; tl_series is shared and has its own lock.
 */
#ifndef TL_HARNESS_RUN_SERIES_H
#define TL_HARNESS_RUN_SERIES_H

#include "harness/driver.h"
#include "harness/measure/clock.h"
#include "harness/measure/hdr.h"
#include "harness/run/steady.h"
#include "workloads/op.h"

#include <pthread.h>
#include <stdatomic.h>

/* X(counter): of the engine, shown per interval; as `treelab list counters` names them */
#define TL_SERIES_COUNTER_MAP(X)                                                                   \
    X(splits)                                                                                      \
    X(merges)                                                                                      \
    X(alloc_compactions)                                                                           \
    X(checkpoints)                                                                                 \
    X(log_bytes)                                                                                   \
    X(page_bytes_written)                                                                          \
    X(value_bytes_written)

#define TL_SERIES_AS_INDEX(name) TL_SERIES_##name,
enum { TL_SERIES_COUNTER_MAP(TL_SERIES_AS_INDEX) TL_SERIES_COUNTER_COUNT };
extern const char *const tl_series_counter_names[TL_SERIES_COUNTER_COUNT];

enum {
    /* Kinds of latencies: those of each kind of operation from its start, then the same from the
     * time it was meant to start. */
    TL_SERIES_RESPONSE = TL_OP_KIND_COUNT,
    TL_SERIES_KIND_COUNT = 2 * TL_OP_KIND_COUNT,
    TL_SERIES_ROWS_MAX = 100000, /* what comes later is added to the last row */
};
#define TL_SERIES_INTERVAL_NS_MIN UINT64_C(1000000)
#define TL_SERIES_INTERVAL_NS_MAX UINT64_C(3600000000000)

typedef struct tl_series_latency { /* all 0 when the interval had none */
    uint64_t count, p50_ns, p99_ns, p99_9_ns, max_ns;
    char *text; /* the histogram as tl_hdr_encode gives it */
    tl_hdr *open;
} tl_series_latency;

typedef struct tl_series_row {
    uint64_t ops;
    uint64_t counters[TL_SERIES_COUNTER_COUNT]; /* what the interval added */
    uint32_t closed_by;                         /* threads that have added to it */
    tl_series_latency latency[TL_SERIES_KIND_COUNT];
} tl_series_row;

typedef struct tl_series {
    uint64_t interval_ns, wall_ns; /* row i began i * interval_ns after the phase; the last ends
                                      at wall_ns */
    uint64_t begin_unix_ns;        /* when the phase began */
    tl_series_row *rows;           /* owned */
    size_t count, capacity;
    bool counters_known;
    tl_status status; /* TL_NO_MEMORY: some of it is missing */

    /* While it runs. */
    pthread_mutex_t lock;
    tl_steady steady;      /* fed with each row that is closed while the phase runs */
    atomic_bool is_steady; /* may be asked by any thread */
    uint32_t threads;
    const tl_driver *driver;
    tl_store *store;
    size_t counter_places[TL_SERIES_COUNTER_COUNT];
    uint64_t counter_values[TL_SERIES_COUNTER_COUNT]; /* at the last reading */
} tl_series;

/* Begin a series of the phase that begins now on `store`; `rule` may be NULL, otherwise
 * interval_ns is its tl_steady_sample_ns. */
void tl_series_begin(tl_series *series, uint64_t interval_ns, uint32_t threads,
                     const tl_driver *driver, tl_store *store, const tl_steady_rule *rule);
/* Close all rows; series->status then tells whether all is there. */
void tl_series_end(tl_series *series, uint64_t wall_ns);
void tl_series_release(tl_series *series);

typedef struct tl_recorder { /* a thread's part; all zeros but due_ticks: takes part in none */
    uint64_t due_ticks;      /* call tl_recorder_pass with the first reading at or after it */
    uint64_t extra_ops;      /* operations beyond one for each latency */
    tl_series *series;
    bool leads;                                           /* reads the counters: one thread does */
    const tl_histogram *histograms[TL_SERIES_KIND_COUNT]; /* NULL: not recorded */
    tl_histogram *before;                                 /* as the series has taken them */
    uint64_t step_ticks, extra_ops_before;
    size_t row;
} tl_recorder;

/* Take part in `series`, whose phase begins now; `before` has room for
 * TL_SERIES_KIND_COUNT histograms, of which those that are recorded are used.  Both NULL: in
 * none. */
void tl_recorder_begin(tl_recorder *recorder, tl_series *series, const tl_clock *clock,
                       tl_histogram *before);
/* Add what was recorded to the row that has ended, and go on with the row of `now_ticks`. */
void tl_recorder_pass(tl_recorder *recorder, uint64_t now_ticks);
void tl_recorder_end(tl_recorder *recorder);

#endif
