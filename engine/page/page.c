/* engine/page/page.c -- the checksum of a page, and keys that break its soft prefix. */
#include "engine/page/page.h"
#include "engine/base/checksum.h"
#include "engine/base/mutant.h"

#include <assert.h>

uint32_t tl_page_checksum(const uint8_t *page, uint32_t page_bytes)
{
    uint32_t end = TL_MUTANT(sum_omits_page_end) ? page_bytes - 8 : page_bytes;
    return tl_crc32c(0, page + TL_AT_PGNO, end - TL_AT_PGNO);
}

#define ONES_8    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define ONES_64   ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8
#define ONES_512  ONES_64, ONES_64, ONES_64, ONES_64, ONES_64, ONES_64, ONES_64, ONES_64
#define ONES_2048 ONES_512, ONES_512, ONES_512, ONES_512

/* Greater than any suffix, because longer than any key.  What is less than any is the empty one: a
 * SOFT page holds no key that ends with its prefix. */
static const uint8_t greatest[] = {ONES_2048};
static_assert(sizeof greatest > TL_KEY_BYTES_MAX, "longer than any key");

tl_slice tl_soft_suffix(const uint8_t *page, tl_slice key)
{
    tl_slice prefix = tl_page_prefix(page);
    size_t shared = key.size_bytes < prefix.size_bytes ? key.size_bytes : prefix.size_bytes;
    int order = memcmp(key.data, prefix.data, shared);
    if (order > 0)
        return tl_slice_of(greatest, sizeof greatest);
    if (order < 0 || key.size_bytes <= prefix.size_bytes)
        return tl_slice_of("", 0);
    return tl_slice_of((const uint8_t *)key.data + prefix.size_bytes,
                       key.size_bytes - prefix.size_bytes);
}
