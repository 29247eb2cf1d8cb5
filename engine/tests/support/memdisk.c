/* engine/tests/support/memdisk.c -- see memdisk.h. */
#include "engine/tests/support/memdisk.h"
#include "tl/engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 16, PATH_BYTES = 64 };

typedef struct node { /* a file; a free one has no name */
    char path[PATH_BYTES];
    uint8_t *bytes;
    uint64_t size, capacity;
    unsigned open_count, shared_locks;
    bool locked;
} node;

struct memdisk {
    tl_io io;
    pthread_mutex_t mutex;
    node nodes[FILES_MAX];
};

struct tl_file {
    node *node;
    bool is_lock, exclusive;
};

static void *must(void *block)
{
    if (block == NULL)
        abort();
    return block;
}

static memdisk *disk_of(tl_io *io)
{
    memdisk *disk = (memdisk *)io;
    pthread_mutex_lock(&disk->mutex);
    return disk;
}

static tl_status leave(memdisk *disk, tl_status status)
{
    pthread_mutex_unlock(&disk->mutex);
    return status;
}

static node *node_find(memdisk *disk, const char *path)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (strcmp(disk->nodes[i].path, path) == 0)
            return &disk->nodes[i];
    return NULL;
}

static node *node_make(memdisk *disk, const char *path)
{
    node *made = node_find(disk, "");
    if (made == NULL || strlen(path) >= PATH_BYTES)
        abort(); /* a test that needs more files or longer names makes these larger */
    memcpy(made->path, path, strlen(path) + 1);
    return made;
}

static void node_clear(node *gone)
{
    free(gone->bytes);
    *gone = (node){.size = 0};
}

/* Room for `size` bytes; new ones are zero. */
static void node_resize(node *file, uint64_t size)
{
    if (size > file->capacity) {
        file->capacity = size + size / 2 + 4096;
        file->bytes = must(realloc(file->bytes, file->capacity));
    }
    if (size > file->size)
        memset(file->bytes + file->size, 0, size - file->size);
    file->size = size;
}

static tl_file *file_make(node *of, bool is_lock, bool exclusive)
{
    tl_file *file = must(malloc(sizeof *file));
    *file = (tl_file){of, is_lock, exclusive};
    of->open_count++;
    return file;
}

static tl_status disk_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    memdisk *disk = disk_of(io);
    node *found = node_find(disk, path);
    if (found == NULL && (flags & TL_IO_CREATE) == 0)
        return leave(disk, TL_NOT_FOUND);
    *file = file_make(found != NULL ? found : node_make(disk, path), false, false);
    return leave(disk, TL_OK);
}

static void disk_close(tl_io *io, tl_file *file)
{
    memdisk *disk = disk_of(io);
    file->node->open_count--;
    if (file->is_lock && file->exclusive)
        file->node->locked = false;
    if (file->is_lock && !file->exclusive)
        file->node->shared_locks--;
    free(file);
    leave(disk, TL_OK);
}

static tl_status disk_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    memdisk *disk = disk_of(io);
    *size_bytes = file->node->size;
    return leave(disk, TL_OK);
}

static tl_status disk_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                            size_t size_bytes, size_t *got)
{
    memdisk *disk = disk_of(io);
    uint64_t size = file->node->size, left = offset < size ? size - offset : 0;
    *got = size_bytes < left ? size_bytes : (size_t)left;
    if (*got != 0)
        memcpy(buffer, file->node->bytes + offset, *got);
    return leave(disk, TL_OK);
}

static tl_status disk_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                    size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    size_t got = 0;
    tl_status status = disk_pread(io, file, offset, buffer, size_bytes, &got);
    if (status != TL_OK)
        return status;
    return got == size_bytes && verify(context, buffer, size_bytes) ? TL_OK : TL_CORRUPT;
}

static tl_status disk_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                              size_t span_count)
{
    if (span_count > TL_IO_SPANS_MAX)
        return TL_INVALID;
    memdisk *disk = disk_of(io);
    uint64_t end = offset;
    for (size_t i = 0; i < span_count; i++)
        end += spans[i].size_bytes;
    if (end > file->node->size)
        node_resize(file->node, end);
    for (size_t i = 0; i < span_count; i++) {
        if (spans[i].size_bytes != 0)
            memcpy(file->node->bytes + offset, spans[i].data, spans[i].size_bytes);
        offset += spans[i].size_bytes;
    }
    return leave(disk, TL_OK);
}

