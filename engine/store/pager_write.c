/* engine/store/pager_write.c -- the checkpoint's part of the pager: pages and zone bitmaps.
 *
 * The crc field of a page is written in place just before the page goes out.  Nobody reads it in
 * the arena, where a writer may be copying the page at this moment: readers verified it when they
 * loaded the page, and every copy starts behind it.
 */
#include "engine/base/mutant.h"
#include "engine/base/regression.h"
#include "engine/page/manifest.h"
#include "engine/page/zone.h"
#include "engine/store/pager.h"

#include <assert.h>

enum { RUN_BYTES_MAX = 1 << 20 };

void tl_write_set_release(tl_write_set *set, tl_memory *memory)
{
    tl_bitmap_release(&set->pages, memory);
    tl_bitmap_release(&set->raw, memory);
    tl_vector_release(&set->zones, memory);
    tl_vector_release(&set->zone_pages, memory);
}

/* Put the live bits of a zone into `page`. */
static void zone_fill(const tl_pager *pager, uint32_t zone_no, uint8_t *page)
{
    uint32_t words = tl_zone_pages(pager->page_bytes) / 64;
    const tl_bitmap *live = &pager->space.live;
    memset(page, 0, pager->page_bytes);
    for (uint32_t i = 0; i < words && zone_no * words + i < live->word_capacity; i++)
        tl_store64(page + TL_PAGE_HEADER_BYTES + 8 * (size_t)i, live->words[zone_no * words + i]);
}

/* Where the next copy of a zone goes: never over the one that the durable checkpoint uses. */
static unsigned other_slot(const tl_zone_state *zone)
{
    if (TL_MUTANT(zone_over_durable_slot))
        return zone->stored ? zone->slot : 0;
    return zone->stored ? 1u - zone->slot : 0;
}

/* Copy every zone that changed; its state stays until the copy is durable. */
static uint64_t zones_copy(tl_pager *pager, tl_write_set *set, uint64_t ckpt_no)
{
    uint64_t sum = 0;
    for (uint32_t zone_no = 0; zone_no < pager->space.zones.count; zone_no++) {
        tl_zone_state *zone = &pager->space.zones.at[zone_no];
        if (!zone->dirty) {
            sum += tl_zone_mix(zone_no, zone->epoch, zone->crc);
            continue;
        }
        uint8_t *page = set->zone_pages.at + set->zone_pages.count;
        uint8_t slot = (uint8_t)other_slot(zone);
        uint32_t pgno = tl_zone_slot_pgno(pager->page_bytes, zone_no, slot);
        zone_fill(pager, zone_no, page);
        uint32_t crc = tl_zone_seal(page, pager->page_bytes, pgno, zone_no, ckpt_no);
        tl_vector_push(&set->zones, ((tl_zone_copy){zone_no, pgno, crc, slot}));
        set->zone_pages.count += pager->page_bytes;
        zone->dirty = false;
        sum += tl_zone_mix(zone_no, ckpt_no, crc);
    }
    return sum;
}

/* Move what is live of `from` to the set, but leave what the running txn gave up: should it be
 * aborted, that is still to be written. */
static void pages_move(tl_space *space, tl_bitmap *from, tl_bitmap *to)
{
    for (uint32_t pgno = 0;; pgno = (pgno | 63) + 1) {
        pgno = tl_bitmap_next_one(from, pgno, space->page_count);
        if (pgno == TL_BITMAP_NONE)
            return;
        uint32_t word = pgno >> 6;
        uint64_t dirty = from->words[word], live = space->live.words[word];
        tl_bitmap_store_word(to, word, dirty & live);
        tl_bitmap_store_word(from, word, dirty & ~live);
        space->dirty_count -= (unsigned)__builtin_popcountll(dirty & live);
    }
}

