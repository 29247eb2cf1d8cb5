/* harness/report/tsv.c -- filling the tables in order and saving them. */
#include "harness/report/tsv_tables.h"

#include <stdio.h>
#include <string.h>

void tsv_field(tl_text *table, const char *text)
{
    tl_text_add_field(table, text);
    tl_text_add(table, "\t");
}

void tsv_title_part(const tsv_tables *tables, size_t part_no, char *text, size_t text_bytes)
{
    text[0] = '\0';
    if (tables->suite->part_count > 1)
        snprintf(text, text_bytes, " (%.100s)", tables->suite->parts[part_no].name);
}

void tsv_panel(tsv_tables *tables, const char *picture, size_t panel, const char *title)
{
    tl_text_addf(&tables->panels, "%s\t%zu\t", picture, panel);
    tl_text_add_field(&tables->panels, title);
    tl_text_add(&tables->panels, "\n");
}

const char *tl_tsv_unit(const char *counter)
{
    size_t length = strlen(counter);
    if (strstr(counter, "bytes") != NULL)
        return "bytes";
    return length > 3 && strcmp(counter + length - 3, "_ns") == 0 ? "ns" : "count";
}

bool tl_tsv_is_null(const tl_group *group)
{
    return strcmp(group->label, "null") == 0;
}

tl_status tl_tsv_write(const tl_suite *suite, const tl_groups *groups, const char *dir,
                       tl_pictures *pictures, char *failed, size_t failed_bytes)
{
    *pictures = (tl_pictures){0};
    tsv_tables tables = {.suite = suite, .groups = groups, .pictures = pictures};
#define TSV_TABLE_AS_HEADER(name, header) tl_text_add(&tables.name, header);
    TSV_TABLE_MAP(TSV_TABLE_AS_HEADER)
    tsv_fill_effects(&tables);
    tsv_fill_strategies(&tables);
    tsv_fill_throughput(&tables);
    tsv_fill_latency(&tables);
    tsv_fill_series(&tables);
    tsv_fill_counters(&tables);
    tsv_fill_tradeoff(&tables);
    tsv_fill_space(&tables);
    tsv_fill_fill(&tables);
    tsv_fill_allocator(&tables);
    tsv_fill_heat(&tables);
    tsv_fill_measures(&tables);
    tsv_fill_crash(&tables);
    tsv_fill_calibration(&tables);
    tsv_fill_pages(&tables);
    tl_pictures_choose(pictures, 0);

    tl_status status = pictures->failed ? TL_NO_MEMORY : TL_OK;
    snprintf(failed, failed_bytes, "%s/pictures.tsv", dir);
    if (status == TL_OK)
        status = tl_pictures_write(pictures, suite, dir);
#define TSV_TABLE_AS_ROW(name, header) {#name, &tables.name},
    const struct {
        const char *name;
        tl_text *table;
    } rows[] = {TSV_TABLE_MAP(TSV_TABLE_AS_ROW)};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (status == TL_OK) {
            snprintf(failed, failed_bytes, "%s/%s.tsv", dir, rows[i].name);
            status = tl_text_save(rows[i].table, failed);
        }
        tl_text_clear(rows[i].table);
    }
    return status;
}
