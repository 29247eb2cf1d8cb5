/* harness/cli/cmd_crash_damage.c -- `treelab crash damage`: every image of every store asked for.
 *
 * A finding is told at once, with the command that shows it again.
 */
#include "harness/cli/cmd_crash_damage.h"

#include "harness/cli/crash_result.h"

#include <inttypes.h>
#include <string.h>

enum {
    SETTINGS_MAX = TL_CHOICE_MAX + TL_STANDARD_SETTINGS,
    ID_BYTES = 200,
    TEXT_BYTES = 512,
    TOLD_MAX = 8,          /* findings of one image that are printed; all are counted */
    STEPS_PER_IMAGE = 100, /* of the progress bar */
};

typedef struct damage_cell { /* the image being damaged */
    const tl_run_arm *arm;
    const char *protocol;
    bool clean;
    tl_standard_settings standard;
    tl_driver_setting settings[SETTINGS_MAX]; /* the standard ones, then the user's, which win */
    size_t setting_count;
    char id[ID_BYTES];
    uint64_t told;
    char first_case[TL_DAMAGE_TEXT_MAX], first_outcome[32], first_command[TEXT_BYTES];
} damage_cell;

typedef struct damage_march { /* from image to image */
    const tl_damage_request *request;
    FILE *table;
    tl_result *result; /* NULL: nothing is written */
    tl_arena *arena;
    tl_progress *progress;
    damage_cell cell;
    size_t cell_count, cells_done;
    uint64_t states, elapsed_ns, findings, failed;
    tl_status failure; /* of the first image that could not be made or judged */
} damage_march;

static void show_step(void *context, uint64_t done, uint64_t total)
{
    damage_march *march = context;
    tl_progress_update(march->progress,
                       march->cells_done * STEPS_PER_IMAGE + STEPS_PER_IMAGE * done / total,
                       march->cell.id);
}

static void tell_finding(void *context, const tl_damage_finding *finding)
{
    damage_march *march = context;
    damage_cell *cell = &march->cell;
    const tl_damage_request *request = march->request;
    const char *outcome = tl_damage_outcome_name(finding->verdict.outcome);
    char command[TEXT_BYTES];
    snprintf(command, sizeof command,
             "treelab crash damage --driver %s --commit %s --image %s --page-size %" PRIu32
             " --pages %" PRIu32 " --seed %" PRIu64 " --ops %" PRIu64 " --only %s",
             cell->arm->label, cell->protocol, cell->clean ? "clean" : "crash", request->page_bytes,
             request->pages, request->seed, request->commits, finding->text);
    if (cell->told == 0) {
        snprintf(cell->first_case, sizeof cell->first_case, "%s", finding->text);
        snprintf(cell->first_outcome, sizeof cell->first_outcome, "%s", outcome);
        snprintf(cell->first_command, sizeof cell->first_command, "%s", command);
    }
    if (cell->told++ >= TOLD_MAX)
        return;
    tl_complain("crash damage", "finding: %s: %s in %s: %s (%s)", cell->id, outcome,
                tl_damage_region_name(finding->verdict.region), finding->text,
                finding->verdict.text);
    tl_complain("crash damage", "see it again: %s", command);
    if (cell->told == TOLD_MAX)
        tl_complain("crash damage", "%s: further findings are only counted", cell->id);
}

static void keep_cell(damage_march *march, const tl_damage_options *options,
                      const tl_damage_result *result, tl_status status)
{
    const damage_cell *cell = &march->cell;
    bool found = cell->told > 0;
    tl_damage_cell row = {
        .id = cell->id,
        .label = cell->arm->label,
        .order = march->cells_done,
        .options = options,
        .result = result,
        .status = status,
        .first_case = found ? cell->first_case : NULL,
        .first_outcome = found ? cell->first_outcome : NULL,
        .first_command = found ? cell->first_command : NULL,
    };
    if (march->result != NULL)
        tl_result_add_cell(march->result, tl_damage_cell_json(&row));
    march->states += result->states + (options->only != NULL ? result->unchanged : 0);
    march->elapsed_ns += result->elapsed_ns;
    march->findings += result->findings;
    march->failed += status != TL_OK || result->findings > 0;
    march->failure = march->failure == TL_OK ? status : march->failure;
}

static void damage_image(damage_march *march, const tl_run_arm *arm, const char *protocol,
                         bool clean)
{
    const tl_damage_request *request = march->request;
    damage_cell *cell = &march->cell;
    *cell = (damage_cell){.arm = arm, .protocol = protocol, .clean = clean};
    snprintf(cell->id, sizeof cell->id, "damage/%s/%s/%s", arm->label, protocol,
             clean ? "clean" : "crash");
    tl_standard_settings_fill(&cell->standard, protocol, request->page_bytes);
    for (size_t i = 0; i < TL_STANDARD_SETTINGS; i++)
        cell->settings[cell->setting_count++] = cell->standard.settings[i];
    for (size_t i = 0; i < arm->setting_count; i++)
        cell->settings[cell->setting_count++] = arm->settings[i];
    tl_damage_options options = {
        .driver = arm->driver,
        .settings = cell->settings,
        .setting_count = cell->setting_count,
        .durability = TL_DURABILITY_COMMIT,
        .page_bytes = request->page_bytes,
        .pages = request->pages,
        .clean = clean,
        .seed = request->seed,
        .commits = (size_t)request->commits,
        .sample = request->sample,
        .only = request->only,
        .arena = march->arena,
        .stop = tl_interrupted,
        .on_progress = show_step,
        .on_finding = tell_finding,
        .context = march,
    };
    memcpy(options.kinds, request->kinds, sizeof options.kinds);
    static tl_damage_result result; /* large */
    tl_status status = tl_damage_run(&options, &result);
    keep_cell(march, &options, &result, status);
    if (status != TL_OK)
        tl_complain("crash damage", "%s: %s", cell->id, result.error);
    else
        tl_damage_print(march->table, cell->id, &options, &result);
    if (status == TL_OK && result.pages < request->pages)
        tl_complain("crash damage",
                    "%s: the history got no further than %" PRIu64
                    " pages; give it more commits with --ops",
                    cell->id, result.pages);
    march->cells_done++;
}

