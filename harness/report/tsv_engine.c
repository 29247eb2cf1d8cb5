/* harness/report/tsv_engine.c -- engine counters, and the allocator's side by side. */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

static const tl_json *engine_counters(const tl_sample *sample)
{
    return tl_json_get(tl_json_get(sample->phase, "counters"), "engine");
}

void tsv_fill_counters(tsv_tables *tables)
{
    tl_text *table = &tables->counters;
    for (size_t g = 0; g < tables->groups->count; g++) {
        const tl_group *group = &tables->groups->rows[g];
        if (group->typical == NULL)
            continue;
        const tl_json *counters = engine_counters(group->typical);
        for (size_t i = 0; i < tl_json_size(counters); i++) {
            const tl_json *counter = tl_json_at(counters, i);
            const char *name = tl_json_name(counter);
            double total = tl_json_real(counter, 0), low = total, high = total;
            for (size_t s = 0; s < group->sample_count; s++) {
                const tl_json *other = tl_json_get(engine_counters(&group->samples[s]), name);
                double value = tl_json_real(other, total);
                low = value < low ? value : low;
                high = value > high ? value : high;
            }
            tsv_field(table, tables->suite->parts[group->part_no].name);
            tsv_field(table, group->workload);
            tsv_field(table, group->phase);
            tsv_field(table, group->label);
            tsv_field(table, name);
            tl_text_addf(table, "%s\t%zu\t%llu\t%.0f\t%.0f\t%.0f\t%.6g\n", tl_tsv_unit(name),
                         group->ops_per_s.count, (unsigned long long)group->typical->ops, total,
                         low, high, total / (double)group->typical->ops);
        }
    }
}

static const struct {
    const char *counter, *title;
} allocator_panels[] = {
    {"alloc_fit_freeblock", "placed where another was, per operation"  },
    {"alloc_fit_gap",       "placed in the gap, per operation"         },
    {"alloc_compactions",   "pages compacted, per operation"           },
    {"alloc_rebuilds",      "pages rewritten whole, per operation"     },
    {"alloc_bytes_moved",   "bytes moved, per operation"               },
    {"alloc_misses",        "no room, so a split: misses per operation"},
};
enum { ALLOCATOR_PANEL_COUNT = sizeof allocator_panels / sizeof allocator_panels[0] };

/* In the order of their bars; the first is what a store without a choice runs in. */
static const char *const modes[] = {"freelist", "bump", "sidecar", "dense", "rebuild"};
enum { MODE_COUNT = sizeof modes / sizeof modes[0] };

static bool group_has_mode(const tl_group *group, size_t mode)
{
    static const char choice[] = "tree:leaf=";
    if (strcmp(group->label, "tree") == 0)
        return mode == 0;
    return strncmp(group->label, choice, sizeof choice - 1) == 0 &&
           strcmp(group->label + sizeof choice - 1, modes[mode]) == 0;
}

/* The group of rows [first, end) that ran in `mode` and has allocator counters, or NULL. */
static const tl_group *find_mode(const tl_groups *groups, size_t first, size_t end, size_t mode)
{
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &groups->rows[i];
        if (group_has_mode(group, mode) && group->typical != NULL &&
            tl_json_get(engine_counters(group->typical), "alloc_misses") != NULL)
            return group;
    }
    return NULL;
}

static double allocator_per_op(const tl_group *group, size_t panel)
{
    const tl_json *counters = engine_counters(group->typical);
    double total = tl_json_real(tl_json_get(counters, allocator_panels[panel].counter), 0);
    return total / (double)group->typical->ops;
}

static bool allocator_was_used(const tl_group *group)
{
    bool used = false;
    for (size_t panel = 0; panel < ALLOCATOR_PANEL_COUNT; panel++)
        used = used || allocator_per_op(group, panel) > 0;
    return used;
}

static void add_mode(tsv_tables *tables, const tl_picture *picture, size_t bar, size_t mode,
                     const tl_group *group)
{
    tl_text *table = &tables->allocator;
    for (size_t panel = 0; panel < ALLOCATOR_PANEL_COUNT; panel++) {
        tl_text_addf(table, "%s\t%zu\t%zu\t", picture->name, panel + 1, bar);
        tsv_field(table, tables->suite->parts[group->part_no].name);
        tsv_field(table, group->workload);
        tsv_field(table, group->phase);
        tl_text_addf(table, "%s\t%s\t%s\t%.6g\n", allocator_panels[panel].counter,
                     tl_tsv_unit(allocator_panels[panel].counter), modes[mode],
                     allocator_per_op(group, panel));
    }
}

/* One bar for each mode that the phase of rows [first, end) ran in; false: there is nothing to
 * compare. */
static bool fill_phase_allocator(tsv_tables *tables, const tl_picture *picture, size_t bar,
                                 size_t first, size_t end)
{
    const tl_groups *groups = tables->groups;
    const tl_group *found[MODE_COUNT];
    size_t mode_count = 0;
    bool used = false;
    for (size_t mode = 0; mode < MODE_COUNT; mode++) {
        found[mode] = find_mode(groups, first, end, mode);
        mode_count += found[mode] != NULL;
        used = used || (found[mode] != NULL && allocator_was_used(found[mode]));
    }
    if (mode_count < 2 || !used)
        return false;
    tl_text_addf(&tables->bars, "%s\t%zu\t", picture->name, bar);
    tl_text_add_field(&tables->bars, groups->rows[first].workload);
    tl_text_add(&tables->bars, ": ");
    tl_text_add_field(&tables->bars, groups->rows[first].phase);
    tl_text_add(&tables->bars, "\t0\n");
    for (size_t mode = 0; mode < MODE_COUNT; mode++)
        if (found[mode] != NULL)
            add_mode(tables, picture, bar, mode, found[mode]);
    return true;
}

static void fill_part_allocator(tsv_tables *tables, size_t part_no)
{
    const tl_groups *groups = tables->groups;
    tl_picture *picture = tl_pictures_add(tables->pictures, "allocator", part_no, "", 0);
    if (picture == NULL)
        return;
    size_t bar = 0;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        end = tl_groups_phase_end(groups, first);
        if (groups->rows[first].part_no != part_no)
            continue;
        if (fill_phase_allocator(tables, picture, bar + 1, first, end))
            bar++;
    }
    if (bar == 0) {
        tables->pictures->count--;
        return;
    }
    char part[128];
    tsv_title_part(tables, part_no, part, sizeof part);
    snprintf(picture->title, sizeof picture->title, "Page allocator: leaf modes side by side%s",
             part);
    snprintf(picture->what, sizeof picture->what,
             "Exact engine counters divided by the operations of the phase; the same operations "
             "for all modes. Each panel has its own scale, from zero. Phases that never touched "
             "the allocator are left out.");
    picture->panel_count = ALLOCATOR_PANEL_COUNT;
    for (size_t panel = 0; panel < ALLOCATOR_PANEL_COUNT; panel++)
        tsv_panel(tables, picture->name, panel + 1, allocator_panels[panel].title);
}

void tsv_fill_allocator(tsv_tables *tables)
{
    for (size_t part_no = 0; part_no < tables->suite->part_count; part_no++)
        fill_part_allocator(tables, part_no);
}
