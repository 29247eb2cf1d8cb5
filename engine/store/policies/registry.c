/* engine/store/policies/registry.c -- the space policies there are. */
#include "engine/store/policies/rows.h"
#include "tl/engine.h"

#include <string.h>

static const tl_space_policy *const policies[] = {&tl_space_simple, &tl_space_segregated};

const tl_space_policy *tl_space_policy_find(const char *name)
{
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (strcmp(policies[i]->name, name) == 0)
            return policies[i];
    return NULL;
}

const char *const *tl_space_policies(void)
{
    static const char *const names[] = {"simple", "segregated", NULL};
    return names;
}
