/* harness/check/tests/mutant_promises.h -- promises of tl/engine.h that no other sweep asks about.
 *
 * Each is one round; false: the promise was broken, or a call failed.
 */
#ifndef TL_TESTS_MUTANT_PROMISES_H
#define TL_TESTS_MUTANT_PROMISES_H

#include "tl/engine.h"

/* Read txns that live through commits and checkpoints see their large values to their end. */
bool old_values_stay(tl_durability durability, uint64_t seed);
/* What a reader saw, beside many committers, a power loss does not take back. */
bool what_was_seen_stays(uint64_t seed);
/* What was committed before tl_env_sync came back survives a power loss, however slow the syncs of
 * the thread beside it are. */
bool what_was_synced_stays(uint64_t seed);

#endif
