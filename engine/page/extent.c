/* engine/page/extent.c -- see extent.h. */
#include "engine/page/extent.h"
#include "engine/base/checksum.h"

static uint32_t head_checksum(const uint8_t *head)
{
    return tl_crc32c(0, head + TL_AT_PGNO, TL_PAGE_HEADER_BYTES - TL_AT_PGNO);
}

static uint32_t sums_checksum(const uint8_t *head, uint32_t bytes)
{
    return tl_crc32c(0, head + TL_PAGE_HEADER_BYTES, 4 * (size_t)tl_chunk_count(bytes));
}

void tl_extent_seal(uint8_t *head, const tl_extent *extent, uint64_t birth, uint32_t tree_id,
                    const tl_extent *next)
{
    size_t sums_end = TL_PAGE_HEADER_BYTES + 4 * (size_t)tl_chunk_count(extent->bytes);
    memset(head, 0, TL_PAGE_HEADER_BYTES);
    memset(head + sums_end, 0, tl_extent_data_at(extent->bytes) - sums_end);
    tl_store32(head + TL_AT_PGNO, extent->pgno);
    tl_store64(head + TL_AT_BIRTH, birth);
    head[TL_AT_KIND] = TL_PAGE_EXTENT;
    head[TL_AT_LEVEL] = TL_EXTENT_LEVEL;
    tl_store32(head + TL_AT_EXTENT_BYTES, extent->bytes);
    if (next != NULL) {
        tl_store32(head + TL_AT_EXTENT_NEXT, next->pgno);
        tl_store32(head + TL_AT_EXTENT_NEXT + 4, next->tag);
        tl_store32(head + TL_AT_EXTENT_NEXT_PAGES, next->pages);
    }
    tl_store32(head + TL_AT_EXTENT_PAGES, extent->pages);
    tl_store32(head + TL_AT_EXTENT_SUMS_CRC, sums_checksum(head, extent->bytes));
    tl_page_set_tree_id(head, tree_id);
    tl_store32(head + TL_AT_CRC, head_checksum(head));
}

const char *tl_extent_check_head(const uint8_t *head, const tl_extent *extent, uint32_t tree_id)
{
    if (tl_load32(head + TL_AT_CRC) != head_checksum(head))
        return "the checksum of its header is wrong";
    if (tl_page_pgno(head) != extent->pgno)
        return "it belongs to another place";
    if (tl_load32(head + TL_AT_BIRTH) != extent->tag)
        return "it is another version than its record names";
    if (tl_page_kind_of(head) != TL_PAGE_EXTENT || tl_page_level(head) != TL_EXTENT_LEVEL)
        return "it holds no value";
    if (tl_page_tree_id(head) != tree_id)
        return "it belongs to another tree";
    if (tl_load32(head + TL_AT_EXTENT_BYTES) != extent->bytes ||
        tl_load32(head + TL_AT_EXTENT_PAGES) != extent->pages)
        return "it has another size than its record says";
    return NULL;
}

const char *tl_extent_check_sums(const uint8_t *head, const tl_extent *extent, uint32_t tree_id)
{
    const char *fault = tl_extent_check_head(head, extent, tree_id);
    if (fault == NULL &&
        tl_load32(head + TL_AT_EXTENT_SUMS_CRC) != sums_checksum(head, extent->bytes))
        fault = "the checksum of its chunk sums is wrong";
    return fault;
}

const char *tl_extent_check_whole(const uint8_t *head, const tl_extent *extent, uint32_t tree_id)
{
    const char *fault = tl_extent_check_sums(head, extent, tree_id);
    const uint8_t *at = head + tl_extent_data_at(extent->bytes);
    uint32_t left = extent->bytes;
    for (uint32_t chunk = 0; left != 0 && fault == NULL; chunk++) {
        uint32_t size = left < TL_CHUNK_BYTES ? left : TL_CHUNK_BYTES;
        if (tl_crc32c(0, at, size) != tl_extent_sum(head, chunk))
            fault = "the checksum of a chunk is wrong";
        at += size;
        left -= size;
    }
    return fault;
}

/* What an extent of so many pages holds when `bytes_left` have to be placed from it on. */
static bool size_follows(uint32_t page_bytes, uint32_t bytes_left, tl_extent *extent)
{
    if (extent->pages == 0 || bytes_left == 0 || bytes_left > TL_VALUE_BYTES_MAX)
        return false;
    if (extent->pages == tl_extent_pages(page_bytes, bytes_left)) {
        extent->bytes = bytes_left;
        return true;
    }
    extent->bytes = tl_extent_capacity(page_bytes, extent->pages);
    return extent->bytes != 0 && extent->bytes < bytes_left;
}

bool tl_extent_next(const uint8_t *head, uint32_t page_bytes, uint32_t bytes_left, tl_extent *next)
{
    tl_extent found = {.pgno = tl_load32(head + TL_AT_EXTENT_NEXT),
                       .tag = tl_load32(head + TL_AT_EXTENT_NEXT + 4),
                       .pages = tl_load32(head + TL_AT_EXTENT_NEXT_PAGES)};
    if (!size_follows(page_bytes, bytes_left, &found))
        return false;
    *next = found;
    return true;
}

bool tl_extent_first(tl_value_ref ref, uint32_t page_bytes, tl_extent *first)
{
    if (ref.bytes == 0 || ref.bytes > TL_VALUE_BYTES_MAX)
        return false;
    uint32_t whole = tl_extent_pages(page_bytes, ref.bytes);
    tl_extent found = {
        .pgno = ref.pgno, .tag = ref.tag, .pages = ref.first_pages == 0 ? whole : ref.first_pages};
    if (!size_follows(page_bytes, ref.bytes, &found) ||
        (ref.first_pages != 0 && found.bytes == ref.bytes))
        return false;
    *first = found;
    return true;
}
