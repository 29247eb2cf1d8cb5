/* harness/run/restore.c -- a cell back from its JSON, as far as tables and comparisons look at it.
 */
#include "harness/run/run.h"

#include <stdlib.h>
#include <string.h>

static uint64_t count_of(const tl_json *json, const char *name)
{
    return tl_json_count(tl_json_get(json, name), 0);
}

static void copy_text(char *to, size_t to_bytes, const tl_json *json, const char *name)
{
    snprintf(to, to_bytes, "%s", tl_json_text(tl_json_get(json, name), ""));
}

static void restore_latencies(const tl_json *json, tl_run_phase *phase)
{
    for (uint32_t kind = 0; kind < TL_OP_KIND_COUNT; kind++) {
        const tl_json *row = tl_json_get(json, tl_op_kind_name(kind));
        tl_run_latency *latency = &phase->latency[kind];
        latency->count = count_of(row, "count");
        latency->min = count_of(row, "min");
        latency->p50 = count_of(row, "p50");
        latency->p90 = count_of(row, "p90");
        latency->p99 = count_of(row, "p99");
        latency->p99_9 = count_of(row, "p99_9");
        latency->p99_99 = count_of(row, "p99_99");
        latency->max = count_of(row, "max");
        latency->clamped = count_of(row, "clamped");
        latency->mean = tl_json_real(tl_json_get(row, "mean"), 0);
    }
}

static void restore_phase(const tl_json *json, tl_run_phase *phase)
{
    const tl_json *check = tl_json_get(json, "check");
    copy_text(phase->name, sizeof phase->name, json, "name");
    phase->measured = tl_json_is_true(tl_json_get(json, "measured"));
    phase->ops = count_of(json, "ops");
    phase->transactions = count_of(json, "transactions");
    phase->errors = count_of(json, "errors");
    phase->wrong = count_of(json, "wrong");
    phase->retries = count_of(json, "retries");
    phase->threads = (uint32_t)count_of(json, "threads");
    phase->wall_ns = count_of(json, "wall_ns");
    phase->cpu_ns = count_of(json, "cpu_ns");
    phase->ops_ns = count_of(json, "ops_ns");
    restore_latencies(tl_json_get(json, "latency"), phase);
    phase->many_looped = tl_json_text(tl_json_get(json, "remark"), NULL) != NULL &&
                         phase->latency[TL_OP_GET_MANY].count > 0;
    phase->answers_checked = count_of(check, "answers_checked");
    phase->result_hash = strtoull(tl_json_text(tl_json_get(check, "result_hash"), "0"), NULL, 16);
}

static bool restore_status(const tl_json *json, tl_run_cell *cell)
{
    const char *word = tl_json_text(tl_json_get(json, "status"), "");
    for (int i = 0; i <= (int)TL_RUN_CELL_UNSUPPORTED; i++)
        if (strcmp(word, tl_run_cell_status_name((tl_run_cell_status)i)) == 0) {
            cell->status = (tl_run_cell_status)i;
            /* The status that it failed with is not kept; that it was no success is. */
            cell->failure = cell->status == TL_RUN_CELL_FAILED ? TL_IO : TL_OK;
            return true;
        }
    return false;
}

tl_status tl_run_cell_restore(const tl_json *json, tl_run_cell *cell)
{
    const tl_json *phases = tl_json_get(json, "phases");
    const char *id = tl_json_text(tl_json_get(json, "id"), "");
    if (strcmp(id, cell->id) != 0 || !restore_status(json, cell))
        return TL_INVALID;
    size_t count = tl_json_size(phases);
    cell->phases = calloc(count + 1, sizeof *cell->phases);
    if (cell->phases == NULL)
        return TL_NO_MEMORY;
    cell->phase_count = count;
    copy_text(cell->error, sizeof cell->error, json, "error");
    copy_text(cell->note, sizeof cell->note, tl_json_get(json, "workload"), "note");
    for (size_t i = 0; i < count; i++)
        restore_phase(tl_json_at(phases, i), &cell->phases[i]);
    return TL_OK;
}
