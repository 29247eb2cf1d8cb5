/* engine/store/space.c -- see space.h. */
#include "engine/store/space.h"
#include "engine/base/bytes.h"
#include "engine/base/mutant.h"
#include "engine/page/zone.h"

#include <assert.h>

tl_status tl_space_open(tl_space *space, tl_memory *memory, tl_stats *stats, uint32_t page_bytes,
                        size_t pin_capacity)
{
    memset(space, 0, sizeof *space);
    space->memory = memory;
    space->stats = stats;
    space->page_bytes = page_bytes;
    space->policy = tl_space_policy_find("simple");
    return tl_vector_reserve(&space->pins, memory, pin_capacity);
}

static void edits_release(tl_space_edits *edits, tl_memory *memory)
{
    tl_vector_release(&edits->loose, memory);
    tl_vector_release(&edits->born, memory);
    tl_vector_release(&edits->freed, memory);
    tl_vector_release(&edits->loose_runs, memory);
    tl_vector_release(&edits->retiring, memory);
}

void tl_space_close(tl_space *space)
{
    tl_memory *memory = space->memory;
    if (memory == NULL)
        return; /* never opened */
    tl_bitmap_release(&space->live, memory);
    tl_bitmap_release(&space->busy, memory);
    tl_bitmap_release(&space->dirty, memory);
    tl_bitmap_release(&space->dirty_raw, memory);
    space->policy->close(space);
    tl_vector_release(&space->retired, memory);
    tl_vector_release(&space->reserved, memory);
    edits_release(&space->edits, memory);
    edits_release(&space->side, memory);
    tl_vector_release(&space->since, memory);
    tl_vector_release(&space->recycled, memory);
    for (size_t i = 0; i < space->pins.count; i++)
        tl_vector_release(&space->pins.at[i].dead, memory);
    tl_vector_release(&space->pins, memory);
    tl_vector_release(&space->zones, memory);
}

static void mark_zone_dirty(tl_space *space, uint32_t pgno)
{
    space->zones.at[pgno / tl_zone_pages(space->page_bytes)].dirty = true;
}

void tl_space_set_live(tl_space *space, uint32_t pgno, bool live)
{
    if (live)
        tl_bitmap_set(&space->live, pgno);
    else
        tl_bitmap_clear(&space->live, pgno);
    mark_zone_dirty(space, pgno);
}

static void set_busy(tl_space *space, uint32_t pgno)
{
    tl_bitmap_set(&space->busy, pgno);
    space->free_count--;
}

static void clear_busy(tl_space *space, uint32_t pgno)
{
    tl_space_clear_busy_run(space, pgno, 1);
}

static void set_dirty(tl_space *space, uint32_t pgno, bool dirty)
{
    if (dirty == tl_bitmap_get(&space->dirty, pgno))
        return;
    if (dirty)
        tl_bitmap_set(&space->dirty, pgno);
    else
        tl_bitmap_clear(&space->dirty, pgno);
    space->dirty_count += dirty ? 1 : UINT64_MAX;
}

/* Metas and zone slots are never free. */
static void reserve_fixed_pages(tl_space *space, uint32_t from, uint32_t to)
{
    uint32_t metas = tl_meta_pages(space->page_bytes),
             zone_pages = tl_zone_pages(space->page_bytes);
    for (uint32_t pgno = from; pgno < metas && pgno < to; pgno++) {
        tl_space_set_live(space, pgno, true);
        set_busy(space, pgno);
    }
    for (uint32_t zone = from / zone_pages; (uint64_t)zone * zone_pages < to; zone++)
        for (unsigned slot = 0; slot < 2; slot++) {
            uint32_t pgno = tl_zone_slot_pgno(space->page_bytes, zone, slot);
            if (pgno >= from && pgno < to) {
                tl_space_set_live(space, pgno, true);
                set_busy(space, pgno);
            }
        }
}

/* Pages that are not there yet were never taken. */
static tl_status since_cover(tl_space *space, uint32_t page_count)
{
    size_t old = space->since.count;
    if (old >= page_count)
        return TL_OK;
    tl_status status = tl_vector_reserve(&space->since, space->memory, page_count - old);
    if (status != TL_OK)
        return status;
    memset(space->since.at + old, 0, (page_count - old) * sizeof *space->since.at);
    space->since.count = page_count;
    return TL_OK;
}

