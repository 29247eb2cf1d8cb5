/* engine/store/log.c -- writing the log; see log.h.  Replay is in log_replay.c. */
#include "engine/base/mutant.h"
#include "engine/base/regression.h"
#include "engine/store/log_format.h"

#include <assert.h>

static const uint8_t log_magic[8] = {'t', 'r', 'e', 'e', 'l', 'o', 'g', 0x1a};

enum { LOG_HEADER_VERSION = 1 }; /* what frames may hold follows from the meta's version */
enum { AT_LOG_VERSION = 8, AT_LOG_FILE_NO = 12, AT_LOG_UUID = 16, AT_LOG_CRC = 508 };

void tl_log_header_encode(uint8_t block[TL_LOG_HEADER_BYTES], const uint8_t uuid[16],
                          unsigned file_no)
{
    memset(block, 0, TL_LOG_HEADER_BYTES);
    memcpy(block, log_magic, sizeof log_magic);
    tl_store32(block + AT_LOG_VERSION, LOG_HEADER_VERSION);
    tl_store32(block + AT_LOG_FILE_NO, file_no);
    memcpy(block + AT_LOG_UUID, uuid, 16);
    tl_store32(block + AT_LOG_CRC, tl_crc32c(0, block, AT_LOG_CRC));
}

static bool header_verify(void *context, const void *bytes, size_t size_bytes)
{
    uint8_t wanted[TL_LOG_HEADER_BYTES];
    const uint8_t *uuid = context; /* 16 bytes of uuid, then the file's number */
    tl_log_header_encode(wanted, uuid, uuid[16]);
    return memcmp(bytes, wanted, size_bytes) == 0;
}

tl_status tl_log_header_check(tl_io *io, tl_file *file, const uint8_t uuid[16], unsigned file_no)
{
    uint8_t sector[512], expected[17];
    memcpy(expected, uuid, 16);
    expected[16] = (uint8_t)file_no;
    return io->read_verified(io, file, 0, sector, sizeof sector, header_verify, expected);
}

void tl_log_release(tl_log *log)
{
    tl_vector_release(&log->staged, log->memory);
    tl_vector_release(&log->taken, log->memory);
}

void tl_log_switch(tl_log *log, uint64_t ckpt_no)
{
    assert(log->staged.count == 0 && log->taken.count == 0);
    log->ckpt_no = ckpt_no;
    log->active = ckpt_no & 1;
    log->tail = TL_LOG_HEADER_BYTES;
}

static uint8_t *varint_encode(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *op_encode(uint8_t *at, unsigned code, tl_tree tree, tl_slice key, tl_slice value)
{
    *at++ = (uint8_t)code;
    at = varint_encode(at, tree);
    at = varint_encode(at, key.size_bytes);
    at = varint_encode(at, value.size_bytes);
    tl_copy(at, key.data, key.size_bytes);
    at += key.size_bytes;
    if (TL_REGRESSION(value_copied_twice)) {
        tl_copy(at, value.data, value.size_bytes);
        __asm__ volatile("" ::: "memory"); /* the compiler sees no second copy */
    }
    tl_copy(at, value.data, value.size_bytes);
    return at + value.size_bytes;
}

void tl_op_buffer_clear(tl_op_buffer *buffer)
{
    buffer->size_bytes = 0;
    buffer->full_frames = 0;
    buffer->has_extents = false;
}

void tl_op_buffer_record(tl_op_buffer *buffer, unsigned code, tl_tree tree, tl_slice key,
                         tl_slice value)
{
    static_assert(TL_LOG_TXN_BYTES_MAX + 2 * TL_PAGE_BYTES_MAX < TL_ARENA_OPS_BYTES,
                  "one op more than the limit must fit");
    uint8_t *at = buffer->at + buffer->size_bytes;
    size_t end = (size_t)(op_encode(at, code, tree, key, value) - buffer->at);
    size_t frame_begin = buffer->full_frames == 0 ? 0 : buffer->frame_ends[buffer->full_frames - 1];
    if (end - frame_begin > TL_LOG_OPS_BYTES_MAX)
        buffer->frame_ends[buffer->full_frames++] = buffer->size_bytes; /* before this op */
    buffer->size_bytes = end;
    buffer->has_extents = buffer->has_extents || code == TL_OP_CODE_PUT_EXTENTS;
}

static bool varint_decode(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 35 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (uint32_t)result;
            return result <= UINT32_MAX;
        }
    }
    return false;
}

