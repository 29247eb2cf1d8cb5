/* harness/cli/cmd_run.c -- `treelab run`: drivers times workloads times repetitions, one result.
 *
 *     options -> result begun, directories made -> stores probed -> cells -> result, table
 *
 * From "result begun" on there is one exit: directories of stores are removed, finished cells are
 * written whatever ended the run.
 */
#include "harness/cli/cmd_run_journal.h"
#include "harness/cli/seeded.h"

#include "harness/measure/clock.h"
#include "harness/report/resultfile.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 400 }; /* leaves room for a store's own name in TL_RUN_TEXT_MAX */

typedef struct run_command {
    tl_run_options asked;
    int argc;
    char **argv;
    tl_result *result;
    char run_dir[PATH_BYTES], data_dir[PATH_BYTES];
    bool data_dir_made;
    tl_run *run;
    tl_journal *journal;
    uint64_t deadline_ns; /* of --timeout; 0: none */
    tl_progress *progress;
} run_command;

/* Directories and the result's frame. */

static int complain_dir(const char *dir, tl_status status)
{
    tl_complain("run", "%s: %s; choose another place with --out or --dir", dir,
                status == TL_INVALID ? "the path is too long" : strerror(errno));
    return TL_EXIT_ENVIRONMENT;
}

/* With --json to a bad place the run's own file is there all the same. */
static bool result_exists(const run_command *command)
{
    char file[PATH_BYTES + sizeof TL_RESULT_FILE];
    snprintf(file, sizeof file, "%s/" TL_RESULT_FILE, command->run_dir);
    return access(file, F_OK) == 0;
}

/* The run's directory under the name the user gave: an older result in it is not overwritten. */
static int make_named_dir(run_command *command)
{
    if (snprintf(command->run_dir, sizeof command->run_dir, "%s", command->asked.out_dir) >=
        (int)sizeof command->run_dir) {
        tl_complain("run", "--out: the path is longer than %d bytes", PATH_BYTES - 1);
        return TL_EXIT_USAGE;
    }
    tl_status status = tl_directory_make(command->asked.out_dir);
    if (status != TL_OK)
        return complain_dir(command->asked.out_dir, status);
    if (result_exists(command) && !command->asked.resume) {
        tl_complain("run",
                    "%s/" TL_RESULT_FILE
                    " exists already; go on in it with --resume, or choose another --out",
                    command->run_dir);
        return TL_EXIT_USAGE;
    }
    return TL_EXIT_OK;
}

/* With --out the frame writes DIR/run.json as its "other" file, and --json is a copy of that. */
static int begin_result(run_command *command)
{
    char error[TL_RESULT_TEXT_MAX] = "", file[PATH_BYTES + sizeof TL_RESULT_FILE];
    int exit_code = TL_EXIT_OK;
    if (command->asked.out_dir != NULL)
        exit_code = make_named_dir(command);
    if (exit_code == TL_EXIT_OK && command->asked.out_dir != NULL)
        exit_code = tl_check_output("run", "--json", command->asked.json_path);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    if (command->asked.stores_dir != NULL) {
        tl_status status = tl_directory_make(command->asked.stores_dir);
        if (status != TL_OK)
            return complain_dir(command->asked.stores_dir, status);
    }
    snprintf(file, sizeof file, "%s/" TL_RESULT_FILE, command->run_dir);
    bool named = command->asked.out_dir != NULL;
    tl_result_request request = {
        .argc = command->argc,
        .argv = command->argv,
        .out_dir = named ? NULL : TL_RESULT_OUT_DIR,
        .json_path = named ? file : command->asked.json_path,
        .storage_dir =
            command->asked.stores_dir != NULL ? command->asked.stores_dir : command->asked.out_dir,
        .probe_fsync = true,
        .error = error,
        .error_bytes = sizeof error,
    };
    tl_status status = tl_result_begin(&request, &command->result);
    if (status != TL_OK) {
        tl_complain("run", "%s", error[0] != '\0' ? error : tl_status_text(status));
        return tl_exit_code(status);
    }
    if (!named)
        snprintf(command->run_dir, sizeof command->run_dir, "%s", tl_result_dir(command->result));
    return TL_EXIT_OK;
}

static int make_data_dir(run_command *command)
{
    /* As many digits for each process: a longer path is another heap, which costs instructions. */
    int length =
        command->asked.stores_dir != NULL
            ? snprintf(command->data_dir, sizeof command->data_dir, "%s/treelab-%s-%07ld",
                       command->asked.stores_dir, tl_result_id(command->result), (long)getpid())
            : snprintf(command->data_dir, sizeof command->data_dir, "%s/data", command->run_dir);
    tl_status status = length < (int)sizeof command->data_dir ? TL_OK : TL_INVALID;
    if (status == TL_OK && command->asked.resume) /* a killed run could not remove its own */
        status = tl_directory_remove(command->data_dir);
    if (status == TL_OK)
        status = tl_directory_make_fresh(command->data_dir);
    command->data_dir_made = status == TL_OK;
    command->asked.request.data_dir = command->data_dir;
    return status == TL_OK ? TL_EXIT_OK : complain_dir(command->data_dir, status);
}

