/* engine/include/tl/engine.h -- the engine's whole public face.  Start here.
 *
 * An env is one database.  A txn is one consistent view of it: any number of read txns, at most
 * one write txn.  A tree is an ordered map from keys to values, in memcmp order.
 *
 *     tl_env_open -> tl_txn_begin -> tl_get / tl_put -> tl_txn_commit -> tl_env_close
 *
 * Threads   an env is shared; a txn and its cursors belong to the thread that began it.  Readers
 *           never wait.  The child of a fork may not use the parent's env.
 * Memory    bytes handed out in a tl_slice live until the read txn ends; in a write txn until its
 *           next modifying call.  A key from a cursor lives until that cursor's next call.
 * Failure   on any status but TL_OK, out-parameters are left untouched and nothing changed.  After
 *           TL_CORRUPT, TL_IO or TL_NO_MEMORY from a modifying call the txn can only be aborted.
 */
#ifndef TL_ENGINE_H
#define TL_ENGINE_H

#include "tl/io.h"
#include "tl/memory.h"
#include "tl/slice.h"
#include "tl/stats.h"
#include "tl/status.h"
#include "tl/strategy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tl_env tl_env;
typedef struct tl_txn tl_txn;
typedef struct tl_cursor tl_cursor;
typedef uint32_t tl_tree;  /* a tree of this env, in every txn that sees it */
enum { TL_TREE_MAIN = 1 }; /* it is always there; its name is "main" */

/* What survives when commit has returned. */
typedef enum tl_durability {
    TL_DURABILITY_COMMIT, /* a power loss keeps every acknowledged commit */
    TL_DURABILITY_ASYNC,  /* a killed process keeps all; a power loss keeps a commit prefix no
                             older than async_ms */
    TL_DURABILITY_NONE,   /* a killed process keeps all; after a power loss the store opens at a
                             commit prefix or refuses (TL_CORRUPT; TL_NOT_OURS when not even the
                             first bytes of x.tl arrived), never a wrong answer */
} tl_durability;

enum {
    TL_OPEN_READ_ONLY = 1,     /* write nothing, not even recovery: the log replays in memory */
    TL_OPEN_NO_CREATE = 2,     /* TL_NOT_FOUND when there is no database */
    TL_OPEN_DETERMINISTIC = 4, /* no threads, uuid and salt from `seed`: equal seeds give equal
                                  bytes and exact counters on every host */
    TL_OPEN_SMALL_PAGES = 8,   /* do not ask the operating system for huge pages */
};

typedef struct tl_error { /* the story behind a status, for people */
    tl_status status;
    uint32_t pgno;  /* the page concerned; 0 when none is (page 0 is never a tree page) */
    char text[228]; /* "x.lock is held by process 4711; close it first" */
} tl_error;

