/* harness/report/tsv_fill.c -- how full are leaves, and how did they become so?
 *
 * Rows are the bins of `--shapes` samples that are not empty: a histogram of the leaves' fill for
 * each of up to 64 moments of a phase.  Of the repetition of median throughput.
 */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLES_MIN = 2 };

static const tl_json *group_shapes(const tl_group *group)
{
    const tl_json *shapes =
        group->typical == NULL ? NULL : tl_json_get(group->typical->phase, "shapes");
    return tl_json_size(shapes) < SAMPLES_MIN ? NULL : shapes;
}

typedef struct sample_sums {
    double mean_percent; /* of the leaves: bytes in use of bytes that can be */
    uint64_t leaf_pages, tree_pages;
    size_t depth;
} sample_sums;

static sample_sums sum_up(const tl_json *levels)
{
    sample_sums sums = {.depth = tl_json_size(levels)};
    for (size_t i = 0; i < sums.depth; i++) {
        const tl_json *level = tl_json_at(levels, i);
        sums.tree_pages += tl_json_count(tl_json_get(level, "pages"), 0);
        if (i > 0)
            continue;
        double usable = tl_json_real(tl_json_get(level, "usable_bytes"), 0);
        sums.leaf_pages = sums.tree_pages;
        if (usable > 0)
            sums.mean_percent = 100 * tl_json_real(tl_json_get(level, "used_bytes"), 0) / usable;
    }
    return sums;
}

static void add_place(tsv_tables *tables, tl_text *table, const tl_picture *picture,
                      const tl_group *group)
{
    tl_text_addf(table, "%s\t%zu\t", picture->name, picture->panel_count);
    tsv_field(table, tables->suite->parts[group->part_no].name);
    tsv_field(table, group->workload);
    tsv_field(table, group->phase);
    tsv_field(table, group->label);
    tl_text_addf(table, "%zu\t", group->label_no + 1);
}

static void add_sample(tsv_tables *tables, tl_picture *picture, const tl_group *group,
                       uint64_t from_ops, const tl_json *sample, bool last)
{
    const tl_json *levels = tl_json_get(sample, "levels");
    const tl_json *bins = tl_json_get(tl_json_at(levels, 0), "fill");
    uint64_t ops = tl_json_count(tl_json_get(sample, "ops"), 0);
    sample_sums sums = sum_up(levels);
    size_t bin_count = tl_json_size(bins);
    for (size_t bin = 0; bin < bin_count; bin++) {
        double pages = tl_json_real(tl_json_at(bins, bin), 0);
        double share = sums.leaf_pages == 0 ? 0 : pages / (double)sums.leaf_pages;
        if (pages <= 0)
            continue;
        if (share > picture->high)
            picture->high = share;
        add_place(tables, &tables->fill, picture, group);
        tl_text_addf(&tables->fill, "%llu\t%llu\t%.6g\t%.6g\t%.5g\t%d\n",
                     (unsigned long long)from_ops, (unsigned long long)ops,
                     100.0 * (double)bin / (double)bin_count,
                     100.0 * (double)(bin + 1) / (double)bin_count, share, last);
    }
    add_place(tables, &tables->fill_course, picture, group);
    tl_text_addf(&tables->fill_course, "%llu\t%.5g\t%llu\t%llu\t%zu\n", (unsigned long long)ops,
                 sums.mean_percent, (unsigned long long)sums.leaf_pages,
                 (unsigned long long)sums.tree_pages, sums.depth);
}

static void describe(const tsv_tables *tables, tl_picture *picture, const tl_group *key)
{
    char part[128];
    tsv_title_part(tables, key->part_no, part, sizeof part);
    snprintf(picture->title, sizeof picture->title, "How full leaves are: %.50s, %.40s%s",
             key->workload, key->phase, part);
    snprintf(picture->what, sizeof picture->what,
             "Each column is a histogram of the leaves' fill at that moment: darker, more leaves. "
             "Line: bytes in use of all bytes that leaves have. Beside it the last histogram. "
             "Dashed: what theory gives for random inserts and halves (69.3 %%, ln 2), ascending "
             "inserts and halves (50 %%), ascending and rightmost splits (100 %%). Below: pages of "
             "the tree, with its depth.");
}

static void fill_phase(tsv_tables *tables, size_t first, size_t end)
{
    const tl_group *key = &tables->groups->rows[first];
    char suffix[128];
    snprintf(suffix, sizeof suffix, "%.60s_%.60s", key->workload, key->phase);
    tl_picture *picture = NULL;
    for (size_t i = first; i < end; i++) {
        const tl_group *group = &tables->groups->rows[i];
        const tl_json *shapes = group_shapes(group);
        if (shapes == NULL)
            continue;
        if (picture == NULL) {
            picture = tl_pictures_add(tables->pictures, "fill", key->part_no, suffix, first);
            if (picture == NULL)
                return;
            describe(tables, picture, key);
        }
        tsv_panel(tables, picture->name, ++picture->panel_count, group->label);
        tl_text_addf(&tables->bars, "%s\t%zu\t", picture->name, picture->panel_count);
        tl_text_add_field(&tables->bars, group->label);
        tl_text_addf(&tables->bars, "\t%zu\n", group->label_no + 1);
        size_t count = tl_json_size(shapes);
        uint64_t from_ops = 0;
        for (size_t s = 0; s < count; s++) {
            const tl_json *sample = tl_json_at(shapes, s);
            add_sample(tables, picture, group, from_ops, sample, s + 1 == count);
            from_ops = tl_json_count(tl_json_get(sample, "ops"), 0);
        }
    }
}

void tsv_fill_fill(tsv_tables *tables)
{
    const tl_groups *groups = tables->groups;
    for (size_t first = 0, end = 0; first < groups->count; first = end) {
        end = tl_groups_phase_end(groups, first);
        fill_phase(tables, first, end);
    }
}
