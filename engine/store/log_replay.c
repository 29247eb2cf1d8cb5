/* engine/store/log_replay.c -- reading the log after a crash.
 *
 * Frames are followed from the start of the checkpoint's file as long as each is intact, of this
 * life (salt), of this checkpoint, next in number and chained to its predecessor.  The first that
 * is not ends the history.  Then every pad boundary behind it is searched: a later intact frame of
 * this life that knew a txn to be durable which was not reached proves a loss, and the answer is
 * TL_CORRUPT.  Otherwise the rest is a torn tail, never acknowledged, and is dropped.  Rot inside
 * the very last flush cannot be told from a torn tail.
 */
#include "engine/base/mutant.h"
#include "engine/store/log_format.h"

typedef struct reader {
    tl_log *log;
    tl_pager *pager;
    const tl_meta *meta;
    unsigned file;                /* being read */
    uint64_t offset;              /* of the next frame */
    uint64_t ckpt_no, txn, chain; /* what the next frame must carry */
    bool in_txn;                  /* the next frame continues a txn */
    uint64_t txn_end;             /* the history ends before this one: the survey found why */
    uint8_t *frame;
    size_t capacity;
} reader;

static bool frame_verify(void *context, const void *bytes, size_t size_bytes)
{
    const tl_log *log = context;
    return tl_load32(bytes) == tl_frame_checksum(log->origin, bytes, size_bytes);
}

static tl_status frame_room(reader *in, size_t bytes)
{
    if (in->capacity >= bytes)
        return TL_OK;
    tl_memory *memory = in->log->memory;
    uint8_t *block = memory->allocate(memory, bytes);
    if (block == NULL)
        return TL_NO_MEMORY;
    if (in->frame != NULL)
        memory->release(memory, in->frame, in->capacity);
    in->frame = block;
    in->capacity = bytes;
    return TL_OK;
}

/* Read what could be a frame's header; *found tells whether it looks like one. */
static tl_status header_read(reader *in, unsigned file, uint64_t offset,
                             uint8_t header[TL_LOG_FRAME_HEADER_BYTES], bool *found)
{
    tl_log *log = in->log;
    size_t got = 0;
    tl_status status =
        log->io->pread(log->io, log->files[file], offset, header, TL_LOG_FRAME_HEADER_BYTES, &got);
    *found = status == TL_OK && got == TL_LOG_FRAME_HEADER_BYTES &&
             tl_load64(header + TL_AT_FRAME_TXN) != 0 &&
             tl_load32(header + TL_AT_FRAME_OPS_BYTES) <= TL_LOG_OPS_BYTES_MAX;
    return status;
}

static size_t frame_bytes(const uint8_t *header)
{
    return TL_LOG_FRAME_HEADER_BYTES + tl_load32(header + TL_AT_FRAME_OPS_BYTES);
}

/* Read the whole frame behind a header; *bytes is 0 when it is not intact. */
static tl_status frame_read(reader *in, unsigned file, uint64_t offset, const uint8_t *header,
                            size_t *bytes)
{
    tl_log *log = in->log;
    size_t wanted = frame_bytes(header);
    *bytes = 0;
    tl_status status = frame_room(in, wanted);
    if (status == TL_OK)
        status = log->io->read_verified(log->io, log->files[file], offset, in->frame, wanted,
                                        frame_verify, log);
    if (status == TL_OK || (TL_MUTANT(accept_torn_log_tail) && status == TL_CORRUPT))
        *bytes = wanted;
    return status == TL_CORRUPT ? TL_OK : status;
}

static bool header_continues(const reader *in, const uint8_t *header, uint64_t ckpt_no)
{
    bool first = (header[TL_AT_FRAME_FLAGS] & TL_FRAME_FIRST) != 0;
    return (tl_load64(header + TL_AT_FRAME_SALT) == in->meta->log_salt ||
            TL_MUTANT(skip_log_salt)) &&
           (tl_load64(header + TL_AT_FRAME_CKPT_NO) == ckpt_no ||
            TL_MUTANT(skip_frame_generation)) &&
           (tl_load64(header + TL_AT_FRAME_TXN) == in->txn || TL_MUTANT(skip_frame_txn)) &&
           (tl_load64(header + TL_AT_FRAME_CHAIN) == in->chain || TL_MUTANT(skip_log_chain)) &&
           first == !in->in_txn && in->txn < in->txn_end;
}

