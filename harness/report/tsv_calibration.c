/* harness/report/tsv_calibration.c -- how often is the gate's time wrong, and what does it see?
 *
 * A panel pair per row of the gate: p-values of launches without an effect beside those of equally
 * likely ones, and how often an effect was caught.  The tables that `treelab calibrate` left are
 * taken over with the place of each row before it and with bounds behind it.
 */
#include "harness/compare/binomial.h"
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAND_LEVEL  0.025 /* a side, of the band of p-values */
#define POWER_LEVEL 0.05  /* a side, as `treelab calibrate` writes the others */

enum { ROWS_MAX = 12, FIELDS_MAX = 12 };

typedef struct place { /* of the rows of one calibration */
    const tl_picture *picture;
    const tl_json *rows;
    size_t row_count;
    size_t row;         /* of a power curve: the one wanted, and */
    const char *effect; /* its effect; rows of a curve follow each other, or it is cut */
} place;

/* From 1; 0: no such row. */
static size_t panel_of(const place *at, const char *row)
{
    for (size_t i = 0; i < at->row_count; i++) {
        if (strcmp(tl_suite_text(tl_json_at(at->rows, i), "row"), row) == 0)
            return i + 1;
    }
    return 0;
}

/* Cut `line` at its tabs, in place; further fields are passed over. */
static size_t cut_fields(char *line, char *fields[FIELDS_MAX])
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < FIELDS_MAX; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    return count;
}

/* Hand each row of FOLDER/name after its header to `take`.  No such file: no rows. */
static tl_status each_row(const char *folder, const char *name, size_t field_count,
                          void (*take)(tsv_tables *tables, const place *at, char **fields),
                          tsv_tables *tables, const place *at)
{
    tl_text path = {0}, content = {0};
    char *fields[FIELDS_MAX];
    tl_text_addf(&path, "%s/%s", folder, name);
    tl_status status = path.failed ? TL_NO_MEMORY : tl_text_load(&content, tl_text_data(&path));
    tl_text_clear(&path);
    char *line = content.data == NULL ? NULL : strchr(content.data, '\n');
    for (line = line == NULL ? NULL : line + 1; line != NULL && *line != '\0';) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (cut_fields(line, fields) >= field_count)
            take(tables, at, fields);
        line = next;
    }
    tl_text_clear(&content);
    return status == TL_NO_MEMORY ? status : TL_OK;
}

/* row statistic rank p_expected p estimate_percent */
static void take_p_value(tsv_tables *tables, const place *at, char **fields)
{
    tl_text *table = &tables->calibration_qq;
    size_t panel = panel_of(at, fields[0]);
    double rank = strtod(fields[2], NULL), expected = strtod(fields[3], NULL);
    double count = expected > 0 ? (rank - 0.5) / expected : 0; /* as it was made */
    if (panel == 0 || rank < 1 || count < rank - 0.01 || count > 1e6)
        return;
    uint64_t n = (uint64_t)(count + 0.5), i = (uint64_t)rank;
    tl_text_addf(table, "%s\t%zu\t", at->picture->name, panel);
    for (size_t field = 0; field < 6; field++)
        tsv_field(table, fields[field]);
    /* The i-th of n equally likely p-values is below p when at least i of n are. */
    tl_text_addf(table, "%llu\t%.6g\t%.6g\n", (unsigned long long)n,
                 tl_binomial_lower(i, n, BAND_LEVEL), tl_binomial_upper(i - 1, n, BAND_LEVEL));
}

/* row effect percent gates caught power power_lower power_upper gate_s */
static void take_power(tsv_tables *tables, const place *at, char **fields)
{
    tl_text *table = &tables->calibration_power;
    if (panel_of(at, fields[0]) != at->row + 1 || strcmp(fields[1], at->effect) != 0)
        return;
    tl_text_addf(table, "%s\t%zu\t", at->picture->name, at->row + 1);
    for (size_t field = 0; field < 8; field++)
        tsv_field(table, fields[field]);
    tl_text_add_field(table, fields[8]);
    tl_text_add(table, "\n");
}

/* The left end of a row's power curve: alarms without an effect. */
static void add_alarms(tsv_tables *tables, const place *at, const tl_json *calibration)
{
    tl_text *table = &tables->calibration_power;
    const tl_json *row = tl_json_at(at->rows, at->row);
    uint64_t gates = tl_json_count(tl_json_get(calibration, "gates"), 0);
    uint64_t alarms = tl_json_count(tl_json_get(row, "alarms"), 0);
    if (gates == 0)
        return;
    alarms = alarms > gates ? gates : alarms;
    tl_text_addf(table, "%s\t%zu\t", at->picture->name, at->row + 1);
    tsv_field(table, tl_suite_text(row, "row"));
    tl_text_addf(table, "none\t0\t%llu\t%llu\t%.6g\t%.6g\t%.6g\t%.6g\n", (unsigned long long)gates,
                 (unsigned long long)alarms, (double)alarms / (double)gates,
                 tl_binomial_lower(alarms, gates, POWER_LEVEL),
                 tl_binomial_upper(alarms, gates, POWER_LEVEL),
                 tl_json_real(tl_json_get(calibration, "gate_s"), 0));
}

