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
#include "harness/run/cell.h"

#include "harness/measure/instrument.h"
#include "harness/run/directory.h"
#include "harness/run/loop.h"
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

static void cell_fail(tl_run_cell *cell, tl_status status, const char *text)
{
    if (cell->status != TL_RUN_CELL_OK)
        return; /* the first trouble is the one to tell */
    cell->status = status == TL_UNSUPPORTED ? TL_RUN_CELL_UNSUPPORTED : TL_RUN_CELL_FAILED;
    cell->failure = status;
    snprintf(cell->error, sizeof cell->error, "%s", text);
}

static void cell_call_failed(tl_run_cell *cell, const char *call, tl_status status)
{
    char text[TL_RUN_TEXT_MAX];
    snprintf(text, sizeof text, "%s: %s (%s)", call, tl_status_name(status),
             tl_status_text(status));
    cell_fail(cell, status, text);
}

/* Wrong answers outrank failures: a store that fails after lying has lied. */
static void cell_wrong(tl_run_cell *cell, const tl_run_phase *phase, const tl_check *check)
{
    if (check->wrong == 0 || cell->status == TL_RUN_CELL_WRONG)
        return;
    cell->status = TL_RUN_CELL_WRONG;
    cell->failure = TL_OK;
    snprintf(cell->error, sizeof cell->error, "phase %s: %.400s", phase->name, check->first_wrong);
}

typedef struct cell_run { /* a cell while it runs */
    const tl_run_request *request;
    const tl_cell_tools *tools;
    const tl_truth *truths;
    tl_run_cell *cell;
    const tl_driver *driver;
    tl_store *store;
    void *generator;
    char dir[TL_RUN_TEXT_MAX];
    uint64_t last_ops;    /* that the last phase did */
    tl_store_txn *pinned; /* a read txn that stays open; NULL: none */
    bool stopped;
} cell_run;

static bool reads_back(const cell_run *run)
{
    return (run->driver->capabilities & TL_DRIVER_READS_BACK) != 0;
}

static bool cell_begin(cell_run *run)
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
        cell_fail(cell, status, text);
        return false;
    }
    char error[TL_RUN_TEXT_MAX];
    uint64_t begin_ns = tl_clock_ns();
    status = tl_cell_open(request, cell->arm, run->dir, &run->store, error, sizeof error);
    cell->life.open_ns = tl_clock_ns() - begin_ns;
    if (status != TL_OK) {
        cell_fail(cell, status, error);
        return false;
    }
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    tl_workload_spec spec = tl_cell_spec(request, cell->load);
    run->generator = cell->load->workload->create(&host, &spec, error, sizeof error);
    if (run->generator == NULL)
        cell_fail(cell, TL_NO_MEMORY, "the workload could not begin: out of memory");
    return run->generator != NULL;
}

/* Begin the read txn that stays open, if one is asked for and not there yet. */
static bool cell_pin(cell_run *run)
{
    if (!run->request->pin_reader || run->pinned != NULL)
        return true;
    tl_status status = run->driver->begin(run->store, true, &run->pinned);
    if (status != TL_OK)
        cell_call_failed(run->cell, "beginning the pinned reader", status);
    return status == TL_OK;
}

static void cell_unpin(cell_run *run)
{
    if (run->pinned != NULL)
        run->driver->abort(run->pinned);
    run->pinned = NULL;
}

/* Samples of the tree's shape, for a phase of one thread that changes it. */
static bool cell_shapes(cell_run *run, tl_loop *loop, tl_shapes *shapes)
{
    const tl_phase *phase = loop->phase;
    *shapes = (tl_shapes){.at = NULL};
    if (run->request->shapes == 0 || run->driver->shape == NULL || phase->read_only ||
        phase->threads > 1 || phase->ops == 0)
        return true;
    tl_status status = tl_shapes_begin(shapes, run->request->shapes, phase->ops);
    if (status != TL_OK)
        cell_call_failed(run->cell, "keeping samples of the tree's shape", status);
    loop->shapes = shapes;
    return status == TL_OK;
}

