/* engine/store/overflow_copy.c -- an extent taken out piece by piece, not brought into memory.
 *
 * What lies in the arena is copied from there; what does not is read into the caller's buffer,
 * header and sums first, which then vouch for each chunk.
 */
#include "engine/base/checksum.h"
#include "engine/store/overflow.h"

typedef struct piece {
    const tl_extent *extent;
    uint32_t tree_id, sum; /* sum: of the chunk */
} piece;

static bool head_verify(void *context, const void *bytes, size_t size_bytes)
{
    const piece *wanted = context;
    (void)size_bytes;
    return tl_extent_check_sums(bytes, wanted->extent, wanted->tree_id) == NULL;
}

static bool chunk_verify(void *context, const void *bytes, size_t size_bytes)
{
    const piece *wanted = context;
    return tl_crc32c(0, bytes, size_bytes) == wanted->sum;
}

/* `size_bytes` of the extent from `offset` on, when they are in the file alone. */
static tl_status piece_read(tl_pager *pager, piece *wanted, uint64_t offset, uint8_t *to,
                            size_t size_bytes, tl_io_verify_fn verify)
{
    uint32_t pgno = wanted->extent->pgno;
    tl_status status = pager->io->read_verified(pager->io, pager->file,
                                                ((uint64_t)pgno << pager->page_shift) + offset, to,
                                                size_bytes, verify, wanted);
    if (status == TL_CORRUPT)
        atomic_fetch_add_explicit(&pager->sum_failures, 1, memory_order_relaxed);
    return status == TL_OK
               ? TL_OK
               : tl_pager_fail(pager, status, pgno, "the value at page %u could not be read: %s",
                               pgno, tl_status_text(status));
}

tl_status tl_extent_copy_head(tl_pager *pager, const tl_extent *extent, uint32_t tree_id,
                              uint8_t *to)
{
    uint8_t buffer[TL_PAGE_HEADER_BYTES];
    const uint8_t *head = NULL;
    piece wanted = {extent, tree_id, 0};
    size_t bytes = tl_extent_data_at(extent->bytes);
    tl_status status = tl_extent_head(pager, extent, tree_id, buffer, &head);
    if (status != TL_OK)
        return status;
    if (head == buffer)
        return piece_read(pager, &wanted, 0, to, bytes, head_verify);
    memcpy(to, head, bytes);
    return TL_OK;
}

uint32_t tl_extent_chunk_bytes(const tl_extent *extent, uint32_t chunk)
{
    uint32_t left = extent->bytes - chunk * TL_CHUNK_BYTES;
    return left < TL_CHUNK_BYTES ? left : TL_CHUNK_BYTES;
}

tl_status tl_extent_copy_chunk(tl_pager *pager, const tl_extent *extent, const uint8_t *head,
                               uint32_t chunk, uint8_t *to)
{
    piece wanted = {extent, 0, tl_extent_sum(head, chunk)};
    uint32_t size = tl_extent_chunk_bytes(extent, chunk);
    uint64_t offset = tl_extent_data_at(extent->bytes) + (uint64_t)chunk * TL_CHUNK_BYTES;
    if (!tl_pager_is_resident(pager, extent->pgno))
        return piece_read(pager, &wanted, offset, to, size, chunk_verify);
    memcpy(to, tl_pager_at(pager, extent->pgno) + offset, size);
    return TL_OK;
}
