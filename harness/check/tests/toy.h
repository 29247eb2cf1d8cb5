/* harness/check/tests/toy.h -- a toy store, small enough to be right, and wrong on request.
 *
 * A sorted array in memory and one log file: a commit appends a frame with a checksum and syncs.
 * It shares nothing with the engine, so it tests the sweep independently of it.
 */
#ifndef TL_CHECK_TOY_H
#define TL_CHECK_TOY_H

#include "harness/driver.h"

typedef enum toy_bug {
    TOY_SOUND,
    TOY_NO_SYNC,                      /* a commit is acknowledged before it is durable */
    TOY_NO_CHECKSUM,                  /* a torn frame is replayed */
    TOY_NO_DIR_SYNC,                  /* the new file's name is never made durable */
    TOY_RENAME_FIRST,                 /* the new file gets its name before its content is durable */
    TOY_DROPS_COMMIT,                 /* one commit is acknowledged and thrown away */
    TOY_NO_RECOVERY_SYNC,             /* what recovery read is taken for durable */
    TOY_APPENDS_BEHIND_TEAR,          /* recovery leaves a torn tail; new frames go behind it */
    TOY_COMMITS_TWICE,                /* a transaction is split over two frames */
    TOY_REFUSES_WRITES,               /* after recovery no commit is taken */
    TOY_BUG_COUNT,                    /* of those that the variants of a sweep find */
    TOY_TRUSTS_ORDER = TOY_BUG_COUNT, /* writes a frame before its header, no checksum, one sync */
    TOY_FORGETFUL, /* right, but what it reads is another thing every third time */
} toy_bug;

extern const tl_driver toy_driver;
void toy_select(toy_bug bug); /* for every store opened from now on */

#endif
