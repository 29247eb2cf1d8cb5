/* harness/report/tsv_effects.c -- duels: how much slower is B than A, and how sure is that?
 *
 * All duels of all runs are rows of one picture, the largest effect first, since that is what a
 * reader of many rows looks for.  Rows that have no estimate come last, with the word for it.
 */
#include "harness/report/duels.h"
#include "harness/report/tsv_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN_MAX = 80 }; /* rows of the picture; the table has all */

/* With many limits, the picture's own is that of its first row; each row's own is in the table. */
static void describe(tl_picture *picture, const tl_duel_result *first, size_t drawn, size_t count)
{
    char left_out[96] = "";
    if (drawn < count)
        snprintf(left_out, sizeof left_out, " The other %zu rows are in the table only.",
                 count - drawn);
    picture->low = first->delta_percent;
    picture->high = first->mde_percent;
    picture->panel_count = 1;
    snprintf(picture->title, sizeof picture->title, "Duels: CPU time of B against A, in percent");
    snprintf(picture->what, sizeof picture->what,
             "Right of zero B is slower. Mark: Hodges-Lehmann estimate over n paired launches, "
             "dots: each; "
             "line: exact signed-rank bounds, each at the one-sided level in the table. Grey: "
             "within ±%g %%, what does not count; dashed: ±%g %%, what a pass excludes. Arrows "
             "leave the picture.%s",
             first->delta_percent, first->mde_percent, left_out);
}

/* What stands beside the row: "+4.75 % [+2.84 .. +7.00] regressed, n = 16". */
static void result_text(const tl_duel_result *result, char *text, size_t text_bytes)
{
    char bounds[2][24] = {"?", "?"};
    const double values[2] = {result->lower, result->upper};
    for (size_t i = 0; i < 2; i++) {
        if (!isnan(values[i]))
            snprintf(bounds[i], sizeof bounds[i], "%+.2f", values[i]);
    }
    if (isnan(result->estimate))
        snprintf(text, text_bytes, "%.40s%s", result->verdict,
                 strcmp(result->decided_by, "counters") == 0 ? ", by counters" : ", no estimate");
    else
        snprintf(text, text_bytes, "%+.2f %%  [%s .. %s]  %.40s, n = %zu", result->estimate,
                 bounds[0], bounds[1], result->verdict, result->launches);
}

static void add_row(tsv_tables *tables, const char *picture, size_t row,
                    const tl_duel_result *result)
{
    tl_text *table = &tables->effects;
    char text[160];
    const double numbers[] = {result->estimate, result->lower, result->upper, result->pass_upper};
    tl_text_addf(table, "%s\t%zu\t", picture, row);
    tsv_field(table, tables->suite->parts[result->part_no].name);
    tsv_field(table, result->label);
    tsv_field(table, result->arms[0]);
    tsv_field(table, result->arms[1]);
    tsv_field(table, result->verdict);
    tsv_field(table, result->decided_by);
    tl_text_addf(table, "%zu\t", result->launches);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (isnan(numbers[i]))
            tl_text_add(table, "-\t");
        else
            tl_text_addf(table, "%.6g\t", numbers[i]);
    }
    tl_text_addf(table, "%g\t%g\t%g\t", result->level, result->delta_percent, result->mde_percent);
    result_text(result, text, sizeof text);
    tsv_field(table, text);
    tl_text_add_field(table, result->note);
    tl_text_add(table, "\n");
}

static void add_launches(tsv_tables *tables, const char *picture, size_t row,
                         const tl_duel_result *result)
{
    for (size_t i = 0; i < tl_json_size(result->log_ratios); i++) {
        double ratio = tl_json_real(tl_json_at(result->log_ratios, i), 0);
        tl_text_addf(&tables->effects_launches, "%s\t%zu\t", picture, row);
        tsv_field(&tables->effects_launches, tables->suite->parts[result->part_no].name);
        tsv_field(&tables->effects_launches, result->label);
        tl_text_addf(&tables->effects_launches, "%zu\t%.6g\n", i + 1, 100 * expm1(ratio));
    }
}

void tsv_fill_effects(tsv_tables *tables)
{
    tl_duel_results results;
    if (tl_duel_results_make(tables->suite, &results) != TL_OK) {
        tables->pictures->failed = true;
        return;
    }
    tl_picture *picture = results.count == 0 ? NULL
                                             : tl_pictures_add(tables->pictures, "effects",
                                                               TL_PICTURE_ALL_PARTS, "", 0);
    size_t drawn = results.count < DRAWN_MAX ? results.count : DRAWN_MAX;
    if (picture != NULL)
        describe(picture, &results.rows[0], drawn, results.count);
    for (size_t i = 0; picture != NULL && i < results.count; i++) {
        add_row(tables, i < drawn ? picture->name : "-", i < drawn ? i + 1 : 0, &results.rows[i]);
        add_launches(tables, i < drawn ? picture->name : "-", i < drawn ? i + 1 : 0,
                     &results.rows[i]);
        if (i >= drawn)
            continue;
        tl_text_addf(&tables->bars, "%s\t%zu\t", picture->name, i + 1);
        char name[512];
        snprintf(name, sizeof name, "%.120s: %.160s, %.160s", results.rows[i].label,
                 results.rows[i].arms[0], results.rows[i].arms[1]);
        tl_text_add_field(&tables->bars, name);
        tl_text_add(&tables->bars, "\t0\n");
    }
    tl_duel_results_clear(&results);
}
