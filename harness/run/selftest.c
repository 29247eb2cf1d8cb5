/* harness/run/selftest.c -- what the harness itself costs per operation, measured anew in each run.
 *
 * The driver that does nothing gets the workload "random" in small: what remains is generating
 * keys and expected values, one clock reading, filing the latency and the driver's call.  Of some
 * rounds the fastest counts: interruptions only ever add.
 */
#include "harness/run/cell.h"
#include "harness/run/loop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SELFTEST_OPS = 20000, SELFTEST_ROUNDS = 15 };

static const tl_run_cost unknown = {NAN, NAN};

static tl_run_cost phase_cost(tl_loop *loop)
{
    tl_histogram *latencies = &loop->histograms[TL_OP_GET];
    tl_histogram_reset(latencies);
    loop->ops = 0;
    if (tl_loop_run(loop) != TL_OK || loop->ops == 0)
        return unknown;
    double ops = (double)loop->ops;
    return (tl_run_cost){(double)loop->wall_ns / ops,
                         (double)latencies->sum_ns / ops - loop->clock->cost_ns};
}

/* One round: a new generator, since phases begin once each. */
static tl_run_cost round_cost(const tl_workload *workload, tl_loop *loop)
{
    char error[TL_RUN_TEXT_MAX];
    tl_run_cost cost = unknown;
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    tl_workload_spec spec = {
        .ops = SELFTEST_OPS, .seed = 1, .page_bytes = 8192, .value_bytes_max = SIZE_MAX};
    void *generator = workload->create(&host, &spec, error, sizeof error);
    if (generator == NULL)
        return cost;
    size_t count = 0;
    const tl_phase *phases = workload->phases(generator, &count);
    loop->generator = generator;
    for (size_t i = 0; i < count && isnan(cost.null_op_ns); i++) {
        loop->phase = &phases[i];
        workload->start(generator, i);
        tl_run_cost of_phase = phase_cost(loop);
        if (strcmp(phases[i].name, "get") == 0)
            cost = of_phase;
    }
    workload->destroy(generator);
    return cost;
}

tl_run_cost tl_run_cost_measure(void)
{
    const tl_driver *driver = tl_driver_find("null");
    const tl_workload *workload = tl_workload_find("random");
    tl_cell_tools tools;
    if (driver == NULL || workload == NULL || tl_cell_tools_make(&tools) != TL_OK)
        return unknown;
    tl_run_cost least = unknown;
    tl_store *store = NULL;
    tl_driver_options options = {.dir = "."}; /* the null driver touches no file */
    if (driver->open(&options, &store) != TL_OK)
        goto end;
    tl_check check = {0};
    tl_scan_list scans = {0};
    tl_loop loop = {
        .driver = driver,
        .store = store,
        .workload = workload,
        .clock = tools.clock,
        .histograms = tools.histograms,
        .check = &check,
        .scan = tools.scan,
        .scans = &scans,
    };
    for (size_t kind = 0; kind < TL_OP_KIND_COUNT; kind++)
        tl_histogram_reset(&tools.histograms[kind]);
    for (int i = 0; i < SELFTEST_ROUNDS; i++) {
        tl_run_cost cost = round_cost(workload, &loop); /* NAN loses to a number */
        least.null_op_ns = fmin(least.null_op_ns, cost.null_op_ns);
        least.harness_op_ns = fmin(least.harness_op_ns, cost.harness_op_ns);
    }
    if (least.harness_op_ns < 0)
        least.harness_op_ns = 0; /* readings of the counter overlap with what lies between them */
    (void)driver->close(store);  /* nothing to close */

end:
    tl_cell_tools_release(&tools);
    return least;
}
