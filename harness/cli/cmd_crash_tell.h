/* harness/cli/cmd_crash_tell.h -- what one store's states under one profile came to, in words. */
#ifndef TL_HARNESS_CMD_CRASH_TELL_H
#define TL_HARNESS_CMD_CRASH_TELL_H

#include "harness/cli/cmd_crash_cells.h"

enum { TL_TELL_KNOWN_MAX = 8 };

typedef struct tl_tell_known { /* findings that the contract documents */
    const tl_contract_row *row;
    uint64_t count;
    tl_state_id first;
} tl_tell_known;

typedef struct tl_tell { /* one profile of one cell; zero at the beginning */
    tl_crash_march *march;
    tl_tell_known known[TL_TELL_KNOWN_MAX];
    size_t known_count;
} tl_tell;

void tl_tell_finding(tl_tell *tell, const tl_enumerate_finding *finding);
/* At the end: what is known, and what was kept beyond the promise.  `whole`: every allowed state
 * was looked at. */
void tl_tell_end(tl_tell *tell, const tl_enumeration *done, const tl_recording *recording,
                 tl_profile profile, bool whole);

#endif
