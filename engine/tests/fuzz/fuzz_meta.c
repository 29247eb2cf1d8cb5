/* engine/tests/fuzz/fuzz_meta.c -- metas mutated behind a valid checksum. */
#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/page/meta.h"
#include "engine/tests/fuzz/damage.h"
#include "engine/tests/fuzz/fuzz.h"

enum { CRC_AT = TL_META_RECORD_BYTES - 4, FIELDS_BYTES = 132 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    damage_source from = {bytes, count};
    unsigned kind = (unsigned)damage_below(&from, DAMAGE_KINDS);
    uint64_t size;
    memdisk *disk = damage_base(kind);
    uint8_t *file = memdisk_bytes(disk, "d.tl", &size);
    for (uint64_t times = 1 + damage_below(&from, 2); times > 0 && from.left > 0; times--) {
        uint64_t slot = damage_below(&from, 2);
        uint8_t *block = file + tl_meta_offset(damage_page_bytes(kind), (unsigned)slot);
        damage_bytes(&from, block, FIELDS_BYTES);
        tl_store32(block + CRC_AT, tl_crc32c(0, block, CRC_AT));
        if (damage_below(&from, 4) != 0) /* mostly both copies, else the other one is used */
            memcpy(block + TL_META_COPY_AT, block, TL_META_RECORD_BYTES);
    }
    damage_use(disk, &from);
    memdisk_destroy(disk);
    return 0;
}
