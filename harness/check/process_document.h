/* harness/check/process_document.h -- a run of killed processes as a cell of the result file. */
#ifndef TL_HARNESS_CHECK_PROCESS_DOCUMENT_H
#define TL_HARNESS_CHECK_PROCESS_DOCUMENT_H

#include "harness/check/document_cell.h"
#include "harness/check/process.h"

/* The caller owns it.  NULL when memory is short. */
tl_json *tl_process_cell_json(const tl_cell_head *head, const tl_process_result *result);

#endif
