/* harness/run/document.c -- a cell as the result schema wants it (results/schema/run-1.json). */
#include "harness/run/cell.h"
#include "harness/run/run.h"
#include "harness/spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const promise_names[] = {
    [TL_PROMISE_SAME] = "same",
    [TL_PROMISE_WEAKER] = "weaker",
    [TL_PROMISE_STRONGER] = "stronger",
};

const char *tl_run_promise_name(tl_promise promise)
{
    return promise_names[promise];
}

/* "LMDB 0.9.24" is the name and, behind the last space, the version. */
static void add_engine_name(tl_json *engine, const tl_driver *driver)
{
    char name[TL_RUN_NAME_MAX];
    snprintf(name, sizeof name, "%s", driver->version());
    char *space = strrchr(name, ' ');
    if (space != NULL)
        *space = '\0';
    tl_json_add_text(engine, "name", name);
    tl_json_add_text(engine, "version", space == NULL ? "" : space + 1);
}

/* The page size that the store really used, once a phase could ask it. */
static uint32_t page_bytes_used(const tl_run_request *request, const tl_run_cell *cell)
{
    for (size_t i = 0; i < cell->phase_count; i++)
        if (cell->phases[i].space_known)
            return cell->phases[i].space.page_bytes;
    return request->page_bytes;
}

static void add_engine(tl_json *object, const tl_run_request *request, const tl_run_cell *cell)
{
    const tl_driver *driver = cell->arm->driver;
    const tl_driver_contract *contract = &driver->contracts[request->durability];
    tl_json *engine = tl_json_add_object(object, "engine");
    add_engine_name(engine, driver);
    tl_json *options = tl_json_add_object(engine, "options");
    for (size_t i = 0; i < cell->arm->setting_count; i++)
        tl_json_add_text(options, cell->arm->settings[i].name, cell->arm->settings[i].value);
    tl_json_add_count(engine, "page_bytes", page_bytes_used(request, cell));
    tl_json *promise = tl_json_add_object(engine, "contract");
    tl_json_add_text(promise, "durability", tl_run_durability_name(request->durability));
    tl_json_add_text(promise, "promise", promise_names[contract->promise]);
    tl_json_add_text(promise, "asks_for", contract->options);
    tl_json_add_text(promise, "remark", contract->remark);
}

/* What was given, else the fallback, for every option of the workload: a result must say it all. */
static const char *setting_value(const tl_run_load *load, const tl_workload_option *option)
{
    const char *value = option->fallback;
    for (size_t i = 0; i < load->setting_count; i++)
        if (strcmp(load->settings[i].name, option->name) == 0)
            value = load->settings[i].value;
    return value;
}