bool tl_op_decode(const uint8_t **at, const uint8_t *end, tl_log_op *op)
{
    uint32_t tree, key_bytes, value_bytes;
    if (*at >= end)
        return false;
    op->code = *(*at)++;
    if (!varint_decode(at, end, &tree) || !varint_decode(at, end, &key_bytes) ||
        !varint_decode(at, end, &value_bytes))
        return false;
    if ((uint64_t)key_bytes + value_bytes > (uint64_t)(end - *at))
        return false;
    op->tree = tree;
    op->key = tl_slice_of(*at, key_bytes);
    op->value = tl_slice_of(*at + key_bytes, value_bytes);
    *at += (size_t)key_bytes + value_bytes;
    if (op->code == TL_OP_CODE_PUT_EXTENTS)
        return value_bytes != 0 && value_bytes % TL_NAMED_EXTENT_BYTES == 0;
    return op->code == TL_OP_CODE_PUT || op->code == TL_OP_CODE_DEL ||
           op->code == TL_OP_CODE_TREE_CREATE || op->code == TL_OP_CODE_TREE_DROP ||
           op->code == TL_OP_CODE_DEL_RANGE;
}

/* Zeros up to a size that doubles, so that the next flushes overwrite written blocks. */
static tl_status file_grow(tl_log *log, uint64_t least)
{
    static const uint8_t zeros[65536];
    uint64_t size = log->sizes[log->active];
    uint64_t step = size < TL_LOG_GROWTH_BYTES_MAX ? size : TL_LOG_GROWTH_BYTES_MAX;
    uint64_t target = tl_align_up(size + step < least ? least : size + step, 4096);
    while (size < target) {
        size_t piece = target - size < sizeof zeros ? (size_t)(target - size) : sizeof zeros;
        tl_io_span span = {zeros, piece};
        tl_status status = log->io->pwritev(log->io, log->files[log->active], size, &span, 1);
        if (status != TL_OK)
            return status;
        size += piece;
        log->sizes[log->active] = size;
    }
    log->stats->log_growths++;
    return TL_OK;
}

/* What a frame says of its txn; tl_frame_seal adds what depends on the frames before it. */
static void frame_begin(const tl_log *log, uint8_t *at, uint64_t txn, unsigned flags,
                        size_t ops_bytes)
{
    memset(at, 0, TL_LOG_FRAME_HEADER_BYTES);
    tl_store32(at + TL_AT_FRAME_OPS_BYTES, (uint32_t)ops_bytes);
    tl_store64(at + TL_AT_FRAME_SALT, log->salt);
    tl_store64(at + TL_AT_FRAME_CKPT_NO, log->ckpt_no);
    tl_store64(at + TL_AT_FRAME_TXN, txn);
    at[TL_AT_FRAME_FLAGS] = (uint8_t)flags;
}

/* Complete the header at `at` of a frame that holds `ops`; advances *chain. */
static void frame_seal(const tl_log *log, uint8_t *at, uint64_t durable_txn, uint64_t *chain,
                       tl_slice ops)
{
    tl_store64(at + TL_AT_FRAME_DURABLE, durable_txn);
    tl_store64(at + TL_AT_FRAME_CHAIN, *chain);
    uint32_t crc = tl_frame_checksum(log->origin, at, TL_LOG_FRAME_HEADER_BYTES);
    if (TL_REGRESSION(log_hashed_twice)) {
        volatile uint32_t unused = tl_crc32c(crc, ops.data, ops.size_bytes);
        (void)unused;
    }
    crc = tl_crc32c(crc, ops.data, ops.size_bytes);
    tl_store32(at + TL_AT_FRAME_CRC, crc);
    *chain = tl_frame_chain(*chain, tl_load64(at + TL_AT_FRAME_TXN), crc);
}

static unsigned frame_flags(const tl_op_buffer *ops, unsigned i)
{
    return (i == 0 ? TL_FRAME_FIRST : 0u) | (i == ops->full_frames ? TL_FRAME_LAST : 0u) |
           (ops->has_extents ? TL_FRAME_EXTENTS : 0u);
}

