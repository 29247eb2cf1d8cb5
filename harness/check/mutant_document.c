/* harness/check/mutant_document.c -- see mutant_document.h. */
#include "harness/check/mutant_document.h"
#include "harness/check/document_cell.h"
#include "harness/check/standard.h"
#include "harness/drivers/drivers.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 240, COMMAND_BYTES = 1024 };

static void add_crash(tl_json *cell, const tl_cell_head *head, const tl_mutant_trial *trial)
{
    uint64_t by_rule[TL_RULE_COUNT] = {0};
    tl_trace_figures figures = {.commits = head->spec->commits};
    for (unsigned rule = 0; rule < TL_RULE_COUNT; rule++)
        if (head->findings != 0 && strcmp(tl_rule_name((tl_rule)rule), trial->rule) == 0)
            by_rule[rule] = head->findings;
    tl_json *crash = tl_json_add_object(cell, "crash");
    tl_cell_add_trace(crash, &figures);
    tl_json_add_count(crash, "points", 0);
    tl_json_add_bool(crash, "complete", trial->complete);
    tl_cell_add_total(crash, "states", trial->states);
    tl_cell_add_total(crash, "distinct", 0);
    tl_json_add_real(crash, "states_per_s", tl_cell_rate(trial->states, trial->elapsed_ns));
    tl_cell_add_total(crash, "recovered", 0);
    tl_cell_add_rules(crash, by_rule, head->findings);
    tl_cell_add_first_failure(crash, head);
}

static void add_mutant(tl_json *cell, const tl_mutant_task *task, const tl_mutant_trial *trial,
                       const char *names)
{
    const char *expected = tl_mutant_must_die(trial)    ? "found"
                           : tl_mutant_must_live(trial) ? "survives"
                                                        : "either";
    const tl_mutant_note *note = tl_mutant_task_note(task);
    bool told = note != NULL && note->finder == trial->sweep->finder;
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
    tl_json_add_text(mutant, "note", told ? note->text : NULL);
}

/* How to see it again.  The enumeration names its states by ids that `replay` takes; the others
 * are run again. */
static void command_of(const tl_mutant_trial *trial, const char *who, char text[COMMAND_BYTES])
{
    bool crash = trial->sweep->finder <= TL_FINDER_NESTED_CRASH && trial->fate == TL_MUTANT_FOUND &&
                 strncmp(trial->where, "tree", 4) == 0;
    if (crash)
        snprintf(text, COMMAND_BYTES, "treelab-mutants crash replay '%s' --mutant %s", trial->where,
                 who);
    else
        snprintf(text, COMMAND_BYTES, "treelab-mutants crash mutants --mutant %s", who);
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
    tl_mutant_trial_names(trial, names);
    const char *who = names[0] == '\0' ? "none" : names;
    snprintf(id, sizeof id, "mutant/%s/%s", who, trial->sweep->name);
    command_of(trial, who, command);
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
    tl_json *object = tl_cell_begin(&cell);
    add_crash(object, &cell, trial);
    add_mutant(object, task, trial, who);
    return object;
}
