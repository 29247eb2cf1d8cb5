/* harness/cli/cmd_crash.c -- `treelab crash`: sweep stores on a simulated disk, keep what is found.
 *
 *     command line -> result begun -> cells (cmd_crash_cells.c) -> result, verdict
 */
#include "harness/cli/cmd_crash_cells.h"
#include "harness/cli/cmd_crash_damage.h"
#include "harness/cli/cmd_crash_shrink.h"

#include "harness/report/junit.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* DIR/run.json of --out DIR */
static void result_path(const tl_crash_campaign *campaign, char path[TL_CRASH_TEXT_BYTES])
{
    snprintf(path, TL_CRASH_TEXT_BYTES, "%s/" TL_RESULT_FILE, campaign->run_dir);
}

/* The run's directory under the name the user gave: an older result in it is not overwritten. */
static int make_named_dir(tl_crash_campaign *campaign)
{
    const char *dir = campaign->request->out_dir;
    char path[TL_CRASH_TEXT_BYTES];
    if (snprintf(campaign->run_dir, sizeof campaign->run_dir, "%s", dir) >=
        (int)sizeof campaign->run_dir) {
        tl_complain("crash", "--out: the path is longer than %d bytes", TL_CRASH_PATH_BYTES - 1);
        return TL_EXIT_USAGE;
    }
    tl_status status = tl_directory_make(dir);
    if (status != TL_OK) {
        tl_complain("crash", "%s: %s; choose another --out", dir, tl_status_reason(status));
        return tl_exit_code(status);
    }
    result_path(campaign, path);
    if (access(path, F_OK) == 0) {
        tl_complain("crash", "%s exists already; remove it or choose another --out", path);
        return TL_EXIT_USAGE;
    }
    return TL_EXIT_OK;
}

static void describe_options(const tl_crash_campaign *campaign)
{
    const tl_crash_request *request = campaign->request;
    tl_json *json = tl_json_object_new();
    tl_json_add_count(json, "ops", request->commits);
    tl_json_add_hex(json, "seed", request->seed);
    tl_json_add_count(json, "page_bytes", request->page_bytes);
    tl_json_add_text(json, "tier", tl_tier_at(request->tier)->name);
    tl_json_add_count(json, "shard", request->shard + (request->shard_count > 0));
    tl_json_add_count(json, "shard_count", request->shard_count);
    tl_result_set_options(campaign->result, json);
}

/* With --out the frame writes DIR/run.json as its "other" file, and --json is a copy of that. */
static int begin_result(tl_crash_campaign *campaign, int argc, char **argv)
{
    const tl_crash_request *request = campaign->request;
    if (request->repro != NULL && request->out_dir == NULL && request->json_path == NULL &&
        request->junit_path == NULL)
        return TL_EXIT_OK; /* looking at one state again leaves nothing behind */
    char error[TL_RESULT_TEXT_MAX] = "", path[TL_CRASH_TEXT_BYTES];
    bool named = request->out_dir != NULL;
    int exit_code = tl_check_output("crash", "--json", request->json_path);
    if (exit_code == TL_EXIT_OK)
        exit_code = tl_check_output("crash", "--junit", request->junit_path);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    exit_code = named ? make_named_dir(campaign) : TL_EXIT_OK;
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    result_path(campaign, path);
    tl_result_request frame = {
        .argc = argc,
        .argv = argv,
        .out_dir = named ? NULL : TL_RESULT_OUT_DIR,
        .json_path = named ? path : request->json_path,
        .storage_dir = request->out_dir,
        .error = error,
        .error_bytes = sizeof error,
    };
    tl_status status = tl_result_begin(&frame, &campaign->result);
    if (status != TL_OK) {
        tl_complain("crash", "%s", error[0] != '\0' ? error : tl_status_text(status));
        return tl_exit_code(status);
    }
    if (!named)
        snprintf(campaign->run_dir, sizeof campaign->run_dir, "%s",
                 tl_result_dir(campaign->result));
    describe_options(campaign);
    return TL_EXIT_OK;
}

