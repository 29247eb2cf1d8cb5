/* harness/drivers/append.c -- the floor of a durable commit: one append, one fdatasync.
 *
 * No store: it writes what our log would write for the same commit and reads nothing back.
 *
 *   frame   header of 56 bytes, then per operation
 *           code:u8  tree:varint  key_bytes:varint  [value_bytes:varint]  key  [value]
 *           the whole rounded up to 512 bytes
 *
 * The file is 64 MiB, written with zeros when it is opened, so that no commit pays for growth.
 * Frames follow each other and begin again at the front when the end is reached.
 */
#include "harness/drivers/drivers.h"
#include "harness/drivers/files.h"
#include "harness/drivers/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RING_BYTES = 64 << 20,
    ZEROS_BYTES = 1 << 20,
    FRAME_HEADER_BYTES = 56,
    FRAME_UNIT_BYTES = 512,
    OP_HEAD_BYTES_MAX = 1 + 3 * 10, /* code and three varints */
    OP_PUT = 1,
    OP_DEL = 2,
};

struct tl_store_txn { /* the one write txn; also stands for read txns, which do nothing */
    unsigned char *frame;
    size_t used_bytes, capacity_bytes;
    bool open;
};

struct tl_store {
    tl_store_txn writer, reader;
    int fd;
    char *dir;
    uint64_t offset;
    bool sync;
};

/* A txn is a member of its store; this is the way back. */
static tl_store *store_of_writer(tl_store_txn *txn)
{
    return (tl_store *)((char *)txn - offsetof(tl_store, writer));
}

static const char *append_version(void)
{
    return "append " TL_DRIVERS_VERSION;
}

