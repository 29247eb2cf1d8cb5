/* harness/run/table.c -- the run on one screen: rates, ratios, latencies, medians of repetitions.
 *
 * A ratio compares two cells that ran next to each other, so it is taken repetition by repetition
 * and the median of the ratios is shown, not the ratio of medians.
 */
#include "harness/report/groups.h"
#include "harness/run/run.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 24, RANGE_MAX = 80 };

typedef struct table {
    FILE *out;
    const tl_run *run;
    const tl_run_arm *baseline; /* NULL: no ratios */
    double *values;             /* room for one per repetition */
} table;

/* The phase `name` of the arm's cell in a repetition; NULL when it did not end well. */
static const tl_run_phase *find_phase(const tl_run *run, const tl_run_arm *arm,
                                      const tl_run_load *load, uint64_t repetition,
                                      const char *name)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        const tl_run_cell *cell = &run->cells[i];
        if (cell->arm != arm || cell->load != load || cell->repetition != repetition ||
            cell->status != TL_RUN_CELL_OK)
            continue;
        for (size_t j = 0; j < cell->phase_count; j++)
            if (strcmp(cell->phases[j].name, name) == 0)
                return &cell->phases[j];
    }
    return NULL;
}

static double ops_per_s(const tl_run_phase *phase)
{
    return phase == NULL || phase->wall_ns == 0 ? 0.0
                                                : (double)phase->ops * 1e9 / (double)phase->wall_ns;
}

/* The kind of operation that a phase is mostly made of: its latencies stand for the phase.  It
 * follows from the counts alone, so that all stores show the same kind.  With one operation per
 * transaction that is the commit, which is then what takes the time. */
static size_t main_kind(const tl_run_phase *phase)
{
    size_t most = 0;
    for (size_t kind = 1; kind < TL_OP_KIND_COUNT; kind++) {
        uint64_t count = phase->latency[kind].count, best = phase->latency[most].count;
        if (count > best || (count == best && kind == TL_OP_COMMIT))
            most = kind;
    }
    return most;
}

static const tl_run_latency *main_latency(const tl_run_phase *phase)
{
    return &phase->latency[main_kind(phase)];
}

/* What a row shows of one repetition; 0: nothing to show. */
typedef double (*measure_fn)(const tl_run_phase *mine, const tl_run_phase *baseline);

static double measure_rate(const tl_run_phase *mine, const tl_run_phase *baseline)
{
    (void)baseline;
    return ops_per_s(mine);
}

static double measure_ratio(const tl_run_phase *mine, const tl_run_phase *baseline)
{
    double baseline_rate = ops_per_s(baseline);
    return baseline_rate > 0 ? ops_per_s(mine) / baseline_rate : 0.0;
}

static double measure_p50(const tl_run_phase *mine, const tl_run_phase *baseline)
{
    (void)baseline;
    return mine == NULL ? 0.0 : (double)main_latency(mine)->p50;
}

static double measure_response_p50(const tl_run_phase *mine, const tl_run_phase *baseline)
{
    (void)baseline;
    return mine == NULL ? 0.0 : (double)mine->response[main_kind(mine)].p50;
}

static double measure_response_p99(const tl_run_phase *mine, const tl_run_phase *baseline)
{
    (void)baseline;
    return mine == NULL ? 0.0 : (double)mine->response[main_kind(mine)].p99;
}

static double measure_p99(const tl_run_phase *mine, const tl_run_phase *baseline)
{
    (void)baseline;
    return mine == NULL ? 0.0 : (double)main_latency(mine)->p99;
}

static tl_spread spread_of(const table *t, const tl_run_arm *arm, const tl_run_load *load,
                           const char *phase, measure_fn measure)
{
    size_t count = 0;
    for (uint64_t r = 0; r < t->run->request->repeat; r++) {
        const tl_run_phase *mine = find_phase(t->run, arm, load, r, phase);
        const tl_run_phase *other =
            t->baseline == NULL ? NULL : find_phase(t->run, t->baseline, load, r, phase);
        double value = measure(mine, other);
        if (value > 0)
            t->values[count++] = value;
    }
    return tl_spread_of(t->values, count);
}

/* 1234567 as "1.23M": three digits say what a benchmark knows. */
static void print_scaled(char text[NUMBER_MAX], double value, const char *const *units,
                         size_t unit_count)
{
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < unit_count; unit++)
        value /= 1000;
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(text, NUMBER_MAX, "%.*f%s", decimals, value, units[unit]);
}

static void print_rate(char text[NUMBER_MAX], double value)
{
    static const char *const units[] = {"", "k", "M", "G"};
    print_scaled(text, value, units, sizeof units / sizeof units[0]);
}

static void print_ns(char text[NUMBER_MAX], double value)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    print_scaled(text, value, units, sizeof units / sizeof units[0]);
}

static void print_ratio(char text[NUMBER_MAX], double value)
{
    snprintf(text, NUMBER_MAX, "%.2f", value);
}

