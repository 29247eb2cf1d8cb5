/* harness/gate/counts.c -- taking the counters of a row, and comparing two sets of them. */
#include "harness/gate/counts.h"

#include "harness/run/directory.h"
#include "tl/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_TIMEOUT_NS (UINT64_C(1200) * 1000000000)

enum { PATH_BYTES = 4096, WORDS_BEFORE = 8, OWN_WORDS = 12, WORDS_FURTHER = 8 };

void tl_counts_release(tl_counts *counts)
{
    tl_json_free(counts->root);
    free(counts->rows);
    *counts = (tl_counts){0};
}

/* Counters that this program does not know count as exact: a candidate may have new ones. */
static bool is_exact(const char *name)
{
    const tl_stats_row *rows = tl_stats_rows();
    for (size_t i = 0; i < TL_STATS_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0)
            return strcmp(rows[i].class_, "exact") == 0;
    return true;
}

static size_t capacity_of(const tl_json *phases)
{
    size_t capacity = 0;
    for (size_t p = 0; p < tl_json_size(phases); p++)
        capacity +=
            2 + tl_json_size(tl_json_get(tl_json_get(tl_json_at(phases, p), "counters"), "engine"));
    return capacity;
}

static void add(tl_counts *counts, const char *phase, const char *name, uint64_t value)
{
    counts->rows[counts->count++] = (tl_count){phase, name, value};
}

static void add_phase(tl_counts *counts, const tl_json *phase)
{
    const char *name = tl_json_text(tl_json_get(phase, "name"), "");
    const tl_json *engine = tl_json_get(tl_json_get(phase, "counters"), "engine");
    const tl_json *check = tl_json_get(phase, "check");
    uint64_t hash = strtoull(tl_json_text(tl_json_get(check, "result_hash"), "0"), NULL, 0);
    add(counts, name, "operations", tl_json_count(tl_json_get(phase, "ops"), 0));
    add(counts, name, "result_hash", hash);
    for (size_t i = 0; i < tl_json_size(engine); i++) {
        const tl_json *counter = tl_json_at(engine, i);
        if (is_exact(tl_json_name(counter)))
            add(counts, name, tl_json_name(counter), tl_json_count(counter, 0));
    }
}

static tl_status read_result(const char *path, tl_counts *counts, char *error)
{
    if (tl_json_read(path, &counts->root) != TL_OK) {
        snprintf(error, TL_PROGRAM_TEXT_MAX, "it left no result");
        return TL_INVALID;
    }
    const tl_json *cells = tl_json_get(counts->root, "cells");
    const tl_json *cell = tl_json_at(cells, 0);
    const tl_json *phases = tl_json_get(cell, "phases");
    if (tl_json_size(cells) != 1 ||
        strcmp(tl_json_text(tl_json_get(cell, "status"), ""), "ok") != 0) {
        snprintf(error, TL_PROGRAM_TEXT_MAX,
                 "a row is one driver and one workload that end well; this gave %zu cells, the "
                 "first \"%s\"",
                 tl_json_size(cells), tl_json_text(tl_json_get(cell, "status"), "none"));
        return TL_INVALID;
    }
    counts->rows = calloc(capacity_of(phases) + 1, sizeof counts->rows[0]);
    if (counts->rows == NULL)
        return TL_NO_MEMORY;
    counts->revision = tl_json_text(tl_json_get(tl_json_get(counts->root, "tool"), "rev"), "");
    for (size_t p = 0; p < tl_json_size(phases); p++)
        add_phase(counts, tl_json_at(phases, p));
    return TL_OK;
}

static tl_status judge_end(tl_status status, int exit_code, char *error)
{
    if (status != TL_OK || exit_code == 0)
        return status;
    if (error[0] == '\0')
        snprintf(error, TL_PROGRAM_TEXT_MAX, "it ended with exit code %d", exit_code);
    return exit_code == 3 ? TL_CORRUPT : TL_INVALID;
}

