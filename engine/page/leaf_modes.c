/* engine/page/leaf_modes.c -- the registry of leaf modes. */
#include "engine/page/edit.h"
#include "tl/engine.h"

#include <string.h>

static const tl_leaf_mode *const modes[] = {&tl_leaf_freelist, &tl_leaf_bump, &tl_leaf_sidecar,
                                            &tl_leaf_dense, &tl_leaf_rebuild};

const tl_leaf_mode *tl_leaf_mode_find(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i]->name, name) == 0)
            return modes[i];
    return NULL;
}

const char *const *tl_leaf_modes(void)
{
    static const char *const names[] = {"freelist", "bump", "sidecar", "dense", "rebuild", NULL};
    return names;
}