/* Look at the whole store before the next phase; false ends the cell. */
static bool cell_verify(cell_run *run, const tl_phase *phase, size_t index)
{
    tl_run_cell *cell = run->cell;
    tl_check check = {.enabled = reads_back(run)};
    tl_run_phase *result = &cell->phases[cell->phase_count++];
    tl_status status = tl_phase_verify(run->driver, run->store, phase->name,
                                       run->truths == NULL ? NULL : &run->truths[index],
                                       run->tools->scan, &check, result);
    if (status != TL_OK)
        cell_call_failed(cell, phase->name, status);
    tl_phase_conclude(result, &check);
    cell_wrong(cell, result, &check);
    return status == TL_OK;
}

/* What of a phase is run: all, the warm-up, or what follows that. */
typedef struct phase_part {
    const tl_phase *phase;
    size_t index;
    bool is_warmup;
    bool may_end;        /* the phase may end before its stream */
    tl_limits limits;    /* when; all zeros unless may_end */
    uint64_t ops_before; /* done by the warm-up */
    uint64_t ops;        /* done when it has run */
    tl_run_end end;      /* what ended it */
} phase_part;

/* A phase's own rate, where its spec has one that was judged, or else the run's. */
static tl_rate phase_rate(const tl_run_request *request, const tl_phase *phase)
{
    tl_rate own;
    return phase->rate != NULL && tl_rate_parse(phase->rate, &own) ? own : request->rate;
}

static tl_loop part_loop(const cell_run *run, const phase_part *part)
{
    const tl_run_request *request = run->request;
    const tl_phase *phase = part->phase;
    tl_loop loop = {
        .driver = run->driver,
        .store = run->store,
        .workload = run->cell->load->workload,
        .generator = run->generator,
        .phase = phase,
        .batch = request->batch_given && !phase->read_only ? request->batch : phase->batch,
        .clock = run->tools->clock,
        .histograms = run->tools->histograms,
        .before = run->tools->before,
        .scan = run->tools->scan,
        .record_count = run->truths == NULL ? 0 : run->truths[part->index].record_count,
        .content_hash = run->truths == NULL ? 0 : run->truths[part->index].content_hash,
        .stop = request->stop,
        .context = request->context,
        .phase_index = part->index,
        .ops_before = part->ops_before,
        .limit_ns = part->is_warmup ? request->warmup_ns : part->limits.duration_ns,
    };
    tl_rate rate = phase_rate(request, phase);
    if (phase->measured && rate.mode != TL_RATE_CLOSED) {
        loop.responses = run->tools->histograms + TL_OP_KIND_COUNT;
        loop.rate = rate;
        loop.rate_seed = tl_stream(request->seed, part->index);
    }
    return loop;
}

static void part_series(const cell_run *run, const phase_part *part, tl_loop *loop,
                        tl_series *series)
{
    const tl_run_request *request = run->request;
    const tl_steady_rule *until = &part->limits.until;
    bool watched = !part->is_warmup && until->windows > 0;
    uint64_t interval_ns = watched ? tl_steady_sample_ns(until) : request->interval_ns;
    if (interval_ns == 0 || (!watched && tl_instrument_is_on()))
        return;
    loop->series = series;
    tl_series_begin(series, interval_ns, part->phase->threads > 1 ? part->phase->threads : 1,
                    run->driver, run->store, watched ? until : NULL);
}

