/* harness/cli/cmd_crash_script.c -- a user's own script, or a reproducer, as what is recorded. */
#include "harness/check/artifact.h"
#include "harness/check/script_state.h"
#include "harness/cli/cmd_crash_cells.h"
#include "harness/cli/crash_words.h"

#include <stdlib.h>
#include <string.h>

static void refuse(const char *text)
{
    fprintf(stderr, "%s\n", text);
    exit(TL_EXIT_USAGE);
}

static void read_script(tl_crash_request *request)
{
    tl_script_error error;
    char text[256];
    char *made = NULL;
    size_t made_bytes = 0;
    if (tl_crash_is_spec(request->script_path))
        tl_crash_spec_write(request, &made, &made_bytes);
    tl_status status = made == NULL
                           ? tl_script_read(request->script_path, &request->script, &error)
                           : tl_script_parse(request->script_path, (tl_slice){made, made_bytes},
                                             &request->script, &error);
    free(made);
    if (status != TL_OK && error.line != 0)
        fprintf(stderr, "%s:%u:%u: %s\n", request->script_path, error.line, error.column,
                error.text);
    else if (status != TL_OK)
        tl_complain("crash", "cannot read %s", error.text);
    if (status != TL_OK)
        exit(tl_exit_code(status));
    status = tl_script_history_look(request->script, &request->opening, &request->crash_line, text,
                                    sizeof text);
    if (status != TL_OK)
        refuse(text);
}

const char *tl_crash_state_words(const tl_script_line *line)
{
    static char words[TL_STATE_ID_TEXT_MAX];
    const tl_script_line *second = line->next;
    while (second != NULL && second->verb != TL_SCRIPT_CRASH)
        second = second->next;
    if (line->pairs == NULL)
        return NULL;
    bool named = second != NULL && second->pairs != NULL && strcmp(second->name, line->name) == 0;
    int length = snprintf(words, sizeof words, "%s%s%s", line->pairs->word, named ? "/then/" : "",
                          named ? second->pairs->word : "");
    return length > 0 && (size_t)length < sizeof words ? words : NULL;
}