typedef struct tl_env_options { /* all zeros is a good default */
    unsigned flags;             /* TL_OPEN_... */
    tl_durability durability;
    uint32_t page_bytes;    /* power of two in 1024..65536; 0 means 4096.  Of a new file only: an
                               existing one keeps its own */
    uint32_t max_key_bytes; /* 1..min(page/8-1, 2040); 0 means min(page/8-1, 511); new files only */
    const char *commit; /* "log" (default), "shadow1" or "shadow2": a row of tl_commit_protocols */
    const char *leaf;   /* "freelist" (default), "bump", "sidecar", "dense", "rebuild": a row of
                           tl_leaf_modes */
    const char *split;  /* "adaptive" (default): a row of tl_splits or extra_splits */
    const char *fill;   /* "lmdb25" (default): a row of tl_fills or extra_fills */
    const char *space;  /* "simple" (default) or "segregated": a row of tl_space_policies */
    const char *simd;   /* how pages are searched: "auto" (default, the widest way the processor
                           has), or a row of tl_simds.  Results and exact counters are the same */
    /* Own strategies (tl/strategy.h): rows up to a NULL, searched first; they outlive the env. */
    const tl_split_strategy *const *extra_splits;
    const tl_fill_strategy *const *extra_fills;
    uint64_t seed;      /* for TL_OPEN_DETERMINISTIC, and for strategies that draw lots */
    uint64_t map_bytes; /* address space for pages; 0 means 64 GiB; ignored with `arena` */
    uint64_t max_bytes; /* limit of the page file, TL_NO_SPACE beyond; 0 means map_bytes.
                           A new file needs 32 pages at least */
    uint64_t
        growth_bytes;   /* the page file grows by this much; 0 means by a sixteenth, up to 16 MiB */
    uint64_t log_bytes; /* first size of each log file, 8192 to 1 GiB; 0 means 65536 */
    uint32_t reserve_pages; /* a put leaves so many pages free beside those that one delete needs:
                               a txn on a full file can delete in more leaves */
    uint64_t log_value_max; /* values this long are written once, not to the log and again to a
                               page; 0 means 32768, at most 65536 */
    uint64_t ckpt_bytes;    /* log bytes between two checkpoints; 0 means 64 MiB */
    uint32_t log_pad_bytes; /* each flush starts at a multiple of it: 512 (0 means that) or 4096 */
    uint32_t async_ms;      /* oldest undurable commit under async; 0 means 100 */
    uint32_t readers_max;   /* read txns at a time; 0 means 126 */
    uint32_t group_wait_us; /* a flush waits so long for more committers, when there are other
                               writers at all; 0 means it does not */
    bool publish_early;     /* under commit: new readers see a commit before it is durable */
    const char *checkpoint_thread; /* who writes a checkpoint that has become due: "on" (default), a
                                      thread of the env, started with the first, while the writer
                                      goes on; "off", the commit that made it due, as always under
                                      TL_OPEN_DETERMINISTIC */
    tl_io *io;                     /* NULL means tl_io_posix() */
    tl_memory *memory;             /* NULL means tl_memory_default() */
    tl_arena *arena;               /* NULL means one of its own */
    tl_error *error;               /* filled when open fails; may be NULL */
} tl_env_options;

/* Rows of the registries, NULL-terminated, for listings and error messages. */
const char *const *tl_commit_protocols(void);
const char *const *tl_leaf_modes(void);
const char *const *tl_splits(void);
const char *const *tl_checkpoint_threads(void); /* "on", "off" */
const char *const *tl_fills(void);
const char *const *tl_space_policies(void);
const char *const *tl_simds(void); /* of this build; the processor may lack some: TL_INVALID */

/* Open or create the database at `path`, finishing or undoing what a crash interrupted.  `path`
 * names the page file; a missing ".tl" at its end is added.  Beside x.tl stand x.log.0, x.log.1
 * and x.lock.
 *
 * TL_OK         *env is ready; release it with tl_env_close
 * TL_INVALID    an option is out of its range or names no row of its registry
 * TL_NOT_FOUND  nothing is there and TL_OPEN_NO_CREATE or TL_OPEN_READ_ONLY forbids creating it
 * TL_BUSY       someone else, perhaps in this process, has it open
 * TL_NOT_OURS   the file is something else; nothing was written
 * TL_VERSION    the file needs a newer treelab
 * TL_CORRUPT    stored bytes contradict the format; nothing was written
 * TL_NO_SPACE   the disk is full; nothing was lost, open works once there is room
 * TL_IO, TL_ACCESS, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_env_open(const char *path, const tl_env_options *options, tl_env **env);

/* Write a last checkpoint and release everything.  All txns must have ended (TL_BUSY otherwise,
 * and nothing happens).  Any other status tells how the last checkpoint went; the env is gone.
 * If more than a twentieth of the file is free then, pages from its end move into the holes, as
 * many at most as this env has written since it was opened, and the file is cut. */
tl_status tl_env_close(tl_env *env);

/* Release everything as a crash does: no write, no sync.  Open txns and cursors die with it. */
void tl_env_abandon(tl_env *env);

/* Write a checkpoint now.  TL_BUSY when the calling thread has a write txn open. */
TL_MUST_USE tl_status tl_env_checkpoint(tl_env *env);

/* Make every commit so far durable, whatever the env's durability. */
TL_MUST_USE tl_status tl_env_sync(tl_env *env);

