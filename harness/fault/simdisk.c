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
