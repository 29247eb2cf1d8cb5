/* harness/cli/cmd_crash_processes.c -- `treelab crash processes`: each store, protocol and
 * durability is one row of the table and one cell of the result. */
#define _GNU_SOURCE /* mkdtemp */
#include "harness/cli/cmd_crash_processes.h"

#include "harness/check/process_document.h"
#include "harness/cli/cmd_crash.h"
#include "harness/cli/crash_result.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND "crash processes"
enum { SETTINGS_MAX = TL_CHOICE_MAX + TL_STANDARD_SETTINGS, ID_BYTES = 200, STEPS_PER_CELL = 100 };

typedef struct cell { /* the one whose processes are being killed */
    const tl_run_arm *arm;
    const char *protocol;
    tl_durability durability;
    tl_standard_settings standard;
    tl_driver_setting settings[SETTINGS_MAX]; /* the standard ones, then the user's, which win */
    size_t setting_count;
    char id[ID_BYTES];
    char first_case[ID_BYTES], first_rule[TL_PROCESS_RULE_MAX], first_command[TL_CRASH_TEXT_BYTES];
} cell;

typedef struct campaign {
    const tl_processes_request *request;
    tl_result *result;  /* NULL: nothing is written */
    FILE *table, *rows; /* rows: printed when the progress bar is gone */
    tl_progress *progress;
    char dir[TL_PROCESSES_DIR_BYTES];
    cell cell;
    size_t cell_count, cells_done;
    uint64_t states, elapsed_ns, findings, failed_cells;
    tl_status failure; /* of the first cell that could not be done */
} campaign;

static void show_step(void *context, uint64_t point, uint64_t point_count)
{
    campaign *now = context;
    tl_progress_update(now->progress,
                       now->cells_done * STEPS_PER_CELL + STEPS_PER_CELL * point / point_count,
                       now->cell.id);
}

/* Each finding, with the command that brings it back. */
static void tell_finding(void *context, const tl_process_finding *finding)
{
    campaign *now = context;
    const tl_processes_request *request = now->request;
    char where[TL_PROCESS_CASE_MAX], name[ID_BYTES], command[TL_CRASH_TEXT_BYTES];
    tl_process_case_print(&finding->where, where);
    snprintf(name, sizeof name, "%s/%s/%s", now->cell.protocol,
             tl_run_durability_name(now->cell.durability), where);
    snprintf(command, sizeof command,
             "treelab " COMMAND " --driver %s --history %s --page-size %" PRIu32 " --seed %" PRIu64
             " --ops %" PRIu64 " --readers %u --only %s",
             now->cell.arm->label, request->history->name, request->page_bytes, request->seed,
             request->commits, request->readers, name);
    tl_complain(COMMAND, "finding: %s: %s (%s)", name, finding->rule, finding->text);
    tl_complain(COMMAND, "see it again: %s", command);
    if (now->cell.first_case[0] != '\0')
        return;
    memcpy(now->cell.first_case, name, sizeof name);
    memcpy(now->cell.first_rule, finding->rule, sizeof finding->rule);
    memcpy(now->cell.first_command, command, sizeof command);
}

/* The rest of a budget is shared evenly by the cells that are left. */
static uint64_t share(uint64_t budget, uint64_t used, size_t cells_left)
{
    if (budget == 0)
        return 0;
    uint64_t left = used < budget ? budget - used : 0;
    return left / cells_left > 0 ? left / cells_left : 1;
}

