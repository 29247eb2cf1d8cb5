/* harness/report/tsv_time.c -- throughput per repetition, latency by percentile. */
#include "harness/report/tsv_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    BARS_MAX = 64,
    PANELS_MAX = 128,
    CURVE_CALLS_MIN = 10, /* fewer calls make no curve; the report's table has them */
};

/* The place of each driver in the pictures of one part: bars[label_no], from 1; 0 = not shown. */
typedef struct bar_places {
    size_t bars[BARS_MAX];
    size_t count;
} bar_places;

static bool group_is_drawn(const tl_group *group)
{
    return !tl_tsv_is_null(group) && group->label_no < BARS_MAX;
}

static bar_places part_bars(const tl_groups *groups, size_t part_no)
{
    bar_places places = {0};
    for (size_t label_no = 0; label_no < groups->label_count && label_no < BARS_MAX; label_no++) {
        for (size_t i = 0; i < groups->count; i++) {
            const tl_group *group = &groups->rows[i];
            if (group->part_no == part_no && group->label_no == label_no && group_is_drawn(group)) {
                places.bars[label_no] = ++places.count;
                break;
            }
        }
    }
    return places;
}

static void add_bars(tsv_tables *tables, const char *picture, const bar_places *places)
{
    for (size_t i = 0; i < tables->groups->label_count && i < BARS_MAX; i++) {
        if (places->bars[i] == 0)
            continue;
        tl_text_addf(&tables->bars, "%s\t%zu\t", picture, places->bars[i]);
        tl_text_add_field(&tables->bars, tables->groups->labels[i]);
        tl_text_addf(&tables->bars, "\t%zu\n", i + 1);
    }
}

/* The columns that throughput.tsv and throughput_summary.tsv begin with. */
static void add_place(const tsv_tables *tables, tl_text *table, const char *picture, size_t panel,
                      size_t bar, const tl_group *group)
{
    tsv_field(table, picture);
    tl_text_addf(table, "%zu\t%zu\t", panel, bar);
    tsv_field(table, tables->suite->parts[group->part_no].name);
    tsv_field(table, group->workload);
    tsv_field(table, group->phase);
    tsv_field(table, group->label);
    tl_text_addf(table, "%zu\t", group->label_no + 1);
}

static void add_throughput(tsv_tables *tables, const char *picture, size_t panel, size_t bar,
                           const tl_group *group)
{
    tl_text *table = &tables->throughput;
    for (size_t i = 0; i < group->sample_count; i++) {
        const tl_sample *sample = &group->samples[i];
        if (!sample->trusted)
            continue;
        add_place(tables, table, picture, panel, bar, group);
        tl_text_addf(table, "%llu\t%llu\t%.0f\t%.0f\t%.0f\t%.6g\n",
                     (unsigned long long)sample->repetition, (unsigned long long)sample->ops,
                     tl_json_real(tl_json_get(sample->phase, "wall_ns"), 0),
                     tl_json_real(tl_json_get(sample->phase, "cpu_ns"), 0),
                     tl_json_real(tl_json_get(sample->phase, "ops_ns"), 0), sample->ops_per_s);
    }
    table = &tables->throughput_summary;
    add_place(tables, table, picture, panel, bar, group);
    tl_text_addf(table, "%zu\t%.6g\t%.6g\t%.6g\t", group->ops_per_s.count, group->ops_per_s.median,
                 group->ops_per_s.min, group->ops_per_s.max);
    tl_text_addf(table, "%zu\t%.6g\t%.6g\t%.6g\t", group->ratio.count, group->ratio.median,
                 group->ratio.min, group->ratio.max);
    tl_text_add_field(table, group->gap == NULL ? "" : group->gap);
    tl_text_add(table, "\n");
}

