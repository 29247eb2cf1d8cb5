/* harness/gate/tests/regression_engine.c -- the engine that has seeded losses of speed.
 *
 * Linked into `treelab-mutants` only: with mutant_engine.c, what of the harness knows the engine's
 * inside.
 */
#include "engine/base/regression.h"
#include "harness/gate/regressions.h"

bool (*const tl_regression_wake_here)(const char *name) = tl_regression_wake;
