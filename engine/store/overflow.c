/* engine/store/overflow.c -- extents found, read and given up; see overflow.h. */
#include "engine/store/overflow.h"

#include <assert.h>
#include <sched.h>

typedef struct read_context {
    const tl_extent *extent;
    uint32_t tree_id;
    const char *(*check)(const uint8_t *head, const tl_extent *extent, uint32_t tree_id);
    const char *fault;
} read_context;

static bool extent_verify(void *opaque, const void *bytes, size_t size_bytes)
{
    read_context *context = opaque;
    (void)size_bytes;
    context->fault = context->check(bytes, context->extent, context->tree_id);
    return context->fault == NULL;
}

/* Read the first `size_bytes` of an extent, as much as `check` needs. */
static tl_status extent_read(tl_pager *pager, read_context *context, uint8_t *to, size_t size_bytes)
{
    uint32_t pgno = context->extent->pgno;
    context->fault = "it is beyond the file's end";
    tl_status status =
        pager->io->read_verified(pager->io, pager->file, (uint64_t)pgno << pager->page_shift, to,
                                 size_bytes, extent_verify, context);
    if (status == TL_OK)
        return TL_OK;
    if (status != TL_CORRUPT)
        return tl_pager_fail(pager, status, pgno, "the value at page %u could not be read: %s",
                             pgno, tl_status_text(status));
    atomic_fetch_add_explicit(&pager->sum_failures, 1, memory_order_relaxed);
    return tl_pager_fail(pager, TL_CORRUPT, pgno, "the value at page %u is damaged: %s", pgno,
                         context->fault != NULL ? context->fault
                                                : "it reads differently each time");
}

/* Could the file have such an extent? */
static tl_status extent_bounds(tl_pager *pager, const tl_extent *extent)
{
    if (extent->pgno >= tl_meta_pages(pager->page_bytes) && extent->pgno < pager->map_pages &&
        extent->pages <= pager->map_pages - extent->pgno)
        return TL_OK;
    return tl_pager_fail(pager, TL_CORRUPT, extent->pgno,
                         "a value at page %u is named but cannot exist", extent->pgno);
}

/* Bring a whole extent into the arena, unless another thread does it at this moment. */
static tl_status extent_load(tl_pager *pager, const tl_extent *extent, uint32_t tree_id)
{
    _Atomic uint32_t *state = &pager->states[extent->pgno];
    uint32_t loading = pager->arena->generation | TL_ARENA_LOADING;
    for (;;) {
        uint32_t seen = atomic_load_explicit(state, memory_order_acquire);
        if (seen == pager->resident)
            return TL_OK;
        if (seen == loading)
            sched_yield();
        else if (atomic_compare_exchange_weak(state, &seen, loading))
            break;
    }
    read_context context = {extent, tree_id, tl_extent_check_whole, NULL};
    tl_status status = extent_read(pager, &context, tl_pager_at(pager, extent->pgno),
                                   (size_t)tl_extent_size(extent->bytes));
    if (status == TL_OK)
        atomic_fetch_add_explicit(&pager->values_loaded, 1, memory_order_relaxed);
    atomic_store_explicit(state, status == TL_OK ? pager->resident : pager->arena->generation,
                          memory_order_release);
    return status;
}

/* An extent in the arena was verified when it got there: what is left to see is whether it is the
 * one that is meant. */
static tl_status extent_expect(tl_pager *pager, const tl_extent *extent, const uint8_t *at)
{
    if (tl_page_level(at) == TL_EXTENT_LEVEL && tl_load32(at + TL_AT_BIRTH) == extent->tag &&
        tl_load32(at + TL_AT_EXTENT_BYTES) == extent->bytes)
        return TL_OK;
    return tl_pager_fail(pager, TL_CORRUPT, extent->pgno,
                         "page %u is not the value that its record names", extent->pgno);
}

tl_status tl_extent_get(tl_pager *pager, const tl_extent *extent, uint32_t tree_id,
                        const uint8_t **head)
{
    tl_status status = extent_bounds(pager, extent);
    if (status == TL_OK && !tl_pager_is_resident(pager, extent->pgno))
        status = extent_load(pager, extent, tree_id);
    const uint8_t *at = tl_pager_at(pager, extent->pgno);
    if (status == TL_OK)
        status = extent_expect(pager, extent, at);
    if (status == TL_OK)
        *head = at;
    return status;
}