/* "value_bytes=16,100": what was varied. */
static void describe_parameters(const tl_choice *choice, tl_json *list)
{
    for (size_t i = 0; i < choice->parameter_count; i++) {
        const tl_run_parameter *parameter = &choice->parameters[i];
        char text[2 * TL_SPEC_TEXT_MAX];
        snprintf(text, sizeof text, "%.200s=", parameter->key);
        for (size_t v = 0; v < parameter->count; v++) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s%s", v == 0 ? "" : ",",
                     parameter->values[v]);
        }
        tl_json_add_text(list, NULL, text);
    }
}

static void describe_options(const run_command *command)
{
    const tl_run_request *request = &command->asked.request;
    tl_json *json = tl_json_object_new();
    tl_json_add_text(json, "name", tl_spec_get(&command->asked.spec, "", "name", NULL));
    tl_json_add_count(json, "ops", request->ops);
    tl_json_add_hex(json, "seed", request->seed);
    tl_json_add_text(json, "durability", tl_run_durability_name(request->durability));
    tl_json_add_count(json, "page_bytes", request->page_bytes);
    if (request->batch_given)
        tl_json_add_count(json, "batch", request->batch);
    else
        tl_json_add_null(json, "batch");
    tl_json_add_count(json, "repeat", request->repeat);
    tl_json_add_bool(json, "pin_reader", request->pin_reader);
    tl_json_add_bool(json, "compact", request->compact);
    tl_json_add_count(json, "shapes", request->shapes);
    describe_parameters(&command->asked.choice, tl_json_add_array(json, "parameters"));
    tl_json_add_count(json, "interval_ns", request->interval_ns);
    tl_json_add_count(json, "duration_ns", request->duration_ns);
    tl_json_add_count(json, "warmup_ns", request->warmup_ns);
    tl_json_add_text(json, "rate_mode", tl_rate_mode_name(request->rate.mode));
    tl_json_add_count(json, "rate_per_s", request->rate.per_s);
    tl_result_set_options(command->result, json);
}

static void describe_harness(const run_command *command)
{
    const tl_clock *clock = tl_clock_fastest();
    tl_run_cost cost = tl_run_cost_measure();
    tl_result_set_harness(command->result, &(tl_result_harness){
                                               .null_op_ns = cost.null_op_ns,
                                               .harness_op_ns = cost.harness_op_ns,
                                               .clock = clock->name,
                                               .clock_cost_ns = clock->cost_ns,
                                               .sampling = 1,
                                           });
}

/* Cells, and how they end. */

static bool is_late(const run_command *command)
{
    return command->deadline_ns != 0 && tl_clock_ns() >= command->deadline_ns;
}

static bool stop_asked(void *context)
{
    return tl_interrupted() || is_late(context);
}

static bool take_earlier(void *context, tl_run_cell *cell)
{
    const run_command *command = context;
    return tl_run_journal_earlier(command->journal, cell);
}

static tl_status keep_finished(void *context, const tl_run_cell *cell)
{
    run_command *command = context;
    return tl_run_journal_keep(command->journal, &command->asked.request, cell);
}

static void show_step(void *context, uint64_t cells_done, const char *cell_id)
{
    run_command *command = context;
    tl_progress_update(command->progress, cells_done, cell_id);
}

static int run_cells(run_command *command)
{
    char error[TL_RUN_TEXT_MAX] = "";
    tl_run_request *request = &command->asked.request;
    tl_status status = tl_run_probe(request, error, sizeof error);
    if (status == TL_OK) {
        describe_options(command);
        describe_harness(command);
        command->progress =
            tl_progress_begin("run", request->arm_count * request->load_count * request->repeat,
                              command->asked.quiet);
        status = tl_run_execute(request, &command->run, error, sizeof error);
        tl_progress_end(command->progress);
    }
    if (status != TL_OK)
        tl_complain("run", "%s", error[0] != '\0' ? error : tl_status_text(status));
    return tl_exit_code(status);
}

static int exit_code_of(const tl_run *run)
{
    switch (tl_run_status(run)) {
    case TL_RESULT_OK:
        return TL_EXIT_OK;
    case TL_RESULT_WRONG:
        return TL_EXIT_WRONG;
    default:
        if (run->interrupted)
            return TL_EXIT_INTERRUPTED;
        return run->failure == TL_OK ? TL_EXIT_NOTHING : tl_exit_code(run->failure);
    }
}

static void complain_about_end(const run_command *command, int exit_code)
{
    const tl_run *run = command->run;
    if (exit_code == TL_EXIT_INTERRUPTED)
        tl_complain("run", "%s; %zu finished cells are kept; --out %s --resume goes on",
                    tl_interrupted() ? "interrupted" : "over the --timeout", run->cell_count,
                    command->run_dir);
    else if (exit_code == TL_EXIT_NOTHING)
        tl_complain("run", "no operation was measured; see the cells above");
    else if (exit_code == TL_EXIT_WRONG)
        tl_complain("run", "%" PRIu64 " wrong answers in %" PRIu64 " cells", run->wrong_answers,
                    run->wrong_cells);
    else if (run->failure == TL_NO_SPACE)
        tl_complain("run", "%s; free some space or choose another --dir", run->error);
    else if (run->failure != TL_OK)
        tl_complain("run", "%s", run->error);
}

