/* harness/run/cell.c -- the life of one cell.
 *
 *     fresh directory -> open -> phases -> [compact] -> close -> open -> audit -> close -> removed
 *                      |  with one reader pinned, if asked for  |
 *
 * Open, compact and close are timed and what is on disk after the close is counted: the life of a
 * store around its phases.
 *
 * The audit reads every record once and compares the sum of record hashes with the truth, so a
 * dropped or altered record is found even when no phase reads.  A persistent store is closed and
 * opened before it: what it kept only in memory is not kept.
 */
#include "harness/run/cell_body.h"

#include "harness/run/directory.h"
#include "harness/run/phase.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

tl_status tl_cell_tools_make(tl_cell_tools *tools)
{
    tools->clock = tl_clock_fastest();
    tools->histograms = malloc(2 * TL_OP_KIND_COUNT * sizeof *tools->histograms);
    tools->scan = malloc(sizeof *tools->scan);
    tools->before = malloc(TL_SERIES_KIND_COUNT * sizeof *tools->before);
    if (tools->histograms != NULL && tools->scan != NULL && tools->before != NULL)
        return TL_OK;
    tl_cell_tools_release(tools);
    return TL_NO_MEMORY;
}

void tl_cell_tools_release(tl_cell_tools *tools)
{
    free(tools->histograms);
    free(tools->before);
    free(tools->scan);
    *tools = (tl_cell_tools){0};
}

tl_workload_spec tl_cell_spec(const tl_run_request *request, const tl_run_load *load)
{
    return (tl_workload_spec){
        .ops = request->ops,
        .seed = request->seed,
        .page_bytes = request->page_bytes,
        .value_bytes_max = request->value_bytes_max,
        .settings = load->settings,
        .setting_count = load->setting_count,
    };
}

tl_status tl_cell_open(const tl_run_request *request, const tl_run_arm *arm, const char *dir,
                       tl_store **store, char *error, size_t error_bytes)
{
    char reason[TL_RUN_TEXT_MAX] = "";
    tl_driver_options options = {
        .dir = dir,
        .durability = request->durability,
        .page_bytes = request->page_bytes,
        .seed = request->seed,
        .settings = arm->settings,
        .setting_count = arm->setting_count,
        .error = reason,
        .error_bytes = sizeof reason,
    };
    tl_status status = arm->driver->open(&options, store);
    if (status != TL_OK)
        snprintf(error, error_bytes, "%s: open: %s", arm->label,
                 reason[0] != '\0' ? reason : tl_status_text(status));
    return status;
}

void tl_cell_fail(tl_run_cell *cell, tl_status status, const char *text)
{
    if (cell->status != TL_RUN_CELL_OK)
        return; /* the first trouble is the one to tell */
    cell->status = status == TL_UNSUPPORTED ? TL_RUN_CELL_UNSUPPORTED : TL_RUN_CELL_FAILED;
    cell->failure = status;
    snprintf(cell->error, sizeof cell->error, "%s", text);
}

void tl_cell_call_failed(tl_run_cell *cell, const char *call, tl_status status)
{
    char text[TL_RUN_TEXT_MAX];
    snprintf(text, sizeof text, "%s: %s (%s)", call, tl_status_name(status),
             tl_status_text(status));
    tl_cell_fail(cell, status, text);
}

/* Wrong answers outrank failures: a store that fails after lying has lied. */
void tl_cell_wrong(tl_run_cell *cell, const tl_run_phase *phase, const tl_check *check)
{
    if (check->wrong == 0 || cell->status == TL_RUN_CELL_WRONG)
        return;
    cell->status = TL_RUN_CELL_WRONG;
    cell->failure = TL_OK;
    snprintf(cell->error, sizeof cell->error, "phase %s: %.400s", phase->name, check->first_wrong);
}

