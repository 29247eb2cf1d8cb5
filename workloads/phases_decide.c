/* workloads/phases_decide.c -- one operation after the other: verb, record, right answer.
 *
 * The tag of a write is the phase that wrote and how many times it wrote the record, modulo 2^11:
 *
 *     | phase: 4 bits | writes: 11 bits |
 *
 * so that the value and its size, which the phase's law gives, follow from number and tag.
 *
 * A verb that wants a live record where none is left asks for an absent one instead; reinsert
 * without a deleted record writes a live one.
 */
#include "workloads/phases_pick.h"

#include <assert.h>

enum { WRITE_BITS = 11 };
static_assert((int)TL_STEPS_MAX << (int)WRITE_BITS == 1 << (int)TL_TAG_BITS, "a tag is both");

static uint64_t position_of(const tl_phases *w, uint64_t number)
{
    return number << w->twins;
}

static void decide_read(tl_phases *w, uint64_t number, tl_decision *d)
{
    d->kind = TL_OP_GET;
    d->has_value = true;
    d->number = number;
    d->tag = tl_population_tag(&w->population, number);
    d->position = position_of(w, number);
}

/* PUT or INSERT `number` with the next tag. */
static void decide_write(tl_phases *w, uint32_t kind, uint64_t number, tl_decision *d)
{
    uint32_t mine = (uint32_t)w->step_index << WRITE_BITS;
    uint32_t old = tl_population_tag(&w->population, number), writes = 0;
    if (old >> WRITE_BITS == w->step_index)
        writes = (old + 1) & ((1u << WRITE_BITS) - 1);
    d->kind = kind;
    d->has_value = true;
    d->number = number;
    d->tag = mine | writes;
    d->position = position_of(w, number);
    bool ascending = w->step->append && w->step->place == TL_PLACE_AFTER;
    if (number >= w->highest) {
        d->flags = ascending ? TL_OP_APPEND : 0;
        w->highest = number + 1;
    }
    tl_population_write(&w->population, number, d->tag);
}

/* A key that is absent: of a dead record, or the twin of a live one. */
static void decide_absent(tl_phases *w, uint32_t kind, tl_decision *d)
{
    uint64_t number = 0;
    bool picked = tl_pick_any(w, &w->keys, &number);
    bool live = picked && tl_population_live(&w->population, number);
    d->kind = kind;
    d->flags = TL_OP_ABSENT;
    d->number = number;
    d->position = position_of(w, number) + live;
    assert(!live || w->twins);
}

/* Nothing is alive: whatever was asked for, number 0 is absent. */
static void decide_none(tl_phases *w, uint32_t kind, tl_decision *d)
{
    d->kind = kind;
    d->flags = TL_OP_ABSENT;
    d->position = position_of(w, 0);
}

static void decide_insert(tl_phases *w, tl_decision *d)
{
    uint64_t id = w->birth++;
    uint64_t number = tl_places_number(&w->places, id);
    if (id == w->oldest)
        w->oldest_number = number;
    if (id >= w->newest)
        w->newest = id + 1;
    w->top = id;
    decide_write(w, w->plan.insert_is_put ? TL_OP_PUT : TL_OP_INSERT, number, d);
}

/* After the oldest died: what else is dead above it. */
static void window_move(tl_phases *w)
{
    while (w->oldest < w->newest) {
        w->oldest_number = tl_places_number(&w->places, w->oldest);
        if (tl_population_live(&w->population, w->oldest_number))
            return;
        w->oldest++;
    }
}

static void decide_delete(tl_phases *w, tl_decision *d)
{
    uint64_t number;
    if (!tl_pick_live(w, &w->victims, &number)) {
        decide_none(w, TL_OP_DEL, d);
        return;
    }
    d->kind = TL_OP_DEL;
    d->number = number;
    d->position = position_of(w, number);
    tl_population_kill(&w->population, number);
    if (w->graves != NULL && w->grave_count < w->population.capacity)
        w->graves[w->grave_count++] = number;
    if (w->window && number == w->oldest_number)
        window_move(w);
}

