/* harness/report/export.c -- see export.h. */
#include "harness/report/export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 256, REPETITIONS_MAX = 1024 };

typedef struct benchmark { /* a phase of one repetition */
    char name[NAME_BYTES];
    uint64_t repetition, ops;
    double ns_per_op, cpu_ns_per_op, p50_ns, p99_ns; /* NAN: not measured */
} benchmark;

typedef struct benchmarks {
    benchmark *rows;
    size_t count, capacity;
    bool failed; /* memory ran short */
} benchmarks;

static const char *text_of(const tl_json *node, const char *name)
{
    return tl_json_text(tl_json_get(node, name), "");
}

/* The latency object of the kind of operation that the phase had most of. */
static const tl_json *main_latency(const tl_json *phase)
{
    const tl_json *latency = tl_json_get(phase, "latency"), *most = NULL;
    for (size_t i = 0; i < tl_json_size(latency); i++) {
        const tl_json *kind = tl_json_at(latency, i);
        if (most == NULL || tl_json_count(tl_json_get(kind, "count"), 0) >
                                tl_json_count(tl_json_get(most, "count"), 0))
            most = kind;
    }
    return most;
}

static void name_make(const tl_json *cell, const tl_json *phase, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s/%s/%s", text_of(cell, "label"),
             text_of(tl_json_get(cell, "workload"), "name"), text_of(phase, "name"));
    for (char *at = name; *at != '\0'; at++)
        if (strchr(":, \t\"\\", *at) != NULL)
            *at = '_';
}

static void add(benchmarks *all, const tl_json *cell, const tl_json *phase)
{
    uint64_t ops = tl_json_count(tl_json_get(phase, "ops"), 0);
    if (!tl_json_is_true(tl_json_get(phase, "measured")) || ops == 0)
        return;
    if (all->count == all->capacity) {
        size_t capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
        benchmark *rows = realloc(all->rows, capacity * sizeof rows[0]);
        all->failed = all->failed || rows == NULL;
        if (rows == NULL)
            return;
        all->rows = rows;
        all->capacity = capacity;
    }
    const tl_json *latency = main_latency(phase);
    benchmark *row = &all->rows[all->count++];
    *row = (benchmark){
        .repetition = tl_json_count(tl_json_get(cell, "repetition"), 0),
        .ops = ops,
        .ns_per_op = tl_json_real(tl_json_get(phase, "wall_ns"), NAN) / (double)ops,
        .cpu_ns_per_op = tl_json_real(tl_json_get(phase, "cpu_ns"), NAN) / (double)ops,
        .p50_ns = tl_json_real(tl_json_get(latency, "p50"), NAN),
        .p99_ns = tl_json_real(tl_json_get(latency, "p99"), NAN),
    };
    name_make(cell, phase, row->name);
}

static void collect(const tl_json *run, benchmarks *all)
{
    const tl_json *cells = tl_json_get(run, "cells");
    for (size_t c = 0; c < tl_json_size(cells); c++) {
        const tl_json *cell = tl_json_at(cells, c), *phases = tl_json_get(cell, "phases");
        if (strcmp(text_of(cell, "kind"), "bench") != 0 ||
            strcmp(text_of(cell, "status"), "ok") != 0)
            continue;
        for (size_t p = 0; p < tl_json_size(phases); p++)
            add(all, cell, tl_json_at(phases, p));
    }
}

static void add_number(tl_text *out, double value, const char *unit)
{
    if (isfinite(value))
        tl_text_addf(out, "\t%.6g %s", value, unit);
}

static void write_go(const tl_json *run, const benchmarks *all, tl_text *out)
{
    tl_text_addf(out, "goos: linux\npkg: treelab\nrev: %s\n",
                 text_of(tl_json_get(run, "tool"), "rev"));
    for (size_t i = 0; i < all->count; i++) {
        const benchmark *row = &all->rows[i];
        tl_text_addf(out, "Benchmark/%s\t%llu", row->name, (unsigned long long)row->ops);
        add_number(out, row->ns_per_op, "ns/op");
        add_number(out, row->cpu_ns_per_op, "cpu-ns/op");
        add_number(out, row->p50_ns, "p50-ns");
        add_number(out, row->p99_ns, "p99-ns");
        tl_text_add(out, "\n");
    }
}

