/* harness/run/tests/stalling_store.h -- a store that takes as long as a script says, by a clock
 * that the test winds: nothing here waits, and every time is exact. */
#ifndef TL_RUN_TESTS_STALLING_STORE_H
#define TL_RUN_TESTS_STALLING_STORE_H

#include "harness/driver.h"
#include "harness/measure/clock.h"

typedef struct stalling_script {
    uint64_t now_ns;             /* of the wound clock */
    uint64_t op_ns;              /* what a get takes */
    uint64_t stall_at, stall_ns; /* the get with this number, from 0, takes stall_ns instead */
    uint64_t (*op_ns_at)(uint64_t now_ns); /* NULL: op_ns */
    uint64_t gets;
} stalling_script;
extern stalling_script stalling; /* the test fills it */

extern const tl_clock stalling_clock;
extern const tl_driver stalling_driver; /* gets only; every key is absent */

#endif
