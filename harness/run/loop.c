/* harness/run/loop.c -- see loop.h for what is timed.  Every nanosecond here is in each result. */
#include "harness/run/loop.h"

#include <assert.h>
#include <stdio.h>

enum {
    CHUNK_OPS = TL_LOOP_CHUNK_OPS,
    LIMITED_OPS = 16,     /* a chunk of a phase that is to end in time */
    RETRIES_MAX = 100000, /* in a row: threads that get in each other's way end some time */
};

static tl_status op_failed(tl_loop *loop, const tl_op *op, tl_status status)
{
    char key[96];
    loop->errors++;
    tl_check_hex(key, sizeof key, (tl_slice){op->key, op->key_bytes});
    snprintf(loop->error, sizeof loop->error, "phase %s: %s of key %s: %s (%s)", loop->phase->name,
             tl_op_kind_name(op->kind), key, tl_status_name(status), tl_status_text(status));
    return status;
}

static tl_status apply_get(tl_loop *loop, const tl_op *op)
{
    tl_slice value = {NULL, 0};
    tl_status status = loop->driver->get(loop->txn, (tl_slice){op->key, op->key_bytes}, &value);
    if (status != TL_OK && status != TL_NOT_FOUND)
        return status;
    if (__builtin_expect(loop->blind, 0))
        tl_check_get_blind(loop->check, op, status, value);
    else
        tl_check_get(loop->check, op, status, value);
    return TL_OK;
}

static inline tl_status put(tl_loop *loop, const tl_op *op, unsigned flags)
{
    if ((op->flags & TL_OP_APPEND) != 0)
        flags |= TL_PUT_APPEND;
    return loop->driver->put(loop->txn, (tl_slice){op->key, op->key_bytes},
                             (tl_slice){op->value, op->value_bytes}, flags);
}

static tl_status apply_put(tl_loop *loop, const tl_op *op)
{
    return put(loop, op, 0);
}

static tl_status apply_insert(tl_loop *loop, const tl_op *op)
{
    tl_status status = put(loop, op, TL_PUT_INSERT);
    if (status != TL_EXISTS || !loop->check->enabled)
        return status;
    tl_check_wrong(loop->check, op, "expected the key to be absent, got TL_EXISTS");
    return TL_OK;
}

static tl_status apply_del(tl_loop *loop, const tl_op *op)
{
    tl_status status = loop->driver->del(loop->txn, (tl_slice){op->key, op->key_bytes});
    if (status != TL_OK && status != TL_NOT_FOUND)
        return status;
    bool absent = (op->flags & TL_OP_ABSENT) != 0;
    if (loop->check->enabled && absent != (status == TL_NOT_FOUND))
        tl_check_wrong(loop->check, op, "expected %s, got %s", absent ? "TL_NOT_FOUND" : "TL_OK",
                       tl_status_name(status));
    return TL_OK;
}

/* The right hash: the workload's own, or that of all records when the scan is over all. */
static uint64_t scan_expected_hash(const tl_loop *loop, const tl_op *op)
{
    if (op->scan_hash != 0 || !loop->phase->read_only)
        return op->scan_hash;
    bool all = op->key_bytes == 0 && op->scan_count == loop->record_count;
    return all ? loop->content_hash : 0;
}

static tl_status apply_scan(tl_loop *loop, const tl_op *op)
{
    bool hashing = loop->check->enabled && !loop->phase->read_only;
    tl_status status = tl_scan_run(loop->driver, loop->txn, op, hashing, loop->scan);
    if (status != TL_OK || !loop->check->enabled)
        return status;
    uint64_t expected_hash = scan_expected_hash(loop, op);
    tl_scan_check(loop->check, op, loop->scan, expected_hash);
    return hashing ? TL_OK : tl_scan_list_add(loop->scans, op, loop->scan, expected_hash);
}

static tl_status (*const apply[TL_OP_COMMIT])(tl_loop *loop, const tl_op *op) = {
    [TL_OP_GET] = apply_get, [TL_OP_PUT] = apply_put,   [TL_OP_INSERT] = apply_insert,
    [TL_OP_DEL] = apply_del, [TL_OP_SCAN] = apply_scan,
};

static bool driver_has(const tl_driver *driver, uint32_t kind)
{
    const bool has[TL_OP_COMMIT] = {
        [TL_OP_GET] = driver->get != NULL,    [TL_OP_PUT] = driver->put != NULL,
        [TL_OP_INSERT] = driver->put != NULL, [TL_OP_DEL] = driver->del != NULL,
        [TL_OP_SCAN] = driver->scan != NULL,
    };
    return has[kind];
}