/* Run a part of a phase; false ends the cell. */
static bool cell_part(cell_run *run, phase_part *part)
{
    tl_run_cell *cell = run->cell;
    const tl_phase *phase = part->phase;
    tl_run_phase *result = &cell->phases[cell->phase_count];
    tl_workload_spec spec = tl_cell_spec(run->request, cell->load);
    tl_check check = {.enabled = reads_back(run)};
    tl_scan_list scans = {0};
    tl_shapes shapes;
    tl_series series = {0};
    tl_loop loop = part_loop(run, part);
    loop.check = &check;
    loop.scans = &scans;
    loop.spec = &spec;
    if ((phase->measured && !cell_pin(run)) || !cell_shapes(run, &loop, &shapes))
        return false;
    part_series(run, part, &loop, &series);
    if (part->ops_before == 0)
        cell->load->workload->start(run->generator, part->index);
    bool truth_known = run->truths != NULL && (phase->read_only || !part->may_end);
    tl_status status =
        tl_phase_measure(&loop, truth_known ? &run->truths[part->index] : NULL, result);
    if (loop.series != NULL)
        tl_series_end(&series, loop.wall_ns);
    if (loop.stopped) {
        run->stopped = true;
        tl_scan_list_clear(&scans);
        tl_shapes_release(&shapes);
        tl_series_release(&series);
        tl_phase_release(result);
        return false;
    }
    result->shapes = shapes;
    result->series = series;
    tl_limits own;
    result->limited = part->may_end;
    result->asked_whole = tl_limits_own(phase, &own) && !tl_limits_any(&own);
    result->partial = loop.end != TL_RUN_END_STREAM || part->ops_before > 0;
    if (part->is_warmup) {
        result->measured = false;
        result->is_warmup = true;
        strncat(result->name, ".warmup", sizeof result->name - strlen(result->name) - 1);
    }
    part->ops = loop.ops;
    part->end = loop.end;
    if (series.status != TL_OK)
        cell_call_failed(cell, "keeping the phase's intervals", series.status);
    cell->phase_count++;
    if (status != TL_OK)
        cell_fail(cell, status, loop.error);
    else if ((status = tl_scan_list_audit(&scans, run->driver, run->store, &check)) != TL_OK)
        cell_call_failed(cell, "repeating the scans of the phase", status);
    tl_scan_list_clear(&scans);
    tl_phase_conclude(result, &check);
    cell_wrong(cell, result, &check);
    return status == TL_OK;
}

/* Let the generator go to the end of a stream that was cut, if phases follow it. */
static bool drop_rest(cell_run *run)
{
    enum { DROPPED_OPS = 256 };
    tl_op ops[DROPPED_OPS];
    const tl_run_request *request = run->request;
    while (run->cell->load->workload->next_n(run->generator, ops, DROPPED_OPS) > 0)
        if (request->stop != NULL && request->stop(request->context)) {
            run->stopped = true;
            return false;
        }
    return true;
}

/* Whether the phase may end before its stream, and when. */
static bool phase_limits(const tl_run_request *request, const tl_phase *phases, size_t count,
                         size_t index, tl_limits *limits)
{
    const tl_limits of_run = tl_run_limits(request);
    tl_limits its = tl_limits_for(&of_run, &phases[index]);
    bool may_end = tl_limits_any(&its) && tl_truth_can_end_early(phases, count, index);
    *limits = may_end ? its : (tl_limits){.duration_ns = 0};
    return may_end;
}

/* Run phase `index` of `count`; false ends the cell. */
static bool cell_phase(cell_run *run, const tl_phase *phases, size_t count, size_t index)
{
    const tl_phase *phase = &phases[index];
    phase_part part = {.phase = phase, .index = index};
    part.may_end = phase_limits(run->request, phases, count, index, &part.limits);
    if (phase->measured && run->request->warmup_ns > 0 && phase->threads <= 1) {
        part.is_warmup = true;
        if (!cell_part(run, &part))
            return false;
        run->last_ops = part.ops;
        if (part.end == TL_RUN_END_STREAM)
            return true; /* nothing is left to measure */
        part.is_warmup = false;
        part.ops_before = part.ops;
    }
    if (!cell_part(run, &part))
        return false;
    run->last_ops = part.ops_before + part.ops;
    return part.end == TL_RUN_END_STREAM || phase->threads > 1 || index + 1 == count ||
           drop_rest(run);
}

/* Close the store that the phases ran on, and count what that leaves on disk. */
static bool cell_close(cell_run *run)
{
    tl_run_life *life = &run->cell->life;
    uint64_t begin_ns = tl_clock_ns();
    tl_status status = run->driver->close(run->store);
    uint64_t end_ns = tl_clock_ns();
    run->store = NULL;
    if (status != TL_OK) {
        cell_call_failed(run->cell, "close", status);
        return false;
    }
    status =
        tl_directory_bytes(run->dir, run->driver->log_files, &life->data_bytes, &life->log_bytes);
    if (status != TL_OK)
        cell_call_failed(run->cell, "reading the store's directory", status);
    else
        life->close_ns = end_ns - begin_ns;
    return status == TL_OK;
}