static void fill_part_throughput(tsv_tables *tables, size_t part_no, size_t first, size_t end)
{
    const tl_groups *groups = tables->groups;
    bar_places places = part_bars(groups, part_no);
    char name[96] = "", part[128];
    size_t panel = 0;
    if (places.count > 0) {
        tl_picture *picture = tl_pictures_add(tables->pictures, "throughput", part_no, "", 0);
        if (picture == NULL)
            return;
        tsv_title_part(tables, part_no, part, sizeof part);
        snprintf(picture->title, sizeof picture->title, "Throughput by workload and phase%s", part);
        snprintf(picture->what, sizeof picture->what,
                 "Operations per second of wall time, more is better. Bar: median; ring: each "
                 "repetition; ×: median of the per-repetition ratios to %s. Each panel has its own "
                 "scale, from zero; compare within a panel only.",
                 TL_GROUPS_BASELINE);
        snprintf(name, sizeof name, "%s", picture->name);
        add_bars(tables, name, &places);
    }
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &groups->rows[i];
        if (i == first || group->phase_no != groups->rows[i - 1].phase_no ||
            group->workload_no != groups->rows[i - 1].workload_no) {
            char title[256];
            snprintf(title, sizeof title, "%.100s: %.100s", group->workload, group->phase);
            panel++;
            if (name[0] != '\0')
                tsv_panel(tables, name, panel, title);
        }
        bool drawn = name[0] != '\0' && group_is_drawn(group);
        add_throughput(tables, drawn ? name : "-", drawn ? panel : 0,
                       drawn ? places.bars[group->label_no] : 0, group);
    }
    if (name[0] != '\0')
        tables->pictures->rows[tables->pictures->count - 1].panel_count = panel;
}

void tsv_fill_throughput(tsv_tables *tables)
{
    const tl_groups *groups = tables->groups;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        size_t part_no = groups->rows[first].part_no;
        while (end < groups->count && groups->rows[end].part_no == part_no)
            end++;
        fill_part_throughput(tables, part_no, first, end);
    }
}

/* The panels of one workload's latency picture: each phase and operation that has a curve. */
typedef struct latency_panels {
    struct {
        const char *phase, *operation;
    } rows[PANELS_MAX];
    size_t count;
} latency_panels;

static size_t panel_find(latency_panels *panels, const char *phase, const char *operation)
{
    for (size_t i = 0; i < panels->count; i++) {
        if (strcmp(panels->rows[i].phase, phase) == 0 &&
            strcmp(panels->rows[i].operation, operation) == 0)
            return i + 1;
    }
    if (panels->count == PANELS_MAX)
        return 0;
    panels->rows[panels->count].phase = phase;
    panels->rows[panels->count].operation = operation;
    return ++panels->count;
}

/* The column `typical`. */
typedef enum curve_role { CURVE_OTHER, CURVE_TYPICAL, CURVE_RESPONSE } curve_role;

/* One histogram's curve.  A percentile beyond the largest sample says nothing new, so the curve
 * ends with the maximum at 1 - 1/count. */
static void add_curve(tsv_tables *tables, tl_picture *picture, size_t panel, const tl_group *group,
                      const tl_sample *sample, const tl_json *histogram, curve_role role)
{
    tl_text *table = &tables->latency;
    const tl_json *curve = tl_json_get(histogram, "curve");
    double count = (double)tl_json_count(tl_json_get(histogram, "count"), 0);
    double nines_last = count > 1 ? log10(count) : 0;
    for (size_t i = 0; i < tl_json_size(curve); i++) {
        const tl_json *point = tl_json_at(curve, i);
        double percentile = tl_json_real(tl_json_at(point, 0), -1);
        double latency_ns = tl_json_real(tl_json_at(point, 1), 0);
        double nines = percentile < 100 ? -log10(1 - percentile / 100) : nines_last;
        if (percentile < 0 || percentile > 100 || nines > nines_last ||
            (percentile < 100 && nines > nines_last - 1e-6 && nines > 0))
            continue;
        if (latency_ns < 1)
            latency_ns = 1; /* below the clock's step; the axis is logarithmic */
        tsv_field(table, picture->name);
        tl_text_addf(table, "%zu\t", panel);
        tsv_field(table, tables->suite->parts[group->part_no].name);
        tsv_field(table, group->workload);
        tsv_field(table, group->phase);
        tsv_field(table, tl_json_name(histogram));
        tsv_field(table, group->label);
        tl_text_addf(table, "%zu\t%llu\t%d\t%.10g\t%.6g\t%.10g\n", group->label_no + 1,
                     (unsigned long long)sample->repetition, (int)role, percentile, fabs(nines),
                     latency_ns);
        if (picture->low == 0 || latency_ns < picture->low)
            picture->low = latency_ns;
        if (latency_ns > picture->high)
            picture->high = latency_ns;
    }
}

