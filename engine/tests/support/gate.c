/* engine/tests/support/gate.c -- see gate.h. */
#include "engine/tests/support/gate.h"
#include "engine/base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATHS_MAX = 16, PATH_BYTES = 64, SECTOR_BYTES = 512 };

typedef struct range { /* written since the last sync */
    uint64_t begin, end;
} range;

struct gate {
    tl_io io;
    memdisk *issued, *durable; /* what processes see; what a power loss leaves */
    pthread_mutex_t mutex;
    pthread_cond_t moved; /* something about the fields below changed */
    unsigned held, waiting, failing, delayed, delay_us;
    tl_status failure;
    bool cut;
    char paths[PATHS_MAX][PATH_BYTES];
    range unsynced[PATHS_MAX];
    unsigned path_count;
};

struct tl_file {
    tl_file *inner;
    unsigned kind, path; /* GATE_..., index of its path */
};

static gate *gate_of(tl_io *io)
{
    return (gate *)(void *)io;
}

static unsigned kind_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (strstr(path, ".log.") != NULL)
        return GATE_LOGS;
    return dot != NULL && strcmp(dot, ".tl") == 0 ? GATE_PAGES : GATE_OTHERS;
}

static unsigned path_index(gate *at, const char *path)
{
    for (unsigned i = 0; i < at->path_count; i++)
        if (strcmp(at->paths[i], path) == 0)
            return i;
    if (at->path_count == PATHS_MAX || strlen(path) >= PATH_BYTES)
        abort(); /* a test that needs more makes these larger */
    memcpy(at->paths[at->path_count], path, strlen(path) + 1);
    return at->path_count++;
}

/* Wait while this kind is held; then tell whether the call goes through. */
static tl_status pass(gate *at, unsigned kind)
{
    pthread_mutex_lock(&at->mutex);
    while ((at->held & kind) != 0 && !at->cut) {
        at->waiting++;
        pthread_cond_wait(&at->moved, &at->mutex);
        at->waiting--;
    }
    tl_status status = at->cut ? TL_IO : (at->failing & kind) != 0 ? at->failure : TL_OK;
    unsigned delay_us = (at->delayed & kind) != 0 ? at->delay_us : 0;
    pthread_mutex_unlock(&at->mutex);
    if (delay_us != 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)delay_us * 1000}, NULL);
    return status;
}

static tl_status gate_open(tl_io *io, const char *path, unsigned flags, tl_file **out)
{
    gate *at = gate_of(io);
    tl_io *issued = memdisk_io(at->issued);
    tl_file *inner = NULL, *file = malloc(sizeof *file);
    if (file == NULL)
        abort();
    tl_status status = issued->open(issued, path, flags, &inner);
    if (status != TL_OK) {
        free(file);
        return status;
    }
    pthread_mutex_lock(&at->mutex);
    *file = (tl_file){inner, kind_of(path), path_index(at, path)};
    pthread_mutex_unlock(&at->mutex);
    *out = file;
    return TL_OK;
}

static void gate_close(tl_io *io, tl_file *file)
{
    tl_io *issued = memdisk_io(gate_of(io)->issued);
    issued->close(issued, file->inner);
    free(file);
}

static tl_status gate_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    tl_io *issued = memdisk_io(gate_of(io)->issued);
    return issued->size(issued, file->inner, size_bytes);
}

static tl_status gate_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                            size_t size_bytes, size_t *got)
{
    tl_io *issued = memdisk_io(gate_of(io)->issued);
    return issued->pread(issued, file->inner, offset, buffer, size_bytes, got);
}

static tl_status gate_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                    size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_io *issued = memdisk_io(gate_of(io)->issued);
    return issued->read_verified(issued, file->inner, offset, buffer, size_bytes, verify, context);
}

/* These bytes are written: the next sync covers them. */
static void note_written(gate *at, const tl_file *file, uint64_t begin, uint64_t end)
{
    pthread_mutex_lock(&at->mutex);
    range *known = &at->unsynced[file->path];
    if (known->begin == known->end)
        *known = (range){begin, end};
    known->begin = begin < known->begin ? begin : known->begin;
    known->end = end > known->end ? end : known->end;
    pthread_mutex_unlock(&at->mutex);
}

