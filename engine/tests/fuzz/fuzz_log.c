/* engine/tests/fuzz/fuzz_log.c -- log frames mutated behind valid checksums and a valid chain. */
#include "engine/base/bytes.h"
#include "engine/base/checksum.h"
#include "engine/store/log_format.h"
#include "engine/tests/fuzz/damage.h"
#include "engine/tests/fuzz/fuzz.h"

enum { FRAMES_MAX = 64, HEADER_BYTES = 56, FIRST_AT = 4096, UUID_AT = 16, UUID_BYTES = 16 };

typedef struct frames { /* where they lie in a log file */
    size_t at[FRAMES_MAX], ops_bytes[FRAMES_MAX];
    unsigned count;
    uint32_t origin;
} frames;

static bool whole(const uint8_t *file, uint64_t size, size_t at, uint32_t origin)
{
    if (at + HEADER_BYTES > size)
        return false;
    uint64_t ops = tl_load32(file + at + TL_AT_FRAME_OPS_BYTES);
    return ops <= size - at - HEADER_BYTES &&
           tl_load32(file + at) == tl_frame_checksum(origin, file + at, HEADER_BYTES + (size_t)ops);
}

static void find_frames(const uint8_t *file, uint64_t size, frames *found)
{
    size_t at = FIRST_AT;
    *found = (frames){.origin = tl_crc32c(0, file + UUID_AT, UUID_BYTES)};
    while (found->count < FRAMES_MAX) {
        if (!whole(file, size, at, found->origin))
            at = (size_t)tl_align_up(at, 512);
        if (!whole(file, size, at, found->origin))
            return;
        found->at[found->count] = at;
        found->ops_bytes[found->count] = tl_load32(file + at + TL_AT_FRAME_OPS_BYTES);
        at += HEADER_BYTES + found->ops_bytes[found->count++];
    }
}

/* Checksums and chain of all frames from `first` on, over what they hold now. */
static void seal_frames(uint8_t *file, const frames *all, unsigned first)
{
    for (unsigned i = first; i < all->count; i++) {
        uint8_t *frame = file + all->at[i];
        if (i > 0) {
            const uint8_t *before = file + all->at[i - 1];
            tl_store64(frame + TL_AT_FRAME_CHAIN,
                       tl_frame_chain(tl_load64(before + TL_AT_FRAME_CHAIN),
                                      tl_load64(before + TL_AT_FRAME_TXN), tl_load32(before)));
        }
        size_t covered = HEADER_BYTES + (size_t)tl_load32(frame + TL_AT_FRAME_OPS_BYTES);
        size_t reach = HEADER_BYTES + all->ops_bytes[i];
        if (covered > reach && covered > 1 << 20)
            covered = reach; /* a length that reaches out of the file: never valid */
        tl_store32(frame, tl_frame_checksum(all->origin, frame, covered < reach ? covered : reach));
    }
}

static void damage_frames(damage_source *from, memdisk *disk, const char *path)
{
    uint64_t size;
    frames all;
    uint8_t *file = memdisk_bytes(disk, path, &size);
    if (file == NULL)
        return;
    find_frames(file, size, &all);
    if (all.count == 0)
        return;
    unsigned which = (unsigned)damage_below(from, all.count);
    uint8_t *frame = file + all.at[which];
    if (damage_below(from, 4) == 0)
        damage_bytes(from, frame + TL_AT_FRAME_OPS_BYTES, HEADER_BYTES - TL_AT_FRAME_OPS_BYTES);
    else
        damage_bytes(from, frame + HEADER_BYTES, all.ops_bytes[which]);
    seal_frames(file, &all, which);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const unsigned with_frames[] = {1, 3, 4};
    damage_source from = {bytes, count};
    memdisk *disk = damage_base(with_frames[damage_below(&from, 3)]);
    for (uint64_t times = 1 + damage_below(&from, 3); times > 0; times--) {
        damage_frames(&from, disk, "d.log.0");
        damage_frames(&from, disk, "d.log.1");
    }
    damage_use(disk, &from);
    memdisk_destroy(disk);
    return 0;
}
