/* harness/calibrate/document.c -- a calibration for people, for machines and for plots. */
#include "harness/calibrate/calibration.h"

#include "harness/compare/binomial.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOUND_LEVEL 0.05 /* of every bound here, one-sided */

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? (double)NAN : (double)part / (double)whole;
}

static uint64_t inconclusive(const tl_calibration *made)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < made->row_count; i++)
        sum += made->rows[i].inconclusive;
    return sum;
}

/* --- text --- */

static void text_rows(const tl_calibration *made, tl_text *out)
{
    tl_text_addf(out, "%-24s %8s %8s %8s %7s %7s %8s %7s %7s %8s\n", "row", "launches", "mean",
                 "sd", "lag-1", "floor", "s/launch", "alarms", "undone", "undecided");
    for (size_t i = 0; i < made->row_count; i++) {
        const tl_calibration_row *row = &made->rows[i];
        char floor_text[32] = "-"; /* too few launches for an interval */
        if (isfinite(row->detectable))
            snprintf(floor_text, sizeof floor_text, "%.2f%%", tl_effect_percent(row->detectable));
        tl_text_addf(
            out, "%-24s %8zu %+7.2f%% %7.2f%% %+7.2f %7s %8.2f %7" PRIu64 " %7" PRIu64 " %7.2f%%\n",
            row->name, row->launches, tl_effect_percent(row->mean), 100 * row->deviation, row->lag,
            floor_text, row->launch_s, row->alarms, row->unconfirmed,
            100 * share(row->inconclusive, made->gates));
    }
}

static void text_powers(const tl_calibration *made, tl_text *out)
{
    tl_text_addf(out, "%-24s %-9s %7s %7s %7s %8s %8s %8s\n", "row", "effect", "size", "gates",
                 "caught", "power", "at least", "s/gate");
    for (size_t i = 0; i < made->power_count; i++) {
        const tl_power *power = &made->powers[i];
        tl_text_addf(out, "%-24s %-9s %6.2f%% %7" PRIu64 " %7" PRIu64 " %7.1f%% %7.1f%% %8.1f\n",
                     power->row, power->injected ? "injected" : "added", 100 * power->level,
                     power->gates, power->caught, 100 * share(power->caught, power->gates),
                     100 * tl_binomial_lower(power->caught, power->gates, BOUND_LEVEL),
                     power->seconds);
    }
}

static void text_bias(const tl_calibration *made, bool injected, tl_text *out)
{
    tl_bias bias = tl_calibration_bias(made, injected);
    if (bias.chunks > 0)
        tl_text_addf(out,
                     "%s: %zu samples of 40 launches, error %.2f points in the median, %.1f %% of "
                     "98 %% intervals hold the truth\n",
                     injected ? "effects injected" : "no effect", bias.chunks, bias.error_points,
                     100 * bias.coverage);
}

void tl_calibration_text(const tl_calibration *made, tl_text *out)
{
    text_rows(made, out);
    if (made->gates > 0)
        tl_text_addf(out,
                     "%" PRIu64 " gates replayed without an effect, %.0f s each: %" PRIu64
                     " false alarms, %.3f %%, at most %.3f %% (95 %%); %.2f %% of rows undecided\n",
                     made->gates, made->seconds, made->alarms,
                     100 * share(made->alarms, made->gates),
                     100 * tl_binomial_upper(made->alarms, made->gates, BOUND_LEVEL),
                     100 * share(inconclusive(made), made->gates * made->row_count));
    text_bias(made, false, out);
    text_bias(made, true, out);
    if (made->power_count > 0)
        text_powers(made, out);
}

/* --- JSON --- */

static void json_rows(const tl_calibration *made, tl_json *root)
{
    tl_json *rows = tl_json_add_array(root, "rows");
    for (size_t i = 0; i < made->row_count; i++) {
        const tl_calibration_row *row = &made->rows[i];
        tl_json *object = tl_json_add_object(rows, NULL);
        tl_json_add_text(object, "row", row->name);
        tl_json_add_count(object, "launches", row->launches);
        tl_json_add_real(object, "launch_s", row->launch_s);
        tl_json_add_real(object, "mean_percent", tl_effect_percent(row->mean));
        tl_json_add_real(object, "deviation_percent", 100 * row->deviation);
        tl_json_add_real(object, "lag_correlation", row->lag);
        tl_json_add_real(object, "detectable_percent", tl_effect_percent(row->detectable));
        tl_json_add_count(object, "alarms", row->alarms);
        tl_json_add_count(object, "unconfirmed", row->unconfirmed);
        tl_json_add_count(object, "inconclusive", row->inconclusive);
        tl_json_add_real(object, "launches_to_decide", row->look_launches);
    }
}

