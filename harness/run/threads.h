/* harness/run/threads.h -- a phase that several threads share.
 *
 * Each thread runs the timed loop of loop.h over its share of the phase, with a generator,
 * latencies and checks of its own; nothing is shared but the store.  They start together, and what
 * they measured is put together when all have ended.
 */
#ifndef TL_HARNESS_RUN_THREADS_H
#define TL_HARNESS_RUN_THREADS_H

#include "harness/run/loop.h"

/* Run loop->phase by as many threads as it says, in place of tl_loop_run, and leave in *loop what
 * tl_loop_run leaves: wall_ns is from their common start to the end of the last.
 *
 * TL_OK           all shares ran to their end, or `stopped`
 * TL_UNSUPPORTED  the driver takes one thread at a time, or the workload has no shares
 * TL_NO_MEMORY    also when a thread could not be started
 * otherwise       as tl_loop_run says, of the first thread that failed; the others have ended */
tl_status tl_threads_run(tl_loop *loop);

#endif