/* Hot copy: a new database at `path` with what a read txn that begins now sees, while readers and
 * the writer go on.  It has a uuid of its own, an empty log, and is durable when this returns.
 * Nobody may use `path` meanwhile; a copy that fails leaves nothing but x.lock.
 *
 * TL_EXISTS   there is a database already
 * TL_BUSY     the calling thread has a write txn open, or too many read txns run, or someone holds
 *             the lock at `path`
 * TL_CORRUPT  a page of the source is damaged
 * TL_INVALID  an unknown flag, or `path` names no file;  TL_NO_SPACE, TL_NO_MEMORY, TL_IO,
 * TL_ACCESS, TL_NOT_FOUND (no such directory) */
enum {
    TL_COPY_COMPACT = 1, /* pages without gaps, in the order of keys, instead of where they are */
};
TL_MUST_USE tl_status tl_env_copy(tl_env *env, const char *path, unsigned flags);

/* The story behind the latest failure of this env: TL_CORRUPT names its page.  Copied out. */
void tl_env_error(tl_env *env, tl_error *error);

typedef struct tl_compact_progress {
    uint64_t pages_moved;             /* by this call */
    uint64_t pages_before, pages_now; /* that the file spans */
    bool done;                        /* nothing is left to gain; the next call begins anew */
} tl_compact_progress;
/* Make the file smaller, a step at a time: fill leaves, move pages from the end of the file into
 * its holes, cut the free end off.  A step is a txn of its own that moves about `pages_max` pages;
 * readers go on, and other write txns may come between two steps.
 *
 * TL_BUSY     the calling thread has a write txn open
 * TL_INVALID  pages_max is 0; TL_READ_ONLY, TL_POISONED, TL_NO_SPACE, TL_NO_MEMORY, TL_CORRUPT,
 *             TL_IO: as from a write txn */
TL_MUST_USE tl_status tl_env_compact(tl_env *env, size_t pages_max, tl_compact_progress *progress);

/* Load every page of the newest commit into memory, and verify it. */
TL_MUST_USE tl_status tl_env_warm(tl_env *env);

typedef struct tl_env_info {
    uint32_t page_bytes, max_key_bytes, value_bytes_max, depth;
    uint32_t inline_value_bytes_max; /* a value this long is in the leaf whatever its key; longer
                                        ones may be, or lie in extents of their own */
    uint64_t count;                  /* records in the main tree, newest committed */
    uint64_t txn;                    /* newest committed txn */
    uint64_t durable_txn;            /* newest txn known to survive a power loss */
    uint64_t checkpoint_no, page_count, pages_live, pages_free;
    uint64_t frames_replayed, tail_bytes_dropped; /* by the recovery of this open */
    const char *commit, *leaf, *split, *fill, *space;
    const char *simd; /* what "auto" came to */
    tl_durability durability;
    uint8_t uuid[16];
} tl_env_info;
void tl_env_info_get(tl_env *env, tl_env_info *info);

/* Fold the counters of this env into `stats` (tl/stats.h).  Values since open. */
void tl_env_stats(tl_env *env, tl_stats *stats);

enum {
    TL_TXN_READ_ONLY = 1,
    TL_TXN_TRY = 2, /* a second writer gets TL_BUSY instead of waiting */
};

/* TL_OK         *txn sees the newest published commit; end it with tl_txn_commit or tl_txn_abort
 * TL_BUSY       this thread already has a write txn; or TL_TXN_TRY; or readers_max read txns run
 * TL_READ_ONLY  a write txn on a read-only env
 * TL_POISONED   a write txn after a failed write or sync */
TL_MUST_USE tl_status tl_txn_begin(tl_env *env, unsigned flags, tl_txn **txn);

/* End the txn, whatever the status; the durability option says what TL_OK promises.
 * TL_NO_SPACE   nothing of the txn happened
 * TL_IO         unknown until reopen whether it happened; the env is poisoned */
tl_status tl_txn_commit(tl_txn *txn);
void tl_txn_abort(tl_txn *txn); /* NULL is fine */

