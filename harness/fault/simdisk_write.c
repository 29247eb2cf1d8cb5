/* harness/fault/simdisk_write.c -- what changes the contents and the size of a file.
 *
 * With a log, a write makes new versions for all its sectors.  Without one, sectors that this disk
 * made itself are written over in place, so a long run needs no more memory than its files.
 */
#include "harness/fault/choices.h"
#include "harness/fault/simdisk_calls.h"

#include <string.h>

/* Copy `size_bytes` from the spans to `out`. */
static void spans_gather(const tl_io_span *spans, size_t span_count, uint8_t *out,
                         size_t size_bytes)
{
    for (size_t i = 0; i < span_count && size_bytes > 0; i++) {
        size_t part = spans[i].size_bytes < size_bytes ? spans[i].size_bytes : size_bytes;
        if (part != 0)
            memcpy(out, spans[i].data, part);
        out += part;
        size_bytes -= part;
    }
}

/* May the sectors of this write be changed where they are?  Only without a log, when all are this
 * disk's own and lie in a row. */
static bool in_place(const tl_simdisk *disk, const tl_simfile *body, const tl_simdisk_op *op)
{
    if ((disk->flags & TL_SIMDISK_RECORD) != 0 ||
        op->first_sector + op->sector_count > body->sector_count)
        return false;
    uint32_t first = body->sectors[op->first_sector];
    for (uint32_t i = 0; i < op->sector_count; i++) {
        if (body->sectors[op->first_sector + i] != first + i)
            return false;
    }
    return first >= disk->owned && (first & TL_VERSION_OPEN) == 0;
}

/* Make the versions of a write: old bytes around the new ones in its first and last sector. */
static tl_status write_versions(tl_simdisk *disk, tl_simdisk_op *op, const tl_io_span *spans,
                                size_t span_count)
{
    tl_versions *versions = &disk->share->versions;
    const tl_simfile *body = &disk->image.files[op->file];
    size_t inside = op->offset % TL_SECTOR_BYTES;
    if (in_place(disk, body, op)) {
        op->first_version = body->sectors[op->first_sector];
    } else {
        tl_status status = tl_versions_add(versions, op->sector_count, &op->first_version);
        if (status != TL_OK)
            return status;
        for (uint32_t i = 0; i < op->sector_count; i++) {
            bool edge = (i == 0 && inside != 0) ||
                        (i + 1 == op->sector_count && (inside + op->size_bytes) % TL_SECTOR_BYTES);
            if (!edge)
                continue;
            uint64_t sector = op->first_sector + i;
            if (disk->choices != NULL) {
                status = tl_choices_pin(disk->choices, op->file, sector);
                if (status != TL_OK)
                    return status;
            }
            uint32_t old = sector < body->sector_count ? body->sectors[sector] : 0;
            memcpy(tl_version_bytes(versions, op->first_version + i),
                   tl_version_bytes(versions, old), TL_SECTOR_BYTES);
        }
    }
    spans_gather(spans, span_count, tl_version_bytes(versions, op->first_version) + inside,
                 (size_t)op->size_bytes);
    return TL_OK;
}

uint64_t tl_simdisk_used_bytes(const tl_simdisk *disk)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < disk->image.name_count; i++)
        used += disk->image.files[disk->image.names[i].file].size_bytes;
    return used;
}

/* How far a file may reach under the quota when it wants to reach `end`. */
static uint64_t quota_end(const tl_simdisk *disk, uint32_t file, uint64_t end)
{
    uint64_t size = disk->image.files[file].size_bytes;
    if (disk->quota == UINT64_MAX || end <= size)
        return end;
    uint64_t used = tl_simdisk_used_bytes(disk);
    uint64_t room = used < disk->quota ? disk->quota - used : 0;
    return end - size <= room ? end : size + room;
}