/* A seeded bug's: does a frame of this life follow the one just read? */
static bool has_successor(reader *in, unsigned file, uint64_t offset)
{
    uint8_t header[TL_LOG_FRAME_HEADER_BYTES];
    bool found = false, more = (in->frame[TL_AT_FRAME_FLAGS] & TL_FRAME_MORE) != 0;
    offset = more ? offset : tl_align_up(offset, in->log->pad_bytes);
    return header_read(in, file, offset, header, &found) == TL_OK && found &&
           tl_load64(header + TL_AT_FRAME_SALT) == in->meta->log_salt;
}

/* Read the frame at that place if it is the next of the history; else *bytes is 0.  The header
 * decides first: a stale frame is not read to its end. */
static tl_status frame_expect(reader *in, unsigned file, uint64_t offset, uint64_t ckpt_no,
                              size_t *bytes)
{
    uint8_t header[TL_LOG_FRAME_HEADER_BYTES];
    bool found = false;
    *bytes = 0;
    tl_status status = header_read(in, file, offset, header, &found);
    if (status != TL_OK || !found || !header_continues(in, header, ckpt_no))
        return status;
    status = frame_read(in, file, offset, header, bytes);
    if (TL_MUTANT(drop_last_frame) && *bytes != 0 && !has_successor(in, file, offset + *bytes))
        *bytes = 0;
    return status;
}

/* Find the next frame of the history, here or at the start of the other file; *bytes 0: none. */
static tl_status frame_next(reader *in, size_t *bytes)
{
    tl_status status = frame_expect(in, in->file, in->offset, in->ckpt_no, bytes);
    if (status != TL_OK || *bytes != 0 || in->ckpt_no != in->meta->ckpt_no || in->in_txn)
        return status;
    status = frame_expect(in, 1 - in->file, TL_LOG_HEADER_BYTES, in->ckpt_no + 1, bytes);
    if (status != TL_OK || *bytes == 0)
        return status;
    in->file = 1 - in->file; /* a checkpoint was under way: it had switched files already */
    in->ckpt_no++;
    in->offset = TL_LOG_HEADER_BYTES;
    return TL_OK;
}

