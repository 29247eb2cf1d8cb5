/* harness/fault/baton_io.c -- see baton_io.h. */
#include "harness/fault/baton_io.h"

#include "harness/fault/baton.h"

static tl_io *enter(tl_io *io)
{
    tl_baton_pass(false);
    return ((tl_baton_io *)io)->below;
}

static tl_status leave(tl_status status)
{
    tl_baton_pass(false);
    return status;
}

static tl_status io_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    tl_io *below = enter(io);
    return leave(below->open(below, path, flags, file));
}

static void io_close(tl_io *io, tl_file *file)
{
    tl_io *below = enter(io);
    below->close(below, file);
    tl_baton_pass(false);
}

static tl_status io_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    tl_io *below = enter(io);
    return leave(below->size(below, file, size_bytes));
}

static tl_status io_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                          size_t size_bytes, size_t *got)
{
    tl_io *below = enter(io);
    return leave(below->pread(below, file, offset, buffer, size_bytes, got));
}

static tl_status io_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                  size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_io *below = enter(io);
    return leave(below->read_verified(below, file, offset, buffer, size_bytes, verify, context));
}

static tl_status io_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                            size_t span_count)
{
    tl_io *below = enter(io);
    return leave(below->pwritev(below, file, offset, spans, span_count));
}

static tl_status io_fdatasync(tl_io *io, tl_file *file)
{
    tl_io *below = enter(io);
    return leave(below->fdatasync(below, file));
}

static tl_status io_fsync_dir(tl_io *io, const char *dir)
{
    tl_io *below = enter(io);
    return leave(below->fsync_dir(below, dir));
}

static tl_status io_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    tl_io *below = enter(io);
    return leave(below->truncate(below, file, size_bytes));
}

static tl_status io_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    tl_io *below = enter(io);
    return leave(below->fallocate(below, file, offset, size_bytes));
}

static tl_status io_rename(tl_io *io, const char *from, const char *to)
{
    tl_io *below = enter(io);
    return leave(below->rename(below, from, to));
}

static tl_status io_unlink(tl_io *io, const char *path)
{
    tl_io *below = enter(io);
    return leave(below->unlink(below, path));
}

static tl_status io_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                         uint64_t *holder_pid)
{
    tl_io *below = enter(io);
    return leave(below->lock(below, path, exclusive, lock, holder_pid));
}

void tl_baton_io_init(tl_baton_io *through, tl_io *below)
{
    *through = (tl_baton_io){
        .io = {.open = io_open,
               .close = io_close,
               .size = io_size,
               .pread = io_pread,
               .read_verified = io_read_verified,
               .pwritev = io_pwritev,
               .fdatasync = io_fdatasync,
               .fsync_dir = io_fsync_dir,
               .truncate = io_truncate,
               .fallocate = io_fallocate,
               .rename = io_rename,
               .unlink = io_unlink,
               .lock = io_lock},
        .below = below
    };
}
