/* harness/report/tsv_tradeoff.c -- what a store pays: bytes written, space kept, time to read.
 *
 * A store that no other beats in all three lies on the Pareto front.  Write amplification comes
 * from the engine's counters, so only stores that count are here.
 */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

enum { POINTS_MAX = 64, POINTS_MIN = 2, PANELS_MAX = 24 };

typedef struct point {
    const tl_group *group; /* for its names */
    double user_bytes, written_bytes;
    double space, write, read_ns;
    double get_count;
    bool on_front;
} point;

static double counter(const tl_group *group, const char *name)
{
    const tl_json *counters = tl_json_get(tl_json_get(group->typical->phase, "counters"), "engine");
    return tl_json_real(tl_json_get(counters, name), 0);
}

static void add_group(point *of, const tl_group *group)
{
    static const char *const written[] = {"log_bytes", "page_bytes_written", "value_bytes_written",
                                          "zone_bytes_written", "meta_bytes_written"};
    const tl_json *phase = group->typical->phase, *latency = tl_json_get(phase, "latency");
    static const char *const reads[] = {"get", "get_many"};
    of->user_bytes += counter(group, "user_bytes");
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        of->written_bytes += counter(group, written[i]);
    of->space = tl_json_real(tl_json_get(tl_json_get(phase, "space"), "amplification"), of->space);
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        const tl_json *histogram = tl_json_get(latency, reads[i]);
        double count = tl_json_real(tl_json_get(histogram, "count"), 0);
        if (count > of->get_count) {
            of->get_count = count;
            of->read_ns = tl_json_real(tl_json_get(histogram, "p50"), 0);
        }
    }
}

static point *point_of(point *points, size_t *count, const tl_group *group)
{
    for (size_t i = 0; i < *count; i++) {
        if (points[i].group->label_no == group->label_no)
            return &points[i];
    }
    if (*count == POINTS_MAX)
        return NULL;
    points[*count] = (point){.group = group};
    return &points[(*count)++];
}

/* No worse in anything and better in something. */
static bool beats(const point *a, const point *b)
{
    return a->space <= b->space && a->write <= b->write && a->read_ns <= b->read_ns &&
           (a->space < b->space || a->write < b->write || a->read_ns < b->read_ns);
}

/* The stores of the rows [first, end), which share part and workload. */
static size_t gather(const tl_groups *groups, size_t first, size_t end, point *points)
{
    size_t count = 0, kept = 0;
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &groups->rows[i];
        point *of = group->typical == NULL ? NULL : point_of(points, &count, group);
        if (of != NULL)
            add_group(of, group);
    }
    for (size_t i = 0; i < count; i++) {
        points[i].write =
            points[i].user_bytes > 0 ? points[i].written_bytes / points[i].user_bytes : 0;
        if (points[i].write > 0 && points[i].space > 0 && points[i].read_ns > 0)
            points[kept++] = points[i];
    }
    for (size_t i = 0; i < kept; i++) {
        points[i].on_front = true;
        for (size_t k = 0; k < kept; k++)
            points[i].on_front = points[i].on_front && !beats(&points[k], &points[i]);
    }
    return kept;
}

static void add_panel(tsv_tables *tables, tl_picture *picture, const point *points, size_t count)
{
    tl_text *table = &tables->tradeoff;
    tsv_panel(tables, picture->name, ++picture->panel_count, points[0].group->workload);
    for (size_t i = 0; i < count; i++) {
        const tl_group *group = points[i].group;
        tl_text_addf(table, "%s\t%zu\t", picture->name, picture->panel_count);
        tsv_field(table, tables->suite->parts[group->part_no].name);
        tsv_field(table, group->workload);
        tsv_field(table, group->label);
        tl_text_addf(table, "%zu\t%zu\t%.6g\t%.6g\t%.6g\t%d\n", group->label_no + 1, i + 1,
                     points[i].space, points[i].write, points[i].read_ns, points[i].on_front);
    }
    if (count > (size_t)picture->high)
        picture->high = (double)count; /* room for the longest list */
}

static void describe(const tsv_tables *tables, tl_picture *picture, size_t part_no)
{
    char part[128];
    tsv_title_part(tables, part_no, part, sizeof part);
    snprintf(picture->title, sizeof picture->title,
             "What it costs: bytes written, space kept, time to read%s", part);
    snprintf(
        picture->what, sizeof picture->what,
        "Right: the file is larger for the same records, at the end; up: more bytes were "
        "written for each byte put, in all measured phases; beside the name: p50 of a get, whose "
        "last digits are noise. "
        "Less is better in all three. Filled: no other store is as good in all and better in "
        "one (the Pareto front). Each panel has its own scale.");
}

void tsv_fill_tradeoff(tsv_tables *tables)
{
    const tl_groups *groups = tables->groups;
    tl_picture *picture = NULL;
    size_t part_no = (size_t)-1;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        point points[POINTS_MAX];
        end = tl_groups_workload_end(groups, first);
        size_t count = gather(groups, first, end, points);
        if (part_no != groups->rows[first].part_no)
            picture = NULL;
        part_no = groups->rows[first].part_no;
        if (count < POINTS_MIN || (picture != NULL && picture->panel_count == PANELS_MAX))
            continue;
        if (picture == NULL) {
            picture = tl_pictures_add(tables->pictures, "tradeoff", part_no, "", 0);
            if (picture == NULL)
                return;
            describe(tables, picture, part_no);
        }
        add_panel(tables, picture, points, count);
    }
}
