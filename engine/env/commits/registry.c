/* engine/env/commits/registry.c -- the commit protocols there are. */
#include "engine/env/env.h"

#include <string.h>

static const tl_commit_protocol *const protocols[] = {&tl_commit_log, &tl_commit_shadow2,
                                                      &tl_commit_shadow1};

const tl_commit_protocol *tl_commit_protocol_find(const char *name)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (strcmp(protocols[i]->name, name) == 0)
            return protocols[i];
    return NULL;
}

const char *const *tl_commit_protocols(void)
{
    static const char *const names[] = {"log", "shadow2", "shadow1", NULL};
    return names;
}