/* Equal hashes: the same stream of operations.  Chained over all that determines it. */
static uint64_t hash_text(uint64_t hash, const char *name, const char *value)
{
    uint64_t part =
        tl_record_hash((tl_slice){name, strlen(name)}, (tl_slice){value, strlen(value)});
    return (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t hash_number(uint64_t hash, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return hash_text(hash, name, text);
}

/* The question as a spec that can be run again, and its hash. */
static void add_spec(tl_json *parent, const tl_run_request *request, const tl_run_load *load)
{
    char sha256[TL_SPEC_HASH_BYTES] = "";
    const tl_spec_ask ask = {
        .workload = load->workload,
        .ops = request->ops,
        .seed = request->seed,
        .page_bytes = request->page_bytes,
        .durability = tl_run_durability_name(request->durability),
        .batch_given = request->batch_given,
        .batch = request->batch,
        .settings = load->settings,
        .setting_count = load->setting_count,
    };
    tl_json *spec = tl_spec_canonical(&ask, sha256);
    tl_json_add_text(parent, "spec_sha256", sha256);
    tl_json_attach(parent, "spec_inline", spec);
}

static void add_workload(tl_json *object, const tl_run_request *request, const tl_run_cell *cell)
{
    const tl_run_load *load = cell->load;
    const tl_workload *workload = load->workload;
    tl_json *parent = tl_json_add_object(object, "workload");
    tl_json_add_text(parent, "name", tl_run_load_name(load));
    tl_json_add_text(parent, "note", cell->note[0] == '\0' ? NULL : cell->note);
    tl_json *spec = tl_json_add_object(parent, "spec");
    tl_json_add_count(spec, "ops", request->ops);
    tl_json_add_hex(spec, "seed", request->seed);
    tl_json_add_count(spec, "page_bytes", request->page_bytes);
    tl_json *settings = tl_json_add_object(spec, "settings");
    uint64_t hash = hash_text(0, "workload", workload->name);
    hash = hash_number(hash, "ops", request->ops);
    hash = hash_number(hash, "seed", request->seed);
    hash = hash_number(hash, "page_bytes", request->page_bytes);
    hash = hash_number(hash, "value_bytes_max", request->value_bytes_max);
    const tl_workload_option *option = workload->options;
    for (; option != NULL && option->name != NULL; option++) {
        const char *value = setting_value(load, option);
        tl_json_add_text(settings, option->name, value);
        hash = hash_text(hash, option->name, value);
    }
    tl_json_add_hex(parent, "spec_hash", hash);
    add_spec(parent, request, load);
    if (load->plugin_base == NULL) {
        tl_json_add_null(parent, "plugin");
        return;
    }
    tl_json *plugin = tl_json_add_object(parent, "plugin");
    tl_json_add_text(plugin, "path_base", load->plugin_base);
    tl_json_add_count(plugin, "abi", workload->abi);
}

static void add_latency(tl_json *object, uint32_t kind, const char *from,
                        const tl_run_latency *latency)
{
    tl_json *row = tl_json_add_object(object, tl_op_kind_name(kind));
    tl_json_add_text(row, "kind", from);
    tl_json_add_count(row, "count", latency->count);
    tl_json_add_count(row, "min", latency->min);
    tl_json_add_count(row, "p50", latency->p50);
    tl_json_add_count(row, "p90", latency->p90);
    tl_json_add_count(row, "p99", latency->p99);
    tl_json_add_count(row, "p99_9", latency->p99_9);
    tl_json_add_count(row, "p99_99", latency->p99_99);
    tl_json_add_count(row, "max", latency->max);
    tl_json_add_real(row, "mean", latency->mean);
    tl_json_add_count(row, "clamped", latency->clamped);
    tl_json_add_text(row, "hdr", latency->hdr);
    tl_json *curve = tl_json_add_array(row, "curve");
    for (size_t i = 0; i < latency->curve_count; i++) {
        tl_json *point = tl_json_add_array(curve, NULL);
        tl_json_add_real(point, NULL, latency->curve[i].percentile);
        tl_json_add_count(point, NULL, latency->curve[i].value_ns);
    }
}

static void add_counters(tl_json *object, const tl_run_phase *phase)
{
    tl_json *counters = tl_json_add_object(object, "counters");
    if (phase->counter_count == 0)
        tl_json_add_null(counters, "engine");
    else {
        tl_json *engine = tl_json_add_object(counters, "engine");
        for (size_t i = 0; i < phase->counter_count; i++)
            tl_json_add_count(engine, phase->counters[i].name, phase->counters[i].value);
    }
    tl_json *os = tl_json_add_object(counters, "os");
#define ADD_COUNT(name) tl_json_add_count(os, #name, phase->os.name);
    TL_RESOURCES_MAP(ADD_COUNT)
#undef ADD_COUNT
    tl_json_add_null(counters, "hw"); /* no counter of the processor is read */
    tl_json_add_null(counters, "callgrind");
}

static void add_known(tl_json *object, const char *name, uint64_t number)
{
    if (number == TL_DRIVER_UNKNOWN)
        tl_json_add_null(object, name);
    else
        tl_json_add_count(object, name, number);
}

static void add_space(tl_json *object, const tl_run_phase *phase)
{
    if (!phase->space_known || !phase->logical_known) {
        tl_json_add_null(object, "space");
        return;
    }
    double logical_bytes = (double)phase->logical_bytes;
    tl_json *space = tl_json_add_object(object, "space");
    tl_json_add_count(space, "logical_bytes", phase->logical_bytes);
    tl_json_add_count(space, "file_bytes", phase->space.file_bytes);
    tl_json_add_real(space, "amplification", /* of nothing: NAN, which is written as null */
                     phase->logical_bytes == 0 ? (double)NAN
                                               : (double)phase->space.file_bytes / logical_bytes);
    tl_json_add_count(space, "depth", phase->space.depth);
    add_known(space, "record_count", phase->space.record_count);
    add_known(space, "free_bytes", phase->space.free_bytes);
}

static void add_level(tl_json *levels, const tl_level_shape *level)
{
    tl_json *object = tl_json_add_object(levels, NULL);
    tl_json_add_count(object, "pages", level->pages);
    tl_json_add_count(object, "entries", level->entries);
    tl_json_add_count(object, "used_bytes", level->used_bytes);
    tl_json_add_count(object, "usable_bytes", level->usable_bytes);
    tl_json *fill = tl_json_add_array(object, "fill");
    for (size_t bin = 0; bin < TL_SHAPE_BINS; bin++)
        tl_json_add_count(fill, NULL, level->fill[bin]);
}

static void add_shapes(tl_json *object, const tl_shapes *shapes)
{
    if (shapes->at == NULL)
        return;
    tl_json *array = tl_json_add_array(object, "shapes");
    for (size_t i = 0; i < shapes->count; i++) {
        tl_json *sample = tl_json_add_object(array, NULL);
        tl_json_add_count(sample, "ops", shapes->at[i].ops);
        tl_json *levels = tl_json_add_array(sample, "levels");
        for (unsigned level = 0; level < shapes->at[i].shape.depth; level++)
            add_level(levels, &shapes->at[i].shape.levels[level]);
    }
}

/* Of open loops: how the timetable was kept, and the latencies that count waiting. */
static void add_schedule(tl_json *object, const tl_run_phase *phase)
{
    const tl_run_schedule *kept = &phase->schedule;
    if (kept->rate.mode == TL_RATE_CLOSED)
        return;
    tl_json *response = tl_json_add_object(object, "response");
    for (uint32_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        if (phase->response[kind].count > 0)
            add_latency(response, kind, "response", &phase->response[kind]);
    tl_json *schedule = tl_json_add_object(object, "schedule");
    tl_json_add_text(schedule, "mode", tl_rate_mode_name(kept->rate.mode));
    tl_json_add_count(schedule, "target", kept->rate.per_s);
    tl_json_add_real(schedule, "achieved", kept->achieved_per_s);
    tl_json_add_count(schedule, "max_backlog", kept->backlog_max);
    tl_json_add_count(schedule, "late_ns", kept->late_ns);
    tl_json_add_bool(schedule, "overloaded", kept->overloaded);
}

/* What ended the phase, and whether its throughput had settled where that was asked for. */
static void add_end(tl_json *object, const tl_run_phase *phase)
{
    const tl_steady *steady = &phase->series.steady;
    char rule[TL_STEADY_TEXT_MAX];
    tl_json_add_text(object, "end", tl_run_end_name(phase->end));
    if (steady->rule.windows == 0)
        return;
    tl_steady_print(&steady->rule, rule);
    tl_json *parent = tl_json_add_object(object, "steady");
    tl_json_add_bool(parent, "reached", steady->reached);
    tl_json_add_real(parent, "at_s", steady->reached ? (double)steady->at_ns / 1e9 : (double)NAN);
    tl_json_add_real(parent, "per_s", steady->reached ? steady->per_s : (double)NAN);
    tl_json_add_text(parent, "rule", rule);
}

static void add_phase(tl_json *phases, const tl_run_phase *phase, bool checked)
{
    tl_json *object = tl_json_add_object(phases, NULL);
    tl_json_add_text(object, "name", phase->name);
    tl_json_add_bool(object, "measured", phase->measured);
    tl_json_add_count(object, "ops", phase->ops);
    tl_json_add_count(object, "transactions", phase->transactions);
    tl_json_add_count(object, "threads", phase->threads);
    tl_json_add_count(object, "retries", phase->retries);
    const char *remark = NULL; /* a phase has gets of one kind */
    if (phase->many_looped)
        remark = "gets asked together are a loop of get";
    if (phase->blind_gets)
        remark = "gets in a transaction show what was committed before it";
    tl_json_add_text(object, "remark", remark);
    tl_json_add_count(object, "errors", phase->errors);
    tl_json_add_count(object, "wrong", phase->wrong);
    tl_json_add_count(object, "wall_ns", phase->wall_ns);
    tl_json_add_count(object, "cpu_ns", phase->cpu_ns);
    tl_json_add_count(object, "ops_ns", phase->ops_ns);
    tl_json *latency = tl_json_add_object(object, "latency");
    for (uint32_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        if (phase->latency[kind].count > 0)
            add_latency(latency, kind, "service", &phase->latency[kind]);
    add_schedule(object, phase);
    add_end(object, phase);
    add_counters(object, phase);
    add_space(object, phase);
    add_shapes(object, &phase->shapes);
    tl_json *check = tl_json_add_object(object, "check");
    tl_json_add_count(check, "answers_checked", phase->answers_checked);
    if (checked)
        tl_json_add_hex(check, "result_hash", phase->result_hash);
    else
        tl_json_add_null(check, "result_hash");
}

static void add_life(tl_json *object, const tl_run_life *life)
{
    if (life->close_ns == 0) {
        tl_json_add_null(object, "life");
        return;
    }
    tl_json *parent = tl_json_add_object(object, "life");
    tl_json_add_count(parent, "open_ns", life->open_ns);
    tl_json_add_count(parent, "compact_ns", life->compact_ns);
    tl_json_add_count(parent, "close_ns", life->close_ns);
    tl_json_add_count(parent, "data_bytes", life->data_bytes);
    tl_json_add_count(parent, "log_bytes", life->log_bytes);
}

tl_json *tl_run_cell_json(const tl_run_request *run_request, const tl_run_cell *cell)
{
    tl_run_request own = tl_run_request_of(run_request, cell->load);
    const tl_run_request *request = &own;
    tl_json *object = tl_json_object_new();
    tl_json_add_text(object, "id", cell->id);
    tl_json_add_text(object, "kind", "bench");
    tl_json_add_text(object, "driver", cell->arm->driver->name);
    tl_json_add_text(object, "label", cell->arm->label);
    add_engine(object, request, cell);
    add_workload(object, request, cell);
    tl_json_add_count(object, "repetition", cell->repetition);
    tl_json_add_count(object, "order", cell->order);
    tl_json_add_text(object, "status", tl_run_cell_status_name(cell->status));
    tl_json_add_text(object, "error", cell->error[0] == '\0' ? NULL : cell->error);
    add_life(object, &cell->life);
    bool checked = (cell->arm->driver->capabilities & TL_DRIVER_READS_BACK) != 0;
    tl_json *phases = tl_json_add_array(object, "phases");
    for (size_t i = 0; i < cell->phase_count; i++)
        add_phase(phases, &cell->phases[i], checked);
    return object;
}
