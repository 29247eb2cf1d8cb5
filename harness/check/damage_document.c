/* harness/check/damage_document.c -- see damage_document.h. */
#include "harness/check/damage_document.h"
#include "harness/check/document_cell.h"

/* Each outcome that there is; returns their sum. */
static uint64_t add_outcomes(tl_json *object, const uint64_t counts[TL_DAMAGE_OUTCOME_COUNT])
{
    tl_json *outcomes = tl_json_add_object(object, "outcomes");
    uint64_t sum = 0;
    for (unsigned o = TL_DAMAGE_UNCHANGED + 1; o < TL_DAMAGE_OUTCOME_COUNT; o++) {
        tl_json_add_count(outcomes, tl_damage_outcome_name((tl_damage_outcome)o), counts[o]);
        sum += counts[o];
    }
    return sum;
}

static void add_kinds(tl_json *damage, const tl_damage_cell *cell)
{
    tl_json *kinds = tl_json_add_array(damage, "kinds");
    for (unsigned k = 0; k < TL_DAMAGE_KIND_COUNT; k++) {
        uint64_t counts[TL_DAMAGE_OUTCOME_COUNT] = {0};
        if (!cell->options->kinds[k])
            continue;
        for (unsigned r = 0; r < TL_DAMAGE_REGION_COUNT; r++)
            for (unsigned o = 0; o < TL_DAMAGE_OUTCOME_COUNT; o++)
                counts[o] += cell->result->counts[k][r][o];
        tl_json *kind = tl_json_add_object(kinds, NULL);
        tl_json_add_text(kind, "name", tl_damage_kind_name((tl_damage_kind)k));
        tl_json_add_count(kind, "cases", cell->result->totals[k]);
        tl_json_add_count(kind, "states", add_outcomes(kind, counts));
    }
}

static void add_paths(tl_json *region, const tl_damage_asked paths[TL_DAMAGE_PATH_COUNT])
{
    tl_json *list = tl_json_add_array(region, "paths");
    for (unsigned p = 0; p < TL_DAMAGE_PATH_COUNT; p++) {
        double low, high;
        if (paths[p].asked == 0)
            continue;
        tl_damage_interval(paths[p].noticed, paths[p].asked, &low, &high);
        tl_json *path = tl_json_add_object(list, NULL);
        tl_json_add_text(path, "name", tl_damage_path_name((tl_damage_path)p));
        tl_json_add_count(path, "asked", paths[p].asked);
        tl_json_add_count(path, "noticed", paths[p].noticed);
        tl_json_add_real(path, "share_low", low);
        tl_json_add_real(path, "share_high", high);
    }
}

static void add_regions(tl_json *damage, const tl_damage_result *result)
{
    tl_json *regions = tl_json_add_array(damage, "regions");
    for (unsigned r = 0; r < TL_DAMAGE_REGION_COUNT; r++) {
        uint64_t counts[TL_DAMAGE_OUTCOME_COUNT] = {0};
        if (result->live_bytes[r] + result->dead_bytes[r] == 0)
            continue;
        for (unsigned o = 0; o < TL_DAMAGE_OUTCOME_COUNT; o++)
            counts[o] = tl_damage_count_of(result, (tl_damage_region)r, (tl_damage_outcome)o);
        tl_json *region = tl_json_add_object(regions, NULL);
        tl_json_add_text(region, "name", tl_damage_region_name((tl_damage_region)r));
        tl_json_add_count(region, "live_bytes", result->live_bytes[r]);
        tl_json_add_count(region, "dead_bytes", result->dead_bytes[r]);
        uint64_t states = add_outcomes(region, counts);
        tl_json_add_count(region, "states", states);
        double low, high;
        tl_damage_interval(counts[TL_DAMAGE_SILENT_WRONG], states, &low, &high);
        bool none = result->exhaustive && result->complete && counts[TL_DAMAGE_SILENT_WRONG] == 0;
        tl_json_add_real(region, "silent_wrong_share_max", none ? 0 : high);
        add_paths(region, result->paths[r]);
    }
}

tl_json *tl_damage_cell_json(const tl_damage_cell *cell)
{
    const tl_damage_options *options = cell->options;
    const tl_damage_result *result = cell->result;
    tl_recording_spec spec = {
        .driver = options->driver,
        .settings = options->settings,
        .setting_count = options->setting_count,
        .durability = options->durability,
        .page_bytes = options->page_bytes,
        .seed = options->seed,
        .commits = options->commits,
    };
    tl_cell_head head = {
        .kind = "fault",
        .id = cell->id,
        .label = cell->label,
        .order = cell->order,
        .spec = &spec,
        .findings = result->findings,
        .status = cell->status,
        .error = result->error,
        .first_case = cell->first_case,
        .first_rule = cell->first_outcome,
        .first_command = cell->first_command,
    };
    tl_json *object = tl_cell_begin(&head);
    tl_json *damage = tl_json_add_object(object, "damage");
    tl_json_add_text(damage, "image", options->clean ? "clean" : "crash");
    tl_json_add_count(damage, "pages", result->pages);
    tl_json_add_count(damage, "image_bytes", result->image_bytes);
    tl_json_add_count(damage, "commit", result->commit);
    tl_json_add_count(damage, "flushes", result->flushes);
    tl_json_add_bool(damage, "complete", result->complete);
    tl_json_add_bool(damage, "exhaustive", result->exhaustive);
    tl_json_add_count(damage, "sample", options->sample);
    tl_json_add_count(damage, "states", result->states);
    tl_json_add_count(damage, "unchanged", result->unchanged);
    tl_json_add_real(damage, "states_per_s", tl_cell_rate(result->states, result->elapsed_ns));
    tl_json_add_count(damage, "elapsed_ns", result->elapsed_ns);
    tl_json_add_count(damage, "cpu_ns", result->cpu_ns);
    add_outcomes(damage, result->by_outcome);
    tl_json_add_count(damage, "findings", result->findings);
    add_kinds(damage, cell);
    add_regions(damage, result);
    tl_cell_add_first_failure(damage, &head);
    return object;
}
