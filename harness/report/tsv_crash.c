/* harness/report/tsv_crash.c -- the crash sweep: a row per cell, a column per variant or profile.
 */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

enum { VARIANTS_MAX = 32 };

typedef struct variant_list {
    const char *names[VARIANTS_MAX];
    size_t count;
} variant_list;

static size_t variant_column(variant_list *variants, const char *name)
{
    for (size_t i = 0; i < variants->count; i++) {
        if (strcmp(variants->names[i], name) == 0)
            return i + 1;
    }
    if (variants->count == VARIANTS_MAX)
        return 0;
    variants->names[variants->count] = name;
    return ++variants->count;
}

void tl_tsv_crash_name(tl_text *text, const tl_json *cell)
{
    const char *label = tl_suite_label(cell);
    const tl_json *options = tl_json_get(tl_json_get(cell, "engine"), "options");
    const char *protocol = tl_suite_text(options, "commit");
    const tl_json *spec = tl_json_get(tl_json_get(cell, "workload"), "spec");
    const char *history = tl_suite_text(tl_json_get(spec, "settings"), "history");
    tl_text_add(text, label);
    if (protocol[0] != '\0' && strstr(label, "commit=") == NULL)
        tl_text_addf(text, " (%s)", protocol);
    if (history[0] != '\0' && strcmp(history, "mixed") != 0)
        tl_text_addf(text, " %s", history);
}

static void add_variant(tsv_tables *tables, size_t row, variant_list *variants,
                        const tl_suite_part *part, const tl_json *cell, const tl_json *variant)
{
    tl_text *table = &tables->crash;
    size_t column = variant_column(variants, tl_suite_text(variant, "name"));
    uint64_t findings = tl_json_count(tl_json_get(variant, "findings"), 0);
    bool of_profile = tl_json_get(variant, "leaves") != NULL;
    const char *states = tl_suite_text(variant, of_profile ? "leaves" : "states");
    const char *outcome = findings > 0 ? "finding" : strcmp(states, "0") == 0 ? "empty" : "clean";
    tl_text name = {0};
    tl_tsv_crash_name(&name, cell);
    tl_text_addf(table, "crash\t%zu\t%zu\t", row, column);
    tsv_field(table, part->name);
    tsv_field(table, tl_text_data(&name));
    tsv_field(table, tl_suite_durability(part, cell));
    tsv_field(table, tl_suite_text(variant, "name"));
    tsv_field(table, states);
    tl_text_addf(table, "%llu\t%s\n", (unsigned long long)findings, outcome);
    table->failed = table->failed || name.failed;
    tl_text_clear(&name);
}

static void add_row_name(tsv_tables *tables, size_t row, const tl_suite_part *part,
                         const tl_json *cell)
{
    tl_text name = {0};
    tl_tsv_crash_name(&name, cell);
    tl_text_addf(&name, ", %s", tl_suite_durability(part, cell));
    tl_text_addf(&tables->bars, "crash\t%zu\t", row);
    tl_text_add_field(&tables->bars, tl_text_data(&name));
    tl_text_add(&tables->bars, "\t0\n");
    tables->bars.failed = tables->bars.failed || name.failed;
    tl_text_clear(&name);
}

void tsv_fill_crash(tsv_tables *tables)
{
    variant_list variants = {0};
    size_t row = 0;
    for (size_t part_no = 0; part_no < tables->suite->part_count; part_no++) {
        const tl_suite_part *part = &tables->suite->parts[part_no];
        for (size_t i = 0; i < part->cell_count; i++) {
            const tl_json *cell = tl_suite_cell(part, i);
            const tl_json *crash = tl_json_get(cell, "crash");
            const tl_json *list = tl_json_get(crash, "variants");
            if (tl_json_size(list) == 0)
                list = tl_json_get(crash, "profiles"); /* their states: the leaves looked at */
            if (!tl_suite_is_crash(cell) || tl_json_size(list) == 0)
                continue;
            row++;
            add_row_name(tables, row, part, cell);
            for (size_t v = 0; v < tl_json_size(list); v++)
                add_variant(tables, row, &variants, part, cell, tl_json_at(list, v));
        }
    }
    if (row == 0)
        return;
    tl_picture *picture = tl_pictures_add(tables->pictures, "crash", TL_PICTURE_ALL_PARTS, "", 0);
    if (picture == NULL)
        return;
    snprintf(picture->title, sizeof picture->title, "Crash states checked, by variant or profile");
    snprintf(picture->what, sizeof picture->what,
             "States of a simulated disk after a crash; each was opened, verified, compared with "
             "the model, written to and opened again. Rows: store and durability; columns: what "
             "the crash did to unsynced data.");
    picture->panel_count = variants.count;
    for (size_t i = 0; i < variants.count; i++)
        tsv_panel(tables, "crash", i + 1, variants.names[i]);
}