static tl_status write_at(int fd, const unsigned char *bytes, size_t size_bytes, uint64_t offset)
{
    while (size_bytes > 0) { /* ends: pwrite writes something or fails */
        ssize_t written = pwrite(fd, bytes, size_bytes, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? tl_driver_errno_status(errno) : TL_IO;
        bytes += written;
        offset += (uint64_t)written;
        size_bytes -= (size_t)written;
    }
    return TL_OK;
}

static tl_status ring_prepare(int fd)
{
    unsigned char *zeros = calloc(1, ZEROS_BYTES);
    if (zeros == NULL)
        return TL_NO_MEMORY;
    tl_status status = TL_OK;
    for (uint64_t offset = 0; offset < RING_BYTES && status == TL_OK; offset += ZEROS_BYTES)
        status = write_at(fd, zeros, ZEROS_BYTES, offset);
    free(zeros);
    if (status == TL_OK && fsync(fd) != 0)
        status = tl_driver_errno_status(errno);
    return status;
}

static void append_abandon(tl_store *store)
{
    if (store->fd >= 0)
        (void)close(store->fd); /* nothing is promised about what was not synced */
    free(store->writer.frame);
    free(store->dir);
    free(store);
}

static tl_status append_open(const tl_driver_options *options, tl_store **out)
{
    tl_status status = tl_settings_refuse("append", options);
    if (status != TL_OK)
        return status;
    char *path = tl_driver_path(options->dir, "append.log");
    tl_store *store = calloc(1, sizeof *store);
    if (path == NULL || store == NULL) {
        free(path);
        free(store);
        return TL_NO_MEMORY;
    }
    store->sync = options->durability == TL_DURABILITY_COMMIT;
    store->fd = -1;
    store->dir = strdup(options->dir);
    status = TL_NO_MEMORY;
    if (store->dir != NULL) {
        store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        status = store->fd < 0 ? tl_driver_errno_status(errno) : ring_prepare(store->fd);
    }
    if (status != TL_OK) {
        tl_driver_explain(options, "%s: %s", path, tl_status_text(status));
        append_abandon(store);
    } else {
        *out = store;
    }
    free(path);
    return status;
}

static tl_status append_close(tl_store *store)
{
    if (store->writer.open)
        return TL_BUSY;
    append_abandon(store);
    return TL_OK;
}

static size_t append_value_bytes_max(tl_store *store)
{
    (void)store;
    return SIZE_MAX;
}

static tl_status append_begin(tl_store *store, bool read_only, tl_store_txn **txn)
{
    if (read_only) {
        *txn = &store->reader;
        return TL_OK;
    }
    if (store->writer.open)
        return TL_BUSY;
    store->writer.open = true;
    store->writer.used_bytes = 0;
    *txn = &store->writer;
    return TL_OK;
}

static void append_abort(tl_store_txn *txn)
{
    if (txn != NULL)
        txn->open = false;
}

/* Make room for `more_bytes` after the used ones; the first operation also pays the header. */
static bool frame_reserve(tl_store_txn *txn, size_t more_bytes)
{
    if (txn->used_bytes == 0) {
        if (txn->capacity_bytes < FRAME_UNIT_BYTES) {
            txn->frame = calloc(1, FRAME_UNIT_BYTES);
            txn->capacity_bytes = txn->frame != NULL ? FRAME_UNIT_BYTES : 0;
        }
        if (txn->frame == NULL)
            return false;
        txn->used_bytes = FRAME_HEADER_BYTES;
    }
    size_t wanted = txn->used_bytes + more_bytes + FRAME_UNIT_BYTES; /* padding included */
    if (wanted <= txn->capacity_bytes)
        return true;
    unsigned char *grown = realloc(txn->frame, wanted * 2);
    if (grown == NULL)
        return false;
    txn->frame = grown;
    txn->capacity_bytes = wanted * 2;
    return true;
}

static size_t varint_write(unsigned char *out, uint64_t number)
{
    size_t used = 0;
    for (; number >= 0x80; number >>= 7)
        out[used++] = (unsigned char)(number | 0x80);
    out[used++] = (unsigned char)number;
    return used;
}

static void frame_add(tl_store_txn *txn, tl_slice bytes)
{
    if (bytes.size_bytes != 0)
        memcpy(txn->frame + txn->used_bytes, bytes.data, bytes.size_bytes);
    txn->used_bytes += bytes.size_bytes;
}

static tl_status frame_op(tl_store_txn *txn, unsigned char code, tl_slice key,
                          const tl_slice *value)
{
    if (!txn->open)
        return TL_READ_ONLY;
    if (!tl_driver_key_fits(key, TL_DRIVER_KEY_BYTES_MAX))
        return TL_KEY_SIZE;
    size_t value_bytes = value != NULL ? value->size_bytes : 0;
    if (value_bytes > SIZE_MAX / 4 - txn->used_bytes)
        return TL_VALUE_SIZE;
    if (!frame_reserve(txn, OP_HEAD_BYTES_MAX + key.size_bytes + value_bytes))
        return TL_NO_MEMORY;
    unsigned char *head = txn->frame + txn->used_bytes;
    size_t head_bytes = 0;
    head[head_bytes++] = code;
    head_bytes += varint_write(head + head_bytes, TL_TREE_MAIN);
    head_bytes += varint_write(head + head_bytes, key.size_bytes);
    if (value != NULL)
        head_bytes += varint_write(head + head_bytes, value_bytes);
    txn->used_bytes += head_bytes;
    frame_add(txn, key);
    if (value != NULL)
        frame_add(txn, *value);
    return TL_OK;
}

static tl_status append_put(tl_store_txn *txn, tl_slice key, tl_slice value, unsigned flags)
{
    (void)flags; /* a log frame looks the same for every kind of put */
    return frame_op(txn, OP_PUT, key, &value);
}

static tl_status append_del(tl_store_txn *txn, tl_slice key)
{
    return frame_op(txn, OP_DEL, key, NULL);
}

static tl_status frame_write(tl_store *store, const unsigned char *bytes, size_t size_bytes)
{
    while (size_bytes > 0) { /* ends: each round writes up to the end of the ring */
        uint64_t room_bytes = RING_BYTES - store->offset;
        size_t piece_bytes = size_bytes < room_bytes ? size_bytes : (size_t)room_bytes;
        tl_status status = write_at(store->fd, bytes, piece_bytes, store->offset);
        if (status != TL_OK)
            return status;
        bytes += piece_bytes;
        size_bytes -= piece_bytes;
        store->offset = (store->offset + piece_bytes) % RING_BYTES;
    }
    if (store->sync && fdatasync(store->fd) != 0)
        return tl_driver_errno_status(errno);
    return TL_OK;
}

static tl_status append_commit(tl_store_txn *txn)
{
    bool wrote = txn->open && txn->used_bytes != 0;
    txn->open = false;
    if (!wrote)
        return TL_OK;
    size_t padding = (FRAME_UNIT_BYTES - txn->used_bytes % FRAME_UNIT_BYTES) % FRAME_UNIT_BYTES;
    memset(txn->frame + txn->used_bytes, 0, padding);
    return frame_write(store_of_writer(txn), txn->frame, txn->used_bytes + padding);
}

static tl_status append_space(tl_store *store, tl_driver_space *space)
{
    *space = (tl_driver_space){.file_bytes = tl_driver_dir_bytes(store->dir)};
    return TL_OK;
}

const tl_driver tl_driver_append = {
    .abi = TL_DRIVER_ABI,
    .size_bytes = sizeof(tl_driver),
    .name = "append",
    .summary = "appends each commit to one file and syncs it: the floor of a durable commit",
    .contracts = {[TL_DURABILITY_COMMIT] = {TL_PROMISE_WEAKER, "pwrite + fdatasync",
                                            "synced as promised, but a ring of 64 MiB that "
                                            "nothing reads back is no store"},
                  [TL_DURABILITY_ASYNC] = {TL_PROMISE_WEAKER, "pwrite",
                                           "never synced, and nothing reads it back"},
                  [TL_DURABILITY_NONE] = {TL_PROMISE_WEAKER, "pwrite",
                                          "never synced, and nothing reads it back"}},
    .version = append_version,
    .open = append_open,
    .close = append_close,
    .abandon = append_abandon,
    .value_bytes_max = append_value_bytes_max,
    .begin = append_begin,
    .commit = append_commit,
    .abort = append_abort,
    .put = append_put,
    .del = append_del,
    .space = append_space,
};
