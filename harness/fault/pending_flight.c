/* harness/fault/pending_flight.c -- what a device may be writing at the moment of the crash.
 *
 * A write is in flight from its call until a sync of its file has finished, or until it returned,
 * when it was written through: in between the cache may hand it to the device at any time, and
 * more than once.
 */
#include "harness/fault/pending_body.h"

static bool touches(uint64_t from, uint64_t to, uint64_t unit)
{
    return from < (unit + 1) * TL_UNIT_BYTES && to > unit * TL_UNIT_BYTES;
}

/* A shrink from `found` zeroes the rest of the unit that it cuts. */
static bool cuts(uint64_t found, uint64_t size, uint64_t unit)
{
    return size < found && size % TL_UNIT_BYTES != 0 && size / TL_UNIT_BYTES == unit;
}

/* What a process wrote before the log began. */
static bool base_flies(const tl_pending *pending, uint32_t file, uint64_t unit)
{
    enum { UNIT_SECTORS = TL_UNIT_BYTES / TL_SECTOR_BYTES };
    const tl_image *issued = &pending->trace->base_issued, *durable = &pending->durable;
    for (uint64_t s = unit * UNIT_SECTORS; s < (unit + 1) * UNIT_SECTORS; s++) {
        uint32_t sector = (uint32_t)s;
        if (s < issued->files[file].sector_count &&
            tl_pending_sector(issued, file, sector) != tl_pending_sector(durable, file, sector))
            return true;
    }
    return cuts(durable->files[file].size_bytes, issued->files[file].size_bytes, unit);
}

static uint64_t size_behind(const tl_pending *pending, uint32_t file, uint32_t number)
{
    return number == TL_PENDING_BASE ? pending->trace->base_issued.files[file].size_bytes
                                     : pending->trace->ops[number].size_after;
}

/* In the way of a file that gave data up: one that finished, or one that failed. */
static bool is_sync(const tl_pending *pending, uint32_t number)
{
    return number != TL_PENDING_BASE &&
           (pending->trace->ops[number].kind == TL_SIMDISK_SYNC ||
            pending->trace->ops[number].kind == TL_SIMDISK_SYNC_FAILED);
}

bool tl_pending_unit_flies(const tl_pending *pending, uint32_t file, uint64_t unit)
{
    const tl_words *ops = &pending->files[file].ops;
    uint64_t found = pending->durable.files[file].size_bytes;
    bool flies = false;
    for (uint32_t i = 0; i < ops->count; i++) {
        uint32_t number = ops->at[i];
        if (is_sync(pending, number)) {
            flies = flies && pending->trace->ops[number].kind != TL_SIMDISK_SYNC;
            continue;
        }
        uint64_t size = size_behind(pending, file, number);
        if (number == TL_PENDING_BASE) {
            flies = flies || base_flies(pending, file, unit);
        } else if (pending->trace->ops[number].kind == TL_SIMDISK_WRITE) {
            const tl_simdisk_op *op = &pending->trace->ops[number];
            flies = flies || (!tl_pending_is_through(pending, number) &&
                              touches(op->offset, op->offset + op->size_bytes, unit));
        } else {
            flies = flies || cuts(found, size, unit);
        }
        found = size;
    }
    return flies;
}

uint64_t tl_pending_certain_bytes(const tl_pending *pending, uint32_t file)
{
    const tl_words *ops = &pending->files[file].ops;
    uint64_t least = pending->durable.files[file].size_bytes, size = least;
    for (uint32_t i = 0; i < ops->count; i++) {
        uint32_t number = ops->at[i];
        if (!is_sync(pending, number))
            size = size_behind(pending, file, number);
        else if (pending->trace->ops[number].kind == TL_SIMDISK_SYNC)
            least = size;
        least = size < least ? size : least;
    }
    return least;
}
