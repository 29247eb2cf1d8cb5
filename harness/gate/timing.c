/* harness/gate/timing.c -- see timing.h. */
#include "harness/gate/timing.h"

#include "harness/compare/counters.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTERS_TOLD = 8 };
#define PATIENCE_NS (UINT64_C(120) * 1000000000)

/* --- rows into a duel --- */

/* The last one counts, as for `treelab run`. */
static bool waits_for_disk(const tl_gate_row *row)
{
    static const char option[] = "--durability";
    const char *word = "none";
    for (size_t i = 0; i < row->word_count; i++) {
        const char *at = row->words[i];
        if (strncmp(at, option, sizeof option - 1) != 0)
            continue;
        if (at[sizeof option - 1] == '=')
            word = at + sizeof option;
        else if (i + 1 < row->word_count)
            word = row->words[i + 1];
    }
    return strcmp(word, "none") != 0;
}

tl_status tl_gate_duel_make(const tl_gate_policy *policy, const char *const *only,
                            tl_gate_duel *made)
{
    const tl_gate_timing *timing = &policy->timing;
    memset(made, 0, sizeof *made);
    size_t count = 0;
    for (size_t r = 0; r < policy->row_count; r++) {
        const tl_gate_row *row = &policy->rows[r];
        if ((row->layers & TL_LAYER_TIME) == 0 || !tl_gate_wanted(only, row->name) ||
            waits_for_disk(row))
            continue;
        if (count == TL_DUEL_LOADS_MAX)
            return TL_INVALID;
        made->rows[count] = row;
        made->loads[count++] = (tl_duel_load){
            .name = row->name,
            .arguments = row->words,
            .argument_count = row->word_count,
            .phases = row->phases[0] != NULL ? row->phases : NULL,
        };
    }
    made->request = (tl_duel_request){
        .loads = made->loads,
        .load_count = count,
        .slices = timing->slices,
        .looks = timing->looks,
        .margins = timing->margins,
        .confirm_launches = timing->confirm_launches,
        .budget_ns = (uint64_t)(timing->budget_s * 1e9),
        .patience_ns = PATIENCE_NS,
        .cpu = tl_launch_cpu(),
    };
    return TL_OK;
}

void tl_gate_duel_layouts(const tl_gate_policy *policy, const char *const programs[2],
                          tl_gate_duel *made)
{
    tl_duel_request *request = &made->request;
    request->layouts = tl_links_pair(programs, policy->timing.layouts, made->links,
                                     made->layout_note, sizeof made->layout_note);
    request->layout_note = made->layout_note;
    for (unsigned side = 0; side < 2; side++)
        request->links[side] = &made->links[side];
}

/* --- a duel into findings --- */

static const tl_gate_verdict verdicts[] = {
    [TL_VERDICT_INCONCLUSIVE] = TL_GATE_INCONCLUSIVE,
    [TL_VERDICT_PASS] = TL_GATE_PASS,
    [TL_VERDICT_REGRESSED] = TL_GATE_REGRESSED,
    [TL_VERDICT_INVALID] = TL_GATE_FAILED,
};

static tl_gate_time time_of(const tl_duel *duel, const tl_duel_row *row)
{
    tl_duel_statistic which =
        row->verdict == TL_VERDICT_REGRESSED || row->confirmation ? row->failed : TL_DUEL_MEDIAN;
    tl_gate_time time = {
        .verdict = row->verdict,
        .statistic = which,
        .judged = row->judged,
        .confirmed = row->confirmation,
        .launches = row->n,
        .effect = row->confirmation ? row->confirmed : row->effects[which],
    };
    tl_layout_spread_add(&time.layouts, row->values[TL_DUEL_MEDIAN], row->n,
                         duel->request->layouts);
    snprintf(time.name, sizeof time.name, "%s", row->name);
    snprintf(time.note, sizeof time.note, "%s", row->note);
    return time;
}

