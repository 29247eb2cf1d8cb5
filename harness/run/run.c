/* harness/run/run.c -- all cells of a request, and what they come to together. */
#include "harness/run/cell.h"
#include "harness/run/directory.h"
#include "harness/run/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const durability_names[] = {
    [TL_DURABILITY_COMMIT] = "commit",
    [TL_DURABILITY_ASYNC] = "async",
    [TL_DURABILITY_NONE] = "none",
};

tl_limits tl_run_limits(const tl_run_request *request)
{
    return (tl_limits){.duration_ns = request->duration_ns, .until = request->until};
}

const char *tl_run_durability_name(tl_durability durability)
{
    return durability_names[durability];
}

tl_run_request tl_run_request_of(const tl_run_request *request, const tl_run_load *load)
{
    tl_run_request own = *request;
    if (load->own == NULL)
        return own;
    own.ops = load->own->ops;
    own.seed = load->own->seed;
    own.durability = load->own->durability;
    own.page_bytes = load->own->page_bytes;
    own.batch_given = load->own->batch_given;
    own.batch = load->own->batch;
    return own;
}

const char *tl_run_load_name(const tl_run_load *load)
{
    return load->name != NULL ? load->name : load->workload->name;
}

static tl_status probe_arm(const tl_run_request *request, const tl_run_arm *arm,
                           size_t *value_bytes_max, char *error, size_t error_bytes)
{
    char dir[TL_RUN_TEXT_MAX];
    snprintf(dir, sizeof dir, "%s/probe", request->data_dir);
    tl_status status = tl_directory_make_fresh(dir);
    if (status != TL_OK) {
        snprintf(error, error_bytes, "%s: cannot make this directory: %s", dir,
                 tl_status_text(status));
        return status;
    }
    tl_store *store = NULL;
    status = tl_cell_open(request, arm, dir, &store, error, error_bytes);
    if (status == TL_OK) {
        size_t taken_bytes = arm->driver->value_bytes_max(store);
        if (taken_bytes < *value_bytes_max)
            *value_bytes_max = taken_bytes;
        status = arm->driver->close(store);
        if (status != TL_OK)
            snprintf(error, error_bytes, "%s: close: %s", arm->label, tl_status_text(status));
    }
    tl_status removed = tl_directory_remove(dir);
    if (status == TL_OK && removed != TL_OK) {
        snprintf(error, error_bytes, "%s: cannot remove: %s", dir, tl_status_text(removed));
        status = removed;
    }
    return status;
}

/* Loads of one request that open stores alike are probed once. */
static bool opens_as_before(const tl_run_request *request, size_t load)
{
    tl_run_request mine = tl_run_request_of(request, &request->loads[load]);
    for (size_t i = 0; i < load; i++) {
        tl_run_request other = tl_run_request_of(request, &request->loads[i]);
        if (other.page_bytes == mine.page_bytes && other.durability == mine.durability)
            return true;
    }
    return false;
}

tl_status tl_run_probe(tl_run_request *request, char *error, size_t error_bytes)
{
    size_t value_bytes_max = SIZE_MAX;
    for (size_t load = 0; load < request->load_count; load++) {
        if (opens_as_before(request, load))
            continue;
        tl_run_request own = tl_run_request_of(request, &request->loads[load]);
        for (size_t i = 0; i < request->arm_count; i++) {
            tl_status status =
                probe_arm(&own, &request->arms[i], &value_bytes_max, error, error_bytes);
            if (status != TL_OK)
                return status;
        }
    }
    request->value_bytes_max = value_bytes_max;
    return TL_OK;
}

static void cell_name(const tl_run_request *request, const tl_plan_row *row, tl_run_cell *cell)
{
    *cell = (tl_run_cell){
        .arm = &request->arms[row->arm],
        .load = &request->loads[row->load],
        .repetition = row->repetition,
        .order = row->order,
    };
    tl_run_request own = tl_run_request_of(request, cell->load);
    snprintf(cell->id, sizeof cell->id, "%s/%s/%s/r%" PRIu64, cell->arm->label,
             tl_run_load_name(cell->load), tl_run_durability_name(own.durability), row->repetition);
}