/* Trees.  Beside the main one there are as many as are made: each has a name of 1 to max_key_bytes
 * bytes and an id.  An id is good in every txn that sees its tree and is never given to another
 * one; every call with an id whose tree the txn does not see is TL_NOT_FOUND.  Making and dropping
 * are edits like others: an abort undoes them (ids that the aborted txn was given are void), and
 * older read txns go on seeing what was there.  Every open tree costs some memory for the env and,
 * when a commit touches others than the main tree, the time to copy 40 bytes. */
enum { TL_TREE_CREATE = 1 };

/* Find the tree of that name, or make an empty one when TL_TREE_CREATE is given.  Any txn may look,
 * a write txn may create.
 * TL_OK         *tree is its id
 * TL_NOT_FOUND  there is none, and TL_TREE_CREATE was not given
 * TL_READ_ONLY  it would have to be created, in a read txn
 * TL_KEY_SIZE   the name is empty or longer than a key may be
 * TL_INVALID    an unknown flag
 * TL_NO_SPACE, TL_NO_MEMORY, TL_IO */
TL_MUST_USE tl_status tl_tree_open(tl_txn *txn, tl_slice name, unsigned flags, tl_tree *tree);

/* Remove a tree with all its records; its pages become free.  Cursors on it find nothing any more.
 * Takes time and memory for its branches; leaves are not read.
 * TL_INVALID  the main tree, which stays;  TL_NOT_FOUND, TL_READ_ONLY, TL_NO_MEMORY, TL_IO,
 * TL_CORRUPT */
TL_MUST_USE tl_status tl_tree_drop(tl_txn *txn, tl_tree tree);

/* Call `visit` for every tree that the txn sees, in the order of their making, the main tree first,
 * until it returns false.  `name` lives as long as the txn; `visit` must not modify the txn. */
tl_status tl_tree_list(tl_txn *txn,
                       bool (*visit)(void *context, tl_slice name, tl_tree tree, uint64_t count),
                       void *context);

/* Savepoints: ways back inside a write txn.  They are a stack; an id is good until its savepoint
 * ends, by a call below, or with the txn.  While one is open the txn edits no page in place that is
 * older than the newest of them, so it costs page copies like a commit, but no I/O. */
typedef uint32_t tl_save;

/* TL_OK         *save is the way back to this moment
 * TL_NO_MEMORY  nothing changed, the txn can go on;  TL_READ_ONLY */
TL_MUST_USE tl_status tl_savepoint(tl_txn *txn, tl_save *save);
/* Undo everything since, in all trees; end this savepoint and all later ones.  A txn that could
 * only be aborted since can go on.  Cursors of the txn end: every call on one is TL_INVALID until
 * it is closed.
 *
 * TL_INVALID  no such savepoint is open;  TL_READ_ONLY
 * TL_BUSY     a value is being written piece by piece: end or cancel it first */
TL_MUST_USE tl_status tl_rollback_to(tl_txn *txn, tl_save save);
/* Keep everything, give up the way back, to this one and all later ones.  The same statuses. */
TL_MUST_USE tl_status tl_savepoint_release(tl_txn *txn, tl_save save);

/* TL_NOT_FOUND when the key is absent. */
TL_MUST_USE tl_status tl_get(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice *value);

/* Look up `count` keys, in any order, repeated or not: much faster than one by one, because their
 * cache misses overlap.  values[i] belongs to keys[i]; its data is NULL when the key is absent.
 * *found is the number of keys that are present.
 * TL_KEY_SIZE  a key is empty or too long; nothing was looked up
 * TL_CORRUPT, TL_IO, TL_NO_MEMORY: the values are unspecified */
TL_MUST_USE tl_status tl_get_many(tl_txn *txn, tl_tree tree, const tl_slice *keys, size_t count,
                                  tl_slice *values, size_t *found);

enum {
    TL_PUT_INSERT = 1, /* refuse a present key with TL_EXISTS */
    TL_PUT_APPEND = 2, /* hint: the key is probably the largest; correct if it is not */
};
/* Write `key`, replacing its value when present.  TL_KEY_SIZE, TL_VALUE_SIZE, TL_NO_SPACE, and
 * TL_INVALID for an unknown flag: the tree is unchanged and the txn can go on. */
TL_MUST_USE tl_status tl_put(tl_txn *txn, tl_tree tree, tl_slice key, tl_slice value,
                             unsigned flags);