static void tell_time(const tl_gate_time *time, tl_text *out)
{
    const tl_effect *effect = &time->effect;
    tl_text_addf(out, "%s: %s", time->name, tl_verdict_name(time->verdict));
    if (!time->judged && time->note[0] != '\0')
        tl_text_addf(out, ": %s", time->note);
    if (time->judged) {
        tl_text_addf(out, ", %+.2f %% CPU time", tl_effect_percent(effect->estimate));
        if (isfinite(effect->lower))
            tl_text_addf(out, " in [%+.2f, %+.2f] at %.3g %% a side, half-width %.2f",
                         tl_effect_percent(effect->lower), tl_effect_percent(effect->upper),
                         100 * effect->level, tl_effect_percent(effect->half_width));
        else
            tl_text_addf(out, ", no interval at %.3g %%", 100 * effect->level);
        if (isfinite(effect->detectable))
            tl_text_addf(out, ", detectable %.2f %%", tl_effect_percent(effect->detectable));
        double deviation = tl_layout_deviation(&time->layouts);
        if (isfinite(deviation))
            tl_text_addf(out, ", between layouts %.2f", 100 * deviation);
        tl_text_addf(out, " (%s, %zu launches%s)%s%s", tl_duel_statistic_name(time->statistic),
                     effect->n, time->confirmed ? ", fresh ones" : "",
                     time->note[0] != '\0' ? ": " : "", time->note);
    }
    tl_text_add(out, "\n");
}

/* Of the pilot, whole phase, exact ones: the two sides did other things. */
static void tell_counters(const tl_duel_row *row, tl_text *out)
{
    size_t told = 0;
    for (size_t i = 0; i < row->counter_count[0]; i++)
        for (size_t j = 0; j < row->counter_count[1]; j++) {
            const tl_launch_counter *a = &row->counters[0][i], *b = &row->counters[1][j];
            if (strcmp(a->name, b->name) != 0 || a->value == b->value ||
                !tl_counter_is_exact(a->name) || ++told > COUNTERS_TOLD)
                continue;
            tl_text_addf(out, "  %s %" PRIu64 " -> %" PRIu64 "\n", a->name, a->value, b->value);
        }
    if (told > COUNTERS_TOLD)
        tl_text_addf(out, "  and %zu more counters\n", told - COUNTERS_TOLD);
    if (told == 0)
        tl_text_add(out, "  the counters of both sides are equal\n");
}

/* What the other layers have of this row, the gravest of the time's reasons. */
static void tell_layers(const tl_gate_report *report, const char *row, tl_text *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const tl_gate_finding *other = &report->findings[i];
        if (other->layer == TL_LAYER_TIME || strcmp(other->row, row) != 0 ||
            other->verdict == TL_GATE_SKIPPED)
            continue;
        tl_text_addf(out, "%s: %s\n", tl_layer_name(other->layer), other->summary);
        if (other->layer == TL_LAYER_INSTRUCTIONS)
            tl_text_add(out, tl_text_data(&other->detail));
    }
}

static const tl_gate_time *gravest(const tl_gate_finding *finding)
{
    const tl_gate_time *worst = &finding->times[0];
    for (size_t i = 1; i < finding->time_count; i++) {
        const tl_gate_time *time = &finding->times[i];
        tl_gate_verdict now = verdicts[time->verdict], before = verdicts[worst->verdict];
        if (now > before ||
            (now == before && time->judged && !(time->effect.estimate <= worst->effect.estimate)))
            worst = time;
    }
    return worst;
}

static void conclude(tl_gate_finding *finding)
{
    const tl_gate_time *worst = gravest(finding);
    tl_text line = {0};
    tell_time(worst, &line);
    const char *text = tl_text_data(&line);
    tl_gate_verdict verdict = verdicts[worst->verdict];
    bool improved = verdict == TL_GATE_PASS;
    for (size_t i = 0; i < finding->time_count && improved; i++)
        improved = finding->times[i].effect.improved;
    tl_gate_say(finding, improved ? TL_GATE_IMPROVED : verdict, "%.*s", (int)strcspn(text, "\n"),
                text);
    tl_text_clear(&line);
    if (worst->judged)
        finding->ratio = exp(worst->effect.estimate);
}

static tl_status fill(const tl_duel *duel, size_t load, const tl_gate_report *report,
                      tl_gate_finding *finding)
{
    finding->times = calloc(duel->row_count + 1, sizeof finding->times[0]);
    if (finding->times == NULL)
        return TL_NO_MEMORY;
    for (size_t i = 0; i < duel->row_count; i++) {
        const tl_duel_row *row = &duel->rows[i];
        if (row->load != load)
            continue;
        finding->times[finding->time_count] = time_of(duel, row);
        tell_time(&finding->times[finding->time_count++], &finding->detail);
        if (row->verdict == TL_VERDICT_REGRESSED)
            tell_counters(row, &finding->detail);
    }
    finding->wall_s = (double)duel->setups[load].launch_ns / 1e9;
    if (finding->time_count == 0) {
        tl_gate_say(finding, TL_GATE_FAILED,
                    "no phase was timed: are the names in \"phases\" right?");
        return TL_OK;
    }
    conclude(finding);
    if (finding->verdict >= TL_GATE_INCONCLUSIVE)
        tell_layers(report, finding->row, &finding->detail);
    return TL_OK;
}

