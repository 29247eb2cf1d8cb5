/* harness/fault/recorder_io.c -- what a store sees of a recorded disk: the calls of tl/io.h, each
 * done below and then in the log.
 *
 * Every function that changes something has the same shape: take the mutex, call below, then do the
 * same to the shadow, a simdisk, when it succeeded; when it did not, do to the shadow what is found
 * to have happened.  The status of the disk below is what the store gets, always: a recorder that
 * is in trouble itself notes what it missed and lets the store go on.
 */
#include "harness/fault/recorder_body.h"

#include <stdlib.h>
#include <string.h>

struct tl_file {
    tl_file *next;           /* of recorder->handles */
    tl_file *below, *shadow; /* shadow NULL: the log lost sight of it */
};

static tl_recorder *recorder_of(tl_io *io)
{
    return (tl_recorder *)io;
}

/* The shadow has done what the disk below did, or it has not. */
static void note(tl_recorder *recorder, const char *call, tl_status status)
{
    if (status != TL_OK)
        tl_recorder_miss(recorder, "%s was done, and could not be logged: %s", call,
                         tl_status_text(status));
}

/* --- opening and closing --- */

static tl_status handle_new(tl_recorder *recorder, tl_file **file)
{
    tl_file *made = calloc(1, sizeof *made);
    if (made == NULL)
        return TL_NO_MEMORY;
    made->next = recorder->handles;
    recorder->handles = made;
    *file = made;
    return TL_OK;
}

static void handle_free(tl_recorder *recorder, tl_file *file)
{
    tl_file **link = &recorder->handles;
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    free(file);
}

/* A file that the log knows has the size that it has on the disk: else somebody else was there. */
static void compare_size(tl_recorder *recorder, const tl_file *file, const char *path)
{
    uint64_t real = 0, logged = 0;
    if (recorder->below->size(recorder->below, file->below, &real) != TL_OK ||
        recorder->shadow->size(recorder->shadow, file->shadow, &logged) != TL_OK)
        tl_recorder_miss(recorder, "the size of %s cannot be told", path);
    else if (real != logged)
        tl_recorder_miss(recorder, "%s has %llu bytes where the log has %llu", path,
                         (unsigned long long)real, (unsigned long long)logged);
}

/* An open or lock that failed may have made the file before it did. */
static void note_created(tl_recorder *recorder, const char *path, const char *name)
{
    tl_file *probe = NULL;
    if (recorder->below->open(recorder->below, path, 0, &probe) != TL_OK)
        return;
    recorder->below->close(recorder->below, probe);
    tl_status status = recorder->shadow->open(recorder->shadow, name, TL_IO_CREATE, &probe);
    note(recorder, "creating a file", status);
    if (status == TL_OK)
        recorder->shadow->close(recorder->shadow, probe);
}

