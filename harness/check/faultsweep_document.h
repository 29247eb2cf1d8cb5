/* harness/check/faultsweep_document.h -- a fault sweep as a cell of the result file
 * (results/schema/run-1.json, kind "fault"). */
#ifndef TL_HARNESS_FAULTSWEEP_DOCUMENT_H
#define TL_HARNESS_FAULTSWEEP_DOCUMENT_H

#include "harness/check/document_cell.h"
#include "harness/check/faultsweep.h"

/* `head` without its spec, kind, findings and error, which are those of the sweep.  The caller owns
 * the cell.  NULL when memory is short. */
tl_json *tl_faultsweep_cell_json(const tl_cell_head *head, const tl_faultsweep_options *options,
                                 const tl_faultsweep_result *result);

#endif
