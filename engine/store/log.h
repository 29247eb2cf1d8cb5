/* engine/store/log.h -- the redo log: what committed txns did, in two files used in turn.
 *
 *   0                     4096                                             size
 *   +---------------------+-------------+-------+-----------------+--------+
 *   | header: magic, uuid | flush       | zeros | flush           | zeros  |
 *   +---------------------+-------------+-------+-----------------+--------+
 *                         frame frame ..  to the next pad boundary
 *
 * A flush is what goes out with one write: the frames of one txn, or of all txns that committed
 * while the flush before was under way.
 *
 *   frame   u32 crc  u32 ops_bytes  u64 salt  u64 ckpt_no  u64 txn  u64 durable_txn
 *           u64 prev_chain  u8 flags  7 zeros  ops
 *   op      u8 code  varint tree  varint key_bytes  varint value_bytes  key  value
 *
 * Every txn after the last checkpoint has its frames here, chained: prev_chain depends on all
 * frames before.  Checkpoint k sends what follows to file k & 1, from its start.  The salt is new
 * at every open, so frames of an earlier life never match.
 *
 * Two ways in.  tl_log_append writes one txn at once.  tl_log_stage only remembers its frames;
 * tl_log_take makes all remembered ones a flush, and tl_log_flush writes and syncs that while
 * others stage: what depends on earlier frames (chain, checksum, what is durable) is filled in
 * there. Who stages or appends has the writer's turn; one thread at a time takes and flushes; stage
 * and take exclude each other (env/flush.c).
 */
#ifndef TL_STORE_LOG_H
#define TL_STORE_LOG_H

#include "engine/page/meta.h"
#include "engine/store/pager.h"

enum {
    TL_LOG_HEADER_BYTES = 4096, /* frames begin here */
    TL_LOG_FRAME_HEADER_BYTES = 56,
    TL_LOG_OPS_BYTES_MAX = 1 << 20, /* of one frame; longer txns take several */
    TL_LOG_FRAMES_MAX = 128,        /* of one txn; a longer txn commits by checkpoint */
    TL_LOG_TXN_BYTES_MAX = TL_LOG_FRAMES_MAX / 2 * TL_LOG_OPS_BYTES_MAX, /* surely fits in them */
    TL_LOG_BYTES_MIN = 8192,
    TL_LOG_BYTES_MAX = 1 << 30, /* that a new file may begin with: it is filled with zeros */
    TL_LOG_VALUE_MAX = 65536,   /* longer values are never in the log */
    TL_LOG_GROWTH_BYTES_MAX = 16 << 20,
};

enum {
    TL_FRAME_FIRST = 1,
    TL_FRAME_LAST = 2,    /* of its txn */
    TL_FRAME_EXTENTS = 4, /* the txn put values into extents: recovery looks for them first */
    TL_FRAME_MORE = 8,    /* with LAST: the next txn follows at once, in the same flush */
};
enum {
    TL_OP_CODE_PUT = 1,
    TL_OP_CODE_DEL = 2,
    TL_OP_CODE_PUT_EXTENTS = 3, /* the value is a list of tl_named_extent */
    TL_OP_CODE_TREE_CREATE = 4,
    TL_OP_CODE_TREE_DROP = 5,
    TL_OP_CODE_DEL_RANGE = 6,
};

typedef TL_VECTOR(uint8_t) tl_log_bytes;

/* An extent that was written before the frame that names it: u32 each.  Its tag is the frame's txn,
 * and `crc`, of its header, covers all its bytes. */
typedef struct tl_named_extent {
    uint32_t pgno, pages, bytes, crc;
} tl_named_extent;
enum { TL_NAMED_EXTENT_BYTES = 16, TL_NAMED_EXTENTS_MAX = 4096 };

typedef struct tl_log {
    tl_io *io;
    tl_memory *memory;
    tl_stats *stats;
    tl_file *files[2];
    _Atomic uint64_t sizes[2], sizes_synced[2]; /* of each file; what a power loss leaves */
    unsigned active;
    uint64_t tail; /* next flush begins here, in the active file */
    uint64_t salt, chain, ckpt_no;
    _Atomic uint64_t written[2], synced[2]; /* appends to each file; how many a sync covers */
    tl_log_bytes staged;                    /* frames that wait for the next flush */
    size_t staged_last;                     /* where the last of them begins */
    tl_log_bytes taken;                     /* frames of the flush under way, for `taken_at` */
    uint64_t taken_at;
    uint32_t pad_bytes;
    uint32_t origin; /* CRC32C of the uuid, with which the checksum of a frame begins */
    bool zero_fill;  /* grow ahead of the tail, so that a flush changes no file metadata */
    uint8_t headers[TL_LOG_FRAMES_MAX * TL_LOG_FRAME_HEADER_BYTES]; /* of the flush under way */
} tl_log;

