/* harness/fault/image.c -- see image.h.
 *
 * The hash of a file is a sum over its sectors of mix(sector number, content), so that replacing a
 * sector is one subtraction and one addition; zeros add nothing, so growth is free.  The hash of an
 * image is a sum over its names of mix(name, size, file hash).
 */
#include "harness/fault/image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void tl_image_init(tl_image *image, tl_versions *versions)
{
    *image = (tl_image){.versions = versions};
}

void tl_image_clear(tl_image *image)
{
    for (uint32_t i = 0; i < image->file_capacity; i++) {
        free(image->files[i].sectors);
        free(image->files[i].lost);
    }
    free(image->files);
    free(image->names);
    tl_image_init(image, image->versions);
}

/* Grow an array of `element_bytes` elements to hold `wanted`; new elements are zero. */
static tl_status array_reserve(void **array, uint32_t *capacity, uint64_t wanted,
                               size_t element_bytes)
{
    if (wanted <= *capacity)
        return TL_OK;
    uint64_t grown = *capacity < 8 ? 8 : *capacity;
    while (grown < wanted)
        grown *= 2;
    if (grown > UINT32_MAX)
        return TL_NO_MEMORY;
    char *memory = realloc(*array, (size_t)grown * element_bytes);
    if (memory == NULL)
        return TL_NO_MEMORY;
    memset(memory + *capacity * element_bytes, 0, (size_t)(grown - *capacity) * element_bytes);
    *array = memory;
    *capacity = (uint32_t)grown;
    return TL_OK;
}

static tl_status files_reserve(tl_image *image, uint32_t count)
{
    void *files = image->files;
    tl_status status = array_reserve(&files, &image->file_capacity, count, sizeof *image->files);
    image->files = files;
    return status;
}

static tl_status names_reserve(tl_image *image, uint32_t count)
{
    void *names = image->names;
    tl_status status = array_reserve(&names, &image->name_capacity, count, sizeof *image->names);
    image->names = names;
    return status;
}

static tl_status sectors_reserve(tl_simfile *file, uint64_t count)
{
    void *sectors = file->sectors;
    tl_status status = array_reserve(&sectors, &file->capacity, count, sizeof *file->sectors);
    file->sectors = sectors;
    return status;
}

