/* engine/page/page.c -- the checksum of a page; everything else is inline in page.h. */
#include "engine/page/page.h"
#include "engine/base/checksum.h"

uint32_t tl_page_checksum(const uint8_t *page, uint32_t page_bytes)
{
    return tl_crc32c(0, page + TL_AT_PGNO, page_bytes - TL_AT_PGNO);
}
