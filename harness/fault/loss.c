/* harness/fault/loss.c -- one crash, spelled out: which log entries survived.
 *
 * Replaying the log moves two images: `issued`, which a process sees, and `durable`, which follows
 * only when a sync finishes -- then the file, or the names of the directory, become what `issued`
 * has at that moment.  What the disk happened to write by itself before the power went is laid
 * over `durable` in log order; a later sync of the same file makes that choice moot.
 */
#include "harness/fault/simdisk_body.h"

#include <stdio.h>
#include <string.h>

static tl_status replay_failed_sync(const tl_simdisk_op *op, tl_image *issued, tl_image *durable)
{
    switch (op->failure) {
    case TL_SYNC_FAILED_CLEAN:
    case TL_SYNC_FAILED_LATE:
        return tl_image_lose_file(durable, issued, op->file);
    case TL_SYNC_FAILED_REVERTED: /* what came back was read from the disk */
        return tl_image_copy_file(durable, issued, op->file);
    default:
        return TL_OK;
    }
}

tl_status tl_simdisk_replay(const tl_simdisk *disk, size_t i, tl_image *issued, tl_image *durable)
{
    const tl_simdisk_op *op = &disk->ops[i];
    tl_status status = tl_image_apply(issued, op, UINT32_MAX);
    while (status == TL_OK && durable->file_count < issued->file_count) {
        uint32_t added = 0;
        status = tl_image_add_file(durable, &added);
    }
    if (status != TL_OK)
        return status;
    if (op->kind == TL_SIMDISK_SYNC)
        return tl_image_sync_file(durable, issued, op->file);
    if (op->kind == TL_SIMDISK_SYNC_FAILED)
        return replay_failed_sync(op, issued, durable);
    if (op->kind == TL_SIMDISK_SYNC_DIR)
        return tl_image_copy_names(durable, issued, &disk->share->paths, op->path);
    if (op->kind == TL_SIMDISK_WRITE && op->through)
        return tl_image_apply(durable, op, UINT32_MAX);
    return TL_OK;
}

static bool dir_is_synced(const tl_simdisk *disk, uint32_t path, size_t after, size_t at)
{
    uint32_t dir = disk->share->paths.entries[path].dir;
    for (size_t i = after + 1; i < at; i++) {
        if (disk->ops[i].kind == TL_SIMDISK_SYNC_DIR && disk->ops[i].path == dir)
            return true;
    }
    return false;
}

bool tl_simdisk_is_covered(const tl_simdisk *disk, size_t unit, size_t at)
{
    const tl_simdisk_op *op = &disk->ops[unit];
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
    case TL_SIMDISK_UNLINK:
        return dir_is_synced(disk, op->path, unit, at);
    case TL_SIMDISK_RENAME:
        return dir_is_synced(disk, op->path, unit, at) && dir_is_synced(disk, op->path2, unit, at);
    case TL_SIMDISK_SYNC:
    case TL_SIMDISK_SYNC_FAILED:
    case TL_SIMDISK_SYNC_DIR:
        return true;
    default:
        break;
    }
    if (op->kind == TL_SIMDISK_WRITE && op->through)
        return true;
    for (size_t i = unit + 1; i < at; i++) {
        const tl_simdisk_op *later = &disk->ops[i];
        if (later->kind == TL_SIMDISK_SYNC && later->file == op->file)
            return true;
        if (later->kind == TL_SIMDISK_SYNC_FAILED && later->file == op->file &&
            later->failure != TL_SYNC_FAILED_DIRTY)
            return false; /* undone, or given up: no sync will cover it */
    }
    return false;
}

static bool is_listed(const tl_simdisk_loss *loss, size_t unit)
{
    for (size_t i = 0; i < loss->unit_count; i++) {
        if (loss->units[i] == unit)
            return true;
    }
    return false;
}

static bool loss_is_possible(const tl_simdisk *disk, const tl_simdisk_loss *loss)
{
    if (loss->at > disk->op_count || (!loss->power && loss->unit_count != 0))
        return false;
    if (loss->torn_sectors != 0 &&
        (loss->at == disk->op_count || disk->ops[loss->at].kind != TL_SIMDISK_WRITE ||
         loss->torn_sectors > disk->ops[loss->at].sector_count))
        return false;
    for (size_t i = 0; i < loss->unit_count; i++) {
        if (loss->units[i] >= loss->at)
            return false;
        if (!loss->keep_listed && tl_simdisk_is_covered(disk, loss->units[i], loss->at))
            return false;
    }
    return true;
}

