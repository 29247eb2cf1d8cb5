/* harness/cli/cmd_crash_cells.c -- drivers times protocols times durabilities, each crashed.
 *
 * A finding is told at once, with the command that brings its state back; the first of each cell
 * leaves a script beside the result.
 */
#include "harness/cli/cmd_crash_cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *tl_crash_protocol_of(const tl_run_arm *arm)
{
    const char *protocol = NULL;
    for (size_t i = 0; i < arm->setting_count; i++)
        if (strcmp(arm->settings[i].name, "commit") == 0)
            protocol = arm->settings[i].value;
    return protocol;
}

static size_t protocol_count(const tl_crash_march *march, const tl_run_arm *arm)
{
    return tl_crash_protocol_of(arm) != NULL ? 1 : march->campaign->request->protocol_count;
}

void tl_crash_show_step(void *context, size_t point, size_t point_count)
{
    tl_crash_march *march = context;
    tl_progress_update(march->progress,
                       march->cells_done * TL_CRASH_STEPS_PER_CELL +
                           TL_CRASH_STEPS_PER_CELL * point / point_count,
                       march->cell.id);
}

/* For a shell: in single quotes, and each of its own as '\''.  Static, until the next call. */
static const char *quoted(const char *text)
{
    static char word[TL_CRASH_COMMAND_BYTES];
    size_t used = 0;
    word[used++] = '\'';
    for (; *text != '\0' && used + 6 < sizeof word; text++)
        if (*text != '\'')
            word[used++] = *text;
        else
            used += (size_t)snprintf(word + used, sizeof word - used, "'\\''");
    word[used++] = '\'';
    word[used] = '\0';
    return word;
}

bool tl_crash_tell(tl_crash_march *march, const char *where, const tl_verdict *verdict)
{
    tl_crash_cell *cell = &march->cell;
    const tl_crash_request *request = march->campaign->request;
    if (cell->finding_count++ > 0)
        return false;
    snprintf(cell->first_case, sizeof cell->first_case, "%s/%s/%s", cell->protocol,
             tl_run_durability_name(cell->durability), where);
    snprintf(cell->first_rule, sizeof cell->first_rule, "%s", tl_rule_name(verdict->rule));
    static char id[TL_CRASH_COMMAND_BYTES - 128];
    const char *mutant = request->mutant == NULL ? "" : request->mutant;
    const char *program = request->mutant == NULL ? "treelab" : "treelab-mutants";
    const char *option = request->mutant == NULL ? "" : " --mutant ";
    char scale[40] = "";
    if (request->spec_ops != 0)
        snprintf(scale, sizeof scale, " --ops %" PRIu64, request->spec_ops);
    int needed = 0; /* bytes, where a path of any length is in it */
    if (request->script != NULL)
        needed = snprintf(cell->first_command, sizeof cell->first_command,
                          "%s crash%s%s %s%s --driver %s --seed %" PRIu64 " --repro %s", program,
                          option, mutant, quoted(request->script_path), scale, cell->arm->label,
                          cell->seed, cell->first_case);
    else if (tl_crash_replay_id(cell, cell->seed, where, id, sizeof id))
        snprintf(cell->first_command, sizeof cell->first_command, "%s crash replay %s%s%s", program,
                 id, option, mutant);
    else
        snprintf(cell->first_command, sizeof cell->first_command,
                 "%s crash%s%s --driver %s --history %s --page-size %" PRIu32 " --seed %" PRIu64
                 " --ops %" PRIu64 " --repro %s",
                 program, option, mutant, cell->arm->label, cell->history->name, cell->page_bytes,
                 cell->seed, cell->commits, cell->first_case);
    tl_complain("crash", "finding: %s: %s (%s)", cell->first_case, cell->first_rule, verdict->text);
    tl_complain("crash", "see it again: %s", cell->first_command);
    if (needed < 0 || (size_t)needed >= sizeof cell->first_command)
        tl_complain("crash", "this command is cut, for the path is too long");
    return true;
}

uint64_t tl_crash_share(uint64_t budget, uint64_t used, size_t cells_left)
{
    if (budget == 0)
        return 0;
    uint64_t left = used < budget ? budget - used : 0;
    return left / cells_left > 0 ? left / cells_left : 1;
}

/* A history that never splits proves little: say what is missing. */
void tl_crash_warn_of_events(const tl_crash_cell *cell, const tl_trace_counters *seen)
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

tl_cell_head tl_crash_cell_head(const tl_crash_cell *cell, const tl_recording_spec *spec,
                                uint64_t findings, tl_status status, const char *error)
{
    bool found = cell->first_case[0] != '\0';
    return (tl_cell_head){
        .id = cell->id,
        .label = cell->arm->label,
        .order = cell->order,
        .spec = spec,
        .findings = findings,
        .status = status,
        .error = error,
        .first_case = found ? cell->first_case : NULL,
        .first_rule = cell->first_rule,
        .first_command = cell->first_command,
        .first_script = cell->first_script[0] != '\0' ? cell->first_script : NULL,
    };
}