tl_status tl_run_print_plan(FILE *out, const tl_run_request *request)
{
    tl_plan_row *rows = NULL;
    size_t count = 0;
    tl_status status =
        tl_plan_make(request->arm_count, request->load_count, request->repeat, &rows, &count);
    if (status != TL_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        tl_run_cell cell;
        cell_name(request, &rows[i], &cell);
        fprintf(out, "%s\n", cell.id);
    }
    free(rows);
    return TL_OK;
}

static bool reads_back(const tl_run_cell *cell)
{
    return (cell->arm->driver->capabilities & TL_DRIVER_READS_BACK) != 0;
}

/* The first good cell of the same workload: all others must have read what it read. */
static const tl_run_cell *peer_of(const tl_run *run, const tl_run_cell *cell)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        const tl_run_cell *peer = &run->cells[i];
        if (peer->load == cell->load && peer->status == TL_RUN_CELL_OK && reads_back(peer))
            return peer;
    }
    return NULL;
}

/* A fast wrong answer fails, also one that no expectation covers: equal streams, equal results. */
static void compare_with_peer(const tl_run *run, tl_run_cell *cell)
{
    const tl_run_cell *peer = peer_of(run, cell);
    if (peer == NULL || cell->status != TL_RUN_CELL_OK || !reads_back(cell))
        return;
    bool cut = false; /* by time: the two did not do the same */
    for (size_t i = 0; i < cell->phase_count && i < peer->phase_count; i++) {
        tl_run_phase *mine = &cell->phases[i];
        const tl_run_phase *other = &peer->phases[i];
        cut = cut || mine->partial || other->partial;
        if (cut || strcmp(mine->name, other->name) != 0 || mine->result_hash == other->result_hash)
            continue;
        mine->wrong++;
        cell->status = TL_RUN_CELL_WRONG;
        snprintf(cell->error, sizeof cell->error,
                 "phase %s: result hash 0x%016" PRIx64 ", but 0x%016" PRIx64 " in cell %.300s",
                 mine->name, mine->result_hash, other->result_hash, peer->id);
        return;
    }
}

static void count_cell(tl_run *run, const tl_run_cell *cell)
{
    for (size_t i = 0; i < cell->phase_count; i++) {
        const tl_run_phase *phase = &cell->phases[i];
        run->wrong_answers += phase->wrong;
        run->answers_checked += phase->answers_checked;
        if (phase->measured && cell->status == TL_RUN_CELL_OK)
            run->measured_ops += phase->ops;
    }
    run->wrong_cells += cell->status == TL_RUN_CELL_WRONG;
    run->failed_cells += cell->status != TL_RUN_CELL_OK;
    if (cell->failure != TL_OK && cell->status == TL_RUN_CELL_FAILED && run->failure == TL_OK) {
        run->failure = cell->failure;
        snprintf(run->error, sizeof run->error, "%.100s: %.400s", cell->id, cell->error);
    }
}

/* Trouble of the machine, not of the store: the next cell would meet it too. */
static bool ends_the_run(tl_status status)
{
    return status == TL_NO_SPACE || status == TL_ACCESS || status == TL_NO_MEMORY;
}

static bool any_reads_back(const tl_run_request *request)
{
    for (size_t i = 0; i < request->arm_count; i++)
        if ((request->arms[i].driver->capabilities & TL_DRIVER_READS_BACK) != 0)
            return true;
    return false;
}

/* The truths of all loads; entries stay NULL when no store reads back.  Replaying is also the
 * first thing that asks a workload whether it accepts its settings, so it is always done once.
 * TL_BUSY: request->stop said so. */
static tl_status find_truths(const tl_run_request *request, tl_truth **truths, char *error,
                             size_t error_bytes)
{
    bool needed = any_reads_back(request);
    const tl_limits of_run = tl_run_limits(request);
    const tl_truth_limits limits = {
        .last_ops = 0, .of_run = &of_run, .stop = request->stop, .context = request->context};
    for (size_t i = 0; i < request->load_count; i++) {
        size_t count = 0;
        tl_run_request own = tl_run_request_of(request, &request->loads[i]);
        tl_workload_spec spec = tl_cell_spec(&own, &request->loads[i]);
        tl_status status = tl_truth_find_within(request->loads[i].workload, &spec, &limits,
                                                &truths[i], &count, error, error_bytes);
        if (status != TL_OK)
            return status;
        if (!needed) {
            free(truths[i]);
            truths[i] = NULL;
        }
    }
    return TL_OK;
}

