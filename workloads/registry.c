/* workloads/registry.c -- one row per workload; a new one is a new row. */
#include "workloads/registry.h"

#include <string.h>

static const tl_workload *const builtins[] = {
    &tl_workload_sequential,
    &tl_workload_random,
    &tl_workload_mixed,
    &tl_workload_large,
    &tl_workload_phases,
};
enum { BUILTIN_COUNT = sizeof builtins / sizeof builtins[0] };

static const tl_workload *plugins[TL_PLUGINS_MAX]; /* loaded at start-up, before any thread */
static size_t plugin_count;

bool tl_registry_add(const tl_workload *workload)
{
    if (plugin_count == TL_PLUGINS_MAX)
        return false;
    plugins[plugin_count++] = workload;
    return true;
}

size_t tl_workload_count(void)
{
    return BUILTIN_COUNT + plugin_count;
}

const tl_workload *tl_workload_at(size_t index)
{
    if (index < BUILTIN_COUNT)
        return builtins[index];
    return index < tl_workload_count() ? plugins[index - BUILTIN_COUNT] : NULL;
}

const tl_workload *tl_workload_find(const char *name)
{
    for (size_t i = 0; i < tl_workload_count(); i++)
        if (strcmp(tl_workload_at(i)->name, name) == 0)
            return tl_workload_at(i);
    return NULL;
}
