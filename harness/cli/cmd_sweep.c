/* harness/cli/cmd_sweep.c -- `treelab sweep GRID`: each combination of some values is measured.
 *
 *     grid -> result begun -> journal -> cells, one process each -> run.json from the journal
 */
#include "harness/cli/arguments.h"

#include "harness/measure/clock.h"
#include "harness/report/machine.h"
#include "harness/report/resultfile.h"
#include "harness/run/directory.h"
#include "harness/run/run.h"
#include "harness/sweep/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 700 };

enum {
    OPTION_LIST = 256,
    OPTION_SHARD,
    OPTION_RESUME,
    OPTION_OUT,
    OPTION_DIR,
    OPTION_JOBS,
    OPTION_TIMEOUT,
    OPTION_JSON
};

static const struct argp_option rows[] = {
    {"list",                                                                                     OPTION_LIST, NULL, 0, "Print the cells with number and shard, and stop", 0},
    {"shard",                                                                                      OPTION_SHARD, "I/N", 0,
     "Run part I of N only; the same cells everywhere (default: 1/1)", 0},
    {"resume",                                         OPTION_RESUME, NULL, 0,
     "Go on in the --out directory of a sweep that was ended: finished cells are not run again", 0},
    {"out",                                                                                          OPTION_OUT, "DIR", 0,
     "The sweep's directory (default: a new one under " TL_RESULT_OUT_DIR "/)", 0},
    {"dir",OPTION_DIR, "DIR", 0,
     "Where stores live while they run (default: in the sweep's directory)", 0},
    {"jobs",                                                                                         OPTION_JOBS, "N", 0,
     "Cells at a time (default: 1); with more, counters are as good and times are not", 0},
    {"timeout",                                                                                         OPTION_TIMEOUT, "TIME", 0,
     "End after this time (30s, 5m), keeping the cells finished by then", 0},
    {"json",                                                                                   OPTION_JSON, "FILE", 0, "Also write the result to FILE; '-': stdout", 0},
    {"quiet",                                                                                      'q', NULL, 0, "No progress on stderr", 0},
    {0},
};

typedef struct command {
    const char *grid_path, *out_dir, *stores_dir, *json_path;
    unsigned shard, shards; /* shard from 0 */
    uint64_t jobs;
    double timeout_s;
    bool list, resume, quiet;
    int argc;
    char **argv;
    tl_grid grid;
    tl_result *result;
    tl_journal *journal;
    char self[PATH_MAX], dir[PATH_BYTES], running[PATH_BYTES + 16];
    bool running_made;
    tl_progress *progress;
    uint64_t deadline_ns;
} command;

