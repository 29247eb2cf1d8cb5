/* harness/fault/crash.h -- both sides of a disk at a crash point, thousands a second.
 *
 *     for each crash point:  tl_crash_walk_to
 *         for each state:    tl_crash_load into a disk -> the store opens it ->
 * tl_simdisk_release
 *
 * A walk replays the log of a trace once, from its begin to its end, and keeps what processes saw
 * and what is certain at its crash point.  Loading one copies tables of version numbers, never
 * contents, and allocates nothing once the disk is warm.  All that a crash may leave between the
 * two is harness/fault/pending.h.
 */
#ifndef TL_HARNESS_CRASH_H
#define TL_HARNESS_CRASH_H

#include "harness/fault/simdisk.h"
#include "harness/fault/versions.h"

typedef enum tl_crash_variant {
    TL_CRASH_ALL_ISSUED,       /* a killed process: all that was issued persists; the last write
                                  may stop at a 4 KiB boundary */
    TL_CRASH_UNSYNCED_DROPPED, /* a power loss: only what a finished sync covers persists; also
                                  with all names kept */
    TL_CRASH_VARIANT_COUNT
} tl_crash_variant;

typedef struct tl_crash_walk tl_crash_walk;

/* `trace` keeps a log, is not written to and outlives the walk.  TL_OK, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_crash_walk_create(const tl_simdisk *trace, tl_crash_walk **walk);
void tl_crash_walk_destroy(tl_crash_walk *walk); /* NULL is fine */

/* Begin again before the first operation, since the trace has a new log. */
TL_MUST_USE tl_status tl_crash_walk_rewind(tl_crash_walk *walk);

/* Go forward to the crash before and in operation `at`: current point <= at <= op_count. */
TL_MUST_USE tl_status tl_crash_walk_to(tl_crash_walk *walk, size_t at);

/* How many states this variant has at the current crash point. */
size_t tl_crash_state_count(const tl_crash_walk *walk, tl_crash_variant variant);

/* Make `state`, a disk beside the trace, show state `index`; *hash names its visible content.  When
 * `state` keeps a log and the process was killed, a later power loss falls back to what is durable
 * now. */
TL_MUST_USE tl_status tl_crash_load(const tl_crash_walk *walk, tl_crash_variant variant,
                                    size_t index, tl_simdisk *state, tl_hash128 *hash);

/* Make `state` show a power loss after which all that was issued has arrived, but for the sectors
 * that a failed sync gave up (tl_sync_failure). */
TL_MUST_USE tl_status tl_crash_load_but_for_lost(const tl_crash_walk *walk, tl_simdisk *state);

/* The same state as tl_simdisk_crash takes it, as a list of dropped operations.  `units` has room
 * for as many numbers as the crash point has operations before it. */
void tl_crash_loss(const tl_crash_walk *walk, tl_crash_variant variant, size_t index, size_t *units,
                   tl_simdisk_loss *loss);

#endif
