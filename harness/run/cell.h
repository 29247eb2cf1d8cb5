/* harness/run/cell.h -- one driver, one workload, once: from a fresh directory to an audited end.
 */
#ifndef TL_HARNESS_RUN_CELL_H
#define TL_HARNESS_RUN_CELL_H

#include "harness/measure/clock.h"
#include "harness/run/run.h"
#include "harness/run/scan.h"
#include "harness/run/truth.h"

typedef struct tl_cell_tools { /* what every cell needs, allocated once per run */
    const tl_clock *clock;
    tl_histogram *histograms; /* 2 * TL_OP_KIND_COUNT: service, then response times */
    tl_histogram *before;     /* TL_SERIES_KIND_COUNT, for series */
    tl_scan *scan;
} tl_cell_tools;

tl_status tl_cell_tools_make(tl_cell_tools *tools); /* TL_OK, TL_NO_MEMORY */
void tl_cell_tools_release(tl_cell_tools *tools);

/* The spec that the request asks of a workload. */
tl_workload_spec tl_cell_spec(const tl_run_request *request, const tl_run_load *load);

/* Run the cell whose arm, load, repetition and order are set, and fill the rest.  `truths` has one
 * entry per phase; NULL when nothing is to be compared.  Failures are told in the cell itself.
 *
 * True: the cell is finished.  False: request->stop said so and the cell counts for nothing. */
bool tl_cell_run(const tl_run_request *request, const tl_cell_tools *tools, const tl_truth *truths,
                 tl_run_cell *cell);
void tl_cell_release(tl_run_cell *cell); /* what tl_cell_run allocated */

/* Open the arm's store in `dir` as the request asks; `error` tells why not. */
tl_status tl_cell_open(const tl_run_request *request, const tl_run_arm *arm, const char *dir,
                       tl_store **store, char *error, size_t error_bytes);

#endif