static tl_status disk_fdatasync(tl_io *io, tl_file *file)
{
    (void)file;
    return leave(disk_of(io), TL_OK);
}

static tl_status disk_fsync_dir(tl_io *io, const char *dir)
{
    (void)dir;
    return leave(disk_of(io), TL_OK);
}

static tl_status disk_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    memdisk *disk = disk_of(io);
    node_resize(file->node, size_bytes);
    return leave(disk, TL_OK);
}

static tl_status disk_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    memdisk *disk = disk_of(io);
    if (offset + size_bytes > file->node->size)
        node_resize(file->node, offset + size_bytes);
    return leave(disk, TL_OK);
}

static tl_status disk_rename(tl_io *io, const char *from, const char *to)
{
    memdisk *disk = disk_of(io);
    node *moved = node_find(disk, from), *replaced = node_find(disk, to);
    if (moved == NULL)
        return leave(disk, TL_NOT_FOUND);
    if (replaced != NULL)
        node_clear(replaced);
    memcpy(moved->path, to, strlen(to) + 1);
    return leave(disk, TL_OK);
}

static tl_status disk_unlink(tl_io *io, const char *path)
{
    memdisk *disk = disk_of(io);
    node *found = node_find(disk, path);
    if (found != NULL)
        node_clear(found);
    return leave(disk, found != NULL ? TL_OK : TL_NOT_FOUND);
}

static tl_status disk_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                           uint64_t *holder_pid)
{
    memdisk *disk = disk_of(io);
    node *found = node_find(disk, path);
    if (found == NULL && !exclusive)
        return leave(disk, TL_NOT_FOUND);
    if (found != NULL && (found->locked || (exclusive && found->shared_locks != 0))) {
        *holder_pid = 0;
        return leave(disk, TL_BUSY);
    }
    if (found == NULL)
        found = node_make(disk, path);
    found->locked = exclusive;
    found->shared_locks += !exclusive;
    *lock = file_make(found, true, exclusive);
    return leave(disk, TL_OK);
}

static const tl_io functions = {
    disk_open,    disk_close,     disk_size,      disk_pread,    disk_read_verified,
    disk_pwritev, disk_fdatasync, disk_fsync_dir, disk_truncate, disk_fallocate,
    disk_rename,  disk_unlink,    disk_lock,      NULL, /* read_units: pread does */
    NULL,         NULL,           NULL,           NULL, /* nothing is remembered */
};

memdisk *memdisk_create(void)
{
    memdisk *disk = must(calloc(1, sizeof *disk));
    disk->io = functions;
    pthread_mutex_init(&disk->mutex, NULL);
    return disk;
}

void memdisk_destroy(memdisk *disk)
{
    if (disk == NULL)
        return;
    for (size_t i = 0; i < FILES_MAX; i++)
        free(disk->nodes[i].bytes);
    pthread_mutex_destroy(&disk->mutex);
    free(disk);
}

tl_io *memdisk_io(memdisk *disk)
{
    return &disk->io;
}

memdisk *memdisk_clone(const memdisk *disk)
{
    memdisk *clone = memdisk_create();
    for (size_t i = 0; i < FILES_MAX; i++) {
        const node *from = &disk->nodes[i];
        node *to = &clone->nodes[i];
        if (from->path[0] == '\0')
            continue;
        memcpy(to->path, from->path, PATH_BYTES);
        node_resize(to, from->size);
        if (from->size != 0)
            memcpy(to->bytes, from->bytes, from->size);
    }
    return clone;
}

uint64_t memdisk_hash(const memdisk *disk)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < FILES_MAX; i++) {
        const node *file = &disk->nodes[i];
        if (file->path[0] != '\0')
            sum += tl_record_hash((tl_slice){file->path, strlen(file->path)},
                                  (tl_slice){file->bytes, (size_t)file->size});
    }
    return sum;
}

size_t memdisk_open_count(const memdisk *disk)
{
    size_t count = 0;
    for (size_t i = 0; i < FILES_MAX; i++)
        count += disk->nodes[i].open_count;
    return count;
}

uint8_t *memdisk_bytes(memdisk *disk, const char *path, uint64_t *size_bytes)
{
    node *found = node_find(disk, path);
    if (found == NULL)
        return NULL;
    *size_bytes = found->size;
    return found->bytes;
}

void memdisk_remove(memdisk *disk, const char *path)
{
    node *found = node_find(disk, path);
    if (found != NULL)
        node_clear(found);
}
