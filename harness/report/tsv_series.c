/* harness/report/tsv_series.c -- phases over time: rate, latencies and events, interval by
 * interval.
 *
 * One picture per workload and phase, one panel per driver, of the repetition of median throughput:
 * repetitions are not averaged, since a stall at another second would be smoothed away.
 */
#include "harness/report/series_file.h"
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

enum { INTERVALS_MIN = 5 }; /* fewer make no course */

typedef struct course { /* the intervals of one phase of one cell */
    const tl_series_interval *rows;
    size_t count;
} course;

static bool interval_is_of(const tl_series_interval *row, const tl_group *group)
{
    return row->repetition == group->typical->repetition && strcmp(row->phase, group->phase) == 0 &&
           strcmp(row->driver, group->label) == 0 && strcmp(row->workload, group->workload) == 0;
}

static course find_course(const tl_series_file *file, const tl_group *group)
{
    size_t first = 0;
    if (group->typical == NULL || tl_tsv_is_null(group))
        return (course){0};
    while (first < file->count && !interval_is_of(&file->rows[first], group))
        first++;
    size_t end = first;
    while (end < file->count && interval_is_of(&file->rows[end], group))
        end++;
    return (course){.rows = file->rows + first, .count = end - first};
}

static void add_times(tl_text *table, const tl_series_times *times, double count,
                      tl_picture *picture)
{
    const double values[] = {times->p50_ns, times->p99_ns, times->p99_9_ns};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (count <= 0 || values[i] < 1) {
            tl_text_add(table, "-\t");
            continue;
        }
        tl_text_addf(table, "%.6g\t", values[i]);
        if (picture->low == 0 || values[i] < picture->low)
            picture->low = values[i];
        if (values[i] > picture->high)
            picture->high = values[i];
    }
}

static void add_course(tsv_tables *tables, tl_picture *picture, size_t panel, const tl_group *group,
                       course of)
{
    tl_text *table = &tables->series;
    const tl_json *steady = tl_json_get(group->typical->phase, "steady");
    double steady_s = tl_json_real(tl_json_get(steady, "at_s"), -1);
    for (size_t i = 0; i < of.count; i++) {
        const tl_series_interval *row = &of.rows[i];
        tl_text_addf(table, "%s\t%zu\t", picture->name, panel);
        tsv_field(table, tables->suite->parts[group->part_no].name);
        tsv_field(table, group->workload);
        tsv_field(table, group->phase);
        tsv_field(table, group->label);
        tl_text_addf(table, "%zu\t%llu\t%.6f\t%.6f\t%.6g\t", group->label_no + 1,
                     (unsigned long long)row->repetition, row->begin_s, row->length_s,
                     row->ops_per_s);
        add_times(table, &row->service, row->service_count, picture);
        add_times(table, &row->response, row->response_count, picture);
        for (size_t e = 0; e < TL_SERIES_FILE_EVENT_COUNT; e++)
            tl_text_addf(table, row->events[e] < 0 ? "-\t" : "%.0f\t", row->events[e]);
        if (steady_s < 0)
            tl_text_add(table, "-\n");
        else
            tl_text_addf(table, "%.6f\n", steady_s);
    }
}

static void describe(const tsv_tables *tables, tl_picture *picture, const tl_group *key,
                     double interval_s)
{
    char part[128];
    tsv_title_part(tables, key->part_no, part, sizeof part);
    snprintf(picture->title, sizeof picture->title, "Over time: %.60s, %.50s%s", key->workload,
             key->phase, part);
    snprintf(picture->what, sizeof picture->what,
             "The repetition of median throughput, in intervals of %g s, not smoothed; equal "
             "scales in all panels. Above: operations per second. Middle: p50, p99, p99.9 of each "
             "interval's main operation; dashed: response time, from the intended start, where a "
             "rate was asked for. Below: events, darker where an interval had more. A dotted line "
             "with a flag: from here on throughput was steady.",
             interval_s);
}

/* The groups [first, end) share part, workload and phase. */
static void fill_phase(tsv_tables *tables, const tl_series_file *file, size_t first, size_t end)
{
    const tl_group *key = &tables->groups->rows[first];
    char suffix[128];
    snprintf(suffix, sizeof suffix, "%.60s_%.60s", key->workload, key->phase);
    tl_picture *picture = NULL;
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &tables->groups->rows[i];
        course of = find_course(file, group);
        if (of.count < INTERVALS_MIN)
            continue;
        if (picture == NULL) {
            picture = tl_pictures_add(tables->pictures, "series", key->part_no, suffix, first);
            if (picture == NULL)
                return;
            describe(tables, picture, key, of.rows[0].length_s);
        }
        tsv_panel(tables, picture->name, ++picture->panel_count, group->label);
        tl_text_addf(&tables->bars, "%s\t%zu\t", picture->name, picture->panel_count);
        tl_text_add_field(&tables->bars, group->label);
        tl_text_addf(&tables->bars, "\t%zu\n", group->label_no + 1);
        add_course(tables, picture, picture->panel_count, group, of);
    }
}

void tsv_fill_series(tsv_tables *tables)
{
    const tl_groups *groups = tables->groups;
    tl_series_file file = {0};
    size_t loaded = (size_t)-1;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        size_t part_no = groups->rows[first].part_no;
        end = tl_groups_phase_end(groups, first);
        if (part_no != loaded) {
            tl_series_file_clear(&file);
            if (tl_series_file_load(tables->suite->parts[part_no].folder, &file) != TL_OK) {
                tables->pictures->failed = true;
                return;
            }
            loaded = part_no;
        }
        if (file.count > 0)
            fill_phase(tables, &file, first, end);
    }
    tl_series_file_clear(&file);
}
