/* harness/check/trace.h -- the recorded run: a history applied to a store on a simulated disk.
 *
 * Beside the disk's log stands when each commit was begun and when it was acknowledged, counted in
 * log entries, which gives the prefixes that may be there after a crash at any entry.
 */
#ifndef TL_HARNESS_TRACE_H
#define TL_HARNESS_TRACE_H

#include "harness/check/inspect.h"
#include "harness/fault/simdisk.h"

typedef struct tl_trace_counters { /* of the store, when the history was done */
    uint64_t checkpoints, grows, leaf_splits, branch_splits, merges, page_reuse;
    uint64_t moves, root_grows, root_collapses, log_frames;
    uint64_t extents, pages_freed; /* extents: of values that fit no leaf */
    bool known;                    /* the driver has counters */
} tl_trace_counters;

typedef struct tl_trace_threads { /* of a run by several threads: trace_threads.h */
    uint64_t schedule;            /* what decided who went on; 0: one thread made the run */
    uint64_t steps, switches;     /* as in tl_baton_report */
    uint64_t order;
    uint64_t looks;     /* snapshots that readers looked at, each twice */
    uint64_t followers; /* commits acknowledged while others were under way */
    tl_verdict verdict; /* what broke a promise while the store ran; NONE: nothing did */
} tl_trace_threads;

typedef struct tl_trace {
    tl_simdisk *disk;
    size_t *begun, *acknowledged; /* [commits + 1]: log entries at that time; [0]: the open */
    size_t *checkpointed;         /* [commits + 1]: log entries when a checkpoint asked for behind
                                     commit n, or behind the last one the close, had returned;
                                     SIZE_MAX: none was.  NULL: not known of any */
    size_t commits;
    tl_trace_counters counters;
    tl_trace_threads threads;
    uint64_t writes, syncs, shrinks; /* entries of the log; shrinks: truncates that cut a file */
} tl_trace;

/* Run the history of inspector->oracle: open, every commit, close.
 *
 * TL_OK    *trace is ready; release it with tl_trace_clear, also after a failure
 * others   what the store said; `error` tells at which commit */
TL_MUST_USE tl_status tl_trace_record(const tl_inspector *inspector, tl_trace *trace, char *error,
                                      size_t error_bytes);

/* The same on the real disk, in the existing directory inspector->options.dir, through a recorder:
 * the log calls the directory `name` and is swept like any other.  Files that were there before are
 * where the log begins.
 *
 * TL_CORRUPT  also: the log does not lead to what is in the real files; `error` tells where */
TL_MUST_USE tl_status tl_trace_record_real(const tl_inspector *inspector, const char *name,
                                           tl_trace *trace, char *error, size_t error_bytes);
/* The same through `below` in place of the real disk: something that stands before it. */
TL_MUST_USE tl_status tl_trace_record_below(const tl_inspector *inspector, tl_io *below,
                                            const char *name, tl_trace *trace, char *error,
                                            size_t error_bytes);
/* The same with only the first `commits` commits of the history, at most as many as it has. */
TL_MUST_USE tl_status tl_trace_record_first(const tl_inspector *inspector, size_t commits,
                                            tl_trace *trace, char *error, size_t error_bytes);
void tl_trace_clear(tl_trace *trace);

/* The trace as it would have been had the store not made the sync at log entry `entry`.  *out is
 * released with tl_trace_clear, the trace may go before it.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_trace_without(const tl_trace *trace, size_t entry, tl_trace *out);
/* Begin a txn and do in it what commit n of the history does; *txn is left to be committed. */
TL_MUST_USE tl_status tl_trace_apply(const tl_inspector *inspector, tl_store *store, size_t n,
                                     tl_store_txn **txn);

/* Do in `txn` what commit n of the history does; after a failure it is still there. */
TL_MUST_USE tl_status tl_trace_fill(const tl_inspector *inspector, tl_store_txn *txn, size_t n);

/* What the history does between commit n and the next.  A store that cannot is asked for nothing.
 */
TL_MUST_USE tl_status tl_trace_between(const tl_inspector *inspector, tl_store *store, size_t n);

/* Add what the store's counters say to *events. */
void tl_trace_count_events(const tl_inspector *inspector, tl_store *store,
                           tl_trace_counters *events);

/* An empty trace of so many commits.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_trace_begin(size_t commits, tl_trace *trace);
/* Fill in how many writes, syncs and shrinks the log has. */
void tl_trace_count_entries(tl_trace *trace);

/* Prefixes allowed after a crash at log entry `at`: with `acknowledged_counts` at least the last
 * acknowledged commit, at most the last one begun. */
tl_allowed tl_trace_allowed(const tl_trace *trace, size_t at, bool acknowledged_counts);

#endif