static void keep_cell(campaign *now, const tl_process_options *options,
                      const tl_process_result *result, tl_status status)
{
    const cell *done = &now->cell;
    bool found = done->first_case[0] != '\0';
    uint64_t states = result->kills.states + result->scenes.states;
    double rate = tl_cell_rate(states, result->elapsed_ns);
    tl_cell_head head = {
        .id = done->id,
        .label = done->arm->label,
        .order = now->cells_done,
        .spec = &options->store,
        .findings = result->findings,
        .status = status,
        .error = result->error,
        .first_case = found ? done->first_case : NULL,
        .first_rule = done->first_rule,
        .first_command = done->first_command,
    };
    if (now->result != NULL)
        tl_result_add_cell(now->result, tl_process_cell_json(&head, result));
    now->states += states;
    now->elapsed_ns += result->elapsed_ns;
    now->findings += result->findings;
    now->failed_cells += status != TL_OK || result->findings > 0;
    now->failure = now->failure == TL_OK ? status : now->failure;
    fprintf(now->rows,
            "%-24s %-8s %-10s %6" PRIu64 " %6" PRIu64 " %8" PRIu64 " %6" PRIu64 " %8.0f %8" PRIu64
            "%s\n",
            done->arm->label, done->protocol, tl_run_durability_name(done->durability),
            result->points, result->kills.states, result->distinct, result->scenes.states,
            isnan(rate) ? 0 : rate, result->findings, result->complete ? "" : "  (stopped early)");
    if (status != TL_OK)
        tl_complain(COMMAND, "%s: %s", done->id, result->error);
}

static void do_cell(campaign *now)
{
    const tl_processes_request *request = now->request;
    size_t cells_left = now->cell_count - now->cells_done;
    tl_process_options options = {
        .store = {.driver = now->cell.arm->driver,
                  .settings = now->cell.settings,
                  .setting_count = now->cell.setting_count,
                  .durability = now->cell.durability,
                  .page_bytes = request->page_bytes,
                  .history = request->history,
                  .seed = request->seed,
                  .commits = (size_t)request->commits},
        .dir = now->dir,
        .readers = request->readers,
        .patience_ns = TL_PROCESS_PATIENCE_NS,
        .states_max = share(request->budget_states, now->states, cells_left),
        .budget_ns = share(request->budget_ns, now->elapsed_ns, cells_left),
        .only = request->only_text != NULL ? &request->only : NULL,
        .stop = tl_interrupted,
        .on_progress = show_step,
        .on_finding = tell_finding,
        .context = now,
    };
    tl_process_result result;
    tl_status status = tl_process_run(&options, &result);
    keep_cell(now, &options, &result, status);
    now->cells_done++;
}

static void choose_cell(campaign *now, const tl_run_arm *arm, const char *protocol,
                        tl_durability durability)
{
    cell *next = &now->cell;
    *next = (cell){.arm = arm, .protocol = protocol, .durability = durability};
    snprintf(next->id, sizeof next->id, "processes/%s/%s/%s/%s", arm->label,
             now->request->history->name, protocol, tl_run_durability_name(durability));
    tl_standard_settings_fill(&next->standard, protocol, now->request->page_bytes);
    for (size_t i = 0; i < TL_STANDARD_SETTINGS && tl_processes_have_protocols(arm->driver); i++)
        next->settings[next->setting_count++] = next->standard.settings[i];
    for (size_t i = 0; i < arm->setting_count; i++)
        next->settings[next->setting_count++] = arm->settings[i];
}

static size_t protocols_of(const campaign *now, const tl_run_arm *arm)
{
    return tl_processes_have_protocols(arm->driver) ? now->request->protocol_count : 1;
}

static void do_all(campaign *now)
{
    const tl_processes_request *request = now->request;
    const tl_choice *choice = &request->choice;
    for (size_t i = 0; i < choice->driver_count; i++)
        now->cell_count += protocols_of(now, &choice->arms[i]) * request->durability_count;
    now->progress =
        tl_progress_begin("processes", now->cell_count * STEPS_PER_CELL, request->quiet);
    fprintf(now->rows, "%-24s %-8s %-10s %6s %6s %8s %6s %8s %8s\n", "store", "protocol",
            "durability", "points", "kills", "distinct", "scenes", "states/s", "findings");
    for (size_t i = 0; i < choice->driver_count; i++)
        for (size_t p = 0; p < protocols_of(now, &choice->arms[i]); p++)
            for (size_t d = 0; d < request->durability_count && !tl_interrupted(); d++) {
                const char *protocol = tl_processes_have_protocols(choice->arms[i].driver)
                                           ? request->protocols[p]
                                           : TL_PROCESSES_OWN;
                choose_cell(now, &choice->arms[i], protocol, request->durabilities[d]);
                do_cell(now);
            }
    tl_progress_end(now->progress);
}

