/* harness/report/duels.c -- reading duel cells. */
#include "harness/report/duels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The statistic that stands for the row: what made it fail, else the median of launches. */
static const char *row_statistic(const tl_json *cell)
{
    const char *failed = tl_suite_text(tl_json_get(cell, "confirmation"), "statistic");
    bool known = tl_json_get(tl_json_get(cell, "statistics"), failed) != NULL;
    return known ? failed : "median";
}

static tl_duel_result read_cell(const tl_suite_part *part, size_t part_no, const tl_json *cell)
{
    const tl_json *effect = tl_json_get(tl_json_get(cell, "statistics"), row_statistic(cell));
    const tl_json *options = tl_json_get(part->run, "options");
    const tl_json *arms = tl_json_get(cell, "arms");
    tl_duel_result row = {
        .part_no = part_no,
        .label = tl_suite_text(cell, "label"),
        .arms = {tl_suite_text(tl_json_at(arms, 0), "label"),
                 tl_suite_text(tl_json_at(arms, 1), "label")},
        .verdict = tl_suite_text(cell, "verdict"),
        .decided_by = tl_suite_text(cell, "decided_by"),
        .note = tl_suite_text(cell, "note"),
        .launches = (size_t)tl_json_count(tl_json_get(effect, "launches"), 0),
        .estimate = tl_json_real(tl_json_get(effect, "estimate_percent"), NAN),
        .lower = tl_json_real(tl_json_get(effect, "lower_percent"), NAN),
        .upper = tl_json_real(tl_json_get(effect, "upper_percent"), NAN),
        .pass_upper = tl_json_real(tl_json_get(effect, "pass_upper_percent"), NAN),
        .detectable = tl_json_real(tl_json_get(effect, "detectable_percent"), NAN),
        .log_ratios = tl_json_get(tl_json_get(cell, "log_ratios"), row_statistic(cell)),
        .level = tl_json_real(tl_json_get(effect, "level"), 0),
        .delta_percent = tl_json_real(tl_json_get(options, "delta_percent"), 0.5),
        .mde_percent = tl_json_real(tl_json_get(options, "mde_percent"), 5),
    };
    if (strcmp(row.verdict, "pass") == 0 && tl_json_is_true(tl_json_get(effect, "improved")))
        row.verdict = "improved";
    return row;
}

static int result_order(const void *left, const void *right)
{
    const tl_duel_result *a = left, *b = right;
    if (isnan(a->estimate) || isnan(b->estimate)) {
        if (isnan(a->estimate) != isnan(b->estimate))
            return isnan(a->estimate) ? 1 : -1;
    } else if (a->estimate != b->estimate) {
        return a->estimate > b->estimate ? -1 : 1;
    }
    if (a->part_no != b->part_no)
        return a->part_no < b->part_no ? -1 : 1;
    return strcmp(a->label, b->label);
}

tl_status tl_duel_results_make(const tl_suite *suite, tl_duel_results *results)
{
    size_t count = 0;
    for (size_t p = 0; p < suite->part_count; p++)
        count += suite->parts[p].duel_count;
    *results = (tl_duel_results){.rows = calloc(count + 1, sizeof *results->rows)};
    if (results->rows == NULL)
        return TL_NO_MEMORY;
    for (size_t p = 0; p < suite->part_count; p++) {
        const tl_suite_part *part = &suite->parts[p];
        for (size_t i = 0; i < part->cell_count; i++) {
            const tl_json *cell = tl_suite_cell(part, i);
            if (tl_suite_is_duel(cell))
                results->rows[results->count++] = read_cell(part, p, cell);
        }
    }
    qsort(results->rows, results->count, sizeof results->rows[0], result_order);
    return TL_OK;
}

void tl_duel_results_clear(tl_duel_results *results)
{
    free(results->rows);
    *results = (tl_duel_results){0};
}