tl_status tl_write_set_take(tl_pager *pager, tl_write_set *set, uint64_t ckpt_no, uint64_t *digest)
{
    tl_space *space = &pager->space;
    size_t changed = 0;
    for (size_t i = 0; i < space->zones.count; i++)
        changed += space->zones.at[i].dirty;
    set->zones.count = set->zone_pages.count = 0;
    tl_status status = tl_bitmap_reserve(&set->pages, pager->memory, space->page_count);
    if (status == TL_OK)
        status = tl_bitmap_reserve(&set->raw, pager->memory, space->page_count);
    if (status == TL_OK)
        status = tl_vector_reserve(&set->zones, pager->memory, changed);
    if (status == TL_OK)
        status = tl_vector_reserve(&set->zone_pages, pager->memory, changed * pager->page_bytes);
    if (status != TL_OK)
        return status;
    set->page_count = space->page_count;
    set->runs = set->pages_written = 0;
    set->page_bytes = set->zone_bytes = set->value_bytes = 0;
    *digest = zones_copy(pager, set, ckpt_no);
    pages_move(space, &space->dirty, &set->pages);
    pages_move(space, &space->dirty_raw, &set->raw);
    return TL_OK;
}

tl_status tl_write_set_zones(tl_pager *pager, tl_write_set *set)
{
    for (size_t i = 0; i < set->zones.count; i++) {
        const tl_zone_copy *zone = &set->zones.at[i];
        tl_io_span span = {set->zone_pages.at + i * pager->page_bytes, pager->page_bytes};
        tl_status status = pager->io->pwritev(pager->io, pager->file,
                                              (uint64_t)zone->pgno << pager->page_shift, &span, 1);
        if (status != TL_OK)
            return tl_pager_fail(pager, status, zone->pgno, "zone %u could not be written: %s",
                                 zone->zone_no, tl_status_text(status));
        set->zone_bytes += pager->page_bytes;
    }
    return TL_OK;
}

static tl_status write_run(tl_pager *pager, tl_write_set *set, uint32_t first, uint32_t count)
{
    size_t bytes = (size_t)count << pager->page_shift;
    tl_io_span span = {tl_pager_at(pager, first), bytes};
    tl_status status =
        pager->io->pwritev(pager->io, pager->file, (uint64_t)first << pager->page_shift, &span, 1);
    if (status != TL_OK)
        return tl_pager_fail(pager, status, first, "pages %u..%u could not be written: %s", first,
                             first + count - 1, tl_status_text(status));
    set->runs++;
    set->pages_written += count;
    set->page_bytes += bytes;
    return TL_OK;
}

tl_status tl_write_set_pages(tl_pager *pager, tl_write_set *set, const _Atomic bool *stop)
{
    uint32_t most = RUN_BYTES_MAX >> pager->page_shift, first = 0, count = 0;
    for (uint32_t pgno = 0;; pgno++) {
        pgno = tl_bitmap_next_one(&set->pages, pgno, set->page_count);
        bool end = pgno == TL_BITMAP_NONE;
        if (count != 0 && (end || pgno != first + count || count == most)) {
            if (stop != NULL && atomic_load(stop))
                return TL_BUSY;
            tl_status status = write_run(pager, set, first, count);
            if (status == TL_OK && TL_REGRESSION(pages_flushed_twice))
                status = write_run(pager, set, first, count);
            if (status == TL_OK && TL_REGRESSION(page_once_in_a_million) && tl_regression_is_due())
                status = write_run(pager, set, first, 1);
            if (status != TL_OK)
                return status;
            count = 0;
        }
        if (end)
            return TL_OK;
        uint8_t *page = tl_pager_at(pager, pgno);
        tl_store32(page + TL_AT_CRC, tl_page_checksum(page, pager->page_bytes));
        if (count++ == 0)
            first = pgno;
    }
}

tl_status tl_write_set_values(tl_pager *pager, tl_write_set *set, const _Atomic bool *stop)
{
    uint32_t most = RUN_BYTES_MAX >> pager->page_shift;
    for (uint32_t pgno = 0;;) { /* ends: `pgno` moves behind a run every round */
        pgno = tl_bitmap_next_one(&set->raw, pgno, set->page_count);
        if (pgno == TL_BITMAP_NONE)
            return TL_OK;
        if (stop != NULL && atomic_load(stop))
            return TL_BUSY;
        uint32_t end = tl_bitmap_next_zero(&set->raw, pgno, set->page_count);
        end = end == TL_BITMAP_NONE ? set->page_count : end;
        end = end - pgno > most ? pgno + most : end;
        tl_io_span span = {tl_pager_at(pager, pgno), (size_t)(end - pgno) << pager->page_shift};
        tl_status status = pager->io->pwritev(pager->io, pager->file,
                                              (uint64_t)pgno << pager->page_shift, &span, 1);
        if (status != TL_OK)
            return tl_pager_fail(pager, status, pgno,
                                 "the value at page %u could not be written: %s", pgno,
                                 tl_status_text(status));
        set->value_bytes += span.size_bytes;
        pgno = end;
    }
}

