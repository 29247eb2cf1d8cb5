/* harness/cli/plugin.h -- `--plugin FILE.so`: a workload, a driver, or both. */
#ifndef TL_HARNESS_PLUGIN_H
#define TL_HARNESS_PLUGIN_H

#include "harness/driver.h"
#include "workloads/workload.h"

typedef struct tl_plugin {       /* what the object brought; static for ever */
    const tl_workload *workload; /* its symbol tl_workload_v1; NULL: none */
    const tl_driver *driver;     /* its symbol tl_driver_v1; NULL: none */
} tl_plugin;

/* Load the object at `path` and let what it exports join the registries.  A path without a slash
 * means the working directory.  False after explaining in `error`, with the path, what is wrong.
 * Call it before starting threads. */
bool tl_plugin_load(const char *path, tl_plugin *plugin, char *error, size_t error_bytes);

struct argp_state;
/* The same for a command's option --plugin; what is wrong is a usage error. */
tl_plugin tl_arguments_plugin(const struct argp_state *state, const char *path);

#endif
