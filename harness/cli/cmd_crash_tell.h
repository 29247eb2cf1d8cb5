/* harness/cli/cmd_crash_tell.h -- what one store's states under one profile came to, in words.
 *
 * Findings are collapsed to causes (signature.h).  The first of each is told at once; at the end
 * there is a line for each cause with its count, and for the first ones why it happened, what would
 * mend it, and what the contract documents.
 */
#ifndef TL_HARNESS_CMD_CRASH_TELL_H
#define TL_HARNESS_CMD_CRASH_TELL_H

#include "harness/check/document_tiers.h"
#include "harness/check/explain.h"
#include "harness/cli/cmd_crash_cells.h"

typedef struct tl_tell { /* one profile of one cell; large */
    tl_crash_march *march;
    const tl_recording *recording;
    tl_profile profile;
    tl_causes causes;
} tl_tell;

void tl_tell_begin(tl_tell *tell, tl_crash_march *march, const tl_recording *recording,
                   tl_profile profile);
/* True: it is the first of the cell, and no documented one. */
bool tl_tell_finding(tl_tell *tell, const tl_enumerate_finding *finding);
/* `whole`: every allowed state was looked at.  Fills in what the row says in words. */
void tl_tell_end(tl_tell *tell, tl_tiers_row *row, bool whole);
/* With --timeline: the run up to the crash that the request is about. */
void tl_tell_timeline(tl_tell *tell, const tl_state_id *where);

#endif
