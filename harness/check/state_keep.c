/* harness/check/state_keep.c -- the files that a crash left, as real files. */
#include "harness/check/artifact.h"
#include "harness/check/state_make.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024 };

static uint64_t bytes_of(const tl_image *image)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < image->name_count; i++)
        bytes += image->files[image->names[i].file].size_bytes;
    return bytes;
}

static tl_status write_file(const tl_image *image, uint32_t file, const char *path)
{
    size_t size_bytes = (size_t)image->files[file].size_bytes;
    char *bytes = malloc(size_bytes + 1);
    if (bytes == NULL)
        return TL_NO_MEMORY;
    tl_image_read(image, file, 0, bytes, size_bytes);
    FILE *out = fopen(path, "wb");
    tl_status status = out == NULL ? tl_directory_status(errno) : TL_OK;
    if (out != NULL && ((fwrite(bytes, 1, size_bytes, out) != size_bytes) | (fclose(out) != 0)))
        status = TL_IO;
    free(bytes);
    return status;
}

/* Each file under the last part of its name: stores of the lab keep all theirs in one directory. */
static tl_status write_files(const tl_simdisk *disk, const tl_image *image, const char *dir)
{
    tl_status status = tl_directory_make(dir);
    for (uint32_t i = 0; i < image->name_count && status == TL_OK; i++) {
        const char *name = tl_simdisk_path(disk, image->names[i].path);
        const char *slash = strrchr(name, '/');
        char path[PATH_BYTES];
        if (snprintf(path, sizeof path, "%s/%s", dir, slash == NULL ? name : slash + 1) >=
            (int)sizeof path)
            return TL_INVALID;
        status = write_file(image, image->names[i].file, path);
    }
    return status;
}

tl_status tl_state_keep(const tl_recording *recording, uint64_t seed, const tl_state_id *where,
                        const char *dir, uint64_t bytes_max)
{
    tl_simdisk *disk = recording->trace.disk;
    tl_state_id plain;
    tl_image image;
    tl_image_init(&image, tl_simdisk_versions(disk));
    tl_status status = tl_state_spell(recording, seed, where, &plain);
    if (status == TL_OK)
        status = tl_state_make(recording, seed, &plain, &image);
    if (status == TL_OK && bytes_max != 0 && bytes_of(&image) > bytes_max)
        status = TL_NO_SPACE;
    if (status == TL_OK)
        status = write_files(disk, &image, dir);
    tl_image_clear(&image);
    return status;
}
