/* harness/check/timeline.h -- a recorded run and one crash in it, as text.
 *
 *        0         creation of db/x.tl
 *        1  x lost write of meta to db/x.tl at 0, 8192 bytes
 *     ---2-------  fdatasync of db/x.tl
 *                  > commit 1 begun
 *        3  ~ torn write of log_frame to db/x.log.0 at 4096, 512 bytes (1 of 2 sectors lost)
 *     ===4=======  CRASH: write of ... was in flight
 */
#ifndef TL_HARNESS_CHECK_TIMELINE_H
#define TL_HARNESS_CHECK_TIMELINE_H

#include "harness/check/roles.h"
#include "harness/check/witness.h"

#include <stdio.h>

/* Print the run up to the crash that `lost` tells of, and what was acknowledged by then.
 * `around` operations before what is first lost, or before the crash; 0: all. */
void tl_timeline_print(FILE *file, const tl_roles *roles, const tl_trace *trace,
                       const tl_lost *lost, size_t around);

#endif
