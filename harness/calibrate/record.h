/* harness/calibrate/record.h -- fresh launches of a policy's rows, against the same program.
 *
 * Arms take turns block by block, so that what the machine does for an hour hits all of them.  A
 * block is a duel with one look that stops no row, with a pilot of its own.
 */
#ifndef TL_HARNESS_RECORD_H
#define TL_HARNESS_RECORD_H

#include "harness/calibrate/samples.h"
#include "harness/gate/timing.h"

typedef struct tl_record_arm {
    const char *name;  /* "aa", or what is injected into B */
    uint64_t launches; /* wanted in all, of each row */
} tl_record_arm;

typedef struct tl_record_request {
    const tl_gate_policy *policy;
    const char *const *only; /* rows; NULL: all of layer time */
    const char *program, *scratch;
    const tl_record_arm *arms;
    size_t arm_count;
    uint64_t seed;
    FILE *journal;
    bool (*stop)(void *context);
    void (*step)(void *context, uint64_t done, uint64_t total, const char *what);
    void *context;
} tl_record_request;

/* Record what is missing in `samples`, into it and into the journal.  TL_OK, also when stopped;
 * else what failed, with a message. */
TL_MUST_USE tl_status tl_record(const tl_record_request *request, tl_samples *samples, char *error,
                                size_t error_bytes);

#endif