static void json_powers(const tl_calibration *made, tl_json *root)
{
    tl_json *powers = tl_json_add_array(root, "power");
    for (size_t i = 0; i < made->power_count; i++) {
        const tl_power *power = &made->powers[i];
        tl_json *object = tl_json_add_object(powers, NULL);
        tl_json_add_text(object, "row", power->row);
        tl_json_add_text(object, "effect", power->injected ? "injected" : "added");
        tl_json_add_real(object, "percent", 100 * power->level);
        tl_json_add_count(object, "gates", power->gates);
        tl_json_add_count(object, "caught", power->caught);
        tl_json_add_real(object, "power", share(power->caught, power->gates));
        tl_json_add_real(object, "power_lower_95",
                         tl_binomial_lower(power->caught, power->gates, BOUND_LEVEL));
        tl_json_add_real(object, "gate_s", power->seconds);
    }
}

static void json_bias(const tl_calibration *made, bool injected, tl_json *root)
{
    tl_bias bias = tl_calibration_bias(made, injected);
    tl_json *object = tl_json_add_object(root, injected ? "bias_injected" : "bias_none");
    tl_json_add_count(object, "samples", bias.chunks);
    tl_json_add_real(object, "error_points_median", bias.error_points);
    tl_json_add_real(object, "coverage", bias.coverage);
}

tl_json *tl_calibration_json(const tl_calibration *made, const tl_calibration_request *request)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.calibrate/1");
    tl_json_add_bool(root, "interrupted", made->interrupted);
    tl_json_add_hex(root, "seed", request->seed);
    tl_json_add_count(root, "gates", made->gates);
    tl_json_add_count(root, "alarms", made->alarms);
    tl_json_add_real(root, "alarm_share", share(made->alarms, made->gates));
    tl_json_add_real(root, "alarm_share_upper_95",
                     tl_binomial_upper(made->alarms, made->gates, BOUND_LEVEL));
    tl_json_add_real(root, "inconclusive_share",
                     share(inconclusive(made), made->gates * made->row_count));
    tl_json_add_real(root, "gate_s", made->seconds);
    json_rows(made, root);
    json_powers(made, root);
    json_bias(made, false, root);
    json_bias(made, true, root);
    return root;
}

/* --- tables --- */

void tl_calibration_power_tsv(const tl_calibration *made, tl_text *out)
{
    tl_text_add(out,
                "row\teffect\tpercent\tgates\tcaught\tpower\tpower_lower\tpower_upper\tgate_s\n");
    for (size_t i = 0; i < made->power_count; i++) {
        const tl_power *power = &made->powers[i];
        tl_text_addf(out, "%s\t%s\t%g\t%" PRIu64 "\t%" PRIu64 "\t%.6g\t%.6g\t%.6g\t%.6g\n",
                     power->row, power->injected ? "injected" : "added", 100 * power->level,
                     power->gates, power->caught, share(power->caught, power->gates),
                     tl_binomial_lower(power->caught, power->gates, BOUND_LEVEL),
                     tl_binomial_upper(power->caught, power->gates, BOUND_LEVEL), power->seconds);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = (*(const tl_chunk *const *)a)->p, y = (*(const tl_chunk *const *)b)->p;
    return (x > y) - (x < y);
}

/* p-values of launches without an effect, in order, beside those of equally likely ones. */
static void quantiles(const tl_calibration *made, const tl_chunk **chunks, const char *row,
                      tl_duel_statistic statistic, tl_text *out)
{
    size_t count = 0;
    for (size_t i = 0; i < made->chunk_count; i++)
        if (made->chunks[i].statistic == statistic && strcmp(made->chunks[i].arm, "aa") == 0 &&
            strcmp(made->chunks[i].row, row) == 0)
            chunks[count++] = &made->chunks[i];
    qsort(chunks, count, sizeof *chunks, ascending);
    for (size_t i = 0; i < count; i++)
        tl_text_addf(out, "%s\t%s\t%zu\t%.6g\t%.6g\t%.6g\n", row, tl_duel_statistic_name(statistic),
                     i + 1, ((double)i + 0.5) / (double)count, chunks[i]->p,
                     tl_effect_percent(chunks[i]->estimate));
}

void tl_calibration_quantiles_tsv(const tl_calibration *made, tl_text *out)
{
    const tl_chunk **chunks = malloc((made->chunk_count + 1) * sizeof *chunks);
    tl_text_add(out, "row\tstatistic\trank\tp_expected\tp\testimate_percent\n");
    for (size_t i = 0; i < made->row_count && chunks != NULL; i++)
        for (int s = 0; s < TL_DUEL_STATISTICS; s++)
            quantiles(made, chunks, made->rows[i].name, (tl_duel_statistic)s, out);
    free(chunks);
}
