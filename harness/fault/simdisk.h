/* harness/fault/simdisk.h -- a disk in memory that remembers what was made durable, and when.
 *
 *     tl_simdisk_create -> tl_simdisk_io -> ... the store runs ... -> tl_simdisk_crash -> reopen
 *
 * It stands behind tl/io.h like the real disk.  What a process sees is the image; what the process
 * did is the log: one entry per write, size change, name change and sync, with its payload.  From
 * the log every state that a crash may leave can be built again (see README.md for the rules), by
 * tl_simdisk_crash for one state, by harness/fault/crash.h for thousands a second.
 *
 * Contents are kept as versions of 512-byte sectors, written once and never changed while a log
 * refers to them, so that a state is a table of version numbers and costs no copy of its bytes.
 *
 * Threads   the tl_io keeps the promise of tl/io.h.  All other functions: one thread, and no store
 *           open on the disk unless stated otherwise.
 * Memory    everything belongs to the disk; open files of a dead store are taken back by
 *           tl_simdisk_crash, tl_simdisk_restart and tl_simdisk_destroy.
 */
#ifndef TL_HARNESS_SIMDISK_H
#define TL_HARNESS_SIMDISK_H

#include "tl/io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TL_SECTOR_BYTES = 512 }; /* the unit that a crash keeps or loses whole */

typedef struct tl_simdisk tl_simdisk;
struct tl_memo; /* memo.h */

enum {
    TL_SIMDISK_RECORD = 1,     /* keep the log; without it a power loss cannot be simulated */
    TL_SIMDISK_ONE_THREAD = 2, /* the caller promises it: no locking inside */
};

/* TL_OK         *disk is empty; release it with tl_simdisk_destroy
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_simdisk_create(unsigned flags, tl_simdisk **disk);
void tl_simdisk_destroy(tl_simdisk *disk); /* NULL is fine */
tl_io *tl_simdisk_io(tl_simdisk *disk);    /* lives as long as the disk */

/* The log.  Entry i is the i-th change since the disk was created, restarted or crashed; each is a
 * crash point.  Names are the spelling in results and messages. */
#define TL_SIMDISK_OP_MAP(X)                                                                       \
    X(CREATE, create, "an empty file gets a name")                                                 \
    X(WRITE, write, "bytes of a file, its size with them")                                         \
    X(TRUNCATE, truncate, "the size of a file")                                                    \
    X(FALLOCATE, fallocate, "the size of a file; new bytes read as zero")                          \
    X(RENAME, rename, "a file takes another name")                                                 \
    X(UNLINK, unlink, "a file loses its name")                                                     \
    X(SYNC, sync, "data and size of one file become durable")                                      \
    X(SYNC_FAILED, sync_failed, "a sync did not do its work: see `failure`")                       \
    X(SYNC_DIR, sync_dir, "the names in one directory become durable")

#define TL_SIMDISK_OP_AS_ENUM(upper, lower, text) TL_SIMDISK_##upper,
typedef enum tl_simdisk_op_kind {
    TL_SIMDISK_OP_MAP(TL_SIMDISK_OP_AS_ENUM) TL_SIMDISK_OP_KIND_COUNT
} tl_simdisk_op_kind;
const char *tl_simdisk_op_name(tl_simdisk_op_kind kind); /* "write" */

/* What a failed fdatasync leaves behind; X(upper, lower, meaning).  Linux file systems do one or
 * the other, and what is right after one is not after all (A. Rebello and others, "Can Applications
 * Recover from fsync Failures?", USENIX ATC 2020). */
#define TL_SYNC_FAILURE_MAP(X)                                                                     \
    X(DIRTY, dirty, "nothing happened: a later sync can still make it good")                       \
    X(CLEAN, clean,                                                                                \
      "unsynced sectors count as clean: the cache has them, the disk does not, and no later sync " \
      "brings them there unless they are written again")                                           \
    X(REVERTED, reverted, "the file, as processes see it, is again what the disk has")             \
    X(LATE, late, "like clean, but this sync succeeds; the next one of the file fails")

#define TL_SYNC_FAILURE_AS_ENUM(upper, lower, text) TL_SYNC_FAILED_##upper,
typedef enum tl_sync_failure {
    TL_SYNC_FAILURE_MAP(TL_SYNC_FAILURE_AS_ENUM) TL_SYNC_FAILURE_COUNT
} tl_sync_failure;
const char *tl_sync_failure_name(tl_sync_failure failure); /* "clean" */
bool tl_sync_failure_find(const char *name, tl_sync_failure *failure);

