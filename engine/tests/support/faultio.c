/* engine/tests/support/faultio.c -- see faultio.h. */
#include "engine/tests/support/faultio.h"

#include <stdlib.h>
#include <string.h>

struct tl_file {
    tl_file *inner;
    unsigned kind; /* FAULTIO_PAGES... */
};

const char *faultio_call_name(faultio_call call)
{
#define FAULTIO_AS_TEXT(name, text) text,
    static const char *const names[] = {FAULTIO_CALL_MAP(FAULTIO_AS_TEXT)};
    return names[call];
}

/* Count the call; anything but TL_OK: it is to fail with that. */
static tl_status called(faultio *faults, faultio_call kind)
{
    uint64_t number = atomic_fetch_add(&faults->calls[kind], 1) + 1;
    if (faults->nth == 0 || kind != faults->kind ||
        (faults->sticky ? number < faults->nth : number != faults->nth))
        return TL_OK;
    atomic_fetch_add(&faults->fired, 1);
    return faults->status;
}

static unsigned kind_of(const char *path)
{
    static const char *const endings[] = {".tl", ".log.0", ".log.1"};
    size_t length = strlen(path);
    for (unsigned i = 0; i < 3; i++) {
        size_t ending = strlen(endings[i]);
        if (length >= ending && strcmp(path + length - ending, endings[i]) == 0)
            return i;
    }
    return FAULTIO_OTHER;
}

static tl_status wrap(tl_file *inner, const char *path, tl_file **file)
{
    tl_file *made = malloc(sizeof *made);
    if (made == NULL)
        abort();
    *made = (tl_file){inner, kind_of(path)};
    *file = made;
    return TL_OK;
}

static tl_status fault_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    faultio *faults = (faultio *)io;
    tl_file *inner = NULL;
    tl_status status = called(faults, FAULTIO_OPEN);
    if (status == TL_OK)
        status = faults->inner->open(faults->inner, path, flags, &inner);
    return status == TL_OK ? wrap(inner, path, file) : status;
}

static void fault_close(tl_io *io, tl_file *file)
{
    faultio *faults = (faultio *)io;
    faults->inner->close(faults->inner, file->inner);
    free(file);
}

static tl_status fault_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_SIZE);
    return status == TL_OK ? faults->inner->size(faults->inner, file->inner, size_bytes) : status;
}

static tl_status fault_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                             size_t size_bytes, size_t *got)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_READ);
    return status == TL_OK
               ? faults->inner->pread(faults->inner, file->inner, offset, buffer, size_bytes, got)
               : status;
}

static tl_status fault_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                     size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_READ);
    return status == TL_OK ? faults->inner->read_verified(faults->inner, file->inner, offset,
                                                          buffer, size_bytes, verify, context)
                           : status;
}

static tl_status fault_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                               size_t span_count)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_WRITE);
    atomic_fetch_add(&faults->writes[file->kind], 1);
    if (status != TL_OK && !faults->after_the_fact)
        return status;
    tl_status done = faults->inner->pwritev(faults->inner, file->inner, offset, spans, span_count);
    return status != TL_OK ? status : done;
}

static tl_status fault_fdatasync(tl_io *io, tl_file *file)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_SYNC);
    atomic_fetch_add(&faults->syncs[file->kind], 1);
    return status == TL_OK ? faults->inner->fdatasync(faults->inner, file->inner) : status;
}

static tl_status fault_fsync_dir(tl_io *io, const char *dir)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_SYNC_DIR);
    return status == TL_OK ? faults->inner->fsync_dir(faults->inner, dir) : status;
}

static tl_status fault_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_TRUNCATE);
    return status == TL_OK ? faults->inner->truncate(faults->inner, file->inner, size_bytes)
                           : status;
}

static tl_status fault_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_ALLOCATE);
    return status == TL_OK
               ? faults->inner->fallocate(faults->inner, file->inner, offset, size_bytes)
               : status;
}

static tl_status fault_rename(tl_io *io, const char *from, const char *to)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_RENAME);
    return status == TL_OK ? faults->inner->rename(faults->inner, from, to) : status;
}

static tl_status fault_unlink(tl_io *io, const char *path)
{
    faultio *faults = (faultio *)io;
    tl_status status = called(faults, FAULTIO_UNLINK);
    return status == TL_OK ? faults->inner->unlink(faults->inner, path) : status;
}

static tl_status fault_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                            uint64_t *holder_pid)
{
    faultio *faults = (faultio *)io;
    tl_file *inner = NULL;
    tl_status status = called(faults, FAULTIO_LOCK);
    if (status == TL_OK)
        status = faults->inner->lock(faults->inner, path, exclusive, &inner, holder_pid);
    return status == TL_OK ? wrap(inner, path, lock) : status;
}

static const tl_io functions = {
    fault_open,
    fault_close,
    fault_size,
    fault_pread,
    fault_read_verified,
    fault_pwritev,
    fault_fdatasync,
    fault_fsync_dir,
    fault_truncate,
    fault_fallocate,
    fault_rename,
    fault_unlink,
    fault_lock,
    NULL, /* read_units: pread does */
    NULL,
    NULL,
    NULL,
    NULL, /* nothing is remembered */
};

void faultio_init(faultio *faults, tl_io *inner)
{
    memset(faults, 0, sizeof *faults);
    faults->io = functions;
    faults->inner = inner;
}

void faultio_plan(faultio *faults, faultio_call kind, uint64_t nth, tl_status status, bool sticky)
{
    faults->kind = kind;
    faults->status = status;
    faults->sticky = sticky;
    faults->nth = nth == 0 ? 0 : atomic_load(&faults->calls[kind]) + nth;
    atomic_store(&faults->fired, 0);
}

void faultio_heal(faultio *faults)
{
    faults->nth = 0;
}

uint64_t faultio_syncs(const faultio *faults)
{
    return atomic_load(&faults->calls[FAULTIO_SYNC]) +
           atomic_load(&faults->calls[FAULTIO_SYNC_DIR]);
}
