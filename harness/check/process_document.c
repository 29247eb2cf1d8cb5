/* harness/check/process_document.c -- a run of killed processes as a cell of the result file. */
#include "harness/check/process_document.h"

static void add_variant(tl_json *variants, const char *name, const tl_process_sum *sum)
{
    if (sum->states == 0 && sum->findings == 0)
        return;
    tl_json *variant = tl_json_add_object(variants, NULL);
    tl_json_add_text(variant, "name", name);
    tl_cell_add_total(variant, "states", sum->states);
    tl_json_add_count(variant, "findings", sum->findings);
}

tl_json *tl_process_cell_json(const tl_cell_head *head, const tl_process_result *result)
{
    tl_trace_figures figures = {.io_ops = (size_t)result->io_ops,
                                .commits = (size_t)result->commits,
                                .writes = result->writes,
                                .syncs = result->syncs,
                                .counters = result->counters};
    uint64_t states = result->kills.states + result->scenes.states;
    tl_json *object = tl_cell_begin(head);
    tl_json *crash = tl_json_add_object(object, "crash");
    tl_cell_add_trace(crash, &figures);
    tl_json_add_count(crash, "points", result->points);
    tl_json_add_bool(crash, "complete", result->complete);
    tl_cell_add_total(crash, "states", states);
    tl_cell_add_total(crash, "distinct", result->distinct);
    tl_json_add_real(crash, "states_per_s", tl_cell_rate(states, result->elapsed_ns));
    tl_json *variants = tl_json_add_array(crash, "variants");
    add_variant(variants, "process_killed", &result->kills);
    add_variant(variants, "scenes", &result->scenes);
    tl_cell_add_total(crash, "recovered", result->recovered);
    tl_cell_add_rules(crash, result->by_rule, result->findings);
    tl_cell_add_first_failure(crash, head);
    return object;
}
