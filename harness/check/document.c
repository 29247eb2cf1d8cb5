/* harness/check/document.c -- see document.h. */
#include "harness/check/document.h"

static void add_variants(tl_json *crash, const tl_sweep_result *result)
{
    tl_json *variants = tl_json_add_array(crash, "variants");
    for (unsigned v = 0; v < TL_CRASH_VARIANT_COUNT; v++) {
        if (result->variants[v].states == 0 && result->variants[v].findings == 0)
            continue;
        tl_json *variant = tl_json_add_object(variants, NULL);
        tl_json_add_text(variant, "name", tl_crash_variant_at((tl_crash_variant)v)->name);
        tl_cell_add_total(variant, "states", result->variants[v].states);
        tl_json_add_count(variant, "findings", result->variants[v].findings);
    }
}

tl_json *tl_sweep_cell_json(const tl_cell_head *head, const tl_sweep_result *result)
{
    tl_trace_figures figures = {.io_ops = result->io_ops,
                                .commits = result->commits,
                                .writes = result->writes,
                                .syncs = result->syncs,
                                .counters = result->counters};
    tl_json *object = tl_cell_begin(head);
    tl_json *crash = tl_json_add_object(object, "crash");
    tl_cell_add_trace(crash, &figures);
    tl_json_add_count(crash, "points", result->points);
    tl_json_add_bool(crash, "complete", result->complete);
    tl_cell_add_total(crash, "states", result->states);
    tl_cell_add_total(crash, "distinct", result->distinct);
    tl_json_add_real(crash, "states_per_s", tl_sweep_rate(result->states, result->elapsed_ns));
    add_variants(crash, result);
    tl_cell_add_total(crash, "recovered", result->recovered);
    tl_cell_add_rules(crash, result->by_rule, result->findings);
    tl_cell_add_first_failure(crash, head);
    return object;
}