/* Asked once per chunk for each of its operations, outside of every latency. */
static tl_status chunk_check(tl_loop *loop, const tl_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ops[i].kind >= TL_OP_COMMIT) {
            snprintf(loop->error, sizeof loop->error,
                     "workload %s yields an operation of unknown kind %u in phase %s",
                     loop->workload->name, (unsigned)ops[i].kind, loop->phase->name);
            return TL_INVALID;
        }
        if (i > 0 && ops[i].kind == ops[i - 1].kind)
            continue;
        if (!driver_has(loop->driver, ops[i].kind)) {
            snprintf(loop->error, sizeof loop->error, "driver %s has no %s", loop->driver->name,
                     tl_op_kind_name(ops[i].kind));
            return TL_UNSUPPORTED;
        }
    }
    return TL_OK;
}

static tl_status txn_begin(tl_loop *loop)
{
    tl_status status = loop->driver->begin(loop->store, loop->phase->read_only, &loop->txn);
    if (status == TL_OK)
        return TL_OK;
    loop->errors++;
    snprintf(loop->error, sizeof loop->error, "phase %s: begin: %s (%s)", loop->phase->name,
             tl_status_name(status), tl_status_text(status));
    return status;
}

/* File the time since the boundary `ticks`; gives the new boundary, which is `now` unless an
 * interval ended and has been looked after. */
static inline uint64_t file_latency(tl_loop *loop, uint32_t kind, uint64_t ticks, uint64_t now)
{
    bool due = now >= loop->recorder.due_ticks;
    if (__builtin_expect(due, 0))
        tl_recorder_pass(&loop->recorder, now);
    tl_histogram_record(&loop->histograms[kind], tl_clock_span_ns(loop->clock, ticks, now));
    if (__builtin_expect(loop->responses != NULL, 0))
        tl_histogram_record(&loop->responses[kind],
                            tl_clock_span_ns(loop->clock, loop->schedule.intended_ticks, now));
    return __builtin_expect(due, 0) ? tl_clock_ticks(loop->clock) : now;
}

/* End the transaction and file the time since `ticks`; gives the new boundary. */
static tl_status txn_end(tl_loop *loop, uint64_t *ticks)
{
    tl_store_txn *txn = loop->txn;
    loop->txn = NULL;
    loop->txn_ops = 0;
    loop->transactions++;
    if (loop->phase->read_only) {
        loop->driver->abort(txn);
        *ticks = tl_clock_ticks(loop->clock);
        return TL_OK;
    }
    tl_status status = loop->driver->commit(txn);
    uint64_t now = tl_clock_ticks(loop->clock);
    *ticks = file_latency(loop, TL_OP_COMMIT, *ticks, now);
    if (status == TL_OK)
        return TL_OK;
    loop->errors++;
    snprintf(loop->error, sizeof loop->error, "phase %s: commit %llu: %s (%s)", loop->phase->name,
             (unsigned long long)loop->transactions, tl_status_name(status),
             tl_status_text(status));
    return status;
}

/* Another thread's transaction was in the way of this one operation: undo, and do it again. */
static bool retry(tl_loop *loop, tl_status status)
{
    if (!loop->shared || status != TL_BUSY || loop->batch != 1 ||
        loop->retries_in_a_row == RETRIES_MAX)
        return false;
    if (loop->txn != NULL)
        loop->driver->abort(loop->txn);
    loop->txn = NULL;
    loop->txn_ops = 0;
    loop->error[0] = '\0';
    loop->retries++;
    loop->retries_in_a_row++;
    return true;
}

static tl_status chunk_run(tl_loop *loop, const tl_op *ops, size_t count)
{
    const tl_clock *clock = loop->clock;
    uint64_t ticks = tl_clock_ticks(clock);
    for (const tl_op *op = ops; op < ops + count; op++) {
        if (__builtin_expect(loop->responses != NULL, 0) && loop->retries_in_a_row == 0)
            ticks = tl_schedule_wait(&loop->schedule);
        tl_status status = loop->txn == NULL ? txn_begin(loop) : TL_OK;
        if (status != TL_OK)
            return status;
        status = apply[op->kind](loop, op);
        uint64_t now = tl_clock_ticks(clock);
        if (__builtin_expect(status != TL_OK, 0)) {
            if (!retry(loop, status))
                return op_failed(loop, op, status);
            op--;
            continue;
        }
        ticks = file_latency(loop, op->kind, ticks, now);
        if (++loop->txn_ops == loop->batch) {
            status = txn_end(loop, &ticks);
            if (status != TL_OK && !retry(loop, status))
                return status;
            loop->retries_in_a_row = status == TL_OK ? 0 : loop->retries_in_a_row;
            if (status != TL_OK) { /* its commit was refused: neither happened */
                loop->errors--;
                loop->transactions--;
                op--;
            }
        }
    }
    loop->ops += count;
    return TL_OK;
}