static bool cell_begin(tl_cell_body *run)
{
    tl_run_cell *cell = run->cell;
    const tl_run_request *request = run->request;
    int length = snprintf(run->dir, sizeof run->dir, "%s/store-%" PRIu64 "-%" PRIu64,
                          request->data_dir, cell->repetition, cell->order);
    tl_status status = length < (int)sizeof run->dir ? TL_OK : TL_INVALID;
    if (status == TL_OK)
        status = tl_directory_make_fresh(run->dir);
    if (status != TL_OK) {
        char text[TL_RUN_TEXT_MAX];
        snprintf(text, sizeof text, "%.300s: cannot make the store's directory: %s", run->dir,
                 tl_status_text(status));
        run->dir[0] = '\0'; /* not ours to remove */
        tl_cell_fail(cell, status, text);
        return false;
    }
    char error[TL_RUN_TEXT_MAX];
    uint64_t begin_ns = tl_clock_ns();
    status = tl_cell_open(request, cell->arm, run->dir, &run->store, error, sizeof error);
    cell->life.open_ns = tl_clock_ns() - begin_ns;
    if (status != TL_OK) {
        tl_cell_fail(cell, status, error);
        return false;
    }
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    tl_workload_spec spec = tl_cell_spec(request, cell->load);
    run->generator = cell->load->workload->create(&host, &spec, error, sizeof error);
    if (run->generator == NULL)
        tl_cell_fail(cell, TL_NO_MEMORY, "the workload could not begin: out of memory");
    return run->generator != NULL;
}

static void cell_unpin(tl_cell_body *run)
{
    if (run->pinned != NULL)
        run->driver->abort(run->pinned);
    run->pinned = NULL;
}

/* Close the store that the phases ran on, and count what that leaves on disk. */
static bool cell_close(tl_cell_body *run)
{
    tl_run_life *life = &run->cell->life;
    uint64_t begin_ns = tl_clock_ns();
    tl_status status = run->driver->close(run->store);
    uint64_t end_ns = tl_clock_ns();
    run->store = NULL;
    if (status != TL_OK) {
        tl_cell_call_failed(run->cell, "close", status);
        return false;
    }
    status =
        tl_directory_bytes(run->dir, run->driver->log_files, &life->data_bytes, &life->log_bytes);
    if (status != TL_OK)
        tl_cell_call_failed(run->cell, "reading the store's directory", status);
    else
        life->close_ns = end_ns - begin_ns;
    return status == TL_OK;
}

/* Close and open again, so that the audit sees what the store keeps. */
static bool cell_reopen(tl_cell_body *run)
{
    if (!cell_close(run))
        return false;
    char error[TL_RUN_TEXT_MAX];
    tl_status status =
        tl_cell_open(run->request, run->cell->arm, run->dir, &run->store, error, sizeof error);
    if (status != TL_OK)
        tl_cell_fail(run->cell, status, error);
    return status == TL_OK;
}

static void cell_audit(tl_cell_body *run, const tl_truth *truth)
{
    tl_run_cell *cell = run->cell;
    tl_check check = {.enabled = true};
    tl_run_phase *result = &cell->phases[cell->phase_count++];
    tl_status status =
        tl_phase_audit(run->driver, run->store, truth, run->tools->scan, &check, result);
    if (status != TL_OK)
        tl_cell_call_failed(cell, "audit", status);
    tl_phase_conclude(result, &check);
    tl_cell_wrong(cell, result, &check);
}

/* Audit against the truth when the last phase has ended, which may have been before its stream. */
static void cell_audit_last(tl_cell_body *run, const tl_phase *phases, size_t count)
{
    char error[TL_RUN_TEXT_MAX];
    tl_limits its;
    bool cut = tl_cell_limits(run->request, phases, count, count - 1, &its) &&
               !phases[count - 1].read_only;
    if (!cut) {
        cell_audit(run, &run->truths[count - 1]);
        return;
    }
    tl_truth *truths = NULL;
    tl_workload_spec spec = tl_cell_spec(run->request, run->cell->load);
    const tl_truth_limits limits = {.last_ops = run->last_ops};
    tl_status status = tl_truth_find_within(run->cell->load->workload, &spec, &limits, &truths,
                                            &count, error, sizeof error);
    if (status != TL_OK) {
        tl_cell_call_failed(run->cell, "replaying what was done", status);
        return;
    }
    cell_audit(run, &truths[count - 1]);
    free(truths);
}