TL_MUST_USE tl_status tl_del(tl_txn *txn, tl_tree tree, tl_slice key); /* TL_NOT_FOUND if absent */
/* A value piece by piece, so that it is never whole in the caller's memory.  From begin to end or
 * cancel the txn makes no other call that modifies it (TL_BUSY); its commit or abort cancels.
 *
 * begin  takes pages for all of `value_bytes`; as tl_put otherwise, flags included
 * write  TL_INVALID when that would be more than was announced; nothing was taken then
 * end    the record is there; *writer is gone, as after any other status but TL_INVALID: bytes
 *        are missing, go on writing */
typedef struct tl_value_writer tl_value_writer;
TL_MUST_USE tl_status tl_value_begin(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t value_bytes,
                                     unsigned flags, tl_value_writer **writer);
TL_MUST_USE tl_status tl_value_write(tl_value_writer *writer, const void *bytes, size_t size_bytes);
TL_MUST_USE tl_status tl_value_end(tl_value_writer *writer);
void tl_value_cancel(tl_value_writer *writer); /* NULL is fine */

/* The length of a value, without reading it. */
TL_MUST_USE tl_status tl_value_size(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t *bytes);
/* Up to `size` bytes of the value from `offset` on; *got is less only where the value ends.  What
 * is not in memory is read and verified in chunks of 64 KiB, and not kept. */
TL_MUST_USE tl_status tl_value_read(tl_txn *txn, tl_tree tree, tl_slice key, uint64_t offset,
                                    void *buffer, size_t size, size_t *got);

TL_MUST_USE tl_status tl_count(tl_txn *txn, tl_tree tree, uint64_t *count);

/* Many records at a time. */
typedef struct tl_record {
    tl_slice key, value;
} tl_record;
typedef struct tl_batch_result {
    uint64_t inserted, updated;
    uint64_t leaves;  /* pages of records written */
    size_t failed_at; /* the record that made the call fail; the number of records when none did */
} tl_batch_result;

/* Put `count` records whose keys ascend strictly, in one pass over the leaves they belong to: one
 * descent to find and one to write each leaf, however many of its records come.  All or nothing.
 * Values are of any size that tl_put takes.  The records' bytes may lie in values that the txn has
 * handed out.  `result` may be NULL; on failure only its failed_at is set.
 * TL_INVALID     keys do not ascend strictly
 * TL_KEY_SIZE, TL_VALUE_SIZE, as of tl_put
 * TL_NO_SPACE    the file cannot grow; failed_at names the value that found no room, if one did
 * TL_NOT_FOUND   there is no such tree
 * Nothing has changed then, and the txn can go on; so it is after TL_IO and TL_CORRUPT, but that
 * txn can only be aborted. */
TL_MUST_USE tl_status tl_upsert_sorted(tl_txn *txn, tl_tree tree, const tl_record *records,
                                       size_t count, tl_batch_result *result);
/* The same with keys that must all be absent: TL_EXISTS otherwise, and nothing has changed. */
TL_MUST_USE tl_status tl_insert_sorted(tl_txn *txn, tl_tree tree, const tl_record *records,
                                       size_t count, tl_batch_result *result);

/* The next record of a stream, its bytes good until the next call; TL_NOT_FOUND ends it, any other
 * status breaks it off. */
typedef tl_status (*tl_next_fn)(void *context, tl_record *record);

/* Put all records of a stream behind those of the tree, from the bottom up: every page is packed as
 * full as the fill strategy says (`fill`: a row of tl_fills; NULL: the env's) and written once.
 * The keys ascend strictly and lie above all keys of the tree, which may be empty; values are of
 * any size that tl_put takes.  All or nothing: whatever fails, the tree is as it was and, but after
 * TL_NO_MEMORY, TL_IO and TL_CORRUPT, the txn can go on.  `next` must not modify the txn.  A large
 * load makes the txn commit by a checkpoint.
 * `result` may be NULL; on failure only its failed_at is set.
 * TL_INVALID     a key is not above the one before it, or `fill` is unknown
 * TL_KEY_SIZE, TL_VALUE_SIZE, as of tl_put
 * TL_NO_SPACE    the file cannot grow;  TL_NOT_FOUND  there is no such tree
 * any status that `next` breaks the stream off with */
