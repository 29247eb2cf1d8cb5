/* harness/fault/simdisk_read.c -- reads of a simulated disk, and what it remembers of contents.
 *
 * A disk that decides what its sectors hold when they are first read (choices.h) is asked there.
 */
#include "harness/fault/choices.h"
#include "harness/fault/memo.h"
#include "harness/fault/simdisk_calls.h"

tl_status tl_simdisk_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                           size_t size_bytes, size_t *got)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_PREAD);
    size_t count = tl_simdisk_bytes_there(disk, file, offset, size_bytes);
    if (status == TL_OK && disk->choices != NULL)
        status = tl_choices_read(disk->choices, file->file, offset, buffer, count);
    else if (status == TL_OK)
        tl_image_read(&disk->image, file->file, offset, buffer, count);
    if (status == TL_OK) {
        *got = count;
        disk->read_bytes += count;
    }
    return tl_simdisk_leave(disk, status);
}

tl_status tl_simdisk_read_units(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                size_t size_bytes, size_t unit_bytes, tl_io_verify_fn wanted,
                                void *context, size_t *got)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    if (disk->choices == NULL)
        return tl_simdisk_pread(io, file, offset, buffer, size_bytes, got);
    tl_status status = tl_simdisk_enter(disk, TL_SIMDISK_CALL_PREAD);
    size_t count = tl_simdisk_bytes_there(disk, file, offset, size_bytes);
    if (status == TL_OK)
        status = tl_choices_read_units(disk->choices, file->file, offset, buffer, count, unit_bytes,
                                       wanted, context);
    if (status == TL_OK)
        *got = count;
    return tl_simdisk_leave(disk, status);
}

tl_status tl_simdisk_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                   size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    if (disk->choices != NULL) {
        tl_status decided = tl_simdisk_enter(disk, TL_SIMDISK_CALL_PREAD);
        if (decided == TL_OK && tl_simdisk_bytes_there(disk, file, offset, size_bytes) < size_bytes)
            decided = TL_CORRUPT; /* whatever is there */
        if (decided == TL_OK)
            decided = tl_choices_read_verified(disk->choices, file->file, offset, buffer,
                                               size_bytes, verify, context);
        return tl_simdisk_leave(disk, decided);
    }
    size_t got = 0;
    tl_status status = tl_simdisk_pread(io, file, offset, buffer, size_bytes, &got);
    if (status != TL_OK)
        return status;
    return got == size_bytes && verify(context, buffer, size_bytes) ? TL_OK : TL_CORRUPT;
}

/* The contents that a remember or recall is about. */
static tl_memo_key memo_key(const tl_simdisk *disk, const tl_file *file, uint64_t offset,
                            const void *bytes, size_t size_bytes)
{
    if (disk->memo == NULL || size_bytes == 0 || (offset | size_bytes) % TL_SECTOR_BYTES != 0)
        return (tl_memo_key){0};
    if (file == NULL)
        return tl_memo_key_of_bytes(bytes, size_bytes);
    if (tl_simdisk_bytes_there(disk, file, offset, size_bytes) < size_bytes)
        return (tl_memo_key){0};
    const uint32_t *table = disk->image.files[file->file].sectors + offset / TL_SECTOR_BYTES;
    return tl_memo_key_of_sectors(disk->memo, &disk->share->versions, table,
                                  (uint32_t)(size_bytes / TL_SECTOR_BYTES));
}

void tl_simdisk_remember(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                         size_t size_bytes, const void *facts, size_t facts_bytes)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_memo_key key = memo_key(disk, file, offset, bytes, size_bytes);
    if (key.known)
        tl_memo_add(disk->memo, &key, facts, facts_bytes);
}

bool tl_simdisk_recall(tl_io *io, tl_file *file, uint64_t offset, const void *bytes,
                       size_t size_bytes, void *facts, size_t facts_bytes)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    tl_memo_key key = memo_key(disk, file, offset, bytes, size_bytes);
    return key.known && tl_memo_find(disk->memo, &key, facts, facts_bytes);
}

uint64_t tl_simdisk_identify(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes)
{
    const tl_simdisk *disk = tl_simdisk_of(io);
    if (disk->memo == NULL || size_bytes == 0 || (offset | size_bytes) % TL_SECTOR_BYTES != 0 ||
        tl_simdisk_bytes_there(disk, file, offset, size_bytes) < size_bytes)
        return 0;
    const uint32_t *table = disk->image.files[file->file].sectors + offset / TL_SECTOR_BYTES;
    return tl_memo_number(disk->memo, table, (uint32_t)(size_bytes / TL_SECTOR_BYTES));
}

bool tl_simdisk_pass_over(tl_io *io, tl_file *file, uint64_t offset, size_t size_bytes)
{
    tl_simdisk *disk = tl_simdisk_of(io);
    disk->calls[TL_SIMDISK_CALL_PREAD]++;
    return disk->choices == NULL ||
           tl_choices_recalled(disk->choices, file->file, offset, size_bytes);
}
