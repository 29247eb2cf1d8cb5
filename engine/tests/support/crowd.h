/* engine/tests/support/crowd.h -- many short readers beside a writer that reuses pages at once.
 *
 * Every commit writes its number under 60 keys.  A reader that finds two numbers under them, or an
 * older one than before, or no page where one should be, has lost its snapshot to the writer.
 */
#ifndef TL_TESTS_CROWD_H
#define TL_TESTS_CROWD_H

#include "tl/engine.h"

typedef struct crowd_report {
    uint64_t reads, wrong; /* read txns; observations that no snapshot explains */
    uint64_t checkpoints, pages_reused;
} crowd_report;

/* False: an observation was wrong, or a call of the writer failed. */
bool crowd_run(const char *commit, unsigned commits, crowd_report *report);

#endif
