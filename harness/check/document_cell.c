/* harness/check/document_cell.c -- see document_cell.h. */
#include "harness/check/document_cell.h"

#include "harness/run/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

double tl_cell_rate(uint64_t states, uint64_t elapsed_ns)
{
    return states == 0 || elapsed_ns == 0 ? (double)NAN : (double)states * 1e9 / (double)elapsed_ns;
}

void tl_cell_add_total(tl_json *object, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    tl_json_add_text(object, name, text);
}

static void add_engine(tl_json *object, const tl_recording_spec *spec)
{
    const tl_driver_contract *contract = &spec->driver->contracts[spec->durability];
    char name[64];
    snprintf(name, sizeof name, "%s", spec->driver->version());
    char *space = strrchr(name, ' '); /* "treelab 0.1.0": the version is behind the last space */
    if (space != NULL)
        *space++ = '\0';
    tl_json *engine = tl_json_add_object(object, "engine");
    tl_json_add_text(engine, "name", name);
    tl_json_add_text(engine, "version", space == NULL ? "" : space);
    tl_json *settings = tl_json_add_object(engine, "options");
    for (size_t i = 0; i < spec->setting_count; i++) {
        bool overridden = false; /* the last setting of a name counts */
        for (size_t later = i + 1; later < spec->setting_count; later++)
            overridden |= strcmp(spec->settings[later].name, spec->settings[i].name) == 0;
        if (!overridden)
            tl_json_add_text(settings, spec->settings[i].name, spec->settings[i].value);
    }
    tl_json_add_count(engine, "page_bytes", spec->page_bytes);
    tl_json *promise = tl_json_add_object(engine, "contract");
    tl_json_add_text(promise, "durability", tl_run_durability_name(spec->durability));
    tl_json_add_text(promise, "promise", tl_run_promise_name(contract->promise));
    tl_json_add_text(promise, "asks_for", contract->options == NULL ? "" : contract->options);
    tl_json_add_text(promise, "remark", contract->remark == NULL ? "" : contract->remark);
}

static const char *history_name(const tl_recording_spec *spec)
{
    return spec->history != NULL ? spec->history->name : tl_history_at(0)->name;
}

/* Equal hashes: the same history. */
static uint64_t spec_hash(const tl_recording_spec *spec)
{
    char text[96];
    int length = snprintf(text, sizeof text, "history %s %zu %" PRIu64 " %" PRIu32,
                          history_name(spec), spec->commits, spec->seed, spec->page_bytes);
    return tl_record_hash((tl_slice){text, (size_t)length}, (tl_slice){NULL, 0});
}

static void add_workload(tl_json *object, const tl_recording_spec *spec)
{
    tl_json *workload = tl_json_add_object(object, "workload");
    tl_json_add_text(workload, "name", "history");
    tl_json_add_text(workload, "note", "ops are commits of a fixed history");
    tl_json *made = tl_json_add_object(workload, "spec");
    tl_json_add_count(made, "ops", spec->commits);
    tl_json_add_hex(made, "seed", spec->seed);
    tl_json_add_count(made, "page_bytes", spec->page_bytes);
    tl_json *settings = tl_json_add_object(made, "settings");
    tl_json_add_text(settings, "history", history_name(spec));
    tl_json_add_hex(workload, "spec_hash", spec_hash(spec));
    tl_json_add_null(workload, "plugin");
}

tl_trace_figures tl_cell_figures(const tl_trace *trace)
{
    return (tl_trace_figures){
        .io_ops = trace->disk != NULL ? tl_simdisk_op_count(trace->disk) : 0,
        .commits = trace->commits,
        .writes = trace->writes,
        .syncs = trace->syncs,
        .counters = trace->counters,
    };
}

void tl_cell_add_trace(tl_json *crash, const tl_trace_figures *figures)
{
    const tl_trace_counters *counters = &figures->counters;
    tl_json *trace = tl_json_add_object(crash, "trace");
    tl_json_add_count(trace, "io_ops", figures->io_ops);
    tl_json_add_count(trace, "writes", figures->writes);
    tl_json_add_count(trace, "syncs", figures->syncs);
    tl_json_add_count(trace, "commits", figures->commits);
    tl_json_add_count(trace, "checkpoints", counters->checkpoints);
    tl_json *events = tl_json_add_object(trace, "events");
    tl_json_add_count(events, "grows", counters->grows);
    tl_json_add_count(events, "leaf_splits", counters->leaf_splits);
    tl_json_add_count(events, "branch_splits", counters->branch_splits);
    tl_json_add_count(events, "merges", counters->merges);
    tl_json_add_count(events, "page_reuse", counters->page_reuse);
}

void tl_cell_add_first_failure(tl_json *crash, const tl_cell_head *head)
{
    if (head->first_case == NULL) {
        tl_json_add_null(crash, "first_failure");
        return;
    }
    tl_json *first = tl_json_add_object(crash, "first_failure");
    tl_json_add_text(first, "case", head->first_case);
    tl_json_add_text(first, "rule", head->first_rule);
    tl_json_add_hex(first, "seed", head->spec->seed);
    tl_json_add_text(first, "repro_cmd", head->first_command);
    tl_json_add_text(first, "script", head->first_script);
}

void tl_cell_add_rules(tl_json *crash, const uint64_t by_rule[TL_RULE_COUNT], uint64_t findings)
{
    uint64_t corrupt = by_rule[TL_RULE_OPENS] + by_rule[TL_RULE_STRUCTURE];
    uint64_t lost = by_rule[TL_RULE_LOST_COMMITTED], back = by_rule[TL_RULE_RESURRECTED];
    tl_json_add_count(crash, "lost_committed", lost);
    tl_json_add_count(crash, "resurrected", back);
    tl_json_add_count(crash, "corrupt", corrupt);
    tl_json_add_count(crash, "other_findings", findings - corrupt - lost - back);
}

tl_json *tl_cell_begin(const tl_cell_head *head)
{
    tl_json *object = tl_json_object_new();
    bool failed = head->status != TL_OK;
    tl_json_add_text(object, "id", head->id);
    tl_json_add_text(object, "kind", head->kind != NULL ? head->kind : "crash");
    tl_json_add_text(object, "driver", head->spec->driver->name);
    tl_json_add_text(object, "label", head->label);
    add_engine(object, head->spec);
    add_workload(object, head->spec);
    tl_json_add_count(object, "repetition", 0);
    tl_json_add_count(object, "order", head->order);
    tl_json_add_text(object, "status", head->findings > 0 ? "finding" : failed ? "failed" : "ok");
    tl_json_add_text(object, "error", failed ? head->error : NULL);
    tl_json_add_array(object, "phases");
    return object;
}
