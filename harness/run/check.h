/* harness/run/check.h -- is the answer what was written?  And if not: what came instead.
 *
 * Wrong answers are counted, and the first is put in words: operation, key, expected, got.
 */
#ifndef TL_HARNESS_RUN_CHECK_H
#define TL_HARNESS_RUN_CHECK_H

#include "workloads/op.h"

#include "tl/engine.h"

#include <string.h>

enum { TL_CHECK_TEXT_MAX = 512 };

typedef struct tl_check {
    bool enabled;     /* false for stores that do not claim to read back: nothing is compared */
    uint64_t answers; /* compared so far */
    uint64_t wrong;
    uint64_t hash; /* what was read and found, independent of order; see tl_check_get */
    char first_wrong[TL_CHECK_TEXT_MAX]; /* "" while wrong is 0 */
} tl_check;

/* Count a wrong answer; the first one is described by the printf-like text behind "get of key
 * 0x…: ".  `op` may be NULL when no single operation is to blame. */
void tl_check_wrong(tl_check *check, const tl_op *op, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The answer differs from op's: count it and say how. */
void tl_check_wrong_get(tl_check *check, const tl_op *op, tl_status status, tl_slice value);

/* The answer to a GET: `value` counts only with TL_OK.  Part of the timed loop, so the common case
 * is inline.  A right answer is known from the operation, so the hash needs only its kind. */
static inline void tl_check_get(tl_check *check, const tl_op *op, tl_status status, tl_slice value)
{
    if (!check->enabled)
        return;
    check->answers++;
    if (status == TL_OK) {
        check->hash += 2;
        if ((op->flags & TL_OP_ABSENT) == 0 && value.size_bytes == op->value_bytes &&
            (value.size_bytes == 0 || memcmp(value.data, op->value, value.size_bytes) == 0))
            return;
    } else {
        check->hash += 1;
        if ((op->flags & TL_OP_ABSENT) != 0)
            return;
    }
    tl_check_wrong_get(check, op, status, value);
}

/* The same for a store that writes blindly, in a txn that writes: it shows what was committed
 * before, so a key that the txn wrote or deleted may have either answer.  What it finds of a
 * present key must still be right. */
static inline void tl_check_get_blind(tl_check *check, const tl_op *op, tl_status status,
                                      tl_slice value)
{
    if (!check->enabled)
        return;
    bool absent = (op->flags & TL_OP_ABSENT) != 0;
    check->answers++;
    check->hash += absent ? 1 : 2;
    if (status != TL_OK || absent ||
        (value.size_bytes == op->value_bytes &&
         (value.size_bytes == 0 || memcmp(value.data, op->value, value.size_bytes) == 0)))
        return;
    tl_check_wrong_get(check, op, status, value);
}

/* Print the bytes as "0x…" to `text`, cut to its size with "…(120 bytes)" at the end. */
void tl_check_hex(char *text, size_t text_bytes, tl_slice bytes);

#endif
