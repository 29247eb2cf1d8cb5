/* engine/tests/acceptance/acceptance.h -- what the acceptance scenarios stand on.
 *
 * A scenario is a function that gets an open env on a memory disk, does its work and says what must
 * hold; it is run once for every row of options in support/cover.h.  Whatever it did, at its end
 * the verifier finds nothing and the content is that of the model.
 *
 *     static void nothing_is_lost(acceptance *on) { ... acceptance_put(on, key, value) ... }
 *     const scenario scenarios[] = {{"nothing is lost", nothing_is_lost}};
 *     return acceptance_run(scenarios, 1);
 *
 * TL_TEST_FULL=1 runs the sizes that the requirements name instead of the usual, small ones;
 * TL_TEST_ROW=n runs one row alone.
 */
#ifndef TL_TESTS_ACCEPTANCE_H
#define TL_TESTS_ACCEPTANCE_H

#include "engine/tests/support/cover.h"
#include "engine/tests/support/rig.h"

typedef struct acceptance {
    rig rig;
    tl_txn *txn; /* the write txn at hand; NULL between two */
    uint64_t random;
    char row[COVER_NAME_BYTES];
} acceptance;

typedef struct scenario {
    const char *name;
    void (*play)(acceptance *on);
    void (*choose)(tl_env_options *options);        /* changes the row's options; may be NULL */
    bool (*applies)(const tl_env_options *options); /* NULL: to every row */
} scenario;

/* Run them all over all rows.  Returns how many failed, for main. */
int acceptance_run(const scenario *scenarios, size_t count);

bool acceptance_full(void);
/* `full` with TL_TEST_FULL, else `usual`. */
uint64_t acceptance_size(uint64_t usual, uint64_t full);
uint64_t acceptance_below(acceptance *on, uint64_t bound); /* a random number */

/* The write txn, begun when there is none; its records go to the model at once, so an aborted one
 * is the scenario's own business. */
void acceptance_begin(acceptance *on);
void acceptance_commit(acceptance *on);
void acceptance_put(acceptance *on, tl_slice key, tl_slice value);
void acceptance_del(acceptance *on, tl_slice key); /* it is there */

/* `size` bytes that follow from `seed`, good until the next call; cut to what the store takes. */
tl_slice acceptance_value(acceptance *on, uint64_t seed, size_t size);

typedef struct u64_key {
    uint8_t bytes[8];
} u64_key;
tl_slice u64_of(uint64_t number, u64_key *key); /* big-endian: numbers sort as keys */

#endif
