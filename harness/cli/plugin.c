/* harness/cli/plugin.c -- shared objects that bring a workload, a driver, or both. */
#include "harness/cli/plugin.h"

#include "harness/cli/arguments.h"
#include "workloads/registry.h"

#include <dlfcn.h>
#include <stdio.h>

static bool driver_join(const char *path, const tl_driver *driver, char *error, size_t error_bytes)
{
    char reason[256] = "";
    if (tl_driver_join(driver, reason, sizeof reason))
        return true;
    snprintf(error, error_bytes, "plug-in %s %s", path, reason);
    return false;
}

bool tl_plugin_load(const char *path, tl_plugin *plugin, char *error, size_t error_bytes)
{
    void *object = tl_plugin_open(path, error, error_bytes);
    if (object == NULL)
        return false;
    tl_plugin found = {.driver = dlsym(object, "tl_driver_v1")};
    bool brings_workload = dlsym(object, "tl_workload_v1") != NULL;
    bool well = false;
    if (found.driver == NULL && !brings_workload) {
        snprintf(error, error_bytes,
                 "plug-in %s has neither symbol tl_workload_v1 nor tl_driver_v1; export "
                 "`const tl_workload tl_workload_v1` or `const tl_driver tl_driver_v1`",
                 path);
        goto done;
    }
    if (brings_workload) {
        found.workload = tl_workload_load(path, error, error_bytes);
        if (found.workload == NULL)
            goto done;
    }
    well = found.driver == NULL || driver_join(path, found.driver, error, error_bytes);
done:
    if (well)
        *plugin = found; /* the object stays: its tables are used until the process ends */
    else
        dlclose(object);
    return well;
}

tl_plugin tl_arguments_plugin(const struct argp_state *state, const char *path)
{
    char error[512] = "";
    tl_plugin plugin = {0};
    if (!tl_plugin_load(path, &plugin, error, sizeof error))
        argp_error(state, "%s", error);
    return plugin;
}
