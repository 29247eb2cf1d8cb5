/* harness/report/tsv_strategies.c -- which split or fill strategy costs what, and how sure is that?
 *
 * Stores of driver `tree` that differ in their options are rows; what they cost are panels: of runs
 * the rate of all measured phases, bytes written and kept, compares; of duels the CPU time against
 * A.  A bar is the median of repetitions, or a duel's estimate; dots are single ones.
 */
#include "harness/compare/binomial.h"
#include "harness/report/duels.h"
#include "harness/report/tsv_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIAN_LEVEL 0.025 /* a side */

enum {
    BARS_MAX = 24,
    PICTURES_PART_MAX = 12,
    REPETITIONS_MAX = 64,
    DUEL_PANELS_MAX = 8,
};

#define MEASURE_MAP(X)                                                                             \
    X(rate, "operations/s, all measured phases")                                                   \
    X(written, "bytes written per byte put")                                                       \
    X(space, "file bytes per byte kept, at the end")                                               \
    X(compares, "whole-key compares per descent")
#define MEASURE_AS_INDEX(name, title) MEASURE_##name,
#define MEASURE_AS_NAME(name, title)  #name,
#define MEASURE_AS_TITLE(name, title) title,
enum { MEASURE_MAP(MEASURE_AS_INDEX) MEASURE_COUNT };
static const char *const measure_names[] = {MEASURE_MAP(MEASURE_AS_NAME)};
static const char *const measure_titles[] = {MEASURE_MAP(MEASURE_AS_TITLE)};

typedef struct sums { /* of one repetition of one store, over measured phases */
    uint64_t repetition;
    double ops, wall_ns, user_bytes, written_bytes, compares, descents, space;
    bool trusted;
} sums;

typedef struct bar {
    const char *label;
    sums repetitions[REPETITIONS_MAX];
    size_t count;
} bar;

/* "split=x" of "tree:split=x"; "default" of "tree"; NULL of another driver. */
static const char *strategy_name(const char *label)
{
    if (strcmp(label, "tree") == 0)
        return "default";
    return strncmp(label, "tree:", 5) == 0 ? label + 5 : NULL;
}

static bool names_strategy(const char *label)
{
    return strategy_name(label) != NULL &&
           (strstr(label, "split=") != NULL || strstr(label, "fill=") != NULL);
}

static sums *sums_of(bar *of, uint64_t repetition)
{
    for (size_t i = 0; i < of->count; i++) {
        if (of->repetitions[i].repetition == repetition)
            return &of->repetitions[i];
    }
    if (of->count == REPETITIONS_MAX)
        return NULL;
    of->repetitions[of->count] = (sums){.repetition = repetition, .trusted = true};
    return &of->repetitions[of->count++];
}

static void add_sample(bar *of, const tl_sample *sample)
{
    static const char *const written[] = {"log_bytes", "page_bytes_written", "value_bytes_written",
                                          "zone_bytes_written", "meta_bytes_written"};
    const tl_json *counters = tl_json_get(tl_json_get(sample->phase, "counters"), "engine");
    const tl_json *space = tl_json_get(sample->phase, "space");
    sums *to = sums_of(of, sample->repetition);
    if (to == NULL)
        return;
    to->trusted = to->trusted && sample->trusted;
    to->ops += (double)sample->ops;
    to->wall_ns += sample->ops_per_s > 0 ? (double)sample->ops * 1e9 / sample->ops_per_s : 0;
    to->user_bytes += tl_json_real(tl_json_get(counters, "user_bytes"), 0);
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        to->written_bytes += tl_json_real(tl_json_get(counters, written[i]), 0);
    to->compares += tl_json_real(tl_json_get(counters, "full_compares"), 0);
    to->descents += tl_json_real(tl_json_get(counters, "descents"), 0);
    to->space = tl_json_real(tl_json_get(space, "amplification"), to->space);
}

static double value_of(const sums *of, size_t measure)
{
    double part = measure == MEASURE_rate      ? of->ops * 1e9
                  : measure == MEASURE_written ? of->written_bytes
                  : measure == MEASURE_space   ? of->space
                                               : of->compares;
    double whole = measure == MEASURE_rate      ? of->wall_ns
                   : measure == MEASURE_written ? of->user_bytes
                   : measure == MEASURE_space   ? 1
                                                : of->descents;
    return of->trusted && whole > 0 && part > 0 ? part / whole : (double)NAN;
}

/* The stores of the groups [first, end), which share part and workload; 0 when none is told apart
 * by a strategy. */
