/* harness/report/groups.c -- sorting cells into groups, and what a group comes to. */
#include "harness/report/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int value_order(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

tl_spread tl_spread_of(double *values, size_t count)
{
    if (count == 0)
        return (tl_spread){0};
    qsort(values, count, sizeof values[0], value_order);
    double low = values[(count - 1) / 2], high = values[count / 2];
    return (tl_spread){.median = low + (high - low) / 2,
                       .min = values[0],
                       .max = values[count - 1],
                       .count = count};
}

/* Names in order of first appearance. */
typedef struct name_list {
    const char **names;
    size_t count;
} name_list;

static tl_status name_index(name_list *list, const char *name, size_t *index)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->names[i], name) == 0) {
            *index = i;
            return TL_OK;
        }
    }
    const char **names = realloc(list->names, (list->count + 1) * sizeof *names);
    if (names == NULL)
        return TL_NO_MEMORY;
    names[list->count] = name;
    list->names = names;
    *index = list->count++;
    return TL_OK;
}

typedef struct group_maker {
    const tl_suite *suite;
    tl_groups *groups;
    name_list workloads, labels;
} group_maker;

/* The phases of a workload are numbered as they appear in it. */
static size_t phase_index(const tl_groups *groups, const tl_group *key)
{
    for (size_t i = 0; i < groups->count; i++) {
        const tl_group *row = &groups->rows[i];
        if (row->part_no == key->part_no && row->workload_no == key->workload_no &&
            strcmp(row->phase, key->phase) == 0)
            return row->phase_no;
    }
    return groups->count;
}

