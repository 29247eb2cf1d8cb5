/* harness/check/enumerate_draw.c -- the tiers that look at states one by one. */
#include "harness/check/enumerate_body.h"

#include <stdlib.h>

enum { OUTCOMES_EACH_MAX = 64, SAMPLES_A_ROUND = 16, SAMPLES_A_POINT = 64 };

/* Look at one state when it is this shard's. */
static tl_status state(tl_enumerator *on, uint64_t outcome, tl_pick pick, uint64_t number)
{
    if (on->stopped || (on->nest == NULL && !tl_enumerator_takes(on)))
        return TL_OK; /* of first crashes only those unlike others are shared out */
    tl_state_id where = {.profile = on->options->profile,
                         .point = tl_pending_at(on->pending),
                         .outcome = outcome,
                         .pick = pick,
                         .number = number};
    return tl_enumerate_state(on, &where);
}

tl_status tl_enumerate_ends(tl_enumerator *on)
{
    tl_status status = state(on, tl_pending_newest_outcome(on->pending), TL_PICK_NEWEST, 0);
    return status == TL_OK ? state(on, 0, TL_PICK_OLDEST, 0) : status;
}

static int by_number(const void *one, const void *other)
{
    size_t a = *(const size_t *)one, b = *(const size_t *)other;
    return (a > b) - (a < b);
}

/* The operations that an open sector of the newest outcome may lose, ascending. */
static tl_status pending_ops(tl_enumerator *on, size_t **ops, size_t *op_count)
{
    uint32_t mark = tl_simdisk_mark(on->state_disk);
    tl_status status =
        tl_pending_show(on->pending, tl_pending_newest_outcome(on->pending), &on->possible);
    tl_simdisk_release(on->state_disk, mark);
    *ops = status == TL_OK ? malloc((on->possible.version_count + 1) * sizeof **ops) : NULL;
    if (status != TL_OK || *ops == NULL)
        return status == TL_OK ? TL_NO_MEMORY : status;
    size_t count = 0, kept = 0;
    for (uint32_t v = 0; v < on->possible.version_count; v++)
        count += tl_pending_maker(on->pending, on->possible.logged[v], &(*ops)[count]);
    qsort(*ops, count, sizeof **ops, by_number);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || (*ops)[i] != (*ops)[i - 1])
            (*ops)[kept++] = (*ops)[i];
    }
    *op_count = kept;
    return TL_OK;
}

/* Each operation dropped alone, and kept alone: under the oldest names and sizes, and the newest.
 */
static tl_status each_operation(tl_enumerator *on)
{
    uint64_t newest = tl_pending_newest_outcome(on->pending);
    size_t *ops = NULL, op_count = 0;
    tl_status status = pending_ops(on, &ops, &op_count);
    for (size_t i = 0; i < op_count && status == TL_OK; i++) {
        status = state(on, newest, TL_PICK_DROP, ops[i]);
        if (status == TL_OK)
            status = state(on, newest, TL_PICK_KEEP, ops[i]);
        if (status == TL_OK && newest != 0)
            status = state(on, 0, TL_PICK_KEEP, ops[i]);
    }
    free(ops);
    return status;
}

tl_status tl_enumerate_exists(tl_enumerator *on, const tl_state_id *where, bool *exists)
{
    const tl_simdisk *disk = on->trace->disk;
    size_t op_count = tl_simdisk_op_count(disk), *ops = NULL, pending_count = 0;
    bool tears = where->pick == TL_PICK_TEAR || where->pick == TL_PICK_TEAR_BARE;
    *exists = true;
    if (tears) {
        const tl_simdisk_op *op =
            where->point < op_count ? tl_simdisk_op_at(disk, where->point) : NULL;
        *exists = op != NULL && op->kind == TL_SIMDISK_WRITE && where->number >= 1 &&
                  where->number <= op->sector_count;
    }
    if (!tears && where->pick != TL_PICK_DROP && where->pick != TL_PICK_KEEP)
        return TL_OK;
    tl_status status = pending_ops(on, &ops, &pending_count);
    bool pending = false; /* a tear is one of the operation in flight */
    for (size_t i = 0; i < pending_count; i++)
        pending |= ops[i] == (tears ? where->point : where->number);
    *exists = *exists && pending;
    free(ops);
    return status;
}

static tl_status each_tear(tl_enumerator *on)
{
    size_t at = tl_pending_at(on->pending);
    if (at == tl_simdisk_op_count(on->trace->disk))
        return TL_OK;
    const tl_simdisk_op *op = tl_simdisk_op_at(on->trace->disk, at);
    uint64_t newest = tl_pending_newest_outcome(on->pending);
    tl_status status = TL_OK;
    for (uint32_t n = 1; op->kind == TL_SIMDISK_WRITE && n <= op->sector_count && status == TL_OK;
         n++) {
        if (n < op->sector_count)
            status = state(on, newest, TL_PICK_TEAR, n);
        if (status == TL_OK)
            status = state(on, newest, TL_PICK_TEAR_BARE, n);
        if (status == TL_OK && newest != 0)
            status = state(on, 0, TL_PICK_TEAR_BARE, n);
    }
    return status;
}

static tl_status both_ends(tl_enumerator *on, uint64_t outcome)
{
    tl_status status = state(on, outcome, TL_PICK_NEWEST, 0);
    return status == TL_OK ? state(on, outcome, TL_PICK_OLDEST, 0) : status;
}