tl_status tl_extent_head(tl_pager *pager, const tl_extent *extent, uint32_t tree_id,
                         uint8_t *buffer, const uint8_t **head)
{
    tl_status status = extent_bounds(pager, extent);
    if (status != TL_OK)
        return status;
    if (tl_extent_is_here(pager, extent->pgno))
        return tl_extent_get(pager, extent, tree_id, head);
    read_context context = {extent, tree_id, tl_extent_check_head, NULL};
    status = extent_read(pager, &context, buffer, TL_PAGE_HEADER_BYTES);
    if (status == TL_OK)
        *head = buffer;
    return status;
}

tl_status tl_value_first(tl_pager *pager, tl_value_ref ref, tl_extent *first)
{
    if (tl_extent_first(ref, pager->page_bytes, first))
        return TL_OK;
    return tl_pager_fail(pager, TL_CORRUPT, ref.pgno,
                         "a record names an impossible value at page %u", ref.pgno);
}

tl_status tl_value_next(tl_pager *pager, const uint8_t *head, uint32_t bytes_left, tl_extent *next)
{
    if (tl_extent_next(head, pager->page_bytes, bytes_left, next))
        return TL_OK;
    return tl_pager_fail(pager, TL_CORRUPT, tl_page_pgno(head),
                         "the value at page %u ends before its length", tl_page_pgno(head));
}

tl_status tl_value_copy(tl_pager *pager, tl_value_ref ref, uint32_t tree_id, uint8_t *to)
{
    tl_extent extent;
    uint32_t left = ref.bytes;
    tl_status status = tl_value_first(pager, ref, &extent);
    while (status == TL_OK) { /* ends: every extent has bytes, and `left` shrinks by them */
        const uint8_t *head = NULL;
        status = tl_extent_get(pager, &extent, tree_id, &head);
        if (status != TL_OK)
            return status;
        memcpy(to, head + tl_extent_data_at(extent.bytes), extent.bytes);
        to += extent.bytes;
        left -= extent.bytes;
        if (left == 0)
            return TL_OK;
        status = tl_value_next(pager, head, left, &extent);
    }
    return status;
}

enum { EDIT_PAGES_MAX = 4 * TL_TREE_DEPTH_MAX + 4 }; /* that the edit itself may give up beside */

tl_status tl_value_doom(tl_pager *pager, tl_value_ref ref, uint32_t tree_id)
{
    uint8_t buffer[TL_PAGE_HEADER_BYTES];
    tl_extent extent;
    size_t count = pager->doomed.count;
    uint32_t left = ref.bytes;
    tl_status status = tl_value_first(pager, ref, &extent);
    while (status == TL_OK) { /* ends as above */
        status = extent_bounds(pager, &extent);
        if (status == TL_OK)
            status = tl_vector_reserve(&pager->doomed, pager->memory, 1);
        if (status == TL_OK)
            status = tl_space_secure_runs(&pager->space, pager->doomed.count + 1 + EDIT_PAGES_MAX);
        if (status != TL_OK)
            break;
        tl_vector_push(&pager->doomed, extent);
        left -= extent.bytes;
        if (left == 0)
            return TL_OK;
        const uint8_t *head = NULL;
        status = tl_extent_head(pager, &extent, tree_id, buffer, &head);
        if (status == TL_OK)
            status = tl_value_next(pager, head, left, &extent);
    }
    pager->doomed.count = count;
    return status;
}

void tl_value_give(tl_pager *pager)
{
    for (size_t i = 0; i < pager->doomed.count; i++) {
        const tl_extent *extent = &pager->doomed.at[i];
        if (!tl_bitmap_get(&pager->space.live, extent->pgno))
            continue; /* a damaged tree named it twice */
        uint64_t birth = tl_birth_of_tag(extent->tag, pager->txn);
        bool mine = birth == pager->txn && tl_space_is_new(&pager->space, extent->pgno);
        tl_space_give_run(&pager->space, extent->pgno, extent->pages, birth, mine,
                          tl_space_is_named(&pager->space, extent->pgno, birth));
    }
    pager->doomed.count = 0;
}
