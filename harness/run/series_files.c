/* harness/run/series_files.c -- the intervals of all phases of a run, as files.
 *
 *   series.csv    one line per interval, kind of operation and kind of latency, in running order;
 *                 the line with kind "all" comes first and has the rate and the engine's counters
 *   latency.hlog  one line per interval and kind, tagged LABEL/WORKLOAD/PHASE/KIND, with
 * ":response" behind it when latencies are taken from the intended start
 *
 * Repetitions have equal tags and follow each other in time, so a tool that adds up the lines of
 * a tag gets the distribution over all repetitions.
 */
#include "harness/measure/hlog.h"
#include "harness/run/run.h"

#include <inttypes.h>

static uint64_t row_begin_ns(const tl_series *series, size_t row)
{
    return series->interval_ns * row;
}

static uint64_t row_length_ns(const tl_series *series, size_t row)
{
    uint64_t begin_ns = row_begin_ns(series, row);
    if (row + 1 < series->count)
        return series->interval_ns;
    return series->wall_ns > begin_ns ? series->wall_ns - begin_ns : 0;
}

static const char *kind_name(size_t kind)
{
    return tl_op_kind_name((uint32_t)(kind % TL_OP_KIND_COUNT));
}

/* Labels and names have no comma and no quote: they were cut at commas. */
static void put_head(FILE *out, const tl_run_cell *cell, const tl_run_phase *phase, size_t row)
{
    fprintf(out, "%s,%s,%" PRIu64 ",%s,%.6f,%.6f,", cell->arm->label, tl_run_load_name(cell->load),
            cell->repetition, phase->name, (double)row_begin_ns(&phase->series, row) / 1e9,
            (double)row_length_ns(&phase->series, row) / 1e9);
}

static void put_rate(FILE *out, const tl_run_cell *cell, const tl_run_phase *phase, size_t row)
{
    const tl_series *series = &phase->series;
    uint64_t length_ns = row_length_ns(series, row), ops = series->rows[row].ops;
    put_head(out, cell, phase, row);
    fprintf(out, "all,,%" PRIu64 ",%.1f,,,,", ops,
            length_ns == 0 ? 0.0 : (double)ops * 1e9 / (double)length_ns);
    for (size_t i = 0; i < TL_SERIES_COUNTER_COUNT; i++)
        if (series->counters_known)
            fprintf(out, ",%" PRIu64, series->rows[row].counters[i]);
        else
            putc(',', out);
    putc('\n', out);
}

static void put_latency(FILE *out, const tl_run_cell *cell, const tl_run_phase *phase, size_t row,
                        size_t kind)
{
    const tl_series_latency *latency = &phase->series.rows[row].latency[kind];
    uint64_t length_ns = row_length_ns(&phase->series, row);
    if (latency->count == 0)
        return;
    put_head(out, cell, phase, row);
    fprintf(out, "%s,%s,%" PRIu64 ",%.1f,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
            kind_name(kind), kind < TL_SERIES_RESPONSE ? "service" : "response", latency->count,
            length_ns == 0 ? 0.0 : (double)latency->count * 1e9 / (double)length_ns,
            latency->p50_ns, latency->p99_ns, latency->p99_9_ns, latency->max_ns);
    for (size_t i = 0; i < TL_SERIES_COUNTER_COUNT; i++)
        putc(',', out);
    putc('\n', out);
}

void tl_run_write_series(FILE *out, const tl_run *run)
{
    fputs(
        "driver,workload,repetition,phase,begin_s,length_s,kind,latency,count,per_s,p50_ns,p99_ns,"
        "p99_9_ns,max_ns",
        out);
    for (size_t i = 0; i < TL_SERIES_COUNTER_COUNT; i++)
        fprintf(out, ",%s", tl_series_counter_names[i]);
    putc('\n', out);
    for (size_t c = 0; c < run->cell_count; c++)
        for (size_t p = 0; p < run->cells[c].phase_count; p++) {
            const tl_run_phase *phase = &run->cells[c].phases[p];
            for (size_t row = 0; row < phase->series.count; row++) {
                put_rate(out, &run->cells[c], phase, row);
                for (size_t kind = 0; kind < TL_SERIES_KIND_COUNT; kind++)
                    put_latency(out, &run->cells[c], phase, row, kind);
            }
        }
}

static void log_phase(FILE *out, const tl_run_cell *cell, const tl_run_phase *phase,
                      uint64_t base_ns)
{
    char tag[TL_HLOG_TAG_MAX];
    const tl_series *series = &phase->series;
    for (size_t row = 0; row < series->count; row++)
        for (size_t kind = 0; kind < TL_SERIES_KIND_COUNT; kind++) {
            const tl_series_latency *latency = &series->rows[row].latency[kind];
            if (latency->text == NULL)
                continue;
            snprintf(tag, sizeof tag, "%s/%s/%s/%s%s", cell->arm->label,
                     tl_run_load_name(cell->load), phase->name, kind_name(kind),
                     kind < TL_SERIES_RESPONSE ? "" : ":response");
            tl_hlog_add(out, tag, series->begin_unix_ns + row_begin_ns(series, row) - base_ns,
                        row_length_ns(series, row), latency->max_ns, latency->text);
        }
}

/* The first phase with a series; 0 when no phase has one. */
static uint64_t first_begin_ns(const tl_run *run)
{
    uint64_t first = UINT64_MAX; /* the clock of the day may have been set back meanwhile */
    for (size_t c = 0; c < run->cell_count; c++)
        for (size_t p = 0; p < run->cells[c].phase_count; p++) {
            const tl_series *series = &run->cells[c].phases[p].series;
            if (series->count > 0 && series->begin_unix_ns < first)
                first = series->begin_unix_ns;
        }
    return first == UINT64_MAX ? 0 : first / 1000000 * 1000000; /* as the head prints it */
}

void tl_run_write_hlog(FILE *out, const tl_run *run)
{
    uint64_t base_ns = first_begin_ns(run);
    tl_hlog_begin(out, "treelab: latencies in nanoseconds, tagged driver/workload/phase/kind",
                  base_ns);
    for (size_t c = 0; c < run->cell_count; c++)
        for (size_t p = 0; p < run->cells[c].phase_count; p++)
            log_phase(out, &run->cells[c], &run->cells[c].phases[p], base_ns);
}