static void print_range(char text[RANGE_MAX], const tl_spread *spread,
                        void (*print)(char text[NUMBER_MAX], double value))
{
    char median[NUMBER_MAX], min[NUMBER_MAX], max[NUMBER_MAX];
    if (spread->count == 0) {
        snprintf(text, RANGE_MAX, "-");
        return;
    }
    print(median, spread->median);
    print(min, spread->min);
    print(max, spread->max);
    if (spread->count == 1)
        snprintf(text, RANGE_MAX, "%s", median);
    else
        snprintf(text, RANGE_MAX, "%s [%s..%s]", median, min, max);
}

static void print_median(char text[NUMBER_MAX], const tl_spread *spread)
{
    snprintf(text, NUMBER_MAX, "-");
    if (spread->count > 0)
        print_ns(text, spread->median);
}

/* Why there is nothing to show: how the arm's first bad cell ended. */
static const char *why_empty(const table *t, const tl_run_arm *arm, const tl_run_load *load)
{
    for (size_t i = 0; i < t->run->cell_count; i++) {
        const tl_run_cell *cell = &t->run->cells[i];
        if (cell->arm == arm && cell->load == load && cell->status != TL_RUN_CELL_OK)
            return tl_run_cell_status_name(cell->status);
    }
    return "-";
}

static int name_width(const table *t)
{
    int width = 11;
    for (size_t i = 0; i < t->run->request->load_count; i++) {
        int length = (int)strlen(tl_run_load_name(&t->run->request->loads[i]));
        width = length > width ? length : width;
    }
    return width;
}

static bool any_overloaded(const table *t, const tl_run_arm *arm, const tl_run_load *load,
                           const char *phase)
{
    for (uint64_t r = 0; r < t->run->request->repeat; r++) {
        const tl_run_phase *mine = find_phase(t->run, arm, load, r, phase);
        if (mine != NULL && mine->schedule.overloaded)
            return true;
    }
    return false;
}

/* The same operations from their intended start, below the row of their service times. */
static void print_response_row(const table *t, const tl_run_arm *arm, const tl_run_load *load,
                               const tl_run_phase *any, int label_width)
{
    tl_spread p50 = spread_of(t, arm, load, any->name, measure_response_p50);
    tl_spread p99 = spread_of(t, arm, load, any->name, measure_response_p99);
    char p50_text[NUMBER_MAX], p99_text[NUMBER_MAX], target[NUMBER_MAX], wanted[RANGE_MAX];
    print_median(p50_text, &p50);
    print_median(p99_text, &p99);
    print_rate(target, (double)any->schedule.rate.per_s);
    snprintf(wanted, sizeof wanted, "%s %s wanted", target,
             tl_rate_mode_name(any->schedule.rate.mode));
    fprintf(t->out, "%-11s %-11s %-*s %-9s %-23s", "", "", label_width, "", "", wanted);
    if (t->baseline != NULL)
        fprintf(t->out, " %-19s", "");
    fprintf(t->out, " %8s %8s  %s, response%s\n", p50_text, p99_text,
            tl_op_kind_name((uint32_t)main_kind(any)),
            any_overloaded(t, arm, load, any->name) ? ": OVERLOADED" : "");
}

static void print_row(const table *t, const tl_run_arm *arm, const tl_run_load *load,
                      const char *phase, int label_width)
{
    tl_spread rate = spread_of(t, arm, load, phase, measure_rate);
    tl_spread ratio = spread_of(t, arm, load, phase, measure_ratio);
    tl_spread p50 = spread_of(t, arm, load, phase, measure_p50);
    tl_spread p99 = spread_of(t, arm, load, phase, measure_p99);
    char rates[RANGE_MAX], ratios[RANGE_MAX], p50_text[NUMBER_MAX], p99_text[NUMBER_MAX];
    print_range(rates, &rate, print_rate);
    if (rate.count == 0)
        snprintf(rates, sizeof rates, "%s", why_empty(t, arm, load));
    print_range(ratios, &ratio, print_ratio);
    print_median(p50_text, &p50);
    print_median(p99_text, &p99);
    tl_run_request own = tl_run_request_of(t->run->request, load);
    tl_promise promise = arm->driver->contracts[own.durability].promise;
    fprintf(t->out, "%-*s %-11s %-*s %-9s %-23s", name_width(t), tl_run_load_name(load), phase,
            label_width, arm->label, promise == TL_PROMISE_SAME ? "" : tl_run_promise_name(promise),
            rates);
    if (t->baseline != NULL)
        fprintf(t->out, " %-19s", ratios);
    const tl_run_phase *any = find_phase(t->run, arm, load, 0, phase);
    fprintf(t->out, " %8s %8s  %s%s\n", p50_text, p99_text,
            any == NULL ? "" : tl_op_kind_name((uint32_t)main_kind(any)),
            any != NULL && any->many_looped ? " (loop of get)" : "");
    if (any != NULL && any->schedule.rate.mode != TL_RATE_CLOSED)
        print_response_row(t, arm, load, any, label_width);
}