/* Frame `i` of the txn. */
static tl_slice frame_ops(const tl_op_buffer *ops, unsigned i)
{
    size_t begin = i == 0 ? 0 : ops->frame_ends[i - 1];
    size_t end = i < ops->full_frames ? ops->frame_ends[i] : ops->size_bytes;
    return tl_slice_of(ops->at + begin, end - begin);
}

/* Write one flush: headers from log->headers, ops from where they are, zeros up to the pad. */
static tl_status flush_write(tl_log *log, const tl_op_buffer *ops, size_t pad)
{
    static const uint8_t zeros[4096];
    tl_io_span spans[2 * TL_LOG_FRAMES_MAX + 1];
    size_t count = 0;
    for (unsigned i = 0; i <= ops->full_frames; i++) {
        tl_slice part = frame_ops(ops, i);
        spans[count++] =
            (tl_io_span){log->headers + i * TL_LOG_FRAME_HEADER_BYTES, TL_LOG_FRAME_HEADER_BYTES};
        spans[count++] = (tl_io_span){part.data, part.size_bytes};
    }
    if (pad != 0)
        spans[count++] = (tl_io_span){zeros, pad};
    return log->io->pwritev(log->io, log->files[log->active], log->tail, spans, count);
}

/* A write that found no room may still have put whole frames into the file.  They must never count:
 * the txn is about to be told that nothing of it happened. */
static tl_status flush_undo(tl_log *log, tl_status why)
{
    static const uint8_t zeros[TL_LOG_FRAME_HEADER_BYTES];
    tl_file *file = log->files[log->active];
    uint64_t size = 0;
    tl_status status = log->io->size(log->io, file, &size);
    if (status == TL_OK && size > log->tail) {
        uint64_t there = size - log->tail;
        tl_io_span span = {zeros, there < sizeof zeros ? (size_t)there : sizeof zeros};
        status = log->io->pwritev(log->io, file, log->tail, &span, 1);
    }
    return status == TL_OK ? why : TL_IO;
}

tl_status tl_log_append(tl_log *log, uint64_t txn, uint64_t durable_txn, const tl_op_buffer *ops)
{
    unsigned frames = ops->full_frames + 1;
    assert(frames <= TL_LOG_FRAMES_MAX && log->staged.count == 0 && log->taken.count == 0);
    size_t used = frames * TL_LOG_FRAME_HEADER_BYTES + ops->size_bytes;
    size_t bytes = tl_align_up(used, log->pad_bytes);
    tl_status status = TL_OK;
    if (log->zero_fill && log->tail + bytes > log->sizes[log->active])
        status = file_grow(log, log->tail + bytes);
    if (status != TL_OK)
        return status;
    uint64_t chain = log->chain;
    for (unsigned i = 0; i < frames; i++) {
        uint8_t *header = log->headers + i * TL_LOG_FRAME_HEADER_BYTES;
        tl_slice part = frame_ops(ops, i);
        frame_begin(log, header, txn, frame_flags(ops, i), part.size_bytes);
        frame_seal(log, header, durable_txn, &chain, part);
    }
    status = flush_write(log, ops, bytes - used);
    if (status == TL_NO_SPACE || status == TL_NO_MEMORY)
        status = flush_undo(log, status);
    if (status != TL_OK)
        return status;
    atomic_fetch_add(&log->written[log->active], 1);
    log->chain = chain;
    log->tail += bytes;
    if (log->tail > log->sizes[log->active])
        log->sizes[log->active] = log->tail;
    log->stats->log_frames += frames;
    log->stats->log_bytes += bytes;
    return TL_OK;
}

/* A sync covers the size that the file had when it began. */
static tl_status file_sync(tl_log *log, unsigned file)
{
    uint64_t size = atomic_load(&log->sizes[file]), before = atomic_load(&log->sizes_synced[file]);
    tl_status status = log->io->fdatasync(log->io, log->files[file]);
    if (status != TL_OK && TL_MUTANT(retry_log_sync))
        status = log->io->fdatasync(log->io, log->files[file]);
    if (status != TL_OK)
        return status;
    while (before < size && !atomic_compare_exchange_weak(&log->sizes_synced[file], &before, size))
        ; /* ends: another sync covers more, or the exchange succeeds */
    return TL_OK;
}

tl_status tl_log_settle(tl_log *log)
{
    tl_status status = file_sync(log, 0);
    return status == TL_OK ? file_sync(log, 1) : status;
}

