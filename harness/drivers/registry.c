/* harness/drivers/registry.c -- the drivers of this build, one row each, in listing order. */
#include "harness/drivers/drivers.h"

#include <string.h>

static const tl_driver *const drivers[] = {
    &tl_driver_tree,
#if TL_HAVE_LMDB
    &tl_driver_lmdb,
#endif
#if TL_HAVE_SQLITE
    &tl_driver_sqlite,
#endif
    &tl_driver_model,  &tl_driver_null, &tl_driver_append,
};

size_t tl_driver_count(void)
{
    return sizeof drivers / sizeof drivers[0];
}

const tl_driver *tl_driver_at(size_t index)
{
    return index < tl_driver_count() ? drivers[index] : NULL;
}

const tl_driver *tl_driver_find(const char *name)
{
    for (size_t i = 0; i < tl_driver_count(); i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}