/* Gets asked together.  The answers live until the next call, so a loop of get checks each one
 * when it comes. */
static tl_status apply_many(tl_loop *loop, const tl_op *ops, size_t count, const tl_op **failed)
{
    tl_slice keys[TL_DRIVER_MANY_MAX], values[TL_DRIVER_MANY_MAX];
    *failed = ops;
    if (loop->driver->get_many == NULL) {
        loop->many_looped = true;
        for (; *failed < ops + count; (*failed)++) {
            tl_status status = apply_get(loop, *failed);
            if (status != TL_OK)
                return status;
        }
        return TL_OK;
    }
    static_assert((int)CHUNK_OPS <= (int)TL_DRIVER_MANY_MAX, "a group is a part of a chunk");
    size_t last = 0;
    do /* a group has one at least */
        keys[last] = (tl_slice){ops[last].key, ops[last].key_bytes};
    while (++last < count);
    size_t found = 0, seen = 0;
    tl_status status = loop->driver->get_many(loop->txn, keys, count, values, &found);
    if (status != TL_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        bool present = values[i].data != NULL;
        tl_check_get(loop->check, &ops[i], present ? TL_OK : TL_NOT_FOUND, values[i]);
        seen += present;
    }
    if (seen != found && loop->check->enabled)
        tl_check_wrong(loop->check, ops,
                       "%zu of %zu keys have a value, but %zu are said to be found", seen, count,
                       found);
    return TL_OK;
}

static tl_status chunk_run_many(tl_loop *loop, const tl_op *ops, size_t count)
{
    const tl_clock *clock = loop->clock;
    uint64_t ticks = tl_clock_ticks(clock);
    for (size_t at = 0; at < count;) {
        uint64_t together = ops[at].scan_count;
        size_t asked = together < count - at ? (size_t)together : count - at;
        if (__builtin_expect(loop->responses != NULL, 0))
            ticks = tl_schedule_wait(&loop->schedule);
        tl_status status = loop->txn == NULL ? txn_begin(loop) : TL_OK;
        if (status != TL_OK)
            return status;
        const tl_op *failed;
        status = apply_many(loop, ops + at, asked, &failed);
        uint64_t now = tl_clock_ticks(clock);
        if (status != TL_OK)
            return op_failed(loop, failed, status);
        ticks = file_latency(loop, TL_OP_GET_MANY, ticks, now);
        loop->recorder.extra_ops += asked - 1;
        at += asked;
    }
    loop->ops += count;
    return TL_OK;
}

/* Whether the chunk's gets are asked together; then the phase asks for nothing else. */
static tl_status chunk_is_many(tl_loop *loop, const tl_op *ops, size_t count, bool *many)
{
    *many = ops[0].kind == TL_OP_GET && ops[0].scan_count != 0;
    for (size_t i = 0; *many && i < count; i++) {
        if (ops[i].kind == TL_OP_GET && ops[i].scan_count != 0 && loop->phase->read_only)
            continue;
        snprintf(loop->error, sizeof loop->error,
                 "workload %s mixes gets asked together with other operations in phase %s",
                 loop->workload->name, loop->phase->name);
        return TL_INVALID;
    }
    return TL_OK;
}

static tl_status shape_sample(tl_loop *loop)
{
    tl_status status =
        tl_shapes_take(loop->shapes, loop->driver, loop->store, loop->txn, loop->ops);
    if (status != TL_OK)
        snprintf(loop->error, sizeof loop->error, "phase %s: measuring the tree's shape: %s (%s)",
                 loop->phase->name, tl_status_name(status), tl_status_text(status));
    return status;
}

static tl_status chunk_apply(tl_loop *loop, const tl_op *ops, size_t count)
{
    bool many = false;
    tl_status status = chunk_check(loop, ops, count);
    if (status == TL_OK)
        status = chunk_is_many(loop, ops, count, &many);
    if (status == TL_OK)
        status = (many ? chunk_run_many : chunk_run)(loop, ops, count);
    return status;
}

static bool has_limit(const tl_loop *loop)
{
    return loop->limit_ns > 0 || (loop->series != NULL && loop->series->steady.rule.windows > 0);
}

/* Operations of one chunk: of a slow timetable no more than are due in 10 ms, so that the user is
 * heard between them. */
static size_t chunk_capacity(const tl_loop *loop)
{
    size_t most = has_limit(loop) ? LIMITED_OPS : CHUNK_OPS;
    uint64_t due = loop->rate.per_s / 100;
    if (loop->responses == NULL || due >= most)
        return most;
    return due == 0 ? 1 : (size_t)due;
}