static tl_status add_powers(tsv_tables *tables, place *at, const tl_extra *extra)
{
    static const char *const effects[] = {"added", "injected"};
    tl_status status = TL_OK;
    for (at->row = 0; status == TL_OK && at->row < at->row_count; at->row++) {
        add_alarms(tables, at, extra->calibration);
        for (size_t e = 0; status == TL_OK && e < sizeof effects / sizeof effects[0]; e++) {
            at->effect = effects[e];
            status = each_row(extra->folder, "calibration_power.tsv", 9, take_power, tables, at);
        }
    }
    return status;
}

static void add_panels(tsv_tables *tables, const place *at)
{
    for (size_t i = 0; i < at->row_count; i++) {
        const tl_json *row = tl_json_at(at->rows, i);
        const tl_json *floor_node = tl_json_get(row, "detectable_percent");
        char title[256], floor_text[48] = "";
        if (tl_json_kind_of(floor_node) == TL_JSON_NUMBER)
            snprintf(floor_text, sizeof floor_text, ", floor %.1f %%", tl_json_real(floor_node, 0));
        snprintf(title, sizeof title, "%.100s: %.0f launches, sd %.1f %%%s",
                 tl_suite_text(row, "row"), tl_json_real(tl_json_get(row, "launches"), 0),
                 tl_json_real(tl_json_get(row, "deviation_percent"), 0), floor_text);
        tsv_panel(tables, at->picture->name, i + 1, title);
    }
}

static void describe(tl_picture *picture, const tl_extra *extra, size_t left_out)
{
    const tl_json *made = extra->calibration;
    char part[TL_EXTRAS_NAME_MAX + 8] = "", more[64] = "";
    if (extra->name[0] != '\0')
        snprintf(part, sizeof part, " (%.100s)", extra->name);
    if (left_out > 0)
        snprintf(more, sizeof more, " Rows left out: %zu.", left_out);
    snprintf(picture->title, sizeof picture->title,
             "The gate's time, calibrated: %.0f gates without an effect, %.0f false alarms%s",
             tl_json_real(tl_json_get(made, "gates"), 0),
             tl_json_real(tl_json_get(made, "alarms"), 0), part);
    snprintf(picture->what, sizeof picture->what,
             "Left: p-values of 40 launches without an effect (A/A), smallest at the top right; on "
             "the line and in the band (95 %% at each point, Clopper-Pearson), the gate keeps its "
             "promise; above, it cries wolf. Right: share of replayed gates that caught an effect; "
             "filled: added to recorded launches, open: injected for real; lines: exact binomial "
             "bounds, 95 %% a side; dashed: 95 %%. At 0 %%: false alarms. Floor: what the spread "
             "lets the last look see.%s",
             more);
}

static void fill_calibration(tsv_tables *tables, const tl_extra *extra, size_t extra_no)
{
    tl_picture *picture = tl_pictures_add(tables->pictures, "calibration", extra_no, "", 0);
    if (picture == NULL)
        return;
    place at = {.picture = picture, .rows = tl_json_get(extra->calibration, "rows")};
    size_t count = tl_json_size(at.rows);
    at.row_count = count < ROWS_MAX ? count : ROWS_MAX;
    picture->part_no = TL_PICTURE_ALL_PARTS;
    picture->origin = tl_json_get(extra->calibration, "origin");
    picture->has_origin = true;
    picture->panel_count = at.row_count;
    describe(picture, extra, count - at.row_count);
    add_panels(tables, &at);
    tl_status status = each_row(extra->folder, "calibration_qq.tsv", 6, take_p_value, tables, &at);
    if (status == TL_OK)
        status = add_powers(tables, &at, extra);
    tables->pictures->failed = tables->pictures->failed || status != TL_OK;
}

void tsv_fill_calibration(tsv_tables *tables)
{
    const tl_extras *extras = &tables->suite->extras;
    size_t number = 0;
    for (size_t i = 0; i < extras->count; i++) {
        if (extras->rows[i].calibration != NULL)
            fill_calibration(tables, &extras->rows[i], number++);
    }
}