uint64_t tl_write_set_count(const tl_write_set *set)
{
    return set->zones.count + (uint64_t)tl_bitmap_count(&set->pages, set->page_count) +
           tl_bitmap_count(&set->raw, set->page_count);
}

static void list_pages(const tl_pager *pager, const tl_write_set *set, const tl_bitmap *map,
                       uint8_t *manifest)
{
    for (uint32_t pgno = 0;; pgno++) {
        pgno = tl_bitmap_next_one(map, pgno, set->page_count);
        if (pgno == TL_BITMAP_NONE)
            return;
        tl_manifest_add(manifest, pager->page_bytes, pgno, tl_pager_at(pager, pgno));
    }
}

tl_status tl_write_set_manifest(tl_pager *pager, tl_write_set *set, uint32_t pgno, uint64_t ckpt_no,
                                uint32_t *crc)
{
    uint8_t *page = pager->scratch[1];
    assert(tl_write_set_count(set) <= tl_manifest_capacity(pager->page_bytes));
    tl_manifest_begin(page, pager->page_bytes, pgno, ckpt_no);
    for (size_t i = 0; i < set->zones.count; i++)
        tl_manifest_add(page, pager->page_bytes, set->zones.at[i].pgno,
                        set->zone_pages.at + i * pager->page_bytes);
    list_pages(pager, set, &set->pages, page);
    list_pages(pager, set, &set->raw, page);
    *crc = tl_manifest_seal(page, pager->page_bytes);
    tl_io_span span = {page, pager->page_bytes};
    tl_status status =
        pager->io->pwritev(pager->io, pager->file, (uint64_t)pgno << pager->page_shift, &span, 1);
    set->zone_bytes += pager->page_bytes;
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(pager, status, pgno, "manifest could not be written: %s",
                                           tl_status_text(status));
}

static void counts_fold(tl_pager *pager, const tl_write_set *set)
{
    pager->stats.ckpt_runs += set->runs;
    pager->stats.ckpt_pages += set->pages_written;
    pager->stats.page_bytes_written += set->page_bytes;
    pager->stats.zone_bytes_written += set->zone_bytes;
    pager->stats.value_bytes_written += set->value_bytes;
}

static void pages_clear(tl_bitmap *map, uint32_t page_count)
{
    for (uint32_t pgno = 0;; pgno = (pgno | 63) + 1) {
        pgno = tl_bitmap_next_one(map, pgno, page_count);
        if (pgno == TL_BITMAP_NONE)
            return;
        tl_bitmap_store_word(map, pgno >> 6, 0);
    }
}

static void set_clear(tl_write_set *set)
{
    pages_clear(&set->pages, set->page_count);
    pages_clear(&set->raw, set->page_count);
}

void tl_write_set_done(tl_pager *pager, tl_write_set *set, uint64_t ckpt_no)
{
    for (size_t i = 0; i < set->zones.count; i++) {
        const tl_zone_copy *copy = &set->zones.at[i];
        tl_zone_state *zone = &pager->space.zones.at[copy->zone_no];
        zone->slot = copy->slot;
        zone->crc = copy->crc;
        zone->epoch = ckpt_no;
        zone->stored = true;
    }
    counts_fold(pager, set);
    set_clear(set);
}

/* These pages are to be written again, as far as the set holds them. */
static void run_undo(tl_pager *pager, const tl_write_set *set, uint32_t pgno, uint32_t count)
{
    for (uint32_t end = pgno + count; pgno < end; pgno++) {
        if (tl_bitmap_get(&set->pages, pgno))
            tl_space_set_dirty(&pager->space, pgno);
        if (tl_bitmap_get(&set->raw, pgno))
            tl_space_set_dirty_raw(&pager->space, pgno, 1, true);
    }
}