static void parse_shard(struct argp_state *state, const char *text)
{
    command *asked = state->input;
    unsigned part = 0, count = 0;
    int used = 0;
    sscanf(text, "%6u/%6u%n", &part, &count, &used);
    if (used == 0 || text[used] != '\0' || part < 1 || part > count)
        argp_error(state, "--shard takes I/N with I from 1 to N, such as 1/4, not '%s'", text);
    asked->shard = part - 1;
    asked->shards = count;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    command *asked = state->input;
    switch (key) {
    case OPTION_LIST:
        asked->list = true;
        return 0;
    case OPTION_SHARD:
        parse_shard(state, value);
        return 0;
    case OPTION_RESUME:
        asked->resume = true;
        return 0;
    case OPTION_OUT:
        asked->out_dir = value;
        return 0;
    case OPTION_DIR:
        asked->stores_dir = value;
        return 0;
    case OPTION_JOBS:
        asked->jobs = tl_arguments_number(state, "jobs", value, 1, TL_SWEEP_JOBS_MAX);
        return 0;
    case OPTION_TIMEOUT:
        asked->timeout_s = (double)tl_arguments_time(state, "timeout", value, UINT64_MAX) / 1e9;
        return 0;
    case OPTION_JSON:
        asked->json_path = value;
        return 0;
    case 'q':
        asked->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (asked->grid_path != NULL)
            argp_error(state, "'%s' is a second grid; one is swept at a time", value);
        asked->grid_path = value;
        return 0;
    case ARGP_KEY_END:
        if (asked->grid_path == NULL)
            argp_error(state, "which grid? harness/sweep/README.md shows one");
        if (asked->resume && asked->out_dir == NULL)
            argp_error(state, "--resume wants --out, the directory of the sweep to go on with");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp sweep_argp = {
    .options = rows,
    .parser = parse,
    .args_doc = "GRID.ini|GRID.json",
    .doc =
        "Run every cell of a grid: each combination of workloads, strategies, page sizes, seeds "
        "and any other key of a spec."
        "\vA finished cell is a synced line of DIR/samples.jsonl; DIR/run.json is made of them at "
        "the end.\n\n"
        "Examples:\n"
        "  treelab sweep ci/strategies.ini --list\n"
        "  treelab sweep ci/strategies.ini --shard 1/4 --out out/part1\n"
        "  treelab sweep ci/strategies.ini --shard 1/4 --out out/part1 --resume\n"
        "  treelab merge out/whole out/part1 out/part2 out/part3 out/part4\n\n"
        "Exit codes: 0 well, 2 usage or a grid that says something wrong, 3 a wrong answer or a "
        "cell that died, 5 the machine refused, 6 nothing was measured, 130 interrupted or over "
        "the --timeout (finished cells are kept).\n",
};

static void tell_trouble(void *context, const char *text)
{
    (void)context;
    tl_complain("sweep", "%s", text);
}

static int print_list(const command *asked)
{
    const tl_grid *grid = &asked->grid;
    for (size_t i = 0; i < grid->cell_count; i++) {
        size_t shard = tl_grid_shard(grid->cells[i].id, asked->shards);
        if (asked->shards == 1 || shard == asked->shard)
            printf("%zu\t%zu/%u\t%s\n", i + 1, shard + 1, asked->shards, grid->cells[i].id);
    }
    fprintf(stderr, "%zu cells, %zu of them in shard %u/%u; %zu skipped\n", grid->cell_count,
            tl_sweep_wanted(grid, asked->shard, asked->shards), asked->shard + 1, asked->shards,
            grid->skipped);
    return TL_EXIT_OK;
}

/* Directories and the result's frame. */

static int complain_dir(const char *dir, tl_status status)
{
    tl_complain("sweep", "%s: %s; choose another place with --out or --dir", dir,
                status == TL_INVALID ? "the path is too long" : strerror(errno));
    return TL_EXIT_ENVIRONMENT;
}

static int make_named_dir(command *asked)
{
    char file[PATH_BYTES + sizeof "/" TL_RESULT_FILE];
    if (snprintf(asked->dir, sizeof asked->dir, "%s", asked->out_dir) >= (int)sizeof asked->dir)
        return complain_dir(asked->out_dir, TL_INVALID);
    tl_status status = tl_directory_make(asked->dir);
    if (status != TL_OK)
        return complain_dir(asked->dir, status);
    snprintf(file, sizeof file, "%s/" TL_RESULT_FILE, asked->dir);
    if (access(file, F_OK) == 0 && !asked->resume) {
        tl_complain("sweep",
                    "%s exists already; go on in it with --resume, or choose another "
                    "--out",
                    file);
        return TL_EXIT_USAGE;
    }
    return TL_EXIT_OK;
}

static int begin(command *asked)
{
    char error[TL_RESULT_TEXT_MAX] = "", file[PATH_BYTES + sizeof "/" TL_RESULT_FILE];
    bool named = asked->out_dir != NULL;
    int code = named ? make_named_dir(asked) : TL_EXIT_OK;
    if (code == TL_EXIT_OK && asked->stores_dir != NULL) {
        tl_status made = tl_directory_make(asked->stores_dir);
        if (made != TL_OK)
            code = complain_dir(asked->stores_dir, made);
    }
    if (code == TL_EXIT_OK && named)
        code = tl_check_output("sweep", "--json", asked->json_path);
    if (code != TL_EXIT_OK)
        return code;
    snprintf(file, sizeof file, "%s/" TL_RESULT_FILE, asked->dir);
    tl_result_request request = {
        .argc = asked->argc,
        .argv = asked->argv,
        .out_dir = named ? NULL : TL_RESULT_OUT_DIR,
        .json_path = named ? file : asked->json_path,
        .storage_dir = asked->stores_dir != NULL ? asked->stores_dir : asked->out_dir,
        .error = error,
        .error_bytes = sizeof error,
    };
    tl_status status = tl_result_begin(&request, &asked->result);
    if (status != TL_OK) {
        tl_complain("sweep", "%s", error[0] != '\0' ? error : tl_status_text(status));
        return tl_exit_code(status);
    }
    if (!named)
        snprintf(asked->dir, sizeof asked->dir, "%s", tl_result_dir(asked->result));
    return TL_EXIT_OK;
}

/* The cell that a killed sweep was at dies with it, but not at the same moment: until then it may
 * write into what is being removed. */
static tl_status remove_running(const char *path)
{
    enum { TRIES_MAX = 100, NAP_NS = 50000000 };
    tl_status status = tl_directory_remove(path);
    for (int tries = 1; status != TL_OK && tries < TRIES_MAX && !tl_interrupted(); tries++) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        status = tl_directory_remove(path);
    }
    return status;
}

/* A killed sweep leaves its "running" behind; a live one is not to be disturbed. */
static int make_running(command *asked)
{
    snprintf(asked->running, sizeof asked->running, "%s/running", asked->dir);
    tl_status status = asked->resume ? remove_running(asked->running) : TL_OK;
    if (status == TL_OK)
        status = tl_directory_make_fresh(asked->running);
    asked->running_made = status == TL_OK;
    if (status == TL_EXISTS) {
        tl_complain("sweep",
                    "%s: another sweep runs there, or was killed there; --resume goes on "
                    "with that, or choose another --out",
                    asked->running);
        return TL_EXIT_USAGE;
    }
    return status == TL_OK ? TL_EXIT_OK : complain_dir(asked->running, status);
}

static int open_journal(command *asked)
{
    char error[TL_RUN_TEXT_MAX] = "";
    const tl_journal_origin origin = {tl_build_revision(), tl_result_class(asked->result)};
    tl_status status =
        tl_journal_open(asked->dir, &origin, asked->resume, &asked->journal, error, sizeof error);
    if (status == TL_OK && !tl_sweep_fits(&asked->grid, asked->journal, error, sizeof error))
        status = TL_INVALID;
    if (status != TL_OK)
        tl_complain("sweep", "%s", error);
    return tl_exit_code(status == TL_EXISTS ? TL_INVALID : status);
}

/* Cells. */

static bool stop_asked(void *context)
{
    const command *asked = context;
    return tl_interrupted() || (asked->deadline_ns != 0 && tl_clock_ns() >= asked->deadline_ns);
}

static void show_step(void *context, uint64_t done, const char *id)
{
    tl_progress_update(((const command *)context)->progress, done, id);
}

static void tell_cell(void *context, const char *text)
{
    (void)context;
    tl_complain("sweep", "%s", text);
}

static int code_of(const tl_sweep_outcome *outcome)
{
    if (outcome->interrupted)
        return TL_EXIT_INTERRUPTED;
    if (outcome->refused)
        return TL_EXIT_USAGE;
    if (outcome->failure != TL_OK)
        return outcome->failure == TL_BUSY ? TL_EXIT_ENVIRONMENT : tl_exit_code(outcome->failure);
    if (outcome->wrong > 0)
        return TL_EXIT_WRONG;
    if (outcome->failed > 0) /* a code of ours; otherwise a signal ended it */
        return outcome->failed_exit > 0 && outcome->failed_exit < 125 ? outcome->failed_exit
                                                                      : TL_EXIT_WRONG;
    bool nothing = outcome->earlier + outcome->finished == 0;
    return nothing && outcome->wanted > 0 ? TL_EXIT_NOTHING : TL_EXIT_OK; /* a shard may be empty */
}

static uint64_t seed_of(const tl_grid *grid)
{
    uint64_t seed = 42;
    (void)tl_parse_size(tl_spec_get(&grid->spec, "", "seed", "42"), 0, UINT64_MAX, &seed);
    return seed; /* judged before */
}

static void describe(const command *asked)
{
    const tl_grid *grid = &asked->grid;
    tl_json *json = tl_json_object_new();
    tl_json_add_text(json, "grid", asked->grid_path);
    tl_json_add_text(json, "grid_sha256", grid->hash);
    tl_json_add_hex(json, "seed", seed_of(grid));
    tl_json_add_count(json, "repeat", grid->repeat);
    tl_json_add_count(json, "shard", asked->shard + 1);
    tl_json_add_count(json, "shards", asked->shards);
    tl_json_add_count(json, "jobs", asked->jobs);
    tl_json_add_count(json, "cells_of_grid", grid->cell_count);
    tl_json *axes = tl_json_add_array(json, "axes");
    for (size_t a = 0; a < grid->axis_count; a++)
        tl_json_add_text(axes, NULL, grid->axes[a].key);
    tl_result_set_options(asked->result, json);
}

static uint64_t answers_of(const tl_json *cell, const char *name)
{
    const tl_json *phases = tl_json_get(cell, "phases");
    uint64_t sum = 0;
    for (size_t i = 0; i < tl_json_size(phases); i++) {
        const tl_json *phase = tl_json_at(phases, i);
        const tl_json *in = strcmp(name, "wrong") == 0 ? phase : tl_json_get(phase, "check");
        sum += tl_json_count(tl_json_get(in, name), 0);
    }
    return sum;
}

/* All finished cells, in the grid's order whoever finished first. */
static int write_result(command *asked, const tl_sweep_outcome *outcome)
{
    char error[TL_RESULT_TEXT_MAX] = "", file[PATH_BYTES + sizeof "/" TL_RESULT_FILE];
    tl_result_summary summary = {
        .failed = outcome->failed, .states_per_s = NAN, .missing_known = true};
    int code = code_of(outcome);
    for (size_t i = 0; i < asked->grid.cell_count; i++) {
        tl_json *cell = tl_journal_cell(asked->journal, asked->grid.cells[i].id);
        if (cell == NULL)
            continue;
        summary.failed += strcmp(tl_json_text(tl_json_get(cell, "status"), ""), "ok") != 0;
        summary.wrong_answers += answers_of(cell, "wrong");
        summary.answers_checked += answers_of(cell, "answers_checked");
        tl_result_add_cell(asked->result, cell);
    }
    uint64_t kept = tl_result_cell_count(asked->result);
    summary.missing = outcome->wanted > kept ? outcome->wanted - kept : 0;
    tl_result_set_summary(asked->result, &summary);
    tl_result_status ended = code == TL_EXIT_OK      ? TL_RESULT_OK
                             : outcome->wrong > 0    ? TL_RESULT_WRONG
                             : code == TL_EXIT_WRONG ? TL_RESULT_INVALID
                                                     : TL_RESULT_ABORTED;
    tl_status status = tl_result_finish(asked->result, ended, code, error, sizeof error);
    snprintf(file, sizeof file, "%s/" TL_RESULT_FILE, asked->dir);
    if (status == TL_OK && asked->out_dir != NULL && asked->json_path != NULL) {
        tl_json *root = NULL;
        status = tl_json_read(file, &root);
        if (status == TL_OK)
            status = tl_json_write(root, asked->json_path);
        if (status != TL_OK)
            snprintf(error, sizeof error, "--json %.150s: %s", asked->json_path,
                     tl_status_text(status));
        tl_json_free(root);
    }
    if (status != TL_OK) {
        tl_complain("sweep", "%s", error[0] != '\0' ? error : tl_status_text(status));
        return code == TL_EXIT_OK ? tl_exit_code(status) : code;
    }
    bool json_alone = asked->json_path != NULL && strcmp(asked->json_path, "-") == 0;
    fprintf(json_alone ? stderr : stdout,
            "shard %u/%u: %zu of %zu cells finished (%zu of them earlier), %zu wrong, %zu failed\n"
            "result: %s\n",
            asked->shard + 1, asked->shards, outcome->earlier + outcome->finished, outcome->wanted,
            outcome->earlier, outcome->wrong, outcome->failed, file);
    return code;
}

static int sweep(command *asked)
{
    ssize_t length = readlink("/proc/self/exe", asked->self, sizeof asked->self - 1);
    tl_catch_interrupt();
    if (length <= 0) {
        tl_complain("sweep", "cannot find this program again: %s", strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    int code = begin(asked);
    if (code == TL_EXIT_OK)
        code = open_journal(asked);
    if (code == TL_EXIT_OK)
        code = make_running(asked);
    if (code != TL_EXIT_OK)
        return code;
    describe(asked);
    tl_sweep_request request = {
        .grid = &asked->grid,
        .shard = asked->shard,
        .shards = asked->shards,
        .program = asked->self,
        .running = asked->running,
        .stores_dir = asked->stores_dir,
        .jobs = (unsigned)asked->jobs,
        .journal = asked->journal,
        .stop = stop_asked,
        .step = show_step,
        .tell = tell_cell,
        .context = asked,
    };
    tl_sweep_outcome outcome;
    asked->progress = tl_progress_begin(
        "sweep", tl_sweep_wanted(&asked->grid, asked->shard, asked->shards), asked->quiet);
    tl_sweep_run(&request, &outcome);
    tl_progress_end(asked->progress);
    if (outcome.refused) { /* a grid that is wrong leaves no result */
        tl_complain("sweep", "%s: a cell of it was not understood; nothing more was run",
                    asked->grid_path);
        return TL_EXIT_USAGE;
    }
    return write_result(asked, &outcome);
}

int tl_cmd_sweep(int argc, char **argv)
{
    static command asked = {.shards = 1, .jobs = 1}; /* large; used once per process */
    int code = tl_arguments_parse(&sweep_argp, argc, argv, &asked);
    if (code != TL_EXIT_OK)
        return code;
    asked.argc = argc;
    asked.argv = argv;
    if (asked.timeout_s > 0)
        asked.deadline_ns = tl_clock_ns() + (uint64_t)(asked.timeout_s * 1e9);
    tl_status status = tl_grid_read(asked.grid_path, tell_trouble, NULL, &asked.grid);
    if (status != TL_OK)
        code = status == TL_NOT_FOUND ? TL_EXIT_USAGE : tl_exit_code(status);
    else
        code = asked.list ? print_list(&asked) : sweep(&asked);
    if (asked.running_made)
        (void)tl_directory_remove(asked.running);
    tl_journal_close(asked.journal);
    tl_result_free(asked.result);
    tl_grid_release(&asked.grid);
    return code;
}
