/* harness/run/truth.c -- replaying a stream of operations into a table of record hashes.
 *
 * Keys are known by a 64-bit hash only: among ten million keys the chance that two share one is
 * below one in a hundred thousand, and it would show as a wrong answer, never hide one.  Deleted
 * rows stay, dead, so that probing needs no second rule; growing leaves them behind.
 */
#include "harness/run/truth.h"

#include "tl/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROW_COUNT_MIN = 1024, OP_CAPACITY = 64 };

typedef struct live_row {
    uint64_t key_hash;    /* 0: the row was never used */
    uint64_t record_hash; /* valid while alive */
    uint64_t bytes;       /* of key and value; 0: the record was deleted */
} live_row;

typedef struct live_table {
    live_row *rows;
    size_t row_count; /* a power of two */
    size_t used;      /* dead ones included */
    tl_truth truth;
} live_table;

static live_row *table_find(live_row *rows, size_t row_count, uint64_t key_hash)
{
    size_t at = (size_t)key_hash & (row_count - 1);
    while (rows[at].key_hash != 0 && rows[at].key_hash != key_hash)
        at = (at + 1) & (row_count - 1); /* ends: at most 3/4 of the rows are used */
    return &rows[at];
}

static tl_status table_grow(live_table *table)
{
    size_t row_count = table->row_count == 0 ? ROW_COUNT_MIN : table->row_count * 2;
    live_row *rows = calloc(row_count, sizeof *rows);
    if (rows == NULL)
        return TL_NO_MEMORY;
    size_t used = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        const live_row *row = &table->rows[i];
        if (row->key_hash == 0 || row->bytes == 0)
            continue;
        *table_find(rows, row_count, row->key_hash) = *row;
        used++;
    }
    free(table->rows);
    table->rows = rows;
    table->row_count = row_count;
    table->used = used;
    return TL_OK;
}

static void row_forget(live_table *table, live_row *row)
{
    if (row->bytes == 0)
        return;
    table->truth.record_count--;
    table->truth.logical_bytes -= row->bytes;
    table->truth.content_hash -= row->record_hash;
    row->bytes = 0;
}

static tl_status table_apply(live_table *table, const tl_op *op)
{
    if (op->kind != TL_OP_PUT && op->kind != TL_OP_INSERT && op->kind != TL_OP_DEL)
        return TL_OK;
    if (table->used >= table->row_count - table->row_count / 4) {
        tl_status status = table_grow(table);
        if (status != TL_OK)
            return status;
    }
    tl_slice key = {op->key, op->key_bytes};
    uint64_t key_hash = tl_record_hash(key, (tl_slice){NULL, 0}) | 1; /* 0 means unused */
    live_row *row = table_find(table->rows, table->row_count, key_hash);
    row_forget(table, row);
    if (op->kind == TL_OP_DEL)
        return TL_OK;
    if (row->key_hash == 0)
        table->used++;
    row->key_hash = key_hash;
    row->record_hash = tl_record_hash(key, (tl_slice){op->value, op->value_bytes});
    row->bytes = op->key_bytes + op->value_bytes;
    table->truth.record_count++;
    table->truth.logical_bytes += row->bytes;
    table->truth.content_hash += row->record_hash;
    return TL_OK;
}

/* At most `ops_max` operations of the phase. */
static tl_status replay_phase(const tl_workload *workload, void *generator, const tl_phase *phase,
                              uint64_t ops_max, const tl_truth_limits *limits, live_table *table,
                              char *error, size_t error_bytes)
{
    tl_op ops[OP_CAPACITY];
    uint64_t done = 0;
    for (size_t n; done < ops_max && (n = workload->next_n(generator, ops, OP_CAPACITY)) > 0;
         done += n) {
        for (size_t i = 0; i < n && done + i < ops_max; i++) {
            tl_status status = table_apply(table, &ops[i]);
            if (status != TL_OK)
                return status;
        }
        if (limits->stop != NULL && limits->stop(limits->context))
            return TL_BUSY;
    }
    if (done == phase->ops || done >= ops_max)
        return TL_OK;
    snprintf(error, error_bytes,
             "workload %s announces %llu operations in phase %s and yields %llu; fix the workload",
             workload->name, (unsigned long long)phase->ops, phase->name, (unsigned long long)done);
    return TL_INVALID;
}

