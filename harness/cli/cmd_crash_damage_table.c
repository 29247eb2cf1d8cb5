/* harness/cli/cmd_crash_damage_table.c -- what became of the damage, as tables. */
#include "harness/cli/cmd_crash_damage.h"

#include <inttypes.h>

static void print_counts(FILE *out, const uint64_t counts[TL_DAMAGE_OUTCOME_COUNT])
{
    uint64_t states = 0, other = 0;
    for (unsigned o = TL_DAMAGE_UNCHANGED + 1; o < TL_DAMAGE_OUTCOME_COUNT; o++)
        states += counts[o];
    for (unsigned o = TL_DAMAGE_SILENT_WRONG + 1; o < TL_DAMAGE_OUTCOME_COUNT; o++)
        other += counts[o];
    fprintf(out, "%9" PRIu64, states);
    for (unsigned o = TL_DAMAGE_DETECTED; o <= TL_DAMAGE_SILENT_WRONG; o++)
        fprintf(out, " %9" PRIu64, counts[o]);
    fprintf(out, " %6" PRIu64 "\n", other);
}

static void print_header(FILE *out, const char *first, const char *second, const char *third)
{
    fprintf(out, "  %-12s %9s %9s %9s %9s %9s %9s %9s %9s %6s\n", first, second, third, "states",
            "detected", "corrected", "masked", "ambiguous", "WRONG", "other");
}

static void print_regions(FILE *out, const tl_damage_result *result)
{
    print_header(out, "region", "live B", "dead B");
    for (unsigned r = 0; r < TL_DAMAGE_REGION_COUNT; r++) {
        uint64_t counts[TL_DAMAGE_OUTCOME_COUNT];
        if (result->live_bytes[r] + result->dead_bytes[r] == 0)
            continue;
        for (unsigned o = 0; o < TL_DAMAGE_OUTCOME_COUNT; o++)
            counts[o] = tl_damage_count_of(result, (tl_damage_region)r, (tl_damage_outcome)o);
        fprintf(out, "  %-12s %9" PRIu64 " %9" PRIu64 " ",
                tl_damage_region_name((tl_damage_region)r), result->live_bytes[r],
                result->dead_bytes[r]);
        print_counts(out, counts);
    }
}

static void print_kinds(FILE *out, const tl_damage_options *options, const tl_damage_result *result)
{
    print_header(out, "damage", "cases", "");
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++) {
        uint64_t counts[TL_DAMAGE_OUTCOME_COUNT] = {0};
        if (!options->kinds[k])
            continue;
        for (unsigned r = 0; r < TL_DAMAGE_REGION_COUNT; r++)
            for (unsigned o = 0; o < TL_DAMAGE_OUTCOME_COUNT; o++)
                counts[o] += result->counts[k][r][o];
        fprintf(out, "  %-12s %9" PRIu64 " %9s ", tl_damage_kind_name((tl_damage_kind)k),
                result->totals[k], "");
        print_counts(out, counts);
    }
}

/* Of states that hit live bytes: how often each read path noticed, of how often it was asked. */
static void print_paths(FILE *out, const tl_damage_result *result)
{
    fprintf(out, "  %-12s", "noticed by");
    for (unsigned p = 0; p < TL_DAMAGE_PATH_COUNT; p++)
        fprintf(out, " %26s", tl_damage_path_name((tl_damage_path)p));
    fputs("\n", out);
    for (unsigned r = 0; r < TL_DAMAGE_REGION_COUNT; r++) {
        const tl_damage_asked *paths = result->paths[r];
        if (paths[TL_DAMAGE_PATH_OPEN].asked == 0)
            continue;
        fprintf(out, "  %-12s", tl_damage_region_name((tl_damage_region)r));
        for (unsigned p = 0; p < TL_DAMAGE_PATH_COUNT; p++) {
            double low, high;
            char text[64] = "-";
            tl_damage_interval(paths[p].noticed, paths[p].asked, &low, &high);
            if (paths[p].asked > 0 && result->exhaustive)
                snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64, paths[p].noticed,
                         paths[p].asked);
            else if (paths[p].asked > 0)
                snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " %.1f-%.1f%%",
                         paths[p].noticed, paths[p].asked, 100 * low, 100 * high);
            fprintf(out, " %26s", text);
        }
        fputs("\n", out);
    }
}

void tl_damage_print(FILE *out, const char *id, const tl_damage_options *options,
                     const tl_damage_result *result)
{
    double seconds = (double)result->elapsed_ns / 1e9, low, high;
    double cpu_seconds = (double)result->cpu_ns / 1e9;
    uint64_t wrong = result->by_outcome[TL_DAMAGE_SILENT_WRONG];
    fprintf(out,
            "%s: %" PRIu64 " pages of %" PRIu32 " bytes, %" PRIu64
            " bytes in all files, commit %zu, %zu flushes to recover\n",
            id, result->pages, options->page_bytes, result->image_bytes, result->commit,
            result->flushes);
    if (options->only != NULL) {
        const tl_damage_verdict *only = &result->only;
        fprintf(out, "  %s: %s in %s%s%s%s%s\n", options->only,
                tl_damage_outcome_name(only->outcome), tl_damage_region_name(only->region),
                only->status == TL_OK ? "" : ", ",
                only->status == TL_OK ? "" : tl_status_name(only->status),
                only->text[0] == '\0' ? "" : ": ", only->text);
        fputs("  noticed by:", out);
        for (unsigned p = 0; p < TL_DAMAGE_PATH_COUNT; p++)
            if ((only->noticed >> p & 1) != 0)
                fprintf(out, " %s", tl_damage_path_name((tl_damage_path)p));
        fputs(only->noticed == 0 ? " none\n" : "\n", out);
        return;
    }
    print_regions(out, result);
    print_kinds(out, options, result);
    print_paths(out, result);
    tl_damage_interval(wrong, result->states, &low, &high);
    fprintf(out,
            "  %s%s: %" PRIu64
            " states in %.1f s (%.1f s of processor time, %.0f us each); %" PRIu64
            " cases change nothing; silently wrong: %" PRIu64,
            result->exhaustive ? "exhaustive" : "a sample",
            result->complete ? "" : ", stopped early", result->states, seconds, cpu_seconds,
            result->states > 0 ? cpu_seconds * 1e6 / (double)result->states : 0, result->unchanged,
            wrong);
    if (result->exhaustive && result->complete)
        fputs("\n\n", out);
    else
        fprintf(out, ", %.2g to %.2g of a hundred with 95 %% certainty\n\n", 100 * low, 100 * high);
}
