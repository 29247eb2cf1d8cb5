/* workloads/phases_pick.c -- see phases_pick.h.
 *
 * Laws are over ids in the order of birth, from the oldest that may be alive to the newest.  Where
 * deletes have left holes, a draw that meets one is repeated a few times, and then the next live
 * record in the order of keys is taken, so that no law waits long for the last record alive.
 * `sequential` walks in the order of keys instead.
 */
#include "workloads/phases_pick.h"

enum { TRIES = 8, STEPS_DOWN_MAX = 64 };

void tl_picker_begin(const tl_phases *w, tl_picker *picker, const tl_law *law, uint64_t stream,
                     uint32_t share)
{
    uint64_t count = w->newest - w->oldest, seed = tl_stream(w->seed, stream);
    *picker = (tl_picker){.first = w->oldest, .count = count, .seed = seed, .made = count > 0};
    picker->chooser.law = *law;
    if (count > 0)
        tl_chooser_init(&picker->chooser, law, count, seed);
    if (share > 0) /* the permutations of all shares are the same, their draws are not */
        tl_dice_init(&picker->chooser.dice, tl_stream(seed, 1000 + share));
    if (law->kind == TL_LAW_SEQUENTIAL) {
        uint64_t start = w->population.capacity / w->step->threads * share;
        picker->cursor = law->descending ? w->population.capacity - 1 - start : start;
    }
}

/* An id between oldest and newest, which differ. */
static uint64_t draw_id(tl_phases *w, tl_picker *picker)
{
    uint64_t count = w->newest - w->oldest;
    bool fixed = picker->chooser.law.kind == TL_LAW_SHUFFLED ||
                 picker->chooser.law.kind == TL_LAW_SCRAMBLED_ZIPF;
    if (!picker->made) { /* the phase began with nothing */
        tl_law law = picker->chooser.law;
        tl_chooser_init(&picker->chooser, &law, count, picker->seed);
        picker->first = w->oldest;
        picker->count = count;
        picker->made = true;
    }
    if (!fixed)
        return w->oldest + tl_chooser_draw(&picker->chooser, count);
    return picker->first + tl_chooser_draw(&picker->chooser, picker->count);
}

static bool live_id(const tl_phases *w, uint64_t id, uint64_t *number)
{
    *number = tl_places_number(&w->places, id);
    return tl_population_live(&w->population, *number);
}

static uint64_t pick_sequential(tl_phases *w, tl_picker *picker)
{
    uint64_t capacity = w->population.capacity;
    if (picker->chooser.law.descending) {
        uint64_t number = tl_population_previous(&w->population, picker->cursor);
        picker->cursor = number == 0 ? capacity - 1 : number - 1;
        return number;
    }
    uint64_t number = tl_population_next(&w->population, picker->cursor);
    picker->cursor = number + 1 == capacity ? 0 : number + 1;
    return number;
}

/* By birth, round and round; ends, since one is alive. */
static uint64_t pick_oldest(tl_phases *w, tl_picker *picker)
{
    uint64_t number;
    do {
        if (picker->cursor < w->oldest || picker->cursor >= w->newest)
            picker->cursor = w->oldest;
    } while (!live_id(w, picker->cursor++, &number));
    picker->cursor--; /* alive still: a get may meet it again */
    return number;
}

/* The youngest, or one born `lag` before the newest birth; downwards from there. */
static uint64_t pick_young(tl_phases *w, uint64_t id)
{
    uint64_t number = 0;
    for (int step = 0; step < STEPS_DOWN_MAX && id + 1 > w->oldest; step++, id--) {
        if (live_id(w, id, &number))
            return number;
        if (id == 0)
            break;
    }
    return tl_population_previous(&w->population, number);
}

static uint64_t pick_newest(tl_phases *w)
{
    uint64_t number;
    if (w->top >= w->newest)
        w->top = w->newest - 1;
    while (!live_id(w, w->top, &number) && w->top > w->oldest)
        w->top--;
    return pick_young(w, w->top);
}

/* Each id of the permutation once, those that are dead passed over. */
static uint64_t pick_shuffled(tl_phases *w, tl_picker *picker)
{
    uint64_t number = 0;
    for (uint64_t i = 0; i <= picker->count; i++)
        if (live_id(w, draw_id(w, picker), &number))
            return number;
    return tl_population_next(&w->population, number); /* all of them are dead, younger ones live */
}

bool tl_pick_live(tl_phases *w, tl_picker *picker, uint64_t *number)
{
    const tl_law *law = &picker->chooser.law;
    if (w->population.live_count == 0)
        return false;
    switch (law->kind) {
    case TL_LAW_SEQUENTIAL:
        *number = pick_sequential(w, picker);
        return true;
    case TL_LAW_OLDEST:
        *number = pick_oldest(w, picker);
        return true;
    case TL_LAW_NEWEST:
        *number = pick_newest(w);
        return true;
    case TL_LAW_LAG:
        *number = pick_young(w, w->newest - 1 - w->oldest > law->lag ? w->newest - 1 - law->lag
                                                                     : w->oldest);
        return true;
    case TL_LAW_SHUFFLED:
        *number = pick_shuffled(w, picker);
        return true;
    default:
        break;
    }
    for (int i = 0; i < TRIES; i++)
        if (live_id(w, draw_id(w, picker), number))
            return true;
    *number = tl_population_next(&w->population, *number);
    return true;
}

bool tl_pick_any(tl_phases *w, tl_picker *picker, uint64_t *number)
{
    uint64_t capacity = w->population.capacity;
    if (w->newest == w->oldest)
        return false;
    if (picker->chooser.law.kind == TL_LAW_SEQUENTIAL) {
        *number = picker->cursor;
        if (picker->chooser.law.descending)
            picker->cursor = *number == 0 ? capacity - 1 : *number - 1;
        else
            picker->cursor = *number + 1 == capacity ? 0 : *number + 1;
        return true;
    }
    *number = tl_places_number(&w->places, draw_id(w, picker));
    return true;
}
