/* harness/fault/crash.h -- the states that a crash may leave, thousands a second.
 *
 *     for each crash point:  tl_crash_walk_to
 *         for each variant:  tl_crash_state_count
 *             for each state:  tl_crash_load into a disk -> the store opens it ->
 * tl_simdisk_release
 *
 * A walk replays the log of a trace once, from its begin to its end, and keeps both sides of the
 * disk at its crash point.  A state is one side plus at most one torn write: loading it copies
 * tables of version numbers, never contents, and allocates nothing once the disk is warm.
 */
#ifndef TL_HARNESS_CRASH_H
#define TL_HARNESS_CRASH_H

#include "harness/fault/simdisk.h"
#include "harness/fault/versions.h"

/* X(upper, lower, is a power loss, meaning) */
#define TL_CRASH_VARIANT_MAP(X)                                                                    \
    X(ALL_ISSUED, all_issued, false,                                                               \
      "process kill: all that was issued persists; the last write may stop at a 4 KiB boundary")   \
    X(UNSYNCED_DROPPED, unsynced_dropped, true,                                                    \
      "power loss: only what a finished sync covers persists; also with all names kept")           \
    X(TORN_SECTOR, torn_sector, true,                                                              \
      "power loss: the write in flight stops at each sector, all or nothing unsynced before it")   \
    X(KILL_THEN_POWER_LOSS, kill_then_power_loss, true,                                            \
      "process kill, recovery, and a power loss at each of its operations: unsynced dropped")

#define TL_CRASH_VARIANT_AS_ENUM(upper, lower, power, text) TL_CRASH_##upper,
typedef enum tl_crash_variant {
    TL_CRASH_VARIANT_MAP(TL_CRASH_VARIANT_AS_ENUM) TL_CRASH_VARIANT_COUNT
} tl_crash_variant;

typedef struct tl_crash_variant_row {
    const char *name, *summary;
    bool power; /* acknowledged commits count only as far as the durability promises it */
} tl_crash_variant_row;
const tl_crash_variant_row *tl_crash_variant_at(tl_crash_variant variant);
bool tl_crash_variant_find(const char *name, tl_crash_variant *variant);

typedef struct tl_crash_walk tl_crash_walk;

/* `trace` keeps a log, is not written to and outlives the walk.  TL_OK, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_crash_walk_create(const tl_simdisk *trace, tl_crash_walk **walk);
void tl_crash_walk_destroy(tl_crash_walk *walk); /* NULL is fine */

/* Begin again before the first operation, since the trace has a new log. */
TL_MUST_USE tl_status tl_crash_walk_rewind(tl_crash_walk *walk);

/* Go forward to the crash before and in operation `at`: current point <= at <= op_count. */
TL_MUST_USE tl_status tl_crash_walk_to(tl_crash_walk *walk, size_t at);

/* How many states this variant has at the current crash point.  Of kill_then_power_loss it is the
 * one kill; the power losses are those of a second walk, over the log of the recovery. */
size_t tl_crash_state_count(const tl_crash_walk *walk, tl_crash_variant variant);

/* Make `state`, a disk beside the trace, show state `index`; *hash names its visible content.  When
 * `state` keeps a log and the variant is no power loss or kill_then_power_loss, a later power loss
 * falls back to what is durable now. */
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