static tl_status sync_file(tl_log *log, unsigned file, uint64_t *syncs)
{
    uint64_t written = atomic_load(&log->written[file]), synced = atomic_load(&log->synced[file]);
    if (synced >= written)
        return TL_OK;
    tl_status status = file_sync(log, file);
    ++*syncs;
    if (status != TL_OK)
        return status;
    if (TL_MUTANT(sync_covers_late_writes))
        written = atomic_load(&log->written[file]);
    while (synced < written && !atomic_compare_exchange_weak(&log->synced[file], &synced, written))
        ; /* ends: another sync went further, or the exchange succeeds */
    return TL_OK;
}

tl_status tl_log_sync(tl_log *log, unsigned active, uint64_t *syncs)
{
    tl_status status = sync_file(log, 1 - active, syncs);
    return status == TL_OK ? sync_file(log, active, syncs) : status;
}

void tl_log_forget(tl_log *log, unsigned file)
{
    atomic_store(&log->synced[file], atomic_load(&log->written[file]));
}

static size_t frames_bytes(const tl_op_buffer *ops)
{
    return (ops->full_frames + 1) * (size_t)TL_LOG_FRAME_HEADER_BYTES + ops->size_bytes;
}

/* If what is staged is taken before `ops` come, they begin a flush of their own. */
uint64_t tl_log_stage_end(const tl_log *log, const tl_op_buffer *ops)
{
    uint64_t begin = tl_align_up(log->tail + log->staged.count, log->pad_bytes);
    return tl_align_up(begin + frames_bytes(ops), log->pad_bytes);
}

tl_status tl_log_grow(tl_log *log, uint64_t end)
{
    return end <= log->sizes[log->active] ? TL_OK : file_grow(log, end);
}

tl_status tl_log_stage(tl_log *log, uint64_t txn, const tl_op_buffer *ops)
{
    tl_status status =
        tl_vector_reserve(&log->staged, log->memory, frames_bytes(ops) + log->pad_bytes);
    if (status != TL_OK)
        return status;
    if (log->staged.count != 0)
        log->staged.at[log->staged_last + TL_AT_FRAME_FLAGS] |= TL_FRAME_MORE;
    for (unsigned i = 0; i <= ops->full_frames; i++) {
        uint8_t *at = log->staged.at + log->staged.count;
        tl_slice part = frame_ops(ops, i);
        frame_begin(log, at, txn, frame_flags(ops, i), part.size_bytes);
        tl_copy(at + TL_LOG_FRAME_HEADER_BYTES, part.data, part.size_bytes);
        log->staged_last = log->staged.count;
        log->staged.count += TL_LOG_FRAME_HEADER_BYTES + part.size_bytes;
    }
    log->stats->log_frames += ops->full_frames + 1;
    return TL_OK;
}

void tl_log_take(tl_log *log)
{
    assert(log->taken.count == 0);
    tl_log_bytes empty = log->taken;
    log->taken = log->staged;
    log->staged = empty;
    log->taken_at = log->tail;
    log->tail = tl_align_up(log->tail + log->taken.count, log->pad_bytes);
}

tl_status tl_log_flush(tl_log *log, uint64_t durable_txn)
{
    tl_log_bytes *taken = &log->taken;
    for (size_t i = 0; i < taken->count;) {
        uint8_t *at = taken->at + i;
        uint32_t ops_bytes = tl_load32(at + TL_AT_FRAME_OPS_BYTES);
        frame_seal(log, at, durable_txn, &log->chain,
                   tl_slice_of(at + TL_LOG_FRAME_HEADER_BYTES, ops_bytes));
        i += TL_LOG_FRAME_HEADER_BYTES + ops_bytes;
    }
    size_t padded = (size_t)tl_align_up(taken->count, log->pad_bytes); /* reserved by stage */
    memset(taken->at + taken->count, 0, padded - taken->count);
    tl_status status = TL_MUTANT(ack_before_sync) ? file_sync(log, log->active) : TL_OK;
    if (status == TL_OK)
        status = log->io->pwritev(log->io, log->files[log->active], log->taken_at,
                                  &(tl_io_span){taken->at, padded}, 1);
    if (status == TL_OK && !TL_MUTANT(ack_before_sync))
        status = file_sync(log, log->active);
    taken->count = 0;
    return status;
}