static tl_status recorded_open(tl_io *io, const char *path, unsigned flags, tl_file **out)
{
    tl_recorder *recorder = recorder_of(io);
    tl_io *shadow = recorder->shadow;
    char name[TL_RECORDER_PATH_BYTES];
    tl_file *file = NULL;
    if (!tl_recorder_name(recorder, path, name))
        return TL_INVALID;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = handle_new(recorder, &file);
    if (status == TL_OK)
        status = recorder->below->open(recorder->below, path, flags, &file->below);
    if (status == TL_OK) {
        note(recorder, "opening a file",
             shadow->open(shadow, name, flags & (TL_IO_WRITE | TL_IO_CREATE), &file->shadow));
        if (file->shadow != NULL)
            compare_size(recorder, file, path);
        *out = file;
    } else if (file != NULL) {
        if ((flags & TL_IO_CREATE) != 0)
            note_created(recorder, path, name);
        handle_free(recorder, file);
    }
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

/* Remember that `path` is a lock.  TL_NO_MEMORY: then an audit will trip over its content. */
static tl_status lock_remember(tl_recorder *recorder, const char *path)
{
    for (const tl_recorder_lock *old = recorder->locks; old != NULL; old = old->next)
        if (strcmp(old->path, path) == 0)
            return TL_OK;
    size_t size = strlen(path) + 1;
    tl_recorder_lock *lock = malloc(sizeof *lock + size);
    if (lock == NULL)
        return TL_NO_MEMORY;
    memcpy(lock->path, path, size);
    lock->next = recorder->locks;
    recorder->locks = lock;
    return TL_OK;
}

static tl_status recorded_lock(tl_io *io, const char *path, bool exclusive, tl_file **out,
                               uint64_t *holder_pid)
{
    tl_recorder *recorder = recorder_of(io);
    tl_io *shadow = recorder->shadow;
    char name[TL_RECORDER_PATH_BYTES];
    tl_file *file = NULL;
    uint64_t nobody = 0;
    if (!tl_recorder_name(recorder, path, name))
        return TL_INVALID;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = handle_new(recorder, &file);
    if (status == TL_OK)
        status = recorder->below->lock(recorder->below, path, exclusive, &file->below, holder_pid);
    if (status == TL_OK) {
        note(recorder, "taking a lock",
             shadow->lock(shadow, name, exclusive, &file->shadow, &nobody));
        note(recorder, "taking a lock", lock_remember(recorder, path));
        *out = file;
    } else if (file != NULL) {
        if (exclusive)
            note_created(recorder, path, name);
        handle_free(recorder, file);
    }
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static void recorded_close(tl_io *io, tl_file *file)
{
    tl_recorder *recorder = recorder_of(io);
    if (file == NULL)
        return;
    pthread_mutex_lock(&recorder->mutex);
    recorder->below->close(recorder->below, file->below);
    if (file->shadow != NULL)
        recorder->shadow->close(recorder->shadow, file->shadow);
    handle_free(recorder, file);
    pthread_mutex_unlock(&recorder->mutex);
}

/* --- reading: nothing to log --- */

static tl_status recorded_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    tl_io *below = recorder_of(io)->below;
    return below->size(below, file->below, size_bytes);
}

static tl_status recorded_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                size_t size_bytes, size_t *got)
{
    tl_io *below = recorder_of(io)->below;
    return below->pread(below, file->below, offset, buffer, size_bytes, got);
}

static tl_status recorded_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                        size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_io *below = recorder_of(io)->below;
    return below->read_verified(below, file->below, offset, buffer, size_bytes, verify, context);
}

/* --- changing --- */

/* A call failed that may have changed the file's size: log the size it has. */
static tl_status log_size(tl_recorder *recorder, const tl_file *file)
{
    tl_io *below = recorder->below, *shadow = recorder->shadow;
    uint64_t real = 0, logged = 0;
    tl_status status = below->size(below, file->below, &real);
    if (status == TL_OK)
        status = shadow->size(shadow, file->shadow, &logged);
    if (status == TL_OK && real != logged)
        status = shadow->truncate(shadow, file->shadow, real);
    return status;
}

/* How many of the first `size_bytes` bytes at `offset` differ from what the log has, up to the last
 * that does; `real` is what the file holds there, `logged` room for what the log has. */
static tl_status changed_bytes(tl_recorder *recorder, const tl_file *file, uint64_t offset,
                               const uint8_t *real, uint8_t *logged, size_t size_bytes,
                               size_t *changed)
{
    size_t got = 0;
    tl_status status =
        recorder->shadow->pread(recorder->shadow, file->shadow, offset, logged, size_bytes, &got);
    if (status != TL_OK)
        return status;
    size_t end = size_bytes; /* bytes behind the end that the log has are new, whatever they are */
    while (end > 0 && end <= got && real[end - 1] == logged[end - 1])
        end--;
    *changed = end;
    return TL_OK;
}

/* A write failed and may have changed any part of its range: log what arrived. */
static tl_status log_arrived(tl_recorder *recorder, const tl_file *file, uint64_t offset,
                             size_t size_bytes)
{
    tl_io *below = recorder->below, *shadow = recorder->shadow;
    if (size_bytes == 0)
        return log_size(recorder, file);
    uint8_t *real = malloc(2 * size_bytes);
    if (real == NULL)
        return TL_NO_MEMORY;
    size_t got = 0, changed = 0;
    tl_status status = below->pread(below, file->below, offset, real, size_bytes, &got);
    if (status == TL_OK)
        status = changed_bytes(recorder, file, offset, real, real + size_bytes, got, &changed);
    if (status == TL_OK && changed > 0)
        status = shadow->pwritev(shadow, file->shadow, offset, &(tl_io_span){real, changed}, 1);
    free(real);
    return status == TL_OK ? log_size(recorder, file) : status;
}

