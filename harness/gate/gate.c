/* harness/gate/gate.c -- every row in every layer, one after the other. */
#include "harness/gate/gate.h"

#include "harness/gate/instructions.h"
#include "harness/gate/timing.h"
#include "harness/measure/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIFFERENCES_SHOWN = 12, FUNCTIONS_SHOWN = 8, LINE_BYTES = 320 };

const char *tl_gate_verdict_name(tl_gate_verdict verdict)
{
    static const char *const names[] = {"skipped",   "pass",   "improved", "inconclusive",
                                        "regressed", "failed", "wrong"};
    return names[verdict];
}

tl_gate_finding *tl_gate_add(tl_gate_report *report, const char *row, unsigned layer)
{
    if (report->count == report->capacity) {
        size_t capacity = report->capacity == 0 ? 32 : 2 * report->capacity;
        tl_gate_finding *findings = realloc(report->findings, capacity * sizeof findings[0]);
        if (findings == NULL)
            return NULL;
        report->findings = findings;
        report->capacity = capacity;
    }
    tl_gate_finding *finding = &report->findings[report->count++];
    *finding = (tl_gate_finding){.row = row, .layer = layer, .ratio = NAN};
    return finding;
}

void tl_gate_say(tl_gate_finding *finding, tl_gate_verdict verdict, const char *format, ...)
{
    va_list arguments;
    finding->verdict = verdict;
    va_start(arguments, format);
    vsnprintf(finding->summary, sizeof finding->summary, format, arguments);
    va_end(arguments);
}

void tl_gate_report_release(tl_gate_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        tl_text_clear(&report->findings[i].detail);
        free(report->findings[i].times);
    }
    free(report->findings);
    *report = (tl_gate_report){0};
}

tl_gate_verdict tl_gate_conclude(const tl_gate_report *report)
{
    tl_gate_verdict gravest = TL_GATE_SKIPPED;
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].verdict > gravest)
            gravest = report->findings[i].verdict;
    return gravest;
}

/* What a program that could not be judged is worth, in words. */
static void say_failure(tl_gate_finding *finding, const char *side, tl_status status,
                        const char *complaint)
{
    if (status == TL_UNSUPPORTED)
        tl_gate_say(finding, TL_GATE_SKIPPED, "interrupted");
    else
        tl_gate_say(finding, status == TL_CORRUPT ? TL_GATE_WRONG : TL_GATE_FAILED,
                    "the %s's run: %s%s%.300s", side, tl_status_text(status),
                    complaint[0] != '\0' ? ": " : "", complaint);
}

static tl_counts_source source_of(const tl_gate_request *request, bool candidate)
{
    tl_counts_source source = {.binary = candidate ? request->candidate : request->base,
                               .scratch = request->scratch,
                               .stop = request->stop,
                               .context = request->context};
    if (candidate) {
        source.words = request->candidate_words;
        source.word_count = request->candidate_word_count;
    }
    return source;
}

/* Counters. */

static void tell_differences(tl_gate_finding *finding, const tl_counts *base,
                             const tl_counts *candidate)
{
    tl_count_difference found[DIFFERENCES_SHOWN];
    size_t count = tl_counts_compare(base, candidate, found, DIFFERENCES_SHOWN);
    char line[LINE_BYTES];
    if (count == 0) {
        tl_gate_say(finding, TL_GATE_PASS, "%zu counters, all equal", candidate->count);
        return;
    }
    tl_count_difference_text(&found[0], line, sizeof line);
    tl_gate_say(finding, TL_GATE_REGRESSED, "%zu counter%s differ%s from the baseline: %s", count,
                count == 1 ? "" : "s", count == 1 ? "s" : "", line);
    for (size_t i = 0; i < count && i < DIFFERENCES_SHOWN; i++) {
        tl_count_difference_text(&found[i], line, sizeof line);
        tl_text_addf(&finding->detail, "%s\n", line);
    }
    if (count > DIFFERENCES_SHOWN)
        tl_text_addf(&finding->detail, "and %zu more\n", count - DIFFERENCES_SHOWN);
    tl_text_add(&finding->detail, "meant? treelab baseline update --reason \"...\"\n");
}

static void judge_counters(const tl_gate_request *request, const tl_baseline *baseline,
                           const tl_gate_row *row, tl_gate_finding *finding)
{
    char complaint[TL_PROGRAM_TEXT_MAX];
    tl_counts kept, taken;
    tl_counts_source source = source_of(request, true);
    tl_status known = baseline->root != NULL ? tl_baseline_row(baseline, row, &kept) : TL_NOT_FOUND;
    if (known != TL_OK) {
        tl_gate_say(finding, TL_GATE_FAILED, "%s; `treelab baseline update` takes them",
                    known == TL_INVALID
                        ? "the row asks for another run than the one its counters are of"
                        : "the baseline has no counters of this row");
        return;
    }
    tl_status status = tl_counts_take(&source, row, &taken, complaint);
    if (status == TL_OK) {
        tell_differences(finding, &kept, &taken);
        tl_counts_release(&taken);
    } else {
        say_failure(finding, "candidate", status, complaint);
    }
    tl_counts_release(&kept);
}

/* Instructions. */

static void tell_functions(tl_gate_finding *finding, const tl_profile *base,
                           const tl_profile *candidate)
{
    tl_profile_change changes[FUNCTIONS_SHOWN];
    size_t count = tl_profile_compare(base, candidate, changes, FUNCTIONS_SHOWN);
    for (size_t i = 0; i < count; i++)
        tl_text_addf(&finding->detail, "%s: %s %" PRIu64 " -> %" PRIu64 "\n", candidate->phase,
                     changes[i].function, changes[i].base, changes[i].candidate);
}

