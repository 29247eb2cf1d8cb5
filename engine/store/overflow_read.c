/* engine/store/overflow_read.c -- a part of a value, read without bringing all of it into memory.
 *
 * What is in the arena is copied from there.  Else header, sums and the chunks that are asked for
 * are read past the arena, each verified by itself.
 */
#include "engine/base/checksum.h"
#include "engine/store/overflow.h"

typedef struct part { /* of one extent */
    const tl_extent *extent;
    uint32_t tree_id;
    uint32_t begin, end; /* of its bytes */
    uint8_t *to;
    uint8_t *head; /* header and sums */
    uint8_t *chunk;
} part;

static bool sums_verify(void *opaque, const void *bytes, size_t size_bytes)
{
    const part *wanted = opaque;
    (void)size_bytes;
    return tl_extent_check_sums(bytes, wanted->extent, wanted->tree_id) == NULL;
}

static bool chunk_verify(void *opaque, const void *bytes, size_t size_bytes)
{
    const uint32_t *sum = opaque;
    return tl_crc32c(0, bytes, size_bytes) == *sum;
}

static tl_status refuse(tl_pager *pager, tl_status status, uint32_t pgno, const char *what)
{
    if (status == TL_CORRUPT)
        atomic_fetch_add_explicit(&pager->sum_failures, 1, memory_order_relaxed);
    return tl_pager_fail(pager, status, pgno, "the value at page %u could not be read: %s %s", pgno,
                         status == TL_CORRUPT ? "damaged" : tl_status_text(status), what);
}

/* Read one chunk: straight to its place when all of it is wanted, else by way of `chunk`. */
static tl_status chunk_read(tl_pager *pager, const part *wanted, uint32_t number)
{
    const tl_extent *extent = wanted->extent;
    uint32_t first = number * TL_CHUNK_BYTES, left = extent->bytes - first;
    uint32_t last = first + (left < TL_CHUNK_BYTES ? left : TL_CHUNK_BYTES);
    uint32_t begin = first > wanted->begin ? first : wanted->begin;
    uint32_t end = last < wanted->end ? last : wanted->end;
    bool whole = begin == first && end == last;
    uint8_t *to = wanted->to + (begin - wanted->begin);
    uint8_t *target = whole ? to : wanted->chunk;
    uint32_t sum = tl_extent_sum(wanted->head, number);
    uint64_t offset =
        ((uint64_t)extent->pgno << pager->page_shift) + tl_extent_data_at(extent->bytes) + first;
    tl_status status = pager->io->read_verified(pager->io, pager->file, offset, target,
                                                last - first, chunk_verify, &sum);
    if (status != TL_OK)
        return refuse(pager, status, extent->pgno, "chunk");
    if (!whole)
        memcpy(to, target + (begin - first), end - begin);
    return TL_OK;
}

static tl_status part_read_cold(tl_pager *pager, part *wanted)
{
    const tl_extent *extent = wanted->extent;
    size_t head_bytes = tl_extent_data_at(extent->bytes), bytes = head_bytes + TL_CHUNK_BYTES;
    uint8_t *block = pager->memory->allocate(pager->memory, bytes);
    if (block == NULL)
        return TL_NO_MEMORY;
    wanted->head = block;
    wanted->chunk = block + head_bytes;
    tl_status status = pager->io->read_verified(pager->io, pager->file,
                                                (uint64_t)extent->pgno << pager->page_shift,
                                                wanted->head, head_bytes, sums_verify, wanted);
    if (status != TL_OK)
        status = refuse(pager, status, extent->pgno, "header");
    for (uint32_t chunk = wanted->begin / TL_CHUNK_BYTES;
         status == TL_OK && (uint64_t)chunk * TL_CHUNK_BYTES < wanted->end; chunk++)
        status = chunk_read(pager, wanted, chunk);
    pager->memory->release(pager->memory, block, bytes);
    return status;
}

static tl_status part_read(tl_pager *pager, part *wanted)
{
    const uint8_t *head = NULL;
    if (!tl_extent_is_here(pager, wanted->extent->pgno))
        return part_read_cold(pager, wanted);
    tl_status status = tl_extent_get(pager, wanted->extent, wanted->tree_id, &head);
    if (status == TL_OK)
        memcpy(wanted->to, head + tl_extent_data_at(wanted->extent->bytes) + wanted->begin,
               wanted->end - wanted->begin);
    return status;
}

tl_status tl_value_read_part(tl_pager *pager, tl_value_ref ref, uint32_t tree_id, uint32_t offset,
                             void *buffer, uint32_t size_bytes)
{
    uint8_t header[TL_PAGE_HEADER_BYTES], *to = buffer;
    uint32_t before = 0, end = offset + size_bytes;
    tl_extent extent;
    tl_status status = tl_value_first(pager, ref, &extent);
    while (status == TL_OK && before < end) { /* ends: every extent has bytes */
        const uint8_t *head = NULL;
        uint32_t behind = before + extent.bytes;
        status = tl_extent_head(pager, &extent, tree_id, header, &head);
        if (status != TL_OK)
            return status;
        part wanted = {.extent = &extent,
                       .tree_id = tree_id,
                       .begin = offset > before ? offset - before : 0,
                       .end = (end < behind ? end : behind) - before,
                       .to = to};
        if (behind > offset)
            status = part_read(pager, &wanted);
        if (behind > offset)
            to += wanted.end - wanted.begin;
        before = behind;
        if (status == TL_OK && before < end)
            status = tl_value_next(pager, head, ref.bytes - before, &extent);
    }
    return status;
}
