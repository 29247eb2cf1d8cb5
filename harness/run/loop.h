/* harness/run/loop.h -- the timed loop: one phase of operations against one open store.
 *
 * The clock is read once per boundary: the end of an operation is the start of the next.  What
 * lies between two readings is the driver's call, comparing its answer, and filing the latency of
 * the operation before.  Generating happens between chunks and is outside every latency but inside
 * wall_ns, as is everything else: wall_ns is the loop, minus nothing.
 *
 *     | generate chunk | op, check, file | op, check, file | commit, file | generate chunk | ...
 *                      ^                 ^                 ^              ^      clock readings
 *
 * Gets that belong together (tl_op.scan_count) are one call and one latency, of kind GET_MANY; for
 * a driver that has no such call it is a loop of get, and `many_looped` says so.
 *
 * An open loop waits before each operation, or group of gets, for the time it is meant to start; a
 * latency is then recorded from the real start and once more from the intended one.  A commit is
 * meant to start with the last operation of its transaction.
 *
 * A phase with a time limit or a rule for steady throughput is asked every few operations whether
 * it is over; it ends between two chunks, so that the generator has yielded what was done.
 *
 * The first operation of a transaction pays for its begin.  Ending a transaction that wrote is an
 * operation of kind COMMIT; ending one that only read is not, it cannot fail and says nothing.
 */
#ifndef TL_HARNESS_RUN_LOOP_H
#define TL_HARNESS_RUN_LOOP_H

#include "harness/measure/clock.h"
#include "harness/measure/histogram.h"
#include "harness/run/check.h"
#include "harness/run/pace.h"
#include "harness/run/scan.h"
#include "harness/run/schedule.h"
#include "harness/run/series.h"
#include "harness/run/shapes.h"
#include "workloads/workload.h"

typedef struct tl_loop {
    const tl_driver *driver;
    tl_store *store;
    const tl_workload *workload;
    void *generator; /* its phase has been started */
    const tl_phase *phase;
    uint64_t batch; /* operations in one transaction; 0 = all in one */
    const tl_clock *clock;
    tl_histogram *histograms; /* TL_OP_KIND_COUNT of them, empty */
    tl_histogram *responses;  /* as many, for times from the intended start; NULL: a closed loop */
    tl_rate rate;             /* of an open loop */
    uint64_t rate_seed;
    uint32_t share, share_count; /* of the threads that keep the rate together; 0, 0: alone */
    tl_series *series;           /* to take part in; NULL: none */
    tl_histogram *before;        /* TL_SERIES_KIND_COUNT of them for its use; may be NULL without */
    tl_check *check;
    tl_scan *scan;               /* room for one */
    tl_scan_list *scans;         /* filled with scans to audit */
    tl_shapes *shapes;           /* samples to take; NULL: none */
    uint64_t limit_ns;           /* end the phase after so long; 0: when its stream ends */
    uint64_t ops_before;         /* of the phase's stream, that an earlier run of the loop did */
    uint64_t record_count;       /* when known: records that live in the store at the start … */
    uint64_t content_hash;       /* … and their hash; both 0 when unknown */
    bool (*stop)(void *context); /* asked between chunks; may be NULL */
    void *context;
    const tl_workload_spec
        *spec; /* of the generator, for phases with threads: each needs its own */
    size_t phase_index;
    bool shared; /* a thread's share: TL_BUSY from an operation that is alone in its transaction
                    means to do it again */

    /* Results. */
    uint64_t ops, transactions, errors;
    uint64_t wall_ns, cpu_ns;
    uint64_t retries; /* transactions that another thread's made do again */
    bool many_looped;
    tl_run_schedule kept; /* how the timetable was kept */
    bool stopped;
    tl_run_end end;                /* what ended the phase */
    char error[TL_CHECK_TEXT_MAX]; /* the operation behind a status that is not TL_OK */

    /* Its own while it runs. */
    tl_recorder recorder;
    tl_schedule schedule;
    tl_store_txn *txn;
    uint64_t txn_ops;
    bool blind; /* its gets show what was committed before their txn */
    uint64_t retries_in_a_row;
} tl_loop;

/* TL_OK            the phase ran to its end, or `stopped`
 * TL_UNSUPPORTED   the driver lacks an operation; `error` names it
 * TL_INVALID       the workload yields other operations than it announced; `error` tells
 * others           what the driver's failing call said; `error` names operation and key */
tl_status tl_loop_run(tl_loop *loop);

/* The same in pieces, for whoever times pieces: begin, apply chunk by chunk, end.  The caller asks
 * the generator and reads the clocks; a transaction stays open from one chunk to the next.
 *
 * Statuses of apply and end are those of tl_loop_run; after one that is not TL_OK the loop is over
 * and its transaction undone. */
enum { TL_LOOP_CHUNK_OPS = 64 }; /* generated ahead; small enough to stay in the nearest cache */
void tl_loop_begin(tl_loop *loop);
TL_MUST_USE tl_status tl_loop_apply(tl_loop *loop, const tl_op *ops, size_t count); /* count >= 1 */
TL_MUST_USE tl_status tl_loop_end(tl_loop *loop);

#endif