/* The group with this key, made when it is new; NULL when memory is short. */
static tl_group *group_find(group_maker *maker, const tl_group *key)
{
    tl_groups *groups = maker->groups;
    for (size_t i = 0; i < groups->count; i++) {
        tl_group *row = &groups->rows[i];
        if (row->part_no == key->part_no && row->workload_no == key->workload_no &&
            row->phase_no == key->phase_no && row->label_no == key->label_no)
            return row;
    }
    tl_group *rows = realloc(groups->rows, (groups->count + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    groups->rows = rows;
    rows[groups->count] = *key;
    return &rows[groups->count++];
}

static tl_status group_add_sample(tl_group *group, const tl_json *cell, const tl_json *phase)
{
    tl_sample *samples = realloc(group->samples, (group->sample_count + 1) * sizeof *samples);
    if (samples == NULL)
        return TL_NO_MEMORY;
    group->samples = samples;
    tl_sample *sample = &samples[group->sample_count++];
    double wall_ns = tl_json_real(tl_json_get(phase, "wall_ns"), 0);
    *sample = (tl_sample){
        .repetition = tl_json_count(tl_json_get(cell, "repetition"), 0),
        .cell = cell,
        .phase = phase,
        .ops = tl_json_count(tl_json_get(phase, "ops"), 0),
    };
    if (sample->ops > 0 && wall_ns > 0)
        sample->ops_per_s = (double)sample->ops * 1e9 / wall_ns;
    sample->trusted = tl_suite_is_ok(cell) && sample->ops_per_s > 0;
    return TL_OK;
}

static bool phase_is_measured(const tl_json *phase)
{
    const tl_json *measured = tl_json_get(phase, "measured");
    return measured == NULL || tl_json_is_true(measured);
}

static tl_status cell_key(group_maker *maker, size_t part_no, const tl_json *cell, tl_group *key)
{
    const tl_suite_part *part = &maker->suite->parts[part_no];
    *key = (tl_group){.part_no = part_no,
                      .workload = tl_suite_workload(cell),
                      .label = tl_suite_label(cell),
                      .durability = tl_suite_durability(part, cell)};
    tl_status status = name_index(&maker->workloads, key->workload, &key->workload_no);
    return status != TL_OK ? status : name_index(&maker->labels, key->label, &key->label_no);
}

static tl_status add_cell(group_maker *maker, size_t part_no, const tl_json *cell)
{
    tl_group key;
    tl_status status = cell_key(maker, part_no, cell, &key);
    const tl_json *phases = tl_json_get(cell, "phases");
    for (size_t i = 0; status == TL_OK && i < tl_json_size(phases); i++) {
        const tl_json *phase = tl_json_at(phases, i);
        if (!phase_is_measured(phase)) {
            maker->groups->unmeasured_count++;
            continue;
        }
        key.phase = tl_suite_text(phase, "name");
        key.phase_no = phase_index(maker->groups, &key);
        tl_group *group = group_find(maker, &key);
        status = group == NULL ? TL_NO_MEMORY : group_add_sample(group, cell, phase);
    }
    return status;
}

/* A driver that failed before a phase still gets a row there, with the reason as its gap: what is
 * missing must be seen to be missing. */
static tl_status add_gaps(group_maker *maker, size_t part_no, const tl_json *cell)
{
    tl_group key;
    tl_status status = cell_key(maker, part_no, cell, &key);
    size_t known = maker->groups->count; /* rows added below are of this cell only */
    for (size_t i = 0; status == TL_OK && i < known; i++) {
        const tl_group *row = &maker->groups->rows[i];
        if (row->part_no != part_no || row->workload_no != key.workload_no)
            continue;
        key.phase = row->phase;
        key.phase_no = row->phase_no;
        tl_group *group = group_find(maker, &key);
        if (group == NULL)
            return TL_NO_MEMORY;
        if (!tl_suite_is_ok(cell))
            group->gap = tl_suite_text(cell, "status");
    }
    return status;
}

static tl_status each_bench_cell(group_maker *maker,
                                 tl_status (*act)(group_maker *, size_t, const tl_json *))
{
    tl_status status = TL_OK;
    for (size_t part_no = 0; part_no < maker->suite->part_count; part_no++) {
        const tl_suite_part *part = &maker->suite->parts[part_no];
        for (size_t i = 0; status == TL_OK && i < part->cell_count; i++) {
            const tl_json *cell = tl_suite_cell(part, i);
            if (!tl_suite_is_crash(cell) && !tl_suite_is_duel(cell))
                status = act(maker, part_no, cell);
        }
    }
    return status;
}

static int group_order(const void *left, const void *right)
{
    const tl_group *a = left, *b = right;
    const size_t keys[][2] = {
        {a->part_no,     b->part_no    },
        {a->workload_no, b->workload_no},
        {a->phase_no,    b->phase_no   },
        {a->label_no,    b->label_no   }
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    }
    return 0;
}

static bool same_stream(const tl_sample *a, const tl_sample *b)
{
    const char *hash_a = tl_suite_text(tl_json_get(a->cell, "workload"), "spec_hash");
    const char *hash_b = tl_suite_text(tl_json_get(b->cell, "workload"), "spec_hash");
    return a->ops == b->ops && strcmp(hash_a, hash_b) == 0;
}

/* The baseline's sample of the same repetition, or NULL. */
static const tl_sample *baseline_sample(const tl_group *baseline, const tl_sample *sample)
{
    for (size_t i = 0; i < baseline->sample_count; i++) {
        const tl_sample *other = &baseline->samples[i];
        if (other->repetition == sample->repetition && other->trusted && same_stream(sample, other))
            return other;
    }
    return NULL;
}

static const tl_group *group_baseline(const tl_groups *groups, const tl_group *group)
{
    for (size_t i = 0; i < groups->count; i++) {
        const tl_group *row = &groups->rows[i];
        if (row->part_no == group->part_no && row->workload_no == group->workload_no &&
            row->phase_no == group->phase_no && strcmp(row->label, TL_GROUPS_BASELINE) == 0)
            return row;
    }
    return NULL;
}

static tl_status group_measure(const tl_groups *groups, tl_group *group)
{
    if (group->sample_count == 0) {
        group->gap = group->gap == NULL ? "not run" : group->gap;
        return TL_OK;
    }
    double *values = calloc(group->sample_count, sizeof *values);
    if (values == NULL)
        return TL_NO_MEMORY;
    size_t count = 0;
    for (size_t i = 0; i < group->sample_count; i++) {
        if (group->samples[i].trusted)
            values[count++] = group->samples[i].ops_per_s;
    }
    group->ops_per_s = tl_spread_of(values, count);
    for (size_t i = 0; i < group->sample_count; i++) {
        const tl_sample *sample = &group->samples[i], *best = group->typical;
        double off = fabs(sample->ops_per_s - group->ops_per_s.median);
        if (sample->trusted &&
            (best == NULL || off < fabs(best->ops_per_s - group->ops_per_s.median)))
            group->typical = sample;
    }
    if (count == 0)
        group->gap = group->gap == NULL ? "no operations" : group->gap;
    else
        group->gap = NULL; /* some repetitions stand; the banner names those that do not */

    const tl_group *baseline = group_baseline(groups, group);
    count = 0;
    for (size_t i = 0; baseline != NULL && i < group->sample_count; i++) {
        const tl_sample *sample = &group->samples[i];
        const tl_sample *other = sample->trusted ? baseline_sample(baseline, sample) : NULL;
        if (other != NULL)
            values[count++] = sample->ops_per_s / other->ops_per_s;
    }
    group->ratio = tl_spread_of(values, count);
    free(values);
    return TL_OK;
}

tl_status tl_groups_make(const tl_suite *suite, tl_groups *groups)
{
    *groups = (tl_groups){0};
    group_maker maker = {.suite = suite, .groups = groups};
    tl_status status = each_bench_cell(&maker, add_cell);
    if (status == TL_OK)
        status = each_bench_cell(&maker, add_gaps);
    groups->labels = maker.labels.names;
    groups->label_count = maker.labels.count;
    free(maker.workloads.names);
    if (status == TL_OK && groups->count > 0)
        qsort(groups->rows, groups->count, sizeof groups->rows[0], group_order);
    for (size_t i = 0; status == TL_OK && i < groups->count; i++)
        status = group_measure(groups, &groups->rows[i]);
    if (status != TL_OK)
        tl_groups_clear(groups);
    return status;
}

void tl_groups_clear(tl_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        free(groups->rows[i].samples);
    free(groups->rows);
    free(groups->labels);
    *groups = (tl_groups){0};
}

size_t tl_groups_workload_end(const tl_groups *groups, size_t first)
{
    const tl_group *key = &groups->rows[first];
    size_t end = first;
    while (end < groups->count && groups->rows[end].part_no == key->part_no &&
           groups->rows[end].workload_no == key->workload_no)
        end++;
    return end;
}

size_t tl_groups_phase_end(const tl_groups *groups, size_t first)
{
    size_t end = first, last = tl_groups_workload_end(groups, first);
    while (end < last && groups->rows[end].phase_no == groups->rows[first].phase_no)
        end++;
    return end;
}
