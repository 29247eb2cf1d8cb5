/* harness/calibrate/neighbours.h -- bad neighbours on purpose: processes that work in bursts.
 *
 * Each is on and off by turns, for spells drawn uniformly from half to one and a half of the given
 * means, each from a stream of its own.  They are not kept on a processor; a measured process that
 * is meets them as it would meet strangers.
 */
#ifndef TL_HARNESS_NEIGHBOURS_H
#define TL_HARNESS_NEIGHBOURS_H

#include "tl/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TL_NEIGHBOURS_PROCESSES_MAX = 64 };

typedef enum tl_neighbours_kind {
    TL_NEIGHBOURS_SPIN = 1,   /* computes in registers */
    TL_NEIGHBOURS_MEMCPY = 2, /* copies 32 MiB to and fro: takes caches and memory */
} tl_neighbours_kind;

typedef struct tl_neighbours_request {
    unsigned kinds;     /* bits; neighbour i is of the i-th kind, round and round */
    unsigned processes; /* TL_NEIGHBOURS_PROCESSES_MAX at most */
    uint64_t on_ns, off_ns;
    uint64_t seed;
} tl_neighbours_request;
tl_neighbours_request tl_neighbours_default(void); /* three, spin and memcpy, 1 s on, 2 s off */

/* "spin,memcpy" into bits; false: not understood. */
bool tl_neighbours_kinds_parse(const char *text, unsigned *kinds);

typedef struct tl_neighbours { /* zeros: nothing is running */
    pid_t processes[TL_NEIGHBOURS_PROCESSES_MAX];
    unsigned count;
} tl_neighbours;

/* Start them.  They die with this process, however it ends.  TL_OK, or TL_NO_MEMORY: a process
 * could not be made, and none is running. */
TL_MUST_USE tl_status tl_neighbours_start(const tl_neighbours_request *request,
                                          tl_neighbours *noise);
void tl_neighbours_stop(tl_neighbours *noise);

#endif
