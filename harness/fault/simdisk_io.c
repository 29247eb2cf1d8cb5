/* harness/fault/simdisk_io.c -- what a store sees of a simulated disk: tl/io.h over an image.
 *
 * Every function of the vtable has the same shape: enter (lock, count the call, fire a planned
 * fault), act on the image, append to the log, leave.  A call that fails leaves no log entry,
 * except a write cut short by the quota: what fitted was written, and is logged as such; and a sync
 * that failed, because of what it has done to the file.
 * simdisk_read.c has those that read, simdisk_write.c those that change what is in a file.
 */
#include "harness/fault/choices.h"
#include "harness/fault/simdisk_calls.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

tl_status tl_simdisk_enter(tl_simdisk *disk, tl_simdisk_call call)
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

tl_status tl_simdisk_leave(tl_simdisk *disk, tl_status status)
{
    if ((disk->flags & TL_SIMDISK_ONE_THREAD) == 0)
        pthread_mutex_unlock(&disk->mutex);
    return status;
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

tl_status tl_simdisk_perform(tl_simdisk *disk, const tl_simdisk_op *op)
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
    tl_status status = tl_simdisk_perform(
        disk, &(tl_simdisk_op){.kind = TL_SIMDISK_CREATE, .file = added, .path = path});
    if (status == TL_OK)
        *file = added;
    return status;
}

static tl_status sim_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_OPEN);
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
    return tl_simdisk_leave(disk, status);
}

static void sim_close(tl_io *io, tl_file *file)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    if ((disk->flags & TL_SIMDISK_ONE_THREAD) == 0)
        pthread_mutex_lock(&disk->mutex);
    assert(file->used);
    file->used = false;
    if (disk->choices != NULL)
        tl_choices_closed(disk->choices, file->file);
    tl_simdisk_leave(disk, TL_OK);
}

static tl_status sim_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_SIZE);
    if (status == TL_OK)
        *size_bytes = disk->image.files[file->file].size_bytes;
    return tl_simdisk_leave(disk, status);
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
        status = tl_simdisk_perform(disk, &op);
    return status == TL_OK ? told : status;
}

static tl_status sim_fdatasync(tl_io *io, tl_file *file)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_FDATASYNC);
    tl_simdisk_op op = {.kind = TL_SIMDISK_SYNC, .file = file->file, .path = file->path};
    if (disk->late && disk->late_file == file->file) {
        disk->late = false;
        op.kind = TL_SIMDISK_SYNC_FAILED; /* DIRTY: what came since is still to be written */
        status = tl_simdisk_perform(disk, &op);
        return tl_simdisk_leave(disk, status == TL_OK ? TL_IO : status);
    }
    status = status == TL_OK ? tl_simdisk_perform(disk, &op) : sync_fails(disk, file, status);
    return tl_simdisk_leave(disk, status);
}

static tl_status sim_fsync_dir(tl_io *io, const char *dir)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_FSYNC_DIR);
    uint32_t path = 0;
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, dir, &path);
    if (status == TL_OK)
        status =
            tl_simdisk_perform(disk, &(tl_simdisk_op){.kind = TL_SIMDISK_SYNC_DIR, .path = path});
    return tl_simdisk_leave(disk, status);
}

static tl_status sim_rename(tl_io *io, const char *from, const char *to)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_RENAME);
    tl_simdisk_op op = {.kind = TL_SIMDISK_RENAME};
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, from, &op.path);
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, to, &op.path2);
    if (status == TL_OK)
        status = file_named(disk, op.path, false, &op.file);
    if (status == TL_OK && op.path != op.path2)
        status = tl_simdisk_perform(disk, &op);
    return tl_simdisk_leave(disk, status);
}

static tl_status sim_unlink(tl_io *io, const char *path)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_UNLINK);
    tl_simdisk_op op = {.kind = TL_SIMDISK_UNLINK};
    if (status == TL_OK)
        status = tl_paths_number(&disk->share->paths, path, &op.path);
    if (status == TL_OK)
        status = file_named(disk, op.path, false, &op.file);
    if (status == TL_OK)
        status = tl_simdisk_perform(disk, &op);
    return tl_simdisk_leave(disk, status);
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
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_LOCK);
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
    return tl_simdisk_leave(disk, status);
}

const tl_io tl_simdisk_table = {
    .open = sim_open,
    .close = sim_close,
    .size = sim_size,
    .pread = tl_simdisk_pread,
    .read_verified = tl_simdisk_read_verified,
    .read_units = tl_simdisk_read_units,
    .pwritev = tl_simdisk_pwritev,
    .fdatasync = sim_fdatasync,
    .fsync_dir = sim_fsync_dir,
    .truncate = tl_simdisk_truncate,
    .fallocate = tl_simdisk_fallocate,
    .rename = sim_rename,
    .unlink = sim_unlink,
    .lock = sim_lock,
    .remember = tl_simdisk_remember,
    .recall = tl_simdisk_recall,
    .identify = tl_simdisk_identify,
    .pass_over = tl_simdisk_pass_over,
};