typedef struct ending {
    tl_result_status status;
    int exit_code;
} ending;

static ending how_it_ended(const tl_crash_campaign *campaign)
{
    if (tl_interrupted())
        return (ending){TL_RESULT_ABORTED, TL_EXIT_INTERRUPTED};
    if (campaign->findings > 0)
        return (ending){TL_RESULT_CRASH_FAILED, TL_EXIT_WRONG};
    if (campaign->states == 0 && campaign->failure == TL_NOT_FOUND) /* a script without a commit */
        return (ending){TL_RESULT_INVALID, TL_EXIT_NOTHING};
    if (campaign->failure != TL_OK)
        return (ending){TL_RESULT_INVALID, tl_exit_code(campaign->failure)};
    if (campaign->states == 0)
        return (ending){TL_RESULT_INVALID, TL_EXIT_NOTHING};
    if (campaign->undecided > 0)
        return (ending){TL_RESULT_OK, TL_EXIT_INCONCLUSIVE}; /* the cells say complete: false */
    return (ending){TL_RESULT_OK, TL_EXIT_OK};
}

/* --json beside --out: the file just written, once more. */
static tl_status copy_result(const tl_crash_campaign *campaign)
{
    const tl_crash_request *request = campaign->request;
    char path[TL_CRASH_TEXT_BYTES];
    tl_json *root = NULL;
    if (request->out_dir == NULL || request->json_path == NULL)
        return TL_OK;
    result_path(campaign, path);
    tl_status status = tl_json_read(path, &root);
    if (status == TL_OK)
        status = tl_json_write(root, request->json_path);
    tl_json_free(root);
    return status;
}

/* --junit: the result just written, as test cases. */
static tl_status write_junit(const tl_crash_campaign *campaign)
{
    char path[TL_CRASH_TEXT_BYTES];
    tl_json *root = NULL;
    if (campaign->request->junit_path == NULL)
        return TL_OK;
    result_path(campaign, path);
    tl_status status = tl_json_read(path, &root);
    if (status == TL_OK)
        status = tl_junit_write(root, campaign->request->junit_path);
    tl_json_free(root);
    return status;
}

static int write_result(tl_crash_campaign *campaign, ending end)
{
    char error[TL_RESULT_TEXT_MAX] = "", path[TL_CRASH_TEXT_BYTES];
    if (campaign->result == NULL)
        return end.exit_code;
    tl_result_summary summary = {
        .failed = campaign->failed_cells,
        .states = campaign->states,
        .states_per_s = tl_cell_rate(campaign->states, campaign->elapsed_ns),
        .findings = campaign->findings,
        .missing_known = campaign->request->way != TL_CRASH_RATE, /* of it a cell is several */
        .missing = campaign->unbegun_cells,
    };
    tl_result_set_summary(campaign->result, &summary);
    tl_status status =
        tl_result_finish(campaign->result, end.status, end.exit_code, error, sizeof error);
    if (status == TL_OK)
        status = copy_result(campaign);
    if (status != TL_OK) {
        tl_complain("crash", "%s", error[0] != '\0' ? error : tl_status_text(status));
        return end.exit_code == TL_EXIT_OK ? tl_exit_code(status) : end.exit_code;
    }
    status = write_junit(campaign);
    if (status != TL_OK) {
        tl_complain("crash", "--junit %s: %s", campaign->request->junit_path,
                    tl_status_reason(status));
        return end.exit_code == TL_EXIT_OK ? tl_exit_code(status) : end.exit_code;
    }
    result_path(campaign, path);
    fprintf(campaign->table, "result: %s\n", path);
    return end.exit_code;
}

