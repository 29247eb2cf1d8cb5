/* harness/check/document.c -- see document.h. */
#include "harness/check/document.h"

#include "harness/run/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

double tl_sweep_rate(uint64_t states, uint64_t elapsed_ns)
{
    return states == 0 || elapsed_ns == 0 ? (double)NAN : (double)states * 1e9 / (double)elapsed_ns;
}

/* Totals are texts: they may pass what a JSON number holds. */
static void add_total(tl_json *object, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    tl_json_add_text(object, name, text);
}

static void add_engine(tl_json *object, const tl_sweep_options *options)
{
    const tl_driver_contract *contract = &options->driver->contracts[options->durability];
    char name[64];
    snprintf(name, sizeof name, "%s", options->driver->version());
    char *space = strrchr(name, ' '); /* "treelab 0.1.0": the version is behind the last space */
    if (space != NULL)
        *space++ = '\0';
    tl_json *engine = tl_json_add_object(object, "engine");
    tl_json_add_text(engine, "name", name);
    tl_json_add_text(engine, "version", space == NULL ? "" : space);
    tl_json *settings = tl_json_add_object(engine, "options");
    for (size_t i = 0; i < options->setting_count; i++) {
        bool overridden = false; /* the last setting of a name counts */
        for (size_t later = i + 1; later < options->setting_count; later++)
            overridden |= strcmp(options->settings[later].name, options->settings[i].name) == 0;
        if (!overridden)
            tl_json_add_text(settings, options->settings[i].name, options->settings[i].value);
    }
    tl_json_add_count(engine, "page_bytes", options->page_bytes);
    tl_json *promise = tl_json_add_object(engine, "contract");
    tl_json_add_text(promise, "durability", tl_run_durability_name(options->durability));
    tl_json_add_text(promise, "promise", tl_run_promise_name(contract->promise));
    tl_json_add_text(promise, "asks_for", contract->options == NULL ? "" : contract->options);
    tl_json_add_text(promise, "remark", contract->remark == NULL ? "" : contract->remark);
}

static const char *history_name(const tl_sweep_options *options)
{
    return options->history != NULL ? options->history->name : tl_history_at(0)->name;
}

/* Equal hashes: the same history. */
static uint64_t spec_hash(const tl_sweep_options *options)
{
    char text[96];
    int length =
        snprintf(text, sizeof text, "history %s %zu %" PRIu64 " %" PRIu32, history_name(options),
                 options->commits, options->seed, options->page_bytes);
    return tl_record_hash((tl_slice){text, (size_t)length}, (tl_slice){NULL, 0});
}

static void add_workload(tl_json *object, const tl_sweep_options *options)
{
    tl_json *workload = tl_json_add_object(object, "workload");
    tl_json_add_text(workload, "name", "history");
    tl_json_add_text(workload, "note", "ops are commits of a fixed history");
    tl_json *spec = tl_json_add_object(workload, "spec");
    tl_json_add_count(spec, "ops", options->commits);
    tl_json_add_hex(spec, "seed", options->seed);
    tl_json_add_count(spec, "page_bytes", options->page_bytes);
    tl_json *settings = tl_json_add_object(spec, "settings");
    tl_json_add_text(settings, "history", history_name(options));
    tl_json_add_hex(workload, "spec_hash", spec_hash(options));
    tl_json_add_null(workload, "plugin");
}

static void add_trace(tl_json *crash, const tl_sweep_result *result)
{
    const tl_trace_counters *counters = &result->counters;
    tl_json *trace = tl_json_add_object(crash, "trace");
    tl_json_add_count(trace, "io_ops", result->io_ops);
    tl_json_add_count(trace, "writes", result->writes);
    tl_json_add_count(trace, "syncs", result->syncs);
    tl_json_add_count(trace, "commits", result->commits);
    tl_json_add_count(trace, "checkpoints", counters->checkpoints);
    tl_json *events = tl_json_add_object(trace, "events");
    tl_json_add_count(events, "grows", counters->grows);
    tl_json_add_count(events, "leaf_splits", counters->leaf_splits);
    tl_json_add_count(events, "branch_splits", counters->branch_splits);
    tl_json_add_count(events, "merges", counters->merges);
    tl_json_add_count(events, "page_reuse", counters->page_reuse);
}

static void add_variants(tl_json *crash, const tl_sweep_result *result)
{
    tl_json *variants = tl_json_add_array(crash, "variants");
    for (unsigned v = 0; v < TL_CRASH_VARIANT_COUNT; v++) {
        if (result->variants[v].states == 0 && result->variants[v].findings == 0)
            continue;
        tl_json *variant = tl_json_add_object(variants, NULL);
        tl_json_add_text(variant, "name", tl_crash_variant_at((tl_crash_variant)v)->name);
        add_total(variant, "states", result->variants[v].states);
        tl_json_add_count(variant, "findings", result->variants[v].findings);
    }
}

static void add_first_failure(tl_json *crash, const tl_sweep_cell *cell)
{
    if (cell->first_case == NULL) {
        tl_json_add_null(crash, "first_failure");
        return;
    }
    tl_json *first = tl_json_add_object(crash, "first_failure");
    tl_json_add_text(first, "case", cell->first_case);
    tl_json_add_text(first, "rule", cell->first_rule);
    tl_json_add_hex(first, "seed", cell->options->seed);
    tl_json_add_text(first, "repro_cmd", cell->first_command);
    tl_json_add_text(first, "script", cell->first_script);
}

static void add_crash(tl_json *object, const tl_sweep_cell *cell)
{
    const tl_sweep_result *result = cell->result;
    const uint64_t *by_rule = result->by_rule;
    uint64_t corrupt = by_rule[TL_RULE_OPENS] + by_rule[TL_RULE_STRUCTURE];
    tl_json *crash = tl_json_add_object(object, "crash");
    add_trace(crash, result);
    tl_json_add_count(crash, "points", result->points);
    tl_json_add_bool(crash, "complete", result->complete);
    add_total(crash, "states", result->states);
    add_total(crash, "distinct", result->distinct);
    tl_json_add_real(crash, "states_per_s", tl_sweep_rate(result->states, result->elapsed_ns));
    add_variants(crash, result);
    add_total(crash, "recovered", result->recovered);
    tl_json_add_count(crash, "lost_committed", by_rule[TL_RULE_LOST_COMMITTED]);
    tl_json_add_count(crash, "resurrected", by_rule[TL_RULE_RESURRECTED]);
    tl_json_add_count(crash, "corrupt", corrupt);
    tl_json_add_count(crash, "other_findings",
                      result->findings - corrupt - by_rule[TL_RULE_LOST_COMMITTED] -
                          by_rule[TL_RULE_RESURRECTED]);
    add_first_failure(crash, cell);
}

tl_json *tl_sweep_cell_json(const tl_sweep_cell *cell)
{
    tl_json *object = tl_json_object_new();
    tl_json_add_text(object, "id", cell->id);
    tl_json_add_text(object, "kind", "crash");
    tl_json_add_text(object, "driver", cell->options->driver->name);
    tl_json_add_text(object, "label", cell->label);
    add_engine(object, cell->options);
    add_workload(object, cell->options);
    tl_json_add_count(object, "repetition", 0);
    tl_json_add_count(object, "order", cell->order);
    bool failed = cell->status != TL_OK;
    tl_json_add_text(object, "status",
                     cell->result->findings > 0 ? "finding"
                     : failed                   ? "failed"
                                                : "ok");
    tl_json_add_text(object, "error", failed ? cell->result->error : NULL);
    tl_json_add_array(object, "phases");
    add_crash(object, cell);
    return object;
}