static size_t gather(const tl_groups *groups, size_t first, size_t end, bar *bars, size_t *left_out)
{
    size_t count = 0, named = 0;
    *left_out = 0;
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &groups->rows[i];
        size_t at = 0;
        if (strategy_name(group->label) == NULL)
            continue;
        while (at < count && strcmp(bars[at].label, group->label) != 0)
            at++;
        if (at == BARS_MAX) {
            (*left_out)++;
            continue;
        }
        if (at == count) {
            bars[count++] = (bar){.label = group->label};
            named += names_strategy(group->label);
        }
        for (size_t s = 0; s < group->sample_count; s++)
            add_sample(&bars[at], &group->samples[s]);
    }
    return named > 0 && count > 1 ? count : 0;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

typedef struct strategy_value { /* NAN: not known */
    double value, lower, upper;
    size_t count;
} strategy_value;

/* The median and an interval for it from order statistics, exact whatever the distribution; none
 * for fewer than six values. */
static strategy_value median_of(double *values, size_t count)
{
    strategy_value made = {(double)NAN, (double)NAN, (double)NAN, count};
    if (count == 0)
        return made;
    qsort(values, count, sizeof *values, ascending);
    made.value = (values[(count - 1) / 2] + values[count / 2]) / 2;
    size_t rank = 0; /* the largest whose ends leave out the median often enough */
    while (rank < count / 2 && tl_binomial_at_most(rank, count, 0.5) <= MEDIAN_LEVEL)
        rank++;
    if (rank > 0) {
        made.lower = values[rank - 1];
        made.upper = values[count - rank];
    }
    return made;
}

static void add_number(tl_text *table, double value, const char *end)
{
    if (isnan(value))
        tl_text_addf(table, "-%s", end);
    else
        tl_text_addf(table, "%.6g%s", value, end);
}

typedef struct place {
    const char *picture;
    size_t panel, bar;
    const char *part, *workload, *strategy, *measure;
} place;

static void add_value(tsv_tables *tables, const place *at, const strategy_value *of)
{
    tl_text *table = &tables->strategies;
    tl_text_addf(table, "%s\t%zu\t%zu\t", at->picture, at->panel, at->bar);
    tsv_field(table, at->part);
    tsv_field(table, at->workload);
    tsv_field(table, at->strategy);
    tsv_field(table, at->measure);
    tl_text_addf(table, "%zu\t", of->count);
    add_number(table, of->value, "\t");
    add_number(table, of->lower, "\t");
    add_number(table, of->upper, "\n");
}

static void add_dot(tsv_tables *tables, const place *at, uint64_t number, double value)
{
    tl_text_addf(&tables->strategies_dots, "%s\t%zu\t%zu\t%llu\t%.6g\n", at->picture, at->panel,
                 at->bar, (unsigned long long)number, value);
}

static void add_bar_name(tsv_tables *tables, const char *picture, size_t number, const char *name)
{
    tl_text_addf(&tables->bars, "%s\t%zu\t", picture, number);
    tl_text_add_field(&tables->bars, name);
    tl_text_add(&tables->bars, "\t0\n");
}

/* --- runs --- */

/* False: nobody has a value, so there is no panel. */
static bool add_measure(tsv_tables *tables, tl_picture *picture, const tl_group *key,
                        const bar *bars, size_t count, size_t measure)
{
    bool any = false;
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < bars[b].count; i++)
            any = any || !isnan(value_of(&bars[b].repetitions[i], measure));
    if (!any)
        return false;
    tsv_panel(tables, picture->name, ++picture->panel_count, measure_titles[measure]);
    for (size_t b = 0; b < count; b++) {
        double values[REPETITIONS_MAX];
        size_t known = 0;
        place at = {picture->name,
                    picture->panel_count,
                    b + 1,
                    tables->suite->parts[key->part_no].name,
                    key->workload,
                    strategy_name(bars[b].label),
                    measure_names[measure]};
        for (size_t i = 0; i < bars[b].count; i++) {
            double value = value_of(&bars[b].repetitions[i], measure);
            if (isnan(value))
                continue;
            values[known++] = value;
            add_dot(tables, &at, bars[b].repetitions[i].repetition, value);
        }
        strategy_value made = median_of(values, known);
        add_value(tables, &at, &made);
    }
    return true;
}

static void describe_run(const tsv_tables *tables, tl_picture *picture, const tl_group *key,
                         size_t left_out)
{
    char part[128], more[64] = "";
    tsv_title_part(tables, key->part_no, part, sizeof part);
    if (left_out > 0)
        snprintf(more, sizeof more, " Left out: %zu.", left_out);
    snprintf(picture->title, sizeof picture->title, "What strategies cost: %.80s%s", key->workload,
             part);
    snprintf(
        picture->what, sizeof picture->what,
        "Bar: median of n repetitions, from zero; ring: each of them; line: 95 %% interval of "
        "the median from order statistics, which six repetitions have and fewer have not. "
        "More operations a second are better; of all else, less is. Sizes and counts depend on "
        "the seed alone; each panel has its own scale.%s",
        more);
}

