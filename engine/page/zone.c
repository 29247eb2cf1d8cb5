/* engine/page/zone.c -- see zone.h. */
#include "engine/page/zone.h"

uint32_t tl_zone_seal(uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint32_t zone_no,
                      uint64_t epoch)
{
    memset(page, 0, TL_PAGE_HEADER_BYTES);
    tl_store32(page + TL_AT_PGNO, pgno);
    tl_store64(page + TL_AT_BIRTH, epoch);
    page[TL_AT_KIND] = TL_PAGE_ZONE;
    tl_store32(page + TL_AT_ZONE_NO, zone_no);
    uint32_t crc = tl_page_checksum(page, page_bytes);
    tl_store32(page + TL_AT_CRC, crc);
    return crc;
}

bool tl_zone_valid(const uint8_t *page, uint32_t page_bytes, uint32_t pgno, uint32_t zone_no)
{
    return tl_load32(page + TL_AT_CRC) == tl_page_checksum(page, page_bytes) &&
           tl_page_pgno(page) == pgno && tl_page_kind_of(page) == TL_PAGE_ZONE &&
           tl_load32(page + TL_AT_ZONE_NO) == zone_no;
}
