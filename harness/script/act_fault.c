/* harness/script/act_fault.c -- counters, failing calls and power losses. */
#include "harness/script/actions.h"

#include "harness/cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTERS_MAX = 256 };

static tl_status unknown_counter(tl_play *play, const char *name, const tl_driver_counter *counters,
                                 size_t count)
{
    const char *names[COUNTERS_MAX];
    for (size_t i = 0; i < count; i++)
        names[i] = counters[i].name;
    const char *nearest = count == 0 ? NULL : tl_nearest(name, names, count);
    char note[160];
    snprintf(note, sizeof note, "it has no counter '%s'%s%s%s", name,
             nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
             nearest != NULL ? "'?" : "");
    return tl_play_unsupported(play, note);
}

tl_status tl_act_expect(tl_play *play, const tl_script_line *line)
{
    static const char *const signs[] = {"==", "<=", ">="};
    const tl_driver *driver = play->session.config->driver;
    int64_t wanted;
    tl_status status =
        tl_script_int_within(&play->scope, line->amount, "the count", 0, INT64_MAX, &wanted);
    if (status != TL_OK)
        return status;
    if (driver->counters == NULL)
        return tl_play_unsupported(play, "it has no counters");
    tl_driver_counter counters[COUNTERS_MAX];
    size_t count = driver->counters(play->session.stores[TL_SIDE_STORE], counters, COUNTERS_MAX);
    count = count < COUNTERS_MAX ? count : COUNTERS_MAX;
    size_t at = 0;
    while (at < count && strcmp(counters[at].name, line->name) != 0)
        at++;
    if (at == count)
        return unknown_counter(play, line->name, counters, count);
    uint64_t value = counters[at].value, bound = (uint64_t)wanted;
    play->differs = line->comparison == TL_SCRIPT_EQUAL     ? value != bound
                    : line->comparison == TL_SCRIPT_AT_MOST ? value > bound
                                                            : value < bound;
    snprintf(play->result->want, sizeof play->result->want, "%s %s %" PRIu64, line->name,
             signs[line->comparison], bound);
    snprintf(play->result->got, sizeof play->result->got, "%" PRIu64, value);
    return TL_OK;
}

/* --- faults --- */

tl_status tl_act_fail(tl_play *play, const tl_script_line *line)
{
    const tl_script_host *host = play->session.config->host;
    int64_t nth;
    tl_status status =
        tl_script_int_within(&play->scope, line->amount, "the call that fails", 1, INT64_MAX, &nth);
    if (status != TL_OK)
        return status;
    if (host == NULL || host->on_fail == NULL)
        return tl_play_unsupported(play, "calls fail only on a simulated disk (--io sim)");
    const tl_script_fault fault = {
        .call = line->name, .error = line->error, .nth = (uint64_t)nth, .sticky = line->sticky};
    play->session.faulty = true;
    play->answers[TL_SIDE_STORE].status = host->on_fail(host->context, &fault);
    return TL_OK;
}

static size_t unit_count(const tl_script_line *line)
{
    size_t count = 0;
    for (const tl_script_loss *loss = line->losses; loss != NULL; loss = loss->next)
        for (const tl_script_number *unit = loss->units; unit != NULL; unit = unit->next)
            count++;
    return count;
}

/* The losses of the line, one unit after the other; a torn one takes two numbers. */
static tl_status evaluate_losses(tl_play *play, const tl_script_line *line, tl_script_unit *units,
                                 size_t *count)
{
    *count = 0;
    for (const tl_script_loss *loss = line->losses; loss != NULL; loss = loss->next) {
        for (const tl_script_number *unit = loss->units; unit != NULL; unit = unit->next) {
            int64_t number;
            tl_status status = tl_script_int_within(&play->scope, unit->value, "the operation", 0,
                                                    INT64_MAX, &number);
            if (status != TL_OK)
                return status;
            if (loss->kind == TL_SCRIPT_LOSS_TORN && unit != loss->units)
                units[*count - 1].tear = (uint64_t)number;
            else
                units[(*count)++] = (tl_script_unit){.kind = loss->kind, .unit = (uint64_t)number};
        }
    }
    return TL_OK;
}

/* state= and seed= */
static tl_status state_words(tl_play *play, const tl_script_line *line, tl_script_power_loss *loss)
{
    const tl_script_pair *seed = line->pairs->next;
    loss->state = line->pairs->word;
    if (seed == NULL || tl_parse_size(seed->word, 0, UINT64_MAX, &loss->seed))
        return TL_OK;
    snprintf(play->scope.error, sizeof play->scope.error, "'%s' is no seed", seed->word);
    return TL_INVALID;
}

tl_status tl_act_crash(tl_play *play, const tl_script_line *line)
{
    tl_session *session = &play->session;
    const tl_script_host *host = session->config->host;
    tl_script_power_loss loss = {.profile = line->name, .durability = session->durability};
    int64_t at = 0;
    tl_status status = TL_OK;
    loss.now = line->amount == NULL && line->pairs == NULL;
    if (line->amount != NULL)
        status = tl_script_int_within(&play->scope, line->amount, "at=", 0, INT64_MAX, &at);
    if (status == TL_OK && line->pairs != NULL)
        status = state_words(play, line, &loss);
    if (status != TL_OK)
        return status;
    if (host == NULL || host->on_crash == NULL)
        return tl_play_unsupported(play, "power fails only on a simulated disk (--io sim)");
    if (session->config->driver->abandon == NULL)
        return tl_play_unsupported(play, "it cannot be abandoned");
    tl_script_unit *units = calloc(unit_count(line) + 1, sizeof *units);
    if (units == NULL)
        return TL_NO_MEMORY;
    status = evaluate_losses(play, line, units, &loss.unit_count);
    if (status == TL_OK) {
        loss.at = (uint64_t)at;
        loss.units = units;
        tl_session_abandon(session);
        play->answers[TL_SIDE_STORE].status =
            host->on_crash(host->context, &loss, &session->survivors);
    }
    free(units);
    return status;
}
