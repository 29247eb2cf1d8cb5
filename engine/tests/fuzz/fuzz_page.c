/* engine/tests/fuzz/fuzz_page.c -- pages mutated behind a valid checksum give a status: no crash,
 * no endless loop, no read outside the page. */
#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/tests/fuzz/damage.h"
#include "engine/tests/fuzz/fuzz.h"

static void seal(uint8_t *page, uint32_t page_bytes)
{
    tl_store32(page, tl_crc32c(0, page + 4, page_bytes - 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    damage_source from = {bytes, count};
    unsigned kind = (unsigned)damage_below(&from, DAMAGE_KINDS);
    uint32_t page_bytes = damage_page_bytes(kind);
    uint64_t size;
    memdisk *disk = damage_base(kind);
    uint8_t *file = memdisk_bytes(disk, "d.tl", &size);
    /* The first 8 KiB are the metas, which fuzz_meta.c looks after. */
    uint64_t first = page_bytes < 4096 ? 8192 / page_bytes : 2, pages = size / page_bytes - first;
    for (uint64_t times = 1 + damage_below(&from, 3); times > 0 && from.left > 0; times--) {
        uint8_t *page = file + (first + damage_below(&from, pages)) * page_bytes;
        damage_bytes(&from, page + 4, page_bytes - 4);
        seal(page, page_bytes);
    }
    damage_use(disk, &from);
    memdisk_destroy(disk);
    return 0;
}