/* Build both sides of the disk at the crash: `durable` becomes what a power loss leaves. */
static tl_status loss_build(const tl_simdisk *disk, const tl_simdisk_loss *loss, tl_image *issued,
                            tl_image *durable)
{
    tl_status status = tl_image_copy(issued, &disk->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(durable, &disk->base_durable);
    for (size_t i = 0; i < loss->at && status == TL_OK; i++) {
        status = tl_simdisk_replay(disk, i, issued, durable);
        if (status == TL_OK && loss->power && is_listed(loss, i) == loss->keep_listed)
            status = tl_image_apply(durable, &disk->ops[i], UINT32_MAX);
    }
    if (status == TL_OK && loss->torn_sectors != 0)
        status = tl_image_apply(loss->power ? durable : issued, &disk->ops[loss->at],
                                loss->torn_sectors);
    return status;
}

/* All of a file of `image` as versions of the log, zeros behind its end. */
static tl_status file_versions(tl_versions *versions, const tl_image *image, tl_simdisk_op *op)
{
    const tl_simfile *body = &image->files[op->file];
    size_t inside = body->size_bytes % TL_SECTOR_BYTES;
    op->size_bytes = body->size_bytes;
    op->sector_count = body->sector_count;
    if (body->sector_count == 0)
        return TL_OK;
    tl_status status = tl_versions_add(versions, body->sector_count, &op->first_version);
    if (status != TL_OK)
        return status;
    for (uint32_t i = 0; i < body->sector_count; i++)
        memcpy(tl_version_bytes(versions, op->first_version + i),
               tl_version_bytes(versions, body->sectors[i]), TL_SECTOR_BYTES);
    if (inside != 0) /* a write through may have left there what lay behind */
        memset(tl_version_bytes(versions, op->first_version + op->sector_count - 1) + inside, 0,
               TL_SECTOR_BYTES - inside);
    return TL_OK;
}

tl_status tl_simdisk_revert(tl_simdisk *disk, tl_simdisk_op *op)
{
    if ((disk->flags & TL_SIMDISK_RECORD) == 0) {
        op->failure = TL_SYNC_FAILED_DIRTY;
        return TL_OK;
    }
    if (disk->choices != NULL)
        return TL_UNSUPPORTED;
    const tl_simdisk_loss nothing_kept = {.at = disk->op_count, .power = true, .keep_listed = true};
    tl_image issued, durable;
    tl_image_init(&issued, &disk->share->versions);
    tl_image_init(&durable, &disk->share->versions);
    tl_status status = loss_build(disk, &nothing_kept, &issued, &durable);
    while (status == TL_OK && durable.file_count <= op->file) {
        uint32_t added = 0;
        status = tl_image_add_file(&durable, &added);
    }
    if (status == TL_OK)
        status = file_versions(&disk->share->versions, &durable, op);
    tl_image_clear(&issued);
    tl_image_clear(&durable);
    return status;
}

tl_status tl_simdisk_crash(tl_simdisk *disk, const tl_simdisk_loss *loss)
{
    if ((disk->flags & TL_SIMDISK_RECORD) == 0)
        return TL_UNSUPPORTED;
    if (!loss_is_possible(disk, loss))
        return TL_INVALID;
    tl_image issued, durable;
    tl_image_init(&issued, &disk->share->versions);
    tl_image_init(&durable, &disk->share->versions);
    tl_status status = loss_build(disk, loss, &issued, &durable);
    if (status == TL_OK)
        status = tl_image_copy(&disk->image, loss->power ? &durable : &issued);
    if (status == TL_OK)
        status = tl_simdisk_begin_life(disk, &durable);
    tl_image_clear(&issued);
    tl_image_clear(&durable);
    return status;
}

tl_versions *tl_simdisk_versions(tl_simdisk *disk)
{
    return &disk->share->versions;
}

tl_status tl_simdisk_crash_to(tl_simdisk *disk, size_t at, bool power, const tl_image *left,
                              const tl_image *certain)
{
    const tl_simdisk_loss all_kept = {.at = at, .power = false};
    if ((disk->flags & TL_SIMDISK_RECORD) == 0)
        return TL_UNSUPPORTED;
    tl_image issued, durable;
    tl_image_init(&issued, &disk->share->versions);
    tl_image_init(&durable, &disk->share->versions);
    tl_status status = TL_OK;
    if (!power && certain == NULL)
        status = loss_build(disk, &all_kept, &issued, &durable);
    if (status == TL_OK)
        status = tl_image_copy(&disk->image, left);
    if (status == TL_OK)
        status = tl_simdisk_begin_life(disk, power             ? &disk->image
                                             : certain != NULL ? certain
                                                               : &durable);
    tl_image_clear(&issued);
    tl_image_clear(&durable);
    return status;
}

/* The name to show for a file: the one it was created under, or has now. */
static const char *file_name(const tl_simdisk *disk, uint32_t file)
{
    for (uint32_t i = 0; i < disk->image.name_count; i++) {
        if (disk->image.names[i].file == file)
            return tl_simdisk_path(disk, disk->image.names[i].path);
    }
    return "(nameless)";
}

void tl_simdisk_op_text(const tl_simdisk *disk, size_t index, char *text, size_t text_bytes)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(disk, index);
    const char *kind = tl_simdisk_op_name(op->kind);
    unsigned long long from = op->offset, to = op->offset + op->size_bytes;
    switch (op->kind) {
    case TL_SIMDISK_WRITE:
    case TL_SIMDISK_FALLOCATE:
        snprintf(text, text_bytes, "%zu %s %s [%llu, %llu) %u sectors%s", index, kind,
                 file_name(disk, op->file), from, to, op->sector_count,
                 op->through ? ", through" : "");
        return;
    case TL_SIMDISK_TRUNCATE:
        snprintf(text, text_bytes, "%zu %s %s to %llu", index, kind, file_name(disk, op->file),
                 (unsigned long long)op->size_bytes);
        return;
    case TL_SIMDISK_SYNC:
        snprintf(text, text_bytes, "%zu %s %s", index, kind, file_name(disk, op->file));
        return;
    case TL_SIMDISK_SYNC_FAILED:
        snprintf(text, text_bytes, "%zu %s %s, %s", index, kind, file_name(disk, op->file),
                 tl_sync_failure_name(op->failure));
        return;
    case TL_SIMDISK_RENAME:
        snprintf(text, text_bytes, "%zu %s %s to %s", index, kind, tl_simdisk_path(disk, op->path),
                 tl_simdisk_path(disk, op->path2));
        return;
    default:
        snprintf(text, text_bytes, "%zu %s %s", index, kind, tl_simdisk_path(disk, op->path));
        return;
    }
}
