/* engine/page/manifest.h -- what one commit wrote, by page and checksum.
 *
 * A meta that goes out together with its pages, with one sync for all, may reach the disk without
 * some of them.  It names a manifest, and counts only if every page listed there is what it was.
 *
 *   0    4     8      16    17  20     24        64
 *   +----+-----+------+-----+---+------+---------+--------------------------+
 *   | crc| pgno| epoch| kind|   | count| zeros   | { u32 pgno, u32 crc } .. |
 *   +----+-----+------+-----+---+------+---------+--------------------------+
 */
#ifndef TL_PAGE_MANIFEST_H
#define TL_PAGE_MANIFEST_H

#include "engine/base/checksum.h"
#include "engine/page/page.h"

enum { TL_AT_MANIFEST_COUNT = 20, TL_MANIFEST_ENTRY_BYTES = 8 };

static inline uint32_t tl_manifest_capacity(uint32_t page_bytes)
{
    return (page_bytes - TL_PAGE_HEADER_BYTES) / TL_MANIFEST_ENTRY_BYTES;
}

static inline uint32_t tl_manifest_count(const uint8_t *page)
{
    return tl_load32(page + TL_AT_MANIFEST_COUNT);
}

static inline const uint8_t *tl_manifest_entry(const uint8_t *page, uint32_t index)
{
    return page + TL_PAGE_HEADER_BYTES + (size_t)index * TL_MANIFEST_ENTRY_BYTES;
}

static inline void tl_manifest_begin(uint8_t *page, uint32_t page_bytes, uint32_t pgno,
                                     uint64_t epoch)
{
    memset(page, 0, page_bytes);
    tl_store32(page + TL_AT_PGNO, pgno);
    tl_store64(page + TL_AT_BIRTH, epoch);
    page[TL_AT_KIND] = TL_PAGE_MANIFEST;
}

/* All bytes of the listed page count, its own checksum among them. */
static inline void tl_manifest_add(uint8_t *page, uint32_t page_bytes, uint32_t pgno,
                                   const uint8_t *listed)
{
    uint32_t index = tl_manifest_count(page);
    uint8_t *at = page + TL_PAGE_HEADER_BYTES + (size_t)index * TL_MANIFEST_ENTRY_BYTES;
    tl_store32(at, pgno);
    tl_store32(at + 4, tl_crc32c(0, listed, page_bytes));
    tl_store32(page + TL_AT_MANIFEST_COUNT, index + 1);
}

/* Complete it; its checksum, for the meta. */
static inline uint32_t tl_manifest_seal(uint8_t *page, uint32_t page_bytes)
{
    uint32_t crc = tl_page_checksum(page, page_bytes);
    tl_store32(page + TL_AT_CRC, crc);
    return crc;
}

#endif