/* The header block of log file `file_no`. */
void tl_log_header_encode(uint8_t block[TL_LOG_HEADER_BYTES], const uint8_t uuid[16],
                          unsigned file_no);
/* Is the file at hand log `file_no` of the database `uuid`?  TL_CORRUPT: no. */
TL_MUST_USE tl_status tl_log_header_check(tl_io *io, tl_file *file, const uint8_t uuid[16],
                                          unsigned file_no);

/* Give back the memory of staged frames. */
void tl_log_release(tl_log *log);

/* Frames from here on are those after checkpoint `ckpt_no`: they go to its file, from the start.
 * Nothing is staged or under way. */
void tl_log_switch(tl_log *log, uint64_t ckpt_no);

/* The ops of one txn as they are recorded, in memory that the arena holds ready.  A frame ends
 * between two ops, never inside one. */
typedef struct tl_op_buffer {
    uint8_t *at;
    size_t size_bytes;
    size_t frame_ends[TL_LOG_FRAMES_MAX]; /* of all frames but the last */
    unsigned full_frames;
    bool has_extents;
} tl_op_buffer;

void tl_op_buffer_clear(tl_op_buffer *buffer);
/* While size_bytes is at most TL_LOG_TXN_BYTES_MAX there is room for one more op. */
void tl_op_buffer_record(tl_op_buffer *buffer, unsigned code, tl_tree tree, tl_slice key,
                         tl_slice value);

/* Append the ops of `txn`; the bytes are with the kernel when it returns.
 * `ops` has fewer than TL_LOG_FRAMES_MAX full frames.  TL_NO_SPACE: nothing is appended; TL_IO:
 * unknown. */
TL_MUST_USE tl_status tl_log_append(tl_log *log, uint64_t txn, uint64_t durable_txn,
                                    const tl_op_buffer *ops);
/* Sync what was appended and not synced since, the file of earlier frames first; *synced counts
 * the calls.  Any thread. */
TL_MUST_USE tl_status tl_log_sync(tl_log *log, unsigned active, uint64_t *syncs);
/* Sync both files as an earlier life left them. */
TL_MUST_USE tl_status tl_log_settle(tl_log *log);
void tl_log_forget(tl_log *log, unsigned file); /* a checkpoint made its frames dead */

enum { TL_LOG_STAGE_BYTES_MAX = 256 << 10 }; /* ops of a txn worth copying; others are appended */

/* Where the file must reach before `ops` can be staged; tl_log_grow makes it so.  As tl_log_stage,
 * not beside tl_log_take. */
uint64_t tl_log_stage_end(const tl_log *log, const tl_op_buffer *ops);
TL_MUST_USE tl_status tl_log_grow(tl_log *log, uint64_t end); /* TL_NO_SPACE: nothing is staged */
/* Remember the frames of `txn`.  TL_NO_MEMORY changes nothing. */
TL_MUST_USE tl_status tl_log_stage(tl_log *log, uint64_t txn, const tl_op_buffer *ops);
void tl_log_take(tl_log *log); /* what is staged becomes the flush under way */
/* Write and sync it.  Any failure: unknown how much of it happened. */
TL_MUST_USE tl_status tl_log_flush(tl_log *log, uint64_t durable_txn);

typedef struct tl_log_op {
    unsigned code;
    tl_tree tree;
    tl_slice key, value;
} tl_log_op;
/* Decode the op at *at and step over it.  False: malformed. */
bool tl_op_decode(const uint8_t **at, const uint8_t *end, tl_log_op *op);

/* Recovery: what replays, in order, and how it ended. */
typedef struct tl_log_replayer {
    void *context;
    tl_status (*begin)(void *context, uint64_t txn);
    tl_status (*op)(void *context, const tl_log_op *op);
    tl_status (*commit)(void *context); /* the txn is whole */
    void (*abort)(void *context);       /* its last frame is missing */
    /* Before any of these, in the order of the log: `op` puts extents.  TL_NOT_FOUND: they are not
     * all there, so the history ends before this txn.  May be NULL. */
    tl_status (*extents)(void *context, uint64_t txn, const tl_log_op *op);
} tl_log_replayer;

typedef struct tl_log_recovery {
    uint64_t txn, chain;         /* of the last whole txn */
    uint64_t frames, tail_bytes; /* frames replayed; bytes of torn frames dropped */
} tl_log_recovery;

/* Replay every whole txn after meta->txn.
 * TL_CORRUPT  acknowledged data is missing, or frames prove that a newer checkpoint existed */
TL_MUST_USE tl_status tl_log_replay(tl_log *log, tl_pager *pager, const tl_meta *meta,
                                    const tl_log_replayer *replayer, tl_log_recovery *recovery);

#endif
