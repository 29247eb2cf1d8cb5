/* workloads/load.c -- workloads from shared objects.
 *
 * What a plug-in exports is input: its version, its size and each function pointer are checked
 * before anyone calls it.
 */
#include "workloads/registry.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char symbol_name[] = "tl_workload_v1";

/* Write the message, release the object, and be the NULL that the caller returns. */
static const tl_workload *refuse(void *object, char *error, size_t error_bytes, const char *format,
                                 ...) __attribute__((format(printf, 4, 5)));
static const tl_workload *refuse(void *object, char *error, size_t error_bytes, const char *format,
                                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL && error_bytes > 0) /* before dlclose: the text may quote the object */
        vsnprintf(error, error_bytes, format, arguments);
    va_end(arguments);
    if (object != NULL)
        dlclose(object);
    return NULL;
}

/* dlopen searches the system's library path for a name without a slash; users mean a file here. */
static void *object_open(const char *path)
{
    if (strchr(path, '/') != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    size_t local_bytes = strlen(path) + sizeof "./";
    char *local = malloc(local_bytes);
    if (local == NULL)
        return NULL;
    snprintf(local, local_bytes, "./%s", path);
    void *object = dlopen(local, RTLD_NOW | RTLD_LOCAL);
    free(local);
    return object;
}

void *tl_plugin_open(const char *path, char *error, size_t error_bytes)
{
    void *object = object_open(path);
    if (object == NULL) {
        const char *reason = dlerror();
        refuse(NULL, error, error_bytes, "cannot load plug-in %s: %s", path,
               reason != NULL ? reason : "out of memory");
    }
    return object;
}

static bool registered(const tl_workload *workload)
{
    for (size_t i = 0; i < tl_workload_count(); i++)
        if (tl_workload_at(i) == workload)
            return true;
    return false;
}

const tl_workload *tl_workload_load(const char *path, char *error, size_t error_bytes)
{
    void *object = tl_plugin_open(path, error, error_bytes);
    if (object == NULL)
        return NULL;
    const tl_workload *workload = dlsym(object, symbol_name);
    if (workload == NULL)
        return refuse(object, error, error_bytes,
                      "plug-in %s has no symbol %s; export `const tl_workload %s`", path,
                      symbol_name, symbol_name);
    if (workload->abi != TL_WORKLOAD_ABI)
        return refuse(object, error, error_bytes,
                      "plug-in %s speaks workload ABI %u and this program %d; rebuild it", path,
                      (unsigned)workload->abi, TL_WORKLOAD_ABI);
    if (workload->size_bytes < sizeof *workload)
        return refuse(object, error, error_bytes,
                      "plug-in %s gives a tl_workload of %u bytes, at least %zu are needed; set "
                      "size_bytes to sizeof(tl_workload)",
                      path, (unsigned)workload->size_bytes, sizeof *workload);
    if (workload->name == NULL || workload->name[0] == '\0' || workload->summary == NULL ||
        workload->create == NULL || workload->destroy == NULL || workload->phases == NULL ||
        workload->start == NULL || workload->next_n == NULL || workload->note == NULL)
        return refuse(
            object, error, error_bytes,
            "plug-in %s leaves a field of its tl_workload empty; only options and start_share "
            "may be",
            path);
    if (registered(workload)) /* the same file again */
        return workload;
    if (tl_workload_find(workload->name) != NULL)
        return refuse(object, error, error_bytes,
                      "plug-in %s calls itself '%s', which another workload is called; rename it",
                      path, workload->name);
    if (!tl_registry_add(workload))
        return refuse(object, error, error_bytes,
                      "plug-in %s: %d are loaded, the most there can be", path, TL_PLUGINS_MAX);
    return workload;
}