tl_status tl_gate_run_row(const tl_counts_source *source, const tl_gate_row *row,
                          const char *const *before, const char *out, char *error)
{
    const char *argv[TL_GATE_WORDS_MAX + WORDS_BEFORE + OWN_WORDS + WORDS_FURTHER];
    const char *const own[] = {"--repeat", "1", "--quiet", "--out", out, "--dir", source->scratch};
    size_t count = 0;
    for (; *before != NULL && count < WORDS_BEFORE; before++)
        argv[count++] = *before;
    argv[count++] = source->binary;
    argv[count++] = "run";
    for (size_t i = 0; i < row->word_count; i++)
        argv[count++] = row->words[i];
    for (size_t i = 0; i < source->word_count && i < WORDS_FURTHER; i++)
        argv[count++] = source->words[i];
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        argv[count++] = own[i];
    argv[count] = NULL;
    tl_program_request request = {.argv = argv,
                                  .still = true,
                                  .timeout_ns = RUN_TIMEOUT_NS,
                                  .stop = source->stop,
                                  .context = source->context};
    int exit_code = 0;
    tl_status status = tl_program_run(&request, &exit_code, error);
    return judge_end(status, exit_code, error);
}

tl_status tl_counts_take(const tl_counts_source *source, const tl_gate_row *row, tl_counts *counts,
                         char *error)
{
    static const char *const alone[] = {NULL};
    char out[PATH_BYTES], result[PATH_BYTES + sizeof "/run.json"];
    *counts = (tl_counts){0};
    snprintf(out, sizeof out, "%s/%s", source->scratch, row->name);
    snprintf(result, sizeof result, "%s/run.json", out);
    tl_status status = tl_gate_run_row(source, row, alone, out, error);
    if (status == TL_OK)
        status = read_result(result, counts, error);
    tl_directory_remove(out);
    if (status != TL_OK)
        tl_counts_release(counts);
    return status;
}

static uint64_t value_in(const tl_counts *counts, const tl_count *wanted, bool *found)
{
    for (size_t i = 0; i < counts->count; i++) {
        const tl_count *row = &counts->rows[i];
        *found = strcmp(row->name, wanted->name) == 0 && strcmp(row->phase, wanted->phase) == 0;
        if (*found)
            return row->value;
    }
    return 0;
}

size_t tl_counts_compare(const tl_counts *base, const tl_counts *candidate,
                         tl_count_difference *found, size_t capacity)
{
    size_t count = 0;
    bool both = false;
    for (size_t i = 0; i < base->count; i++) {
        const tl_count *old = &base->rows[i];
        uint64_t now = value_in(candidate, old, &both);
        if (now == old->value)
            continue;
        if (count < capacity)
            found[count] = (tl_count_difference){old->phase, old->name, old->value, now};
        count++;
    }
    for (size_t i = 0; i < candidate->count; i++) {
        const tl_count *now = &candidate->rows[i];
        value_in(base, now, &both);
        if (both || now->value == 0)
            continue;
        if (count < capacity)
            found[count] = (tl_count_difference){now->phase, now->name, 0, now->value};
        count++;
    }
    return count;
}

void tl_count_difference_text(const tl_count_difference *difference, char *text, size_t text_bytes)
{
    const tl_count_difference *d = difference;
    if (strcmp(d->name, "result_hash") == 0)
        snprintf(text, text_bytes, "%s: answers differ: result_hash %016" PRIx64 " -> %016" PRIx64,
                 d->phase, d->base, d->candidate);
    else if (d->base == 0)
        snprintf(text, text_bytes, "%s: %s 0 -> %" PRIu64, d->phase, d->name, d->candidate);
    else
        snprintf(text, text_bytes, "%s: %s %" PRIu64 " -> %" PRIu64 " (%+.4g %%)", d->phase,
                 d->name, d->base, d->candidate,
                 100 * ((double)d->candidate - (double)d->base) / (double)d->base);
}
