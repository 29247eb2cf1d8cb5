/* harness/cli/cmd_crash_cells.c -- drivers times protocols times durabilities, each swept.
 *
 * A finding is told at once, with the command that brings its state back; the first of each cell
 * leaves a script beside the result.
 */
#include "harness/cli/cmd_crash.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTINGS_MAX = TL_CHOICE_MAX + TL_STANDARD_SETTINGS,
    ID_BYTES = 200,
    STEPS_PER_CELL = 100, /* of the progress bar */
};

typedef struct crash_cell { /* the one being swept */
    const tl_run_arm *arm;
    const tl_history *history;
    const char *protocol;
    tl_durability durability;
    uint32_t page_bytes;
    uint64_t commits;
    tl_standard_settings standard;
    tl_driver_setting settings[SETTINGS_MAX]; /* the standard ones, then the user's, which win */
    size_t setting_count, order;
    char id[ID_BYTES];
    uint64_t finding_count;
    char first_case[ID_BYTES], first_rule[32], first_script[ID_BYTES];
    char first_command[TL_CRASH_TEXT_BYTES];
} crash_cell;

typedef struct crash_march { /* from cell to cell */
    tl_crash_campaign *campaign;
    tl_arena *arena;
    tl_progress *progress;
    crash_cell cell;
    FILE *rows; /* of the table, printed when the progress bar is gone */
    size_t cell_count, cells_done;
} crash_march;

static const char *protocol_of(const tl_run_arm *arm) /* NULL when the spec does not fix it */
{
    const char *protocol = NULL;
    for (size_t i = 0; i < arm->setting_count; i++)
        if (strcmp(arm->settings[i].name, "commit") == 0)
            protocol = arm->settings[i].value;
    return protocol;
}

static size_t protocol_count(const crash_march *march, const tl_run_arm *arm)
{
    return protocol_of(arm) != NULL ? 1 : march->campaign->request->protocol_count;
}

static void show_step(void *context, size_t point, size_t point_count)
{
    crash_march *march = context;
    tl_progress_update(march->progress,
                       march->cells_done * STEPS_PER_CELL + STEPS_PER_CELL * point / point_count,
                       march->cell.id);
}

/* The first finding of the cell: what, where, how to see it again. */
static void tell_finding(void *context, const tl_sweep *sweep, const tl_sweep_finding *finding)
{
    crash_march *march = context;
    crash_cell *cell = &march->cell;
    const tl_crash_request *request = march->campaign->request;
    const char *run_dir = march->campaign->run_dir;
    if (cell->finding_count++ > 0)
        return;
    char where[TL_CASE_TEXT_MAX], path[TL_CRASH_PATH_BYTES + ID_BYTES];
    tl_case_print(&finding->where, where);
    snprintf(cell->first_case, sizeof cell->first_case, "%s/%s/%s", cell->protocol,
             tl_run_durability_name(cell->durability), where);
    snprintf(cell->first_rule, sizeof cell->first_rule, "%s", tl_rule_name(finding->verdict.rule));
    snprintf(cell->first_command, sizeof cell->first_command,
             "treelab crash --driver %s --history %s --page-size %" PRIu32 " --seed %" PRIu64
             " --ops %" PRIu64 " --repro %s",
             cell->arm->label, cell->history->name, cell->page_bytes, request->seed, cell->commits,
             cell->first_case);
    tl_complain("crash", "finding: %s: %s (%s)", cell->first_case, cell->first_rule,
                finding->verdict.text);
    tl_complain("crash", "see it again: %s", cell->first_command);
    if (run_dir[0] == '\0')
        return;
    snprintf(cell->first_script, sizeof cell->first_script, "finding-%zu.tls", cell->order);
    snprintf(path, sizeof path, "%s/%s", run_dir, cell->first_script);
    tl_status status = tl_sweep_write_script(sweep, finding, cell->first_command, path);
    if (status == TL_OK)
        tl_complain("crash", "as a script: %s", path);
    else
        tl_complain("crash", "cannot write %s: %s", path, tl_status_text(status));
}

/* The rest of the budget is shared evenly by the cells that are left. */
static uint64_t share(uint64_t budget, uint64_t used, size_t cells_left)
{
    if (budget == 0)
        return 0;
    uint64_t left = used < budget ? budget - used : 0;
    return left / cells_left > 0 ? left / cells_left : 1;
}

static void print_row(const crash_march *march, const tl_sweep_result *result)
{
    const crash_cell *cell = &march->cell;
    double rate = tl_sweep_rate(result->states, result->elapsed_ns);
    fprintf(
        march->rows, "%-24s %-11s %-8s %-10s %6zu %8" PRIu64 " %8" PRIu64 " %8.0f %8" PRIu64 "%s\n",
        cell->arm->label, cell->history->name, cell->protocol,
        tl_run_durability_name(cell->durability), result->points, result->states, result->distinct,
        isnan(rate) ? 0 : rate, result->findings, result->complete ? "" : "  (stopped early)");
}

/* A history that never splits proves little: say what is missing. */
static void warn_of_events(const crash_cell *cell, const tl_trace_counters *seen)
{
    const struct {
        bool missing;
        const char *text;
    } rows[] = {
        {seen->checkpoints < 3,  "three checkpoints" },
        {seen->grows == 0,       "growth of the file"},
        {seen->leaf_splits == 0, "splits"            },
        {seen->merges == 0,      "merges"            },
        {seen->page_reuse == 0,  "reuse of pages"    },
    };
    char missing[160] = "";
    for (size_t i = 0, used = 0; seen->known && i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].missing)
            used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s",
                                     used == 0 ? "" : ", ", rows[i].text);
    if (missing[0] != '\0')
        tl_complain("crash", "%s: the history had no %s; give it more commits with --ops", cell->id,
                    missing);
}

