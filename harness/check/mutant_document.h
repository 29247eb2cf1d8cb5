/* harness/check/mutant_document.h -- one sweep at one seeded bug as a cell of the result file. */
#ifndef TL_HARNESS_MUTANT_DOCUMENT_H
#define TL_HARNESS_MUTANT_DOCUMENT_H

#include "harness/check/mutant_campaign.h"
#include "harness/report/json.h"

/* The caller owns it.  NULL when memory is short. */
tl_json *tl_mutant_cell_json(const tl_mutant_task *task, const tl_mutant_trial *trial,
                             uint64_t order);

#endif
