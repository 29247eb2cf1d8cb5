/* workloads/registry.h -- the rows of the registry, and how a plug-in joins them. */
#ifndef TL_WORKLOADS_REGISTRY_H
#define TL_WORKLOADS_REGISTRY_H

#include "workloads/workload.h"

extern const tl_workload tl_workload_sequential, tl_workload_random, tl_workload_mixed,
    tl_workload_large, tl_workload_phases;

enum { TL_PLUGINS_MAX = 16 };

/* Append a checked plug-in, which must live for ever.  False: TL_PLUGINS_MAX are loaded. */
bool tl_registry_add(const tl_workload *workload);

/* Open the shared object at `path` with dlopen; a path without a slash means the working
 * directory.  NULL after explaining in `error` (may be NULL) why it cannot be. */
void *tl_plugin_open(const char *path, char *error, size_t error_bytes);

#endif
