/* A workload with sections, small enough to see through: "load" inserts records, "run" reads them
 * all, "verify" asks for nothing.  Sections are told by the setting "phases", their numbers of
 * operations by "SECTION.ops". */
#include "workloads/generator.h"
#include "workloads/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 32 };

typedef struct phased {
    tl_generator base;
    tl_records records;
    uint64_t loaded;
    char names[TL_PHASES_MAX][NAME_BYTES];
} phased;

static const tl_workload_option options[] = {
    {"phases",      "text",  "load,run", "",             "sections in their order"                  },
    {"value_bytes", "bytes", "20",       "0..1k",        "of each value"                            },
    {"*.ops",       "count", "100",      "1..1e6",       "of the section"                           },
    {"*.keys",      "law",   "uniform",  "uniform|zipf", "tells nothing here, but is judged in time"},
    {NULL,          NULL,    NULL,       NULL,           NULL                                       },
};

static void emit_load(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    phased *w = generator;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, TL_OP_PUT, 0, first + i, 0, &ops[i]);
}

static void emit_run(void *generator, uint64_t first, size_t count, tl_op *ops)
{
    phased *w = generator;
    for (size_t i = 0; i < count; i++)
        tl_records_op(&w->records, &w->base, i, TL_OP_GET, 0, (first + i) % w->loaded, 0, &ops[i]);
}

static const char *text_of(const tl_workload_spec *spec, const char *name, const char *fallback)
{
    for (size_t i = 0; i < spec->setting_count; i++)
        if (strcmp(spec->settings[i].name, name) == 0)
            fallback = spec->settings[i].value;
    return fallback;
}

static bool add_phase(phased *w, const tl_workload_spec *spec, const char *name, char *error,
                      size_t error_bytes)
{
    char key[2 * NAME_BYTES], *end;
    snprintf(key, sizeof key, "%s.keys", name);
    const char *keys = text_of(spec, key, text_of(spec, "keys", "uniform"));
    if (strcmp(keys, "uniform") != 0 && strcmp(keys, "zipf") != 0) {
        snprintf(error, error_bytes, "%s=%s is no law", key, keys);
        return false;
    }
    snprintf(key, sizeof key, "%s.ops", name);
    uint64_t ops = strtoull(text_of(spec, key, text_of(spec, "ops", "100")), &end, 10);
    bool load = strncmp(name, "load", 4) == 0, verify = strncmp(name, "verify", 6) == 0;
    w->loaded = load ? ops : w->loaded;
    tl_generator_phase(&w->base,
                       (tl_phase){.name = name,
                                  .ops = verify ? 0 : ops,
                                  .read_only = !load,
                                  .measured = !verify,
                                  .kind = verify ? TL_PHASE_VERIFY : TL_PHASE_OPS},
                       load ? emit_load : emit_run);
    return true;
}

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    phased *w = calloc(1, sizeof *w);
    (void)host;
    if (w == NULL || !tl_generator_open(&w->base, 16, 20)) {
        tl_generator_destroy(w);
        return NULL;
    }
    tl_records_init(&w->records, spec->seed, 16, false, 20, 20);
    const char *at = text_of(spec, "phases", "load,run");
    for (size_t i = 0; *at != '\0' && i < TL_PHASES_MAX; i++) {
        size_t bytes = strcspn(at, ",");
        snprintf(w->names[i], sizeof w->names[i], "%.*s", (int)bytes, at);
        if (!add_phase(w, spec, w->names[i], error, error_bytes)) {
            tl_generator_destroy(w);
            return NULL;
        }
        at += bytes + (at[bytes] == ',');
    }
    return w;
}

extern const tl_workload tl_workload_v1;
const tl_workload tl_workload_v1 = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof(tl_workload),
    .name = "phased",
    .summary = "sections for tests",
    .options = options,
    .create = create,
    TL_GENERATOR_FUNCTIONS,
};
