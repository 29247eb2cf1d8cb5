/* harness/gate/baseline.c -- kept counters: {"rows": [{"name", "run", "phases": [{...}]}]}. */
#include "harness/gate/counts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_rows(const tl_json *root)
{
    const tl_json *rows = tl_json_get(root, "rows");
    return tl_json_kind_of(rows) == TL_JSON_ARRAY && tl_json_size(rows) > 0;
}

tl_status tl_baseline_read(const char *path, tl_baseline *baseline, char *error, size_t error_bytes)
{
    baseline->root = NULL;
    tl_status status = tl_json_read(path, &baseline->root);
    if (status == TL_OK &&
        strcmp(tl_json_text(tl_json_get(baseline->root, "schema"), ""), TL_BASELINE_SCHEMA) != 0) {
        tl_baseline_release(baseline);
        status = TL_INVALID;
    }
    if (status == TL_OK && !has_rows(baseline->root)) {
        tl_baseline_release(baseline);
        snprintf(error, error_bytes,
                 "'%s' is a baseline without rows; `treelab baseline update` writes one", path);
        return TL_INVALID;
    }
    if (status == TL_INVALID)
        snprintf(error, error_bytes, "'%s' is no baseline (schema " TL_BASELINE_SCHEMA ")", path);
    else if (status != TL_OK)
        snprintf(error, error_bytes, "cannot read '%s': %s", path, strerror(errno));
    return status;
}

void tl_baseline_release(tl_baseline *baseline)
{
    tl_json_free(baseline->root);
    baseline->root = NULL;
}

static bool same_words(const tl_json *list, const tl_gate_row *row)
{
    if (tl_json_size(list) != row->word_count)
        return false;
    for (size_t i = 0; i < row->word_count; i++)
        if (strcmp(tl_json_text(tl_json_at(list, i), ""), row->words[i]) != 0)
            return false;
    return true;
}

static tl_status take_phases(const tl_json *phases, tl_counts *counts)
{
    size_t capacity = 1;
    for (size_t p = 0; p < tl_json_size(phases); p++)
        capacity += tl_json_size(tl_json_get(tl_json_at(phases, p), "counters"));
    counts->rows = calloc(capacity, sizeof counts->rows[0]);
    if (counts->rows == NULL)
        return TL_NO_MEMORY;
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        const char *name = tl_json_text(tl_json_get(tl_json_at(phases, p), "name"), "");
        const tl_json *kept = tl_json_get(tl_json_at(phases, p), "counters");
        for (size_t i = 0; i < tl_json_size(kept); i++) {
            const tl_json *value = tl_json_at(kept, i);
            const char *hex = tl_json_text(value, NULL); /* a hash; counts are numbers */
            counts->rows[counts->count++] =
                (tl_count){name, tl_json_name(value),
                           hex != NULL ? strtoull(hex, NULL, 0) : tl_json_count(value, 0)};
        }
    }
    return TL_OK;
}

tl_status tl_baseline_row(const tl_baseline *baseline, const tl_gate_row *row, tl_counts *counts)
{
    const tl_json *rows = tl_json_get(baseline->root, "rows");
    *counts = (tl_counts){.revision = tl_json_text(tl_json_get(baseline->root, "revision"), "")};
    for (size_t i = 0; i < tl_json_size(rows); i++) {
        const tl_json *kept = tl_json_at(rows, i);
        if (strcmp(tl_json_text(tl_json_get(kept, "name"), ""), row->name) != 0)
            continue;
        if (!same_words(tl_json_get(kept, "run"), row))
            return TL_INVALID;
        return take_phases(tl_json_get(kept, "phases"), counts);
    }
    return TL_NOT_FOUND;
}

tl_json *tl_baseline_begin(const char *reason, const char *revision)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", TL_BASELINE_SCHEMA);
    tl_json_add_text(root, "reason", reason);
    tl_json_add_text(root, "revision", revision);
    tl_json_add_array(root, "rows");
    return root;
}

void tl_baseline_add(tl_json *root, const tl_gate_row *row, const tl_counts *counts)
{
    tl_json *kept = tl_json_add_object((tl_json *)tl_json_get(root, "rows"), NULL);
    tl_json_add_text(kept, "name", row->name);
    tl_json *words = tl_json_add_array(kept, "run");
    for (size_t i = 0; i < row->word_count; i++)
        tl_json_add_text(words, NULL, row->words[i]);
    tl_json *phases = tl_json_add_array(kept, "phases"), *values = NULL;
    const char *phase_name = NULL;
    for (size_t i = 0; i < counts->count; i++) {
        const tl_count *count = &counts->rows[i];
        if (phase_name == NULL || strcmp(phase_name, count->phase) != 0) {
            tl_json *phase = tl_json_add_object(phases, NULL);
            phase_name = count->phase;
            tl_json_add_text(phase, "name", phase_name);
            values = tl_json_add_object(phase, "counters");
        }
        if (strcmp(count->name, "result_hash") == 0)
            tl_json_add_hex(values, count->name, count->value);
        else if (count->value != 0) /* most are: what is not there is 0 */
            tl_json_add_count(values, count->name, count->value);
    }
}
