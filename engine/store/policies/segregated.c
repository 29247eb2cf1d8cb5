/* engine/store/policies/segregated.c -- space policy `segregated`: free runs by their size.
 *
 * Small requests are cut from small holes and large ones from large holes, so that long runs stay
 * long.  The index is a list of runs for each size class: one for each length up to 64 pages, one
 * for each doubling above.  It is only a memory of what the bitmap showed when it was last read,
 * with neighbours joined; every run is looked up there again before it is handed out.  Freed pages
 * are counted, and the bitmap is read anew once nothing listed serves and enough have been freed.
 */
#include "engine/store/policies/rows.h"

enum { EXACT_CLASSES = 64, CLASSES = EXACT_CLASSES + 26 };

typedef TL_VECTOR(tl_space_run) run_list;

struct tl_run_index {
    run_list lists[CLASSES];
    size_t first[CLASSES]; /* of each list: what lies before it is used up */
    uint64_t unlisted;     /* free pages that no list has */
};

static unsigned class_of(uint32_t count)
{
    if (count <= EXACT_CLASSES)
        return count - 1;
    return EXACT_CLASSES + 25 - (unsigned)__builtin_clz(count);
}

/* The index, made on first use; NULL: there is no memory for it. */
static tl_run_index *index_of(tl_space *space)
{
    if (space->index != NULL)
        return space->index;
    space->index = space->memory->allocate(space->memory, sizeof *space->index);
    if (space->index != NULL) {
        memset(space->index, 0, sizeof *space->index);
        space->index->unlisted = space->free_count;
    }
    return space->index;
}

static void list_run(tl_space *space, uint32_t pgno, uint32_t count)
{
    tl_run_index *index = space->index;
    run_list *list = &index->lists[class_of(count)];
    if (tl_vector_reserve(list, space->memory, 1) == TL_OK)
        tl_vector_push(list, ((tl_space_run){pgno, count}));
    else
        index->unlisted += count;
}

/* Read all free runs of [from, to) from the bitmap. */
static void list_range(tl_space *space, uint32_t from, uint32_t to)
{
    for (;;) { /* ends: `from` moves behind a run every round */
        uint32_t begin = tl_bitmap_next_zero(&space->busy, from, to);
        if (begin == TL_BITMAP_NONE)
            return;
        uint32_t end = tl_bitmap_next_one(&space->busy, begin, to);
        from = end == TL_BITMAP_NONE ? to : end;
        list_run(space, begin, from - begin);
    }
}

static void index_rebuild(tl_space *space)
{
    tl_run_index *index = space->index;
    for (unsigned i = 0; i < CLASSES; i++)
        index->lists[i].count = index->first[i] = 0;
    index->unlisted = 0;
    list_range(space, 0, space->page_count);
    space->stats->run_index_builds++;
}

static bool still_free(const tl_space *space, tl_space_run run)
{
    return run.pgno + run.count <= space->page_count && /* the file may have shrunk */
           tl_bitmap_next_one(&space->busy, run.pgno, run.pgno + run.count) == TL_BITMAP_NONE;
}

/* Cut `count` pages from the front of entry `at` of a list; the rest is listed anew. */
static uint32_t cut(tl_space *space, unsigned class, size_t at, uint32_t count)
{
    tl_run_index *index = space->index;
    run_list *list = &index->lists[class];
    tl_space_run run = list->at[at];
    list->at[at] = list->at[index->first[class]++];
    if (run.count > count)
        list_run(space, run.pgno + count, run.count - count);
    return run.pgno;
}

/* The first run of a list that is long enough and still free. */
static uint32_t find_in(tl_space *space, unsigned class, uint32_t count)
{
    tl_run_index *index = space->index;
    run_list *list = &index->lists[class];
    for (size_t at = index->first[class]; at < list->count; at++) {
        tl_space_run run = list->at[at];
        if (!still_free(space, run)) { /* parts of it may be: the next reading finds them */
            index->unlisted += run.count;
            list->at[at] = list->at[index->first[class]++];
            continue;
        }
        if (run.count >= count)
            return cut(space, class, at, count);
    }
    if (index->first[class] == list->count)
        index->first[class] = list->count = 0;
    return TL_BITMAP_NONE;
}

static uint32_t find_listed(tl_space *space, uint32_t count)
{
    for (unsigned class = class_of(count); class < CLASSES; class ++) {
        uint32_t pgno = find_in(space, class, count);
        if (pgno != TL_BITMAP_NONE)
            return pgno;
    }
    return TL_BITMAP_NONE;
}

static uint32_t segregated_find(tl_space *space, uint32_t count)
{
    tl_run_index *index = index_of(space);
    if (index != NULL) {
        uint32_t pgno = find_listed(space, count);
        if (pgno == TL_BITMAP_NONE && index->unlisted != 0) { /* they may join listed neighbours */
            index_rebuild(space);
            pgno = find_listed(space, count);
        }
        if (pgno != TL_BITMAP_NONE || index->unlisted == 0)
            return pgno;
    }
    return count == 1 ? tl_bitmap_first_zero(&space->busy, space->page_count) /* memory is short */
                      : tl_bitmap_find_run(&space->busy, 0, space->page_count, count);
}

static void segregated_freed(tl_space *space, uint32_t pgno, uint32_t count)
{
    (void)pgno;
    if (space->index != NULL)
        space->index->unlisted += count;
}

/* The new pages join what was free at the file's end; that stays listed by itself too. */
static void segregated_added(tl_space *space, uint32_t pgno, uint32_t count)
{
    uint32_t begin = pgno;
    while (begin > 0 && !tl_bitmap_get(&space->busy, begin - 1))
        begin--; /* ends at the zone's own pages at the latest */
    if (space->index != NULL)
        list_range(space, begin, pgno + count);
}

static void segregated_close(tl_space *space)
{
    if (space->index == NULL)
        return;
    for (unsigned i = 0; i < CLASSES; i++)
        tl_vector_release(&space->index->lists[i], space->memory);
    space->memory->release(space->memory, space->index, sizeof *space->index);
    space->index = NULL;
}

const tl_space_policy tl_space_segregated = {
    "segregated",     "free runs by size: small from small holes, large from large",
    segregated_find,  segregated_freed,
    segregated_added, segregated_close};
