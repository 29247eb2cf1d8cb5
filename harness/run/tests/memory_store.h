/* harness/run/tests/memory_store.h -- a store in memory that is right, or wrong in one chosen way.
 */
#ifndef TL_RUN_TESTS_MEMORY_STORE_H
#define TL_RUN_TESTS_MEMORY_STORE_H

#include "harness/driver.h"

typedef enum memory_fault {
    MEMORY_SOUND,
    MEMORY_GET_WRONG_BYTE,   /* the last byte of one value is flipped on its way out */
    MEMORY_GET_SHORT,        /* one value comes one byte short */
    MEMORY_GET_MISSING,      /* one present key is said to be absent */
    MEMORY_GET_RESURRECTS,   /* absent keys have a value */
    MEMORY_PUT_DROPPED,      /* one put is acknowledged and forgotten */
    MEMORY_PUT_WRONG_VALUE,  /* one put stores another byte */
    MEMORY_INSERT_REFUSED,   /* one insert of an absent key says TL_EXISTS */
    MEMORY_DEL_DENIES,       /* one delete of a present key says TL_NOT_FOUND */
    MEMORY_SCAN_SWAPPED,     /* two neighbours change places */
    MEMORY_SCAN_SKIPS,       /* one record is left out */
    MEMORY_SCAN_WRONG_BYTE,  /* one value is altered on its way out */
    MEMORY_SCAN_WRONG_ONCE,  /* the same, in the first scan only */
    MEMORY_SCAN_WRONG_TWICE, /* the same, in the first two scans */
    MEMORY_COMMIT_FAILS,     /* the second commit says TL_IO */
    MEMORY_DISK_FULL,        /* a put says TL_NO_SPACE */
    MEMORY_OPEN_REFUSED,     /* open says TL_INVALID with a reason */
    MEMORY_FORGETS_ON_CLOSE, /* claims to persist and loses a record at close */
} memory_fault;

typedef struct memory_calls { /* the test sets it to zeros */
    uint64_t begins_read, begins_write, commits, aborts, opens, closes;
} memory_calls;
extern memory_calls memory_calls_seen;

/* Both take the fault as the value of their first setting, a number. */
extern const tl_driver memory_driver;
extern const tl_driver memory_keeping_driver; /* what was closed is there when opened again */
extern const tl_driver memory_mute_driver;    /* the same store, claiming nothing about reads */

void memory_store_forget(void); /* release what the keeping driver keeps */

#endif
