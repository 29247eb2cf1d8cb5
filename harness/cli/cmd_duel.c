/* harness/cli/cmd_duel.c -- `treelab duel`: two arms, one verdict for each row. */
#include "harness/cli/cmd_duel.h"

#include "harness/report/resultfile.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES_FILE "samples.jsonl"
#define MEMORY_DIR   "/dev/shm"

typedef struct duel_command {
    tl_duel_options asked;
    int argc;
    char **argv;
    tl_result *result;
    FILE *samples;
    bool samples_lost;
    char dir[TL_DUEL_TEXT_MAX];
    bool dir_made;
    tl_progress *progress;
    uint64_t progress_total;
    tl_duel *duel;
} duel_command;

static bool stop_asked(void *context)
{
    (void)context;
    return tl_interrupted();
}

static void show_step(void *context, uint64_t done, uint64_t total, const char *what)
{
    duel_command *command = context;
    if (total != command->progress_total) { /* up to the next look */
        tl_progress_end(command->progress);
        command->progress = tl_progress_begin("duel", total, command->asked.quiet);
        command->progress_total = total;
    }
    tl_progress_update(command->progress, done, what);
}

static void keep_sample(void *context, tl_duel_stage stage, const char *load, uint64_t number,
                        const tl_launch *launch)
{
    duel_command *command = context;
    tl_json *sample = tl_duel_launch_json(stage, load, number, launch);
    char *line = tl_json_line(sample);
    if (line == NULL || command->samples == NULL || fprintf(command->samples, "%s\n", line) < 0 ||
        fflush(command->samples) != 0)
        command->samples_lost = true;
    free(line);
    tl_json_free(sample);
}

