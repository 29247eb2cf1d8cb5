/* harness/cli/cmd_crash_faults.c -- `treelab crash faults`: every call of a run fails, one after
 * the other, under each protocol and durability. */
#include "harness/cli/cmd_crash_faults.h"

#include "harness/check/faultsweep_document.h"
#include "harness/cli/cmd_crash.h"
#include "harness/cli/crash_result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS_MAX = TL_CHOICE_MAX + TL_STANDARD_SETTINGS, ID_BYTES = 200, COMMAND_BYTES = 400 };

typedef struct faults_cell { /* the one being swept */
    const char *protocol;
    tl_durability durability;
    tl_standard_settings standard;
    tl_driver_setting settings[SETTINGS_MAX]; /* the standard ones, then the user's, which win */
    size_t setting_count;
    char id[ID_BYTES];
    uint64_t told;
    char first_case[TL_FAULT_CASE_TEXT_MAX], first_rule[32], first_command[COMMAND_BYTES];
} faults_cell;

typedef struct faults_march { /* from cell to cell */
    const tl_faults_request *request;
    tl_result *result; /* NULL: nothing is written */
    tl_arena *arena;
    tl_progress *progress;
    FILE *table;
    faults_cell cell;
    size_t cells_done;
    /* the table: durabilities added up */
    tl_fault_tally tallies[TL_STANDARD_PROTOCOLS][TL_FAULT_CLASS_MAX];
    uint64_t points, injected, states, findings, elapsed_ns, failed_cells;
    bool incomplete;
    tl_status failure;
} faults_march;

enum { TOLD_MAX = 5 }; /* findings of a cell that are told in full */

static void tell_finding(void *context, const tl_fault_finding *finding)
{
    faults_march *march = context;
    faults_cell *cell = &march->cell;
    const tl_faults_request *request = march->request;
    char where[TL_FAULT_CASE_TEXT_MAX], command[COMMAND_BYTES];
    if (cell->told++ >= TOLD_MAX)
        return;
    tl_fault_case_print(&finding->where, where);
    snprintf(command, sizeof command,
             "treelab crash faults --driver %s --page-size %" PRIu32 " --seed %" PRIu64
             " --ops %" PRIu64 " --commit %s --durability %s --only %s",
             request->choice.arms[0].label, request->page_bytes, request->seed, request->commits,
             cell->protocol, tl_run_durability_name(cell->durability), where);
    tl_complain("crash faults", "finding: %s: %s: %s (%s)", cell->id, where, finding->rule,
                finding->text);
    tl_complain("crash faults", "see it again: %s", command);
    if (cell->first_case[0] != '\0')
        return;
    snprintf(cell->first_case, sizeof cell->first_case, "%s", where);
    snprintf(cell->first_rule, sizeof cell->first_rule, "%s", finding->rule);
    snprintf(cell->first_command, sizeof cell->first_command, "%s", command);
}

static void show_step(void *context, size_t class_index)
{
    faults_march *march = context;
    char step[ID_BYTES + 32];
    const tl_fault_class *row = tl_fault_class_at(class_index);
    snprintf(step, sizeof step, "%s %s %s", march->cell.id, row->name, row->error);
    tl_progress_update(march->progress, march->cells_done * tl_fault_class_count() + class_index,
                       step);
}

static void tally_add(tl_fault_tally *to, const tl_fault_tally *from)
{
    to->points += from->points;
    to->injected += from->injected;
    to->states += from->states;
    to->findings += from->findings;
    for (unsigned i = 0; i < TL_FAULT_POLICY_COUNT; i++)
        to->by_policy[i] += from->by_policy[i];
}