static tl_json *google_json(const tl_json *run, const benchmarks *all)
{
    tl_json *root = tl_json_object_new(), *context = tl_json_add_object(root, "context");
    const tl_json *machine = tl_json_get(run, "machine");
    tl_json_add_text(context, "date", text_of(run, "started"));
    tl_json_add_text(context, "executable", "treelab");
    tl_json_add_count(context, "num_cpus", tl_json_count(tl_json_get(machine, "online"), 0));
    tl_json_add_text(context, "revision", text_of(tl_json_get(run, "tool"), "rev"));
    tl_json *list = tl_json_add_array(root, "benchmarks");
    for (size_t i = 0; i < all->count; i++) {
        const benchmark *row = &all->rows[i];
        tl_json *entry = tl_json_add_object(list, NULL);
        tl_json_add_text(entry, "name", row->name);
        tl_json_add_text(entry, "run_name", row->name);
        tl_json_add_text(entry, "run_type", "iteration");
        tl_json_add_count(entry, "repetition_index", row->repetition);
        tl_json_add_count(entry, "threads", 1);
        tl_json_add_count(entry, "iterations", row->ops);
        tl_json_add_real(entry, "real_time", row->ns_per_op);
        tl_json_add_real(entry, "cpu_time", row->cpu_ns_per_op);
        tl_json_add_text(entry, "time_unit", "ns");
        tl_json_add_real(entry, "p50_ns", row->p50_ns);
        tl_json_add_real(entry, "p99_ns", row->p99_ns);
    }
    return root;
}

static int compare_reals(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

typedef struct spread { /* over the repetitions of one benchmark */
    double median, least, most;
    size_t count;
} spread;

static spread spread_of(const benchmarks *all, const char *name, bool p99)
{
    double values[REPETITIONS_MAX];
    spread of = {.count = 0};
    for (size_t i = 0; i < all->count && of.count < REPETITIONS_MAX; i++) {
        double value = p99 ? all->rows[i].p99_ns : all->rows[i].ns_per_op;
        if (strcmp(all->rows[i].name, name) == 0 && isfinite(value))
            values[of.count++] = value;
    }
    if (of.count == 0)
        return of;
    qsort(values, of.count, sizeof values[0], compare_reals);
    of.median = (values[(of.count - 1) / 2] + values[of.count / 2]) / 2;
    of.least = values[0];
    of.most = values[of.count - 1];
    return of;
}

/* Whether no row before `index` has its name. */
static bool is_first(const benchmarks *all, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(all->rows[i].name, all->rows[index].name) == 0)
            return false;
    return true;
}

static void add_measure(tl_json *entry, const char *measure, const spread *of)
{
    if (of->count == 0)
        return;
    tl_json *node = tl_json_add_object(entry, measure);
    tl_json_add_real(node, "value", of->median);
    tl_json_add_real(node, "lower_value", of->least);
    tl_json_add_real(node, "upper_value", of->most);
}

static tl_json *bencher_json(const benchmarks *all)
{
    tl_json *root = tl_json_object_new();
    for (size_t i = 0; i < all->count; i++) {
        if (!is_first(all, i))
            continue;
        spread time = spread_of(all, all->rows[i].name, false);
        spread p99 = spread_of(all, all->rows[i].name, true);
        tl_json *entry = tl_json_add_object(root, all->rows[i].name);
        add_measure(entry, "latency", &time);
        add_measure(entry, "latency-p99", &p99);
    }
    return root;
}

static tl_json *smaller_json(const benchmarks *all)
{
    tl_json *root = tl_json_array_new();
    for (size_t i = 0; i < all->count; i++) {
        if (!is_first(all, i))
            continue;
        spread time = spread_of(all, all->rows[i].name, false);
        char range[64];
        tl_json *entry = tl_json_add_object(root, NULL);
        tl_json_add_text(entry, "name", all->rows[i].name);
        tl_json_add_text(entry, "unit", "ns/op");
        tl_json_add_real(entry, "value", time.median);
        snprintf(range, sizeof range, "%.6g..%.6g", time.least, time.most);
        tl_json_add_text(entry, "range", range);
    }
    return root;
}

static void add_json(tl_text *out, tl_json *root)
{
    char *line = tl_json_line(root);
    if (line == NULL)
        out->failed = true;
    else
        tl_text_addf(out, "%s\n", line);
    free(line);
    tl_json_free(root);
}

const char *const *tl_export_formats(void)
{
    static const char *const formats[] = {"go", "google", "bencher", "smaller", NULL};
    return formats;
}

tl_status tl_export(const tl_json *run, const char *format, tl_text *out, size_t *count)
{
    benchmarks all = {0};
    tl_status status = TL_OK;
    collect(run, &all);
    if (strcmp(format, "go") == 0)
        write_go(run, &all, out);
    else if (strcmp(format, "google") == 0)
        add_json(out, google_json(run, &all));
    else if (strcmp(format, "bencher") == 0)
        add_json(out, bencher_json(&all));
    else if (strcmp(format, "smaller") == 0)
        add_json(out, smaller_json(&all));
    else
        status = TL_NOT_FOUND;
    if (status == TL_OK && (all.failed || out->failed))
        status = TL_NO_MEMORY;
    *count = all.count;
    free(all.rows);
    return status;
}
