/* harness/compare/duel_rows.c -- rows: planned from a pilot, filled by launches, judged at looks.
 */
#include "harness/compare/duel.h"

#include "harness/compare/counters.h"
#include "harness/compare/holm.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICES_DEFAULT = 20,
    SLICES_MIN = 5, /* fewer make no median worth the name */
    WARM_PARTS = 4, /* a slice is preceded by a quarter of itself */
    ROUND_OPS = 64, /* generated at once */
};
#define SLICE_NS         5e6
#define SLICE_MARGIN     1.25 /* a pilot is one sample */
#define JITTER_FACTOR    10
#define OPS_MAX          4e6
#define PASS_ALPHA       0.05
#define CONFIRM_ALPHA    0.05
#define BACKGROUND_SHARE 0.02

static double ns_per_op(const tl_launch_phase *phase, unsigned side)
{
    const tl_timed_pair *slice = &phase->slices[0];
    return slice->ops == 0 ? 0 : (double)slice->cpu_ns[side] / (double)slice->ops;
}

static double slower(const tl_launch_phase *phase)
{
    double a = ns_per_op(phase, 0), b = ns_per_op(phase, 1);
    return a > b ? a : b;
}

/* --- planning --- */

static void note_short(tl_duel_row *row, double phase_ns)
{
    row->verdict = TL_VERDICT_INVALID;
    snprintf(row->note, sizeof row->note,
             "the phase lasts %.1f ms of CPU time: %d slices of 5 ms do not fit; give more --ops",
             phase_ns / 1e6, (int)SLICES_MIN);
}

static unsigned slices_of(const tl_duel *duel)
{
    return duel->request->slices == 0 ? SLICES_DEFAULT : duel->request->slices;
}

/* What a phase must last for so many slices. */
static double room_ns(unsigned slices)
{
    return slices * (1 + 1.0 / WARM_PARTS) * SLICE_NS * SLICE_MARGIN;
}

/* What a whole phase should last: room for three fifths of the slices, as the fastest phase would
 * make all others long, and for twice as many as it must have, as a pilot is one sample. */
static double phase_ns_wanted(const tl_duel *duel)
{
    unsigned fit = slices_of(duel) * 3 / 5;
    if (fit < 2 * SLICES_MIN)
        fit = 2 * SLICES_MIN;
    return room_ns(fit);
}

static bool compared(const tl_duel *duel, size_t load, const tl_launch_phase *phase)
{
    const char *const *name = duel->request->loads[load].phases;
    if (!phase->timed || name == NULL)
        return phase->timed;
    for (; *name != NULL; name++)
        if (strcmp(*name, phase->name) == 0)
            return true;
    return false;
}

static void plan_slices(tl_duel_row *row, const tl_launch_phase *phase, unsigned slices)
{
    double each_ns = slower(phase), wanted = SLICE_NS * SLICE_MARGIN;
    row->repeats = phase->repeats;
    if (!(each_ns > 0)) {
        note_short(row, 0);
        return;
    }
    uint64_t needed = (uint64_t)ceil(wanted / each_ns);
    if (phase->repeats) {
        uint64_t warm = needed / WARM_PARTS;
        row->plan = (tl_slice_plan){.count = slices, .warm = warm < 1 ? 1 : warm, .ops = needed};
        return;
    }
    double parts = (double)phase->ops * each_ns / (wanted * (1 + 1.0 / WARM_PARTS));
    unsigned count = parts >= slices ? slices : (unsigned)parts;
    if (count < SLICES_MIN) {
        note_short(row, (double)phase->ops * each_ns);
        return;
    }
    if (phase->read_only) { /* no need to ask everything; equal slices are enough */
        uint64_t ops = (needed + ROUND_OPS - 1) / ROUND_OPS * ROUND_OPS;
        row->plan = (tl_slice_plan){.count = count, .warm = ops / WARM_PARTS, .ops = ops};
        while (row->plan.count * (row->plan.warm + ops) > phase->ops)
            row->plan.count--;
        return;
    }
    uint64_t whole = phase->ops / count, ops = whole * WARM_PARTS / (WARM_PARTS + 1);
    ops = ops > 16 * ROUND_OPS ? ops / ROUND_OPS * ROUND_OPS : ops;
    row->plan = (tl_slice_plan){
        .count = count, .warm = whole - ops, .ops = ops, .end_within = whole * count == phase->ops};
}

