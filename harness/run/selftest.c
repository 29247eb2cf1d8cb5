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

static double phase_op_ns(tl_loop *loop)
{
    tl_histogram_reset(&loop->histograms[TL_OP_GET]);
    loop->ops = 0;
    if (tl_loop_run(loop) != TL_OK || loop->ops == 0)
        return NAN;
    return (double)loop->wall_ns / (double)loop->ops;
}

/* One round: a new generator, since phases begin once each. */
static double round_op_ns(const tl_workload *workload, tl_loop *loop)
{
    char error[TL_RUN_TEXT_MAX];
    double op_ns = NAN;
    tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    tl_workload_spec spec = {
        .ops = SELFTEST_OPS, .seed = 1, .page_bytes = 8192, .value_bytes_max = SIZE_MAX};
    void *generator = workload->create(&host, &spec, error, sizeof error);
    if (generator == NULL)
        return NAN;
    size_t count = 0;
    const tl_phase *phases = workload->phases(generator, &count);
    loop->generator = generator;
    for (size_t i = 0; i < count && isnan(op_ns); i++) {
        loop->phase = &phases[i];
        workload->start(generator, i);
        double phase_ns = phase_op_ns(loop);
        if (strcmp(phases[i].name, "get") == 0)
            op_ns = phase_ns;
    }
    workload->destroy(generator);
    return op_ns;
}

double tl_run_null_op_ns(void)
{
    const tl_driver *driver = tl_driver_find("null");
    const tl_workload *workload = tl_workload_find("random");
    tl_cell_tools tools;
    if (driver == NULL || workload == NULL || tl_cell_tools_make(&tools) != TL_OK)
        return NAN;
    double fastest_ns = NAN;
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
    for (int i = 0; i < SELFTEST_ROUNDS; i++)
        fastest_ns = fmin(fastest_ns, round_op_ns(workload, &loop)); /* NAN loses to a number */
    (void)driver->close(store);                                      /* nothing to close */

end:
    tl_cell_tools_release(&tools);
    return fastest_ns;
}
