/* harness/compare/stored.h -- two stored runs side by side.
 *
 * Cells meet when driver label, workload and durability are the same; repetitions meet in their
 * order.  Counters are compared exactly where the spec hash and the engine's options, pages and
 * contract are the same: they do not depend on the machine.  Times are only described: a stored
 * run has repetitions in one process, which are no independent samples, and the two runs did not
 * take turns.  They are not shown for machines of different classes.
 */
#ifndef TL_HARNESS_STORED_H
#define TL_HARNESS_STORED_H

#include "harness/report/json.h"

#include <stdio.h>

typedef struct tl_stored_request {
    const tl_json *runs[2]; /* run.json of A and of B */
    bool times;             /* false: counters only */
    bool any_machine;       /* show times of unlike machines, marked */
} tl_stored_request;

typedef struct tl_stored {
    size_t matched, unmatched[2];             /* cells of kind bench */
    size_t counter_sets, counters, differing; /* phases compared, counters in them, unequal */
    size_t refused_specs;                     /* cells that meet and asked different things */
    size_t wrong;                             /* equal operations that read different things */
    bool unlike_machines;
} tl_stored;

/* Print the comparison to `out`, and add it to the object `document` (may be NULL). */
tl_stored tl_stored_compare(const tl_stored_request *request, FILE *out, tl_json *document);

#endif
