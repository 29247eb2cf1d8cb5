/* harness/check/trace.c -- see trace.h. */
#include "harness/check/trace.h"

#include "harness/fault/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tl_status apply_op(const tl_inspector *inspector, tl_store_txn *txn, const tl_oracle_op *op)
{
    uint8_t key[TL_ORACLE_KEY_MAX], value[TL_ORACLE_VALUE_MAX];
    tl_slice name = tl_oracle_key(inspector->oracle, op, key);
    if (op->del) {
        tl_status status = inspector->driver->del(txn, name);
        return status == TL_NOT_FOUND ? TL_OK : status; /* it lost the key: the sweep will tell */
    }
    return inspector->driver->put(txn, name, tl_oracle_value(op, value), 0);
}

tl_status tl_trace_fill(const tl_inspector *inspector, tl_store_txn *txn, size_t n)
{
    size_t op_count = 0;
    const tl_oracle_op *ops = tl_oracle_ops(inspector->oracle, n, &op_count);
    tl_status status = TL_OK;
    for (size_t i = 0; i < op_count && status == TL_OK; i++)
        status = apply_op(inspector, txn, &ops[i]);
    return status;
}

tl_status tl_trace_apply(const tl_inspector *inspector, tl_store *store, size_t n,
                         tl_store_txn **out)
{
    const tl_driver *driver = inspector->driver;
    tl_store_txn *txn = NULL;
    tl_status status = driver->begin(store, false, &txn);
    if (status != TL_OK)
        return status;
    status = tl_trace_fill(inspector, txn, n);
    if (status != TL_OK) {
        driver->abort(txn);
        return status;
    }
    *out = txn;
    return TL_OK;
}

static tl_status apply_commit(const tl_inspector *inspector, tl_store *store, tl_trace *trace,
                              size_t n)
{
    tl_store_txn *txn = NULL;
    tl_status status = tl_trace_apply(inspector, store, n, &txn);
    if (status != TL_OK)
        return status;
    trace->begun[n] = tl_simdisk_op_count(trace->disk);
    status = inspector->driver->commit(txn);
    trace->acknowledged[n] = tl_simdisk_op_count(trace->disk);
    return status;
}

tl_status tl_trace_between(const tl_inspector *inspector, tl_store *store, size_t n)
{
    enum { PAGES_MAX = 1024 };
    const tl_driver *driver = inspector->driver;
    tl_history_deed deed = tl_oracle_deed_after(inspector->oracle, n);
    if (deed == TL_HISTORY_CHECKPOINT && driver->checkpoint != NULL)
        return driver->checkpoint(store);
    bool done = deed != TL_HISTORY_COMPACT || driver->compact == NULL;
    tl_status status = TL_OK;
    while (!done && status == TL_OK) /* ends: each step moves pages down until there is no gap */
        status = driver->compact(store, PAGES_MAX, &done);
    return status;
}

void tl_trace_count_events(const tl_inspector *inspector, tl_store *store,
                           tl_trace_counters *events)
{
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {
        {"checkpoints",    offsetof(tl_trace_counters, checkpoints)   },
        {"grows",          offsetof(tl_trace_counters, grows)         },
        {"leaf_splits",    offsetof(tl_trace_counters, leaf_splits)   },
        {"branch_splits",  offsetof(tl_trace_counters, branch_splits) },
        {"merges",         offsetof(tl_trace_counters, merges)        },
        {"leaf_moves",     offsetof(tl_trace_counters, moves)         },
        {"root_grows",     offsetof(tl_trace_counters, root_grows)    },
        {"root_collapses", offsetof(tl_trace_counters, root_collapses)},
        {"log_frames",     offsetof(tl_trace_counters, log_frames)    },
        {"run_alloc",      offsetof(tl_trace_counters, extents)       },
        {"pages_freed",    offsetof(tl_trace_counters, pages_freed)   },
        {"loose_reuse",    offsetof(tl_trace_counters, page_reuse)    },
        {"recycle_reuse",  offsetof(tl_trace_counters, page_reuse)    },
        {"bitmap_alloc",   offsetof(tl_trace_counters, page_reuse)    },
    };
    enum { COUNTERS_MAX = 256 };
    tl_driver_counter counters[COUNTERS_MAX];
    if (inspector->driver->counters == NULL)
        return;
    size_t count = inspector->driver->counters(store, counters, COUNTERS_MAX);
    for (size_t i = 0; i < count && i < COUNTERS_MAX; i++) {
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            if (strcmp(rows[r].name, counters[i].name) == 0)
                *(uint64_t *)(void *)((char *)events + rows[r].offset) += counters[i].value;
        }
    }
    events->known = true;
}