/* Hand a cell that is finished to who keeps them; false: it could not be kept. */
static bool keep_cell(tl_run *run, const tl_run_cell *cell)
{
    const tl_run_request *request = run->request;
    tl_status status =
        request->finished == NULL ? TL_OK : request->finished(request->context, cell);
    if (status == TL_OK)
        return true;
    run->cut_short = true;
    if (run->failure == TL_OK) {
        run->failure = status;
        snprintf(run->error, sizeof run->error, "%.300s: finished, but could not be kept: %s",
                 cell->id, tl_status_text(status));
    }
    return false;
}

static void run_rows(tl_run *run, const tl_plan_row *rows, size_t count, tl_truth *const *truths,
                     const tl_cell_tools *tools)
{
    const tl_run_request *request = run->request;
    for (size_t i = 0; i < count; i++) {
        tl_run_cell *cell = &run->cells[run->cell_count];
        cell_name(request, &rows[i], cell);
        if (request->step != NULL)
            request->step(request->context, i, cell->id);
        run->interrupted = request->stop != NULL && request->stop(request->context);
        if (run->interrupted)
            return;
        bool earlier = request->earlier != NULL && request->earlier(request->context, cell);
        if (!earlier && !tl_cell_run(request, tools, truths[rows[i].load], cell)) {
            tl_cell_release(cell);
            run->interrupted = true;
            return;
        }
        if (!earlier) /* otherwise it was compared when it ran */
            compare_with_peer(run, cell);
        run->cell_count++;
        count_cell(run, cell);
        if (!earlier && !keep_cell(run, cell))
            return;
        if (cell->status == TL_RUN_CELL_FAILED && ends_the_run(cell->failure)) {
            run->cut_short = true;
            return;
        }
    }
}

tl_status tl_run_execute(const tl_run_request *request, tl_run **out, char *error,
                         size_t error_bytes)
{
    tl_plan_row *rows = NULL;
    size_t count = 0;
    tl_cell_tools tools = {0};
    tl_run *run = calloc(1, sizeof *run);
    tl_truth **truths = calloc(request->load_count + 1, sizeof *truths);
    tl_status status = TL_NO_MEMORY;
    snprintf(error, error_bytes, "out of memory before the first cell; use fewer --ops");
    if (run == NULL || truths == NULL)
        goto end;
    run->request = request;
    status = tl_plan_make(request->arm_count, request->load_count, request->repeat, &rows, &count);
    if (status != TL_OK)
        goto end;
    status = tl_cell_tools_make(&tools);
    if (status != TL_OK)
        goto end;
    status = TL_NO_MEMORY;
    run->cells = calloc(count + 1, sizeof *run->cells);
    if (run->cells == NULL)
        goto end;
    status = find_truths(request, truths, error, error_bytes);
    run->interrupted = status == TL_BUSY; /* before the first cell */
    if (status != TL_OK && !run->interrupted)
        goto end;

    status = TL_OK;
    if (!run->interrupted)
        run_rows(run, rows, count, truths, &tools);
    error[0] = '\0';
    *out = run;
    run = NULL;

end:
    for (size_t i = 0; truths != NULL && i < request->load_count; i++)
        free(truths[i]);
    free(truths);
    free(rows);
    tl_cell_tools_release(&tools);
    tl_run_free(run);
    return status;
}

tl_result_status tl_run_status(const tl_run *run)
{
    if (run->wrong_cells > 0)
        return TL_RESULT_WRONG;
    if (run->interrupted || run->cut_short)
        return TL_RESULT_ABORTED;
    if (run->failure != TL_OK || run->measured_ops == 0)
        return TL_RESULT_INVALID;
    return TL_RESULT_OK;
}

void tl_run_free(tl_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->cell_count; i++)
        tl_cell_release(&run->cells[i]);
    free(run->cells);
    free(run);
}
