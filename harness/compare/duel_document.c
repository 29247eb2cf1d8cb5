/* harness/compare/duel_document.c -- rows as cells of kind "duel" (results/schema/run-1.json), and
 * launches as lines of samples.jsonl. */
#include "harness/compare/duel.h"

#include "harness/compare/bootstrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RESAMPLES = 2000 };

static void add_percent(tl_json *object, const char *name, double log_ratio)
{
    tl_json_add_real(object, name, tl_effect_percent(log_ratio)); /* NAN: null */
}

static void add_effect(tl_json *parent, const char *name, const tl_effect *effect)
{
    tl_json *object = tl_json_add_object(parent, name);
    tl_json_add_count(object, "launches", effect->n);
    add_percent(object, "estimate_percent", effect->estimate);
    tl_json_add_real(object, "level", effect->level);
    add_percent(object, "lower_percent", effect->lower);
    add_percent(object, "upper_percent", effect->upper);
    add_percent(object, "half_width_percent", effect->half_width);
    add_percent(object, "detectable_percent", effect->detectable);
    tl_json_add_real(object, "pass_level", effect->pass_level);
    add_percent(object, "pass_upper_percent", effect->pass_upper);
    tl_json_add_real(object, "p_regressed", effect->p_above);
    tl_json_add_real(object, "p_pass", effect->p_below);
    tl_json_add_bool(object, "improved", effect->improved);
    tl_json_add_bool(object, "equivalent", effect->equivalent);
}

static void add_bootstrap(tl_json *parent, const tl_duel *duel, const double *values, size_t n,
                          double level)
{
    tl_bootstrap made;
    if (tl_bootstrap_make(values, n, level, RESAMPLES, duel->request->seed, &made) != TL_OK) {
        tl_json_add_null(parent, "bootstrap");
        return;
    }
    tl_json *object = tl_json_add_object(parent, "bootstrap");
    tl_json_add_count(object, "resamples", RESAMPLES);
    tl_json_add_real(object, "level", level);
    add_percent(object, "percentile_lower_percent", made.percentile_lower);
    add_percent(object, "percentile_upper_percent", made.percentile_upper);
    add_percent(object, "bca_lower_percent", made.bca_lower);
    add_percent(object, "bca_upper_percent", made.bca_upper);
}

static void add_values(tl_json *parent, const char *name, const double *values, size_t n)
{
    tl_json *array = tl_json_add_array(parent, name);
    for (size_t i = 0; i < n; i++)
        tl_json_add_real(array, NULL, values[i]);
}

static void add_arms(tl_json *cell, const tl_duel *duel)
{
    tl_json *arms = tl_json_add_array(cell, "arms");
    for (unsigned side = 0; side < 2; side++) {
        const tl_launch_arm *arm = &duel->request->arms[side];
        const char *slash = strrchr(arm->binary, '/');
        tl_json *object = tl_json_add_object(arms, NULL);
        tl_json_add_text(object, "label", arm->label);
        tl_json_add_text(object, "binary_base", slash == NULL ? arm->binary : slash + 1);
        tl_json_add_text(object, "rev",
                         duel->revision[side][0] == '\0' ? NULL : duel->revision[side]);
        tl_json *arguments = tl_json_add_array(object, "arguments");
        for (size_t i = 0; i < arm->argument_count; i++)
            tl_json_add_text(arguments, NULL, arm->arguments[i]);
    }
}

/* Null when each side was one program. */
static void add_layouts(tl_json *cell, const tl_duel *duel, const tl_duel_row *row)
{
    const tl_duel_request *request = duel->request;
    if (request->layouts == 0) {
        tl_json_add_null(cell, "layouts");
        return;
    }
    tl_json *object = tl_json_add_object(cell, "layouts");
    tl_json_add_count(object, "count", request->layouts);
    tl_json_add_real(object, "deviation_percent", 100 * tl_duel_layout_deviation(duel, row));
    tl_json *sides = tl_json_add_array(object, "sides");
    for (unsigned side = 0; side < 2; side++) {
        tl_json *links = tl_json_add_object(sides, NULL);
        tl_json_add_text(links, "how", request->links[side]->how);
        tl_json *seeds = tl_json_add_array(links, "seeds");
        for (size_t i = 0; i < request->layouts; i++)
            tl_json_add_hex(seeds, NULL, request->links[side]->seeds[i]);
    }
}

