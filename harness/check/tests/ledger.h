/* harness/check/tests/ledger.h -- a store that stands failing calls, and does not on request.
 *
 * Immutable states in memory, so snapshots hold; one file of frames, each with a checksum, appended
 * and synced by a commit.  It shares nothing with the engine, so it tests the fault sweep
 * independently of it.
 */
#ifndef TL_CHECK_LEDGER_H
#define TL_CHECK_LEDGER_H

#include "harness/driver.h"

typedef enum ledger_bug {
    LEDGER_SOUND,
    LEDGER_RETRIES_SYNC,   /* a sync that failed is tried again and then believed */
    LEDGER_IGNORES_SYNC,   /* a failed sync is none */
    LEDGER_GOES_ON,        /* after a failed sync further commits are taken */
    LEDGER_TRUSTS_CACHE,   /* recovery syncs what it read, and does not write it again */
    LEDGER_SKIPS_HOLES,    /* recovery looks for whole frames behind a damaged one */
    LEDGER_WRONG_STATUS,   /* whatever fails is called damage */
    LEDGER_LEAKS_FILE,     /* an open that fails leaves its file open */
    LEDGER_LEAKS_MEMORY,   /* a commit that fails forgets its memory */
    LEDGER_SHOWS_REFUSED,  /* readers see what a refused commit would have left */
    LEDGER_LOSES_SNAPSHOT, /* after a refusal snapshots show the newest commit */
    LEDGER_IGNORES_FULL,   /* a write that found no room counts as done */
    LEDGER_FULL_FOR_EVER,  /* a disk that was full once stays full for it */
    LEDGER_LEAVES_SCRATCH, /* close leaves a file behind after a refused commit */
    LEDGER_FLAPS,          /* commits are refused three times after a failure, then taken */
    LEDGER_STAYS_BUSY,     /* close refuses after a failure */
    LEDGER_NO_MORE_READS,  /* allowed: after a failure nothing works until it is opened again */
    LEDGER_BUG_COUNT
} ledger_bug;

extern const tl_driver ledger_driver;
void ledger_select(ledger_bug bug); /* for every store opened from now on */

#endif
