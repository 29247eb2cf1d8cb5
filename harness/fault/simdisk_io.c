/* harness/fault/simdisk_io.c -- what a store sees of a simulated disk: tl/io.h over an image.
 *
 * Every function of the vtable has the same shape: enter (lock, count the call, fire a planned
 * fault), act on the image, append to the log, leave.  A call that fails leaves no log entry,
 * except a write cut short by the quota: what fitted was written, and is logged as such; and a sync
 * that failed, because of what it has done to the file.
 *
 * With a log, a write makes new versions for all its sectors.  Without one, sectors that this disk
 * made itself are written over in place, so a long run needs no more memory than its files.
 */
#include "harness/fault/choices.h"
#include "harness/fault/memo.h"
#include "harness/fault/simdisk_body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lock, count, and tell whether a planned fault fires.  Pair with leave on every path. */
static tl_status enter(tl_simdisk *disk, tl_simdisk_call call)
{
    if ((disk->flags & TL_SIMDISK_ONE_THREAD) == 0)
        pthread_mutex_lock(&disk->mutex);
    disk->calls[call]++;
    tl_fault_plan *plan = &disk->plans[call];
    if (plan->one_file || plan->countdown == 0 || --plan->countdown > 0)
        return TL_OK;
    if (plan->sticky)
        plan->countdown = 1;
    disk->fired++;
    return plan->status;
}

static tl_status leave(tl_simdisk *disk, tl_status status)
{
    if ((disk->flags & TL_SIMDISK_ONE_THREAD) == 0)
        pthread_mutex_unlock(&disk->mutex);
    return status;
}

static tl_simdisk *disk_of(tl_io *io)
{
    return (tl_simdisk *)io;
}

/* Room for one more entry, made before the image changes so that both change or neither does. */
static tl_status log_reserve(tl_simdisk *disk)
{
    if ((disk->flags & TL_SIMDISK_RECORD) == 0 || disk->op_count < disk->op_capacity)
        return TL_OK;
    size_t capacity = disk->op_capacity == 0 ? 256 : disk->op_capacity * 2;
    tl_simdisk_op *ops = realloc(disk->ops, capacity * sizeof *ops);
    if (ops == NULL)
        return TL_NO_MEMORY;
    disk->ops = ops;
    disk->op_capacity = capacity;
    return TL_OK;
}

/* Apply `op` to the image and append it to the log. */
static tl_status perform(tl_simdisk *disk, const tl_simdisk_op *op)
{
    tl_status status = log_reserve(disk);
    if (status == TL_OK)
        status = tl_image_apply(&disk->image, op, UINT32_MAX);
    if (status != TL_OK || (disk->flags & TL_SIMDISK_RECORD) == 0)
        return status;
    tl_simdisk_op *entry = &disk->ops[disk->op_count++];
    *entry = *op;
    if (op->kind != TL_SIMDISK_SYNC_DIR)
        entry->size_after = disk->image.files[op->file].size_bytes;
    return TL_OK;
}

static tl_status handle_new(tl_simdisk *disk, uint32_t file, uint32_t path, tl_file **handle)
{
    tl_file *found = disk->handles;
    while (found != NULL && found->used)
        found = found->next;
    if (found == NULL) {
        found = malloc(sizeof *found);
        if (found == NULL)
            return TL_NO_MEMORY;
        found->next = disk->handles;
        disk->handles = found;
    }
    *found = (tl_file){.next = found->next, .file = file, .path = path, .used = true};
    *handle = found;
    return TL_OK;
}

/* The file called `path`, created when `create` says so. */
static tl_status file_named(tl_simdisk *disk, uint32_t path, bool create, uint32_t *file)
{
    const tl_simname *name = tl_image_find(&disk->image, path);
    if (name != NULL) {
        *file = name->file;
        return TL_OK;
    }
    if (!create)
        return TL_NOT_FOUND;
    uint32_t added = disk->image.file_count;
    tl_status status =
        perform(disk, &(tl_simdisk_op){.kind = TL_SIMDISK_CREATE, .file = added, .path = path});
    if (status == TL_OK)
        *file = added;
    return status;
}

