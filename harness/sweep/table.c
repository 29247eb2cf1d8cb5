/* harness/sweep/table.c -- a row per point: what it wrote, what it held, what reading cost.
 *
 *     splits ... written_bytes, user_bytes   of all phases but the audit: loading is part of a life
 *     logical_bytes ... depth                at the end of the last phase that knows
 *     descents, levels, compares             of the measured phases: walks from the root to a leaf
 *
 * Bytes written are those of the log, and to the file what the phases wrote or what it holds in the
 * end, whichever is more: a store that made no checkpoint on the way writes all of it when closed.
 * What the checkpoint of closing writes is not counted: with `ckpt_bytes` small beside what is
 * written it is one of many.
 *
 * Means over repetitions; "-" where the driver does not tell.
 */
#include "harness/sweep/merge.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct costs { /* sums over the cells of a point */
    double ops, splits, shifts, merges, written, user, logical, file, held, depth;
    double descents, levels, compares, cpu_ns;
    bool counted, spaced;
} costs;

static double counter(const tl_json *phase, const char *name)
{
    const tl_json *counters = tl_json_get(tl_json_get(phase, "counters"), "engine");
    return (double)tl_json_count(tl_json_get(counters, name), 0);
}

/* Adds to `sum`; gives the bytes of the pages that the store holds in the end. */
static double add_space(costs *sum, const tl_json *phases)
{
    for (size_t p = tl_json_size(phases); p-- > 0;) {
        const tl_json *space = tl_json_get(tl_json_at(phases, p), "space");
        if (tl_json_get(space, "logical_bytes") == NULL)
            continue;
        double file = tl_json_real(tl_json_get(space, "file_bytes"), 0);
        double held = file - tl_json_real(tl_json_get(space, "free_bytes"), 0);
        sum->logical += tl_json_real(tl_json_get(space, "logical_bytes"), 0);
        sum->file += file;
        sum->held += held;
        sum->depth += tl_json_real(tl_json_get(space, "depth"), 0);
        sum->spaced = true;
        return held;
    }
    return 0;
}

/* Adds to `sum`; gives the bytes that the phase wrote to the store's file. */
static double add_phase(costs *sum, const tl_json *phase)
{
    static const char *const written[] = {"page_bytes_written", "value_bytes_written",
                                          "zone_bytes_written", "meta_bytes_written"};
    double to_file = 0;
    if (strcmp(tl_json_text(tl_json_get(phase, "name"), ""), "audit") == 0)
        return 0;
    sum->counted = sum->counted || tl_json_size(tl_json_get(phase, "counters")) > 0;
    sum->ops += (double)tl_json_count(tl_json_get(phase, "ops"), 0);
    sum->cpu_ns += tl_json_real(tl_json_get(phase, "cpu_ns"), 0);
    sum->splits += counter(phase, "splits");
    sum->shifts += counter(phase, "splits_shift_left") + counter(phase, "splits_shift_right");
    sum->merges += counter(phase, "merges");
    sum->user += counter(phase, "user_bytes");
    sum->written += counter(phase, "log_bytes");
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        to_file += counter(phase, written[i]);
    if (tl_json_is_true(tl_json_get(phase, "measured"))) {
        sum->descents += counter(phase, "descents");
        sum->levels += counter(phase, "levels");
        sum->compares += counter(phase, "full_compares");
    }
    return to_file;
}

static costs costs_of(const tl_merge_cell *cells, size_t count)
{
    costs sum = {0};
    for (size_t c = 0; c < count; c++) {
        const tl_json *phases = tl_json_get(cells[c].cell, "phases");
        double to_file = 0;
        for (size_t p = 0; p < tl_json_size(phases); p++)
            to_file += add_phase(&sum, tl_json_at(phases, p));
        double held = add_space(&sum, phases);
        sum.written += held > to_file ? held : to_file;
    }
    return sum;
}

static void add_number(tl_text *out, double value)
{
    if (isfinite(value))
        tl_text_addf(out, "\t%.10g", value);
    else
        tl_text_add(out, "\t-");
}

/* A point of `treelab run` has no axes; its driver and workload are in the columns before. */
static void add_point(const tl_merge *merge, const tl_json *cell, tl_text *out)
{
    const tl_json *axes = tl_json_get(tl_json_get(merge->cells[0].cell, "sweep"), "point");
    const tl_json *point = tl_json_get(tl_json_get(cell, "sweep"), "point");
    for (size_t a = 0; a < tl_json_size(axes); a++) {
        tl_text_add(out, "\t");
        tl_text_add_field(out,
                          tl_json_text(tl_json_get(point, tl_json_name(tl_json_at(axes, a))), "-"));
    }
}

static void add_row(const tl_merge *merge, size_t first, size_t count, tl_text *out)
{
    const tl_json *cell = merge->cells[first].cell;
    double n = (double)count;
    costs sum = costs_of(&merge->cells[first], count);
    double known = sum.counted ? 1 : (double)NAN, spaced = sum.spaced ? 1 : (double)NAN;
    tl_text_add_field(out, tl_json_text(tl_json_get(cell, "label"), "-"));
    add_point(merge, cell, out);
    tl_text_addf(out, "\t%s\t%zu", tl_json_text(tl_json_get(cell, "status"), "-"), count);
    const double columns[] = {
        sum.ops / n,
        known * sum.splits / n,
        known * sum.shifts / n,
        known * sum.merges / n,
        known * sum.user / n,
        known * sum.written / n,
        known * sum.written / sum.user,
        spaced * sum.logical / n,
        spaced * sum.held / n,
        spaced * sum.file / n,
        spaced * sum.held / sum.logical,
        spaced * sum.depth / n,
        known * sum.descents / n,
        known * sum.levels / sum.descents,
        known * sum.compares / sum.descents,
        sum.cpu_ns / n,
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        add_number(out, columns[i]);
    tl_text_add(out, "\n");
}

void tl_merge_table(const tl_merge *merge, tl_text *out)
{
    tl_text_add(out, "label");
    const tl_json *axes =
        merge->count == 0 ? NULL : tl_json_get(tl_json_get(merge->cells[0].cell, "sweep"), "point");
    for (size_t a = 0; a < tl_json_size(axes); a++)
        tl_text_addf(out, "\t%s", tl_json_name(tl_json_at(axes, a)));
    tl_text_add(out, "\tstatus\trepetitions\tops\tsplits\tshifts\tmerges\tuser_bytes\twritten_bytes"
                     "\twrite_amplification\tlogical_bytes\theld_bytes\tfile_bytes"
                     "\tspace_amplification\tdepth\tdescents\tlevels_per_descent"
                     "\tcompares_per_descent\tcpu_ns\n");
    for (size_t i = 0, end; i < merge->count; i = end) {
        end = tl_merge_point_end(merge, i);
        add_row(merge, i, end - i, out);
    }
}