tl_status tl_space_extend(tl_space *space, uint32_t page_count)
{
    uint32_t old = space->page_count, zones = tl_zone_count(space->page_bytes, page_count);
    tl_status status = tl_bitmap_reserve(&space->live, space->memory, page_count);
    if (status == TL_OK)
        status = tl_bitmap_reserve(&space->busy, space->memory, page_count);
    if (status == TL_OK)
        status = tl_bitmap_reserve(&space->dirty, space->memory, page_count);
    if (status == TL_OK && space->since.count != 0)
        status = since_cover(space, page_count);
    if (status == TL_OK)
        status = tl_bitmap_reserve(&space->dirty_raw, space->memory, page_count);
    if (status == TL_OK)
        status = tl_vector_reserve(&space->zones, space->memory, zones - space->zones.count);
    if (status != TL_OK)
        return status;
    while (space->zones.count < zones)
        tl_vector_push(&space->zones, ((tl_zone_state){.slot = 1, .dirty = true}));
    space->page_count = page_count;
    space->free_count += page_count - old;
    reserve_fixed_pages(space, old, page_count);
    space->policy->added(space, old, page_count - old);
    return TL_OK;
}

void tl_space_load_zone(tl_space *space, uint32_t zone_no, const uint8_t *zone_page, unsigned slot)
{
    uint32_t zone_pages = tl_zone_pages(space->page_bytes), base = zone_no * zone_pages;
    uint32_t covered =
        space->page_count - base < zone_pages ? space->page_count - base : zone_pages;
    uint32_t used_before = tl_bitmap_count(&space->busy, base + covered);
    for (uint32_t word = 0; word * 64 < covered; word++) {
        uint64_t bits = tl_load64(zone_page + TL_PAGE_HEADER_BYTES + 8 * (size_t)word);
        if (covered - word * 64 < 64)
            bits &= (UINT64_C(1) << (covered - word * 64)) - 1;
        bits |= space->live.words[base / 64 + word]; /* fixed pages, whatever the file says */
        tl_bitmap_store_word(&space->live, base / 64 + word, bits);
        tl_bitmap_store_word(&space->busy, base / 64 + word, bits);
    }
    space->free_count -= tl_bitmap_count(&space->busy, base + covered) - used_before;
    space->zones.at[zone_no] = (tl_zone_state){.epoch = tl_zone_epoch(zone_page),
                                               .crc = tl_load32(zone_page + TL_AT_CRC),
                                               .slot = (uint8_t)slot,
                                               .stored = true,
                                               .dirty = false};
}

tl_status tl_space_secure(tl_space *space, size_t count)
{
    tl_status status = tl_vector_reserve(&space->edits.born, space->memory, count);
    if (status == TL_OK)
        status = tl_vector_reserve(&space->edits.freed, space->memory, count);
    if (status == TL_OK)
        status = tl_vector_reserve(&space->edits.loose, space->memory, count);
    return status;
}

/* Seldom, so it stays out of the way of all others. */
static __attribute__((noinline)) uint32_t hold_found(tl_space *space)
{
    uint32_t pgno = tl_space_find(space, 1);
    assert(pgno != TL_BITMAP_NONE);
    set_busy(space, pgno);
    space->stats->bitmap_alloc++;
    return pgno;
}

uint32_t tl_space_hold(tl_space *space)
{
    if (space->recycled.count == 0)
        return hold_found(space);
    space->stats->recycle_reuse++;
    return space->recycled.at[--space->recycled.count];
}

/* The last page of a loose run; it is among the born already. */
static uint32_t take_from_loose_run(tl_space *space)
{
    tl_space_edits *edits = &space->edits;
    tl_space_run *run = &edits->loose_runs.at[edits->loose_runs.count - 1];
    uint32_t pgno = run->pgno + --run->count;
    edits->loose_runs.count -= run->count == 0;
    edits->loose_run_pages--;
    space->stats->loose_reuse++;
    return pgno;
}

uint32_t tl_space_take(tl_space *space)
{
    uint32_t pgno;
    if (space->edits.loose.count > space->floor.loose) {
        pgno = space->edits.loose.at[--space->edits.loose.count];
        space->stats->loose_reuse++; /* already among the born */
    } else if (space->edits.loose_runs.count > space->floor.loose_runs) {
        pgno = take_from_loose_run(space);
    } else {
        pgno = tl_space_hold(space);
        tl_vector_push(&space->edits.born, ((tl_space_run){pgno, 1}));
    }
    tl_space_set_live(space, pgno, true);
    set_dirty(space, pgno, true);
    tl_space_note_taken(space, pgno);
    return pgno;
}

void tl_space_give(tl_space *space, uint32_t pgno, uint64_t birth, bool mine)
{
    tl_space_set_live(space, pgno, false);
    if (mine || TL_MUTANT(reuse_freed_at_once)) {
        set_dirty(space, pgno, false);
        tl_vector_push(&space->edits.loose, pgno);
    } else {
        tl_vector_push(&space->edits.freed, ((tl_freed){pgno, 1, birth}));
    }
}