/* The size of the file of log entry `i` before it. */
static uint64_t size_before(const tl_simdisk *disk, size_t i)
{
    uint32_t file = tl_simdisk_op_at(disk, i)->file;
    while (i-- > 0) {
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, i);
        if (op->file == file && op->kind != TL_SIMDISK_SYNC_DIR)
            return op->size_after;
    }
    return 0;
}

void tl_trace_count_entries(tl_trace *trace)
{
    for (size_t i = 0; i < tl_simdisk_op_count(trace->disk); i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, i);
        tl_simdisk_op_kind kind = op->kind;
        trace->shrinks +=
            kind == TL_SIMDISK_TRUNCATE && op->size_after < size_before(trace->disk, i);
        trace->writes += kind == TL_SIMDISK_WRITE;
        trace->syncs += kind == TL_SIMDISK_SYNC || kind == TL_SIMDISK_SYNC_DIR;
    }
}

tl_status tl_trace_begin(size_t commits, tl_trace *trace)
{
    *trace = (tl_trace){.commits = commits};
    trace->begun = calloc(trace->commits + 1, sizeof *trace->begun);
    trace->acknowledged = calloc(trace->commits + 1, sizeof *trace->acknowledged);
    trace->checkpointed = malloc((trace->commits + 1) * sizeof *trace->checkpointed);
    for (size_t n = 0; n <= commits && trace->checkpointed != NULL; n++)
        trace->checkpointed[n] = SIZE_MAX;
    bool made = trace->begun != NULL && trace->acknowledged != NULL && trace->checkpointed != NULL;
    return made ? TL_OK : TL_NO_MEMORY;
}

/* Run the history through `io`, which adds to the log of trace->disk. */
static tl_status record_through(const tl_inspector *inspector, tl_io *io, tl_trace *trace,
                                char *error, size_t error_bytes)
{
    tl_driver_options options = inspector->options;
    options.io = io;
    options.error = error;
    options.error_bytes = error_bytes;
    tl_store *store = NULL;
    tl_status status = inspector->driver->open(&options, &store);
    if (status != TL_OK)
        return status;
    trace->acknowledged[0] = tl_simdisk_op_count(trace->disk);
    for (size_t n = 1; n <= trace->commits; n++) {
        status = apply_commit(inspector, store, trace, n);
        if (status == TL_OK)
            status = tl_trace_between(inspector, store, n);
        if (status == TL_OK && inspector->driver->checkpoint != NULL &&
            tl_oracle_deed_after(inspector->oracle, n) == TL_HISTORY_CHECKPOINT)
            trace->checkpointed[n] = tl_simdisk_op_count(trace->disk);
        if (status != TL_OK) {
            snprintf(error, error_bytes, "commit %zu of the history: %s (%s)", n,
                     tl_status_text(status), tl_status_name(status));
            tl_inspect_abandon(inspector, store);
            return status;
        }
    }
    tl_trace_count_events(inspector, store, &trace->counters);
    status = inspector->driver->close(store);
    if (status != TL_OK)
        snprintf(error, error_bytes, "closing after the history: %s", tl_status_text(status));
    else if (trace->commits > 0 && trace->checkpointed[trace->commits] == SIZE_MAX)
        trace->checkpointed[trace->commits] = tl_simdisk_op_count(trace->disk);
    tl_trace_count_entries(trace);
    return status;
}