static void add_counters(tl_json *cell, const tl_duel_row *row)
{
    tl_json *counters = tl_json_add_array(cell, "counters");
    for (unsigned side = 0; side < 2; side++) {
        tl_json *object = tl_json_add_object(counters, NULL);
        for (size_t i = 0; i < row->counter_count[side]; i++)
            tl_json_add_count(object, row->counters[side][i].name, row->counters[side][i].value);
    }
}

static void add_noise(tl_json *cell, const tl_duel_noise *noise)
{
    tl_json *object = tl_json_add_object(cell, "disturbance");
    tl_json_add_count(object, "launches", noise->launches);
    tl_json_add_count(object, "minflt", noise->minflt);
    tl_json_add_count(object, "invol_cs", noise->invol_cs);
    tl_json_add_count(object, "runqueue_wait_ns", noise->runwait_ns);
    tl_json_add_count(object, "hiccups", noise->hiccups);
    tl_json_add_count(object, "hiccup_ns_max", noise->hiccup_max_ns);
    if (noise->steal_known)
        tl_json_add_count(object, "steal_ticks", noise->steal_ticks);
    else
        tl_json_add_null(object, "steal_ticks");
}

static void add_slices(tl_json *cell, const tl_duel_row *row)
{
    tl_json *object = tl_json_add_object(cell, "slices");
    tl_json_add_count(object, "count", row->plan.count);
    tl_json_add_count(object, "ops", row->plan.ops);
    tl_json_add_count(object, "warm_ops", row->plan.warm);
    tl_json_add_bool(object, "repeated", row->repeats);
    tl_json_add_real(object, "cpu_ns_min", row->slice_ns_min);
    tl_json *cost = tl_json_add_array(object, "pilot_ns_per_op");
    for (unsigned side = 0; side < 2; side++)
        tl_json_add_real(cost, NULL, row->ns_per_op[side]);
}

static void add_statistics(tl_json *cell, const tl_duel *duel, const tl_duel_row *row)
{
    tl_json *statistics = tl_json_add_object(cell, "statistics");
    for (int s = 0; s < TL_DUEL_STATISTICS && row->judged; s++)
        add_effect(statistics, tl_duel_statistic_name((tl_duel_statistic)s), &row->effects[s]);
    if (row->judged)
        add_bootstrap(statistics, duel, row->values[TL_DUEL_MEDIAN], row->n,
                      row->effects[TL_DUEL_MEDIAN].level);
    tl_json *values = tl_json_add_object(cell, "log_ratios");
    add_values(values, "median", row->values[TL_DUEL_MEDIAN], row->n);
    add_values(values, "sums", row->values[TL_DUEL_SUMS], row->n);
    add_values(values, "wall_median", row->wall, row->n);
    if (!row->confirmation) {
        tl_json_add_null(cell, "confirmation");
        return;
    }
    tl_json *confirmation = tl_json_add_object(cell, "confirmation");
    tl_json_add_text(confirmation, "statistic", tl_duel_statistic_name(row->failed));
    add_effect(confirmation, "effect", &row->confirmed);
    add_values(confirmation, "log_ratios", row->fresh[row->failed], row->fresh_n);
}

