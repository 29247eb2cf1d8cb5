/* harness/check/tests/mutant_calls.h -- system calls that do a part, or are interrupted: a sweep.
 *
 * It stands below tl/io.h, where no recorder and no simulated disk sees it: the linker puts it
 * between the engine and libc (-Wl,--wrap=), in treelab-mutants alone.
 */
#ifndef TL_TEST_MUTANT_CALLS_H
#define TL_TEST_MUTANT_CALLS_H

#include "harness/check/mutant_run.h"

/* A history on real files, in two lives, once for each call and each way: after it the store must
 * hold every acknowledged commit.  Deterministic: the same call of the same run. */
void mutant_calls(tl_probe *probe);

#endif
