/* harness/check/document.h -- a sweep as a cell of the result file (results/schema/run-1.json). */
#ifndef TL_HARNESS_CHECK_DOCUMENT_H
#define TL_HARNESS_CHECK_DOCUMENT_H

#include "harness/check/document_cell.h"
#include "harness/check/sweep.h"

/* The caller owns it.  NULL when memory is short. */
tl_json *tl_sweep_cell_json(const tl_cell_head *head, const tl_sweep_result *result);

#endif