static tl_status frame_apply(reader *in, size_t bytes, const tl_log_replayer *replayer)
{
    const uint8_t *at = in->frame + TL_LOG_FRAME_HEADER_BYTES, *end = in->frame + bytes;
    tl_status status = in->in_txn ? TL_OK : replayer->begin(replayer->context, in->txn);
    if (status != TL_OK)
        return status;
    in->in_txn = true;
    while (at < end) {
        tl_log_op op;
        if (!tl_op_decode(&at, end, &op)) {
            if (TL_MUTANT(accept_torn_log_tail))
                return TL_OK;
            return tl_pager_fail(in->pager, TL_CORRUPT, 0,
                                 "log frame of txn %llu holds no operation it can decode",
                                 (unsigned long long)in->txn);
        }
        status = replayer->op(replayer->context, &op);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* Step over the frame whose header is at hand. */
static void frame_pass(reader *in, const uint8_t *header, size_t bytes)
{
    in->chain = tl_frame_chain(in->chain, in->txn, tl_load32(header));
    in->offset += bytes;
    in->in_txn = (header[TL_AT_FRAME_FLAGS] & TL_FRAME_LAST) == 0;
    if (in->in_txn)
        return;
    if ((header[TL_AT_FRAME_FLAGS] & TL_FRAME_MORE) == 0) /* the flush ends here too */
        in->offset = tl_align_up(in->offset, in->log->pad_bytes);
    in->txn++;
}

/* Step over the frame just applied; a whole txn ends here. */
static tl_status frame_finish(reader *in, size_t bytes, const tl_log_replayer *replayer,
                              tl_log_recovery *recovery)
{
    recovery->frames++;
    frame_pass(in, in->frame, bytes);
    if (in->in_txn)
        return TL_OK;
    recovery->txn = in->txn - 1;
    recovery->chain = in->chain;
    return replayer->commit(replayer->context);
}

/* Does a frame with this header prove, when it is intact, that something durable was not reached?
 * Frames follow a checkpoint only when its meta is durable, but for those of a checkpoint still
 * under way: they carry the next number and this life's salt. */
static bool header_proves_loss(const reader *in, const uint8_t *header)
{
    uint64_t ckpt_no = tl_load64(header + TL_AT_FRAME_CKPT_NO);
    bool this_life = tl_load64(header + TL_AT_FRAME_SALT) == in->meta->log_salt;
    if (ckpt_no > in->meta->ckpt_no + (this_life ? 1 : 0))
        return true; /* both copies of a newer meta are gone */
    return this_life && tl_load64(header + TL_AT_FRAME_DURABLE) >= in->txn;
}

/* A header that could stand before a frame worth verifying. */
static bool header_matters(const reader *in, const uint8_t *header)
{
    return tl_load64(header + TL_AT_FRAME_SALT) == in->meta->log_salt ||
           (tl_load64(header + TL_AT_FRAME_CKPT_NO) > in->meta->ckpt_no &&
            tl_load64(header + TL_AT_FRAME_TXN) != 0 &&
            tl_load32(header + TL_AT_FRAME_OPS_BYTES) <= TL_LOG_OPS_BYTES_MAX);
}

/* A simulated disk fills what is refused: in small pieces, for they stay in the fastest cache. */
enum { SEARCH_STEP = 512, SEARCH_BLOCK = 65536, SEARCH_BLOCK_UNITS = 8192 };

static bool unit_matters(void *context, const void *bytes, size_t size_bytes)
{
    return size_bytes >= TL_LOG_FRAME_HEADER_BYTES && header_matters(context, bytes);
}

/* Read a stretch of the log of which only headers that matter will be looked at. */
static tl_status search_read(reader *in, unsigned file, uint64_t offset, uint8_t *block,
                             size_t block_bytes, size_t *got)
{
    tl_io *io = in->log->io;
    tl_file *from = in->log->files[file];
    if (io->read_units == NULL)
        return io->pread(io, from, offset, block, block_bytes, got);
    return io->read_units(io, from, offset, block, block_bytes, SEARCH_STEP, unit_matters, in, got);
}

/* Search one file from `offset` for a frame that proves a loss; count what looks like a tail. */
static tl_status search_file(reader *in, unsigned file, uint64_t offset, uint8_t *block,
                             size_t block_bytes, uint64_t *tail_bytes)
{
    tl_log *log = in->log;
    for (; offset < log->sizes[file]; offset += block_bytes) {
        size_t got = 0;
        tl_status status = search_read(in, file, offset, block, block_bytes, &got);
        if (status != TL_OK)
            return status;
        for (size_t at = 0; at + TL_LOG_FRAME_HEADER_BYTES <= got; at += SEARCH_STEP) {
            if (!header_matters(in, block + at))
                continue;
            bool found = false;
            size_t bytes = 0;
            uint8_t header[TL_LOG_FRAME_HEADER_BYTES];
            status = header_read(in, file, offset + at, header, &found);
            if (status == TL_OK && found && header_proves_loss(in, header))
                status = frame_read(in, file, offset + at, header, &bytes);
            if (status != TL_OK)
                return status;
            if (bytes != 0)
                return tl_pager_fail(in->pager, TL_CORRUPT, 0,
                                     "the log lost txn %llu, which was acknowledged",
                                     (unsigned long long)in->txn);
            /* Frames of an earlier generation lie there too; they are no tail.  Nobody looks
             * whether those of this one are whole: they are dropped in any case. */
            if (tl_load64(block + at + TL_AT_FRAME_SALT) == in->meta->log_salt &&
                tl_load64(block + at + TL_AT_FRAME_CKPT_NO) >= in->meta->ckpt_no)
                *tail_bytes += found ? frame_bytes(header) : SEARCH_STEP;
        }
    }
    return TL_OK;
}

static tl_status search_losses(reader *in, uint64_t *tail_bytes)
{
    tl_memory *memory = in->log->memory;
    uint64_t longest =
        in->log->sizes[0] > in->log->sizes[1] ? in->log->sizes[0] : in->log->sizes[1];
    size_t most = in->log->io->read_units == NULL ? SEARCH_BLOCK : SEARCH_BLOCK_UNITS;
    size_t block_bytes = longest < most ? tl_align_up(longest + 1, SEARCH_STEP) : most;
    uint8_t *block = memory->allocate(memory, block_bytes);
    if (block == NULL)
        return TL_NO_MEMORY;
    uint64_t from = tl_align_up(in->offset, SEARCH_STEP); /* where the next flush may begin */
    tl_status status = search_file(in, in->file, from, block, block_bytes, tail_bytes);
    if (status == TL_OK)
        status = search_file(in, 1 - in->file, TL_LOG_HEADER_BYTES, block, block_bytes, tail_bytes);
    memory->release(memory, block, block_bytes);
    return status;
}

static tl_status replay_all(reader *in, const tl_log_replayer *replayer, tl_log_recovery *recovery)
{
    for (;;) { /* ends: every round moves in->offset forward, and files are finite */
        size_t bytes = 0;
        tl_status status = frame_next(in, &bytes);
        if (status != TL_OK || bytes == 0)
            return status;
        status = frame_apply(in, bytes, replayer);
        if (status == TL_OK)
            status = frame_finish(in, bytes, replayer, recovery);
        if (status != TL_OK)
            return status;
    }
}

/* Read the header of the next frame of the history without what follows it; *found false: none. */
static tl_status header_next(reader *in, uint8_t header[TL_LOG_FRAME_HEADER_BYTES], bool *found)
{
    tl_status status = header_read(in, in->file, in->offset, header, found);
    *found = status == TL_OK && *found && header_continues(in, header, in->ckpt_no);
    if (status != TL_OK || *found || in->ckpt_no != in->meta->ckpt_no || in->in_txn)
        return status;
    status = header_read(in, 1 - in->file, TL_LOG_HEADER_BYTES, header, found);
    *found = status == TL_OK && *found && header_continues(in, header, in->ckpt_no + 1);
    if (!*found)
        return status;
    in->file = 1 - in->file;
    in->ckpt_no++;
    in->offset = TL_LOG_HEADER_BYTES;
    return TL_OK;
}

/* Show the replayer the extents of one frame.  in->txn_end is set where they are not all there. */
static tl_status survey_frame(reader *in, const uint8_t *header, const tl_log_replayer *replayer)
{
    size_t bytes = 0;
    tl_status status = frame_read(in, in->file, in->offset, header, &bytes);
    const uint8_t *at = in->frame + TL_LOG_FRAME_HEADER_BYTES, *end = in->frame + bytes;
    if (status == TL_OK && bytes == 0)
        in->txn_end = in->txn;
    tl_log_op op;
    while (status == TL_OK && bytes != 0 && at < end && tl_op_decode(&at, end, &op))
        if (op.code == TL_OP_CODE_PUT_EXTENTS)
            status = replayer->extents(replayer->context, in->txn, &op);
    if (status != TL_NOT_FOUND)
        return status;
    in->txn_end = in->txn;
    return TL_OK;
}

/* A replayed edit takes pages, and must not take those of an extent that a later frame names: look
 * for all of them first.  Only frames that say they name some are read whole. */
static tl_status survey(reader *in, const tl_log_replayer *replayer)
{
    for (;;) { /* ends: every round moves in->offset forward, and files are finite */
        uint8_t header[TL_LOG_FRAME_HEADER_BYTES];
        bool found = false;
        tl_status status = header_next(in, header, &found);
        if (status != TL_OK || !found)
            return status;
        if ((header[TL_AT_FRAME_FLAGS] & TL_FRAME_EXTENTS) != 0)
            status = survey_frame(in, header, replayer);
        if (status != TL_OK || in->txn_end != UINT64_MAX)
            return status;
        frame_pass(in, header, frame_bytes(header));
    }
}

tl_status tl_log_replay(tl_log *log, tl_pager *pager, const tl_meta *meta,
                        const tl_log_replayer *replayer, tl_log_recovery *recovery)
{
    reader in = {
        .log = log,
        .pager = pager,
        .meta = meta,
        .file = meta->ckpt_no & 1,
        .offset = meta->log_begin,
        .ckpt_no = meta->ckpt_no,
        .txn = meta->txn + 1,
        .chain = meta->log_chain,
        .txn_end = UINT64_MAX,
    };
    reader ahead = in;
    tl_status status = replayer->extents != NULL ? survey(&ahead, replayer) : TL_OK;
    in.txn_end = ahead.txn_end;
    in.frame = ahead.frame;
    in.capacity = ahead.capacity;
    *recovery = (tl_log_recovery){.txn = meta->txn, .chain = meta->log_chain};
    if (status == TL_OK)
        status = replay_all(&in, replayer, recovery);
    if (in.in_txn)
        replayer->abort(replayer->context);
    if (status == TL_OK)
        status = search_losses(&in, &recovery->tail_bytes);
    if (in.frame != NULL)
        log->memory->release(log->memory, in.frame, in.capacity);
    return status;
}
