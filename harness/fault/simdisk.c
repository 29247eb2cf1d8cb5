/* harness/fault/simdisk.c -- the life of a simulated disk; what it does for a store is in
 * simdisk_io.c, what a crash does to it in loss.c. */
#include "harness/fault/simdisk_body.h"

#include <assert.h>
#include <stdlib.h>

#define OP_AS_NAME(upper, lower, text) #lower,
static const char *const op_names[] = {TL_SIMDISK_OP_MAP(OP_AS_NAME)};

const char *tl_simdisk_op_name(tl_simdisk_op_kind kind)
{
    return kind < TL_SIMDISK_OP_KIND_COUNT ? op_names[kind] : "?";
}

static tl_status disk_new(unsigned flags, tl_simshare *share, tl_simdisk **out)
{
    tl_simdisk *disk = calloc(1, sizeof *disk);
    if (disk == NULL)
        return TL_NO_MEMORY;
    if (pthread_mutex_init(&disk->mutex, NULL) != 0) {
        free(disk);
        return TL_NO_MEMORY;
    }
    disk->io = tl_simdisk_table;
    disk->flags = flags;
    disk->quota = UINT64_MAX;
    disk->share = share;
    disk->owned = share->versions.count;
    share->disk_count++;
    tl_image_init(&disk->image, &share->versions);
    tl_image_init(&disk->base_issued, &share->versions);
    tl_image_init(&disk->base_durable, &share->versions);
    disk->base_issued.hashing = disk->base_durable.hashing = true;
    *out = disk;
    return TL_OK;
}

static void share_free(tl_simshare *share)
{
    tl_versions_clear(&share->versions);
    tl_paths_clear(&share->paths);
    free(share);
}

tl_status tl_simdisk_create(unsigned flags, tl_simdisk **disk)
{
    tl_simshare *share = calloc(1, sizeof *share);
    if (share == NULL)
        return TL_NO_MEMORY;
    tl_status status = tl_versions_init(&share->versions);
    if (status == TL_OK)
        status = disk_new(flags, share, disk);
    if (status != TL_OK)
        share_free(share);
    return status;
}

tl_status tl_simdisk_create_beside(const tl_simdisk *trace, unsigned flags, tl_simdisk **disk)
{
    return disk_new(flags, trace->share, disk);
}