/* --json beside --out: the file just written, once more. */
static tl_status copy_result(const run_command *command)
{
    char file[PATH_BYTES + sizeof TL_RESULT_FILE];
    tl_json *root = NULL;
    if (command->asked.out_dir == NULL || command->asked.json_path == NULL)
        return TL_OK;
    snprintf(file, sizeof file, "%s/" TL_RESULT_FILE, command->run_dir);
    tl_status status = tl_json_read(file, &root);
    if (status != TL_OK)
        return status;
    status = tl_json_write(root, command->asked.json_path);
    tl_json_free(root);
    return status;
}

/* Never begun, or stopped in the middle: what --resume would run. */
static uint64_t missing_cells(const tl_run *run)
{
    const tl_run_request *request = run->request;
    uint64_t wanted = request->arm_count * request->load_count * request->repeat;
    return wanted > run->cell_count ? wanted - run->cell_count : 0;
}

static int write_result(run_command *command)
{
    char error[TL_RESULT_TEXT_MAX] = "";
    const tl_run *run = command->run;
    int exit_code = exit_code_of(run);
    for (size_t i = 0; i < run->cell_count; i++) {
        tl_json *kept = tl_journal_cell(command->journal, run->cells[i].id);
        tl_result_add_cell(
            command->result,
            kept != NULL ? kept : tl_run_cell_json(&command->asked.request, &run->cells[i]));
    }
    tl_result_set_summary(command->result, &(tl_result_summary){
                                               .failed = run->failed_cells,
                                               .wrong_answers = run->wrong_answers,
                                               .answers_checked = run->answers_checked,
                                               .states_per_s = NAN,
                                               .missing_known = true,
                                               .missing = missing_cells(run),
                                           });
    bool json_on_stdout =
        command->asked.json_path != NULL && strcmp(command->asked.json_path, "-") == 0;
    FILE *out = json_on_stdout ? stderr : stdout;
    tl_status status =
        tl_result_finish(command->result, tl_run_status(run), exit_code, error, sizeof error);
    if (status == TL_OK) {
        status = copy_result(command);
        if (status != TL_OK)
            snprintf(error, sizeof error, "cannot write '%s': %s", command->asked.json_path,
                     tl_status_text(status));
    }
    if (status == TL_OK)
        status = tl_run_write_files(command->run_dir, run, error, sizeof error);
    tl_run_print_table(out, run, command->asked.baseline);
    complain_about_end(command, exit_code);
    if (result_exists(command))
        fprintf(out, "result: %s/" TL_RESULT_FILE "\n", command->run_dir);
    if (status == TL_OK)
        return exit_code;
    tl_complain("run", "%s", error[0] != '\0' ? error : tl_status_text(status));
    return exit_code == TL_EXIT_OK ? tl_exit_code(status) : exit_code;
}

static void remove_data_dir(const run_command *command)
{
    tl_status status = command->data_dir_made ? tl_directory_remove(command->data_dir) : TL_OK;
    if (status != TL_OK)
        tl_complain("run", "cannot remove %s: %s", command->data_dir, tl_status_text(status));
}

static int run_all(run_command *command)
{
    tl_catch_interrupt();
    int exit_code = begin_result(command);
    if (exit_code == TL_EXIT_OK)
        exit_code = tl_run_journal_open(command->run_dir, command->result, &command->asked,
                                        &command->journal);
    if (exit_code == TL_EXIT_OK)
        exit_code = make_data_dir(command);
    if (exit_code == TL_EXIT_OK)
        exit_code = run_cells(command);
    remove_data_dir(command); /* before the result is written: it may need the room */
    if (exit_code == TL_EXIT_OK)
        exit_code = write_result(command);
    tl_run_free(command->run);
    tl_journal_close(command->journal);
    tl_result_free(command->result);
    return exit_code;
}

int tl_cmd_run(int argc, char **argv)
{
    static run_command command; /* large; zero at the start, used once per process */
    tl_run_request *request = &command.asked.request;
    int exit_code = tl_seeded_take("run", &argc, argv);
    if (exit_code == TL_EXIT_OK)
        exit_code = tl_run_options_parse(argc, argv, &command.asked);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    command.argc = argc;
    command.argv = argv;
    request->stop = stop_asked;
    request->step = show_step;
    request->earlier = take_earlier;
    request->finished = keep_finished;
    request->context = &command;
    if (command.asked.timeout_s > 0)
        command.deadline_ns = tl_clock_ns() + (uint64_t)(command.asked.timeout_s * 1e9);
    if (command.asked.explain)
        exit_code = tl_run_options_explain(&command.asked);
    else if (command.asked.dry_run)
        exit_code = tl_exit_code(tl_run_print_plan(stdout, request));
    else
        exit_code = run_all(&command);
    tl_spec_release(&command.asked.spec);
    return exit_code;
}