typedef struct tl_simdisk_op {
    tl_simdisk_op_kind kind;
    tl_sync_failure failure; /* SYNC_FAILED */
    uint32_t file;           /* number of the file, in order of creation */
    uint32_t path, path2;    /* numbers of the names: tl_simdisk_path.  RENAME: from and to;
                                SYNC_DIR: the directory.  Of a file that was opened: its name then */
    uint64_t offset;         /* WRITE, FALLOCATE */
    uint64_t size_bytes;     /* WRITE: bytes written; TRUNCATE, FALLOCATE: as asked; SYNC_FAILED,
                                REVERTED: of the file as it went back to, all of it the payload */
    uint64_t size_after;     /* the file's size when the operation was done */
    uint64_t first_sector; /* the payload: versions of sector_count sectors from first_sector on */
    uint32_t first_version, sector_count;
    bool through; /* WRITE: durable when it returned, it alone: O_DSYNC or O_SYNC */
} tl_simdisk_op;

/* Does it make anything durable when it returns?  Syncs, and writes through. */
static inline bool tl_simdisk_op_syncs(const tl_simdisk_op *op)
{
    return op->kind == TL_SIMDISK_SYNC || op->kind == TL_SIMDISK_SYNC_DIR || op->through;
}

/* Does it take a file back to what the disk has? */
static inline bool tl_simdisk_op_reverts(const tl_simdisk_op *op)
{
    return op->kind == TL_SIMDISK_SYNC_FAILED && op->failure == TL_SYNC_FAILED_REVERTED;
}

size_t tl_simdisk_op_count(const tl_simdisk *disk); /* also while a store is open */
const tl_simdisk_op *tl_simdisk_op_at(const tl_simdisk *disk, size_t index);
const char *tl_simdisk_path(const tl_simdisk *disk, uint32_t path);
uint32_t tl_simdisk_path_count(const tl_simdisk *disk);
uint32_t tl_simdisk_path_dir(const tl_simdisk *disk, uint32_t path); /* the directory it lies in */
/* One line for people: "31 write x.log.1 [512, 1536) 2 sectors". */
void tl_simdisk_op_text(const tl_simdisk *disk, size_t index, char *text, size_t text_bytes);

/* Both sides of the disk where the log begins: what processes saw, and what a power loss at that
 * moment would have left.  They differ after a killed process. */
uint32_t tl_simdisk_base_file_count(const tl_simdisk *disk); /* on either side */
uint64_t tl_simdisk_base_size(const tl_simdisk *disk, bool durable, uint32_t file);
/* The version that a sector of a file holds; 0, zeros, behind the file's end. */
uint32_t tl_simdisk_base_sector(const tl_simdisk *disk, bool durable, uint32_t file,
                                uint64_t sector);
bool tl_simdisk_base_name(const tl_simdisk *disk, bool durable, uint32_t path, uint32_t *file);
/* The TL_SECTOR_BYTES of a version, until the disk is next written to. */
const uint8_t *tl_simdisk_version(const tl_simdisk *disk, uint32_t version);
/* The sectors that the entry made, sector_count in a row; until the log grows. */
const uint8_t *tl_simdisk_payload(const tl_simdisk *disk, const tl_simdisk_op *op);

/* From now on each write of `file`, a handle of this disk, is durable when it returns, with the
 * size that it gave the file: nothing else, and nothing earlier.  tl/io.h has no such handles; this
 * is for recorders of programs that open files with O_DSYNC or O_SYNC. */
void tl_simdisk_write_through(tl_simdisk *disk, tl_file *file);

/* A crash: which operations of the log the disk still has when the machine is back.  A unit is one
 * log entry, named by its number.  Syncs are not units: what a finished sync covers cannot be
 * dropped. */
typedef struct tl_simdisk_loss {
    size_t at;        /* operations 0..at-1 were issued; `at` itself was in flight */
    bool power;       /* a power loss.  False: a killed process; then keep and drop must be empty */
    bool keep_listed; /* `units` names what was kept; false: what was dropped, all else kept */
    const size_t *units; /* ascending */
    size_t unit_count;
    uint32_t torn_sectors; /* so many first sectors of the write `at` reached the disk; 0: none */
} tl_simdisk_loss;

/* Crash.  The disk then holds what survived, nothing is open or locked, faults are cleared and a
 * new log begins.
 *
 * TL_INVALID       `at` lies behind the log, a unit at or behind `at`, torn_sectors names no write,
 *                  or a unit is dropped that a finished sync covers; nothing changed
 * TL_UNSUPPORTED   the disk keeps no log */
TL_MUST_USE tl_status tl_simdisk_crash(tl_simdisk *disk, const tl_simdisk_loss *loss);

/* Does a sync that finished before operation `at` cover this log entry? */
bool tl_simdisk_is_covered(const tl_simdisk *disk, size_t unit, size_t at);

/* The machine stayed up, the process ended: everything issued is still there; files and locks are
 * released, faults are cleared.  The log goes on. */
void tl_simdisk_restart(tl_simdisk *disk);

