/* engine/base/regression.c -- which seeded loss of speed is awake; see regression.h. */
#include "engine/base/regression.h"

#ifdef TREELAB_MUTANTS
#include <string.h>

tl_regression tl_regression_awake;

bool tl_regression_wake(const char *name)
{
#define TRY(known)                                                                                 \
    if (strcmp(name, #known) == 0) {                                                               \
        tl_regression_awake = TL_REGRESSION_IS_##known;                                            \
        return true;                                                                               \
    }
    TL_REGRESSION_MAP(TRY)
#undef TRY
    return false;
}
#endif
