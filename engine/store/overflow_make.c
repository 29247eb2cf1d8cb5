/* engine/store/overflow_make.c -- extents made and written; see overflow.h. */
#include "engine/base/checksum.h"
#include "engine/base/mutant.h"
#include "engine/page/zone.h"
#include "engine/store/overflow.h"

#include <assert.h>

/* The longest run that one zone can hold. */
static uint32_t run_pages_max(const tl_pager *pager)
{
    return tl_zone_pages(pager->page_bytes) - 2 - tl_meta_pages(pager->page_bytes);
}

/* Pages by which the file must grow at least, for a run of `count` and `others` beside it. */
static uint64_t growth_for(const tl_pager *pager, uint32_t count, size_t others)
{
    const tl_space *space = &pager->space;
    uint32_t zone_pages = tl_zone_pages(pager->page_bytes), end = space->page_count, tail = 0;
    uint32_t zone_left = (zone_pages - end % zone_pages) % zone_pages;
    while (zone_left != 0 && tail < count && tail < end % zone_pages &&
           !tl_bitmap_get(&space->busy, end - tail - 1))
        tail++;
    uint64_t least = (uint64_t)zone_left + 2 + count; /* begin a zone of its own */
    if (tail + zone_left >= count)
        least = count - tail;
    uint64_t free_then = tl_space_available(space) + least - count;
    if (free_then < others)
        least += others - free_then + 2;
    return least != 0 ? least : 1;
}

/* Take a run if there is one and `others` pages are left; TL_BITMAP_NONE. */
static uint32_t take_if_possible(tl_pager *pager, uint32_t count, size_t others)
{
    tl_space *space = &pager->space;
    if (tl_space_available(space) < count + others)
        return TL_BITMAP_NONE;
    uint32_t pgno = tl_space_take_run(space, count);
    if (pgno == TL_BITMAP_NONE && space->recycled.count != 0) {
        tl_space_drain_recycled(space);
        pgno = tl_space_take_run(space, count);
    }
    return pgno;
}

/* Take one more extent of so many pages.  TL_NO_SPACE: there is no such run and none can be made.
 */
static tl_status take_extent(tl_value_maker *maker, uint32_t pages, size_t others, bool may_grow)
{
    tl_pager *pager = maker->pager;
    tl_status status = tl_space_secure(&pager->space, 2);
    if (status == TL_OK)
        status = tl_space_secure_runs(&pager->space, maker->kept + maker->extents.count + 1);
    if (status == TL_OK)
        status = tl_vector_reserve(&maker->extents, pager->memory, 1);
    if (status != TL_OK)
        return status;
    uint32_t pgno = take_if_possible(pager, pages, others);
    if (pgno == TL_BITMAP_NONE && may_grow) {
        status = tl_pager_grow(pager, growth_for(pager, pages, others));
        if (status != TL_OK)
            return status;
        pgno = take_if_possible(pager, pages, others);
    }
    if (pgno == TL_BITMAP_NONE)
        return TL_NO_SPACE;
    uint32_t left = maker->bytes - maker->placed;
    bool last = pages == tl_extent_pages(pager->page_bytes, left);
    tl_extent extent = {.pgno = pgno,
                        .tag = (uint32_t)pager->txn,
                        .pages = pages,
                        .bytes = last ? left : tl_extent_capacity(pager->page_bytes, pages)};
    tl_vector_push(&maker->extents, extent);
    maker->placed += extent.bytes;
    tl_pager_touch(pager, pgno, pages);
    return TL_OK;
}

