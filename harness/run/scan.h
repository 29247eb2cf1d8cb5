/* harness/run/scan.h -- a scan, checked while it runs and hashed afterwards.
 *
 * tl_record_hash costs several times what a fast store needs per record, so a timed scan only
 * checks the order of keys and folds all bytes of all records into one sum, eight at a time: each
 * byte is touched, as a user would.  When the phase has ended and its clocks have stopped, the
 * same scan runs again (nothing was written meanwhile): it must fold to the same sum, and its
 * record hashes must add up to the right answer.  In a phase that also writes there is no second
 * chance: there the timed scan hashes.
 */
#ifndef TL_HARNESS_RUN_SCAN_H
#define TL_HARNESS_RUN_SCAN_H

#include "harness/driver.h"
#include "harness/run/check.h"

enum { TL_SCAN_KEY_MAX = 4096 }; /* longer keys are compared by their first bytes */

typedef struct tl_scan { /* one scan while it runs */
    uint64_t wanted, seen;
    uint64_t fold, hash;
    bool hashing;
    bool out_of_order;      /* a key was not larger than the one before */
    uint64_t previous_head; /* its first eight bytes: most orders are decided there */
    size_t previous_bytes;
    unsigned char previous[TL_SCAN_KEY_MAX];
} tl_scan;

/* Run `op` (a SCAN) and leave what it saw in *scan.  The status is the driver's. */
tl_status tl_scan_run(const tl_driver *driver, tl_store_txn *txn, const tl_op *op, bool hashing,
                      tl_scan *scan);

/* Compare count, order and, if hashed and known, the hash with the right answer. */
void tl_scan_check(tl_check *check, const tl_op *op, const tl_scan *scan, uint64_t expected_hash);

typedef struct tl_scan_list { /* scans to run again; zeros are an empty list */
    struct tl_scan_again *rows;
    size_t count, capacity;
} tl_scan_list;

/* Remember a scan that was not hashed. */
TL_MUST_USE tl_status tl_scan_list_add(tl_scan_list *list, const tl_op *op, const tl_scan *scan,
                                       uint64_t expected_hash);

/* Run all remembered scans again, hashing, in one read transaction, and empty the list.
 * The status is the first failure of the driver. */
TL_MUST_USE tl_status tl_scan_list_audit(tl_scan_list *list, const tl_driver *driver,
                                         tl_store *store, tl_check *check);
void tl_scan_list_clear(tl_scan_list *list);

#endif
