/* harness/compare/duel.c -- see duel.h. */
#include "harness/compare/duel.h"

#include "harness/measure/clock.h"
#include "workloads/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PILOT_OPS = 50000, PILOTS = 3, PILOTS_MAX = 8, NUMBER_MAX = 24, ARGUMENTS_MAX = 128 };

static const char *const statistic_names[] = {
    [TL_DUEL_MEDIAN] = "median",
    [TL_DUEL_SUMS] = "sums",
};

const char *tl_duel_statistic_name(tl_duel_statistic statistic)
{
    return statistic_names[statistic];
}

static const char *const stage_names[] = {
    [TL_DUEL_PILOT] = "pilot",
    [TL_DUEL_LOOKS] = "looks",
    [TL_DUEL_CONFIRM] = "confirm",
};

const char *tl_duel_stage_name(tl_duel_stage stage)
{
    return stage_names[stage];
}

/* --- one launch of one workload --- */

static void noise_add(tl_duel_noise *noise, const tl_launch *launch)
{
    noise->steal_known = launch->steal_known && (noise->launches == 0 || noise->steal_known);
    noise->launches++;
    noise->steal_ticks += launch->steal_ticks;
    for (unsigned side = 0; side < 2; side++) {
        noise->hiccups += launch->hiccups[side];
        if (launch->hiccup_max_ns[side] > noise->hiccup_max_ns)
            noise->hiccup_max_ns = launch->hiccup_max_ns[side];
    }
    for (size_t i = 0; i < launch->phase_count; i++)
        for (size_t j = 0; j < launch->phases[i].slice_count; j++)
            for (unsigned side = 0; side < 2; side++) {
                const tl_timed_pair *slice = &launch->phases[i].slices[j];
                noise->minflt += slice->minflt[side];
                noise->invol_cs += slice->invol_cs[side];
                noise->runwait_ns += slice->runwait_ns[side];
            }
}

static void launch_note(tl_duel *duel, size_t load, tl_duel_stage stage, uint64_t number)
{
    tl_duel_setup *setup = &duel->setups[load];
    const tl_launch *launch = &duel->launch;
    duel->launches++;
    setup->not_compared = !launch->answers[0] || !launch->answers[1];
    for (unsigned side = 0; side < 2; side++)
        memcpy(duel->revision[side], launch->revision[side], sizeof duel->revision[side]);
    if (stage == TL_DUEL_PILOT) { /* later ones end the earlier the fewer rows are undecided */
        memcpy(setup->setup_cpu_ns, launch->setup_cpu_ns, sizeof setup->setup_cpu_ns);
        setup->records = launch->records;
        setup->content_hash = launch->content_hash;
    } else {
        setup->launch_ns += launch->wall_ns;
        noise_add(&setup->noise, launch);
    }
    if (duel->request->sample != NULL)
        duel->request->sample(duel->request->context, stage, duel->request->loads[load].name,
                              number, launch);
}

/* As far as the last phase that is still to be compared. */
static size_t plans_of(const tl_duel *duel, size_t load, tl_slice_plan *plans)
{
    size_t count = 0;
    for (size_t i = 0; i < duel->row_count; i++) {
        const tl_duel_row *row = &duel->rows[i];
        if (row->load != load || !row->active)
            continue;
        while (count <= row->phase)
            plans[count++] = (tl_slice_plan){0};
        plans[row->phase] = row->plan;
    }
    return count;
}

/* The programs themselves, or links of them. */
static void choose_links(const tl_duel_request *request, uint64_t number,
                         char paths[2][TL_LINKS_PATH_MAX], tl_launch_arm arms[2])
{
    for (unsigned side = 0; side < 2 && request->layouts > 0; side++) {
        tl_links_path(request->links[side], request->layouts, number, paths[side]);
        arms[side].binary = paths[side];
    }
}

