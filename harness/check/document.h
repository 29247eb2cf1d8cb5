/* harness/check/document.h -- a sweep as a cell of the result file (results/schema/run-1.json). */
#ifndef TL_HARNESS_CHECK_DOCUMENT_H
#define TL_HARNESS_CHECK_DOCUMENT_H

#include "harness/check/sweep.h"
#include "harness/report/json.h"

typedef struct tl_sweep_cell {
    const char *id, *label; /* "crash/tree/mixed/log/commit", "tree" */
    uint64_t order;
    const tl_sweep_options *options;
    const tl_sweep_result *result;
    tl_status status; /* of tl_sweep_run */
    /* The first finding; NULL: none. */
    const char *first_case, *first_rule, *first_command, *first_script;
} tl_sweep_cell;

/* The caller owns it.  NULL when memory is short. */
tl_json *tl_sweep_cell_json(const tl_sweep_cell *cell);

/* States inspected per second by the one core that a sweep uses; NAN when there were none. */
double tl_sweep_rate(uint64_t states, uint64_t elapsed_ns);

#endif
