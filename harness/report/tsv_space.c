/* harness/report/tsv_space.c -- how large the file is after each measured phase of a workload. */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 24 };

static const tl_json *group_space(const tl_group *group)
{
    if (group->typical == NULL || tl_tsv_is_null(group))
        return NULL;
    const tl_json *space = tl_json_get(group->typical->phase, "space");
    return tl_json_real(tl_json_get(space, "file_bytes"), 0) > 0 ? space : NULL;
}

static void describe(const tsv_tables *tables, tl_picture *picture, const tl_group *key)
{
    char part[128];
    tsv_title_part(tables, key->part_no, part, sizeof part);
    snprintf(picture->title, sizeof picture->title, "Space after each phase: %.60s%s",
             key->workload, part);
    snprintf(picture->what, sizeof picture->what,
             "The phases of the workload from left to right, of the repetition of median "
             "throughput; the operations until then stand below. File bytes per byte of the "
             "records kept; the file; levels of the tree, where the store tells. Less is better.");
}

static void add_number(tl_text *table, const tl_json *space, const char *name, const char *end)
{
    double value = tl_json_real(tl_json_get(space, name), -1);
    if (value < 0)
        tl_text_addf(table, "-%s", end);
    else
        tl_text_addf(table, "%.10g%s", value, end);
}

/* All phases of one store in the rows [first, end): in one stretch, as its line is drawn. */
static bool add_store(tsv_tables *tables, tl_picture *picture, size_t first, size_t end,
                      size_t label_no)
{
    tl_text *table = &tables->space;
    size_t step = 0;
    uint64_t ops = 0;
    bool any = false;
    for (size_t i = first; i < end && step < STEPS_MAX; i++) {
        const tl_group *group = &tables->groups->rows[i];
        step += i == first || group->phase_no != tables->groups->rows[i - 1].phase_no;
        const tl_json *space = group->label_no == label_no ? group_space(group) : NULL;
        if (space == NULL)
            continue;
        ops += group->typical->ops;
        tl_text_addf(table, "%s\t%zu\t", picture->name, step);
        tsv_field(table, tables->suite->parts[group->part_no].name);
        tsv_field(table, group->workload);
        tsv_field(table, group->phase);
        tsv_field(table, group->label);
        tl_text_addf(table, "%zu\t%llu\t", group->label_no + 1, (unsigned long long)ops);
        add_number(table, space, "logical_bytes", "\t");
        add_number(table, space, "file_bytes", "\t");
        add_number(table, space, "free_bytes", "\t");
        add_number(table, space, "amplification", "\t");
        add_number(table, space, "depth", "\n");
        any = true;
    }
    return any;
}

static void fill_workload(tsv_tables *tables, size_t first, size_t end)
{
    const tl_groups *groups = tables->groups;
    const tl_group *key = &groups->rows[first];
    tl_picture *picture =
        tl_pictures_add(tables->pictures, "space", key->part_no, key->workload, key->workload_no);
    if (picture == NULL)
        return;
    describe(tables, picture, key);
    size_t bars = 0;
    for (size_t label_no = 0; label_no < groups->label_count; label_no++) {
        if (!add_store(tables, picture, first, end, label_no))
            continue;
        tl_text_addf(&tables->bars, "%s\t%zu\t", picture->name, ++bars);
        tl_text_add_field(&tables->bars, groups->labels[label_no]);
        tl_text_addf(&tables->bars, "\t%zu\n", label_no + 1);
    }
    if (bars == 0) {
        tables->pictures->count--; /* no store told: no picture */
        return;
    }
    for (size_t i = first; i < end && picture->panel_count < STEPS_MAX; i++) {
        if (i == first || groups->rows[i].phase_no != groups->rows[i - 1].phase_no)
            tsv_panel(tables, picture->name, ++picture->panel_count, groups->rows[i].phase);
    }
}

void tsv_fill_space(tsv_tables *tables)
{
    for (size_t first = 0, end = 0; first < tables->groups->count; first = end) {
        end = tl_groups_workload_end(tables->groups, first);
        fill_workload(tables, first, end);
    }
}