/* --- the layer --- */

static tl_status add_skipped(const tl_gate_request *request, tl_gate_report *report)
{
    for (size_t r = 0; r < request->policy->row_count; r++) {
        const tl_gate_row *row = &request->policy->rows[r];
        bool nothing = request->base == NULL;
        if ((row->layers & TL_LAYER_TIME) == 0 || !tl_gate_wanted(request->only, row->name) ||
            (!nothing && !waits_for_disk(row)))
            continue;
        tl_gate_finding *finding = tl_gate_add(report, row->name, TL_LAYER_TIME);
        if (finding == NULL)
            return TL_NO_MEMORY;
        tl_gate_say(finding, TL_GATE_SKIPPED, "%s",
                    nothing ? "no base to time beside; --base names a program"
                            : "commits wait for the disk: its counters decide");
    }
    return TL_OK;
}

static tl_status add_findings(const tl_gate_duel *asked, const tl_duel *duel, tl_status status,
                              const char *error, tl_gate_report *report)
{
    for (size_t load = 0; load < asked->request.load_count; load++) {
        tl_gate_finding *finding = tl_gate_add(report, asked->rows[load]->name, TL_LAYER_TIME);
        if (finding == NULL)
            return TL_NO_MEMORY;
        if (status != TL_OK)
            tl_gate_say(finding, status == TL_CORRUPT ? TL_GATE_WRONG : TL_GATE_FAILED, "%.400s",
                        error[0] != '\0' ? error : tl_status_text(status));
        else if (fill(duel, load, report, finding) != TL_OK)
            return TL_NO_MEMORY;
    }
    return TL_OK;
}

typedef struct steps { /* progress of the duel as progress of the gate */
    const tl_gate_request *request;
    const char *last;
} steps;

static bool stop(void *context)
{
    const steps *at = context;
    return at->request->stop != NULL && at->request->stop(at->request->context);
}

static void step(void *context, uint64_t done, uint64_t total, const char *what)
{
    steps *at = context;
    (void)done;
    (void)total;
    if (at->request->step != NULL && what != at->last && at->last == NULL)
        at->request->step(at->request->context, "all rows", TL_LAYER_TIME);
    at->last = what;
}

tl_status tl_gate_judge_time(const tl_gate_request *request, tl_gate_report *report)
{
    char error[TL_DUEL_TEXT_MAX] = "";
    tl_duel *duel = NULL;
    tl_gate_duel *asked = malloc(sizeof *asked);
    steps at = {.request = request};
    tl_status status = asked == NULL ? TL_NO_MEMORY : add_skipped(request, report);
    if (status == TL_OK && tl_gate_duel_make(request->policy, request->only, asked) != TL_OK) {
        tl_gate_finding *finding = tl_gate_add(report, "all", TL_LAYER_TIME);
        status = finding == NULL ? TL_NO_MEMORY : TL_OK;
        if (finding != NULL)
            tl_gate_say(finding, TL_GATE_FAILED, "more than %d rows of layer time",
                        (int)TL_DUEL_LOADS_MAX);
    } else if (status == TL_OK && request->base != NULL && asked->request.load_count > 0) {
        const char *const binaries[2] = {request->base, request->candidate};
        for (unsigned side = 0; side < 2; side++)
            asked->request.arms[side] = (tl_launch_arm){
                .label = side == 0 ? "base" : "candidate",
                .binary = binaries[side],
                .arguments = side == 0 ? NULL : request->candidate_words,
                .argument_count = side == 0 ? 0 : request->candidate_word_count,
            };
        tl_gate_duel_layouts(request->policy, binaries, asked);
        tl_duel_layouts_text(&asked->request, report->layouts, sizeof report->layouts);
        report->layout_count = asked->request.layouts;
        asked->request.dir = request->scratch;
        asked->request.seed = request->seed;
        asked->request.stop = stop;
        asked->request.step = step;
        asked->request.context = &at;
        tl_status ran = tl_duel_run(&asked->request, &duel, error, sizeof error);
        report->interrupted = duel != NULL && duel->interrupted;
        status = duel == NULL ? TL_NO_MEMORY : add_findings(asked, duel, ran, error, report);
    }
    tl_duel_free(duel);
    free(asked);
    return status;
}
