/* harness/report/tsv_measures.c -- every phase of every cell in one line, for scripts.
 *
 * measures.tsv leaves nothing out: set-up phases and audits are there, failed cells too.  What the
 * run does not know is "-".  ci/figures reads nothing else.
 */
#include "harness/report/tsv_tables.h"

#include <string.h>

/* The latency that stands for a phase: of the kind it has most of; the commit when it has as many
 * of those (compare harness/run/table.c). */
static const tl_json *main_latency(const tl_json *phase)
{
    const tl_json *latency = tl_json_get(phase, "latency"), *most = NULL;
    uint64_t most_count = 0;
    for (size_t i = 0; i < tl_json_size(latency); i++) {
        const tl_json *one = tl_json_at(latency, i);
        uint64_t count = tl_json_count(tl_json_get(one, "count"), 0);
        if (count > most_count ||
            (count == most_count && strcmp(tl_json_name(one), "commit") == 0)) {
            most = one;
            most_count = count;
        }
    }
    return most;
}

static void add_number(tl_text *table, const tl_json *node, const char *name)
{
    const tl_json *number = tl_json_get(node, name);
    double value = tl_json_real(number, -1);
    if (value < 0)
        tl_text_add(table, "-\t");
    else
        tl_text_addf(table, "%.0f\t", value);
}

static void add_latency(tl_text *table, const tl_json *latency)
{
    tsv_field(table, latency == NULL ? "" : tl_json_name(latency));
    add_number(table, latency, "p50");
    add_number(table, latency, "p99");
    add_number(table, latency, "p99_9");
}

static void add_measure(tl_text *table, const tl_suite_part *part, const tl_json *cell,
                        const tl_json *phase)
{
    const tl_json *space = tl_json_get(phase, "space"), *life = tl_json_get(cell, "life");
    const tl_json *commit = tl_json_get(tl_json_get(phase, "latency"), "commit");
    double wall_ns = tl_json_real(tl_json_get(phase, "wall_ns"), 0);
    double ops = tl_json_real(tl_json_get(phase, "ops"), 0);
    tsv_field(table, part->name);
    tsv_field(table, tl_suite_workload(cell));
    tsv_field(table, tl_suite_durability(part, cell));
    tsv_field(table, tl_suite_label(cell));
    add_number(table, cell, "repetition");
    tsv_field(table, tl_suite_text(cell, "status"));
    add_number(table, tl_json_get(cell, "engine"), "page_bytes");
    tsv_field(table, tl_suite_text(phase, "name"));
    add_number(table, phase, "threads");
    add_number(table, phase, "ops");
    add_number(table, phase, "transactions");
    add_number(table, phase, "wall_ns");
    tl_text_addf(table, "%.6g\t", wall_ns > 0 ? ops * 1e9 / wall_ns : 0);
    add_latency(table, main_latency(phase));
    add_number(table, commit, "p50");
    add_number(table, commit, "p99");
    add_number(table, commit, "p99_9");
    add_number(table, space, "logical_bytes");
    add_number(table, space, "file_bytes");
    add_number(table, space, "free_bytes");
    add_number(table, life, "open_ns");
    add_number(table, life, "compact_ns");
    add_number(table, life, "close_ns");
    add_number(table, life, "data_bytes");
    add_number(table, life, "log_bytes");
    add_number(table, phase, "retries");
    tl_text_add_field(table, tl_suite_text(phase, "remark"));
    tl_text_add(table, "\n");
}

void tsv_fill_measures(tsv_tables *tables)
{
    for (size_t p = 0; p < tables->suite->part_count; p++) {
        const tl_suite_part *part = &tables->suite->parts[p];
        for (size_t c = 0; c < part->cell_count; c++) {
            const tl_json *cell = tl_suite_cell(part, c);
            const tl_json *phases = tl_json_get(cell, "phases");
            for (size_t i = 0; !tl_suite_is_crash(cell) && i < tl_json_size(phases); i++)
                add_measure(&tables->measures, part, cell, tl_json_at(phases, i));
        }
    }
}
