/* engine/base/regression.c -- which seeded loss of speed is awake; see regression.h. */
#include "engine/base/regression.h"

#ifdef TREELAB_MUTANTS
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { RARE = 1000000 };

tl_regression tl_regression_awake;
static _Atomic uint64_t operations;

void tl_regression_count_operation(void)
{
    atomic_fetch_add(&operations, 1);
}

bool tl_regression_is_due(void)
{
    uint64_t counted = atomic_load(&operations);
    return counted >= RARE && atomic_compare_exchange_strong(&operations, &counted, counted - RARE);
}

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
