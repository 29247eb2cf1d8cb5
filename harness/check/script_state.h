/* harness/check/script_state.h -- `crash profile=P state=WORD` of a script, by the rules of the
 * enumeration. */
#ifndef TL_HARNESS_CHECK_SCRIPT_STATE_H
#define TL_HARNESS_CHECK_SCRIPT_STATE_H

#include "harness/check/state_id.h"
#include "harness/script/simhost.h"

/* "31.0/oldest" under a profile, as a name of state_id.h; also "21.0/killed", the first of two
 * crashes.  False: it is none. */
bool tl_script_state_parse(const char *profile, const char *state, tl_state_id *where);

/* For tl_simhost_set_states.
 *
 * TL_INVALID      the log has no such state
 * TL_UNSUPPORTED  it is told by branches, which depend on what a store reads: `treelab crash` on
 * the script knows it */
tl_status tl_script_state_crash(tl_simdisk *disk, const tl_script_power_loss *loss, size_t *at);

#endif
