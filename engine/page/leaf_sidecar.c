/* engine/page/leaf_sidecar.c -- leaf mode `sidecar`: holes are kept in memory, beside the page.
 *
 *   page      what bump would write: holes are garbage, of which the header has the sum
 *   sidecar   for a page of the running txn: where they lie, ordered by size
 *
 * Best fit is one bisection over all holes, whatever their place, and no byte of the page is
 * touched to remember them.  The price is memory, and that the first insert that wants a hole on a
 * page with unknown garbage has to look for it once (counter sidecar_builds): the bytes that no
 * cell and no fence owns are the holes.
 *
 * The page alone is always whole: a checkpoint may write it and any other mode may edit it.  A
 * sidecar is only a memory of it and believed as long as it remembers as much garbage as the page
 * has.  That holds after every edit made here, and no longer when the page was written anew (which
 * leaves no garbage).  A page number that comes to hold another page is forgotten (tl_leaf_mode).
 *
 * The pool is bounded; pages whose numbers collide push each other out.  Without memory for it
 * nothing is remembered, and the mode is bump.
 */
#include "engine/page/leaf_cells.h"
#include "tl/memory.h"

enum { SIDECARS = 512, REGIONS_MAX = 62 };

typedef struct region {
    uint16_t size, offset; /* ordered by size, then by offset */
} region;

typedef struct sidecar {
    uint32_t pgno; /* 0: free */
    uint16_t frag; /* of the page when this was true of it */
    uint16_t count;
    region regions[REGIONS_MAX];
} sidecar;

struct tl_sidecars {
    size_t block_bytes;
    uint64_t *owned; /* one bit for each byte of a page */
    sidecar at[SIDECARS];
};

static void sidecar_open(tl_edit *edit)
{
    size_t map_bytes = edit->page_bytes / 8, block_bytes = sizeof(tl_sidecars) + map_bytes;
    tl_sidecars *pool = edit->memory->allocate(edit->memory, block_bytes);
    edit->sidecars = pool;
    if (pool == NULL)
        return;
    pool->block_bytes = block_bytes;
    pool->owned = (uint64_t *)(void *)(pool + 1);
    for (size_t i = 0; i < SIDECARS; i++)
        pool->at[i].pgno = 0;
}

static void sidecar_close(tl_edit *edit)
{
    if (edit->sidecars != NULL)
        edit->memory->release(edit->memory, edit->sidecars, edit->sidecars->block_bytes);
    edit->sidecars = NULL;
}

static sidecar *place_of(const tl_edit *edit, uint32_t pgno)
{
    return &edit->sidecars->at[pgno % SIDECARS];
}

static void sidecar_forget(const tl_edit *edit, uint32_t pgno)
{
    if (edit->sidecars != NULL && place_of(edit, pgno)->pgno == pgno)
        place_of(edit, pgno)->pgno = 0;
}

/* ---- one sidecar ---- */

static bool region_less(region a, region b)
{
    return a.size != b.size ? a.size < b.size : a.offset < b.offset;
}