tl_json *tl_duel_cell_json(const tl_duel *duel, const tl_duel_row *row, uint64_t order)
{
    const tl_duel_setup *setup = &duel->setups[row->load];
    const tl_duel_request *request = duel->request;
    tl_json *cell = tl_json_object_new();
    char id[TL_DUEL_TEXT_MAX];
    snprintf(id, sizeof id, "duel/%.90s/%.180s/%.180s", row->name, request->arms[0].label,
             request->arms[1].label);
    tl_json_add_text(cell, "id", id);
    tl_json_add_text(cell, "kind", "duel");
    tl_json_add_text(cell, "label", row->name);
    tl_json_add_count(cell, "order", order);
    tl_json_add_text(cell, "status", row->verdict == TL_VERDICT_INVALID ? "invalid" : "ok");
    tl_json_add_text(cell, "error", NULL);
    tl_json_add_text(cell, "verdict", tl_verdict_name(row->verdict));
    tl_json_add_text(cell, "decided_by", request->by_counters ? "counters" : "cpu_time");
    tl_json_add_text(cell, "note", row->note[0] == '\0' ? NULL : row->note);
    tl_json_add_count(cell, "look", row->look);
    add_arms(cell, duel);
    tl_json *workload = tl_json_add_object(cell, "workload");
    tl_json_add_text(workload, "name", request->loads[row->load].name);
    tl_json_add_text(workload, "phase", strrchr(row->name, '/') + 1);
    tl_json_add_count(workload, "ops", setup->ops);
    tl_json *arguments = tl_json_add_array(workload, "arguments");
    for (size_t i = 0; i < request->loads[row->load].argument_count; i++)
        tl_json_add_text(arguments, NULL, request->loads[row->load].arguments[i]);
    tl_json_add_count(workload, "records", setup->records);
    tl_json_add_hex(workload, "content_hash", setup->content_hash);
    add_slices(cell, row);
    add_layouts(cell, duel, row);
    add_statistics(cell, duel, row);
    add_counters(cell, row);
    add_noise(cell, &setup->noise);
    return cell;
}

/* --- a launch as a line --- */

static void add_sides(tl_json *object, const char *name, const uint64_t numbers[2])
{
    tl_json *array = tl_json_add_array(object, name);
    tl_json_add_count(array, NULL, numbers[0]);
    tl_json_add_count(array, NULL, numbers[1]);
}

static void add_launch_phase(tl_json *phases, const tl_launch_phase *phase)
{
    tl_json *object = tl_json_add_object(phases, NULL);
    tl_json_add_text(object, "name", phase->name);
    tl_json_add_bool(object, "timed", phase->timed);
    tl_json *slices = tl_json_add_array(object, "slices");
    for (size_t i = 0; i < phase->slice_count; i++) {
        const tl_timed_pair *slice = &phase->slices[i];
        tl_json *row = tl_json_add_object(slices, NULL);
        tl_json_add_count(row, "first", slice->first);
        tl_json_add_count(row, "ops", slice->ops);
        add_sides(row, "cpu_ns", slice->cpu_ns);
        add_sides(row, "wall_ns", slice->wall_ns);
        add_sides(row, "minflt", slice->minflt);
        add_sides(row, "invol_cs", slice->invol_cs);
        add_sides(row, "runqueue_wait_ns", slice->runwait_ns);
        add_sides(row, "idle_cpu_ns", slice->idle_cpu_ns);
    }
}

tl_json *tl_duel_launch_json(tl_duel_stage stage, const char *load, uint64_t number,
                             const tl_launch *launch)
{
    tl_json *object = tl_json_object_new();
    tl_json_add_text(object, "kind", "launch");
    tl_json_add_text(object, "stage", tl_duel_stage_name(stage));
    tl_json_add_text(object, "workload", load);
    tl_json_add_count(object, "number", number);
    tl_json_add_hex(object, "seed", launch->seed);
    tl_json_add_count(object, "started_first", launch->started_first);
    add_sides(object, "heap_bytes", launch->heap_bytes);
    add_sides(object, "stack_bytes", launch->stack_bytes);
    add_sides(object, "environment_bytes", launch->environment_bytes);
    add_sides(object, "setup_cpu_ns", launch->setup_cpu_ns);
    add_sides(object, "setup_wall_ns", launch->setup_wall_ns);
    add_sides(object, "empty_ns", launch->empty_ns);
    add_sides(object, "hiccups", launch->hiccups);
    add_sides(object, "hiccup_ns_max", launch->hiccup_max_ns);
    if (launch->steal_known)
        tl_json_add_count(object, "steal_ticks", launch->steal_ticks);
    else
        tl_json_add_null(object, "steal_ticks");
    tl_json_add_count(object, "wall_ns", launch->wall_ns);
    tl_json_add_hex(object, "content_hash", launch->content_hash);
    tl_json *phases = tl_json_add_array(object, "phases");
    for (size_t i = 0; i < launch->phase_count; i++)
        add_launch_phase(phases, &launch->phases[i]);
    return object;
}