/* A page that nobody can see: onto the recycled stack, or to the bitmap when memory is short. */
static void recycle(tl_space *space, uint32_t pgno)
{
    bool room = tl_vector_reserve(&space->recycled, space->memory, 1) == TL_OK;
    if (room)
        tl_vector_push(&space->recycled, pgno);
    if (!room || TL_MUTANT(free_twice))
        clear_busy(space, pgno);
}

void tl_space_unhold(tl_space *space, uint32_t pgno)
{
    recycle(space, pgno);
}

/* Hang freed pages on the newest of the first `pin_count` pins, if that one can see them. */
static void bury(tl_space *space, size_t pin_count, tl_freed freed)
{
    tl_pin *newest = pin_count == 0 ? NULL : &space->pins.at[pin_count - 1];
    if (newest == NULL || newest->txn < freed.birth) {
        if (freed.count == 1)
            recycle(space, freed.pgno);
        else
            tl_space_clear_busy_run(space, freed.pgno, freed.count);
    } else if (tl_vector_reserve(&newest->dead, space->memory, 1) == TL_OK) {
        tl_vector_push(&newest->dead, freed);
        newest->page_count += freed.count;
        space->pinned_count += freed.count;
    } /* else: memory is short; the pages stay busy until the next open, which finds them free */
}

static size_t pin_find(const tl_space *space, uint64_t txn)
{
    size_t i = 0;
    while (i < space->pins.count && space->pins.at[i].txn < txn)
        i++;
    return i;
}

static bool contains(const uint64_t *pins, size_t pin_count, uint64_t txn)
{
    for (size_t i = 0; i < pin_count; i++)
        if (pins[i] == txn)
            return true;
    return false;
}

static void pin_end(tl_space *space, size_t index)
{
    tl_pin ended = space->pins.at[index];
    memmove(&space->pins.at[index], &space->pins.at[index + 1],
            (space->pins.count - index - 1) * sizeof ended);
    space->pins.count--;
    space->pinned_count -= ended.page_count;
    for (size_t i = 0; i < ended.dead.count; i++)
        bury(space, index, ended.dead.at[i]);
    tl_vector_release(&ended.dead, space->memory);
}

void tl_space_bury(tl_space *space, tl_freed freed, uint64_t death)
{
    bury(space, pin_find(space, death), freed);
}

void tl_space_set_pins(tl_space *space, const uint64_t *pins, size_t pin_count)
{
    for (size_t i = 0; i < pin_count; i++) {
        size_t at = pin_find(space, pins[i]);
        if (at < space->pins.count && space->pins.at[at].txn == pins[i])
            continue;
        assert(space->pins.count < space->pins.capacity);
        memmove(&space->pins.at[at + 1], &space->pins.at[at],
                (space->pins.count - at) * sizeof space->pins.at[0]);
        space->pins.at[at] = (tl_pin){.txn = pins[i]};
        space->pins.count++;
    }
    for (size_t i = space->pins.count; i-- > 0;) /* newest first: pages wander to older ones */
        if (!contains(pins, pin_count, space->pins.at[i].txn))
            pin_end(space, i);
    space->stats->pages_pinned = space->pinned_count;
}

void tl_space_commit(tl_space *space, uint64_t txn, const uint64_t *pins, size_t pin_count)
{
    tl_space_set_pins(space, pins, pin_count);
    for (size_t i = 0; i < space->edits.loose.count; i++)
        recycle(space, space->edits.loose.at[i]);
    for (size_t i = 0; i < space->edits.freed.count; i++) {
        tl_freed freed = space->edits.freed.at[i];
        tl_space_clear_dirty_run(space, freed.pgno, freed.count);
        /* A pin at the committing txn itself sees the new version, not this one. */
        bury(space, pin_find(space, txn), freed);
        space->stats->pages_freed += freed.count;
    }
    space->born_last = 0;
    for (size_t i = 0; i < space->edits.born.count; i++)
        space->born_last += space->edits.born.at[i].count;
    tl_space_runs_commit(space, txn);
    space->stats->pages_pinned = space->pinned_count;
    space->edits.loose.count = space->edits.freed.count = space->edits.born.count = 0;
    space->floor = (tl_space_mark){.clock = 0};
}