tl_status tl_simdisk_copy_without(const tl_simdisk *trace, size_t leave_out, tl_simdisk **out)
{
    assert((trace->flags & TL_SIMDISK_RECORD) != 0 && leave_out < trace->op_count);
    assert(trace->ops[leave_out].kind == TL_SIMDISK_SYNC ||
           trace->ops[leave_out].kind == TL_SIMDISK_SYNC_DIR);
    tl_simdisk *copy = NULL;
    tl_status status = disk_new(trace->flags, trace->share, &copy);
    if (status != TL_OK)
        return status;
    copy->ops = malloc(trace->op_count * sizeof *copy->ops);
    status = copy->ops == NULL ? TL_NO_MEMORY : tl_image_copy(&copy->image, &trace->image);
    if (status == TL_OK)
        status = tl_image_copy(&copy->base_issued, &trace->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(&copy->base_durable, &trace->base_durable);
    if (status != TL_OK) {
        tl_simdisk_destroy(copy);
        return status;
    }
    copy->op_capacity = trace->op_count;
    copy->op_count = trace->op_count - 1;
    for (size_t i = 0; i < copy->op_count; i++)
        copy->ops[i] = trace->ops[i + (i >= leave_out)];
    *out = copy;
    return TL_OK;
}

void tl_simdisk_destroy(tl_simdisk *disk)
{
    if (disk == NULL)
        return;
    while (disk->handles != NULL) {
        tl_file *next = disk->handles->next;
        free(disk->handles);
        disk->handles = next;
    }
    tl_image_clear(&disk->image);
    tl_image_clear(&disk->base_issued);
    tl_image_clear(&disk->base_durable);
    free(disk->ops);
    pthread_mutex_destroy(&disk->mutex);
    if (--disk->share->disk_count == 0)
        share_free(disk->share);
    free(disk);
}

tl_io *tl_simdisk_io(tl_simdisk *disk)
{
    return &disk->io;
}

void tl_simdisk_use_memo(tl_simdisk *state, struct tl_memo *memo)
{
    state->memo = memo;
}

uint32_t tl_simdisk_mark(const tl_simdisk *disk)
{
    return disk->share->versions.count;
}

void tl_simdisk_release(tl_simdisk *disk, uint32_t mark)
{
    tl_versions_release(&disk->share->versions, mark);
}

static void handles_take_back(tl_simdisk *disk)
{
    for (tl_file *handle = disk->handles; handle != NULL; handle = handle->next)
        handle->used = false;
}

tl_status tl_simdisk_begin_life(tl_simdisk *disk, const tl_image *durable)
{
    tl_status status = TL_OK;
    if ((disk->flags & TL_SIMDISK_RECORD) != 0) {
        status = tl_image_copy(&disk->base_issued, &disk->image);
        if (status == TL_OK)
            status = tl_image_copy(&disk->base_durable, durable);
    }
    disk->op_count = 0;
    disk->owned = disk->share->versions.count;
    disk->image.hashing = false; /* from here on sectors may change in place */
    tl_simdisk_restart(disk);
    return status;
}

void tl_simdisk_restart(tl_simdisk *disk)
{
    handles_take_back(disk);
    tl_simdisk_clear_faults(disk);
}

size_t tl_simdisk_op_count(const tl_simdisk *disk)
{
    return disk->op_count;
}

const tl_simdisk_op *tl_simdisk_op_at(const tl_simdisk *disk, size_t index)
{
    assert(index < disk->op_count);
    return &disk->ops[index];
}

const char *tl_simdisk_path(const tl_simdisk *disk, uint32_t path)
{
    assert(path < disk->share->paths.count);
    return disk->share->paths.entries[path].text;
}

uint32_t tl_simdisk_path_count(const tl_simdisk *disk)
{
    return disk->share->paths.count;
}

uint32_t tl_simdisk_path_dir(const tl_simdisk *disk, uint32_t path)
{
    assert(path < disk->share->paths.count);
    return disk->share->paths.entries[path].dir;
}

static const tl_image *base_of(const tl_simdisk *disk, bool durable)
{
    return durable ? &disk->base_durable : &disk->base_issued;
}

uint32_t tl_simdisk_base_file_count(const tl_simdisk *disk)
{
    uint32_t issued = disk->base_issued.file_count, durable = disk->base_durable.file_count;
    return issued > durable ? issued : durable;
}

uint64_t tl_simdisk_base_size(const tl_simdisk *disk, bool durable, uint32_t file)
{
    const tl_image *base = base_of(disk, durable);
    return file < base->file_count ? base->files[file].size_bytes : 0;
}

uint32_t tl_simdisk_base_sector(const tl_simdisk *disk, bool durable, uint32_t file,
                                uint64_t sector)
{
    const tl_image *base = base_of(disk, durable);
    if (file >= base->file_count || sector >= base->files[file].sector_count)
        return 0;
    return base->files[file].sectors[sector];
}

bool tl_simdisk_base_name(const tl_simdisk *disk, bool durable, uint32_t path, uint32_t *file)
{
    const tl_simname *name = tl_image_find(base_of(disk, durable), path);
    if (name == NULL)
        return false;
    *file = name->file;
    return true;
}

const uint8_t *tl_simdisk_version(const tl_simdisk *disk, uint32_t version)
{
    assert(version < disk->share->versions.count);
    return tl_version_bytes(&disk->share->versions, version);
}

const uint8_t *tl_simdisk_payload(const tl_simdisk *disk, const tl_simdisk_op *op)
{
    return tl_version_bytes(&disk->share->versions, op->first_version);
}

void tl_simdisk_write_through(tl_simdisk *disk, tl_file *file)
{
    pthread_mutex_lock(&disk->mutex);
    file->through = true;
    pthread_mutex_unlock(&disk->mutex);
}
