/* harness/drivers/records_file.c -- a version as a file: magic, then length-prefixed records.
 *
 *   magic:16   then per record  key_bytes:u64  value_bytes:u64  key  value
 *
 * In the byte order of this machine: the file only bridges close and open of one run.
 */
#include "harness/drivers/files.h"
#include "harness/drivers/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[16] = "treelab-model 1";

static bool write_slice(FILE *file, tl_slice bytes)
{
    return bytes.size_bytes == 0 || fwrite(bytes.data, bytes.size_bytes, 1, file) == 1;
}

static bool write_all(FILE *file, const tl_records_version *version)
{
    if (fwrite(magic, sizeof magic, 1, file) != 1)
        return false;
    tl_slice key, value;
    tl_records_place place = {0, 0};
    while (tl_records_at(version, place, &key, &value)) {
        uint64_t sizes[2] = {key.size_bytes, value.size_bytes};
        if (fwrite(sizes, sizeof sizes, 1, file) != 1 || !write_slice(file, key) ||
            !write_slice(file, value))
            return false;
        place = tl_records_after(version, place);
    }
    return true;
}

tl_status tl_records_save(const tl_records_version *version, const char *path)
{
    size_t temporary_bytes = strlen(path) + sizeof ".new";
    char *temporary = malloc(temporary_bytes);
    if (temporary == NULL)
        return TL_NO_MEMORY;
    (void)snprintf(temporary, temporary_bytes, "%s.new", path);
    tl_status status = TL_OK;
    FILE *file = fopen(temporary, "wb");
    if (file == NULL) {
        status = tl_driver_errno_status(errno);
        free(temporary);
        return status;
    }
    if (!write_all(file, version))
        status = tl_driver_errno_status(errno);
    if (fclose(file) != 0 && status == TL_OK)
        status = tl_driver_errno_status(errno);
    if (status == TL_OK && rename(temporary, path) != 0)
        status = tl_driver_errno_status(errno);
    if (status != TL_OK)
        (void)remove(temporary);
    free(temporary);
    return status;
}

/* Read one record into *buffer, which grows as needed.  TL_NOT_FOUND at the end of the file. */
static tl_status read_record(FILE *file, unsigned char **buffer, size_t *capacity,
                             uint64_t sizes[2])
{
    size_t got = fread(sizes, 1, 2 * sizeof sizes[0], file);
    if (got == 0 && feof(file))
        return TL_NOT_FOUND;
    if (got != 2 * sizeof sizes[0] || sizes[0] > SIZE_MAX / 4 || sizes[1] > SIZE_MAX / 4)
        return TL_CORRUPT;
    size_t wanted = (size_t)(sizes[0] + sizes[1]);
    if (wanted > *capacity) {
        unsigned char *grown = realloc(*buffer, wanted);
        if (grown == NULL)
            return TL_NO_MEMORY;
        *buffer = grown;
        *capacity = wanted;
    }
    if (wanted != 0 && fread(*buffer, wanted, 1, file) != 1)
        return TL_CORRUPT;
    return TL_OK;
}

tl_status tl_records_load(tl_records_version *draft, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tl_driver_errno_status(errno);
    unsigned char *buffer = NULL;
    size_t capacity = 0;
    char found[sizeof magic];
    tl_status status = TL_CORRUPT;
    if (fread(found, sizeof found, 1, file) == 1 && memcmp(found, magic, sizeof magic) == 0)
        status = TL_OK;
    while (status == TL_OK) { /* ends: each round consumes bytes of the file */
        uint64_t sizes[2];
        status = read_record(file, &buffer, &capacity, sizes);
        if (status != TL_OK)
            break;
        tl_slice key = {buffer, (size_t)sizes[0]};
        tl_slice value = {buffer + sizes[0], (size_t)sizes[1]};
        status = tl_records_put(draft, key, value, true);
    }
    free(buffer);
    (void)fclose(file); /* only read: nothing can be lost here */
    return status == TL_NOT_FOUND ? TL_OK : status;
}
