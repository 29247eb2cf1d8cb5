/* harness/fault/pending.h -- what a crash may leave, under one profile: every allowed state.
 *
 *     tl_pending_create -> for each crash point: tl_pending_to
 *                              for each outcome below tl_pending_outcome_count: tl_pending_show
 *
 * The rules are those of README.md, "Profiles".  An outcome is one allowed choice of names and
 * sizes.  Given it, the sectors are independent: tl_pending_show tells what each visible sector may
 * hold, as versions of the log, oldest first.  A state is one outcome and one version for each
 * sector that has several.
 *
 * A walk goes forward over the log and keeps, for each file, the operations since its last finished
 * sync; whatever is older is settled, so the cost of a crash point is that of what is pending.
 *
 * Outcomes are numbered: sigkill 0 is the operation in flight not begun, then its cuts in order;
 * prefix goes from the shortest prefix to the longest; journal likewise, and posix from the oldest
 * names to the newest, and for each of those from the smallest numbers of sizes to the largest.  So
 * the last outcome is always the newest of everything, and the first the oldest; of sigkill the
 * last is the longest cut.
 */
#ifndef TL_HARNESS_PENDING_H
#define TL_HARNESS_PENDING_H

#include "harness/fault/image.h"
#include "harness/fault/profile.h"

typedef struct tl_pending tl_pending;

/* `trace` keeps a log, is not written to and outlives the walk.  The profile is one that can be
 * enumerated (tl_profile_row.exact). */
TL_MUST_USE tl_status tl_pending_create(const tl_simdisk *trace, tl_profile profile,
                                        tl_pending **pending);
void tl_pending_destroy(tl_pending *pending); /* NULL is fine */

/* As if this sync or write through had never finished, from the next tl_pending_rewind on;
 * SIZE_MAX: none. */
void tl_pending_leave_out(tl_pending *pending, size_t sync);
/* Begin again before the first operation. */
TL_MUST_USE tl_status tl_pending_rewind(tl_pending *pending);
/* Go forward to the crash at `at`: current point <= at <= op_count.
 *
 * TL_NO_SPACE  more outcomes than can be numbered */
TL_MUST_USE tl_status tl_pending_to(tl_pending *pending, size_t at);
size_t tl_pending_at(const tl_pending *pending);
uint64_t tl_pending_outcome_count(const tl_pending *pending); /* at least 1 */

/* The outcome with the newest names and sizes; of sigkill and prefix, with all that had returned.
 */
uint64_t tl_pending_newest_outcome(const tl_pending *pending);

/* Of sigkill and prefix: the outcome behind this one that has no operation in part, but for the one
 * in flight.  A part of an earlier one leaves what it left when that was in flight. */
uint64_t tl_pending_next_whole(const tl_pending *pending, uint64_t outcome);
/* Under journal: how many prefixes of it are allowed, and the first outcome of one, which has the
 * smallest numbers of sizes; those with the same prefix follow. */
uint32_t tl_pending_prefix_count(const tl_pending *pending);
uint64_t tl_pending_prefix_outcome(const tl_pending *pending, uint32_t prefix);

typedef struct tl_open_sector { /* a visible sector that may hold one of several versions */
    uint32_t file, sector;
    uint32_t first, count; /* of tl_possible.shown and .logged, oldest first; count >= 2 */
} tl_open_sector;

typedef struct tl_possible { /* one outcome */
    tl_image image;          /* names and sizes; an open sector shows its newest version */
    tl_open_sector *open;    /* in no particular order, but always the same */
    uint32_t *shown;         /* versions as a process sees them: nothing behind the file's end */
    uint32_t *logged;        /* the same versions by their number in the log */
    uint32_t open_count, open_capacity, version_count, version_capacity;
    bool hashing; /* keep the image's hash, where that costs little */
} tl_possible;

void tl_possible_init(tl_possible *possible, const tl_simdisk *trace);
void tl_possible_clear(tl_possible *possible);

/* Fill in outcome `index`.  New versions may be made, of sectors that the file's end cuts: take
 * them back with tl_simdisk_mark and tl_simdisk_release.  Nothing is allocated once warm. */
TL_MUST_USE tl_status tl_pending_show(tl_pending *pending, uint64_t index, tl_possible *possible);

/* Give the files that have no name in `image`, which shows outcome 0, what they certainly hold:
 * under a name that a later life gives them it is there again.  For logs that begin after a kill.
 */
TL_MUST_USE tl_status tl_pending_show_nameless(const tl_pending *pending, tl_image *image);
/* For `garbage`, in journal and posix.  Is some write that no finished sync has covered in flight
 * for the device, in this unit of TL_UNIT_BYTES of the file?  And the bytes of the file that its
 * last finished sync saw and that no size since then has cut away: only before those are zeros
 * that nobody wrote certain. */
enum { TL_UNIT_BYTES = 4096 };
bool tl_pending_unit_flies(const tl_pending *pending, uint32_t file, uint64_t unit);
uint64_t tl_pending_certain_bytes(const tl_pending *pending, uint32_t file);

/* The operation of the log that made a version; false: it was there when the log began. */
bool tl_pending_maker(const tl_pending *pending, uint32_t version, size_t *op);

#endif