/* Take what the value needs in pieces: as long as they come, the file growing for none. */
static tl_status take_pieces(tl_value_maker *maker, size_t others, bool may_grow)
{
    tl_pager *pager = maker->pager;
    uint32_t most = run_pages_max(pager);
    tl_space_drain_recycled(&pager->space);
    while (maker->placed < maker->bytes) { /* ends: every extent places bytes */
        uint32_t wanted = tl_extent_pages(pager->page_bytes, maker->bytes - maker->placed);
        uint32_t pages = wanted < most ? wanted : most;
        if (!may_grow) {
            uint32_t longest = tl_space_longest_run(&pager->space);
            pages = pages < longest ? pages : longest;
        }
        if (pages == 0)
            return TL_NO_SPACE;
        tl_status status = take_extent(maker, pages, others, may_grow);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

tl_status tl_value_make(tl_value_maker *maker, tl_pager *pager, uint32_t tree_id, uint64_t bytes,
                        size_t others)
{
    assert(bytes >= 1 && bytes <= TL_VALUE_BYTES_MAX);
    maker->pager = pager;
    maker->tree_id = tree_id;
    maker->bytes = (uint32_t)bytes;
    maker->placed = maker->filled = 0;
    maker->at = maker->extents.count = 0;
    tl_status status = take_pieces(maker, others, true);
    while (status == TL_NO_SPACE && tl_pager_relieved(pager)) { /* ends: waits do not go on */
        tl_value_unmake(maker);
        status = take_pieces(maker, others, true);
    }
    if (status == TL_NO_SPACE) { /* the file cannot grow: any free pages will do */
        tl_value_unmake(maker);
        status = take_pieces(maker, others, false);
        pager->refused_pages = tl_extent_pages(pager->page_bytes, maker->bytes);
        if (status == TL_NO_SPACE)
            tl_pager_fail(pager, status, 0, "the page file has no room for a value of %u bytes",
                          maker->bytes);
    }
    if (status != TL_OK)
        tl_value_unmake(maker);
    maker->placed = 0;
    return status;
}

void tl_value_unmake(tl_value_maker *maker)
{
    tl_pager *pager = maker->pager;
    for (size_t i = 0; i < maker->extents.count; i++)
        tl_space_give_run(&pager->space, maker->extents.at[i].pgno, maker->extents.at[i].pages,
                          pager->txn, true, false);
    maker->extents.count = 0;
    maker->placed = 0;
}

void tl_value_maker_release(tl_value_maker *maker)
{
    if (maker->pager != NULL)
        tl_vector_release(&maker->extents, maker->pager->memory);
}

void tl_value_append(tl_value_maker *maker, const void *bytes, size_t size_bytes)
{
    const uint8_t *from = bytes;
    assert(size_bytes <= maker->bytes - maker->placed);
    while (size_bytes != 0) {
        const tl_extent *extent = &maker->extents.at[maker->at];
        uint8_t *head = tl_pager_at(maker->pager, extent->pgno);
        uint32_t room = TL_CHUNK_BYTES - maker->filled % TL_CHUNK_BYTES;
        if (room > extent->bytes - maker->filled)
            room = extent->bytes - maker->filled;
        uint32_t piece = size_bytes < room ? (uint32_t)size_bytes : room;
        uint32_t sum = maker->filled % TL_CHUNK_BYTES == 0 ? 0 : maker->sum;
        maker->sum = tl_crc32c_copy(sum, head + tl_extent_data_at(extent->bytes) + maker->filled,
                                    from, piece);
        from += piece;
        size_bytes -= piece;
        maker->filled += piece;
        maker->placed += piece;
        if (piece == room) /* the chunk is complete */
            tl_store32(head + TL_PAGE_HEADER_BYTES +
                           4 * (size_t)((maker->filled - 1) / TL_CHUNK_BYTES),
                       maker->sum);
        if (maker->filled == extent->bytes) {
            maker->at++;
            maker->filled = 0;
        }
    }
}

enum { WRITE_BLOCK_BYTES = 4096 }; /* whole blocks: the kernel reads none back to fill it up */

/* Bytes of an extent that are written: its own and zeros to the end of a block. */
static size_t written_bytes(const tl_pager *pager, const tl_extent *extent)
{
    size_t all = (size_t)extent->pages << pager->page_shift;
    size_t used = (size_t)tl_extent_size(extent->bytes);
    size_t end = (used + WRITE_BLOCK_BYTES - 1) & ~(size_t)(WRITE_BLOCK_BYTES - 1);
    return end < all ? end : all;
}

tl_value_ref tl_value_seal(tl_value_maker *maker, bool direct)
{
    tl_pager *pager = maker->pager;
    size_t count = maker->extents.count;
    assert(maker->placed == maker->bytes && maker->at == count);
    for (size_t i = 0; i < count; i++) {
        const tl_extent *extent = &maker->extents.at[i];
        uint8_t *head = tl_pager_at(pager, extent->pgno);
        size_t used = (size_t)tl_extent_size(extent->bytes);
        size_t end =
            direct ? written_bytes(pager, extent) : (size_t)extent->pages << pager->page_shift;
        memset(head + used, 0, end - used);
        tl_extent_seal(head, extent, pager->txn, maker->tree_id, i + 1 < count ? extent + 1 : NULL);
        tl_pager_set_resident(pager, extent->pgno);
        uint32_t last = TL_MUTANT(value_end_not_dirty) && extent->pages > 1 ? 1 : 0;
        if (!direct)
            tl_space_set_dirty_raw(&pager->space, extent->pgno, extent->pages - last, true);
    }
    const tl_extent *first = &maker->extents.at[0];
    return (tl_value_ref){first->pgno, first->tag, maker->bytes, count > 1 ? first->pages : 0};
}

tl_status tl_direct_secure(tl_pager *pager, const tl_value_maker *maker)
{
    return tl_vector_reserve(&pager->direct, pager->memory, maker->extents.count);
}

void tl_direct_note(tl_pager *pager, const tl_value_maker *maker)
{
    for (size_t i = 0; i < maker->extents.count; i++) {
        tl_vector_push(&pager->direct, maker->extents.at[i]);
        pager->direct_waiting_bytes += written_bytes(pager, &maker->extents.at[i]);
    }
}

static tl_status write_bytes(tl_pager *pager, uint32_t pgno, size_t bytes)
{
    tl_io_span span = {tl_pager_at(pager, pgno), bytes};
    tl_status status =
        pager->io->pwritev(pager->io, pager->file, (uint64_t)pgno << pager->page_shift, &span, 1);
    if (status != TL_OK)
        return tl_pager_fail(pager, status, pgno, "the value at page %u could not be written: %s",
                             pgno, tl_status_text(status));
    pager->stats.value_bytes_written += bytes;
    return TL_OK;
}

enum { RUN_BYTES_MAX = 1 << 20 };

/* Extents mostly come in the order of their pages: neighbours go out in one write.  One that was
 * given up again is written all the same: a frame names it, and its pages are nobody else's.  When
 * a write fails the list is whole, and nothing counts as written: a rollback may keep some of it.
 */
tl_status tl_direct_write(tl_pager *pager)
{
    size_t count = pager->direct.count, i = 0;
    uint64_t written = 0;
    while (i < count) {
        const tl_extent *extent = &pager->direct.at[i++];
        uint32_t first = extent->pgno, end = first + extent->pages;
        size_t bytes = written_bytes(pager, extent);
        for (; i < count && bytes < RUN_BYTES_MAX; i++) {
            const tl_extent *next = &pager->direct.at[i];
            if (next->pgno != end || bytes != (size_t)(end - first) << pager->page_shift)
                break;
            bytes += written_bytes(pager, next);
            end += next->pages;
        }
        tl_status status = write_bytes(pager, first, bytes);
        if (status != TL_OK)
            return status;
        written += bytes;
        atomic_fetch_add(&pager->values_written, 1);
    }
    pager->direct_bytes += written;
    pager->direct.count = 0;
    pager->direct_waiting_bytes = 0;
    return TL_OK;
}

tl_status tl_direct_sync(tl_pager *pager, uint64_t *syncs)
{
    uint64_t written = atomic_load(&pager->values_written);
    uint64_t synced = atomic_load(&pager->values_synced);
    if (synced >= written)
        return TL_OK;
    ++*syncs;
    if (pager->io->fdatasync(pager->io, pager->file) != TL_OK)
        return tl_pager_fail(pager, TL_IO, 0,
                             "the page file could not be synced; reopen to recover");
    while (synced < written &&
           !atomic_compare_exchange_weak(&pager->values_synced, &synced, written))
        ; /* ends: another sync went further, or the exchange succeeds */
    return TL_OK;
}

void tl_direct_forget(tl_pager *pager)
{
    pager->direct.count = 0;
    pager->direct_bytes = pager->direct_waiting_bytes = 0;
}

tl_direct_mark tl_direct_mark_now(const tl_pager *pager)
{
    return (tl_direct_mark){pager->direct.count, pager->direct_waiting_bytes, pager->direct_bytes};
}

void tl_direct_rollback(tl_pager *pager, tl_direct_mark mark)
{
    bool written = pager->direct_bytes != mark.written_bytes; /* then the list was empty since */
    pager->direct.count = written ? 0 : mark.count;
    pager->direct_waiting_bytes = written ? 0 : mark.waiting_bytes;
}
