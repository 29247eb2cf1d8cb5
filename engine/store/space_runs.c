/* engine/store/space_runs.c -- pages side by side: taken, given up, kept for the log; see space.h.
 *
 * Everything here costs a word of a bitmap for 64 pages, not a step for each.
 */
#include "engine/base/mutant.h"
#include "engine/page/zone.h"
#include "engine/store/space.h"

#include <assert.h>

void tl_space_set_live_run(tl_space *space, uint32_t pgno, uint32_t count, bool live)
{
    if (live)
        tl_bitmap_set_run(&space->live, pgno, count);
    else
        tl_bitmap_clear_run(&space->live, pgno, count);
    space->zones.at[pgno / tl_zone_pages(space->page_bytes)].dirty = true; /* a run has one zone */
}

void tl_space_clear_busy_run(tl_space *space, uint32_t pgno, uint32_t count)
{
    tl_bitmap_clear_run(&space->busy, pgno, count);
    space->free_count += count;
    space->policy->freed(space, pgno, count);
}

static void set_busy_run(tl_space *space, uint32_t pgno, uint32_t count)
{
    tl_bitmap_set_run(&space->busy, pgno, count);
    space->free_count -= count;
}

static bool run_is_free(const tl_space *space, uint32_t pgno, uint32_t count)
{
    return pgno < space->page_count && count != 0 && count <= space->page_count - pgno &&
           tl_bitmap_next_one(&space->busy, pgno, pgno + count) == TL_BITMAP_NONE;
}

uint32_t tl_space_find(tl_space *space, uint32_t count)
{
    if (!space->lowest_first)
        return space->policy->find(space, count);
    return count == 1 ? tl_bitmap_first_zero(&space->busy, space->page_count)
                      : tl_bitmap_find_run(&space->busy, 0, space->page_count, count);
}

tl_status tl_space_secure_runs(tl_space *space, size_t count)
{
    tl_status status = tl_vector_reserve(&space->edits.freed, space->memory, count);
    if (status == TL_OK)
        status = tl_vector_reserve(&space->edits.loose_runs, space->memory, count);
    if (status == TL_OK)
        status = tl_vector_reserve(&space->edits.retiring, space->memory, count);
    return status;
}

/* The first loose run that is long enough; its front part is taken. */
static uint32_t take_loose_run(tl_space *space, uint32_t count)
{
    for (size_t i = space->edits.loose_runs.count; i-- > space->floor.loose_runs;) {
        tl_space_run *run = &space->edits.loose_runs.at[i];
        if (run->count < count)
            continue;
        uint32_t pgno = run->pgno;
        run->pgno += count;
        run->count -= count;
        if (run->count == 0)
            *run = space->edits.loose_runs.at[--space->edits.loose_runs.count];
        space->edits.loose_run_pages -= count;
        space->stats->loose_reuse += count;
        return pgno;
    }
    return TL_BITMAP_NONE;
}

uint32_t tl_space_take_run(tl_space *space, uint32_t count)
{
    if (count == 1) { /* as any page */
        if (tl_space_available(space) == 0)
            return TL_BITMAP_NONE;
        uint32_t page = tl_space_take(space);
        tl_space_clear_dirty_run(space, page, 1);
        return page;
    }
    uint32_t pgno = take_loose_run(space, count);
    if (pgno == TL_BITMAP_NONE) {
        pgno = tl_space_find(space, count);
        if (pgno == TL_BITMAP_NONE)
            return pgno;
        set_busy_run(space, pgno, count);
        tl_vector_push(&space->edits.born, ((tl_space_run){pgno, count}));
        space->stats->run_alloc++;
        space->stats->run_alloc_pages += count;
    }
    tl_space_set_live_run(space, pgno, count, true);
    tl_space_note_taken(space, pgno);
    return pgno;
}

uint32_t tl_space_longest_run(const tl_space *space)
{
    uint32_t longest = 0, at = 0;
    for (size_t i = space->floor.loose_runs; i < space->edits.loose_runs.count; i++)
        if (space->edits.loose_runs.at[i].count > longest)
            longest = space->edits.loose_runs.at[i].count;
    for (;;) { /* ends: `at` moves behind a run every round */
        uint32_t begin = tl_bitmap_next_zero(&space->busy, at, space->page_count);
        if (begin == TL_BITMAP_NONE)
            return longest;
        uint32_t end = tl_bitmap_next_one(&space->busy, begin, space->page_count);
        at = end == TL_BITMAP_NONE ? space->page_count : end;
        if (at - begin > longest)
            longest = at - begin;
    }
}

void tl_space_drain_recycled(tl_space *space)
{
    for (size_t i = 0; i < space->recycled.count; i++)
        tl_space_clear_busy_run(space, space->recycled.at[i], 1);
    space->recycled.count = 0;
}

