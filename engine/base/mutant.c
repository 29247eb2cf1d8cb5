/* engine/base/mutant.c -- which seeded bug is awake; see mutant.h. */
#include "engine/base/mutant.h"

#ifdef TREELAB_MUTANTS
#include <string.h>

static const char *selected;

void tl_mutant_select(const char *name)
{
    selected = name;
}

bool tl_mutant_active(const char *name)
{
    return selected != NULL && strcmp(selected, name) == 0;
}
#else
typedef int tl_mutant_none; /* ISO C wants a declaration in every file */
#endif