static void keep_cell(faults_march *march, size_t protocol, const tl_faultsweep_options *options,
                      const tl_faultsweep_result *result, tl_status status)
{
    const faults_cell *cell = &march->cell;
    bool found = cell->first_case[0] != '\0';
    const tl_cell_head head = {
        .id = cell->id,
        .label = march->request->choice.arms[0].label,
        .order = march->cells_done,
        .status = status,
        .first_case = found ? cell->first_case : NULL,
        .first_rule = cell->first_rule,
        .first_command = cell->first_command,
    };
    if (march->result != NULL)
        tl_result_add_cell(march->result, tl_faultsweep_cell_json(&head, options, result));
    for (size_t i = 0; i < tl_fault_class_count(); i++)
        tally_add(&march->tallies[protocol][i], &result->classes[i]);
    march->points += result->points;
    march->injected += result->injected;
    march->states += result->states;
    march->findings += result->findings;
    march->elapsed_ns += result->elapsed_ns;
    march->failed_cells += status != TL_OK || result->findings != 0;
    march->incomplete = march->incomplete || !result->complete;
}

static void sweep_cell(faults_march *march, size_t protocol)
{
    const tl_faults_request *request = march->request;
    faults_cell *cell = &march->cell;
    tl_faultsweep_options options = {
        .driver = request->choice.arms[0].driver,
        .settings = cell->settings,
        .setting_count = cell->setting_count,
        .durability = cell->durability,
        .page_bytes = request->page_bytes,
        .seed = request->seed,
        .commits = (size_t)request->commits,
        .only = request->only_text != NULL ? &request->only : NULL,
        .stride = request->stride,
        .arena = march->arena,
        .stop = tl_interrupted,
        .on_progress = show_step,
        .on_finding = tell_finding,
        .context = march,
    };
    memcpy(options.classes, request->classes, sizeof options.classes);
    if (request->budget_ns != 0)
        options.budget_ns =
            request->budget_ns > march->elapsed_ns ? request->budget_ns - march->elapsed_ns : 1;
    tl_faultsweep_result result;
    tl_status status = tl_faultsweep_run(&options, &result);
    bool out_of_reach = request->only_text != NULL && status == TL_INVALID;
    if (status != TL_OK && !out_of_reach) {
        tl_complain("crash faults", "%s: %s", cell->id, result.error);
        march->failure = march->failure == TL_OK ? status : march->failure;
    }
    if (!out_of_reach) /* another cell may come that far */
        keep_cell(march, protocol, &options, &result, status);
}

static void choose_cell(faults_march *march, size_t protocol, tl_durability durability)
{
    faults_cell *cell = &march->cell;
    const tl_faults_request *request = march->request;
    const tl_run_arm *arm = &request->choice.arms[0];
    *cell = (faults_cell){.protocol = request->protocols[protocol], .durability = durability};
    snprintf(cell->id, sizeof cell->id, "fault/%s/%s/%s", arm->label, cell->protocol,
             tl_run_durability_name(durability));
    tl_standard_settings_fill(&cell->standard, cell->protocol, request->page_bytes);
    for (size_t i = 0; i < TL_STANDARD_SETTINGS; i++)
        cell->settings[cell->setting_count++] = cell->standard.settings[i];
    for (size_t i = 0; i < arm->setting_count; i++)
        cell->settings[cell->setting_count++] = arm->settings[i];
}

static void print_table(const faults_march *march)
{
    fprintf(march->table, "%-10s %-9s %-8s %7s %9s %9s %9s %8s %7s %6s %7s  %s\n", "class", "error",
            "protocol", "points", "injected", "absorbed", "reopened", "retried", "sticky", "abort",
            "unsafe", "policy");
    for (size_t i = 0; i < tl_fault_class_count(); i++)
        for (size_t p = 0; p < march->request->protocol_count; p++) {
            const tl_fault_class *row = tl_fault_class_at(i);
            const tl_fault_tally *tally = &march->tallies[p][i];
            if (tally->points == 0)
                continue;
            const uint64_t *by = tally->by_policy;
            fprintf(march->table,
                    "%-10s %-9s %-8s %7" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %8" PRIu64
                    " %7" PRIu64 " %6" PRIu64 " %7" PRIu64 "  %s\n",
                    row->name, row->error, march->request->protocols[p], tally->points,
                    tally->injected, by[TL_FAULT_POLICY_ABSORBED], by[TL_FAULT_POLICY_REOPEN_SAFE],
                    by[TL_FAULT_POLICY_RETRY_SAFE], by[TL_FAULT_POLICY_STICKY_READ_ONLY],
                    by[TL_FAULT_POLICY_ABORT], by[TL_FAULT_POLICY_UNSAFE],
                    tl_fault_policy_name(tl_fault_tally_policy(tally)));
        }
    fprintf(march->table,
            "%" PRIu64 " runs with a fault, %" PRIu64 " calls refused, %" PRIu64
            " stores inspected afterwards, %" PRIu64 " findings, %.1f s%s\n",
            march->points, march->injected, march->states, march->findings,
            (double)march->elapsed_ns / 1e9, march->incomplete ? " (not every run was made)" : "");
}