/* The cell whose phases name the rows: the longest, so that a failed one hides nothing. */
static const tl_run_cell *longest_cell(const tl_run *run, const tl_run_load *load)
{
    const tl_run_cell *longest = NULL;
    for (size_t i = 0; i < run->cell_count; i++)
        if (run->cells[i].load == load &&
            (longest == NULL || run->cells[i].phase_count > longest->phase_count))
            longest = &run->cells[i];
    return longest;
}

static void print_head(const table *t, int label_width)
{
    char ratio[RANGE_MAX];
    fprintf(t->out, "%-*s %-11s %-*s %-9s %-23s", name_width(t), "workload", "phase", label_width,
            "driver", "promise", "ops/s");
    if (t->baseline != NULL) {
        snprintf(ratio, sizeof ratio, "x %s", t->baseline->label);
        fprintf(t->out, " %-19s", ratio);
    }
    fprintf(t->out, " %8s %8s  %s\n", "p50", "p99", "of one");
}

/* What workloads had to leave out or change: a number without it would mislead. */
static void print_notes(FILE *out, const tl_run *run)
{
    for (size_t l = 0; l < run->request->load_count; l++) {
        const tl_run_cell *cell = longest_cell(run, &run->request->loads[l]);
        if (cell != NULL && cell->note[0] != '\0')
            fprintf(out, "note: %s: %s\n", tl_run_load_name(&run->request->loads[l]), cell->note);
    }
}

/* Phases whose store fell behind its timetable: the response times are not the store's. */
static void print_overloads(FILE *out, const tl_run *run)
{
    for (size_t c = 0; c < run->cell_count; c++)
        for (size_t p = 0; p < run->cells[c].phase_count; p++) {
            const tl_run_phase *phase = &run->cells[c].phases[p];
            char achieved[NUMBER_MAX], late[NUMBER_MAX];
            if (!phase->schedule.overloaded || !phase->measured) /* a warm-up is there to be slow */
                continue;
            print_rate(achieved, phase->schedule.achieved_per_s);
            print_ns(late, (double)phase->schedule.late_ns);
            fprintf(
                out,
                "overloaded: %s, phase %s: %s ops/s of %llu wanted, %s late at the end; response "
                "times tell the length of the run, lower --rate\n",
                run->cells[c].id, phase->name, achieved,
                (unsigned long long)phase->schedule.rate.per_s, late);
        }
}

/* Phases that did not run as long as was asked for. */
static void print_ends(FILE *out, const tl_run *run)
{
    tl_limits of_run = tl_run_limits(run->request);
    for (size_t c = 0; c < run->cell_count; c++)
        for (size_t p = 0; p < run->cells[c].phase_count; p++) {
            const tl_run_phase *phase = &run->cells[c].phases[p];
            if (phase->end != TL_RUN_END_STREAM)
                continue;
            const char *hint = NULL;
            if (phase->is_warmup)
                hint = ", so nothing of it was measured; more --ops let it run on";
            else if (phase->measured && !phase->asked_whole &&
                     (phase->limited || tl_limits_any(&of_run)))
                hint = phase->limited ? "; more --ops let it run on"
                                      : ", which later phases need whole: it cannot end by time";
            if (hint != NULL)
                fprintf(out, "note: %s, phase %s: its stream ended after %.2f s%s\n",
                        run->cells[c].id, phase->name, (double)phase->wall_ns / 1e9, hint);
        }
}

static void print_troubles(FILE *out, const tl_run *run)
{
    for (size_t i = 0; i < run->cell_count; i++)
        if (run->cells[i].status != TL_RUN_CELL_OK)
            fprintf(out, "%s: %s: %s\n", run->cells[i].id,
                    tl_run_cell_status_name(run->cells[i].status), run->cells[i].error);
}

static const tl_run_arm *find_baseline(const tl_run_request *request, const char *label)
{
    for (size_t i = 0; label != NULL && i < request->arm_count; i++)
        if (strcmp(request->arms[i].label, label) == 0)
            return &request->arms[i];
    return NULL;
}

void tl_run_print_table(FILE *out, const tl_run *run, const char *baseline)
{
    const tl_run_request *request = run->request;
    table t = {out, run, find_baseline(request, baseline),
               calloc((size_t)request->repeat + 1, sizeof(double))};
    if (t.values == NULL) {
        fprintf(out, "no memory for the table; the result file has all numbers\n");
        return;
    }
    int label_width = 6;
    for (size_t i = 0; i < request->arm_count; i++)
        if ((int)strlen(request->arms[i].label) > label_width)
            label_width = (int)strlen(request->arms[i].label);

    print_head(&t, label_width);
    for (size_t l = 0; l < request->load_count; l++) {
        const tl_run_cell *names = longest_cell(run, &request->loads[l]);
        for (size_t p = 0; names != NULL && p < names->phase_count; p++)
            for (size_t a = 0; names->phases[p].measured && a < request->arm_count; a++)
                print_row(&t, &request->arms[a], &request->loads[l], names->phases[p].name,
                          label_width);
    }
    print_notes(out, run);
    print_overloads(out, run);
    print_ends(out, run);
    print_troubles(out, run);
    free(t.values);
}