/* A script with a crash of its own: that one state, as --repro would say it. */
static void take_crash_line(tl_crash_request *request)
{
    static char repro[TL_STATE_ID_TEXT_MAX + 64];
    const tl_script_line *line = request->crash_line;
    const char *words = tl_crash_state_words(line);
    char text[512];
    const char *why = NULL;
    if (request->tier_given || request->profile_count > 0 || request->repro != NULL)
        why = "the script has a crash of its own; without --tier, --profile and --repro it is "
              "looked at, without that line every crash is";
    else if (words == NULL)
        why = "the lab knows states by name: crash profile=NAME state=WORD, as a finding names it; "
              "`treelab apply` runs this one";
    else if (!tl_script_state_parse(line->name, words, &request->only_state) ||
             request->only_state.pick == TL_PICK_KILLED) /* the first of two, without the second */
        why = "no such profile or state; see harness/check/state_id.h";
    if (why != NULL) {
        snprintf(text, sizeof text, "%s:%u: %s", request->script_path, line->number, why);
        refuse(text);
    }
    if (line->pairs->next != NULL)
        request->seed = strtoull(line->pairs->next->word, NULL, 10);
    snprintf(repro, sizeof repro, "%s/%s/%s/%s", request->protocols[0],
             tl_run_durability_name(request->durabilities[0]), line->name, words);
    request->repro = repro;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

void tl_crash_script_take(struct argp_state *state)
{
    tl_crash_request *request = state->input;
    bool is_spec = tl_crash_is_spec(request->script_path);
    if (request->history_count > 0 || request->page_bytes != 0 ||
        (request->commits != 0 && !is_spec))
        argp_error(state, is_spec ? "--history and --page-size are for built-in histories; a spec "
                                    "says page_bytes itself"
                                  : "--history, --ops and --page-size are for built-in histories; "
                                    "a script says all that itself");
    read_script(request);
    request->protocols_given = request->protocol_count > 0;
    request->durabilities_given = request->durability_count > 0;
    const tl_script_opening *opening = &request->opening;
    if (!request->protocols_given)
        tl_crash_add_protocol(state, opening->commit != NULL ? opening->commit : "log",
                              request->protocols, &request->protocol_count);
    if (!request->durabilities_given)
        tl_crash_add_durability(state, opening->durability != NULL ? opening->durability : "none",
                                request->durabilities, &request->durability_count);
    if (request->crash_line != NULL)
        take_crash_line(request);
    request->own_history =
        (tl_history){.name = base_name(request->script_path),
                     .summary = is_spec ? "a spec of a workload" : "a script of the user's",
                     .commits = 1};
    request->histories[request->history_count++] = &request->own_history;
}

tl_status tl_crash_cell_record(tl_crash_march *march, tl_recording *recording, char *error,
                               size_t error_bytes)
{
    const tl_crash_request *request = march->campaign->request;
    tl_crash_cell *cell = &march->cell;
    march->script_history = NULL;
    if (request->script == NULL) {
        const tl_recording_spec spec = tl_crash_cell_spec(march);
        return tl_recording_make(&spec, recording, error, error_bytes);
    }
    size_t count = 0;
    if (request->protocols_given && tl_crash_protocol_of(cell->arm) == NULL)
        march->overrides[count++] = (tl_driver_setting){"commit", cell->protocol};
    if (request->durabilities_given)
        march->overrides[count++] =
            (tl_driver_setting){"durability", tl_run_durability_name(cell->durability)};
    march->script_spec = (tl_script_history_spec){
        .script = request->script,
        .end_line = request->crash_line != NULL ? request->crash_line->number : 0,
        .driver = cell->arm->driver,
        .settings = cell->settings,
        .setting_count = cell->setting_count,
        .overrides = march->overrides,
        .override_count = count,
        .arena = march->arena,
        .interrupted = tl_interrupted,
    };
    tl_status status = tl_script_history_record(&march->script_spec, recording,
                                                &march->script_history, error, error_bytes);
    if (status == TL_OK)
        cell->page_bytes = recording->inspector.options.page_bytes;
    cell->commits = recording->trace.commits > 0 ? recording->trace.commits : 1;
    return status;
}

void tl_crash_cell_release(tl_crash_march *march, tl_recording *recording)
{
    tl_recording_clear(recording);
    tl_script_history_free(march->script_history);
    march->script_history = NULL;
}

static void keep_files(const tl_crash_march *march, const tl_reproducer *of, const char *id)
{
    tl_crash_campaign *campaign = march->campaign;
    const char *dir = campaign->request->artifact_dir;
    if (dir == NULL || campaign->artifact_written)
        return;
    tl_status status = tl_artifact_write(of, id, dir);
    campaign->artifact_written = true;
    if (status == TL_OK)
        tl_complain("crash", "as files: %s", dir);
    else
        tl_complain("crash", "cannot write %s: %s", dir, tl_status_reason(status));
}

/* The first finding of the cell also leaves a script beside the result. */
void tl_crash_write_reproducer(tl_crash_march *march, const tl_recording *recording,
                               const tl_enumerate_finding *finding)
{
    tl_crash_cell *cell = &march->cell;
    const tl_crash_campaign *campaign = march->campaign;
    const tl_crash_request *request = campaign->request;
    char path[TL_CRASH_PATH_BYTES + TL_CRASH_ID_BYTES];
    const tl_recording_spec spec = tl_crash_cell_spec(march);
    const tl_reproducer reproducer = {
        .recording = recording,
        .spec = &spec,
        .script = request->script,
        .history = march->script_history,
        .overrides = march->overrides,
        .override_count = march->script_spec.override_count,
        .finding = finding,
        .seed = request->seed,
        .command = cell->first_command,
        .mutant = request->mutant,
    };
    keep_files(march, &reproducer, cell->first_case);
    if (campaign->run_dir[0] == '\0')
        return;
    snprintf(cell->first_script, sizeof cell->first_script, "finding-%zu.tls", cell->order);
    snprintf(path, sizeof path, "%s/%s", campaign->run_dir, cell->first_script);
    tl_status status = tl_reproducer_write(&reproducer, path);
    if (status == TL_OK) {
        tl_complain("crash", "as a script: %s", path);
        return;
    }
    cell->first_script[0] = '\0';
    tl_complain("crash", "cannot write %s: %s", path,
                status == TL_UNSUPPORTED ? "a script cannot do what this history did"
                                         : tl_status_reason(status));
}

tl_status tl_crash_keep_state(const tl_crash_march *march, const tl_recording *recording)
{
    const tl_crash_request *request = march->campaign->request;
    tl_status status =
        tl_state_keep(recording, request->seed, &request->only_state, request->keep_dir, 0);
    if (status == TL_OK)
        fprintf(march->campaign->table, "files: %s\n", request->keep_dir);
    else
        tl_complain("crash", "cannot keep the state in %s: %s", request->keep_dir,
                    tl_status_reason(status));
    return status;
}