static tl_status sim_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_OPEN);
    uint32_t number = 0, found = 0;
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, path, &number);
    if (status == TL_OK)
        status = file_named(disk, number, (flags & TL_IO_CREATE) != 0, &found);
    tl_file *handle = NULL;
    if (status == TL_OK)
        status = handle_new(disk, found, number, &handle);
    if (status == TL_OK) {
        handle->writable = (flags & TL_IO_WRITE) != 0;
        *file = handle;
    }
    return leave(disk, status);
}

static void sim_close(tl_io *io, tl_file *file)
{
    tl_simdisk *disk = disk_of(io);
    if ((disk->flags & TL_SIMDISK_ONE_THREAD) == 0)
        pthread_mutex_lock(&disk->mutex);
    assert(file->used);
    file->used = false;
    if (disk->choices != NULL)
        tl_choices_closed(disk->choices, file->file);
    leave(disk, TL_OK);
}

static tl_status sim_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_SIZE);
    if (status == TL_OK)
        *size_bytes = disk->image.files[file->file].size_bytes;
    return leave(disk, status);
}

/* How many of these bytes the file has. */
static size_t bytes_there(const tl_simdisk *disk, const tl_file *file, uint64_t offset,
                          size_t size_bytes)
{
    uint64_t size = disk->image.files[file->file].size_bytes;
    uint64_t there = offset < size ? size - offset : 0;
    return there < size_bytes ? (size_t)there : size_bytes;
}

static tl_status sim_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                           size_t size_bytes, size_t *got)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_PREAD);
    size_t count = bytes_there(disk, file, offset, size_bytes);
    if (status == TL_OK && disk->choices != NULL)
        status = tl_choices_read(disk->choices, file->file, offset, buffer, count);
    else if (status == TL_OK)
        tl_image_read(&disk->image, file->file, offset, buffer, count);
    if (status == TL_OK) {
        *got = count;
        disk->read_bytes += count;
    }
    return leave(disk, status);
}

static tl_status sim_read_units(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                size_t size_bytes, size_t unit_bytes, tl_io_verify_fn wanted,
                                void *context, size_t *got)
{
    tl_simdisk *disk = disk_of(io);
    if (disk->choices == NULL)
        return sim_pread(io, file, offset, buffer, size_bytes, got);
    tl_status status = enter(disk, TL_SIMDISK_CALL_PREAD);
    size_t count = bytes_there(disk, file, offset, size_bytes);
    if (status == TL_OK)
        status = tl_choices_read_units(disk->choices, file->file, offset, buffer, count, unit_bytes,
                                       wanted, context);
    if (status == TL_OK)
        *got = count;
    return leave(disk, status);
}

static tl_status sim_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                   size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_simdisk *disk = disk_of(io);
    if (disk->choices != NULL) {
        tl_status decided = enter(disk, TL_SIMDISK_CALL_PREAD);
        if (decided == TL_OK && bytes_there(disk, file, offset, size_bytes) < size_bytes)
            decided = TL_CORRUPT; /* whatever is there */
        if (decided == TL_OK)
            decided = tl_choices_read_verified(disk->choices, file->file, offset, buffer,
                                               size_bytes, verify, context);
        return leave(disk, decided);
    }
    size_t got = 0;
    tl_status status = sim_pread(io, file, offset, buffer, size_bytes, &got);
    if (status != TL_OK)
        return status;
    return got == size_bytes && verify(context, buffer, size_bytes) ? TL_OK : TL_CORRUPT;
}

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
        status = perform(disk, &op);
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

