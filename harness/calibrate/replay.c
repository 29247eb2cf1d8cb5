/* harness/calibrate/replay.c -- see replay.h. */
#include "harness/calibrate/replay.h"

#include <stdlib.h>
#include <string.h>

static size_t load_of(tl_replay *replay, const char *name)
{
    size_t i = 0;
    while (i < replay->request.load_count && strcmp(replay->loads[i].name, name) != 0)
        i++;
    if (i == replay->request.load_count && i < TL_DUEL_LOADS_MAX)
        replay->loads[replay->request.load_count++].name = name;
    return i;
}

tl_status tl_replay_make(const tl_samples *samples, const tl_duel_request *policy, uint64_t seed,
                         tl_replay *replay)
{
    memset(replay, 0, sizeof *replay);
    replay->request = (tl_duel_request){
        .loads = replay->loads,
        .looks = policy->looks,
        .margins = policy->margins,
        .confirm_launches = policy->confirm_launches,
        .budget_ns = policy->budget_ns,
    };
    tl_dice_init(&replay->dice, seed);
    for (size_t i = 0; i < samples->count; i++) {
        const tl_series *series = &samples->series[i];
        if (strcmp(series->arm, "aa") != 0)
            continue;
        if (replay->row_count == TL_REPLAY_ROWS_MAX ||
            load_of(replay, series->load) == TL_DUEL_LOADS_MAX)
            return TL_INVALID;
        replay->rows[replay->row_count++] = series;
    }
    replay->duel.rows = calloc(replay->row_count + 1, sizeof *replay->duel.rows);
    if (replay->duel.rows == NULL)
        return TL_NO_MEMORY;
    replay->duel.request = &replay->request;
    replay->duel.row_count = replay->row_count;
    for (size_t i = 0; i < replay->row_count; i++)
        replay->duel.rows[i].load = load_of(replay, replay->rows[i]->load);
    for (size_t i = 0; i < replay->request.load_count; i++)
        replay->draws[i] = (double)tl_samples_launches(samples, "aa", replay->loads[i].name);
    return replay->row_count > 0 ? TL_OK : TL_NOT_FOUND;
}

void tl_replay_release(tl_replay *replay)
{
    free(replay->duel.rows);
    replay->duel.rows = NULL;
}

/* --- one gate --- */

static void begin(tl_replay *replay)
{
    for (size_t i = 0; i < replay->row_count; i++) {
        tl_duel_row *row = &replay->duel.rows[i];
        size_t load = row->load;
        row->verdict = TL_VERDICT_INCONCLUSIVE;
        row->active = true;
        row->judged = row->confirmation = false;
        row->look = 0;
        row->n = row->fresh_n = 0;
        row->note[0] = '\0';
        replay->duel.setups[load].launch_ns = 0;
        replay->duel.setups[load].noise.launches = 0;
    }
}

static bool load_is_active(const tl_replay *replay, size_t load)
{
    for (size_t i = 0; i < replay->row_count; i++)
        if (replay->duel.rows[i].load == load && replay->duel.rows[i].active)
            return true;
    return false;
}

static bool any_active(const tl_replay *replay)
{
    for (size_t i = 0; i < replay->row_count; i++)
        if (replay->duel.rows[i].active)
            return true;
    return false;
}

static void fill(tl_replay *replay, const tl_replay_effect *effect, size_t index, uint64_t drawn,
                 double sign, bool fresh)
{
    tl_duel_row *row = &replay->duel.rows[index];
    const tl_series *from = replay->rows[index];
    double shift = 0;
    if (index == effect->row) {
        shift = effect->shift;
        if (effect->recorded != NULL) {
            from = effect->recorded;
            drawn = tl_dice_below(&replay->dice, from->n);
            sign = 1;
        }
    }
    size_t at = fresh ? row->fresh_n++ : row->n++;
    for (size_t s = 0; s < TL_DUEL_STATISTICS; s++)
        (fresh ? row->fresh : row->values)[s][at] = sign * from->values[s][drawn] + shift;
}

/* One launch of each workload that has an active row. */
static void launch(tl_replay *replay, const tl_replay_effect *effect, bool fresh)
{
    for (size_t load = 0; load < replay->request.load_count; load++) {
        if (!load_is_active(replay, load))
            continue;
        tl_duel_setup *setup = &replay->duel.setups[load];
        uint64_t drawn = tl_dice_below(&replay->dice, (uint64_t)replay->draws[load]);
        double sign = tl_dice_below(&replay->dice, 2) == 0 ? 1 : -1, mean_s = 0;
        for (size_t i = 0; i < replay->row_count; i++) {
            if (replay->duel.rows[i].load != load)
                continue;
            mean_s = replay->rows[i]->launch_s / (double)replay->rows[i]->n;
            if (replay->duel.rows[i].active)
                fill(replay, effect, i, drawn, sign, fresh);
        }
        setup->launch_ns += (uint64_t)(mean_s * 1e9);
        setup->noise.launches++;
    }
}

static tl_status confirm(tl_replay *replay, const tl_replay_effect *effect)
{
    bool any = false;
    for (size_t i = 0; i < replay->row_count; i++) {
        tl_duel_row *row = &replay->duel.rows[i];
        row->active = row->verdict == TL_VERDICT_REGRESSED;
        any = any || row->active;
    }
    for (unsigned n = 0; any && n < replay->request.confirm_launches; n++)
        launch(replay, effect, true);
    return any && replay->request.confirm_launches > 0 ? tl_duel_rows_confirm(&replay->duel)
                                                       : TL_OK;
}

tl_status tl_replay_gate(tl_replay *replay, const tl_replay_effect *effect, double *seconds)
{
    const tl_looks *schedule = &replay->request.looks;
    unsigned done = 0;
    begin(replay);
    for (size_t look = 0; look < schedule->count && any_active(replay); look++) {
        unsigned next = schedule->rows[look].launches;
        if (!tl_duel_within_budget(&replay->duel, done, next))
            break;
        while (done < next) {
            launch(replay, effect, false);
            done++;
        }
        tl_status status = tl_duel_rows_look(&replay->duel, look);
        if (status != TL_OK)
            return status;
    }
    tl_status status = confirm(replay, effect);
    *seconds = 0;
    for (size_t load = 0; load < replay->request.load_count; load++)
        *seconds += (double)replay->duel.setups[load].launch_ns / 1e9;
    return status;
}
