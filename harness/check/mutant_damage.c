/* harness/check/mutant_damage.c -- damage to a store's bytes as a sweep at seeded bugs. */
#include "harness/check/mutant_parts.h"
#include "harness/check/standard.h"
#include "harness/drivers/drivers.h"

#include <stdio.h>
#include <string.h>

enum { COMMITS = 48, GLANCE_SAMPLE = 256 };

typedef struct image { /* the one being damaged */
    tl_probe *probe;
    const char *protocol;
    bool clean;
} image;

static const char *image_name(const image *at)
{
    return at->clean ? "clean" : "crash";
}

static void note(void *context, const tl_damage_finding *finding)
{
    const image *at = context;
    char where[TL_PROBE_WHERE_BYTES];
    snprintf(where, sizeof where, "%s/%s/%s", at->protocol, image_name(at), finding->text);
    tl_probe_found(at->probe, where, tl_damage_outcome_name(finding->verdict.outcome),
                   finding->verdict.text);
}

static uint64_t cases_of_a_kind(const tl_mutant_damage_plan *plan, unsigned stride)
{
    uint64_t sample = plan->sample == 0 && stride > 1 ? GLANCE_SAMPLE : plan->sample;
    return sample == 0 ? 0 : 1 + (sample - 1) / stride;
}

static bool look_at(image *at, const tl_mutant_damage_plan *plan, tl_arena *arena)
{
    static tl_damage_result result; /* large */
    tl_standard_settings standard;
    tl_standard_settings_fill(&standard, at->protocol, TL_STANDARD_PAGE_BYTES);
    tl_damage_options options = {
        .driver = &tl_driver_tree,
        .settings = standard.settings,
        .setting_count = TL_STANDARD_SETTINGS,
        .durability = TL_DURABILITY_COMMIT,
        .page_bytes = TL_STANDARD_PAGE_BYTES,
        .pages = plan->pages,
        .clean = at->clean,
        .seed = TL_STANDARD_SEED,
        .commits = plan->pages > COMMITS ? plan->pages : COMMITS,
        .sample = cases_of_a_kind(plan, at->probe->stride),
        .arena = arena,
        .stop = tl_mutant_is_found,
        .on_finding = note,
        .context = at,
    };
    memcpy(options.kinds, plan->kinds, sizeof options.kinds);
    tl_status status = tl_damage_run(&options, &result);
    atomic_fetch_add(&at->probe->states, result.states);
    if (status == TL_NO_MEMORY)
        tl_probe_unfit(at->probe, result.error);
    else if (status != TL_OK) /* the store did not even get to the image */
        tl_probe_found(at->probe, at->protocol, "history", result.error);
    return status == TL_OK && !at->probe->found;
}

void tl_mutant_damage(tl_probe *probe)
{
    const tl_mutant_damage_plan *plan = probe->sweep->what;
    tl_arena *arena = tl_mutant_arena(probe);
    bool good = arena != NULL;
    for (size_t p = 0; p < TL_STANDARD_PROTOCOLS && good; p++)
        for (int clean = 1; clean >= 0 && good; clean--) {
            image at = {probe, tl_standard_protocols[p], clean != 0};
            good = look_at(&at, plan, arena);
        }
    probe->complete = good;
    tl_arena_destroy(arena);
}
