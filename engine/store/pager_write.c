/* engine/store/pager_write.c -- the checkpoint's part of the pager: pages and zone bitmaps.
 *
 * The crc field of a page is written in place just before the page goes out.  Nobody reads it in
 * the arena: readers verified it when they loaded the page, and a copy-on-write starts behind it.
 */
#include "engine/page/zone.h"
#include "engine/store/pager.h"

enum { RUN_BYTES_MAX = 1 << 20 };

static tl_status write_run(tl_pager *pager, uint32_t first, uint32_t count)
{
    size_t bytes = (size_t)count << pager->page_shift;
    tl_io_span span = {tl_pager_at(pager, first), bytes};
    tl_status status =
        pager->io->pwritev(pager->io, pager->file, (uint64_t)first << pager->page_shift, &span, 1);
    if (status != TL_OK)
        return tl_pager_fail(pager, status, first, "pages %u..%u could not be written: %s", first,
                             first + count - 1, tl_status_text(status));
    pager->stats.ckpt_runs++;
    pager->stats.ckpt_pages += count;
    pager->stats.page_bytes_written += bytes;
    return TL_OK;
}

tl_status tl_pager_write_dirty(tl_pager *pager)
{
    const tl_space *space = &pager->space;
    uint32_t most = RUN_BYTES_MAX >> pager->page_shift, first = 0, count = 0;
    for (uint32_t pgno = 0;; pgno++) {
        pgno = tl_bitmap_next_one(&space->dirty, pgno, space->page_count);
        bool end = pgno == TL_BITMAP_NONE;
        if (!end && !tl_bitmap_get(&space->live, pgno))
            continue; /* freed by the txn that commits with this checkpoint */
        if (count != 0 && (end || pgno != first + count || count == most)) {
            tl_status status = write_run(pager, first, count);
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
    return zone->stored ? 1u - zone->slot : 0;
}

tl_status tl_pager_write_zones(tl_pager *pager, uint64_t ckpt_no, uint64_t *digest)
{
    uint64_t sum = 0;
    for (uint32_t zone_no = 0; zone_no < pager->space.zones.count; zone_no++) {
        tl_zone_state *zone = &pager->space.zones.at[zone_no];
        if (!zone->dirty) {
            sum += tl_zone_mix(zone_no, zone->epoch, zone->crc);
            continue;
        }
        uint8_t *page = pager->scratch[1];
        uint32_t pgno = tl_zone_slot_pgno(pager->page_bytes, zone_no, other_slot(zone));
        zone_fill(pager, zone_no, page);
        zone->crc = tl_zone_seal(page, pager->page_bytes, pgno, zone_no, ckpt_no);
        tl_io_span span = {page, pager->page_bytes};
        tl_status status = pager->io->pwritev(pager->io, pager->file,
                                              (uint64_t)pgno << pager->page_shift, &span, 1);
        if (status != TL_OK)
            return tl_pager_fail(pager, status, pgno, "zone %u could not be written: %s", zone_no,
                                 tl_status_text(status));
        pager->stats.zone_bytes_written += pager->page_bytes;
        sum += tl_zone_mix(zone_no, ckpt_no, zone->crc);
    }
    *digest = sum;
    return TL_OK;
}

void tl_pager_zones_written(tl_pager *pager, uint64_t ckpt_no)
{
    for (size_t i = 0; i < pager->space.zones.count; i++) {
        tl_zone_state *zone = &pager->space.zones.at[i];
        if (!zone->dirty)
            continue;
        zone->slot = (uint8_t)other_slot(zone);
        zone->stored = true;
        zone->epoch = ckpt_no;
        zone->dirty = false;
    }
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
    if (digest != meta->zone_digest)
        return tl_pager_fail(pager, TL_CORRUPT, 0,
                             "a free-space bitmap is older than checkpoint %llu",
                             (unsigned long long)meta->ckpt_no);
    return TL_OK;
}