static int finish(tl_crash_campaign *campaign)
{
    ending end = how_it_ended(campaign);
    double rate = tl_cell_rate(campaign->states, campaign->elapsed_ns);
    fprintf(campaign->table,
            "%" PRIu64 " states, %.0f states per second on one core, %" PRIu64 " findings",
            campaign->states, isnan(rate) ? 0 : rate, campaign->findings);
    if (campaign->known > 0)
        fprintf(campaign->table, ", %" PRIu64 " known", campaign->known);
    fputc('\n', campaign->table);
    if (campaign->request->seeds_given)
        fprintf(campaign->table, "%" PRIu64 " of them distinct, seeds %" PRIu64 " to %" PRIu64 "\n",
                campaign->distinct, campaign->request->seed, campaign->request->seed_last);
    else if (campaign->request->threaded && campaign->request->repro == NULL)
        fprintf(campaign->table,
                "%" PRIu64 " of them distinct, schedules %" PRIu64 " to %" PRIu64 "\n",
                campaign->distinct, campaign->request->schedule, campaign->request->schedule_last);
    if (campaign->again > 0 && campaign->request->repro == NULL)
        fprintf(campaign->table,
                "recovered twice: %" PRIu64 " states, one in 32; a recovery asked the disk for at "
                "most %" PRIu64 " calls and %" PRIu64 " bytes\n",
                campaign->again, campaign->again_calls_max, campaign->again_bytes_max);
    tl_crash_print_missing(campaign);
    if (campaign->undecided > 0)
        tl_complain("crash syncs",
                    "%" PRIu64 " of %" PRIu64
                    " syncs are undecided: not every state was looked at; "
                    "without --budget, or with a larger one, more are",
                    campaign->undecided, campaign->syncs);
    if (end.exit_code == TL_EXIT_NOTHING && campaign->failure == TL_OK)
        tl_complain("crash", "no state was checked; allow more with --budget");
    else if (end.exit_code == TL_EXIT_INTERRUPTED)
        tl_complain("crash", "interrupted after %" PRIu64 " states; what was found is kept",
                    campaign->states);
    return write_result(campaign, end);
}

int tl_crash_go(tl_crash_request *request, int argc, char **argv)
{
    static tl_crash_campaign campaign; /* large; zero at the start, used once per process */
    campaign.request = request;
    bool json_on_stdout = request->json_path != NULL && strcmp(request->json_path, "-") == 0;
    campaign.table = json_on_stdout ? stderr : stdout;
    tl_catch_interrupt();
    if (request->mutant != NULL)
        tl_mutant_engine_here->wake(request->mutant);
    int exit_code = begin_result(&campaign, argc, argv);
    if (exit_code == TL_EXIT_OK) {
        tl_crash_campaign_run(&campaign);
        exit_code = finish(&campaign);
    }
    tl_result_free(campaign.result);
    return exit_code;
}

/* Other things that `treelab crash` does, by the word behind it. */
typedef struct crash_form {
    const char *word, *summary;
    int (*main)(int argc, char **argv); /* argv[0] is the word, argv[-1] "crash" */
} crash_form;
static const crash_form forms[] = {
    {"mutants",   "try every sweep on the engine's seeded bugs",                     tl_cmd_crash_mutants  },
    {"damage",    "flip, lose, misplace and cut bytes, and read them by every path",
     tl_cmd_crash_damage                                                                                   },
    {"processes", "kill real processes on real files",                               tl_cmd_crash_processes},
    {"faults",    "let each call of a run fail instead",                             tl_cmd_crash_faults   },
    {"rate",      "full checks of distinct states per second",                       tl_cmd_crash_rate     },
    {"replay",    "build one state again and check it",                              tl_cmd_crash_replay   },
    {"shrink",    "cut a finding down to the few operations that show it",           tl_cmd_crash_shrink   },
    {"syncs",     "leave each sync out in turn: which are necessary?",               tl_cmd_crash_syncs    },
};

int tl_cmd_crash(int argc, char **argv)
{
    static tl_crash_request request; /* large; zero at the start, used once per process */
    for (size_t i = 0; argc > 1 && i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(argv[1], forms[i].word) == 0)
            return forms[i].main(argc - 1, argv + 1);
    int exit_code = tl_crash_request_parse(argc, argv, &request);
    return exit_code == TL_EXIT_OK ? tl_crash_go(&request, argc, argv) : exit_code;
}
