/* engine/tests/support/gate.h -- a disk in memory that can be held up, refuse, and lose power.
 *
 * It keeps what was synced apart from what was only written.  When the power is cut every call
 * fails from then on, and the disk is left with what was synced, and of the rest whichever sectors
 * a seed picks.  Names are durable at once: their loss is the business of harness/fault.
 *
 * Threads   any, at any time; gate_remains and gate_destroy when no env is open on it.
 */
#ifndef TL_TESTS_GATE_H
#define TL_TESTS_GATE_H

#include "engine/tests/support/memdisk.h"

#include <stdbool.h>

enum { GATE_PAGES = 1, GATE_LOGS = 2, GATE_OTHERS = 4 }; /* sets of files */

typedef struct gate gate;

gate *gate_create(memdisk *on); /* NULL: an empty disk of its own */
void gate_destroy(gate *gone);
tl_io *gate_io(gate *at);

/* Writes and syncs of these files wait until others, or none, are held. */
void gate_hold(gate *at, unsigned files);
unsigned gate_waiting(gate *at);             /* calls that wait now */
void gate_await(gate *at, unsigned waiting); /* until so many do; aborts after 20 seconds */
/* Writes and syncs of these files give `status`; none: they work again. */
void gate_fail(gate *at, unsigned files, tl_status status);
void gate_delay(gate *at, unsigned files, unsigned microseconds); /* each write takes that longer */
void gate_cut(gate *at);                                          /* the power is gone */

/* What is on the disk after the cut. */
memdisk *gate_remains(gate *at, uint64_t seed);

#endif
