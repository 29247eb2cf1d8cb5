/* harness/calibrate/calibration.c -- see calibration.h. */
#include "harness/calibrate/calibration.h"

#include "harness/compare/walsh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_LAUNCHES = 40 };
#define CHUNK_ALPHA 0.01

static bool stopped(const tl_calibration_request *request)
{
    return request->stop != NULL && request->stop(request->context);
}

/* --- what the samples are like --- */

static void describe(const tl_series *series, tl_calibration_row *row)
{
    const double *values = series->values[TL_DUEL_MEDIAN];
    double sum = 0, squares = 0, products = 0;
    for (size_t i = 0; i < series->n; i++)
        sum += values[i];
    row->mean = sum / (double)series->n;
    for (size_t i = 0; i < series->n; i++) {
        squares += (values[i] - row->mean) * (values[i] - row->mean);
        if (i > 0)
            products += (values[i] - row->mean) * (values[i - 1] - row->mean);
    }
    row->name = series->row;
    row->launches = series->n;
    row->launch_s = series->launch_s / (double)series->n;
    row->deviation = series->n > 1 ? sqrt(squares / (double)(series->n - 1)) : (double)NAN;
    row->lag = squares > 0 ? products / squares : (double)NAN;
}

static tl_status floor_of(const tl_series *series, const tl_duel_request *policy, size_t rows,
                          tl_calibration_row *row)
{
    const tl_look *last = &policy->looks.rows[policy->looks.count - 1];
    size_t n = series->n < last->launches ? series->n : last->launches;
    tl_effect effect;
    double level = last->alpha / (double)(TL_DUEL_STATISTICS * rows); /* the strictest of Holm */
    tl_status status =
        tl_effect_make(series->values[TL_DUEL_MEDIAN], n, level, level, &policy->margins, &effect);
    if (status == TL_OK)
        row->detectable = effect.detectable;
    return status;
}

/* --- fixed numbers of launches --- */

static double truth_of(const char *arm)
{
    return strncmp(arm, "cpu:", 4) == 0 ? log1p(strtod(arm + 4, NULL))
           : strcmp(arm, "aa") == 0     ? 0
                                        : (double)NAN;
}

static tl_status chunk_make(const tl_series *series, tl_duel_statistic statistic, size_t from,
                            tl_calibration *made)
{
    tl_walsh walsh;
    double truth = truth_of(series->arm);
    tl_status status = tl_walsh_make(series->values[statistic] + from, CHUNK_LAUNCHES, &walsh);
    if (status != TL_OK)
        return status;
    tl_chunk *chunk = &made->chunks[made->chunk_count++];
    *chunk = (tl_chunk){.row = series->row,
                        .arm = series->arm,
                        .statistic = statistic,
                        .truth = truth,
                        .estimate = tl_walsh_estimate(&walsh),
                        .lower = (double)NAN,
                        .upper = (double)NAN,
                        .p = tl_walsh_p_above(&walsh, truth)};
    tl_walsh_lower(&walsh, CHUNK_ALPHA, &chunk->lower);
    tl_walsh_upper(&walsh, CHUNK_ALPHA, &chunk->upper);
    tl_walsh_release(&walsh);
    return TL_OK;
}