static tl_status gate_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                              size_t span_count)
{
    gate *at = gate_of(io);
    tl_io *issued = memdisk_io(at->issued);
    tl_status status = pass(at, file->kind);
    if (status == TL_OK)
        status = issued->pwritev(issued, file->inner, offset, spans, span_count);
    uint64_t end = offset;
    for (size_t i = 0; i < span_count; i++)
        end += spans[i].size_bytes;
    if (status == TL_OK)
        note_written(at, file, offset, end);
    return status;
}

/* Copy `part` of a file from one disk to the other. */
static void copy(gate *at, const tl_file *file, range part, uint64_t size)
{
    tl_io *issued = memdisk_io(at->issued), *durable = memdisk_io(at->durable);
    static const size_t piece_max = 65536;
    uint8_t *buffer = malloc(piece_max);
    tl_file *to = NULL;
    if (buffer == NULL ||
        durable->open(durable, at->paths[file->path], TL_IO_WRITE | TL_IO_CREATE, &to) != TL_OK)
        abort();
    while (part.begin < part.end) {
        uint64_t left = part.end - part.begin;
        size_t got = 0, piece = left < piece_max ? (size_t)left : piece_max;
        if (issued->pread(issued, file->inner, part.begin, buffer, piece, &got) != TL_OK)
            abort();
        if (got == 0)
            break;
        tl_io_span span = {buffer, got};
        if (durable->pwritev(durable, to, part.begin, &span, 1) != TL_OK)
            abort();
        part.begin += got;
    }
    if (durable->truncate(durable, to, size) != TL_OK)
        abort();
    durable->close(durable, to);
    free(buffer);
}

static tl_status gate_fdatasync(tl_io *io, tl_file *file)
{
    gate *at = gate_of(io);
    tl_io *issued = memdisk_io(at->issued);
    tl_status status = pass(at, file->kind);
    uint64_t size = 0;
    if (status == TL_OK)
        status = issued->size(issued, file->inner, &size);
    if (status != TL_OK)
        return status;
    pthread_mutex_lock(&at->mutex); /* held to the end: a cut comes before the sync or after it */
    if (at->cut)
        status = TL_IO;
    else
        copy(at, file, at->unsynced[file->path], size);
    if (!at->cut)
        at->unsynced[file->path] = (range){0, 0};
    pthread_mutex_unlock(&at->mutex);
    return status;
}

static tl_status gate_fsync_dir(tl_io *io, const char *dir)
{
    (void)dir;
    return pass(gate_of(io), GATE_OTHERS);
}

static tl_status gate_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    tl_io *issued = memdisk_io(gate_of(io)->issued);
    tl_status status = pass(gate_of(io), GATE_OTHERS);
    return status == TL_OK ? issued->truncate(issued, file->inner, size_bytes) : status;
}

static tl_status gate_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    gate *at = gate_of(io);
    tl_io *issued = memdisk_io(at->issued);
    tl_status status = pass(at, GATE_OTHERS);
    return status == TL_OK ? issued->fallocate(issued, file->inner, offset, size_bytes) : status;
}

static tl_status gate_rename(tl_io *io, const char *from, const char *to)
{
    gate *at = gate_of(io);
    tl_io *issued = memdisk_io(at->issued), *durable = memdisk_io(at->durable);
    tl_status status = pass(at, GATE_OTHERS);
    if (status == TL_OK)
        status = issued->rename(issued, from, to);
    if (status == TL_OK && durable->rename(durable, from, to) == TL_NOT_FOUND)
        return TL_OK; /* never synced: durability none */
    return status;
}

static tl_status gate_unlink(tl_io *io, const char *path)
{
    tl_io *issued = memdisk_io(gate_of(io)->issued);
    return issued->unlink(issued, path);
}