static void decide_reinsert(tl_phases *w, tl_decision *d)
{
    uint64_t at = w->grave_count;
    while (at > 0) { /* upserts may have brought some back */
        at =
            w->step->reinsert_random ? tl_dice_below(&w->dice, w->grave_count) : w->grave_count - 1;
        uint64_t number = w->graves[at];
        w->graves[at] = w->graves[--w->grave_count];
        if (!tl_population_live(&w->population, number)) {
            decide_write(w, w->plan.insert_is_put ? TL_OP_PUT : TL_OP_INSERT, number, d);
            return;
        }
        at = w->grave_count;
    }
    uint64_t number;
    if (tl_pick_live(w, &w->keys, &number))
        decide_write(w, TL_OP_PUT, number, d);
    else
        decide_none(w, TL_OP_GET, d);
}

static void decide_upsert(tl_phases *w, tl_decision *d)
{
    uint64_t number;
    if (tl_pick_any(w, &w->keys, &number))
        decide_write(w, TL_OP_PUT, number, d);
    else
        decide_none(w, TL_OP_GET, d);
}

static void decide_scan(tl_phases *w, bool down, tl_decision *d)
{
    uint64_t number, wanted;
    d->kind = TL_OP_SCAN;
    d->flags = down ? TL_OP_REVERSE : 0;
    d->has_key = false;
    if (w->step->scan_all) {
        d->scan_count = w->population.live_count;
        return;
    }
    if (!tl_pick_live(w, &w->keys, &number))
        return; /* of nothing, from the first record on */
    wanted = tl_lengths_at(&w->step->scan_len, tl_dice_next(&w->dice));
    d->has_key = true;
    d->number = number;
    d->position = position_of(w, number);
    d->scan_count = tl_population_count(&w->population, number, down, wanted == 0 ? 1 : wanted);
}

static void decide_live(tl_phases *w, tl_verb verb, uint64_t at, tl_decision *d)
{
    uint64_t number;
    if (!tl_pick_live(w, &w->keys, &number)) {
        decide_none(w, TL_OP_GET, d);
        return;
    }
    if (verb == TL_VERB_PUT) {
        decide_write(w, TL_OP_PUT, number, d);
        return;
    }
    decide_read(w, number, d);
    w->pending = verb == TL_VERB_RMW && at + 1 < w->total;
    w->pending_number = number;
}

static tl_verb verb_next(tl_phases *w)
{
    const tl_mix *mix = &w->step->mix;
    size_t row = 0;
    if (mix->count == 1)
        return mix->rows[0].verb;
    if (mix->turns > 0) {
        uint64_t turn = w->turn;
        w->turn = turn + 1 == mix->turns ? 0 : turn + 1;
        while (turn >= mix->rows[row].turns)
            turn -= mix->rows[row++].turns;
        return mix->rows[row].verb;
    }
    uint64_t draw = tl_dice_next(&w->dice);
    while (row + 1 < mix->count && draw >= mix->rows[row].bound)
        row++;
    return mix->rows[row].verb;
}

static void decide_verb(tl_phases *w, tl_verb verb, uint64_t at, tl_decision *d)
{
    switch (verb) {
    case TL_VERB_GET_ABSENT:
        decide_absent(w, TL_OP_GET, d);
        return;
    case TL_VERB_DELETE_ABSENT:
        decide_absent(w, TL_OP_DEL, d);
        return;
    case TL_VERB_INSERT:
        if (w->birth < w->birth_end)
            decide_insert(w, d);
        else /* more than the bound of births: never seen */
            decide_upsert(w, d);
        return;
    case TL_VERB_REINSERT:
        decide_reinsert(w, d);
        return;
    case TL_VERB_UPSERT:
        decide_upsert(w, d);
        return;
    case TL_VERB_DELETE:
        decide_delete(w, d);
        return;
    case TL_VERB_SCAN:
    case TL_VERB_SCAN_REVERSE:
        decide_scan(w, verb == TL_VERB_SCAN_REVERSE, d);
        return;
    default:
        decide_live(w, verb, at, d);
        return;
    }
}

void tl_phases_decide(tl_phases *w, uint64_t at, tl_decision *d)
{
    *d = (tl_decision){.has_key = true};
    while (at == w->share_end) /* shares may be empty */
        tl_phases_begin(w, w->step_index, w->share + 1);
    if (w->pending) {
        w->pending = false;
        decide_write(w, TL_OP_PUT, w->pending_number, d);
        return;
    }
    decide_verb(w, verb_next(w), at, d);
    if (w->step->many > 1 && d->kind == TL_OP_GET) {
        uint64_t left = w->total - at, together = w->step->many - at % w->step->many;
        d->scan_count = left < together ? left : together;
    }
}
