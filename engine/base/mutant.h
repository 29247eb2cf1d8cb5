/* engine/base/mutant.h -- seeded bugs, compiled only into the library tl_engine_mutants.
 *
 * Each switch is one believable mistake.  The crash sweep and the random tests must find it, told
 * nothing; in every other build TL_MUTANT is the constant false and leaves no code behind.  What
 * each one breaks, and what must find it, is in harness/check/mutants.c.
 */
#ifndef TL_BASE_MUTANT_H
#define TL_BASE_MUTANT_H

#include <stdbool.h>

#ifdef TREELAB_MUTANTS
/* "name", or "name+name": a bug together with the defences that would cover it.  NULL: none.  Not
 * while an env is open elsewhere. */
void tl_mutant_select(const char *names);
bool tl_mutant_active(const char *name);
bool tl_mutant_reached(void); /* all that are awake were asked for since */
#define TL_MUTANT(name) tl_mutant_active(#name)
#else
#define TL_MUTANT(name) false
#endif

#endif