static tl_status launch_one(tl_duel *duel, size_t load, tl_duel_stage stage, uint64_t number)
{
    const tl_duel_request *request = duel->request;
    const tl_duel_load *asked = &request->loads[load];
    const char *arguments[ARGUMENTS_MAX];
    char ops[NUMBER_MAX], seed[NUMBER_MAX];
    tl_slice_plan plans[TL_LAUNCH_PHASES_MAX];
    size_t count = 0;
    if (request->argument_count + asked->argument_count + 4 > ARGUMENTS_MAX) {
        snprintf(duel->error, sizeof duel->error, "too many options");
        return TL_INVALID;
    }
    for (size_t i = 0; i < request->argument_count; i++)
        arguments[count++] = request->arguments[i];
    for (size_t i = 0; i < asked->argument_count; i++)
        arguments[count++] = asked->arguments[i];
    snprintf(ops, sizeof ops, "%" PRIu64, duel->setups[load].ops);
    snprintf(seed, sizeof seed, "%" PRIu64, request->seed);
    arguments[count++] = "--ops";
    arguments[count++] = ops;
    arguments[count++] = "--seed";
    arguments[count++] = seed;
    tl_launch_request launch = {
        .arms = {request->arms[0], request->arms[1]},
        .arguments = arguments,
        .argument_count = count,
        .dir = request->dir,
        .cpu = request->cpu,
        .seed = tl_stream(request->seed, duel->launches),
        .patience_ns = request->patience_ns,
        .plans = stage == TL_DUEL_PILOT ? NULL : plans,
        .plan_count = plans_of(duel, load, plans),
        .stop = request->stop,
        .context = request->context,
    };
    char error[TL_DUEL_TEXT_MAX] = "", paths[2][TL_LINKS_PATH_MAX];
    choose_links(request, number, paths, launch.arms);
    tl_status status = tl_launch_run(&launch, &duel->launch, error, sizeof error);
    if (status != TL_OK && status != TL_BUSY)
        snprintf(duel->error, sizeof duel->error, "%.47s: %.400s", asked->name, error);
    if (status == TL_OK)
        launch_note(duel, load, stage, number);
    return status;
}

/* --- stages --- */

static tl_status pilots(tl_duel *duel)
{
    const tl_duel_request *request = duel->request;
    for (size_t load = 0; load < request->load_count; load++) {
        bool again = request->ops == 0;
        duel->setups[load].ops = request->ops == 0 ? PILOT_OPS : request->ops;
        for (int pilot = 0; pilot < PILOTS_MAX; pilot++) {
            if (request->step != NULL)
                request->step(request->context, 0, 0, request->loads[load].name);
            again = again && pilot + 1 < PILOTS_MAX;
            tl_status status = launch_one(duel, load, TL_DUEL_PILOT, (uint64_t)pilot);
            if (status == TL_OK)
                status = tl_duel_rows_plan(duel, load, pilot + 1 >= PILOTS, &again);
            if (status != TL_OK)
                return status;
            if (!again)
                break;
        }
    }
    return TL_OK;
}

static bool load_is_active(const tl_duel *duel, size_t load)
{
    for (size_t i = 0; i < duel->row_count; i++)
        if (duel->rows[i].load == load && duel->rows[i].active)
            return true;
    return false;
}

static bool any_active(const tl_duel *duel)
{
    for (size_t i = 0; i < duel->row_count; i++)
        if (duel->rows[i].active)
            return true;
    return false;
}

/* Launches number `from` to `to` of every workload that has an active row. */
static tl_status rounds(tl_duel *duel, tl_duel_stage stage, unsigned from, unsigned to)
{
    const tl_duel_request *request = duel->request;
    for (unsigned number = from; number < to; number++)
        for (size_t load = 0; load < request->load_count; load++) {
            if (!load_is_active(duel, load))
                continue;
            if (request->step != NULL)
                request->step(request->context, number, to,
                              stage == TL_DUEL_CONFIRM ? "confirming" : request->loads[load].name);
            tl_status status = launch_one(duel, load, stage, number);
            if (status != TL_OK)
                return status;
            tl_duel_rows_add(duel, load, stage);
        }
    return TL_OK;
}

bool tl_duel_within_budget(const tl_duel *duel, unsigned done, unsigned next)
{
    const tl_duel_request *request = duel->request;
    uint64_t spent_ns = 0;
    double next_ns = 0;
    if (request->budget_ns == 0 || done == 0)
        return true;
    for (size_t load = 0; load < request->load_count; load++) {
        const tl_duel_setup *setup = &duel->setups[load];
        spent_ns += setup->launch_ns;
        if (load_is_active(duel, load) && setup->noise.launches > 0)
            next_ns += (double)setup->launch_ns / (double)setup->noise.launches * (next - done);
    }
    return (double)spent_ns + next_ns <= (double)request->budget_ns * (double)request->load_count;
}

static tl_status looks(tl_duel *duel)
{
    const tl_looks *schedule = &duel->request->looks;
    unsigned done = 0;
    for (size_t look = 0; look < schedule->count && any_active(duel); look++) {
        unsigned next = schedule->rows[look].launches;
        if (!tl_duel_within_budget(duel, done, next)) {
            duel->out_of_budget = true;
            return TL_OK;
        }
        tl_status status = rounds(duel, TL_DUEL_LOOKS, done, next);
        if (status == TL_OK)
            status = tl_duel_rows_look(duel, look);
        if (status != TL_OK)
            return status;
        done = next;
    }
    return TL_OK;
}

static tl_status confirmation(tl_duel *duel)
{
    const tl_duel_request *request = duel->request;
    bool any = false;
    for (size_t i = 0; i < duel->row_count; i++) {
        duel->rows[i].active = duel->rows[i].verdict == TL_VERDICT_REGRESSED;
        any = any || duel->rows[i].active;
    }
    tl_status status = TL_OK;
    if (any && request->confirm_launches > 0)
        status = rounds(duel, TL_DUEL_CONFIRM, 0, request->confirm_launches);
    for (size_t i = 0; i < duel->row_count; i++)
        duel->rows[i].active = false;
    return status == TL_OK && any && request->confirm_launches > 0 ? tl_duel_rows_confirm(duel)
                                                                   : status;
}