static tl_status recorded_pwritev(tl_io *io, tl_file *file, uint64_t offset,
                                  const tl_io_span *spans, size_t span_count)
{
    tl_recorder *recorder = recorder_of(io);
    tl_io *shadow = recorder->shadow;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status =
        recorder->below->pwritev(recorder->below, file->below, offset, spans, span_count);
    if (status == TL_OK && file->shadow != NULL) {
        note(recorder, "a write", shadow->pwritev(shadow, file->shadow, offset, spans, span_count));
    } else if (status != TL_INVALID && file->shadow != NULL) {
        size_t size_bytes = 0;
        for (size_t i = 0; i < span_count; i++)
            size_bytes += spans[i].size_bytes;
        note(recorder, "part of a write", log_arrived(recorder, file, offset, size_bytes));
    }
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static tl_status recorded_fdatasync(tl_io *io, tl_file *file)
{
    tl_recorder *recorder = recorder_of(io);
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = recorder->below->fdatasync(recorder->below, file->below);
    if (status == TL_OK && file->shadow != NULL)
        note(recorder, "a sync", recorder->shadow->fdatasync(recorder->shadow, file->shadow));
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static tl_status recorded_fsync_dir(tl_io *io, const char *dir)
{
    tl_recorder *recorder = recorder_of(io);
    char name[TL_RECORDER_PATH_BYTES];
    if (!tl_recorder_name(recorder, dir, name))
        return TL_INVALID;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = recorder->below->fsync_dir(recorder->below, dir);
    if (status == TL_OK)
        note(recorder, "a sync of names", recorder->shadow->fsync_dir(recorder->shadow, name));
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static tl_status recorded_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    tl_recorder *recorder = recorder_of(io);
    tl_io *shadow = recorder->shadow;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = recorder->below->truncate(recorder->below, file->below, size_bytes);
    if (file->shadow != NULL)
        note(recorder, "a change of size",
             status == TL_OK ? shadow->truncate(shadow, file->shadow, size_bytes)
                             : log_size(recorder, file));
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static tl_status recorded_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    tl_recorder *recorder = recorder_of(io);
    tl_io *shadow = recorder->shadow;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = recorder->below->fallocate(recorder->below, file->below, offset, size_bytes);
    if (file->shadow != NULL)
        note(recorder, "a change of size",
             status == TL_OK ? shadow->fallocate(shadow, file->shadow, offset, size_bytes)
                             : log_size(recorder, file));
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static tl_status recorded_rename(tl_io *io, const char *from, const char *to)
{
    tl_recorder *recorder = recorder_of(io);
    char name[TL_RECORDER_PATH_BYTES], name2[TL_RECORDER_PATH_BYTES];
    if (!tl_recorder_name(recorder, from, name) || !tl_recorder_name(recorder, to, name2))
        return TL_INVALID;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = recorder->below->rename(recorder->below, from, to);
    if (status == TL_OK)
        note(recorder, "a rename", recorder->shadow->rename(recorder->shadow, name, name2));
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

static tl_status recorded_unlink(tl_io *io, const char *path)
{
    tl_recorder *recorder = recorder_of(io);
    char name[TL_RECORDER_PATH_BYTES];
    if (!tl_recorder_name(recorder, path, name))
        return TL_INVALID;
    pthread_mutex_lock(&recorder->mutex);
    tl_status status = recorder->below->unlink(recorder->below, path);
    if (status == TL_OK)
        note(recorder, "an unlink", recorder->shadow->unlink(recorder->shadow, name));
    pthread_mutex_unlock(&recorder->mutex);
    return status;
}

const tl_io tl_recorder_table = {
    .open = recorded_open,
    .close = recorded_close,
    .size = recorded_size,
    .pread = recorded_pread,
    .read_verified = recorded_read_verified,
    .pwritev = recorded_pwritev,
    .fdatasync = recorded_fdatasync,
    .fsync_dir = recorded_fsync_dir,
    .truncate = recorded_truncate,
    .fallocate = recorded_fallocate,
    .rename = recorded_rename,
    .unlink = recorded_unlink,
    .lock = recorded_lock,
};
