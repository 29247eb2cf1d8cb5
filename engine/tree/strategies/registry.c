/* engine/tree/strategies/registry.c -- the split and fill strategies there are. */
#include "engine/tree/strategies/rows.h"
#include "tl/engine.h"

#include <string.h>

static const tl_split *const splits[] = {&tl_split_rightmost, &tl_split_half_bytes};
static const tl_fill *const fills[] = {&tl_fill_lmdb25};

const tl_split *tl_split_find(const char *name)
{
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++)
        if (strcmp(splits[i]->name, name) == 0)
            return splits[i];
    return NULL;
}

const tl_fill *tl_fill_find(const char *name)
{
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if (strcmp(fills[i]->name, name) == 0)
            return fills[i];
    return NULL;
}

const char *const *tl_splits(void)
{
    static const char *const names[] = {"rightmost", "half_bytes", NULL};
    return names;
}

const char *const *tl_fills(void)
{
    static const char *const names[] = {"lmdb25", NULL};
    return names;
}