/* Close and open again, so that the audit sees what the store keeps. */
static bool cell_reopen(cell_run *run)
{
    if (!cell_close(run))
        return false;
    char error[TL_RUN_TEXT_MAX];
    tl_status status =
        tl_cell_open(run->request, run->cell->arm, run->dir, &run->store, error, sizeof error);
    if (status != TL_OK)
        cell_fail(run->cell, status, error);
    return status == TL_OK;
}

static void cell_audit(cell_run *run, const tl_truth *truth)
{
    tl_run_cell *cell = run->cell;
    tl_check check = {.enabled = true};
    tl_run_phase *result = &cell->phases[cell->phase_count++];
    tl_status status =
        tl_phase_audit(run->driver, run->store, truth, run->tools->scan, &check, result);
    if (status != TL_OK)
        cell_call_failed(cell, "audit", status);
    tl_phase_conclude(result, &check);
    cell_wrong(cell, result, &check);
}

/* Audit against the truth when the last phase has ended, which may have been before its stream. */
static void cell_audit_last(cell_run *run, const tl_phase *phases, size_t count)
{
    char error[TL_RUN_TEXT_MAX];
    tl_limits its;
    bool cut =
        phase_limits(run->request, phases, count, count - 1, &its) && !phases[count - 1].read_only;
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
        cell_call_failed(run->cell, "replaying what was done", status);
        return;
    }
    cell_audit(run, &truths[count - 1]);
    free(truths);
}

/* Give space back step by step until there is none left to give. */
static bool cell_compact(cell_run *run)
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
        cell_call_failed(run->cell, "compact", status);
    else
        run->cell->life.compact_ns = tl_clock_ns() - begin_ns;
    return status == TL_OK;
}

static void cell_phases(cell_run *run)
{
    tl_run_cell *cell = run->cell;
    const tl_workload *workload = cell->load->workload;
    size_t count = 0;
    const tl_phase *phases = workload->phases(run->generator, &count);
    cell->phases = calloc(2 * count + 1, sizeof *cell->phases); /* warm-ups, and the audit */
    if (cell->phases == NULL) {
        cell_call_failed(cell, "keeping results", TL_NO_MEMORY);
        return;
    }
    bool going = true;
    for (size_t i = 0; i < count && going; i++)
        going = phases[i].kind == TL_PHASE_VERIFY ? cell_verify(run, &phases[i], i)
                                                  : cell_phase(run, phases, count, i);
    const char *note = workload->note == NULL ? NULL : workload->note(run->generator);
    if (note != NULL)
        snprintf(cell->note, sizeof cell->note, "%s", note);
    cell_unpin(run);
    if (going)
        going = cell_compact(run);
    if (going && (run->driver->capabilities & TL_DRIVER_PERSISTENT) != 0)
        going = cell_reopen(run);
    if (going && count > 0 && run->truths != NULL && reads_back(run) && run->driver->scan != NULL)
        cell_audit_last(run, phases, count);
}

static void cell_end(cell_run *run)
{
    if (run->generator != NULL)
        run->cell->load->workload->destroy(run->generator);
    cell_unpin(run);
    if (run->store != NULL) {
        tl_status status = run->driver->close(run->store);
        if (status != TL_OK)
            cell_call_failed(run->cell, "close", status);
    }
    if (run->dir[0] == '\0')
        return;
    tl_status status = tl_directory_remove(run->dir);
    if (status != TL_OK)
        cell_call_failed(run->cell, "removing the store's directory", status);
}

bool tl_cell_run(const tl_run_request *request, const tl_cell_tools *tools, const tl_truth *truths,
                 tl_run_cell *cell)
{
    tl_run_request own = tl_run_request_of(request, cell->load);
    cell_run run = {
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