static tl_status chunks_make(const tl_samples *samples, tl_calibration *made)
{
    for (size_t i = 0; i < samples->count; i++) {
        const tl_series *series = &samples->series[i];
        if (isnan(truth_of(series->arm)))
            continue;
        for (size_t from = 0; from + CHUNK_LAUNCHES <= series->n; from += CHUNK_LAUNCHES)
            for (int s = 0; s < TL_DUEL_STATISTICS; s++) {
                if (made->chunk_count == TL_CHUNKS_MAX)
                    return TL_OK;
                tl_status status = chunk_make(series, (tl_duel_statistic)s, from, made);
                if (status != TL_OK)
                    return status;
            }
    }
    return TL_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

tl_bias tl_calibration_bias(const tl_calibration *made, bool injected)
{
    tl_bias bias = {(double)NAN, (double)NAN, 0};
    double *errors = malloc((made->chunk_count + 1) * sizeof *errors);
    size_t inside = 0;
    for (size_t i = 0; i < made->chunk_count && errors != NULL; i++) {
        const tl_chunk *chunk = &made->chunks[i];
        if ((strcmp(chunk->arm, "aa") != 0) != injected)
            continue;
        errors[bias.chunks++] =
            fabs(tl_effect_percent(chunk->estimate) - tl_effect_percent(chunk->truth));
        inside += chunk->lower <= chunk->truth && chunk->truth <= chunk->upper;
    }
    if (bias.chunks > 0) {
        qsort(errors, bias.chunks, sizeof *errors, ascending);
        bias.error_points = errors[bias.chunks / 2];
        bias.coverage = (double)inside / (double)bias.chunks;
    }
    free(errors);
    return bias;
}

/* --- replayed gates --- */

static void count_gate(const tl_replay *replay, tl_calibration *made, double seconds)
{
    const tl_looks *looks = &replay->request.looks;
    bool alarm = false;
    for (size_t i = 0; i < replay->row_count; i++) {
        const tl_duel_row *row = &replay->duel.rows[i];
        tl_calibration_row *counted = &made->rows[i];
        counted->alarms += row->verdict == TL_VERDICT_REGRESSED;
        counted->unconfirmed += row->confirmation && row->verdict != TL_VERDICT_REGRESSED;
        counted->inconclusive += row->verdict == TL_VERDICT_INCONCLUSIVE;
        counted->look_launches +=
            row->look == 0 ? (double)row->n : (double)looks->rows[row->look - 1].launches;
        alarm = alarm || row->verdict == TL_VERDICT_REGRESSED;
    }
    made->gates++;
    made->alarms += alarm;
    made->seconds += seconds;
}

static tl_status false_alarms(tl_replay *replay, const tl_calibration_request *request,
                              tl_calibration *made)
{
    static const tl_replay_effect none = {SIZE_MAX, 0, NULL};
    for (uint64_t gate = 0; gate < request->gates; gate++) {
        double seconds;
        if ((made->interrupted = stopped(request)))
            break;
        tl_status status = tl_replay_gate(replay, &none, &seconds);
        if (status != TL_OK)
            return status;
        count_gate(replay, made, seconds);
        if (request->step != NULL && gate % 64 == 0)
            request->step(request->context, gate, request->gates, "gates without an effect");
    }
    for (size_t i = 0; i < made->row_count && made->gates > 0; i++)
        made->rows[i].look_launches /= (double)made->gates;
    if (made->gates > 0)
        made->seconds /= (double)made->gates;
    return TL_OK;
}

static tl_status power_point(tl_replay *replay, const tl_calibration_request *request,
                             const tl_replay_effect *effect, tl_power *power)
{
    for (uint64_t gate = 0; gate < request->power_gates && !stopped(request); gate++) {
        double seconds;
        tl_status status = tl_replay_gate(replay, effect, &seconds);
        if (status != TL_OK)
            return status;
        power->gates++;
        power->caught += replay->duel.rows[effect->row].verdict == TL_VERDICT_REGRESSED;
        power->seconds += seconds;
    }
    if (power->gates > 0)
        power->seconds /= (double)power->gates;
    return TL_OK;
}

/* Added and, where there are launches of it, injected. */
static tl_status power_of(tl_replay *replay, const tl_samples *samples,
                          const tl_calibration_request *request, size_t row, double level,
                          tl_calibration *made)
{
    char arm[TL_ARM_NAME_MAX];
    snprintf(arm, sizeof arm, "cpu:%g", level);
    const tl_series *recorded = tl_samples_find(samples, arm, replay->rows[row]->row);
    for (int injected = 0; injected < 2; injected++) {
        if ((injected != 0 && recorded == NULL) || made->power_count == TL_POWER_MAX)
            continue;
        tl_power *power = &made->powers[made->power_count++];
        *power =
            (tl_power){.row = replay->rows[row]->row, .injected = injected != 0, .level = level};
        tl_replay_effect effect = {row, injected != 0 ? 0 : log1p(level),
                                   injected != 0 ? recorded : NULL};
        tl_status status = power_point(replay, request, &effect, power);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static tl_status powers(tl_replay *replay, const tl_samples *samples,
                        const tl_calibration_request *request, tl_calibration *made)
{
    uint64_t done = 0, total = made->row_count * request->level_count;
    for (size_t row = 0; row < replay->row_count; row++)
        for (size_t l = 0; l < request->level_count; l++) {
            if ((made->interrupted = stopped(request)))
                return TL_OK;
            if (request->step != NULL)
                request->step(request->context, done++, total, "power");
            tl_status status = power_of(replay, samples, request, row, request->levels[l], made);
            if (status != TL_OK)
                return status;
        }
    return TL_OK;
}

tl_status tl_calibration_make(const tl_samples *samples, const tl_calibration_request *request,
                              tl_calibration *made)
{
    tl_replay *replay = malloc(sizeof *replay);
    if (replay == NULL)
        return TL_NO_MEMORY;
    memset(made, 0, sizeof *made);
    tl_status status = tl_replay_make(samples, request->policy, request->seed, replay);
    made->row_count = status == TL_OK ? replay->row_count : 0;
    for (size_t i = 0; i < made->row_count && status == TL_OK; i++) {
        describe(replay->rows[i], &made->rows[i]);
        status = floor_of(replay->rows[i], request->policy, made->row_count, &made->rows[i]);
    }
    if (status == TL_OK)
        status = chunks_make(samples, made);
    if (status == TL_OK)
        status = false_alarms(replay, request, made);
    if (status == TL_OK && !made->interrupted)
        status = powers(replay, samples, request, made);
    tl_replay_release(replay);
    free(replay);
    return status;
}
