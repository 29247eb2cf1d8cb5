/* harness/cli/mutants_absent.c -- `treelab` has the engine without seeded bugs.
 *
 * `treelab-mutants`, built beside the tests from the same files, has harness/check/tests/
 * mutant_engine.c in this one's place.
 */
#include "harness/check/mutant_run.h"
#include "harness/gate/regressions.h"

const tl_mutant_engine *const tl_mutant_engine_here = NULL;
bool (*const tl_regression_wake_here)(const char *name) = NULL;