/* Put the finished cell into the result and the sums. */
static void keep_cell(crash_march *march, const tl_sweep_options *sweep,
                      const tl_sweep_result *result, tl_status status)
{
    const crash_cell *cell = &march->cell;
    tl_crash_campaign *campaign = march->campaign;
    bool found = cell->first_case[0] != '\0';
    tl_recording_spec spec = tl_sweep_recording(sweep);
    tl_cell_head head = {
        .id = cell->id,
        .label = cell->arm->label,
        .order = cell->order,
        .spec = &spec,
        .findings = result->findings,
        .status = status,
        .error = result->error,
        .first_case = found ? cell->first_case : NULL,
        .first_rule = cell->first_rule,
        .first_command = cell->first_command,
        .first_script = cell->first_script[0] != '\0' ? cell->first_script : NULL,
    };
    if (campaign->result != NULL)
        tl_result_add_cell(campaign->result, tl_sweep_cell_json(&head, result));
    campaign->states += result->states;
    campaign->elapsed_ns += result->elapsed_ns;
    campaign->findings += result->findings;
    campaign->failed_cells += status != TL_OK || result->findings > 0;
    campaign->failure = campaign->failure == TL_OK ? status : campaign->failure;
}

static void sweep_cell(crash_march *march)
{
    crash_cell *cell = &march->cell;
    const tl_crash_campaign *campaign = march->campaign;
    const tl_crash_request *request = campaign->request;
    size_t cells_left = march->cell_count - march->cells_done;
    tl_sweep_options sweep = {
        .driver = cell->arm->driver,
        .settings = cell->settings,
        .setting_count = cell->setting_count,
        .durability = cell->durability,
        .page_bytes = cell->page_bytes,
        .history = cell->history,
        .seed = request->seed,
        .commits = (size_t)cell->commits,
        .only = request->repro != NULL ? &request->only : NULL,
        .states_max = share(request->budget_states, campaign->states, cells_left),
        .budget_ns = share(request->budget_ns, campaign->elapsed_ns, cells_left),
        .arena = march->arena,
        .stop = tl_interrupted,
        .on_progress = show_step,
        .on_finding = tell_finding,
        .context = march,
    };
    memcpy(sweep.variants, request->variants, sizeof sweep.variants);
    tl_sweep_result result;
    tl_status status = tl_sweep_run(&sweep, &result);
    keep_cell(march, &sweep, &result, status);
    print_row(march, &result);
    if (status == TL_OK && cell->history == tl_history_at(0))
        warn_of_events(cell, &result.counters); /* the others are rich in one kind of event */
    else if (status != TL_OK)
        tl_complain("crash", "%s: %s", cell->id, result.error);
}

static void choose_cell(crash_march *march, const tl_run_arm *arm, const tl_history *history,
                        const char *protocol, tl_durability durability)
{
    const tl_crash_request *request = march->campaign->request;
    crash_cell *cell = &march->cell;
    *cell = (crash_cell){
        .arm = arm,
        .history = history,
        .protocol = protocol,
        .durability = durability,
        .page_bytes = request->page_bytes != 0 ? request->page_bytes : history->page_bytes,
        .commits = request->commits != 0 ? request->commits : history->commits,
        .order = march->cells_done,
    };
    snprintf(cell->id, sizeof cell->id, "crash/%s/%s/%s/%s", arm->label, history->name, protocol,
             tl_run_durability_name(durability));
    tl_standard_settings_fill(&cell->standard, protocol, cell->page_bytes);
    for (size_t i = 0; i < TL_STANDARD_SETTINGS; i++)
        cell->settings[cell->setting_count++] = cell->standard.settings[i];
    for (size_t i = 0; i < arm->setting_count; i++)
        cell->settings[cell->setting_count++] = arm->settings[i];
}

static void sweep_arm(crash_march *march, const tl_run_arm *arm, const tl_history *history)
{
    const tl_crash_request *request = march->campaign->request;
    const char *fixed = protocol_of(arm);
    for (size_t p = 0; p < protocol_count(march, arm); p++)
        for (size_t d = 0; d < request->durability_count && !tl_interrupted(); d++) {
            choose_cell(march, arm, history, fixed != NULL ? fixed : request->protocols[p],
                        request->durabilities[d]);
            sweep_cell(march);
            march->cells_done++;
        }
}

void tl_crash_campaign_run(tl_crash_campaign *campaign)
{
    const tl_crash_request *request = campaign->request;
    const tl_choice *choice = &request->choice;
    static crash_march march; /* large; used once per process */
    char *text = NULL;
    size_t text_bytes = 0;
    march = (crash_march){.campaign = campaign};
    march.rows = open_memstream(&text, &text_bytes);
    if (march.rows == NULL)
        march.rows = campaign->table;
    for (size_t i = 0; i < choice->driver_count; i++)
        march.cell_count += protocol_count(&march, &choice->arms[i]) * request->durability_count *
                            request->history_count;
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &march.arena) != TL_OK)
        march.arena = NULL; /* each open then makes its own: slower, not wrong */
    march.progress = tl_progress_begin("crash", march.cell_count * STEPS_PER_CELL, request->quiet);
    fprintf(march.rows, "%-24s %-11s %-8s %-10s %6s %8s %8s %8s %8s\n", "store", "history",
            "protocol", "durability", "points", "states", "distinct", "states/s", "findings");
    for (size_t i = 0; i < choice->driver_count; i++)
        for (size_t h = 0; h < request->history_count; h++)
            sweep_arm(&march, &choice->arms[i], request->histories[h]);
    tl_progress_end(march.progress);
    if (march.rows != campaign->table && fclose(march.rows) == 0)
        fputs(text, campaign->table);
    free(text);
    tl_arena_destroy(march.arena);
}