/* Plain faults.  Calls are counted by class; `read_verified` counts as pread, as on the real
 * disk. */
#define TL_SIMDISK_CALL_MAP(X)                                                                     \
    X(OPEN, open)                                                                                  \
    X(SIZE, size)                                                                                  \
    X(PREAD, pread)                                                                                \
    X(PWRITEV, pwritev)                                                                            \
    X(FDATASYNC, fdatasync)                                                                        \
    X(FSYNC_DIR, fsync_dir)                                                                        \
    X(TRUNCATE, truncate)                                                                          \
    X(FALLOCATE, fallocate)                                                                        \
    X(RENAME, rename)                                                                              \
    X(UNLINK, unlink)                                                                              \
    X(LOCK, lock)

#define TL_SIMDISK_CALL_AS_ENUM(upper, lower) TL_SIMDISK_CALL_##upper,
typedef enum tl_simdisk_call {
    TL_SIMDISK_CALL_MAP(TL_SIMDISK_CALL_AS_ENUM) TL_SIMDISK_CALL_COUNT
} tl_simdisk_call;
const char *tl_simdisk_call_name(tl_simdisk_call call); /* "pwritev" */
/* False when no class is called `name`. */
bool tl_simdisk_call_find(const char *name, tl_simdisk_call *call);

/* The nth call of this class from now on (1: the next) returns `status` and does nothing; with
 * `sticky` all later ones too.  One plan per class: a second call replaces the first.  nth 0
 * forgets the plan.  Allowed while a store is open. */
void tl_simdisk_fail(tl_simdisk *disk, tl_simdisk_call call, uint64_t nth, tl_status status,
                     bool sticky);
/* The nth pwritev from now on returns `status` and does nothing, and so do all later ones of the
 * same file, while the other files can be written.  In place of another plan for pwritev. */
void tl_simdisk_fail_file(tl_simdisk *disk, uint64_t nth, tl_status status);
/* The same for fdatasync, with what it leaves behind; the status is TL_IO.  A failed sync is in
 * the log.  REVERTED needs a disk that keeps one; without it nothing is reverted.  On a disk that
 * decides late the sync tells TL_UNSUPPORTED, and nothing is reverted either. */
void tl_simdisk_fail_sync(tl_simdisk *disk, uint64_t nth, tl_sync_failure failure, bool sticky);
void tl_simdisk_clear_faults(tl_simdisk *disk);           /* plans and quota */
uint64_t tl_simdisk_faults_fired(const tl_simdisk *disk); /* calls failed since the last clear,
                                                              for a plan or the quota */
uint64_t tl_simdisk_call_count(const tl_simdisk *disk, tl_simdisk_call call); /* since creation */
uint64_t tl_simdisk_read_bytes(const tl_simdisk *disk); /* since creation; without what is read from
                                                           a disk that decides late */
size_t tl_simdisk_open_count(const tl_simdisk *disk);   /* files and locks not closed */

/* The files together may hold this many bytes; growth beyond gives TL_NO_SPACE.  A write that does
 * not fit keeps what fitted, in whole sectors, as a real disk may.  UINT64_MAX: no limit.
 * Allowed while a store is open. */
void tl_simdisk_set_quota(tl_simdisk *disk, uint64_t bytes);
uint64_t tl_simdisk_used_bytes(const tl_simdisk *disk);

/* For the crash lab: disks that show states of one trace share its versions.  Versions are a
 * stack: mark, let states write, release; the trace is not written to meanwhile.  All disks of a
 * share are used by one thread. */
TL_MUST_USE tl_status tl_simdisk_create_beside(const tl_simdisk *trace, unsigned flags,
                                               tl_simdisk **disk);
/* A disk beside the trace whose log is the trace's without entry `leave_out`: what would have been
 * recorded had the store not made that call.  For syncs; the entry changes nothing that later ones
 * build on.  Entries from there on move down by one.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_simdisk_copy_without(const tl_simdisk *trace, size_t leave_out,
                                              tl_simdisk **copy);
/* Keep what users of `state`, a disk beside a trace, find out about the trace's contents (remember
 * and recall of tl/io.h); NULL: keep nothing, the default.  The memo is borrowed, and counts on
 * the trace not growing. */
void tl_simdisk_use_memo(tl_simdisk *state, struct tl_memo *memo);
/* A disk beside the trace whose log has `count` syncs more, syncs[i] right before entry before[i];
 * `before` ascends and may be op_count: as if the store had made them.  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_simdisk_copy_with(const tl_simdisk *trace, const size_t *before,
                                           const tl_simdisk_op *syncs, size_t count,
                                           tl_simdisk **copy);
uint32_t tl_simdisk_mark(const tl_simdisk *disk);
void tl_simdisk_release(tl_simdisk *disk, uint32_t mark); /* versions made since are gone */

#endif