/* What was given up lives again, then what was taken is free again: a page can be in both lists. */
static void undo_to(tl_space *space, const tl_space_mark *mark)
{
    tl_space_edits *edits = &space->edits;
    for (size_t i = mark->freed; i < edits->freed.count; i++)
        tl_space_set_live_run(space, edits->freed.at[i].pgno, edits->freed.at[i].count, true);
    for (size_t i = mark->retiring; i < edits->retiring.count; i++)
        tl_space_set_live_run(space, edits->retiring.at[i].run.pgno,
                              edits->retiring.at[i].run.count, true);
    for (size_t i = mark->born; i < edits->born.count; i++) {
        tl_space_run run = edits->born.at[i];
        if ((run.count > 1 || tl_bitmap_get(&space->live, run.pgno)) && !TL_MUTANT(leak_on_abort))
            tl_space_set_live_run(space, run.pgno, run.count, false);
        tl_space_clear_dirty_run(space, run.pgno, run.count);
        tl_space_clear_busy_run(space, run.pgno, run.count);
    }
    edits->born.count = mark->born;
    edits->freed.count = mark->freed;
    edits->retiring.count = mark->retiring;
    edits->loose.count = mark->loose;
    edits->loose_runs.count = mark->loose_runs;
    edits->loose_run_pages = mark->loose_run_pages;
}

void tl_space_abort(tl_space *space)
{
    static const tl_space_mark begin;
    undo_to(space, &begin);
    space->floor = begin;
}

tl_status tl_space_save(tl_space *space, tl_space_mark *mark)
{
    const tl_space_edits *edits = &space->edits;
    tl_status status = since_cover(space, space->page_count);
    if (status != TL_OK)
        return status;
    *mark = (tl_space_mark){.clock = ++space->clock,
                            .born = edits->born.count,
                            .freed = edits->freed.count,
                            .loose = edits->loose.count,
                            .loose_runs = edits->loose_runs.count,
                            .retiring = edits->retiring.count,
                            .loose_run_pages = edits->loose_run_pages};
    space->floor = *mark;
    return TL_OK;
}

void tl_space_rollback(tl_space *space, const tl_space_mark *mark, const tl_space_mark *outer)
{
    undo_to(space, mark);
    space->floor = *outer;
}

/* A page or run that waited for the savepoint's end. */
static void loosen(tl_space *space, tl_freed freed)
{
    tl_space_edits *edits = &space->edits;
    tl_space_clear_dirty_run(space, freed.pgno, freed.count);
    if (freed.count == 1) {
        tl_vector_push(&edits->loose, freed.pgno);
    } else {
        tl_vector_push(&edits->loose_runs, ((tl_space_run){freed.pgno, freed.count}));
        edits->loose_run_pages += freed.count;
    }
}

/* If there is no memory to note what becomes loose, it waits on: the commit finds it free all the
 * same. */
void tl_space_release(tl_space *space, const tl_space_mark *mark, const tl_space_mark *outer,
                      uint64_t txn)
{
    tl_space_edits *edits = &space->edits;
    size_t kept = mark->freed, count = edits->freed.count - kept;
    space->floor = *outer;
    if (tl_vector_reserve(&edits->loose, space->memory, count) != TL_OK ||
        tl_vector_reserve(&edits->loose_runs, space->memory, count) != TL_OK)
        return;
    for (size_t i = kept; i < edits->freed.count; i++) {
        tl_freed freed = edits->freed.at[i];
        if (freed.birth == txn && tl_space_is_new(space, freed.pgno))
            loosen(space, freed);
        else
            edits->freed.at[kept++] = freed;
    }
    edits->freed.count = kept;
}

static void edits_swap(tl_space *space)
{
    tl_space_edits own = space->edits;
    space->edits = space->side;
    space->side = own;
}

void tl_space_side_begin(tl_space *space)
{
    assert(space->side.born.count == 0 && space->side.freed.count == 0);
    edits_swap(space);
}

void tl_space_side_end(tl_space *space)
{
    edits_swap(space);
}

void tl_space_side_settle(tl_space *space, bool durable)
{
    edits_swap(space);
    if (durable) {
        tl_space_edits *edits = &space->edits;
        for (size_t i = 0; i < edits->loose.count; i++)
            recycle(space, edits->loose.at[i]);
        for (size_t i = 0; i < edits->freed.count; i++) { /* the catalog has no extents */
            set_dirty(space, edits->freed.at[i].pgno, false);
            recycle(space, edits->freed.at[i].pgno);
        }
        edits->loose.count = edits->freed.count = edits->born.count = 0;
    } else {
        tl_space_abort(space);
    }
    edits_swap(space);
}

void tl_space_set_dirty(tl_space *space, uint32_t pgno)
{
    set_dirty(space, pgno, true);
}

void tl_space_checkpointed(tl_space *space)
{
    tl_space_drain_recycled(space);
}

size_t tl_space_dead_count(const tl_space *space, uint64_t txn)
{
    size_t at = pin_find(space, txn);
    return at < space->pins.count && space->pins.at[at].txn == txn ? space->pins.at[at].page_count
                                                                   : 0;
}