/* An interruption before a failing row is confirmed leaves it undecided. */
static void leave_undecided(tl_duel *duel)
{
    for (size_t i = 0; i < duel->row_count; i++) {
        tl_duel_row *row = &duel->rows[i];
        row->active = false;
        if (row->verdict != TL_VERDICT_REGRESSED || row->confirmation ||
            duel->request->confirm_launches == 0 || duel->request->by_counters)
            continue;
        row->verdict = TL_VERDICT_INCONCLUSIVE;
        snprintf(row->note, sizeof row->note,
                 "it failed at look %u; interrupted before the "
                 "confirmation ended",
                 row->look);
    }
}

/* What there is when a duel ends between two looks: described at the level of the first. */
static tl_status describe(tl_duel *duel)
{
    const tl_duel_request *request = duel->request;
    for (size_t i = 0; i < duel->row_count; i++) {
        tl_duel_row *row = &duel->rows[i];
        if (row->judged || row->n == 0)
            continue;
        for (size_t s = 0; s < TL_DUEL_STATISTICS; s++) {
            tl_status status =
                tl_effect_make(row->values[s], row->n, request->looks.rows[0].alpha,
                               request->looks.rows[0].alpha, &request->margins, &row->effects[s]);
            if (status != TL_OK)
                return status;
            row->p[s] = row->effects[s].p_above;
        }
        row->judged = true;
    }
    return TL_OK;
}

tl_status tl_duel_run(const tl_duel_request *request, tl_duel **out, char *error,
                      size_t error_bytes)
{
    tl_duel *duel = calloc(1, sizeof *duel);
    tl_launch_phase *phases = calloc(TL_LAUNCH_PHASES_MAX, sizeof *phases);
    if (duel == NULL || phases == NULL) {
        free(duel);
        free(phases);
        snprintf(error, error_bytes, "out of memory");
        return TL_NO_MEMORY;
    }
    duel->request = request;
    duel->launch.phases = phases;
    duel->begin_ns = tl_clock_ns();
    tl_status status = pilots(duel);
    if (status == TL_OK && request->by_counters)
        tl_duel_rows_count(duel);
    else if (status == TL_OK) {
        status = looks(duel);
        if (status == TL_OK)
            status = confirmation(duel);
    }
    duel->interrupted = status == TL_BUSY;
    if (duel->interrupted)
        status = TL_OK;
    leave_undecided(duel);
    tl_status described = describe(duel);
    duel->wall_ns = tl_clock_ns() - duel->begin_ns;
    snprintf(error, error_bytes, "%s", duel->error);
    *out = duel;
    return status == TL_OK ? described : status;
}

void tl_duel_free(tl_duel *duel)
{
    if (duel == NULL)
        return;
    free(duel->launch.phases);
    free(duel->rows);
    free(duel);
}

double tl_duel_layout_deviation(const tl_duel *duel, const tl_duel_row *row)
{
    tl_layout_spread spread = {0};
    tl_layout_spread_add(&spread, row->values[TL_DUEL_MEDIAN], row->n, duel->request->layouts);
    return tl_layout_deviation(&spread);
}

void tl_duel_layouts_text(const tl_duel_request *request, char *text, size_t text_bytes)
{
    text[0] = '\0';
    if (request->layouts > 0)
        snprintf(text, text_bytes,
                 "Layouts: launch i runs link i mod %zu of both programs (%s, seeds %" PRIu64
                 " to %" PRIu64 ").",
                 request->layouts, request->links[1]->how, request->links[1]->seeds[0],
                 request->links[1]->seeds[request->layouts - 1]);
    else if (request->layout_note != NULL && request->layout_note[0] != '\0')
        snprintf(text, text_bytes,
                 "One layout of each program, which may move time by 1 to 3%% for good: %s.",
                 request->layout_note);
}

tl_duel_answer tl_duel_conclude(const tl_duel *duel)
{
    size_t counts[TL_VERDICT_INVALID + 1] = {0};
    for (size_t i = 0; i < duel->row_count; i++)
        counts[duel->rows[i].verdict]++;
    if (counts[TL_VERDICT_REGRESSED] > 0)
        return TL_DUEL_REGRESSED;
    if (counts[TL_VERDICT_INVALID] == duel->row_count)
        return TL_DUEL_NOTHING;
    if (counts[TL_VERDICT_INCONCLUSIVE] + counts[TL_VERDICT_INVALID] > 0)
        return TL_DUEL_INCONCLUSIVE;
    return TL_DUEL_PASS;
}