/* Decide by the phase that changed most for the worse. */
static void compare_instructions(const tl_gate_request *request, const tl_instructions *base,
                                 const tl_instructions *candidate, tl_gate_finding *finding)
{
    double tolerance = request->policy->instruction_tolerance, worst = 0, best = INFINITY;
    const char *worst_phase = "", *best_phase = "";
    for (size_t i = 0; i < candidate->phase_count; i++) {
        const tl_profile *now = &candidate->phases[i];
        const tl_profile *before = tl_instructions_phase(base, now->phase);
        if (before == NULL)
            continue;
        double ratio = (double)now->instructions / (double)before->instructions;
        tl_text_addf(&finding->detail, "%s: %" PRIu64 " -> %" PRIu64 " instructions (%+.4f %%)\n",
                     now->phase, before->instructions, now->instructions, 100 * (ratio - 1));
        if (ratio > worst) {
            worst = ratio;
            worst_phase = now->phase;
        }
        if (ratio < best) {
            best = ratio;
            best_phase = now->phase;
        }
        if (fabs(ratio - 1) > tolerance)
            tell_functions(finding, before, now);
    }
    finding->ratio = worst;
    if (worst == 0)
        tl_gate_say(finding, TL_GATE_FAILED, "base and candidate have no phase in common");
    else if (worst > 1 + tolerance)
        tl_gate_say(finding, TL_GATE_REGRESSED, "%s: %+.3f %% instructions (tolerance %g %%)",
                    worst_phase, 100 * (worst - 1), 100 * tolerance);
    else if (best < 1 - tolerance)
        tl_gate_say(finding, TL_GATE_IMPROVED, "%s: %+.3f %% instructions", best_phase,
                    100 * (best - 1));
    else
        tl_gate_say(finding, TL_GATE_PASS, "%+.4f %% instructions at most, in %s",
                    100 * (worst - 1), worst_phase);
}

static void judge_instructions(const tl_gate_request *request, const tl_gate_row *row,
                               tl_gate_finding *finding)
{
    static tl_instructions base, candidate; /* too large for a stack; one gate at a time */
    char complaint[TL_PROGRAM_TEXT_MAX];
    if (request->base == NULL) {
        tl_gate_say(finding, TL_GATE_SKIPPED, "no base to count beside; --base names a program");
        return;
    }
    tl_counts_source source = source_of(request, false);
    tl_status status = tl_instructions_take(&source, row, &base, complaint);
    if (status != TL_OK) {
        say_failure(finding, "base", status, complaint);
        return;
    }
    source = source_of(request, true);
    status = tl_instructions_take(&source, row, &candidate, complaint);
    if (status == TL_OK)
        compare_instructions(request, &base, &candidate, finding);
    else
        say_failure(finding, "candidate", status, complaint);
    tl_instructions_release(&candidate);
    tl_instructions_release(&base);
}

/* All of it. */

bool tl_gate_wanted(const char *const *only, const char *wanted)
{
    if (only == NULL)
        return true;
    for (const char *const *name = only; *name != NULL; name++)
        if (strcmp(*name, wanted) == 0)
            return true;
    return false;
}

static bool stopped(const tl_gate_request *request)
{
    return request->stop != NULL && request->stop(request->context);
}

static tl_status judge_one(const tl_gate_request *request, const tl_baseline *baseline,
                           const tl_gate_row *row, unsigned layer, tl_gate_report *report)
{
    tl_gate_finding *finding = tl_gate_add(report, row->name, layer);
    if (finding == NULL)
        return TL_NO_MEMORY;
    if (request->step != NULL)
        request->step(request->context, row->name, layer);
    uint64_t start = tl_clock_ns();
    if (layer == TL_LAYER_COUNTERS)
        judge_counters(request, baseline, row, finding);
    else
        judge_instructions(request, row, finding);
    finding->wall_s = (double)(tl_clock_ns() - start) / 1e9;
    return TL_OK;
}

/* The cheap and exact layer first, for all rows: what it finds is known within seconds. */
static tl_status judge_layers(const tl_gate_request *request, const tl_baseline *baseline,
                              tl_gate_report *report)
{
    static const unsigned order[] = {TL_LAYER_COUNTERS, TL_LAYER_INSTRUCTIONS};
    tl_status status = TL_OK;
    for (size_t l = 0; l < sizeof order / sizeof order[0]; l++) {
        for (size_t r = 0; r < request->policy->row_count && status == TL_OK; r++) {
            const tl_gate_row *row = &request->policy->rows[r];
            if ((row->layers & request->layers & order[l]) == 0 ||
                !tl_gate_wanted(request->only, row->name))
                continue;
            if (stopped(request)) {
                report->interrupted = true;
                return TL_OK;
            }
            status = judge_one(request, baseline, row, order[l], report);
        }
    }
    report->interrupted = stopped(request);
    if (status == TL_OK && !report->interrupted && (request->layers & TL_LAYER_TIME) != 0)
        status = tl_gate_judge_time(request, report);
    return status;
}

tl_status tl_gate_judge(const tl_gate_request *request, tl_gate_report *report, char *error,
                        size_t error_bytes)
{
    tl_baseline baseline = {0};
    *report = (tl_gate_report){0};
    tl_status status = tl_baseline_read(request->baseline, &baseline, error, error_bytes);
    if (status == TL_NOT_FOUND)
        status = TL_OK; /* each row says so */
    if (status == TL_OK)
        status = judge_layers(request, &baseline, report);
    tl_baseline_release(&baseline);
    return status;
}
