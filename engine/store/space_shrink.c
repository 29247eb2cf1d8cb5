/* engine/store/space_shrink.c -- giving the file's free end back; see pager.h.
 *
 * A shrunken page count is in force once a meta says so; until then the pages beyond it stay in the
 * file, and the old count can be restored.
 */
#include "engine/page/zone.h"
#include "engine/store/pager.h"

/* Pages up to the last one in use.  The bitmap slots of a zone that holds nothing else are none. */
static uint32_t used_end(const tl_space *space)
{
    uint32_t zone_pages = tl_zone_pages(space->page_bytes), end = space->page_count;
    for (;;) { /* ends: `end` shrinks every round */
        while (end > 0 && !tl_bitmap_get(&space->busy, end - 1)) {
            if (end % 64 == 0 && space->busy.words[end / 64 - 1] == 0)
                end -= 64;
            else
                end--;
        }
        if (end % zone_pages != 2 || end <= zone_pages)
            return end;
        end -= 2;
    }
}

uint32_t tl_pager_free_tail(tl_pager *pager)
{
    tl_space_drain_recycled(&pager->space);
    return pager->space.page_count - used_end(&pager->space);
}

void tl_pager_shrink_begin(tl_pager *pager, tl_shrink *undo)
{
    tl_space *space = &pager->space;
    uint32_t end = used_end(space), old = space->page_count;
    uint32_t zones = tl_zone_count(space->page_bytes, end);
    uint32_t tail = old - end - 2 * ((uint32_t)space->zones.count - zones);
    *undo = (tl_shrink){old, tail, (uint32_t)space->zones.count};
    space->free_count -= tail;
    space->page_count = end;
    space->zones.count = zones;
    pager->shrinking = true;
}

void tl_pager_shrink_undo(tl_pager *pager, const tl_shrink *undo)
{
    pager->space.page_count = undo->page_count;
    pager->space.free_count += undo->free_count; /* snapshots may have ended meanwhile */
    pager->space.zones.count = undo->zone_count;
    pager->shrinking = false;
}

tl_status tl_pager_cut_file(tl_pager *pager)
{
    pager->shrinking = false;
    tl_status status = pager->io->truncate(pager->io, pager->file,
                                           (uint64_t)pager->space.page_count << pager->page_shift);
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(pager, status, 0, "the page file cannot be cut: %s",
                                           tl_status_text(status));
}