/* Give space back step by step until there is none left to give. */
static bool cell_compact(tl_cell_body *run)
{
    enum { STEP_PAGES = 4096, STEPS_MAX = 1000000 };
    if (!run->request->compact || run->driver->compact == NULL)
        return true;
    bool done = false;
    uint64_t begin_ns = tl_clock_ns();
    tl_status status = TL_OK;
    for (int step = 0; step < STEPS_MAX && !done && status == TL_OK; step++)
        status = run->driver->compact(run->store, STEP_PAGES, &done);
    if (status != TL_OK)
        tl_cell_call_failed(run->cell, "compact", status);
    else
        run->cell->life.compact_ns = tl_clock_ns() - begin_ns;
    return status == TL_OK;
}

static void cell_phases(tl_cell_body *run)
{
    tl_run_cell *cell = run->cell;
    const tl_workload *workload = cell->load->workload;
    size_t count = 0;
    const tl_phase *phases = workload->phases(run->generator, &count);
    cell->phases = calloc(2 * count + 1, sizeof *cell->phases); /* warm-ups, and the audit */
    if (cell->phases == NULL) {
        tl_cell_call_failed(cell, "keeping results", TL_NO_MEMORY);
        return;
    }
    bool going = true;
    for (size_t i = 0; i < count && going; i++)
        going = phases[i].kind == TL_PHASE_VERIFY ? tl_cell_verify(run, &phases[i], i)
                                                  : tl_cell_phase(run, phases, count, i);
    const char *note = workload->note == NULL ? NULL : workload->note(run->generator);
    if (note != NULL)
        snprintf(cell->note, sizeof cell->note, "%s", note);
    cell_unpin(run);
    if (going)
        going = cell_compact(run);
    if (going && (run->driver->capabilities & TL_DRIVER_PERSISTENT) != 0)
        going = cell_reopen(run);
    if (going && count > 0 && run->truths != NULL && tl_cell_reads_back(run) &&
        run->driver->scan != NULL)
        cell_audit_last(run, phases, count);
}

static void cell_end(tl_cell_body *run)
{
    if (run->generator != NULL)
        run->cell->load->workload->destroy(run->generator);
    cell_unpin(run);
    if (run->store != NULL) {
        tl_status status = run->driver->close(run->store);
        if (status != TL_OK)
            tl_cell_call_failed(run->cell, "close", status);
    }
    if (run->dir[0] == '\0')
        return;
    tl_status status = tl_directory_remove(run->dir);
    if (status != TL_OK)
        tl_cell_call_failed(run->cell, "removing the store's directory", status);
}

bool tl_cell_run(const tl_run_request *request, const tl_cell_tools *tools, const tl_truth *truths,
                 tl_run_cell *cell)
{
    tl_run_request own = tl_run_request_of(request, cell->load);
    tl_cell_body run = {
        .request = &own,
        .tools = tools,
        .truths = truths,
        .cell = cell,
        .driver = cell->arm->driver,
    };
    cell->status = TL_RUN_CELL_OK;
    cell->failure = TL_OK;
    if (cell_begin(&run))
        cell_phases(&run);
    cell_end(&run);
    return !run.stopped;
}

void tl_cell_release(tl_run_cell *cell)
{
    for (size_t i = 0; i < cell->phase_count; i++) {
        tl_shapes_release(&cell->phases[i].shapes);
        tl_series_release(&cell->phases[i].series);
        tl_phase_release(&cell->phases[i]);
    }
    free(cell->phases);
    cell->phases = NULL;
    cell->phase_count = 0;
}

static const char *const status_names[] = {
    [TL_RUN_CELL_OK] = "ok",
    [TL_RUN_CELL_WRONG] = "wrong",
    [TL_RUN_CELL_FAILED] = "failed",
    [TL_RUN_CELL_UNSUPPORTED] = "unsupported",
};

static const char *const end_names[] = {
    [TL_RUN_END_STREAM] = "stream",
    [TL_RUN_END_DURATION] = "duration",
    [TL_RUN_END_STEADY] = "steady",
};

const char *tl_run_end_name(tl_run_end end)
{
    return end_names[end];
}

const char *tl_run_cell_status_name(tl_run_cell_status status)
{
    return status_names[status];
}
