/* harness/run/cell_phases.c -- the phases of a cell, each in one part or, with a warm-up, in two.
 */
#include "harness/run/cell_body.h"

#include "harness/measure/instrument.h"
#include "harness/run/loop.h"
#include "harness/run/phase.h"

#include <string.h>

/* Begin the read txn that stays open, if one is asked for and not there yet. */
static bool cell_pin(tl_cell_body *run)
{
    if (!run->request->pin_reader || run->pinned != NULL)
        return true;
    tl_status status = run->driver->begin(run->store, true, &run->pinned);
    if (status != TL_OK)
        tl_cell_call_failed(run->cell, "beginning the pinned reader", status);
    return status == TL_OK;
}

/* Samples of the tree's shape, for a phase of one thread that changes it. */
static bool cell_shapes(tl_cell_body *run, tl_loop *loop, tl_shapes *shapes)
{
    const tl_phase *phase = loop->phase;
    *shapes = (tl_shapes){.at = NULL};
    if (run->request->shapes == 0 || run->driver->shape == NULL || phase->read_only ||
        phase->threads > 1 || phase->ops == 0)
        return true;
    tl_status status = tl_shapes_begin(shapes, run->request->shapes, phase->ops);
    if (status != TL_OK)
        tl_cell_call_failed(run->cell, "keeping samples of the tree's shape", status);
    loop->shapes = shapes;
    return status == TL_OK;
}

bool tl_cell_verify(tl_cell_body *run, const tl_phase *phase, size_t index)
{
    tl_run_cell *cell = run->cell;
    tl_check check = {.enabled = tl_cell_reads_back(run)};
    tl_run_phase *result = &cell->phases[cell->phase_count++];
    tl_status status = tl_phase_verify(run->driver, run->store, phase->name,
                                       run->truths == NULL ? NULL : &run->truths[index],
                                       run->tools->scan, &check, result);
    if (status != TL_OK)
        tl_cell_call_failed(cell, phase->name, status);
    tl_phase_conclude(result, &check);
    tl_cell_wrong(cell, result, &check);
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

static tl_loop part_loop(const tl_cell_body *run, const phase_part *part)
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

static void part_series(const tl_cell_body *run, const phase_part *part, tl_loop *loop,
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
static bool cell_part(tl_cell_body *run, phase_part *part)
{
    tl_run_cell *cell = run->cell;
    const tl_phase *phase = part->phase;
    tl_run_phase *result = &cell->phases[cell->phase_count];
    tl_workload_spec spec = tl_cell_spec(run->request, cell->load);
    tl_check check = {.enabled = tl_cell_reads_back(run)};
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
        tl_cell_call_failed(cell, "keeping the phase's intervals", series.status);
    cell->phase_count++;
    if (status != TL_OK)
        tl_cell_fail(cell, status, loop.error);
    else if ((status = tl_scan_list_audit(&scans, run->driver, run->store, &check)) != TL_OK)
        tl_cell_call_failed(cell, "repeating the scans of the phase", status);
    tl_scan_list_clear(&scans);
    tl_phase_conclude(result, &check);
    tl_cell_wrong(cell, result, &check);
    return status == TL_OK;
}

/* Let the generator go to the end of a stream that was cut, if phases follow it. */
static bool drop_rest(tl_cell_body *run)
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

bool tl_cell_limits(const tl_run_request *request, const tl_phase *phases, size_t count,
                    size_t index, tl_limits *limits)
{
    const tl_limits of_run = tl_run_limits(request);
    tl_limits its = tl_limits_for(&of_run, &phases[index]);
    bool may_end = tl_limits_any(&its) && tl_truth_can_end_early(phases, count, index);
    *limits = may_end ? its : (tl_limits){.duration_ns = 0};
    return may_end;
}

bool tl_cell_phase(tl_cell_body *run, const tl_phase *phases, size_t count, size_t index)
{
    const tl_phase *phase = &phases[index];
    phase_part part = {.phase = phase, .index = index};
    part.may_end = tl_cell_limits(run->request, phases, count, index, &part.limits);
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
