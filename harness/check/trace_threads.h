/* harness/check/trace_threads.h -- the history run by several threads, in an order that a number
 * decides.
 *
 * Writers take turns: who has begun a write txn as the n-th of all does what commit n of the
 * history does.  So, for a store that has one writer at a time, the history says the content after
 * each commit whatever the schedule, and the oracle of one thread is that of many: content is one
 * prefix in the order in which turns were given, and at least what was acknowledged to anybody.
 *
 * Readers begin, read all there is, let others go on, and read it again.  What a reader saw was
 * told to somebody: under durability commit it counts as acknowledged from then on, unless the
 * store was asked to publish early.  A store that is read must show one commit prefix, none that
 * was not begun, all that was acknowledged before, and the same as long as the reader stays.
 */
#ifndef TL_HARNESS_TRACE_THREADS_H
#define TL_HARNESS_TRACE_THREADS_H

#include "harness/check/trace.h"

typedef struct tl_crew {
    unsigned writers, readers; /* at most TL_CREW_MAX together, at least one writer */
    uint64_t schedule;         /* not 0 */
} tl_crew;
enum { TL_CREW_MAX = 16 };

/* Run the history of inspector->oracle: open, every commit by some writer, close.  The store runs
 * with its own threads, so not in its deterministic mode.
 *
 * TL_OK    the trace is ready; trace->threads.verdict tells whether a promise was broken on the
 *          way, and then the trace may end early.  After rule ENDS the threads that are stuck, and
 *          the store, stay until the process ends
 * others   what the store said, `error` tells at which commit; or TL_NO_MEMORY.  Release the trace
 *          with tl_trace_clear in any case */
TL_MUST_USE tl_status tl_trace_record_threads(const tl_inspector *inspector, const tl_crew *crew,
                                              tl_trace *trace, char *error, size_t error_bytes);

#endif
