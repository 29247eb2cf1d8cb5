/* harness/check/sync_latency.c -- see sync_latency.h. */
#include "harness/check/sync_latency.h"

#include "harness/check/roles.h"
#include "harness/run/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A disk that times the syncs of the one below; handles are those of the one below. */
typedef struct timed_io {
    tl_io io; /* first: what is handed out */
    tl_io *below;
    uint64_t *ns;
    size_t count, room;
} timed_io;

static tl_io *below_of(tl_io *io)
{
    return ((timed_io *)(void *)io)->below;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void note(tl_io *io, uint64_t began_ns)
{
    timed_io *timed = (timed_io *)(void *)io;
    uint64_t took_ns = now_ns() - began_ns;
    if (timed->count < timed->room)
        timed->ns[timed->count] = took_ns;
    timed->count++; /* more than there is room for is told at the end */
}

static tl_status timed_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    return below_of(io)->open(below_of(io), path, flags, file);
}

static void timed_close(tl_io *io, tl_file *file)
{
    below_of(io)->close(below_of(io), file);
}

static tl_status timed_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    return below_of(io)->size(below_of(io), file, size_bytes);
}

static tl_status timed_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                             size_t size_bytes, size_t *got)
{
    return below_of(io)->pread(below_of(io), file, offset, buffer, size_bytes, got);
}

static tl_status timed_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                     size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_io *below = below_of(io);
    return below->read_verified(below, file, offset, buffer, size_bytes, verify, context);
}

static tl_status timed_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                               size_t span_count)
{
    return below_of(io)->pwritev(below_of(io), file, offset, spans, span_count);
}

static tl_status timed_fdatasync(tl_io *io, tl_file *file)
{
    uint64_t began_ns = now_ns();
    tl_status status = below_of(io)->fdatasync(below_of(io), file);
    note(io, began_ns);
    return status;
}

static tl_status timed_fsync_dir(tl_io *io, const char *dir)
{
    uint64_t began_ns = now_ns();
    tl_status status = below_of(io)->fsync_dir(below_of(io), dir);
    note(io, began_ns);
    return status;
}

static tl_status timed_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    return below_of(io)->truncate(below_of(io), file, size_bytes);
}

static tl_status timed_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    return below_of(io)->fallocate(below_of(io), file, offset, size_bytes);
}

static tl_status timed_rename(tl_io *io, const char *from, const char *to)
{
    return below_of(io)->rename(below_of(io), from, to);
}

static tl_status timed_unlink(tl_io *io, const char *path)
{
    return below_of(io)->unlink(below_of(io), path);
}

static tl_status timed_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                            uint64_t *holder_pid)
{
    return below_of(io)->lock(below_of(io), path, exclusive, lock, holder_pid);
}

static const tl_io timed_table = {
    .open = timed_open,
    .close = timed_close,
    .size = timed_size,
    .pread = timed_pread,
    .read_verified = timed_read_verified,
    .pwritev = timed_pwritev,
    .fdatasync = timed_fdatasync,
    .fsync_dir = timed_fsync_dir,
    .truncate = timed_truncate,
    .fallocate = timed_fallocate,
    .rename = timed_rename,
    .unlink = timed_unlink,
    .lock = timed_lock, /* read_units: NULL, pread will do */
};

static tl_status run_once(const tl_recording *recording, const char *path, timed_io *timed,
                          char *error, size_t error_bytes)
{
    tl_inspector inspector = recording->inspector;
    tl_trace trace = {0};
    inspector.options.dir = path;
    tl_status status = tl_directory_make_fresh(path);
    if (status != TL_OK) {
        snprintf(error, error_bytes, "%s: %s", path, tl_status_text(status));
        return status;
    }
    status = tl_trace_record_below(&inspector, &timed->io, "db", &trace, error, error_bytes);
    tl_trace_clear(&trace);
    tl_status removed = tl_directory_remove(path);
    if (status == TL_OK && timed->count != timed->room) {
        snprintf(error, error_bytes, "the real run made %zu syncs, the recorded one %zu",
                 timed->count, timed->room);
        return TL_INVALID;
    }
    return status == TL_OK ? removed : status;
}

tl_status tl_sync_latencies_measure(const tl_recording *recording, const char *dir, size_t runs,
                                    tl_sync_latencies *latencies, char *error, size_t error_bytes)
{
    const tl_simdisk *log = recording->trace.disk;
    size_t op_count = tl_simdisk_op_count(log);
    char path[512];
    *latencies = (tl_sync_latencies){.entries = malloc((op_count + 1) * sizeof(size_t))};
    for (size_t i = 0; i < op_count && latencies->entries != NULL; i++) {
        if (tl_op_is_sync(log, i))
            latencies->entries[latencies->sync_count++] = i;
    }
    latencies->ns = malloc((runs * latencies->sync_count + 1) * sizeof(uint64_t));
    if (latencies->entries == NULL || latencies->ns == NULL)
        return TL_NO_MEMORY;
    if (snprintf(path, sizeof path, "%s/sync-latency", dir) >= (int)sizeof path)
        return TL_INVALID;
    for (size_t r = 0; r < runs; r++) {
        timed_io timed = {.io = timed_table,
                          .below = tl_io_posix(),
                          .ns = latencies->ns + r * latencies->sync_count,
                          .room = latencies->sync_count};
        tl_status status = run_once(recording, path, &timed, error, error_bytes);
        if (status != TL_OK)
            return status;
        latencies->runs = r + 1;
    }
    return TL_OK;
}

void tl_sync_latencies_clear(tl_sync_latencies *latencies)
{
    free(latencies->entries);
    free(latencies->ns);
    *latencies = (tl_sync_latencies){0};
}

static int by_number(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

bool tl_sync_latencies_of(const tl_sync_latencies *latencies,
                          bool (*takes)(void *context, size_t entry), void *context, double *mean,
                          uint64_t *p99, uint64_t *count)
{
    size_t room = latencies->runs * latencies->sync_count, taken = 0;
    uint64_t *samples = malloc((room + 1) * sizeof *samples);
    double sum = 0;
    for (size_t i = 0; i < room && samples != NULL; i++) {
        if (!takes(context, latencies->entries[i % latencies->sync_count]))
            continue;
        samples[taken++] = latencies->ns[i];
        sum += (double)latencies->ns[i];
    }
    if (taken > 0) {
        qsort(samples, taken, sizeof *samples, by_number);
        *mean = sum / (double)taken;
        *p99 = samples[(taken * 99 + 99) / 100 - 1];
        *count = taken;
    }
    free(samples);
    return taken > 0;
}