static int begin_result(duel_command *command)
{
    char error[TL_RESULT_TEXT_MAX] = "", file[TL_DUEL_TEXT_MAX];
    if (command->asked.stores_dir != NULL) {
        tl_status made = tl_directory_make(command->asked.stores_dir);
        if (made != TL_OK) {
            tl_complain("duel", "%s: %s; choose another --dir", command->asked.stores_dir,
                        strerror(errno));
            return TL_EXIT_ENVIRONMENT;
        }
    }
    tl_result_request request = {
        .argc = command->argc,
        .argv = command->argv,
        .out_dir = TL_RESULT_OUT_DIR,
        .json_path = command->asked.json_path,
        .storage_dir = command->asked.stores_dir,
        .error = error,
        .error_bytes = sizeof error,
    };
    tl_status status = tl_result_begin(&request, &command->result);
    if (status != TL_OK) {
        tl_complain("duel", "%s", error[0] != '\0' ? error : tl_status_text(status));
        return tl_exit_code(status);
    }
    snprintf(file, sizeof file, "%s/" SAMPLES_FILE, tl_result_dir(command->result));
    command->samples = fopen(file, "we");
    if (command->samples == NULL) {
        tl_complain("duel", "%s: %s", file, strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    return TL_EXIT_OK;
}

static int make_dir(duel_command *command)
{
    const char *parent = command->asked.stores_dir;
    if (parent == NULL)
        parent = access(MEMORY_DIR, W_OK) == 0 ? MEMORY_DIR : tl_result_dir(command->result);
    int length = snprintf(command->dir, sizeof command->dir, "%s/treelab-%s-%ld", parent,
                          tl_result_id(command->result), (long)getpid());
    tl_status status =
        length < (int)sizeof command->dir ? tl_directory_make_fresh(command->dir) : TL_INVALID;
    if (status != TL_OK) {
        tl_complain("duel", "%s: cannot make this directory: %s; choose another --dir",
                    command->dir, tl_status_reason(status));
        return TL_EXIT_ENVIRONMENT;
    }
    command->dir_made = true;
    command->asked.request.dir = command->dir;
    return TL_EXIT_OK;
}

static void describe_options(const duel_command *command)
{
    const tl_duel_request *request = &command->asked.request;
    tl_json *json = tl_json_object_new();
    tl_json_add_hex(json, "seed", request->seed);
    if (request->ops == 0)
        tl_json_add_null(json, "ops");
    else
        tl_json_add_count(json, "ops", request->ops);
    tl_json_add_text(json, "durability", tl_run_durability_name(command->asked.durability));
    tl_json *looks = tl_json_add_array(json, "looks"); /* as --looks takes them */
    for (size_t i = 0; i < request->looks.count; i++) {
        char look[64];
        snprintf(look, sizeof look, "%u:%.6g%%", request->looks.rows[i].launches,
                 100 * request->looks.rows[i].alpha);
        tl_json_add_text(looks, NULL, look);
    }
    tl_json_add_real(json, "delta_percent", tl_effect_percent(request->margins.delta));
    tl_json_add_real(json, "mde_percent", tl_effect_percent(request->margins.largest));
    tl_json_add_count(json, "confirm_launches", request->confirm_launches);
    tl_json_add_real(json, "budget_s", (double)request->budget_ns / 1e9);
    tl_json_add_count(json, "layouts", request->layouts);
    if (request->cpu < 0)
        tl_json_add_null(json, "cpu");
    else
        tl_json_add_count(json, "cpu", (uint64_t)request->cpu);
    tl_result_set_options(command->result, json);
}

static int failure_code(tl_status status)
{
    return status == TL_VERSION ? TL_EXIT_ENVIRONMENT : tl_exit_code(status);
}

static int answer_code(const tl_duel *duel)
{
    if (duel->interrupted)
        return TL_EXIT_INTERRUPTED;
    switch (tl_duel_conclude(duel)) {
    case TL_DUEL_REGRESSED:
        return TL_EXIT_REGRESSION;
    case TL_DUEL_INCONCLUSIVE:
        return TL_EXIT_INCONCLUSIVE;
    case TL_DUEL_NOTHING:
        return TL_EXIT_NOTHING;
    default:
        return TL_EXIT_OK;
    }
}

static tl_result_status result_status(int exit_code)
{
    switch (exit_code) {
    case TL_EXIT_OK:
    case TL_EXIT_REGRESSION:
    case TL_EXIT_INCONCLUSIVE:
        return TL_RESULT_OK;
    case TL_EXIT_WRONG:
        return TL_RESULT_WRONG;
    case TL_EXIT_NOTHING:
        return TL_RESULT_INVALID;
    default:
        return TL_RESULT_ABORTED;
    }
}

/* What there is, whatever ended the duel. */
static int write_result(duel_command *command, int exit_code)
{
    char error[TL_RESULT_TEXT_MAX] = "";
    const tl_duel *duel = command->duel;
    uint64_t invalid = 0;
    for (size_t i = 0; i < duel->row_count; i++) {
        tl_result_add_cell(command->result, tl_duel_cell_json(duel, &duel->rows[i], i));
        invalid += duel->rows[i].verdict == TL_VERDICT_INVALID;
    }
    tl_result_set_summary(command->result,
                          &(tl_result_summary){.failed = invalid,
                                               .wrong_answers = exit_code == TL_EXIT_WRONG,
                                               .states_per_s = (double)NAN});
    bool json_on_stdout =
        command->asked.json_path != NULL && strcmp(command->asked.json_path, "-") == 0;
    FILE *out = json_on_stdout ? stderr : stdout;
    tl_status status =
        tl_result_finish(command->result, result_status(exit_code), exit_code, error, sizeof error);
    if (duel->row_count > 0)
        tl_duel_print(out, duel);
    fprintf(out, "result: %s/" TL_RESULT_FILE "\n", tl_result_dir(command->result));
    if (command->samples_lost)
        tl_complain("duel", "some launches could not be written to " SAMPLES_FILE);
    if (status == TL_OK)
        return exit_code;
    tl_complain("duel", "%s", error[0] != '\0' ? error : tl_status_text(status));
    return exit_code == TL_EXIT_OK ? tl_exit_code(status) : exit_code;
}

static int run(duel_command *command)
{
    char error[TL_DUEL_TEXT_MAX] = "";
    describe_options(command);
    tl_status status = tl_duel_run(&command->asked.request, &command->duel, error, sizeof error);
    tl_progress_end(command->progress);
    if (command->duel == NULL) {
        tl_complain("duel", "%s", error);
        return tl_exit_code(status);
    }
    int exit_code = status == TL_OK ? answer_code(command->duel) : failure_code(status);
    if (status != TL_OK)
        tl_complain("duel", "%s", error[0] != '\0' ? error : tl_status_text(status));
    exit_code = write_result(command, exit_code);
    if (exit_code == TL_EXIT_INTERRUPTED)
        tl_complain("duel", "interrupted; %" PRIu64 " launches are kept", command->duel->launches);
    return exit_code;
}

int tl_cmd_duel(int argc, char **argv)
{
    static duel_command command; /* large; zero at the start, used once per process */
    int exit_code = tl_duel_options_parse(argc, argv, &command.asked);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    command.argc = argc;
    command.argv = argv;
    command.asked.request.stop = stop_asked;
    command.asked.request.step = show_step;
    command.asked.request.sample = keep_sample;
    command.asked.request.context = &command;
    tl_catch_interrupt();
    signal(SIGPIPE, SIG_IGN); /* an agent that died is noticed when it does not answer */
    exit_code = begin_result(&command);
    if (exit_code == TL_EXIT_OK)
        exit_code = make_dir(&command);
    if (exit_code == TL_EXIT_OK)
        exit_code = run(&command);
    if (command.dir_made && tl_directory_remove(command.dir) != TL_OK)
        tl_complain("duel", "cannot remove %s", command.dir);
    if (command.samples != NULL && fclose(command.samples) != 0)
        tl_complain("duel", "the end of " SAMPLES_FILE " could not be written");
    tl_duel_free(command.duel);
    tl_result_free(command.result);
    return exit_code;
}