static void march_all(faults_march *march)
{
    const tl_faults_request *request = march->request;
    size_t cell_count = request->protocol_count * request->durability_count;
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &march->arena) != TL_OK)
        march->arena = NULL; /* each open then makes its own: slower, not wrong */
    march->progress = tl_progress_begin("crash faults", cell_count * tl_fault_class_count(),
                                        request->quiet || request->only_text != NULL);
    for (size_t p = 0; p < request->protocol_count; p++)
        for (size_t d = 0; d < request->durability_count && !tl_interrupted(); d++) {
            choose_cell(march, p, request->durabilities[d]);
            sweep_cell(march, p);
            march->cells_done++;
        }
    tl_progress_end(march->progress);
    tl_arena_destroy(march->arena);
    print_table(march);
}

typedef struct ending {
    tl_result_status status;
    int exit_code;
} ending;

static ending how_it_ended(const faults_march *march)
{
    if (tl_interrupted())
        return (ending){TL_RESULT_ABORTED, TL_EXIT_INTERRUPTED};
    if (march->findings > 0)
        return (ending){TL_RESULT_CRASH_FAILED, TL_EXIT_WRONG};
    if (march->failure != TL_OK)
        return (ending){TL_RESULT_INVALID, tl_exit_code(march->failure)};
    if (march->points == 0)
        return (ending){TL_RESULT_INVALID, TL_EXIT_NOTHING};
    return (ending){TL_RESULT_OK, TL_EXIT_OK};
}

static int begin_result(faults_march *march, int argc, char **argv)
{
    const tl_faults_request *request = march->request;
    if (request->only_text != NULL && request->json_path == NULL)
        return TL_EXIT_OK; /* looking at one run again leaves nothing behind */
    const tl_crash_frame frame = {.command = "crash faults",
                                  .argc = argc,
                                  .argv = argv,
                                  .out_dir = TL_RESULT_OUT_DIR,
                                  .json_path = request->json_path};
    return tl_crash_result_begin(
        &frame, tl_crash_options_json(request->commits, request->seed, request->page_bytes),
        &march->result);
}

static int finish_result(faults_march *march)
{
    ending end = how_it_ended(march);
    if (end.exit_code == TL_EXIT_NOTHING)
        tl_complain("crash faults", "nothing failed: the history does not come so far; give it "
                                    "more commits with --ops, or another --class");
    else if (end.exit_code == TL_EXIT_INTERRUPTED)
        tl_complain("crash faults", "interrupted after %" PRIu64 " runs; what was found is kept",
                    march->points);
    const tl_result_summary summary = {.failed = march->failed_cells,
                                       .states = march->states,
                                       .states_per_s = (double)NAN,
                                       .findings = march->findings};
    return tl_crash_result_end("crash faults", march->result, &summary, end.status, end.exit_code,
                               march->table);
}

int tl_cmd_crash_faults(int argc, char **argv)
{
    static tl_faults_request request; /* large; zero at the start, used once per process */
    static faults_march march = {.request = &request};
    static char name[] = "crash faults";
    char *word = argv[0];
    argv[0] = name; /* what messages are signed with */
    int exit_code = tl_faults_request_parse(argc, argv, &request);
    argv[0] = word;
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    bool json_on_stdout = request.json_path != NULL && strcmp(request.json_path, "-") == 0;
    march.table = json_on_stdout ? stderr : stdout;
    tl_catch_interrupt();
    exit_code = begin_result(&march, argc + 1, argv - 1);
    if (exit_code == TL_EXIT_OK) {
        march_all(&march);
        exit_code = finish_result(&march);
    }
    tl_result_free(march.result);
    return exit_code;
}