TL_MUST_USE tl_status tl_bulk_load(tl_txn *txn, tl_tree tree, tl_next_fn next, void *context,
                                   const char *fill, tl_batch_result *result);

/* Keys from `lower` to `upper`; an empty slice is no bound; as it is by default: [lower, upper).
 * Where a range is asked for, NULL means all keys, and a bound longer than max_key_bytes is
 * TL_KEY_SIZE. */
typedef struct tl_range {
    tl_slice lower, upper;
    bool lower_exclusive, upper_inclusive;
} tl_range;

/* Delete all records of a range; *deleted (may be NULL) is their number.  Whole leaves go without a
 * look at their records, and the log gets one entry, so it costs far less than deleting one by one.
 * TL_NO_SPACE  the few pages it takes cannot be had: nothing has changed; smaller ranges take fewer
 * TL_NOT_FOUND there is no such tree;  TL_KEY_SIZE */
TL_MUST_USE tl_status tl_del_range(tl_txn *txn, tl_tree tree, const tl_range *range,
                                   uint64_t *deleted);

enum { TL_COUNT_ESTIMATE = 1 };
/* Count the records of a range.  The exact count visits every leaf of the range, but looks at
 * records in its first and last leaf only.  With TL_COUNT_ESTIMATE no leaf is read: the tree's
 * branches alone tell what share of the records the range should have.  Each bound may be off by
 * half a leaf, and the whole by as much as leaves and branches differ in how many entries they
 * have; in a tree of one leaf a bounded range counts for half of the records. */
TL_MUST_USE tl_status tl_count_range(tl_txn *txn, tl_tree tree, const tl_range *range,
                                     unsigned flags, uint64_t *count);

/* Cursors.  A new cursor stands nowhere: next goes to the first record, prev to the last.  Each
 * step gives the record it arrives at; TL_NOT_FOUND past either end, where the cursor then stands
 * nowhere again.  In a write txn a cursor finds its place again after the txn modified the tree;
 * when its record was deleted, next and prev give that record's neighbours. */
TL_MUST_USE tl_status tl_cursor_open(tl_txn *txn, tl_tree tree, tl_cursor **cursor);
void tl_cursor_close(tl_cursor *cursor); /* before its txn ends; NULL is fine */
TL_MUST_USE tl_status tl_cursor_first(tl_cursor *cursor, tl_slice *key, tl_slice *value);
TL_MUST_USE tl_status tl_cursor_last(tl_cursor *cursor, tl_slice *key, tl_slice *value);
TL_MUST_USE tl_status tl_cursor_seek(tl_cursor *cursor, tl_slice from, tl_slice *key,
                                     tl_slice *value); /* first record >= from */
TL_MUST_USE tl_status tl_cursor_next(tl_cursor *cursor, tl_slice *key, tl_slice *value);
TL_MUST_USE tl_status tl_cursor_prev(tl_cursor *cursor, tl_slice *key, tl_slice *value);
/* Go to the first record of the next leaf: a cheap way to cut the keys into even pieces. */
TL_MUST_USE tl_status tl_cursor_next_leaf(tl_cursor *cursor, tl_slice *key, tl_slice *value);
/* Show the records of `range` only, as if there were no others; NULL: all again.  The cursor then
 * stands nowhere.  TL_KEY_SIZE, TL_NO_MEMORY: nothing changed. */
TL_MUST_USE tl_status tl_cursor_bound(tl_cursor *cursor, const tl_range *range);
/* Give the record the cursor stands at another value, as tl_put does; when it was deleted, it is
 * there again.  TL_NOT_FOUND when the cursor stands nowhere. */
TL_MUST_USE tl_status tl_cursor_put(tl_cursor *cursor, tl_slice value);
/* Delete the record the cursor stands at; TL_NOT_FOUND when it stands nowhere. */
TL_MUST_USE tl_status tl_cursor_del(tl_cursor *cursor);

