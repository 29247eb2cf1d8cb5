/* harness/sweep/values.c -- see values.h. */
#include "harness/sweep/values.h"

#include "harness/driver.h"
#include "harness/drivers/drivers.h"
#include "harness/report/wholefile.h"
#include "tl/engine.h"
#include "workloads/catalogue.h"

#include <stdlib.h>
#include <string.h>

static const struct registry {
    const char *key;
    const char *const *(*names)(void);
} registries[] = {
    {"tree.split", tl_splits    },
    {"tree.fill",  tl_fills     },
    {"tree.leaf",  tl_leaf_modes},
};

const char *tl_sweep_value_at(const char *key, size_t index)
{
    if (strcmp(key, "workload") == 0) {
        const tl_catalogue_row *row = tl_catalogue_at(index);
        return row == NULL ? NULL : row->name;
    }
    for (size_t i = 0; i < sizeof registries / sizeof registries[0]; i++)
        if (strcmp(registries[i].key, key) == 0) {
            const char *const *names = registries[i].names();
            for (size_t n = 0; n < index && *names != NULL; n++)
                names++;
            return *names;
        }
    return NULL;
}

bool tl_sweep_is_driver(const char *name)
{
    return tl_driver_find(name) != NULL;
}

tl_status tl_sweep_hash_file(const char *path, char hash[TL_SPEC_HASH_BYTES])
{
    char *bytes = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, (size_t)1 << 20, &bytes, &size_bytes);
    if (status != TL_OK)
        return status;
    tl_json *document = tl_json_object_new();
    tl_json_add_text(document, "text", bytes);
    if (!tl_spec_hash(document, hash))
        status = TL_NO_MEMORY;
    tl_json_free(document);
    free(bytes);
    return status;
}