/* The protocol that the driver's own settings fix, or NULL. */
static const char *protocol_of(const tl_run_arm *arm)
{
    const char *protocol = NULL;
    for (size_t i = 0; i < arm->setting_count; i++)
        if (strcmp(arm->settings[i].name, "commit") == 0)
            protocol = arm->settings[i].value;
    return protocol;
}

static void damage_arm(damage_march *march, const tl_run_arm *arm)
{
    const tl_damage_request *request = march->request;
    const char *fixed = protocol_of(arm);
    for (size_t p = 0; p < (fixed != NULL ? 1 : request->protocol_count); p++)
        for (int clean = 1; clean >= 0; clean--)
            if (request->images[clean] && !tl_interrupted())
                damage_image(march, arm, fixed != NULL ? fixed : request->protocols[p], clean != 0);
}

static void march_on(damage_march *march)
{
    const tl_damage_request *request = march->request;
    const tl_choice *choice = &request->choice;
    size_t images = (size_t)request->images[0] + request->images[1];
    for (size_t i = 0; i < choice->driver_count; i++)
        march->cell_count +=
            images * (protocol_of(&choice->arms[i]) != NULL ? 1 : request->protocol_count);
    if (tl_arena_create(TL_STANDARD_ARENA_BYTES, &march->arena) != TL_OK)
        march->arena = NULL; /* each open then makes its own: slower, not wrong */
    march->progress =
        tl_progress_begin("crash damage", march->cell_count * STEPS_PER_IMAGE, request->quiet);
    for (size_t i = 0; i < choice->driver_count; i++)
        damage_arm(march, &choice->arms[i]);
    tl_progress_end(march->progress);
    tl_arena_destroy(march->arena);
}

static int begin_result(damage_march *march, int argc, char **argv)
{
    const tl_damage_request *request = march->request;
    if (request->only != NULL && request->json_path == NULL)
        return TL_EXIT_OK; /* looking at one case again leaves nothing behind */
    const tl_crash_frame frame = {.command = "crash damage",
                                  .argc = argc,
                                  .argv = argv,
                                  .out_dir = TL_RESULT_OUT_DIR,
                                  .json_path = request->json_path};
    tl_json *options = tl_crash_options_json(request->commits, request->seed, request->page_bytes);
    tl_json_add_count(options, "pages", request->pages);
    tl_json_add_count(options, "sample", request->sample);
    return tl_crash_result_begin(&frame, options, &march->result);
}

static int finish(damage_march *march)
{
    tl_result_status ended = TL_RESULT_OK;
    int exit_code = TL_EXIT_OK;
    if (tl_interrupted()) {
        ended = TL_RESULT_ABORTED;
        exit_code = TL_EXIT_INTERRUPTED;
    } else if (march->findings > 0) {
        ended = TL_RESULT_CRASH_FAILED;
        exit_code = TL_EXIT_WRONG;
    } else if (march->failure != TL_OK || march->states == 0) {
        ended = TL_RESULT_INVALID;
        exit_code = march->failure != TL_OK ? tl_exit_code(march->failure) : TL_EXIT_NOTHING;
    }
    fprintf(march->table, "%" PRIu64 " states, %" PRIu64 " findings\n", march->states,
            march->findings);
    if (exit_code == TL_EXIT_INTERRUPTED)
        tl_complain(
            "crash damage",
            "interrupted after %" PRIu64
            " states, in %zu of %zu images; what was found is kept, the same command begins again",
            march->states, march->cells_done, march->cell_count);
    const tl_result_summary summary = {
        .failed = march->failed,
        .states = march->states,
        .states_per_s = tl_cell_rate(march->states, march->elapsed_ns),
        .findings = march->findings,
    };
    return tl_crash_result_end("crash damage", march->result, &summary, ended, exit_code,
                               march->table);
}

int tl_cmd_crash_damage(int argc, char **argv)
{
    static tl_damage_request request; /* large; zero at the start, used once per process */
    static damage_march march = {.request = &request};
    static char name[] = "crash damage";
    char *word = argv[0];
    argv[0] = name; /* what messages are signed with */
    int exit_code = tl_damage_request_parse(argc, argv, &request);
    argv[0] = word;
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    bool json_on_stdout = request.json_path != NULL && strcmp(request.json_path, "-") == 0;
    march.table = json_on_stdout ? stderr : stdout;
    tl_catch_interrupt();
    exit_code = begin_result(&march, argc + 1, argv - 1);
    if (exit_code == TL_EXIT_OK) {
        march_on(&march);
        exit_code = finish(&march);
    }
    tl_result_free(march.result);
    return exit_code;
}
