/* harness/fault/choices.h -- a disk that decides what a sector holds when it is first read.
 *
 *     tl_choices_load (an outcome of pending.h)
 *     do  tl_choices_begin -> ... the store runs on the disk ... -> tl_choices_end
 *     while (tl_choices_next)
 *
 * A sector with several possible versions is an open choice.  A read of it branches: the run takes
 * one branch, the next run another, until all were taken.  What no read asks stays open, and one
 * run stands for all ways to decide it: that product is the run's weight.  The weights of all runs
 * of an outcome add up to its number of states.
 *
 * - pread branches, sector by sector, on what differs in the bytes read.
 * - A write to part of a sector reads it; a write to a whole one leaves the choice open for ever.
 * - read_units branches on contents that are wanted, and once for all that are not.
 * - read_verified branches on each mixture of versions that verifies, and once for all others:
 *   then the read fails, its buffer holds poison, and the run stands for those mixtures together.
 *   A later read of the same sectors goes on from there, exactly.  Up to `mixtures_max` mixtures
 *   are tried one by one; of more, those that some moment of the log shows, so that a mixture
 *   that never stood there and verifies all the same, by a collision of checksums, is missed.
 *
 * A run must do the same reads again as long as it is answered the same; this is watched.
 *
 * Threads   one, as the disks of one trace
 */
#ifndef TL_HARNESS_CHOICES_H
#define TL_HARNESS_CHOICES_H

#include "harness/fault/pending.h"

#include <gmp.h>

typedef struct tl_choices tl_choices;

typedef struct tl_choices_options {
    uint32_t mixtures_max;  /* of one checksummed read; 0: 4096 */
    uint32_t branches_max;  /* of one read without a checksum, in all; 0: 4096 */
    uint32_t decisions_max; /* places with a choice in one run; 0: 512 */
    bool confirm;           /* whenever mixtures are refused together, try 64 of them at random */
    uint64_t seed;          /* of these */
} tl_choices_options;

TL_MUST_USE tl_status tl_choices_create(const tl_simdisk *trace, const tl_choices_options *options,
                                        tl_choices **choices);
void tl_choices_destroy(tl_choices *choices); /* NULL is fine */

/* Begin with the first run of an outcome.  `possible` stays as it is until the last run ended.
 *
 * TL_UNSUPPORTED  a sector has more than 64 different contents to choose from */
TL_MUST_USE tl_status tl_choices_load(tl_choices *choices, const tl_possible *possible);

/* Make `state`, a disk beside the trace that keeps no log, show the outcome; from here to
 * tl_choices_end its reads decide.  `poison` fills what a read refuses. */
TL_MUST_USE tl_status tl_choices_begin(tl_choices *choices, tl_simdisk *state, uint8_t poison);

typedef enum tl_run_end {
    TL_RUN_WHOLE,       /* a leaf: it was answered to its end */
    TL_RUN_NOT_COVERED, /* a read had too much to decide and failed; its weight is what it stood for
                           when that happened */
    TL_RUN_DIFFERENT,   /* it read otherwise than before, with the same answers */
    TL_RUN_COLLISION,   /* a mixture verified that was refused among others: see confirm */
    TL_RUN_NO_MEMORY,
} tl_run_end;
tl_run_end tl_choices_end(tl_choices *choices);

/* Decide the last place that has a branch left otherwise; false: all were taken. */
bool tl_choices_next(tl_choices *choices);

/* Of the run that just ended. */
void tl_choices_weight(const tl_choices *choices, mpz_t weight);
uint64_t tl_choices_trace(const tl_choices *choices); /* hash of all that was read, and answered */
uint32_t tl_choices_branches(const tl_choices *choices, uint32_t *branches, uint32_t branch_max);
bool tl_choices_was_exact(const tl_choices *choices); /* no read had more than mixtures_max, since
                                                         tl_choices_load */

/* Decide what the run that just ended left open, too: versions[i] is what sector i of
 * tl_possible.open holds, counted from its oldest.  The next thing is tl_choices_load. */
void tl_choices_settle(tl_choices *choices, uint32_t *versions);

/* In the first run after tl_choices_load take these branches; the others 0. */
void tl_choices_follow(tl_choices *choices, const uint32_t *branches, uint32_t branch_count);
bool tl_choices_followed(const tl_choices *choices); /* there were such branches, all of them */

/* Of everything that the runs since tl_choices_load read: the sectors, by canonical number of
 * their file's name, and a hash of what each may hold; for finding an equal outcome again. */
typedef struct tl_read_sector {
    uint32_t path, sector;
} tl_read_sector;
TL_MUST_USE tl_status tl_choices_read_set(tl_choices *choices, const tl_read_sector **sectors,
                                          size_t *sector_count);
/* What an outcome may hold there.  False: a file of the set is not there. */
bool tl_choices_hash_set(tl_choices *choices, const tl_read_sector *sectors, size_t sector_count,
                         tl_hash128 *hash);
/* The number of ways to decide all that is not in the set. */
void tl_choices_beside_set(tl_choices *choices, const tl_read_sector *sectors, size_t sector_count,
                           mpz_t weight);
tl_hash128 tl_choices_names_hash(const tl_choices *choices); /* names, and sizes of their files */

/* For the disk. */
TL_MUST_USE tl_status tl_choices_read(tl_choices *choices, uint32_t file, uint64_t offset,
                                      void *buffer, size_t size_bytes);
TL_MUST_USE tl_status tl_choices_read_units(tl_choices *choices, uint32_t file, uint64_t offset,
                                            void *buffer, size_t size_bytes, size_t unit_bytes,
                                            tl_io_verify_fn wanted, void *context);
TL_MUST_USE tl_status tl_choices_read_verified(tl_choices *choices, uint32_t file, uint64_t offset,
                                               void *buffer, size_t size_bytes,
                                               tl_io_verify_fn verify, void *context);
/* Instead of a read_verified that would be accepted: note the same.  From then on until a handle of
 * the file is closed the caller could have these bytes in memory: reading them notes nothing, so
 * that a run which recalls is the same run as one which reads.  False: the run has ended. */
bool tl_choices_recalled(tl_choices *choices, uint32_t file, uint64_t offset, size_t size_bytes);
void tl_choices_closed(tl_choices *choices, uint32_t file);
/* Before a write that keeps some of the sector's bytes. */
TL_MUST_USE tl_status tl_choices_pin(tl_choices *choices, uint32_t file, uint64_t sector);

/* The mark of an open choice in an image's table of versions. */
#define TL_VERSION_OPEN UINT32_C(0x80000000)

#endif
