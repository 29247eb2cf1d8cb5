/* harness/check/damage_document.h -- damage to one image, as a cell of kind "fault" of the result
 * file. */
#ifndef TL_HARNESS_DAMAGE_DOCUMENT_H
#define TL_HARNESS_DAMAGE_DOCUMENT_H

#include "harness/check/damage.h"
#include "harness/report/json.h"

typedef struct tl_damage_cell {
    const char *id, *label; /* "damage/tree/log/clean", "tree" */
    uint64_t order;
    const tl_damage_options *options;
    const tl_damage_result *result;
    tl_status status;                                       /* of tl_damage_run */
    const char *first_case, *first_outcome, *first_command; /* NULL: no finding */
} tl_damage_cell;

/* The caller owns it.  NULL when memory is short. */
tl_json *tl_damage_cell_json(const tl_damage_cell *cell);

#endif