static tl_status sim_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                             size_t span_count)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_PWRITEV);
    if (status == TL_OK)
        status = file_refuses(disk, file);
    if (status == TL_OK && (!file->writable || span_count > TL_IO_SPANS_MAX))
        status = TL_INVALID;
    if (status == TL_OK)
        status = write_some(disk, file, offset, spans, span_count);
    return leave(disk, status);
}

/* What a failed sync does to the file and the log, and what it tells. */
static tl_status sync_fails(tl_simdisk *disk, const tl_file *file, tl_status told)
{
    tl_sync_failure failure = disk->plans[TL_SIMDISK_CALL_FDATASYNC].failure;
    tl_simdisk_op op = {
        .kind = TL_SIMDISK_SYNC_FAILED, .failure = failure, .file = file->file, .path = file->path};
    tl_status status = TL_OK;
    if (failure == TL_SYNC_FAILED_REVERTED)
        status = tl_simdisk_revert(disk, &op);
    if (failure == TL_SYNC_FAILED_LATE) {
        disk->late = true;
        disk->late_file = file->file;
        told = TL_OK;
    }
    if (status == TL_OK)
        status = perform(disk, &op);
    return status == TL_OK ? told : status;
}

static tl_status sim_fdatasync(tl_io *io, tl_file *file)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_FDATASYNC);
    tl_simdisk_op op = {.kind = TL_SIMDISK_SYNC, .file = file->file, .path = file->path};
    if (disk->late && disk->late_file == file->file) {
        disk->late = false;
        op.kind = TL_SIMDISK_SYNC_FAILED; /* DIRTY: what came since is still to be written */
        status = perform(disk, &op);
        return leave(disk, status == TL_OK ? TL_IO : status);
    }
    status = status == TL_OK ? perform(disk, &op) : sync_fails(disk, file, status);
    return leave(disk, status);
}

static tl_status sim_fsync_dir(tl_io *io, const char *dir)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_FSYNC_DIR);
    uint32_t path = 0;
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, dir, &path);
    if (status == TL_OK)
        status = perform(disk, &(tl_simdisk_op){.kind = TL_SIMDISK_SYNC_DIR, .path = path});
    return leave(disk, status);
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

static tl_status sim_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_TRUNCATE);
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
        status = perform(disk, &op);
    return leave(disk, status);
}

static tl_status sim_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_FALLOCATE);
    if (status == TL_OK && (!file->writable || size_bytes == 0))
        status = TL_INVALID;
    if (status == TL_OK && quota_end(disk, file->file, offset + size_bytes) < offset + size_bytes) {
        status = TL_NO_SPACE;
        disk->fired++;
    }
    if (status == TL_OK)
        status = perform(disk, &(tl_simdisk_op){.kind = TL_SIMDISK_FALLOCATE,
                                                .file = file->file,
                                                .offset = offset,
                                                .size_bytes = size_bytes});
    return leave(disk, status);
}

static tl_status sim_rename(tl_io *io, const char *from, const char *to)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_RENAME);
    tl_simdisk_op op = {.kind = TL_SIMDISK_RENAME};
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, from, &op.path);
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, to, &op.path2);
    if (status == TL_OK)
        status = file_named(disk, op.path, false, &op.file);
    if (status == TL_OK && op.path != op.path2)
        status = perform(disk, &op);
    return leave(disk, status);
}

static tl_status sim_unlink(tl_io *io, const char *path)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_UNLINK);
    tl_simdisk_op op = {.kind = TL_SIMDISK_UNLINK};
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, path, &op.path);
    if (status == TL_OK)
        status = file_named(disk, op.path, false, &op.file);
    if (status == TL_OK)
        status = perform(disk, &op);
    return leave(disk, status);
}

static bool lock_is_held(const tl_simdisk *disk, uint32_t file, bool exclusive)
{
    for (const tl_file *other = disk->handles; other != NULL; other = other->next) {
        if (other->used && other->lock && other->file == file && (exclusive || other->exclusive))
            return true;
    }
    return false;
}

