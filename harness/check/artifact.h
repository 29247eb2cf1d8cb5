/* harness/check/artifact.h -- a finding as files: the state itself, and all that it takes to
 * understand it without this machine.
 *
 *     README.txt   id, rule, contract, what was allowed, what was seen, how to see it again
 *     script.tls   the finding as a script of its own (reproducer.h)
 *     log.txt      the recorded log up to the crash, an operation a line, with the numbers of its
 *                  sectors
 *     sectors.bin  their contents, 512 bytes each, every content once; number 0 is the first
 *     state/       the files that the crash left
 */
#ifndef TL_HARNESS_CHECK_ARTIFACT_H
#define TL_HARNESS_CHECK_ARTIFACT_H

#include "harness/check/reproducer.h"

#define TL_ARTIFACT_BYTES_MAX (UINT64_C(1) << 20)

/* Write the files of a state into `dir`, which is made; what is there under their names is
 * overwritten.  With `bytes_max` nothing is written when they are more than that; 0: no bound.
 *
 * TL_NO_SPACE     more than bytes_max; or the state cannot be told without branches
 * TL_INVALID      there is no such state
 * TL_ACCESS, TL_IO */
TL_MUST_USE tl_status tl_state_keep(const tl_recording *recording, uint64_t seed,
                                    const tl_state_id *where, const char *dir, uint64_t bytes_max);

/* Write all of it into `dir`, which is made, TL_ARTIFACT_BYTES_MAX together at most: contents of
 * the oldest operations go first, then the state; README.txt says what was left out.  `id` is the
 * whole name of the state.
 *
 * TL_ACCESS, TL_IO, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_artifact_write(const tl_reproducer *of, const char *id, const char *dir);

#endif
