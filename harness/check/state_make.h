/* harness/check/state_make.h -- one state of a crash, made outright: to look at, to keep, to go on
 * from. */
#ifndef TL_HARNESS_STATE_MAKE_H
#define TL_HARNESS_STATE_MAKE_H

#include "harness/check/enumerate.h"
#include "harness/fault/image.h"

/* The same state without branches, so that no store has to run to know it: the choices of its
 * sectors are listed (LESS, PLUS).  What no read asked for is as new as can be.
 *
 * TL_OK        *plain; as it was, when it has no branches
 * TL_NO_SPACE  too many sectors would have to be listed
 * TL_INVALID   the recording has no such state */
TL_MUST_USE tl_status tl_state_spell(const tl_recording *recording, uint64_t seed,
                                     const tl_state_id *where, tl_state_id *plain);

/* The same state as deviations from the newest: a list (LESS) of every sector that does not hold
 * its newest version, of a state that is not told by branches; may be empty.  TL_NO_SPACE: too
 * many. */
TL_MUST_USE tl_status tl_state_list(const tl_recording *recording, uint64_t seed,
                                    const tl_state_id *where, tl_state_id *list);

/* Look at a state, also one of a second crash, while it lasts: `disk` is that of its log, and the
 * image is of its versions.  As tl_state_make. */
typedef tl_status (*tl_state_visit_fn)(void *context, const tl_simdisk *disk,
                                       const tl_image *image);
TL_MUST_USE tl_status tl_state_visit(const tl_recording *recording, uint64_t seed,
                                     const tl_state_id *where, tl_state_visit_fn visit,
                                     void *context);

/* Fill *image, of the recording's versions, with a state that is not told by branches.  `seed` is
 * that of a state that was drawn.
 *
 * TL_INVALID      the recording has no such state
 * TL_UNSUPPORTED  it is told by branches, which depend on what a store reads; or it is one of a
 *                 second crash; or a kill, which has two sides */
TL_MUST_USE tl_status tl_state_make(const tl_recording *recording, uint64_t seed,
                                    const tl_state_id *where, tl_image *image);

/* What a killed process leaves (the pick is KILLED): all that it issued, and what of that is
 * certain under the profile, should the power fail next; both of the recording's versions. */
TL_MUST_USE tl_status tl_state_make_killed(const tl_recording *recording, const tl_state_id *where,
                                           tl_image *issued, tl_image *certain);

#endif