/* Verifier.  `report` is called once per violated rule and place; returning false stops. */
typedef struct tl_finding {
    const char *rule; /* "page-checksum", "tree-fences", "space-live": see engine/README.md */
    uint32_t pgno;    /* 0 when no single page is concerned */
    const char *text;
} tl_finding;
typedef bool (*tl_report_fn)(void *context, const tl_finding *finding);
typedef struct tl_verify_summary {
    uint64_t findings, pages_checked, trees;
    uint64_t leaves, branches, records, bytes_used, leaf_bytes_capacity; /* of all trees */
    uint64_t content_hash; /* order-independent hash of all records of the main tree */
    uint64_t trees_hash;   /* the same of all trees, their names mixed in */
} tl_verify_summary;
/* Check the newest committed state, page by page, against every invariant of the format.
 * TL_OK       checked to the end; summary->findings tells whether anything is wrong
 * TL_CORRUPT  findings were reported (same as findings > 0)
 * TL_BUSY     this thread has a write txn open */
TL_MUST_USE tl_status tl_verify(tl_env *env, tl_report_fn report, void *context,
                                tl_verify_summary *summary);

/* The shape of a tree, level by level: level 0 are the leaves. */
enum { TL_SHAPE_LEVELS_MAX = 32, TL_SHAPE_BINS = 20 };
typedef struct tl_level_shape {
    uint64_t pages, entries;
    uint64_t used_bytes, usable_bytes; /* headers left out */
    uint64_t fill[TL_SHAPE_BINS];      /* pages less than 5 %, 10 %, ... and all others full */
    uint64_t key_bytes;    /* of the entries, whole: of records, or of separators in a branch */
    uint64_t prefix_bytes; /* that pages cut off each of their keys, summed over pages */
    /* From each page but the last to the next in key order: how often that is the next page
     * number, and the sum of distances between page numbers. */
    uint64_t next_adjacent, next_distance;
} tl_level_shape;
typedef struct tl_shape {
    unsigned depth;
    uint64_t records;
    tl_level_shape levels[TL_SHAPE_LEVELS_MAX];
} tl_shape;
/* Visits every page.  TL_NOT_FOUND when there is no such tree; TL_CORRUPT, TL_IO; on any status but
 * TL_OK *shape is what was counted so far. */
TL_MUST_USE tl_status tl_tree_shape(tl_txn *txn, tl_tree tree, tl_shape *shape);

/* What the pages of the file are, in ascending order. */
typedef struct tl_page_info {
    uint32_t pgno;
    const char *kind; /* "free" "meta" "zone" "catalog" "branch" "leaf" "value" "other" */
    uint32_t tree;    /* of leaves, branches and values */
    unsigned level;   /* of a branch */
    uint32_t used_bytes, usable_bytes; /* of catalog, branch, leaf (headers left out) and value */
} tl_page_info;
typedef void (*tl_page_fn)(void *context, const tl_page_info *info); /* valid for the call */
/* Reads every page of the newest committed state, or of what this thread's write txn made of it.
 * TL_IO; TL_NOT_FOUND when the file is shorter than it was. */
TL_MUST_USE tl_status tl_env_pages(tl_env *env, tl_page_fn visit, void *context);

/* Print one page, the tree's shape, the free space or the log as text, for `treelab dump`. */
typedef void (*tl_print_fn)(void *context, const char *line); /* line without newline */
TL_MUST_USE tl_status tl_dump_page(tl_env *env, uint32_t pgno, tl_print_fn print, void *context);
TL_MUST_USE tl_status tl_dump_tree(tl_env *env, tl_print_fn print, void *context);
TL_MUST_USE tl_status tl_dump_shape(tl_env *env, tl_print_fn print, void *context);
TL_MUST_USE tl_status tl_dump_space(tl_env *env, tl_print_fn print, void *context);
TL_MUST_USE tl_status tl_dump_meta(tl_env *env, tl_print_fn print, void *context);

/* The hash that tl_verify sums over all records: equal sums mean equal content, for practical
 * purposes.  Depends on nothing but the bytes. */
uint64_t tl_record_hash(tl_slice key, tl_slice value);

#ifdef __cplusplus
}
#endif
#endif