/* The first region that is not less than `wanted`. */
static unsigned region_find(const sidecar *side, region wanted)
{
    unsigned low = 0, high = side->count;
    while (low < high) { /* ends: high - low shrinks every round */
        unsigned middle = low + (high - low) / 2;
        if (region_less(side->regions[middle], wanted))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void region_remove(sidecar *side, unsigned index)
{
    side->count--;
    memmove(&side->regions[index], &side->regions[index + 1],
            (side->count - index) * sizeof side->regions[0]);
}

/* When there is no room for another, the smallest is forgotten: it stays garbage. */
static void region_enter(sidecar *side, unsigned offset, unsigned size)
{
    region made = {(uint16_t)size, (uint16_t)offset};
    if (side->count == REGIONS_MAX) {
        if (region_less(made, side->regions[0]))
            return;
        region_remove(side, 0);
    }
    unsigned index = region_find(side, made);
    memmove(&side->regions[index + 1], &side->regions[index],
            (side->count - index) * sizeof side->regions[0]);
    side->regions[index] = made;
    side->count++;
}

/* Take the region that ends at `offset`, or begins there, out of the list; its size, 0 if none. */
static unsigned region_at(sidecar *side, unsigned offset, bool ends)
{
    for (unsigned i = 0; i < side->count; i++) {
        unsigned size = side->regions[i].size;
        if (side->regions[i].offset + (ends ? size : 0) == offset) {
            region_remove(side, i);
            return size;
        }
    }
    return 0;
}

/* ---- a page and its sidecar ---- */

/* What is remembered of the page and still true; NULL when nothing is. */
static sidecar *remembered(const tl_edit *edit, const uint8_t *page)
{
    if (edit->sidecars == NULL)
        return NULL;
    sidecar *side = place_of(edit, tl_page_pgno(page));
    bool holds = side->pgno == tl_page_pgno(page) && side->frag == tl_page_frag(page) &&
                 tl_page_free_bytes(page) == 0;
    edit->stats->sidecar_reuse += holds;
    return holds ? side : NULL;
}

static sidecar *begin(const tl_edit *edit, const uint8_t *page)
{
    sidecar *side = place_of(edit, tl_page_pgno(page));
    side->pgno = tl_page_pgno(page);
    side->frag = (uint16_t)tl_page_frag(page);
    side->count = 0;
    return side;
}

static void own(uint64_t *owned, size_t offset, size_t size_bytes)
{
    while (size_bytes != 0) {
        size_t bit = offset & 63, here = 64 - bit < size_bytes ? 64 - bit : size_bytes;
        owned[offset >> 6] |= (here == 64 ? UINT64_MAX : (UINT64_C(1) << here) - 1) << bit;
        offset += here;
        size_bytes -= here;
    }
}

static void own_all(const uint8_t *page, uint64_t *owned)
{
    static const unsigned fences[] = {TL_AT_LOWER_OFF, TL_AT_UPPER_OFF, TL_AT_PREFIX_OFF};
    for (size_t i = 0; i < sizeof fences / sizeof fences[0]; i++)
        own(owned, tl_load16(page + fences[i]), tl_load16(page + fences[i] + 2));
    for (unsigned i = 0; i < tl_page_count(page); i++)
        own(owned, tl_page_cell_off(page, i), tl_page_cell_bytes(page, i));
}

/* The next byte from `at` on whose bit is `wanted`; page_bytes when there is none. */
static size_t next_byte(const uint64_t *owned, size_t at, size_t page_bytes, bool wanted)
{
    while (at < page_bytes) {
        uint64_t word = (wanted ? owned[at >> 6] : ~owned[at >> 6]) >> (at & 63);
        if (word != 0)
            return at + (unsigned)__builtin_ctzll(word);
        at = (at | 63) + 1;
    }
    return page_bytes;
}

/* Find all holes of a page, those on its chain of free blocks too: they become garbage like the
 * others. */
static sidecar *build(const tl_edit *edit, uint8_t *page)
{
    if (edit->sidecars == NULL)
        return NULL;
    uint64_t *owned = edit->sidecars->owned;
    memset(owned, 0, edit->page_bytes / 8);
    own_all(page, owned);
    tl_page_set_frag(page, tl_page_frag(page) + tl_page_free_bytes(page));
    tl_page_set_free_head(page, 0);
    tl_page_set_free_bytes(page, 0);
    sidecar *side = begin(edit, page);
    size_t from = next_byte(owned, tl_page_heap_lo(page), edit->page_bytes, false);
    while (from < edit->page_bytes) { /* ends: `from` grows every round */
        size_t to = next_byte(owned, from, edit->page_bytes, true);
        region_enter(side, (unsigned)from, (unsigned)(to - from));
        from = next_byte(owned, to, edit->page_bytes, false);
    }
    edit->stats->sidecar_builds++;
    return side;
}

static unsigned region_take(const tl_edit *edit, uint8_t *page, size_t bytes)
{
    if ((size_t)tl_page_frag(page) + tl_page_free_bytes(page) < bytes)
        return 0;
    sidecar *side = remembered(edit, page);
    if (side == NULL)
        side = build(edit, page);
    if (side == NULL)
        return 0;
    unsigned index = region_find(side, (region){.size = (uint16_t)bytes});
    if (index == side->count)
        return 0;
    region found = side->regions[index];
    unsigned left = found.size - (unsigned)bytes;
    region_remove(side, index);
    if (left != 0)
        region_enter(side, found.offset, left);
    tl_page_set_frag(page, tl_page_frag(page) - (unsigned)bytes);
    side->frag = (uint16_t)tl_page_frag(page);
    return found.offset + left;
}

/* The lowest cell is gone: the gap takes it, and the holes behind it. */
static void heap_raise(uint8_t *page, sidecar *side, uint32_t heap_lo)
{
    tl_page_raise_heap(page, heap_lo);
    unsigned size = side != NULL ? region_at(side, heap_lo, false) : 0;
    if (size == 0)
        return;
    tl_page_set_heap_lo(page, heap_lo + size);
    tl_page_set_frag(page, tl_page_frag(page) - size);
    side->frag = (uint16_t)tl_page_frag(page);
}

static void region_give(const tl_edit *edit, uint8_t *page, unsigned offset, size_t bytes)
{
    sidecar *side = remembered(edit, page);
    bool first = tl_page_frag(page) == 0 && tl_page_free_bytes(page) == 0;
    if (side == NULL && first && edit->sidecars != NULL)
        side = begin(edit, page); /* no hole so far: nothing to look for */
    if (offset == tl_page_heap_lo(page)) {
        heap_raise(page, side, offset + (uint32_t)bytes);
        return;
    }
    tl_page_set_frag(page, tl_page_frag(page) + (unsigned)bytes);
    if (side == NULL)
        return;
    unsigned before = region_at(side, offset, true);
    unsigned behind = region_at(side, offset + (unsigned)bytes, false);
    region_enter(side, offset - before, before + (unsigned)bytes + behind);
    side->frag = (uint16_t)tl_page_frag(page);
}

static const tl_holes regions = {region_take, region_give};

TL_CELLS_EDITS(sidecar, regions)

const tl_leaf_mode tl_leaf_sidecar = {
    .name = "sidecar",
    .summary = "holes are used again, from memory beside the page",
    .insert = sidecar_insert,
    .remove = sidecar_remove,
    .update = sidecar_update,
    .open = sidecar_open,
    .forget = sidecar_forget,
    .close = sidecar_close,
};