static bool fill_workload(tsv_tables *tables, size_t first, size_t end, bar *bars)
{
    const tl_group *key = &tables->groups->rows[first];
    size_t left_out = 0, count = gather(tables->groups, first, end, bars, &left_out);
    if (count == 0)
        return false;
    tl_picture *picture = tl_pictures_add(tables->pictures, "strategies", key->part_no,
                                          key->workload, key->workload_no);
    if (picture == NULL)
        return false;
    for (size_t measure = 0; measure < MEASURE_COUNT; measure++)
        add_measure(tables, picture, key, bars, count, measure);
    if (picture->panel_count == 0) { /* nothing stands */
        tables->pictures->count--;
        return false;
    }
    for (size_t b = 0; b < count; b++)
        add_bar_name(tables, picture->name, b + 1, strategy_name(bars[b].label));
    describe_run(tables, picture, key, left_out);
    return true;
}

/* --- duels --- */

typedef struct names {
    const char *texts[BARS_MAX];
    size_t count;
} names;

/* Its place from 1; 0: no room. */
static size_t name_place(names *list, size_t most, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->texts[i], text) == 0)
            return i + 1;
    }
    if (list->count == most)
        return 0;
    list->texts[list->count++] = text;
    return list->count;
}

static void describe_duels(tl_picture *picture)
{
    picture->part_no = TL_PICTURE_ALL_PARTS;
    snprintf(picture->title, sizeof picture->title,
             "What strategies cost in duels: CPU time of B against A, in percent");
    snprintf(picture->what, sizeof picture->what,
             "Bar: Hodges-Lehmann estimate over n paired launches, from zero; ring: each launch; "
             "line: exact signed-rank bounds, each at the one-sided level in effects.tsv. Below "
             "zero B is faster than A. Each panel has its own scale.");
}

static void add_duel(tsv_tables *tables, const place *at, const tl_duel_result *row)
{
    strategy_value value = {row->estimate, row->lower, row->upper, row->launches};
    add_value(tables, at, &value);
    for (size_t i = 0; i < tl_json_size(row->log_ratios); i++)
        add_dot(tables, at, i + 1, 100 * expm1(tl_json_real(tl_json_at(row->log_ratios, i), 0)));
}

/* All duels in which B has a strategy, as one picture: a panel per workload and phase. */
static void fill_duels(tsv_tables *tables)
{
    tl_duel_results results;
    names bars = {.count = 0}, panels = {.count = 0};
    if (tl_duel_results_make(tables->suite, &results) != TL_OK) {
        tables->pictures->failed = true;
        return;
    }
    tl_picture *picture = NULL;
    for (size_t i = 0; i < results.count; i++) {
        const tl_duel_result *row = &results.rows[i];
        if (!names_strategy(row->arms[1]) || isnan(row->estimate))
            continue;
        size_t panel_count = panels.count, bar_count = bars.count;
        size_t panel = name_place(&panels, DUEL_PANELS_MAX, row->label);
        size_t number = panel == 0 ? 0 : name_place(&bars, BARS_MAX, row->arms[1]);
        if (panel == 0 || number == 0)
            continue; /* effects.tsv has them all */
        if (picture == NULL)
            picture = tl_pictures_add(tables->pictures, "strategies", 0, "duels", 0);
        if (picture == NULL)
            break;
        if (panels.count > panel_count)
            tsv_panel(tables, picture->name, panel, row->label);
        if (bars.count > bar_count)
            add_bar_name(tables, picture->name, number, strategy_name(row->arms[1]));
        place at = {picture->name, panel,
                    number,        tables->suite->parts[row->part_no].name,
                    row->label,    strategy_name(row->arms[1]),
                    "cpu_percent"};
        add_duel(tables, &at, row);
    }
    if (picture != NULL) {
        picture->panel_count = panels.count;
        describe_duels(picture);
    }
    tl_duel_results_clear(&results);
}

void tsv_fill_strategies(tsv_tables *tables)
{
    const tl_groups *groups = tables->groups;
    bar *bars = calloc(BARS_MAX, sizeof *bars);
    size_t of_part = 0;
    tables->pictures->failed = tables->pictures->failed || bars == NULL;
    for (size_t first = 0, end = 0; bars != NULL && first < groups->count; first = end) {
        end = tl_groups_workload_end(groups, first);
        if (first == 0 || groups->rows[first].part_no != groups->rows[first - 1].part_no)
            of_part = 0;
        if (of_part < PICTURES_PART_MAX)
            of_part += fill_workload(tables, first, end, bars);
    }
    free(bars);
    fill_duels(tables);
}