/* All that is live, and what the running txn gave up: should it be aborted, that is live again. */
void tl_write_set_undo(tl_pager *pager, tl_write_set *set)
{
    const tl_space_edits *edits = &pager->space.edits;
    for (size_t i = 0; i < set->zones.count; i++)
        pager->space.zones.at[set->zones.at[i].zone_no].dirty = true;
    for (uint32_t pgno = 0; pgno < set->page_count && !TL_MUTANT(forget_failed_checkpoint);
         pgno++) {
        pgno = tl_bitmap_next_one(&pager->space.live, pgno, set->page_count);
        if (pgno == TL_BITMAP_NONE)
            break;
        run_undo(pager, set, pgno, 1);
    }
    for (size_t i = 0; i < edits->freed.count; i++)
        run_undo(pager, set, edits->freed.at[i].pgno, edits->freed.at[i].count);
    for (size_t i = 0; i < edits->retiring.count; i++)
        run_undo(pager, set, edits->retiring.at[i].run.pgno, edits->retiring.at[i].run.count);
    counts_fold(pager, set);
    set_clear(set);
}

typedef struct zone_context {
    uint32_t page_bytes, pgno, zone_no;
} zone_context;

static bool zone_verify(void *opaque, const void *bytes, size_t size_bytes)
{
    const zone_context *context = opaque;
    (void)size_bytes;
    return tl_zone_valid(bytes, context->page_bytes, context->pgno, context->zone_no);
}

/* Read one slot of a zone into `page`; *valid tells whether it is a bitmap. */
static tl_status zone_read(tl_pager *pager, uint32_t zone_no, unsigned slot, uint8_t *page,
                           bool *valid)
{
    zone_context context = {pager->page_bytes, tl_zone_slot_pgno(pager->page_bytes, zone_no, slot),
                            zone_no};
    tl_status status = pager->io->read_verified(pager->io, pager->file,
                                                (uint64_t)context.pgno << pager->page_shift, page,
                                                pager->page_bytes, zone_verify, &context);
    if (status != TL_OK && status != TL_CORRUPT)
        return tl_pager_fail(pager, status, context.pgno, "zone %u could not be read", zone_no);
    *valid = status == TL_OK;
    return TL_OK;
}

/* Of the two slots the valid one with the highest epoch that the checkpoint can know. */
static tl_status zone_choose(tl_pager *pager, uint32_t zone_no, uint64_t ckpt_no)
{
    int best = -1;
    bool leftover = false;
    for (unsigned slot = 0; slot < 2; slot++) {
        bool valid = false;
        uint8_t *page = pager->scratch[slot];
        tl_status status = zone_read(pager, zone_no, slot, page, &valid);
        if (status != TL_OK)
            return status;
        bool future = valid && tl_zone_epoch(page) > ckpt_no;
        leftover = leftover || future;
        if (valid && !future &&
            (best < 0 || tl_zone_epoch(page) > tl_zone_epoch(pager->scratch[best])))
            best = (int)slot;
    }
    if (best < 0)
        return tl_pager_fail(pager, TL_CORRUPT, tl_zone_slot_pgno(pager->page_bytes, zone_no, 0),
                             "both free-space bitmaps of zone %u are damaged", zone_no);
    tl_space_load_zone(&pager->space, zone_no, pager->scratch[best], (unsigned)best);
    pager->space.zones.at[zone_no].dirty = leftover;
    return TL_OK;
}

tl_status tl_pager_read_zones(tl_pager *pager, const tl_meta *meta)
{
    uint64_t digest = 0;
    for (uint32_t zone_no = 0; zone_no < pager->space.zones.count; zone_no++) {
        tl_status status = zone_choose(pager, zone_no, meta->ckpt_no);
        if (status != TL_OK)
            return status;
        const tl_zone_state *zone = &pager->space.zones.at[zone_no];
        digest += tl_zone_mix(zone_no, zone->epoch, zone->crc);
    }
    if (digest != meta->zone_digest && !TL_MUTANT(skip_zone_digest))
        return tl_pager_fail(pager, TL_CORRUPT, 0,
                             "a free-space bitmap is older than checkpoint %llu",
                             (unsigned long long)meta->ckpt_no);
    return TL_OK;
}
