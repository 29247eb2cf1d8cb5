/* harness/compare/duel_table.c -- a duel on one screen. */
#include "harness/compare/duel.h"

#include <math.h>
#include <string.h>

enum { PERCENT_MAX = 24 };

static const char *percent(char text[PERCENT_MAX], const char *format, double log_ratio)
{
    if (isnan(log_ratio))
        return "not attainable";
    snprintf(text, PERCENT_MAX, format, tl_effect_percent(log_ratio));
    return text;
}

static void print_effect(FILE *out, const char *name, const char *statistic,
                         const tl_effect *effect, const char *verdict)
{
    char estimate[PERCENT_MAX], lower[PERCENT_MAX], upper[PERCENT_MAX], width[PERCENT_MAX],
        detectable[PERCENT_MAX], interval[2 * PERCENT_MAX];
    bool attained = !isnan(effect->lower);
    snprintf(interval, sizeof interval, attained ? "%s .. %s" : "%s",
             percent(lower, "%+.2f%%", effect->lower), percent(upper, "%+.2f%%", effect->upper));
    fprintf(out, "%-24s %-8s %9s  %-20s %7.3f%% %7s %7s %4zu  %s%s\n", name, statistic,
            percent(estimate, "%+.2f%%", effect->estimate), interval, 100 * effect->level,
            attained ? percent(width, "%.2f%%", effect->half_width) : "-",
            attained ? percent(detectable, "%.2f%%", effect->detectable) : "-", effect->n, verdict,
            effect->improved     ? " (improved)"
            : effect->equivalent ? " (equivalent)"
                                 : "");
}

static void print_row(FILE *out, const tl_duel *duel, const tl_duel_row *row)
{
    double deviation = tl_duel_layout_deviation(duel, row);
    const char *verdict = tl_verdict_name(row->verdict);
    char passed[3 * PERCENT_MAX];
    if (row->judged && row->verdict == TL_VERDICT_PASS) {
        const tl_effect *median = &row->effects[TL_DUEL_MEDIAN],
                        *sums = &row->effects[TL_DUEL_SUMS];
        double upper =
            median->pass_upper > sums->pass_upper ? median->pass_upper : sums->pass_upper;
        snprintf(passed, sizeof passed, "pass: below %+.2f%% at %.3g%%", tl_effect_percent(upper),
                 100 * median->pass_level);
        verdict = passed;
    }
    if (!row->judged)
        fprintf(out, "%-24s %-59s %s\n", row->name, "", verdict);
    else {
        print_effect(out, row->name, "median", &row->effects[TL_DUEL_MEDIAN], verdict);
        print_effect(out, "", "sums", &row->effects[TL_DUEL_SUMS], "");
    }
    if (row->confirmation)
        print_effect(out, "", "confirm", &row->confirmed, "");
    if (isfinite(deviation))
        fprintf(out, "  between layouts, beyond launches: standard deviation %.2f%%\n",
                100 * deviation);
    if (row->note[0] != '\0')
        fprintf(out, "  %s\n", row->note);
}

static void print_setup(FILE *out, const tl_duel *duel, size_t load)
{
    const tl_duel_setup *setup = &duel->setups[load];
    const tl_duel_noise *noise = &setup->noise;
    if (setup->threaded[0] != '\0')
        fprintf(out, "%s: phases of several threads are not compared: %s\n",
                duel->request->loads[load].name, setup->threaded);
    if (setup->not_compared)
        fprintf(out, "%s: answers are not compared: a store does not claim to read back\n",
                duel->request->loads[load].name);
    double launches = (double)noise->launches;
    if (noise->launches == 0)
        return;
    fprintf(out,
            "%s: ops %llu, %.2f s a launch, set-up %.0f and %.0f ms; a launch had %.1f involuntary "
            "switches, %.1f ms of waiting for the processor, %.1f hiccups",
            duel->request->loads[load].name, (unsigned long long)setup->ops,
            (double)setup->launch_ns / 1e9 / launches, (double)setup->setup_cpu_ns[0] / 1e6,
            (double)setup->setup_cpu_ns[1] / 1e6, (double)noise->invol_cs / launches,
            (double)noise->runwait_ns / 1e6 / launches, (double)noise->hiccups / launches);
    if (noise->steal_known)
        fprintf(out, ", %.1f ticks stolen", (double)noise->steal_ticks / launches);
    fputc('\n', out);
}

void tl_duel_print(FILE *out, const tl_duel *duel)
{
    const tl_duel_request *request = duel->request;
    char layouts[TL_DUEL_TEXT_MAX];
    fprintf(out, "A %s (%s)\nB %s (%s)\n", request->arms[0].label, duel->revision[0],
            request->arms[1].label, duel->revision[1]);
    if (request->by_counters)
        fputs("Commits wait for the disk here: time decides nothing, counters of one launch do.\n",
              out);
    fprintf(out, "%-24s %-8s %9s  %-20s %8s %7s %7s %4s  %s\n", "workload/phase", "of", "B to A",
            "interval, one-sided", "level", "+-", "MDE", "n", "verdict");
    for (size_t i = 0; i < duel->row_count; i++)
        print_row(out, duel, &duel->rows[i]);
    for (size_t load = 0; load < request->load_count; load++)
        print_setup(out, duel, load);
    tl_duel_layouts_text(request, layouts, sizeof layouts);
    if (layouts[0] != '\0')
        fprintf(out, "%s\n", layouts);
    if (duel->out_of_budget)
        fputs("The budget ended before the last look; more with --budget.\n", out);
    if (request->by_counters)
        fputs("pass: no more bytes written and no more syncs than A; regressed: more of either.\n",
              out);
    else
        fprintf(out,
                "CPU time of the processes; pass: a slowdown of %.3g%% is excluded; regressed: one "
                "above %.3g%% is shown.\n",
                tl_effect_percent(request->margins.largest),
                tl_effect_percent(request->margins.delta));
}