tl_status tl_trace_record(const tl_inspector *inspector, tl_trace *trace, char *error,
                          size_t error_bytes)
{
    return tl_trace_record_first(inspector, tl_oracle_commits(inspector->oracle), trace, error,
                                 error_bytes);
}

tl_status tl_trace_record_first(const tl_inspector *inspector, size_t commits, tl_trace *trace,
                                char *error, size_t error_bytes)
{
    tl_status status = tl_trace_begin(commits, trace);
    if (status == TL_OK)
        status = tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &trace->disk);
    if (status == TL_OK)
        status = record_through(inspector, tl_simdisk_io(trace->disk), trace, error, error_bytes);
    return status;
}

tl_status tl_trace_record_real(const tl_inspector *inspector, const char *name, tl_trace *trace,
                               char *error, size_t error_bytes)
{
    return tl_trace_record_below(inspector, tl_io_posix(), name, trace, error, error_bytes);
}

tl_status tl_trace_record_below(const tl_inspector *inspector, tl_io *below, const char *name,
                                tl_trace *trace, char *error, size_t error_bytes)
{
    tl_recorder *recorder = NULL;
    tl_status status = tl_trace_begin(tl_oracle_commits(inspector->oracle), trace);
    if (status == TL_OK)
        status = tl_recorder_create(below, inspector->options.dir, name, &recorder);
    if (status != TL_OK)
        return status;
    trace->disk = tl_recorder_log(recorder);
    status = record_through(inspector, tl_recorder_io(recorder), trace, error, error_bytes);
    if (status == TL_OK)
        status = tl_recorder_audit(recorder, error, error_bytes);
    trace->disk = tl_recorder_finish(recorder);
    return status;
}

void tl_trace_clear(tl_trace *trace)
{
    tl_simdisk_destroy(trace->disk);
    free(trace->begun);
    free(trace->acknowledged);
    free(trace->checkpointed);
    *trace = (tl_trace){0};
}

tl_status tl_trace_without(const tl_trace *trace, size_t entry, tl_trace *out)
{
    *out = *trace;
    out->disk = NULL;
    out->begun = calloc(trace->commits + 1, sizeof *out->begun);
    out->acknowledged = calloc(trace->commits + 1, sizeof *out->acknowledged);
    out->checkpointed = calloc(trace->commits + 1, sizeof *out->checkpointed);
    tl_status status = out->begun == NULL || out->acknowledged == NULL || out->checkpointed == NULL
                           ? TL_NO_MEMORY
                           : tl_simdisk_copy_without(trace->disk, entry, &out->disk);
    if (status != TL_OK) {
        tl_trace_clear(out);
        return status;
    }
    for (size_t n = 0; n <= trace->commits; n++) { /* times are counted in entries of the log */
        out->begun[n] = trace->begun[n] - (trace->begun[n] > entry);
        out->acknowledged[n] = trace->acknowledged[n] - (trace->acknowledged[n] > entry);
        size_t checkpointed = trace->checkpointed == NULL ? SIZE_MAX : trace->checkpointed[n];
        out->checkpointed[n] = checkpointed - (checkpointed > entry && checkpointed != SIZE_MAX);
    }
    out->syncs--;
    return TL_OK;
}

tl_allowed tl_trace_allowed(const tl_trace *trace, size_t at, bool acknowledged_counts)
{
    tl_allowed allowed = {0};
    for (size_t n = 1; n <= trace->commits && trace->begun[n] <= at; n++) {
        allowed.high = n;
        if (acknowledged_counts && trace->acknowledged[n] <= at)
            allowed.low = n;
    }
    return allowed;
}
