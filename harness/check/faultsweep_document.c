/* harness/check/faultsweep_document.c -- see faultsweep_document.h. */
#include "harness/check/faultsweep_document.h"

static void add_class(tl_json *list, const tl_fault_class *row, const tl_fault_tally *tally)
{
    tl_json *class_ = tl_json_add_object(list, NULL);
    tl_json_add_text(class_, "name", row->name);
    tl_json_add_text(class_, "error", row->error);
    tl_json_add_count(class_, "points", tally->points);
    tl_json_add_count(class_, "injected", tally->injected);
    tl_json_add_count(class_, "states", tally->states);
    tl_json *outcomes = tl_json_add_object(class_, "outcomes");
    for (unsigned i = 0; i < TL_FAULT_POLICY_COUNT; i++)
        tl_json_add_count(outcomes, tl_fault_policy_name((tl_fault_policy)i), tally->by_policy[i]);
    tl_json_add_text(class_, "policy",
                     tally->points == 0 ? NULL
                                        : tl_fault_policy_name(tl_fault_tally_policy(tally)));
    tl_json_add_count(class_, "findings", tally->findings);
    tl_json_add_bool(class_, "complete", tally->complete);
}

tl_json *tl_faultsweep_cell_json(const tl_cell_head *given, const tl_faultsweep_options *options,
                                 const tl_faultsweep_result *result)
{
    const tl_recording_spec spec = {
        .driver = options->driver,
        .settings = options->settings,
        .setting_count = options->setting_count,
        .durability = options->durability,
        .page_bytes = options->page_bytes,
        .seed = options->seed,
        .commits = options->commits,
    };
    tl_cell_head head = *given;
    head.kind = "fault";
    head.spec = &spec;
    head.findings = result->findings;
    head.error = result->error;
    tl_json *object = tl_cell_begin(&head);
    tl_json *fault = tl_json_add_object(object, "fault");
    tl_json_add_count(fault, "commits", result->commits);
    tl_json_add_count(fault, "io_ops", result->io_ops);
    tl_json_add_count(fault, "grown_bytes", result->grown_bytes);
    tl_json_add_count(fault, "points", result->points);
    tl_json_add_count(fault, "injected", result->injected);
    tl_json_add_count(fault, "states", result->states);
    tl_json_add_count(fault, "elapsed_ns", result->elapsed_ns);
    tl_json_add_bool(fault, "complete", result->complete);
    tl_json_add_count(fault, "findings", result->findings);
    tl_json *list = tl_json_add_array(fault, "classes");
    for (size_t i = 0; i < tl_fault_class_count(); i++)
        if (options->classes[i] || result->classes[i].points != 0)
            add_class(list, tl_fault_class_at(i), &result->classes[i]);
    tl_cell_add_first_failure(fault, &head);
    return object;
}
