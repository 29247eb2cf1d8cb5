/* harness/fault/tests/brute_prefix.c -- profiles sigkill and prefix: bytes, as the operations
 * change them.
 */
#include "harness/fault/tests/brute_world.h"

#include <string.h>

static void base_take(world *w, bool durable)
{
    for (uint32_t p = 0; p < w->path_count; p++) {
        w->names[p] = NO_FILE;
        tl_simdisk_base_name(w->trace, durable, p, &w->names[p]);
    }
    for (uint32_t f = 0; f < w->file_count; f++) {
        w->sizes[f] = tl_simdisk_base_size(w->trace, durable, f);
        memset(w->bytes[f], 0, w->room_bytes);
        for (uint64_t byte = 0; byte < w->sizes[f]; byte++) {
            uint32_t version = tl_simdisk_base_sector(w->trace, durable, f, byte / 512);
            w->bytes[f][byte] = tl_simdisk_version(w->trace, version)[byte % 512];
        }
    }
}

/* The bytes of a write that lie before `end`. */
static void write_apply(world *w, const tl_simdisk_op *op, uint64_t end)
{
    for (uint64_t byte = op->offset; byte < end && byte < op->offset + op->size_bytes; byte++) {
        uint32_t version = op->first_version + (uint32_t)(byte / 512 - op->first_sector);
        w->bytes[op->file][byte] = tl_simdisk_version(w->trace, version)[byte % 512];
        if (byte >= w->sizes[op->file])
            w->sizes[op->file] = byte + 1;
    }
}

static void back_apply(world *w, const tl_simdisk_op *op)
{
    memset(w->bytes[op->file], 0, w->room_bytes);
    for (uint64_t byte = 0; byte < op->size_bytes; byte++) {
        uint32_t version = op->first_version + (uint32_t)(byte / 512);
        w->bytes[op->file][byte] = tl_simdisk_version(w->trace, version)[byte % 512];
    }
    w->sizes[op->file] = op->size_bytes;
}

static void op_apply(world *w, const tl_simdisk_op *op)
{
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
        w->names[op->path] = op->file;
        break;
    case TL_SIMDISK_UNLINK:
        w->names[op->path] = NO_FILE;
        break;
    case TL_SIMDISK_RENAME:
        w->names[op->path] = NO_FILE;
        w->names[op->path2] = op->file;
        break;
    case TL_SIMDISK_WRITE:
        write_apply(w, op, UINT64_MAX);
        break;
    case TL_SIMDISK_TRUNCATE:
        memset(w->bytes[op->file] + op->size_bytes, 0, w->room_bytes - op->size_bytes);
        w->sizes[op->file] = op->size_bytes;
        break;
    case TL_SIMDISK_FALLOCATE:
        if (op->offset + op->size_bytes > w->sizes[op->file])
            w->sizes[op->file] = op->offset + op->size_bytes;
        break;
    case TL_SIMDISK_SYNC_FAILED:
        if (op->failure == TL_SYNC_FAILED_REVERTED)
            back_apply(w, op);
        break;
    default:
        break;
    }
}

/* Over a base: operations 0..q-1, then the bytes of operation q before `end`.  What was done to a
 * file before it went back makes no difference: a file that did so behind the prefix is here as it
 * was then. */
static void prefix_tell(world *w, bool durable, size_t q, uint64_t end)
{
    w->outcome++;
    base_take(w, durable);
    for (size_t i = 0; i < q; i++)
        op_apply(w, tl_simdisk_op_at(w->trace, i));
    if (end > 0)
        write_apply(w, tl_simdisk_op_at(w->trace, q), end);
    for (size_t i = q; i < w->at; i++) {
        if (tl_simdisk_op_at(w->trace, i)->kind == TL_SIMDISK_SYNC_FAILED)
            op_apply(w, tl_simdisk_op_at(w->trace, i));
    }
    brute_tell(w);
}

static bool is_write(const world *w, size_t i)
{
    return i < w->op_count && tl_simdisk_op_at(w->trace, i)->kind == TL_SIMDISK_WRITE;
}

void brute_sigkill_tell(world *w)
{
    prefix_tell(w, false, w->at, 0);
    if (!is_write(w, w->at))
        return;
    const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, w->at);
    for (uint64_t stop = op->offset + 1; stop < op->offset + op->size_bytes; stop++) {
        if (stop % 4096 == 0)
            prefix_tell(w, false, w->at, stop);
    }
}

void brute_prefixes_tell(world *w)
{
    size_t from = 0;
    for (size_t i = 0; i < w->at; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, i);
        if (op->kind == TL_SIMDISK_SYNC || op->kind == TL_SIMDISK_SYNC_DIR || op->through)
            from = i + 1;
    }
    if (from == 0 && w->differs)
        prefix_tell(w, true, 0, 0);
    for (size_t q = from; q <= w->at; q++) {
        prefix_tell(w, false, q, 0);
        if (!is_write(w, q))
            continue;
        const tl_simdisk_op *op = tl_simdisk_op_at(w->trace, q);
        for (uint32_t n = 1; n < op->sector_count; n++)
            prefix_tell(w, false, q, (op->first_sector + n) * 512);
    }
}
