/* engine/tests/golden.h -- the database that is kept under golden/: how it is made, what it holds.
 *
 * Small, but with a bit of everything: several leaves under a branch, long and short separators,
 * keys that end in zeros, a delete, two checkpoints, a crash, and frames that wait for replay.
 */
#ifndef TL_TESTS_GOLDEN_H
#define TL_TESTS_GOLDEN_H

#include "engine/tests/unit.h"

enum { GOLDEN_RECORDS = 80, GOLDEN_PAGE_BYTES = 1024, GOLDEN_VERSION = 2 /* the newest */ };

typedef struct golden_record {
    uint8_t key[96], value[40];
    size_t key_bytes, value_bytes;
} golden_record;

/* The options it is made with; equal ones are used to open it again. */
tl_env_options golden_options(void);
/* Make it at `place`, crash included: byte for byte the same on every compiler. */
void golden_make(const unit_place *place);
/* What it holds, ascending. */
void golden_contents(golden_record records[GOLDEN_RECORDS]);
/* Copy the files kept of format `version` to `place`. */
void golden_copy(const unit_place *place, unsigned version);

#endif
