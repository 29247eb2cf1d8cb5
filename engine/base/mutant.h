/* engine/base/mutant.h -- seeded bugs, compiled only into the library tl_engine_mutants.
 *
 * Each switch is one believable mistake.  The crash sweep and the random tests must find it, told
 * nothing; in every other build TL_MUTANT is the constant false and leaves no code behind.
 */
#ifndef TL_BASE_MUTANT_H
#define TL_BASE_MUTANT_H

#include <stdbool.h>

#ifdef TREELAB_MUTANTS
void tl_mutant_select(const char *name); /* NULL: none.  Not while an env is open elsewhere */
bool tl_mutant_active(const char *name);
#define TL_MUTANT(name) tl_mutant_active(#name)
#else
#define TL_MUTANT(name) false
#endif

#endif