static uint64_t spread(uint64_t word)
{
    word = (word ^ word >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return word ^ word >> 29;
}

static tl_hash128 place(tl_hash128 content, uint64_t where)
{
    if (content.low == 0 && content.high == 0)
        return content;
    return (tl_hash128){spread(content.low + where * UINT64_C(0x9e3779b97f4a7c15)),
                        spread(content.high ^ (where + 1) * UINT64_C(0xbf58476d1ce4e5b9))};
}

static void sum_add(tl_hash128 *sum, tl_hash128 term)
{
    sum->low += term.low;
    sum->high += term.high;
}

static void sum_subtract(tl_hash128 *sum, tl_hash128 term)
{
    sum->low -= term.low;
    sum->high -= term.high;
}

/* Room for `count` entries of `lost`; those behind lost_count are zero. */
static tl_status lost_reserve(tl_simfile *file, uint32_t count)
{
    void *lost = file->lost;
    tl_status status = array_reserve(&lost, &file->lost_capacity, count, sizeof *file->lost);
    file->lost = lost;
    return status;
}

static tl_status lost_copy(tl_simfile *to, const tl_simfile *from)
{
    tl_status status = lost_reserve(to, from->lost_count);
    if (status != TL_OK)
        return status;
    if (from->lost_count != 0)
        memcpy(to->lost, from->lost, from->lost_count * sizeof *to->lost);
    for (uint32_t i = from->lost_count; i < to->lost_count; i++)
        to->lost[i] = 0;
    to->lost_count = from->lost_count;
    return TL_OK;
}

static tl_status file_copy(tl_simfile *to, const tl_simfile *from)
{
    tl_status status = sectors_reserve(to, from->sector_count);
    if (status == TL_OK && (from->lost_count != 0 || to->lost_count != 0))
        status = lost_copy(to, from);
    if (status != TL_OK)
        return status;
    if (from->sector_count != 0)
        memcpy(to->sectors, from->sectors, from->sector_count * sizeof *to->sectors);
    to->size_bytes = from->size_bytes;
    to->sector_count = from->sector_count;
    to->hash = from->hash;
    return TL_OK;
}

tl_status tl_image_copy(tl_image *to, const tl_image *from)
{
    assert(to->versions == from->versions);
    tl_status status = files_reserve(to, from->file_count);
    if (status == TL_OK)
        status = names_reserve(to, from->name_count);
    if (status != TL_OK)
        return status;
    if (from->name_count != 0)
        memcpy(to->names, from->names, from->name_count * sizeof *to->names);
    to->name_count = from->name_count;
    to->file_count = from->file_count;
    to->hashing = from->hashing;
    for (uint32_t i = 0; i < from->file_count && status == TL_OK; i++)
        status = file_copy(&to->files[i], &from->files[i]);
    return status;
}

tl_status tl_image_copy_file(tl_image *to, const tl_image *from, uint32_t file)
{
    assert(file < from->file_count && file < to->file_count && (from->hashing || !to->hashing));
    return file_copy(&to->files[file], &from->files[file]);
}

static uint32_t version_at(const tl_simfile *file, uint32_t sector)
{
    return sector < file->sector_count ? file->sectors[sector] : 0;
}

tl_status tl_image_sync_file(tl_image *durable, const tl_image *issued, uint32_t file)
{
    tl_simfile *to = &durable->files[file];
    const tl_simfile *from = &issued->files[file];
    if (to->lost_count == 0)
        return tl_image_copy_file(durable, issued, file);
    tl_status status = tl_image_resize(durable, file, from->size_bytes);
    for (uint32_t i = 0; i < from->sector_count && status == TL_OK; i++) {
        bool given_up = i < to->lost_count && to->lost[i] != 0 && to->lost[i] == from->sectors[i];
        if (!given_up)
            tl_image_set_sector(durable, file, i, from->sectors[i]);
        if (!given_up && i < to->lost_count)
            to->lost[i] = 0;
    }
    return status;
}

tl_status tl_image_lose_file(tl_image *durable, const tl_image *issued, uint32_t file)
{
    tl_simfile *to = &durable->files[file];
    const tl_simfile *from = &issued->files[file];
    tl_status status = lost_reserve(to, from->sector_count);
    if (status != TL_OK)
        return status;
    if (to->lost_count < from->sector_count)
        to->lost_count = from->sector_count;
    for (uint32_t i = 0; i < from->sector_count; i++) {
        if (from->sectors[i] != version_at(to, i))
            to->lost[i] = from->sectors[i];
    }
    return TL_OK;
}

tl_status tl_image_copy_names(tl_image *to, const tl_image *from, const tl_paths *paths,
                              uint32_t dir)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < to->name_count; i++) {
        if (paths->entries[to->names[i].path].dir != dir)
            to->names[kept++] = to->names[i];
    }
    to->name_count = kept;
    for (uint32_t i = 0; i < from->name_count; i++) {
        if (paths->entries[from->names[i].path].dir != dir)
            continue;
        tl_status status = tl_image_set_name(to, from->names[i].path, from->names[i].file);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

tl_status tl_image_add_file(tl_image *image, uint32_t *file)
{
    tl_status status = files_reserve(image, image->file_count + 1);
    if (status != TL_OK)
        return status;
    *file = image->file_count++;
    image->files[*file].size_bytes = 0; /* the slot may have served an earlier state */
    image->files[*file].sector_count = 0;
    for (uint32_t i = 0; i < image->files[*file].lost_count; i++)
        image->files[*file].lost[i] = 0;
    image->files[*file].lost_count = 0;
    image->files[*file].hash = (tl_hash128){0, 0};
    return TL_OK;
}

tl_status tl_image_resize(tl_image *image, uint32_t file, uint64_t size_bytes)
{
    tl_simfile *body = &image->files[file];
    uint64_t sector_count = size_bytes / TL_SECTOR_BYTES + (size_bytes % TL_SECTOR_BYTES != 0);
    tl_status status = sectors_reserve(body, sector_count);
    if (status != TL_OK)
        return status;
    if (image->hashing) {
        for (uint64_t s = sector_count; s < body->sector_count; s++)
            sum_subtract(&body->hash, place(tl_version_hash(image->versions, body->sectors[s]), s));
    }
    if (sector_count > body->sector_count)
        memset(body->sectors + body->sector_count, 0,
               (size_t)(sector_count - body->sector_count) * sizeof *body->sectors);
    body->sector_count = (uint32_t)sector_count;
    body->size_bytes = size_bytes;
    return TL_OK;
}

void tl_image_set_sector(tl_image *image, uint32_t file, uint32_t sector, uint32_t version)
{
    tl_simfile *body = &image->files[file];
    assert(sector < body->sector_count);
    if (image->hashing && body->sectors[sector] != version) {
        sum_subtract(&body->hash,
                     place(tl_version_hash(image->versions, body->sectors[sector]), sector));
        sum_add(&body->hash, place(tl_version_hash(image->versions, version), sector));
    }
    body->sectors[sector] = version;
}

void tl_image_begin_hashing(tl_image *image)
{
    for (uint32_t i = 0; i < image->file_count; i++) {
        tl_simfile *body = &image->files[i];
        body->hash = (tl_hash128){0, 0};
        for (uint32_t s = 0; s < body->sector_count; s++)
            sum_add(&body->hash, place(tl_version_hash(image->versions, body->sectors[s]), s));
    }
    image->hashing = true;
}

const tl_simname *tl_image_find(const tl_image *image, uint32_t path)
{
    for (uint32_t i = 0; i < image->name_count; i++) {
        if (image->names[i].path == path)
            return &image->names[i];
    }
    return NULL;
}

bool tl_image_is_named(const tl_image *image, uint32_t file)
{
    for (uint32_t i = 0; i < image->name_count; i++) {
        if (image->names[i].file == file)
            return true;
    }
    return false;
}

tl_status tl_image_set_name(tl_image *image, uint32_t path, uint32_t file)
{
    tl_image_remove_name(image, path);
    tl_status status = names_reserve(image, image->name_count + 1);
    if (status == TL_OK)
        image->names[image->name_count++] = (tl_simname){path, file};
    return status;
}

void tl_image_remove_name(tl_image *image, uint32_t path)
{
    for (uint32_t i = 0; i < image->name_count; i++) {
        if (image->names[i].path == path) {
            image->names[i] = image->names[--image->name_count];
            return;
        }
    }
}

void tl_image_read(const tl_image *image, uint32_t file, uint64_t offset, void *buffer,
                   size_t size_bytes)
{
    const tl_simfile *body = &image->files[file];
    assert(size_bytes == 0 || offset + size_bytes <= body->size_bytes);
    uint8_t *out = buffer;
    while (size_bytes > 0) { /* one round per run of consecutive versions */
        size_t sector = (size_t)(offset / TL_SECTOR_BYTES), inside = offset % TL_SECTOR_BYTES;
        uint32_t version = body->sectors[sector];
        size_t run = TL_SECTOR_BYTES - inside;
        for (uint32_t next = 1;
             run < size_bytes && body->sectors[sector + next] == version + next && version != 0;
             next++)
            run += TL_SECTOR_BYTES;
        run = run < size_bytes ? run : size_bytes;
        memcpy(out, tl_version_bytes(image->versions, version) + inside, run);
        out += run;
        offset += run;
        size_bytes -= run;
    }
}

static tl_status apply_write(tl_image *image, const tl_simdisk_op *op, uint32_t sector_count)
{
    if (sector_count > op->sector_count)
        sector_count = op->sector_count;
    if (sector_count == 0)
        return TL_OK;
    uint64_t end = op->offset + op->size_bytes;
    uint64_t reached = (op->first_sector + sector_count) * TL_SECTOR_BYTES;
    end = reached < end ? reached : end;
    if (end > image->files[op->file].size_bytes) {
        tl_status status = tl_image_resize(image, op->file, end);
        if (status != TL_OK)
            return status;
    }
    for (uint32_t i = 0; i < sector_count; i++)
        tl_image_set_sector(image, op->file, (uint32_t)op->first_sector + i, op->first_version + i);
    return TL_OK;
}

static tl_status apply_truncate(tl_image *image, const tl_simdisk_op *op)
{
    bool shrinks = op->size_bytes < image->files[op->file].size_bytes;
    tl_status status = tl_image_resize(image, op->file, op->size_bytes);
    if (status == TL_OK && shrinks && op->sector_count == 1)
        tl_image_set_sector(image, op->file, (uint32_t)op->first_sector, op->first_version);
    return status;
}

/* The file is again what the disk has. */
static tl_status apply_revert(tl_image *image, const tl_simdisk_op *op)
{
    tl_status status = tl_image_resize(image, op->file, op->size_bytes);
    for (uint32_t i = 0; i < op->sector_count && status == TL_OK; i++)
        tl_image_set_sector(image, op->file, i, op->first_version + i);
    return status;
}

tl_status tl_image_apply(tl_image *image, const tl_simdisk_op *op, uint32_t sector_count)
{
    while (op->file >= image->file_count && op->kind != TL_SIMDISK_SYNC_DIR) {
        uint32_t added = 0;
        tl_status status = tl_image_add_file(image, &added);
        if (status != TL_OK)
            return status;
    }
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
        return tl_image_set_name(image, op->path, op->file);
    case TL_SIMDISK_WRITE:
        return apply_write(image, op, sector_count);
    case TL_SIMDISK_TRUNCATE:
        return apply_truncate(image, op);
    case TL_SIMDISK_FALLOCATE:
        if (op->offset + op->size_bytes <= image->files[op->file].size_bytes)
            return TL_OK;
        return tl_image_resize(image, op->file, op->offset + op->size_bytes);
    case TL_SIMDISK_RENAME:
        tl_image_remove_name(image, op->path);
        return tl_image_set_name(image, op->path2, op->file);
    case TL_SIMDISK_UNLINK:
        tl_image_remove_name(image, op->path);
        return TL_OK;
    case TL_SIMDISK_SYNC_FAILED:
        return tl_simdisk_op_reverts(op) ? apply_revert(image, op) : TL_OK;
    case TL_SIMDISK_SYNC:
    case TL_SIMDISK_SYNC_DIR:
    case TL_SIMDISK_OP_KIND_COUNT:
        break;
    }
    return TL_OK;
}

tl_hash128 tl_image_hash(const tl_image *image, const tl_paths *paths)
{
    assert(image->hashing);
    tl_hash128 sum = {0, 0};
    for (uint32_t i = 0; i < image->name_count; i++) {
        const tl_simfile *file = &image->files[image->names[i].file];
        uint64_t name = paths->entries[image->names[i].path].hash;
        tl_hash128 whole = {file->hash.low + spread(file->size_bytes + 1),
                            file->hash.high ^ spread(~file->size_bytes)};
        sum_add(&sum, place(whole, name));
    }
    return sum;
}