/* Each prefix of a journal, with the oldest sizes that go with it and the newest. */
static tl_status each_prefix(tl_enumerator *on)
{
    uint32_t count = tl_pending_prefix_count(on->pending);
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < count && status == TL_OK; i++) {
        uint64_t oldest = tl_pending_prefix_outcome(on->pending, i);
        uint64_t end = i + 1 < count ? tl_pending_prefix_outcome(on->pending, i + 1)
                                     : tl_pending_outcome_count(on->pending);
        status = both_ends(on, oldest);
        if (status == TL_OK && end - oldest > 1)
            status = both_ends(on, end - 1);
    }
    return status;
}

/* Names and sizes each by themselves: all of them, or some, evenly spread. */
static tl_status each_outcome(tl_enumerator *on)
{
    uint64_t count = tl_pending_outcome_count(on->pending);
    uint64_t looked_at = count <= OUTCOMES_EACH_MAX ? count : OUTCOMES_EACH_MAX;
    tl_status status = TL_OK;
    for (uint64_t i = 0; i < looked_at && status == TL_OK; i++)
        status = both_ends(on, count / looked_at * i);
    return status;
}

tl_status tl_enumerate_singles(tl_enumerator *on)
{
    bool ordered =
        on->options->profile == TL_PROFILE_SIGKILL || on->options->profile == TL_PROFILE_PREFIX;
    if (ordered) { /* an outcome is a state: its cuts and tears are all there is */
        tl_status status = TL_OK;
        uint64_t count = tl_pending_outcome_count(on->pending);
        for (uint64_t i = 0; i < count && status == TL_OK && !on->stopped;
             i = tl_pending_next_whole(on->pending, i))
            status = state(on, i, TL_PICK_NEWEST, 0);
        return status;
    }
    tl_status status = tl_enumerate_ends(on);
    if (status == TL_OK && on->options->profile == TL_PROFILE_JOURNAL &&
        tl_pending_outcome_count(on->pending) > OUTCOMES_EACH_MAX)
        status = each_prefix(on);
    else if (status == TL_OK)
        status = each_outcome(on);
    if (status == TL_OK)
        status = each_operation(on);
    return status == TL_OK ? each_tear(on) : status;
}

/* Samples from, from + step, ... below `to`, at the point the walk is at. */
static tl_status samples_here(tl_enumerator *on, uint64_t from, uint64_t to, uint64_t step)
{
    tl_status status = TL_OK;
    for (uint64_t number = from; number < to && status == TL_OK && !on->stopped; number += step)
        status = state(on, tl_enumerate_sample_outcome(on, number), TL_PICK_SAMPLE, number);
    return status;
}

/* Samples [from, to) of every point. */
static tl_status samples_round(tl_enumerator *on, uint64_t from, uint64_t to)
{
    size_t op_count = tl_simdisk_op_count(on->trace->disk);
    tl_status status = tl_pending_rewind(on->pending);
    for (size_t point = on->options->point_first;
         point <= tl_enumerator_last_point(on) && status == TL_OK && !on->stopped; point++) {
        status = tl_pending_to(on->pending, point);
        if (status == TL_OK)
            status = samples_here(on, from, to, 1);
        if (status == TL_OK && on->options->on_progress != NULL)
            on->options->on_progress(on->options->context, point, op_count + 1);
    }
    return status;
}

/* The same, once for each finished sync or write through as the one that did nothing: its number is
 * in the sample's.
 */
static tl_status lies_round(tl_enumerator *on, uint64_t from, uint64_t to)
{
    size_t op_count = tl_simdisk_op_count(on->trace->disk);
    uint64_t step = op_count + 1;
    tl_status status = TL_OK;
    for (size_t sync = 0; sync < op_count && status == TL_OK && !on->stopped; sync++) {
        if (!tl_simdisk_op_syncs(tl_simdisk_op_at(on->trace->disk, sync)))
            continue;
        tl_pending_leave_out(on->pending, sync);
        status = tl_pending_rewind(on->pending);
        for (size_t point = sync + 1; point <= op_count && status == TL_OK && !on->stopped;
             point++) {
            status = tl_pending_to(on->pending, point);
            if (status == TL_OK)
                status = samples_here(on, from * step + sync, to * step + sync, step);
        }
        if (status == TL_OK && on->options->on_progress != NULL)
            on->options->on_progress(on->options->context, sync, op_count + 1);
    }
    return status;
}

tl_status tl_enumerate_samples(tl_enumerator *on)
{
    bool liar = on->options->profile == TL_PROFILE_LIAR;
    bool bounded = on->options->states_max != 0 || on->options->budget_ns != 0;
    uint64_t width = liar ? 1 : SAMPLES_A_ROUND;
    uint64_t last = liar ? 4 : SAMPLES_A_POINT; /* with a bound, until it stops us */
    tl_status status = TL_OK;
    bool any = true; /* a trace without a finished sync has no lie to draw */
    for (uint64_t from = 0; (bounded || from < last) && status == TL_OK && any && !on->stopped;
         from += width) {
        uint64_t before = on->unit;
        status = liar ? lies_round(on, from, from + width) : samples_round(on, from, from + width);
        any = on->unit != before;
    }
    on->result->points = tl_simdisk_op_count(on->trace->disk) + 1;
    return status;
}