/* A directory of our own below --dir, or on tmpfs. */
static int make_dir(campaign *now)
{
    const char *base = now->request->dir, *temporary = getenv("TMPDIR");
    if (base == NULL)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : temporary != NULL ? temporary : "/tmp";
    int used = snprintf(now->dir, sizeof now->dir, "%s/treelab-processes-XXXXXX", base);
    if (used < (int)sizeof now->dir && mkdtemp(now->dir) != NULL)
        return TL_EXIT_OK;
    tl_status status = used < (int)sizeof now->dir ? tl_directory_status(errno) : TL_INVALID;
    tl_complain(COMMAND, "no directory can be made in %s: %s; choose another --dir", base,
                tl_status_text(status));
    return status == TL_NOT_FOUND ? TL_EXIT_USAGE : tl_exit_code(status);
}

static int begin_result(campaign *now, int argc, char **argv)
{
    const tl_processes_request *request = now->request;
    if (request->only_text != NULL && request->json_path == NULL)
        return TL_EXIT_OK; /* looking at one state again leaves nothing behind */
    const tl_crash_frame frame = {
        .command = COMMAND,
        .argc = argc,
        .argv = argv,
        .out_dir = request->json_path == NULL ? TL_RESULT_OUT_DIR : NULL,
        .json_path = request->json_path,
        .storage_dir = now->dir,
    };
    return tl_crash_result_begin(
        &frame, tl_crash_options_json(request->commits, request->seed, request->page_bytes),
        &now->result);
}

static tl_result_status how_it_ended(const campaign *now, int *exit_code)
{
    if (tl_interrupted()) {
        *exit_code = TL_EXIT_INTERRUPTED;
        return TL_RESULT_ABORTED;
    }
    *exit_code = now->findings > 0       ? TL_EXIT_WRONG
                 : now->failure != TL_OK ? tl_exit_code(now->failure)
                 : now->states == 0      ? TL_EXIT_NOTHING
                                         : TL_EXIT_OK;
    return now->findings > 0          ? TL_RESULT_CRASH_FAILED
           : *exit_code != TL_EXIT_OK ? TL_RESULT_INVALID
                                      : TL_RESULT_OK;
}

static int finish(campaign *now)
{
    double rate = tl_cell_rate(now->states, now->elapsed_ns);
    int exit_code = TL_EXIT_OK;
    tl_result_status ended = how_it_ended(now, &exit_code);
    fprintf(now->table, "%" PRIu64 " states, %.0f states per second, %" PRIu64 " findings\n",
            now->states, isnan(rate) ? 0 : rate, now->findings);
    if (exit_code == TL_EXIT_NOTHING)
        tl_complain(COMMAND, "no state was checked; allow more with --budget");
    else if (exit_code == TL_EXIT_INTERRUPTED)
        tl_complain(COMMAND, "interrupted after %" PRIu64 " states; what was found is kept",
                    now->states);
    const tl_result_summary summary = {.failed = now->failed_cells,
                                       .states = now->states,
                                       .states_per_s = rate,
                                       .findings = now->findings};
    return tl_crash_result_end(COMMAND, now->result, &summary, ended, exit_code, now->table);
}

int tl_cmd_crash_processes(int argc, char **argv)
{
    static tl_processes_request request; /* large; zero at the start, used once per process */
    static campaign now = {.request = &request};
    char *text = NULL, name[] = COMMAND;
    size_t text_bytes = 0;
    char *word = argv[0];
    argv[0] = name; /* what messages are signed with */
    int exit_code = tl_processes_request_parse(argc, argv, &request);
    argv[0] = word;
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    bool json_on_stdout = request.json_path != NULL && strcmp(request.json_path, "-") == 0;
    now.table = json_on_stdout ? stderr : stdout;
    now.rows = open_memstream(&text, &text_bytes);
    if (now.rows == NULL)
        now.rows = now.table;
    tl_catch_interrupt();
    exit_code = make_dir(&now);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    exit_code = begin_result(&now, argc + 1, argv - 1);
    if (exit_code == TL_EXIT_OK) {
        do_all(&now);
        if (now.rows != now.table && fclose(now.rows) == 0)
            fputs(text, now.table);
        exit_code = finish(&now);
    }
    free(text);
    tl_result_free(now.result);
    (void)tl_directory_remove(now.dir);
    return exit_code;
}