static tl_status gate_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                           uint64_t *holder_pid)
{
    gate *at = gate_of(io);
    tl_io *issued = memdisk_io(at->issued);
    tl_file *inner = NULL, *file = malloc(sizeof *file);
    if (file == NULL)
        abort();
    tl_status status = issued->lock(issued, path, exclusive, &inner, holder_pid);
    *file = (tl_file){inner, GATE_OTHERS, 0};
    if (status == TL_OK)
        *lock = file;
    else
        free(file);
    return status;
}

static const tl_io functions = {
    gate_open,    gate_close,     gate_size,      gate_pread,    gate_read_verified,
    gate_pwritev, gate_fdatasync, gate_fsync_dir, gate_truncate, gate_fallocate,
    gate_rename,  gate_unlink,    gate_lock,      NULL, /* read_units: pread does */
    NULL,         NULL,           NULL,           NULL, /* nothing is remembered */
};

gate *gate_create(memdisk *on)
{
    gate *at = calloc(1, sizeof *at);
    if (at == NULL)
        abort();
    at->io = functions;
    at->issued = on != NULL ? on : memdisk_create();
    at->durable = memdisk_clone(at->issued);
    pthread_mutex_init(&at->mutex, NULL);
    pthread_cond_init(&at->moved, NULL);
    return at;
}

void gate_destroy(gate *gone)
{
    memdisk_destroy(gone->issued);
    memdisk_destroy(gone->durable);
    pthread_cond_destroy(&gone->moved);
    pthread_mutex_destroy(&gone->mutex);
    free(gone);
}

tl_io *gate_io(gate *at)
{
    return &at->io;
}

void gate_hold(gate *at, unsigned files)
{
    pthread_mutex_lock(&at->mutex);
    at->held = files;
    pthread_cond_broadcast(&at->moved);
    pthread_mutex_unlock(&at->mutex);
}

unsigned gate_waiting(gate *at)
{
    pthread_mutex_lock(&at->mutex);
    unsigned waiting = at->waiting;
    pthread_mutex_unlock(&at->mutex);
    return waiting;
}

void gate_await(gate *at, unsigned waiting)
{
    for (unsigned i = 0; gate_waiting(at) < waiting; i++) {
        if (i == 20000)
            abort();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

void gate_fail(gate *at, unsigned files, tl_status status)
{
    pthread_mutex_lock(&at->mutex);
    at->failing = files;
    at->failure = status;
    pthread_mutex_unlock(&at->mutex);
}

void gate_delay(gate *at, unsigned files, unsigned microseconds)
{
    pthread_mutex_lock(&at->mutex);
    at->delayed = files;
    at->delay_us = microseconds;
    pthread_mutex_unlock(&at->mutex);
}

void gate_cut(gate *at)
{
    pthread_mutex_lock(&at->mutex);
    at->cut = true;
    pthread_cond_broadcast(&at->moved);
    pthread_mutex_unlock(&at->mutex);
}

/* Let `seed` pick sectors that were written and reached the disk without a sync. */
static void mix_in(memdisk *into, memdisk *issued, const char *path, uint64_t *seed)
{
    uint64_t have = 0, want = 0;
    if (memdisk_bytes(into, path, &have) == NULL)
        return;
    const uint8_t *from = memdisk_bytes(issued, path, &want);
    tl_io *io = memdisk_io(into);
    tl_file *file = NULL;
    if (io->open(io, path, TL_IO_WRITE, &file) != TL_OK)
        abort();
    uint64_t share = tl_random_next(seed) % 5; /* of four: from none of them to all */
    for (uint64_t at = 0; at < want; at += SECTOR_BYTES) {
        size_t piece = want - at < SECTOR_BYTES ? (size_t)(want - at) : SECTOR_BYTES;
        if (tl_random_next(seed) % 4 < share &&
            io->pwritev(io, file, at, &(tl_io_span){from + at, piece}, 1) != TL_OK)
            abort();
    }
    io->close(io, file);
}

memdisk *gate_remains(gate *at, uint64_t seed)
{
    memdisk *remains = memdisk_clone(at->durable);
    for (unsigned i = 0; i < at->path_count; i++)
        mix_in(remains, at->issued, at->paths[i], &seed);
    return remains;
}
