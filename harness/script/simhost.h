/* harness/script/simhost.h -- a simulated disk as the host of a script: `fail` and `crash` work.
 *
 * Operations are numbered as in the log of the disk, which begins anew at each crash.  A profile
 * other than sigkill is a power loss; `drop=` names what it lost, all else was written; `keep=`
 * names what was written by itself, all else not yet synced was lost; `torn=a:s` says that of the
 * write `a`, in flight at the crash, the first s sectors arrived.  Without `at=` the power fails
 * now.  `state=` names a state as a finding of the crash lab does.
 */
#ifndef TL_HARNESS_SCRIPT_SIMHOST_H
#define TL_HARNESS_SCRIPT_SIMHOST_H

#include "harness/fault/simdisk.h"
#include "harness/script/run.h"

typedef struct tl_simhost tl_simhost;

/* Make the disk what `loss->state` says; the log of the disk is whole.  As tl_simdisk_crash_to. */
typedef tl_status (*tl_simhost_state_fn)(tl_simdisk *disk, const tl_script_power_loss *loss,
                                         size_t *at);

/* A fresh disk, able to crash when the script says so anywhere.
 *
 * TL_OK         *host is ready; release it with tl_simhost_destroy, after the run
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_simhost_create(const tl_script *script, tl_simhost **host);
void tl_simhost_destroy(tl_simhost *host); /* NULL is fine */
const tl_script_host *tl_simhost_get(tl_simhost *host);
/* Who makes the states that findings name (`state=`); without one such a line is unsupported.
 * harness/check/script_state.h */
void tl_simhost_set_states(tl_simhost *host, tl_simhost_state_fn make);

#endif