tl_recording_spec tl_crash_cell_spec(const tl_crash_march *march)
{
    const tl_crash_cell *cell = &march->cell;
    return (tl_recording_spec){
        .driver = cell->arm->driver,
        .settings = cell->settings,
        .setting_count = cell->setting_count,
        .durability = cell->durability,
        .page_bytes = cell->page_bytes,
        .history = cell->history,
        .seed = cell->seed,
        .commits = (size_t)cell->commits,
        .arena = march->arena,
        .schedule = cell->schedule,
    };
}

void tl_crash_keep_cell(tl_crash_march *march, tl_json *cell, tl_status status, uint64_t findings)
{
    tl_crash_campaign *campaign = march->campaign;
    if (campaign->result != NULL)
        tl_result_add_cell(campaign->result, cell);
    else
        tl_json_free(cell);
    campaign->failed_cells += status != TL_OK || findings > 0;
    campaign->failure = campaign->failure == TL_OK ? status : campaign->failure;
}

static void choose_cell(tl_crash_march *march, const tl_run_arm *arm, const tl_history *history,
                        const char *protocol, tl_durability durability)
{
    const tl_crash_request *request = march->campaign->request;
    tl_crash_cell *cell = &march->cell;
    bool is_rate = request->way == TL_CRASH_RATE; /* rates are of one size, whatever the history */
    uint32_t page_bytes = is_rate ? TL_CRASH_RATE_PAGE_BYTES : history->page_bytes;
    *cell = (tl_crash_cell){
        .arm = arm,
        .history = history,
        .protocol = protocol,
        .seed = request->seed,
        .schedule = request->schedule,
        .durability = durability,
        .page_bytes = request->page_bytes != 0 ? request->page_bytes : page_bytes,
        .commits = request->commits != 0 ? request->commits : history->commits,
        .order = march->cells_done,
    };
    snprintf(cell->id, sizeof cell->id, "crash/%s/%s/%s/%s", arm->label, history->name, protocol,
             tl_run_durability_name(durability));
    tl_standard_settings_fill(&cell->standard, protocol, cell->page_bytes);
    for (size_t i = 0; i < TL_STANDARD_SETTINGS && request->script == NULL; i++)
        cell->settings[cell->setting_count++] = cell->standard.settings[i];
    for (size_t i = 0; i < arm->setting_count; i++)
        cell->settings[cell->setting_count++] = arm->settings[i];
}

/* Many histories, or many runs of one, in one row? */
static bool sums_up(const tl_crash_request *request)
{
    bool one_state = request->repro != NULL && !request->only_state.run;
    return request->seeds_given || (request->threaded && !one_state);
}

static void sweep_arm(tl_crash_march *march, const tl_run_arm *arm, const tl_history *history)
{
    const tl_crash_request *request = march->campaign->request;
    const char *fixed = tl_crash_protocol_of(arm);
    void (*work)(tl_crash_march *) = request->way == TL_CRASH_SYNCS  ? tl_crash_syncs_cell
                                     : request->way == TL_CRASH_RATE ? tl_crash_rate_cell
                                     : sums_up(request)              ? tl_crash_seeds_cell
                                                                     : tl_crash_enumerate_cell;
    for (size_t p = 0; p < protocol_count(march, arm); p++)
        for (size_t d = 0; d < request->durability_count; d++) {
            choose_cell(march, arm, history, fixed != NULL ? fixed : request->protocols[p],
                        request->durabilities[d]);
            if (!tl_interrupted()) {
                work(march);
            } else {
                tl_crash_note_unbegun(march->campaign, march->cell.id);
                march->campaign->unbegun_cells++;
            }
            march->cells_done++;
        }
}

void tl_crash_campaign_run(tl_crash_campaign *campaign)
{
    const tl_crash_request *request = campaign->request;
    const tl_choice *choice = &request->choice;
    static tl_crash_march march; /* large; used once per process */
    char *text = NULL;
    size_t text_bytes = 0;
    march = (tl_crash_march){.campaign = campaign};
    march.rows = open_memstream(&text, &text_bytes);
    if (march.rows == NULL)
        march.rows = campaign->table;
    for (size_t i = 0; i < choice->driver_count; i++)
        march.cell_count += protocol_count(&march, &choice->arms[i]) * request->durability_count *
                            request->history_count;
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &march.arena) != TL_OK)
        march.arena = NULL; /* each open then makes its own: slower, not wrong */
    march.progress =
        tl_progress_begin("crash", march.cell_count * TL_CRASH_STEPS_PER_CELL, request->quiet);
    if (request->way == TL_CRASH_SYNCS)
        tl_crash_syncs_header(march.rows);
    else if (request->way == TL_CRASH_RATE)
        tl_crash_rate_header(march.rows);
    else if (sums_up(request))
        tl_crash_seeds_header(request, march.rows);
    else
        tl_crash_enumerate_header(march.rows);
    for (size_t i = 0; i < choice->driver_count; i++)
        for (size_t h = 0; h < request->history_count; h++)
            sweep_arm(&march, &choice->arms[i], request->histories[h]);
    tl_progress_end(march.progress);
    if (march.rows != campaign->table && fclose(march.rows) == 0)
        fputs(text, campaign->table);
    free(text);
    tl_arena_destroy(march.arena);
}