static tl_status write_some(tl_simdisk *disk, const tl_file *handle, uint64_t offset,
                            const tl_io_span *spans, size_t span_count)
{
    uint32_t file = handle->file;
    uint64_t size_bytes = 0;
    for (size_t i = 0; i < span_count; i++)
        size_bytes += spans[i].size_bytes;
    uint64_t end = quota_end(disk, file, offset + size_bytes);
    tl_status full = TL_OK;
    if (end < offset + size_bytes) {
        full = TL_NO_SPACE;
        disk->fired++;
        end -= end % TL_SECTOR_BYTES;
        size_bytes = end > offset ? end - offset : 0;
    }
    if (size_bytes == 0)
        return full;
    uint64_t first = offset / TL_SECTOR_BYTES;
    tl_simdisk_op op = {
        .kind = TL_SIMDISK_WRITE,
        .file = file,
        .offset = offset,
        .size_bytes = size_bytes,
        .first_sector = first,
        .sector_count = (uint32_t)((offset + size_bytes - 1) / TL_SECTOR_BYTES - first + 1),
        .through = handle->through,
    };
    tl_status status = write_versions(disk, &op, spans, span_count);
    if (status == TL_OK)
        status = tl_simdisk_perform(disk, &op);
    return status == TL_OK ? full : status;
}

/* A plan that is bound to the file of the call that it meets first. */
static tl_status file_refuses(tl_simdisk *disk, const tl_file *file)
{
    tl_fault_plan *plan = &disk->plans[TL_SIMDISK_CALL_PWRITEV];
    if (!plan->one_file)
        return TL_OK;
    if (plan->countdown > 1) {
        plan->countdown--;
        return TL_OK;
    }
    if (plan->file_and_one == 0)
        plan->file_and_one = file->file + 1;
    if (plan->file_and_one != file->file + 1)
        return TL_OK;
    disk->fired++;
    return plan->status;
}

tl_status tl_simdisk_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                             size_t span_count)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_PWRITEV);
    if (status == TL_OK)
        status = file_refuses(disk, file);
    if (status == TL_OK && (!file->writable || span_count > TL_IO_SPANS_MAX))
        status = TL_INVALID;
    if (status == TL_OK)
        status = write_some(disk, file, offset, spans, span_count);
    return tl_simdisk_leave(disk, status);
}

/* The payload of a truncate into a sector: that sector with zeros behind the new end. */
static tl_status truncate_version(tl_simdisk *disk, tl_simdisk_op *op)
{
    const tl_simfile *body = &disk->image.files[op->file];
    size_t inside = op->size_bytes % TL_SECTOR_BYTES;
    op->first_sector = op->size_bytes / TL_SECTOR_BYTES;
    if (inside == 0)
        return TL_OK;
    op->sector_count = 1;
    if (disk->choices != NULL) {
        tl_status pinned = tl_choices_pin(disk->choices, op->file, op->first_sector);
        if (pinned != TL_OK)
            return pinned;
    }
    op->first_version = op->first_sector < body->sector_count ? body->sectors[op->first_sector] : 0;
    if (op->size_bytes >= body->size_bytes)
        return TL_OK;
    tl_versions *versions = &disk->share->versions;
    uint32_t old = op->first_version;
    tl_status status = tl_versions_add(versions, 1, &op->first_version);
    if (status != TL_OK)
        return status;
    uint8_t *bytes = tl_version_bytes(versions, op->first_version);
    memcpy(bytes, tl_version_bytes(versions, old), inside);
    memset(bytes + inside, 0, TL_SECTOR_BYTES - inside);
    return TL_OK;
}

tl_status tl_simdisk_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_TRUNCATE);
    if (status == TL_OK && !file->writable)
        status = TL_INVALID;
    if (status == TL_OK && quota_end(disk, file->file, size_bytes) < size_bytes) {
        status = TL_NO_SPACE;
        disk->fired++;
    }
    tl_simdisk_op op = {.kind = TL_SIMDISK_TRUNCATE, .file = file->file, .size_bytes = size_bytes};
    if (status == TL_OK)
        status = truncate_version(disk, &op);
    if (status == TL_OK)
        status = tl_simdisk_perform(disk, &op);
    return tl_simdisk_leave(disk, status);
}

tl_status tl_simdisk_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_FALLOCATE);
    if (status == TL_OK && (!file->writable || size_bytes == 0))
        status = TL_INVALID;
    if (status == TL_OK && quota_end(disk, file->file, offset + size_bytes) < offset + size_bytes) {
        status = TL_NO_SPACE;
        disk->fired++;
    }
    if (status == TL_OK)
        status = tl_simdisk_perform(disk, &(tl_simdisk_op){.kind = TL_SIMDISK_FALLOCATE,
                                                           .file = file->file,
                                                           .offset = offset,
                                                           .size_bytes = size_bytes});
    return tl_simdisk_leave(disk, status);
}
