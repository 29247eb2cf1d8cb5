/* engine/store/policies/simple.c -- space policy `simple`: first fit over the bitmap.
 *
 * A search for a run would walk over the same small holes again and again; so it remembers where it
 * got to: below run_low there is no run of run_low_pages or more.  Freeing pages there moves it
 * back.
 */
#include "engine/base/regression.h"
#include "engine/store/policies/rows.h"

static uint32_t simple_find(tl_space *space, uint32_t count)
{
    if (TL_REGRESSION(free_pages_bit_by_bit) && count == 1)
        for (uint32_t pgno = 0; pgno < space->page_count; pgno++)
            if (!tl_bitmap_get(&space->busy, pgno))
                return pgno;
    if (count == 1)
        return tl_bitmap_first_zero(&space->busy, space->page_count);
    uint32_t from = count >= space->run_low_pages ? space->run_low : 0;
    uint32_t pgno = tl_bitmap_find_run(&space->busy, from, space->page_count, count);
    if (from == 0 || count == space->run_low_pages) { /* the walk tells about all that is below */
        space->run_low = pgno != TL_BITMAP_NONE ? pgno : space->page_count;
        space->run_low_pages = count;
    }
    return pgno;
}

/* Pages from `pgno` on may now end a run that begins further down, among free pages. */
static void simple_freed(tl_space *space, uint32_t pgno, uint32_t count)
{
    (void)count;
    if (space->run_low_pages != 0 && pgno < space->run_low + space->run_low_pages) {
        uint32_t back = space->run_low_pages;
        uint32_t begin = pgno > back ? pgno - back : 0;
        space->run_low = begin < space->run_low ? begin : space->run_low;
    }
}

static void simple_close(tl_space *space)
{
    (void)space;
}

const tl_space_policy tl_space_simple = {"simple",     "first fit over the bitmap of free pages",
                                         simple_find,  simple_freed,
                                         simple_freed, simple_close};