static void add_curves(tsv_tables *tables, tl_picture *picture, latency_panels *panels,
                       const tl_group *group, const tl_sample *sample, const char *member,
                       curve_role role)
{
    const tl_json *latency = tl_json_get(sample->phase, member);
    for (size_t i = 0; i < tl_json_size(latency); i++) {
        const tl_json *histogram = tl_json_at(latency, i);
        uint64_t count = tl_json_count(tl_json_get(histogram, "count"), 0);
        if (tl_json_size(tl_json_get(histogram, "curve")) == 0 || count < CURVE_CALLS_MIN)
            continue;
        size_t panel = panel_find(panels, group->phase, tl_json_name(histogram));
        if (panel > 0)
            add_curve(tables, picture, panel, group, sample, histogram, role);
    }
}

/* True when the group ran to a timetable, so that its calls have response times too. */
static bool fill_group_latency(tsv_tables *tables, tl_picture *picture, latency_panels *panels,
                               const tl_group *group)
{
    for (size_t s = 0; s < group->sample_count; s++) {
        const tl_sample *sample = &group->samples[s];
        if (sample->trusted)
            add_curves(tables, picture, panels, group, sample, "latency",
                       sample == group->typical ? CURVE_TYPICAL : CURVE_OTHER);
    }
    if (group->typical == NULL || tl_json_size(tl_json_get(group->typical->phase, "response")) == 0)
        return false;
    add_curves(tables, picture, panels, group, group->typical, "response", CURVE_RESPONSE);
    return true;
}

static void fill_workload_latency(tsv_tables *tables, size_t first, size_t end)
{
    const tl_group *key = &tables->groups->rows[first];
    tl_picture *picture =
        tl_pictures_add(tables->pictures, "latency", key->part_no, key->workload, key->workload_no);
    if (picture == NULL)
        return;
    char part[128];
    tsv_title_part(tables, key->part_no, part, sizeof part);
    snprintf(picture->title, sizeof picture->title, "Latency by percentile: %.100s%s",
             key->workload, part);
    snprintf(picture->what, sizeof picture->what,
             "Service time of one call, less is better; each step right is ten times rarer, each "
             "step up ten times slower; the same scales in every panel. Strong line: the "
             "repetition of median throughput; thin: the others. A curve ends at its slowest "
             "call, drawn at the share that one call is. Operations called fewer than %d times are "
             "in the table only.",
             CURVE_CALLS_MIN);
    latency_panels panels = {0};
    bool open_loop = false;
    for (size_t i = first; i < end; i++) {
        if (group_is_drawn(&tables->groups->rows[i]))
            open_loop |= fill_group_latency(tables, picture, &panels, &tables->groups->rows[i]);
    }
    size_t used = strlen(picture->what);
    if (open_loop)
        snprintf(picture->what + used, sizeof picture->what - used,
                 " Dotted: response time, from when the call was due.");
    picture->panel_count = panels.count;
    for (size_t i = 0; i < panels.count; i++) {
        char title[256];
        snprintf(title, sizeof title, "%.100s: one %.60s", panels.rows[i].phase,
                 panels.rows[i].operation);
        tsv_panel(tables, picture->name, i + 1, title);
    }
    bar_places places = part_bars(tables->groups, key->part_no);
    if (panels.count > 0)
        add_bars(tables, picture->name, &places);
    else
        tables->pictures->count--; /* no curve at all: no picture */
}

void tsv_fill_latency(tsv_tables *tables)
{
    for (size_t first = 0, end = 0; first < tables->groups->count; first = end) {
        end = tl_groups_workload_end(tables->groups, first);
        fill_workload_latency(tables, first, end);
    }
}