/* Set or clear the bits of a run in `dirty` or `dirty_raw`. */
static void mark_run(tl_space *space, tl_bitmap *map, uint32_t pgno, uint32_t count, bool dirty)
{
    uint32_t first = pgno >> 6, last = (pgno + count - 1) >> 6;
    uint64_t before = 0, after = 0; /* words at the ends hold other pages too */
    for (uint32_t word = first; word <= last; word++)
        before += (unsigned)__builtin_popcountll(map->words[word]);
    if (dirty)
        tl_bitmap_set_run(map, pgno, count);
    else
        tl_bitmap_clear_run(map, pgno, count);
    for (uint32_t word = first; word <= last; word++)
        after += (unsigned)__builtin_popcountll(map->words[word]);
    space->dirty_count += after - before;
}

void tl_space_set_dirty_raw(tl_space *space, uint32_t pgno, uint32_t count, bool dirty)
{
    mark_run(space, &space->dirty_raw, pgno, count, dirty);
}

void tl_space_clear_dirty_run(tl_space *space, uint32_t pgno, uint32_t count)
{
    mark_run(space, &space->dirty, pgno, count, false);
    mark_run(space, &space->dirty_raw, pgno, count, false);
}

bool tl_space_is_named(const tl_space *space, uint32_t pgno, uint64_t birth)
{
    return birth > space->ckpt_txn && !tl_bitmap_get(&space->dirty_raw, pgno);
}

void tl_space_give_run(tl_space *space, uint32_t pgno, uint32_t count, uint64_t birth, bool mine,
                       bool named)
{
    tl_space_set_live_run(space, pgno, count, false);
    tl_freed run = {pgno, count, birth};
    if (named) {
        tl_vector_push(&space->edits.retiring, ((tl_retired){.run = run}));
    } else if (mine) {
        tl_space_clear_dirty_run(space, pgno, count);
        tl_vector_push(&space->edits.loose_runs, ((tl_space_run){pgno, count}));
        space->edits.loose_run_pages += count;
    } else {
        tl_vector_push(&space->edits.freed, run);
    }
}

void tl_space_runs_commit(tl_space *space, uint64_t txn)
{
    for (size_t i = 0; i < space->edits.loose_runs.count; i++)
        tl_space_clear_busy_run(space, space->edits.loose_runs.at[i].pgno,
                                space->edits.loose_runs.at[i].count);
    for (size_t i = 0; i < space->edits.retiring.count; i++) {
        tl_retired *gone = &space->edits.retiring.at[i];
        gone->death = txn;
        tl_space_clear_dirty_run(space, gone->run.pgno, gone->run.count);
        if (tl_vector_reserve(&space->retired, space->memory, 1) != TL_OK)
            continue; /* busy until the next open, which finds it free */
        tl_vector_push(&space->retired, *gone);
        space->retired_pages += gone->run.count;
    }
    space->edits.loose_runs.count = space->edits.retiring.count = 0;
    space->edits.loose_run_pages = 0;
}

void tl_space_release_retired(tl_space *space, uint64_t txn)
{
    size_t kept = 0;
    space->ckpt_txn = txn;
    for (size_t i = 0; i < space->retired.count; i++) {
        tl_retired gone = space->retired.at[i];
        if (gone.death > txn) {
            space->retired.at[kept++] = gone;
            continue;
        }
        space->retired_pages -= gone.run.count;
        if (TL_MUTANT(retired_past_reader))
            tl_space_clear_busy_run(space, gone.run.pgno, gone.run.count);
        else
            tl_space_bury(space, gone.run, gone.death); /* a reader may still see it */
    }
    space->retired.count = kept;
}

tl_status tl_space_reserve_run(tl_space *space, uint32_t pgno, uint32_t count)
{
    if (!run_is_free(space, pgno, count))
        return TL_CORRUPT;
    tl_status status = tl_vector_reserve(&space->reserved, space->memory, 1);
    if (status != TL_OK)
        return status;
    tl_vector_push(&space->reserved, ((tl_space_run){pgno, count}));
    set_busy_run(space, pgno, count);
    return TL_OK;
}

tl_status tl_space_adopt_run(tl_space *space, uint32_t pgno, uint32_t count)
{
    if (space->adopted_count == space->reserved.count)
        return TL_CORRUPT;
    tl_space_run next = space->reserved.at[space->adopted_count];
    if (next.pgno != pgno || next.count != count)
        return TL_CORRUPT;
    tl_status status = tl_vector_reserve(&space->edits.born, space->memory, 1);
    if (status != TL_OK)
        return status;
    space->adopted_count++;
    tl_vector_push(&space->edits.born, next);
    tl_space_set_live_run(space, pgno, count, true);
    return TL_OK;
}

void tl_space_reservations_end(tl_space *space)
{
    for (size_t i = space->adopted_count; i < space->reserved.count; i++) {
        tl_space_run run = space->reserved.at[i];
        if (TL_MUTANT(leak_on_recovery)) {
            tl_space_set_live_run(space, run.pgno, run.count, true);
            continue;
        }
        if (tl_vector_reserve(&space->retired, space->memory, 1) != TL_OK)
            continue; /* busy until the next open */
        tl_vector_push(&space->retired, ((tl_retired){
                                            .run = {run.pgno, run.count, 0}
        }));
        space->retired_pages += run.count;
    }
    space->reserved.count = space->adopted_count = 0;
}
