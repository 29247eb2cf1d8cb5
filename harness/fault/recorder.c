/* harness/fault/recorder.c -- the life of a recorder, and its audit; what it does for a store is in
 * recorder_io.c. */
#include "harness/fault/recorder.h"

#include "harness/fault/crash.h"
#include "harness/fault/recorder_body.h"
#include "harness/fault/simdisk_body.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPY_BYTES = 16384 }; /* of a file, at a time */

void tl_recorder_miss(tl_recorder *recorder, const char *format, ...)
{
    if (recorder->missed[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(recorder->missed, sizeof recorder->missed, format, arguments);
    va_end(arguments);
}

bool tl_recorder_name(const tl_recorder *recorder, const char *path, char *out)
{
    size_t length = strlen(recorder->dir);
    bool inside =
        strncmp(path, recorder->dir, length) == 0 && (path[length] == '/' || path[length] == '\0');
    int used = inside ? snprintf(out, TL_RECORDER_PATH_BYTES, "%s%s", recorder->name, path + length)
                      : snprintf(out, TL_RECORDER_PATH_BYTES, "%s", path);
    return used >= 0 && used < TL_RECORDER_PATH_BYTES;
}

/* Copy a file that was there before into the shadow. */
static tl_status adopt_file(tl_recorder *recorder, const char *path, const char *name)
{
    uint8_t bytes[COPY_BYTES];
    tl_io *below = recorder->below, *shadow = recorder->shadow;
    tl_file *from = NULL, *to = NULL;
    tl_status status = below->open(below, path, 0, &from);
    if (status != TL_OK)
        return status == TL_NOT_OURS ? TL_OK : status; /* no regular file: not ours to record */
    status = shadow->open(shadow, name, TL_IO_WRITE | TL_IO_CREATE, &to);
    size_t got = COPY_BYTES;
    for (uint64_t offset = 0; status == TL_OK && got == COPY_BYTES; offset += got) {
        status = below->pread(below, from, offset, bytes, COPY_BYTES, &got);
        if (status == TL_OK && got > 0)
            status = shadow->pwritev(shadow, to, offset, &(tl_io_span){bytes, got}, 1);
    }
    if (status == TL_OK)
        status = shadow->fdatasync(shadow, to);
    if (to != NULL)
        shadow->close(shadow, to);
    below->close(below, from);
    return status;
}

static tl_status adopt_entry(tl_recorder *recorder, const char *entry)
{
    char path[TL_RECORDER_PATH_BYTES], name[TL_RECORDER_PATH_BYTES];
    if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0)
        return TL_OK;
    int used = snprintf(path, sizeof path, "%s/%s", recorder->dir, entry);
    if (used >= (int)sizeof path || !tl_recorder_name(recorder, path, name))
        return TL_INVALID;
    return adopt_file(recorder, path, name);
}

/* What is in the directory already is where the log begins, as if it had always been there. */
static tl_status adopt(tl_recorder *recorder)
{
    struct dirent **entries = NULL;
    int count = scandir(recorder->dir, &entries, NULL, alphasort); /* one order everywhere */
    tl_status status = TL_OK;
    for (int i = 0; i < count; i++) {
        if (status == TL_OK)
            status = adopt_entry(recorder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    size_t op_count = tl_simdisk_op_count(recorder->disk);
    if (status != TL_OK || op_count == 0)
        return status;
    status = recorder->shadow->fsync_dir(recorder->shadow, recorder->name);
    tl_simdisk_loss nothing_lost = {.at = op_count + 1, .power = true};
    return status == TL_OK ? tl_simdisk_crash(recorder->disk, &nothing_lost) : status;
}

static char *without_slashes(const char *dir)
{
    char *copy = strdup(dir);
    size_t length = copy == NULL ? 0 : strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    return copy;
}

tl_status tl_recorder_create(tl_io *below, const char *dir, const char *name, tl_recorder **out)
{
    tl_recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL)
        return TL_NO_MEMORY;
    if (pthread_mutex_init(&recorder->mutex, NULL) != 0) {
        free(recorder);
        return TL_NO_MEMORY;
    }
    recorder->io = tl_recorder_table;
    recorder->below = below;
    recorder->dir = without_slashes(dir);
    recorder->name = without_slashes(name == NULL ? dir : name);
    tl_status status = TL_NO_MEMORY;
    if (recorder->dir == NULL || recorder->name == NULL)
        goto fail;
    status = tl_simdisk_create(TL_SIMDISK_RECORD | TL_SIMDISK_ONE_THREAD, &recorder->disk);
    if (status != TL_OK)
        goto fail;
    recorder->shadow = tl_simdisk_io(recorder->disk);
    status = adopt(recorder);
    if (status != TL_OK)
        goto fail;
    *out = recorder;
    return TL_OK;

fail:
    tl_simdisk_destroy(tl_recorder_finish(recorder));
    return status;
}

tl_io *tl_recorder_io(tl_recorder *recorder)
{
    return &recorder->io;
}

tl_simdisk *tl_recorder_log(const tl_recorder *recorder)
{
    return recorder->disk;
}

const char *tl_recorder_missed(const tl_recorder *recorder)
{
    return recorder->missed[0] == '\0' ? NULL : recorder->missed;
}

tl_simdisk *tl_recorder_finish(tl_recorder *recorder)
{
    if (recorder == NULL)
        return NULL;
    while (recorder->handles != NULL)
        recorder->io.close(&recorder->io, recorder->handles);
    while (recorder->locks != NULL) {
        tl_recorder_lock *next = recorder->locks->next;
        free(recorder->locks);
        recorder->locks = next;
    }
    tl_simdisk *disk = recorder->disk;
    pthread_mutex_destroy(&recorder->mutex);
    free(recorder->dir);
    free(recorder->name);
    free(recorder);
    return disk;
}

/* --- the audit --- */

typedef struct audit {
    tl_recorder *recorder;
    const tl_image *image; /* what the log says, replayed from its begin */
    char *text;
    size_t text_bytes;
} audit;

__attribute__((format(printf, 2, 3))) static tl_status differ(const audit *now, const char *format,
                                                              ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(now->text, now->text_bytes, format, arguments);
    va_end(arguments);
    return TL_CORRUPT;
}

static bool is_lock(const tl_recorder *recorder, const char *path)
{
    for (const tl_recorder_lock *lock = recorder->locks; lock != NULL; lock = lock->next)
        if (strcmp(lock->path, path) == 0)
            return true;
    return false;
}

/* The real file that the log calls `name`; `out` holds TL_RECORDER_PATH_BYTES. */
static bool real_path(const tl_recorder *recorder, const char *name, char *out)
{
    size_t length = strlen(recorder->name);
    bool inside = strncmp(name, recorder->name, length) == 0 && name[length] == '/';
    int used = inside ? snprintf(out, TL_RECORDER_PATH_BYTES, "%s%s", recorder->dir, name + length)
                      : snprintf(out, TL_RECORDER_PATH_BYTES, "%s", name);
    return used >= 0 && used < TL_RECORDER_PATH_BYTES;
}

/* Compare a real file, open as `file`, with file number `number` of the image. */
static tl_status audit_bytes(const audit *now, const char *path, tl_file *file, uint32_t number)
{
    uint8_t real[COPY_BYTES], logged[COPY_BYTES];
    tl_io *below = now->recorder->below;
    uint64_t size = 0, logged_size = now->image->files[number].size_bytes;
    tl_status status = below->size(below, file, &size);
    if (status == TL_OK && size != logged_size)
        return differ(now, "%s has %llu bytes, the log says %llu", path, (unsigned long long)size,
                      (unsigned long long)logged_size);
    for (uint64_t at = 0, got = 0; status == TL_OK && at < size; at += got) {
        size_t part = size - at < COPY_BYTES ? (size_t)(size - at) : COPY_BYTES, read = 0;
        status = below->pread(below, file, at, real, part, &read);
        if (status != TL_OK)
            break;
        tl_image_read(now->image, number, at, logged, part);
        if (read != part || memcmp(real, logged, part) != 0)
            return differ(now, "%s differs from the log in bytes [%llu, %llu)", path,
                          (unsigned long long)at, (unsigned long long)(at + part));
        got = read;
    }
    return status;
}

static tl_status audit_file(const audit *now, const tl_simname *name)
{
    char path[TL_RECORDER_PATH_BYTES];
    const tl_recorder *recorder = now->recorder;
    tl_file *file = NULL;
    if (!real_path(recorder, tl_simdisk_path(recorder->disk, name->path), path))
        return TL_INVALID;
    tl_status status = recorder->below->open(recorder->below, path, 0, &file);
    if (status == TL_NOT_FOUND)
        return differ(now, "%s is in the log and not on the disk", path);
    if (status != TL_OK)
        return status;
    if (!is_lock(recorder, path))
        status = audit_bytes(now, path, file, name->file);
    recorder->below->close(recorder->below, file);
    return status;
}

/* Is there a file that the log does not know? */
static tl_status audit_names(const audit *now)
{
    DIR *dir = opendir(now->recorder->dir);
    tl_status status = TL_OK;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && status == TL_OK;) {
        char name[TL_RECORDER_PATH_BYTES];
        uint32_t path = 0;
        if (entry->d_type != DT_REG)
            continue;
        snprintf(name, sizeof name, "%s/%.255s", now->recorder->name, entry->d_name);
        status = tl_paths_number(&now->recorder->disk->share->paths, name, &path);
        if (status == TL_OK && tl_image_find(now->image, path) == NULL)
            status = differ(now, "%s is on the disk and not in the log", entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
    return status;
}

/* Show on `replayed` what the log leads to, from where it begins. */
static tl_status replay(const tl_simdisk *log, tl_simdisk *replayed)
{
    tl_crash_walk *walk = NULL;
    tl_hash128 hash;
    tl_status status = tl_crash_walk_create(log, &walk);
    if (status == TL_OK)
        status = tl_crash_walk_to(walk, tl_simdisk_op_count(log));
    if (status == TL_OK)
        status = tl_crash_load(walk, TL_CRASH_ALL_ISSUED, 0, replayed, &hash);
    tl_crash_walk_destroy(walk);
    return status;
}

tl_status tl_recorder_audit(tl_recorder *recorder, char *text, size_t text_bytes)
{
    tl_simdisk *replayed = NULL;
    audit now = {.recorder = recorder, .text = text, .text_bytes = text_bytes};
    if (recorder->missed[0] != '\0')
        return differ(&now, "%s", recorder->missed);
    tl_status status = tl_simdisk_create_beside(recorder->disk, TL_SIMDISK_ONE_THREAD, &replayed);
    if (status != TL_OK)
        return status;
    status = replay(recorder->disk, replayed);
    now.image = &replayed->image;
    for (uint32_t i = 0; i < now.image->name_count && status == TL_OK; i++)
        status = audit_file(&now, &now.image->names[i]);
    if (status == TL_OK)
        status = audit_names(&now);
    tl_simdisk_destroy(replayed);
    return status;
}
