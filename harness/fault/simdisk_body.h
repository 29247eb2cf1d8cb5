/* harness/fault/simdisk_body.h -- what a simdisk is made of; for the files of this folder. */
#ifndef TL_HARNESS_SIMDISK_BODY_H
#define TL_HARNESS_SIMDISK_BODY_H

#include "harness/fault/image.h"
#include "harness/fault/paths.h"
#include "harness/fault/simdisk.h"
#include "harness/fault/versions.h"

#include <pthread.h>

/* What disks that show states of one trace have in common. */
typedef struct tl_simshare {
    tl_versions versions;
    tl_paths paths;
    uint32_t disk_count; /* the last one releases it */
} tl_simshare;

struct tl_file {
    tl_file *next; /* all handles ever made by the disk, free or not */
    uint32_t file, path;
    bool used, writable, lock, exclusive, through;
};

typedef struct tl_fault_plan {
    uint64_t countdown; /* calls until it fires; 0: no plan */
    tl_status status;
    bool sticky;
    tl_sync_failure failure; /* of fdatasync */
    bool one_file;         /* of pwritev: sticky, for the file of the first call that it refuses */
    uint32_t file_and_one; /* that one; 0: not yet */
} tl_fault_plan;

struct tl_simdisk {
    tl_io io; /* first: the engine's tl_io pointer is the disk's */
    unsigned flags;
    pthread_mutex_t mutex;
    tl_simshare *share;
    tl_image image;             /* what a process sees */
    struct tl_choices *choices; /* decides what its open sectors hold; NULL: it has none */
    struct tl_memo *memo;       /* NULL: nothing is remembered */
    uint32_t owned; /* versions from here on are this disk's alone: without a log, written over */
    tl_file *handles;

    /* the log, and both sides of the disk where it begins */
    tl_simdisk_op *ops;
    size_t op_count, op_capacity;
    tl_image base_issued, base_durable;

    tl_fault_plan plans[TL_SIMDISK_CALL_COUNT];
    uint64_t calls[TL_SIMDISK_CALL_COUNT], read_bytes, fired, quota;
    bool late; /* the next sync of late_file tells of one that went wrong before */
    uint32_t late_file;
};

extern const tl_io tl_simdisk_table; /* the functions of every simulated disk */

/* Replay entry i of the log on both sides: `issued` has everything, `durable` what finished syncs
 * cover.  For a power loss that kept more, apply the kept entries to `durable` beside. */
TL_MUST_USE tl_status tl_simdisk_replay(const tl_simdisk *disk, size_t i, tl_image *issued,
                                        tl_image *durable);

/* Put what the durable side of the disk has of op->file, all of it, into the payload of `op`, a
 * sync that fails as REVERTED.  Without a log it becomes one that left all DIRTY.  TL_UNSUPPORTED:
 * the disk decides late. */
TL_MUST_USE tl_status tl_simdisk_revert(tl_simdisk *disk, tl_simdisk_op *op);

/* A new life begins on disk->image, which was just filled in with its hashes: nothing is open, no
 * fault is planned, the log is empty.  `durable` is what a power loss falls back to; it is not
 * looked at without a log. */
TL_MUST_USE tl_status tl_simdisk_begin_life(tl_simdisk *disk, const tl_image *durable);

#endif