/* Whether the phase is over though its stream is not. */
static bool is_over(tl_loop *loop, uint64_t begin_ticks)
{
    if (loop->series != NULL &&
        atomic_load_explicit(&loop->series->is_steady, memory_order_relaxed)) {
        loop->end = TL_RUN_END_STEADY;
        return true;
    }
    uint64_t now = tl_clock_ticks(loop->clock);
    if (loop->limit_ns == 0 || tl_clock_span_ns(loop->clock, begin_ticks, now) < loop->limit_ns)
        return false;
    loop->end = TL_RUN_END_DURATION;
    return true;
}

static tl_status all_chunks(tl_loop *loop)
{
    tl_op ops[CHUNK_OPS];
    size_t capacity = chunk_capacity(loop);
    bool limited = has_limit(loop);
    uint64_t begin_ticks = tl_clock_ticks(loop->clock);
    for (size_t count; (count = loop->workload->next_n(loop->generator, ops, capacity)) > 0;) {
        tl_status status = chunk_apply(loop, ops, count);
        if (status == TL_OK && loop->shapes != NULL)
            status = shape_sample(loop);
        if (status != TL_OK)
            return status;
        if (loop->stop != NULL && loop->stop(loop->context)) {
            loop->stopped = true;
            return TL_OK;
        }
        if (limited && is_over(loop, begin_ticks))
            return TL_OK;
    }
    if (loop->ops_before + loop->ops == loop->phase->ops ||
        loop->shared) /* who put the shares together counts */
        return TL_OK;
    snprintf(loop->error, sizeof loop->error,
             "workload %s announces %llu operations in phase %s and yields %llu",
             loop->workload->name, (unsigned long long)loop->phase->ops, loop->phase->name,
             (unsigned long long)loop->ops);
    return TL_INVALID;
}

static void recorder_begin(tl_loop *loop)
{
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        loop->recorder.histograms[kind] = &loop->histograms[kind];
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT && loop->responses != NULL; kind++)
        loop->recorder.histograms[TL_SERIES_RESPONSE + kind] = &loop->responses[kind];
    loop->recorder.leads = loop->share == 0;
    tl_recorder_begin(&loop->recorder, loop->series, loop->clock, loop->before);
}

static void schedule_begin(tl_loop *loop)
{
    if (loop->responses == NULL)
        return;
    uint64_t shares = loop->share_count == 0 ? 1 : loop->share_count;
    tl_schedule_begin(&loop->schedule, loop->clock, &loop->rate, loop->rate_seed, loop->share,
                      shares, (loop->phase->ops + shares - 1) / shares);
}

static tl_status last_txn_end(tl_loop *loop)
{
    if (loop->txn == NULL)
        return TL_OK;
    uint64_t ticks = tl_clock_ticks(loop->clock);
    return txn_end(loop, &ticks);
}

/* A failed operation left its transaction open. */
static void failed_txn_undo(tl_loop *loop)
{
    if (loop->txn != NULL)
        loop->driver->abort(loop->txn);
    loop->txn = NULL;
}

void tl_loop_begin(tl_loop *loop)
{
    loop->blind =
        !loop->phase->read_only && (loop->driver->capabilities & TL_DRIVER_BLIND_WRITES) != 0;
    recorder_begin(loop);
    schedule_begin(loop);
}

tl_status tl_loop_apply(tl_loop *loop, const tl_op *ops, size_t count)
{
    tl_status status = chunk_apply(loop, ops, count);
    if (status != TL_OK)
        failed_txn_undo(loop);
    return status;
}

tl_status tl_loop_end(tl_loop *loop)
{
    tl_status status = last_txn_end(loop);
    tl_recorder_end(&loop->recorder);
    return status;
}

tl_status tl_loop_run(tl_loop *loop)
{
    tl_loop_begin(loop);
    uint64_t begin_cpu_ns = tl_clock_cpu_ns();
    uint64_t begin_ns = tl_clock_phase_ns(loop->clock);
    tl_status status = all_chunks(loop);
    if (status == TL_OK)
        status = last_txn_end(loop);
    loop->wall_ns = tl_clock_phase_ns(loop->clock) - begin_ns;
    loop->cpu_ns = tl_clock_cpu_ns() - begin_cpu_ns;
    tl_recorder_end(&loop->recorder);
    if (loop->responses != NULL) {
        tl_schedule_add(&loop->kept, &loop->schedule);
        tl_schedule_conclude(&loop->kept, loop->ops, loop->wall_ns);
    }
    failed_txn_undo(loop);
    return status;
}
