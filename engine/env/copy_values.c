/* engine/env/copy_values.c -- values in extents, on their way into a copy.
 *
 * An extent goes out chunk by chunk.  In a compact copy it gets pages of its own behind all others,
 * in one zone; its header then names its new place and that of the extent behind it, so that one is
 * given its place first.
 */
#include "engine/env/copy.h"
#include "engine/page/zone.h"

#include <assert.h>

/* The first of `count` page numbers side by side in one zone, behind all others. */
static uint32_t run_number(tl_hot_copy *copy, uint32_t count)
{
    uint32_t zone_pages = tl_zone_pages(copy->env->pager.page_bytes);
    uint32_t pgno = tl_copy_number(copy);
    if (pgno / zone_pages != (pgno + count - 1) / zone_pages) {
        copy->end = (pgno / zone_pages + 1) * zone_pages;
        pgno = tl_copy_number(copy);
    }
    copy->end = pgno + count;
    return pgno;
}

/* Where `from` lies in the copy. */
static tl_status extent_settle(tl_hot_copy *copy, const tl_extent *from, tl_extent *to)
{
    tl_pager *pager = &copy->env->pager;
    bool possible = from->pgno < copy->page_count_max &&
                    from->pages <= copy->page_count_max - from->pgno &&
                    from->pages <= copy->page_count_max - copy->copied;
    if (!possible)
        return tl_pager_fail(pager, TL_CORRUPT, from->pgno,
                             "a value at page %u is named but cannot exist", from->pgno);
    copy->copied += from->pages;
    *to = *from;
    if (copy->compact)
        to->pgno = run_number(copy, from->pages);
    return tl_copy_claim(copy, to->pgno, to->pages);
}

/* Write `from` as `to`, whose header names `next`. */
static tl_status extent_write(tl_hot_copy *copy, uint32_t tree_id, const tl_extent *from,
                              const tl_extent *to, const tl_extent *next)
{
    tl_pager *pager = &copy->env->pager;
    uint8_t *head = copy->run, *data = copy->run + TL_COPY_RUN_BYTES - TL_CHUNK_BYTES;
    uint32_t data_at = tl_extent_data_at(from->bytes);
    tl_status status = TL_OK;
    for (uint32_t i = 0; status == TL_OK && i < tl_chunk_count(from->bytes); i++) {
        status = tl_extent_copy_chunk(pager, from, head, i, data);
        if (status == TL_OK)
            status = tl_copy_write(copy, to->pgno, data_at + (uint64_t)i * TL_CHUNK_BYTES, data,
                                   tl_extent_chunk_bytes(from, i));
    }
    if (status != TL_OK)
        return status;
    tl_extent_seal(head, to, tl_page_birth(head), tree_id, next);
    return tl_copy_write(copy, to->pgno, 0, head, data_at);
}

tl_status tl_copy_value(tl_hot_copy *copy, uint32_t tree_id, uint8_t *stored_ref)
{
    tl_pager *pager = &copy->env->pager;
    tl_value_ref ref = tl_value_ref_load(stored_ref);
    tl_extent from, to, next_from, next_to;
    uint32_t left = ref.bytes;
    tl_status status = tl_copy_flush(copy); /* its buffer is needed here */
    if (status == TL_OK)
        status = tl_value_first(pager, ref, &from);
    if (status == TL_OK)
        status = extent_settle(copy, &from, &to);
    tl_value_ref moved = {to.pgno, ref.tag, ref.bytes, ref.first_pages};
    while (status == TL_OK) { /* ends: every extent has bytes, and `left` shrinks by them */
        bool last = (left -= from.bytes) == 0;
        status = tl_extent_copy_head(pager, &from, tree_id, copy->run);
        if (status == TL_OK && !last)
            status = tl_value_next(pager, copy->run, left, &next_from);
        if (status == TL_OK && !last)
            status = extent_settle(copy, &next_from, &next_to);
        if (status == TL_OK)
            status = extent_write(copy, tree_id, &from, &to, last ? NULL : &next_to);
        if (last || status != TL_OK)
            break;
        from = next_from;
        to = next_to;
    }
    if (status == TL_OK)
        tl_value_ref_store(stored_ref, moved);
    return status;
}