/* Phases behind the last one that writes change nothing: they are not replayed. */
static size_t writing_count(const tl_phase *phases, size_t count)
{
    while (count > 0 && phases[count - 1].read_only)
        count--;
    return count;
}

bool tl_truth_can_end_early(const tl_phase *phases, size_t count, size_t index)
{
    return phases[index].measured &&
           (phases[index].read_only || (index + 1 == count && phases[index].threads <= 1));
}

/* May the phase end before its stream here? */
static bool is_cut(const tl_phase *phases, size_t count, size_t index,
                   const tl_truth_limits *limits)
{
    if (index + 1 != count || !tl_truth_can_end_early(phases, count, index))
        return false;
    if (limits->of_run == NULL)
        return true;
    tl_limits its = tl_limits_for(limits->of_run, &phases[index]);
    return tl_limits_any(&its);
}

/* A limit that was asked for by name and cannot be kept is told before anything runs. */
tl_status tl_truth_refuse_limits(const tl_phase *phases, size_t count, char *error,
                                 size_t error_bytes)
{
    for (size_t i = 0; i < count; i++) {
        tl_limits own;
        if (!tl_limits_own(&phases[i], &own) || !tl_limits_any(&own) ||
            tl_truth_can_end_early(phases, count, i))
            continue;
        snprintf(error, error_bytes,
                 "phase %s: until=%s: %s; only a measured phase that reads, or the last one in one "
                 "thread, can end early",
                 phases[i].name, phases[i].until,
                 phases[i].measured ? "later phases need it whole" : "it is not measured");
        return TL_INVALID;
    }
    return TL_OK;
}

tl_status tl_truth_find(const tl_workload *workload, const tl_workload_spec *spec,
                        tl_truth **truths, size_t *count, char *error, size_t error_bytes)
{
    const tl_truth_limits none = {.last_ops = UINT64_MAX};
    return tl_truth_find_within(workload, spec, &none, truths, count, error, error_bytes);
}

tl_status tl_truth_find_within(const tl_workload *workload, const tl_workload_spec *spec,
                               const tl_truth_limits *limits, tl_truth **truths, size_t *count,
                               char *error, size_t error_bytes)
{
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    live_table table = {0};
    tl_truth *made = NULL;
    tl_status status = TL_INVALID;
    snprintf(error, error_bytes, "workload %s cannot begin: out of memory", workload->name);
    void *generator = workload->create(&host, spec, error, error_bytes);
    if (generator == NULL)
        goto end; /* create has written `error` */

    size_t phase_count = 0;
    const tl_phase *phases = workload->phases(generator, &phase_count);
    size_t replayed = writing_count(phases, phase_count);
    status = tl_truth_refuse_limits(phases, phase_count, error, error_bytes);
    if (status != TL_OK)
        goto end;
    status = TL_NO_MEMORY;
    made = calloc(phase_count == 0 ? 1 : phase_count, sizeof *made);
    if (made == NULL)
        goto end;
    for (size_t i = 0; i < phase_count; i++) {
        if (i < replayed) {
            workload->start(generator, i);
            bool cut = is_cut(phases, phase_count, i, limits);
            status =
                replay_phase(workload, generator, &phases[i], cut ? limits->last_ops : UINT64_MAX,
                             limits, &table, error, error_bytes);
            if (status != TL_OK)
                goto end;
        }
        made[i] = table.truth;
    }
    *truths = made;
    *count = phase_count;
    made = NULL;
    status = TL_OK;

end:
    free(made);
    free(table.rows);
    workload->destroy(generator);
    return status;
}