static tl_status sim_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                          uint64_t *holder_pid)
{
    tl_simdisk *disk = disk_of(io);
    tl_status status = enter(disk, TL_SIMDISK_CALL_LOCK);
    uint32_t number = 0, file = 0;
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, path, &number);
    if (status == TL_OK)
        status = file_named(disk, number, exclusive, &file);
    if (status == TL_OK && lock_is_held(disk, file, exclusive)) {
        *holder_pid = (uint64_t)getpid(); /* nobody else can reach this disk */
        status = TL_BUSY;
    }
    tl_file *handle = NULL;
    if (status == TL_OK)
        status = handle_new(disk, file, number, &handle);
    if (status == TL_OK) {
        handle->lock = true;
        handle->exclusive = exclusive;
        *lock = handle;
    }
    return leave(disk, status);
}

/* The contents that a remember or recall is about. */
static tl_memo_key memo_key(const tl_simdisk *disk, const tl_file *file, uint64_t offset,
                            const void *bytes, size_t size_bytes)
{
    if (disk->memo == NULL || size_bytes == 0 || (offset | size_bytes) % TL_SECTOR_BYTES != 0)
        return (tl_memo_key){0};
    if (file == NULL)
        return tl_memo_key_of_bytes(bytes, size_bytes);
    if (bytes_there(disk, file, offset, size_bytes) < size_bytes)
        return (tl_memo_key){0};
    const uint32_t *table = disk->image.files[file->file].sectors + offset / TL_SECTOR_BYTES;
    return tl_memo_key_of_sectors(disk->memo, &disk->share->versions, table,
                                  (uint32_t)(size_bytes / TL_SECTOR_BYTES));
}

static void sim_remember(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                         size_t size_bytes, const void *facts, size_t facts_bytes)
{
    tl_simdisk *disk = disk_of(io);
    tl_memo_key key = memo_key(disk, file, offset, bytes, size_bytes);
    if (key.known)
        tl_memo_add(disk->memo, &key, facts, facts_bytes);
}

static bool sim_recall(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                       size_t size_bytes, void *facts, size_t facts_bytes)
{
    tl_simdisk *disk = disk_of(io);
    tl_memo_key key = memo_key(disk, file, offset, bytes, size_bytes);
    return key.known && tl_memo_find(disk->memo, &key, facts, facts_bytes);
}

static uint64_t sim_identify(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes)
{
    const tl_simdisk *disk = disk_of(io);
    if (disk->memo == NULL || size_bytes == 0 || (offset | size_bytes) % TL_SECTOR_BYTES != 0 ||
        bytes_there(disk, file, offset, size_bytes) < size_bytes)
        return 0;
    const uint32_t *table = disk->image.files[file->file].sectors + offset / TL_SECTOR_BYTES;
    return tl_memo_number(disk->memo, table, (uint32_t)(size_bytes / TL_SECTOR_BYTES));
}

static bool sim_pass_over(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes)
{
    tl_simdisk *disk = disk_of(io);
    disk->calls[TL_SIMDISK_CALL_PREAD]++;
    return disk->choices == NULL ||
           tl_choices_recalled(disk->choices, file->file, offset, size_bytes);
}

const tl_io tl_simdisk_table = {
    .open = sim_open,
    .close = sim_close,
    .size = sim_size,
    .pread = sim_pread,
    .read_verified = sim_read_verified,
    .read_units = sim_read_units,
    .pwritev = sim_pwritev,
    .fdatasync = sim_fdatasync,
    .fsync_dir = sim_fsync_dir,
    .truncate = sim_truncate,
    .fallocate = sim_fallocate,
    .rename = sim_rename,
    .unlink = sim_unlink,
    .lock = sim_lock,
    .remember = sim_remember,
    .recall = sim_recall,
    .identify = sim_identify,
    .pass_over = sim_pass_over,
};