static tl_status row_add(tl_duel *duel, size_t load, size_t index)
{
    if (duel->row_count == duel->row_capacity) {
        size_t capacity = duel->row_capacity * 2 + 8;
        tl_duel_row *rows = realloc(duel->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return TL_NO_MEMORY;
        duel->rows = rows;
        duel->row_capacity = capacity;
    }
    const tl_launch_phase *phase = &duel->launch.phases[index];
    tl_duel_row *row = &duel->rows[duel->row_count++];
    memset(row, 0, sizeof *row);
    row->load = load;
    row->phase = index;
    row->slice_ns_min = (double)INFINITY;
    snprintf(row->name, sizeof row->name, "%.47s/%.47s", duel->request->loads[load].name,
             phase->name);
    for (unsigned side = 0; side < 2; side++) {
        row->ns_per_op[side] = ns_per_op(phase, side);
        row->counter_count[side] = phase->counter_count[side];
        memcpy(row->counters[side], phase->counters[side], sizeof row->counters[side]);
    }
    plan_slices(row, phase, slices_of(duel));
    row->active = row->verdict != TL_VERDICT_INVALID;
    return TL_OK;
}

/* How long the shortest phase of the pilot was; infinite when none has to be long. */
static double shortest_ns(const tl_duel *duel, size_t load)
{
    const tl_launch *pilot = &duel->launch;
    double shortest = (double)INFINITY;
    for (size_t i = 0; i < pilot->phase_count; i++) {
        const tl_launch_phase *phase = &pilot->phases[i];
        double phase_ns = compared(duel, load, phase) ? (double)phase->ops * slower(phase) : 0;
        if (!phase->repeats && phase_ns > 0 && phase_ns < shortest)
            shortest = phase_ns;
    }
    return shortest;
}

/* The scale at which the shortest phase has room for all slices. */
static uint64_t ops_wanted(const tl_duel *duel, size_t load, uint64_t ops)
{
    double factor = phase_ns_wanted(duel) / shortest_ns(duel, load);
    double wanted = (double)ops * (factor > 1 ? factor : 1);
    double step = pow(10, floor(log10(wanted))) / 4;
    wanted = ceil(wanted / step) * step; /* round numbers: small changes of speed keep the scale */
    return wanted > OPS_MAX ? (uint64_t)OPS_MAX : (uint64_t)wanted;
}

static void note_threads(tl_duel_setup *setup, const tl_launch_phase *phase)
{
    size_t length = strlen(setup->threaded);
    if (phase->threaded)
        snprintf(setup->threaded + length, sizeof setup->threaded - length, "%s%s",
                 length == 0 ? "" : ", ", phase->name);
}

tl_status tl_duel_rows_plan(tl_duel *duel, size_t load, bool late, bool *again)
{
    const tl_launch *pilot = &duel->launch;
    uint64_t *ops = &duel->setups[load].ops, wanted = ops_wanted(duel, load, *ops);
    bool too_short = !late || shortest_ns(duel, load) < room_ns(SLICES_MIN);
    if (*again && !duel->request->by_counters && wanted > *ops && too_short) {
        *ops = wanted;
        return TL_OK;
    }
    *again = false;
    for (size_t i = 0; i < pilot->phase_count; i++) {
        note_threads(&duel->setups[load], &pilot->phases[i]);
        tl_status status = compared(duel, load, &pilot->phases[i]) ? row_add(duel, load, i) : TL_OK;
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* --- filling --- */

static double median_slice_ns(const tl_launch_phase *phase, unsigned side)
{
    uint64_t below = 0; /* few slices: the one with half of them below it */
    for (size_t i = 0; i < phase->slice_count; i++) {
        size_t smaller = 0, equal = 0;
        for (size_t j = 0; j < phase->slice_count; j++) {
            smaller += phase->slices[j].cpu_ns[side] < phase->slices[i].cpu_ns[side];
            equal += phase->slices[j].cpu_ns[side] == phase->slices[i].cpu_ns[side];
        }
        if (smaller <= phase->slice_count / 2 && phase->slice_count / 2 < smaller + equal)
            below = phase->slices[i].cpu_ns[side];
    }
    return (double)below;
}

/* A slice must be long against what the clock says of nothing. */
static void check_length(tl_duel_row *row, const tl_launch *launch, const tl_launch_phase *phase)
{
    for (unsigned side = 0; side < 2; side++) {
        double slice_ns = median_slice_ns(phase, side), empty_ns = (double)launch->empty_ns[side];
        if (slice_ns < row->slice_ns_min)
            row->slice_ns_min = slice_ns;
        if (slice_ns >= JITTER_FACTOR * empty_ns)
            continue;
        row->verdict = TL_VERDICT_INVALID;
        row->active = false;
        snprintf(row->note, sizeof row->note,
                 "a slice of %.0f us is not ten times the clock's %.0f us; give more --ops",
                 slice_ns / 1e3, empty_ns / 1e3);
    }
}

/* Work in the background is counted on neither side, and slows the other one. */
static void count_background(tl_duel_row *row, const tl_launch_phase *phase)
{
    for (size_t i = 0; i < phase->slice_count; i++)
        for (unsigned side = 0; side < 2; side++) {
            row->busy_ns[side] += (double)phase->slices[i].cpu_ns[side];
            row->idle_ns[side] += (double)phase->slices[i].idle_cpu_ns[side];
        }
}

static bool works_in_background(tl_duel_row *row)
{
    for (unsigned side = 0; side < 2; side++) {
        if (row->idle_ns[side] <= BACKGROUND_SHARE * row->busy_ns[side])
            continue;
        row->verdict = TL_VERDICT_INCONCLUSIVE;
        row->active = false;
        snprintf(row->note, sizeof row->note,
                 "%c works on in the background, %.0f%% of its time in slices: time decides "
                 "nothing, see the counters",
                 side == 0 ? 'A' : 'B', 100 * row->idle_ns[side] / row->busy_ns[side]);
        return true;
    }
    return false;
}

void tl_duel_rows_add(tl_duel *duel, size_t load, tl_duel_stage stage)
{
    for (size_t i = 0; i < duel->row_count; i++) {
        tl_duel_row *row = &duel->rows[i];
        double median, sums, wall, unused;
        if (row->load != load || !row->active)
            continue;
        const tl_launch_phase *phase = &duel->launch.phases[row->phase];
        if (!tl_launch_ratios(phase, false, &median, &sums) ||
            !tl_launch_ratios(phase, true, &wall, &unused)) {
            row->verdict = TL_VERDICT_INVALID;
            row->active = false;
            snprintf(row->note, sizeof row->note, "a slice of no time at all");
            continue;
        }
        bool confirming = stage == TL_DUEL_CONFIRM;
        size_t at = confirming ? row->fresh_n++ : row->n++;
        (confirming ? row->fresh : row->values)[TL_DUEL_MEDIAN][at] = median;
        (confirming ? row->fresh : row->values)[TL_DUEL_SUMS][at] = sums;
        if (!confirming)
            row->wall[at] = wall;
        check_length(row, &duel->launch, phase);
        count_background(row, phase);
    }
}

/* --- judging --- */

static void decide(tl_duel_row *row, size_t look, double pass_level)
{
    const tl_effect *median = &row->effects[TL_DUEL_MEDIAN], *sums = &row->effects[TL_DUEL_SUMS];
    if (row->verdict == TL_VERDICT_REGRESSED)
        row->failed = row->p[TL_DUEL_SUMS] < row->p[TL_DUEL_MEDIAN] ? TL_DUEL_SUMS : TL_DUEL_MEDIAN;
    else if (median->p_below <= pass_level && sums->p_below <= pass_level)
        row->verdict = TL_VERDICT_PASS;
    else
        return;
    row->active = false;
    row->look = (unsigned)look + 1;
}

static tl_status p_values(tl_duel *duel, size_t look, double pass_level)
{
    for (size_t i = 0; i < duel->row_count; i++) {
        tl_duel_row *row = &duel->rows[i];
        for (size_t s = 0; row->active && s < TL_DUEL_STATISTICS; s++) {
            tl_status status =
                tl_effect_make(row->values[s], row->n, duel->request->looks.rows[look].alpha,
                               pass_level, &duel->request->margins, &row->effects[s]);
            if (status != TL_OK)
                return status;
            row->p[s] = row->effects[s].p_above;
        }
    }
    return TL_OK;
}

static size_t rows_judged(const tl_duel *duel)
{
    size_t count = 0;
    for (size_t i = 0; i < duel->row_count; i++)
        count += duel->rows[i].verdict != TL_VERDICT_INVALID;
    return count;
}

tl_status tl_duel_rows_look(tl_duel *duel, size_t look)
{
    const tl_looks *looks = &duel->request->looks;
    size_t rows = rows_judged(duel), count = 0;
    if (rows == 0)
        return TL_OK;
    double pass_level = tl_looks_share(looks, look, PASS_ALPHA) / (double)rows;
    tl_status status = p_values(duel, look, pass_level);
    if (status != TL_OK)
        return status;
    tl_holm_row *holm = calloc(rows * TL_DUEL_STATISTICS, sizeof *holm);
    if (holm == NULL)
        return TL_NO_MEMORY;
    for (size_t i = 0; i < duel->row_count; i++)
        for (size_t s = 0; s < TL_DUEL_STATISTICS; s++)
            if (duel->rows[i].verdict != TL_VERDICT_INVALID)
                holm[count++].p = duel->rows[i].p[s]; /* rows that stopped keep theirs */
    tl_holm(holm, count, looks->rows[look].alpha);
    count = 0;
    for (size_t i = 0; i < duel->row_count && status == TL_OK; i++) {
        tl_duel_row *row = &duel->rows[i];
        if (row->verdict == TL_VERDICT_INVALID)
            continue;
        for (size_t s = 0; s < TL_DUEL_STATISTICS && status == TL_OK; s++, count++) {
            if (!row->active)
                continue;
            if (holm[count].rejected)
                row->verdict = TL_VERDICT_REGRESSED;
            status = tl_effect_make(row->values[s], row->n, holm[count].level, pass_level,
                                    &duel->request->margins, &row->effects[s]);
        }
        if (row->active && status == TL_OK) {
            row->judged = true;
            if (!works_in_background(row))
                decide(row, look, pass_level);
        }
    }
    free(holm);
    return status;
}

tl_status tl_duel_rows_confirm(tl_duel *duel)
{
    for (size_t i = 0; i < duel->row_count; i++) {
        tl_duel_row *row = &duel->rows[i];
        if (row->verdict != TL_VERDICT_REGRESSED || row->fresh_n == 0)
            continue;
        tl_margins margins = duel->request->margins;
        tl_status status = tl_effect_make(row->fresh[row->failed], row->fresh_n, CONFIRM_ALPHA,
                                          CONFIRM_ALPHA, &margins, &row->confirmed);
        if (status != TL_OK)
            return status;
        row->confirmation = true;
        if (row->confirmed.lower > 0)
            continue;
        row->verdict = TL_VERDICT_INCONCLUSIVE;
        snprintf(row->note, sizeof row->note,
                 "it failed at look %u, but %zu fresh launches do not confirm it", row->look,
                 row->fresh_n);
    }
    return TL_OK;
}

/* --- where time decides nothing --- */

typedef struct tally {
    size_t common, differ, more, less; /* more, less: of those that cost storage */
    size_t storage, length;
} tally;

static void tell_difference(tl_duel_row *row, const tl_launch_counter *a,
                            const tl_launch_counter *b, tally *found)
{
    enum { ROOM = 120 };
    if (found->length + ROOM > sizeof row->note)
        return; /* the cell has them all */
    found->length += (size_t)snprintf(row->note + found->length, sizeof row->note - found->length,
                                      "%s%.40s %" PRIu64 " -> %" PRIu64,
                                      found->length == 0 ? "" : ", ", a->name, a->value, b->value);
}

static void compare_counter(tl_duel_row *row, const tl_launch_counter *a,
                            const tl_launch_counter *b, bool storage, tally *found)
{
    if (strcmp(a->name, b->name) != 0 || !tl_counter_is_exact(a->name) ||
        tl_counter_is_storage(a->name) != storage)
        return;
    found->common++;
    found->storage += storage;
    if (a->value == b->value)
        return;
    found->differ++;
    found->more += storage && b->value > a->value;
    found->less += storage && b->value < a->value;
    tell_difference(row, a, b, found);
}

/* More bytes written or more syncs: regressed.  Other differences are told, and decide nothing. */
static void count_row(tl_duel_row *row)
{
    tally found = {0};
    row->note[0] = '\0';
    for (int storage = 1; storage >= 0; storage--) /* what decides is told first */
        for (size_t i = 0; i < row->counter_count[0]; i++)
            for (size_t j = 0; j < row->counter_count[1]; j++)
                compare_counter(row, &row->counters[0][i], &row->counters[1][j], storage != 0,
                                &found);
    row->active = false;
    row->verdict = found.storage == 0 ? TL_VERDICT_INVALID
                   : found.more > 0   ? TL_VERDICT_REGRESSED
                                      : TL_VERDICT_PASS;
    if (found.storage == 0)
        snprintf(row->note, sizeof row->note,
                 "the stores have no counters of written bytes and syncs in common");
    else if (found.differ == 0)
        snprintf(row->note, sizeof row->note, "all %zu counters are equal", found.common);
}

void tl_duel_rows_count(tl_duel *duel)
{
    for (size_t i = 0; i < duel->row_count; i++)
        count_row(&duel->rows[i]);
}
