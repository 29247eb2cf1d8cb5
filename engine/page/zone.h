/* engine/page/zone.h -- one stored page of the free-space bitmap.
 *
 * The pages of a file are divided into zones of (page - 64) * 8 pages.  Two fixed pages at the
 * start of each zone hold its bitmap in turn (slot A, slot B); in zone 0 they follow the metas.
 *
 *   0    4     8      16    20       24        64
 *   +----+-----+------+-----+--------+---------+------------------------+
 *   | crc| pgno| epoch| kind| zone_no| zeros   | bits: 1 = page is live |
 *   +----+-----+------+-----+--------+---------+------------------------+
 */
#ifndef TL_PAGE_ZONE_H
#define TL_PAGE_ZONE_H

#include "engine/base/hash.h"
#include "engine/page/meta.h"

enum { TL_AT_ZONE_NO = 20 };

static inline uint32_t tl_zone_pages(uint32_t page_bytes)
{
    return (page_bytes - TL_PAGE_HEADER_BYTES) * 8;
}

static inline uint32_t tl_zone_count(uint32_t page_bytes, uint64_t page_count)
{
    uint64_t per_zone = tl_zone_pages(page_bytes);
    return (uint32_t)((page_count + per_zone - 1) / per_zone);
}

static inline uint32_t tl_zone_slot_pgno(uint32_t page_bytes, uint32_t zone_no, unsigned slot)
{
    uint32_t base = zone_no == 0 ? tl_meta_pages(page_bytes) : zone_no * tl_zone_pages(page_bytes);
    return base + slot;
}

/* What one zone adds to the digest in the meta. */
static inline uint64_t tl_zone_mix(uint32_t zone_no, uint64_t epoch, uint32_t crc)
{
    return tl_mix64(tl_mix64(epoch ^ (uint64_t)zone_no << 32) ^ crc);
}

/* Fill header and checksum of a zone page whose bits are in place; returns the crc. */
uint32_t tl_zone_seal(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint32_t zone_no,
                      uint64_t epoch);
bool tl_zone_valid(const uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint32_t zone_no);

static inline uint64_t tl_zone_epoch(const uint8_t *page)
{
    return tl_load64(page + TL_AT_BIRTH);
}

#endif
