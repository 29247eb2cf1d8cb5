/* harness/check/mutant_document.c -- see mutant_document.h. */
#include "harness/check/mutant_document.h"
#include "harness/check/document.h"
#include "harness/check/standard.h"
#include "harness/drivers/drivers.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 240, COMMAND_BYTES = 512 };

static void fill_result(const tl_mutant_trial *trial, tl_sweep_result *result)
{
    tl_crash_variant variant;
    uint64_t findings = tl_mutant_is_dead(trial->fate);
    *result = (tl_sweep_result){.states = trial->states,
                                .findings = findings,
                                .elapsed_ns = trial->elapsed_ns,
                                .complete = trial->complete};
    for (unsigned rule = 0; rule < TL_RULE_COUNT; rule++)
        if (findings != 0 && strcmp(tl_rule_name((tl_rule)rule), trial->rule) == 0)
            result->by_rule[rule] = findings;
    if (tl_crash_variant_find(trial->sweep->name, &variant))
        result->variants[variant] = (tl_sweep_variant){trial->states, findings};
}

static void add_mutant(tl_json *cell, const tl_mutant_task *task, const tl_mutant_trial *trial,
                       const char *names)
{
    const char *expected = tl_mutant_must_die(trial)    ? "found"
                           : tl_mutant_must_live(trial) ? "survives"
                                                        : "either";
    tl_json *mutant = tl_json_add_object(cell, "mutant");
    tl_json_add_text(mutant, "name", task->row == NULL ? NULL : task->row->name);
    tl_json_add_text(mutant, "awake", names);
    tl_json_add_text(mutant, "must_be_found_by",
                     task->row == NULL ? NULL : tl_finder_name(task->row->finder));
    tl_json_add_text(mutant, "sweep", trial->sweep->name);
    tl_json_add_text(mutant, "finder", tl_finder_name(trial->sweep->finder));
    tl_json_add_count(mutant, "stride", trial->stride);
    tl_json_add_text(mutant, "expected", expected);
    tl_json_add_text(mutant, "fate", tl_mutant_fate_name(trial->fate));
    tl_json_add_text(mutant, "verdict", tl_mutant_verdict_name(task->verdict));
    tl_json_add_bool(mutant, "reached", trial->reached);
    tl_json_add_count(mutant, "elapsed_ns", trial->elapsed_ns);
    tl_json_add_text(mutant, "text", trial->text[0] == '\0' ? NULL : trial->text);
}

tl_json *tl_mutant_cell_json(const tl_mutant_task *task, const tl_mutant_trial *trial,
                             uint64_t order)
{
    char names[TL_MUTANT_NAME_MAX], id[ID_BYTES], command[COMMAND_BYTES];
    const tl_recording_spec spec = {.driver = &tl_driver_tree,
                                    .durability = TL_DURABILITY_COMMIT,
                                    .page_bytes = TL_STANDARD_PAGE_BYTES,
                                    .seed = TL_STANDARD_SEED,
                                    .commits = TL_STANDARD_COMMITS};
    tl_sweep_result result;
    tl_crash_variant variant;
    tl_mutant_trial_names(trial, names);
    const char *who = names[0] == '\0' ? "none" : names;
    snprintf(id, sizeof id, "mutant/%s/%s", who, trial->sweep->name);
    bool crash = tl_crash_variant_find(trial->sweep->name, &variant);
    snprintf(command, sizeof command, "treelab-mutants crash %s--mutant %s%s%s",
             crash ? "" : "mutants ", who, crash && trial->where[0] != '\0' ? " --repro " : "",
             crash ? trial->where : "");
    fill_result(trial, &result);
    tl_cell_head cell = {
        .id = id,
        .label = "tree",
        .order = order,
        .spec = &spec,
        .findings = tl_mutant_is_dead(trial->fate),
        .error = trial->text,
        .status = trial->fate == TL_MUTANT_UNFIT ? TL_NO_MEMORY : TL_OK,
    };
    if (tl_mutant_is_dead(trial->fate)) {
        cell.first_case = trial->where[0] != '\0' ? trial->where : trial->sweep->name;
        cell.first_rule = trial->rule[0] != '\0' ? trial->rule : tl_mutant_fate_name(trial->fate);
        cell.first_command = command;
    }
    tl_json *object = tl_sweep_cell_json(&cell, &result);
    add_mutant(object, task, trial, who);
    return object;
}
