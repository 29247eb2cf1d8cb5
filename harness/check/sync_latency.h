/* harness/check/sync_latency.h -- how long each sync of a recorded run takes on a real disk.
 *
 * The history runs again in a real directory, through a recorder; between it and the operating
 * system stands a clock that times fdatasync and fsync_dir alone.  The log is the same as on the
 * simulated disk, so its k-th sync is the k-th one timed.
 *
 * What is measured is this machine's disk, with this little load: one process, one thread, small
 * writes, a file of a few pages.  It says which places cost, not what they cost elsewhere.
 */
#ifndef TL_HARNESS_CHECK_SYNC_LATENCY_H
#define TL_HARNESS_CHECK_SYNC_LATENCY_H

#include "harness/check/recording.h"

typedef struct tl_sync_latencies {
    size_t *entries; /* of the log: the syncs, ascending */
    size_t sync_count;
    uint64_t *ns; /* runs times sync_count: the k-th sync of run r is at r * sync_count + k */
    size_t runs;
} tl_sync_latencies;

/* Run the history `runs` times, each in a new directory `dir`/sync-latency, which is removed again.
 *
 * TL_OK       release with tl_sync_latencies_clear, also after a failure
 * TL_INVALID  the real run made other syncs than the recorded one
 * others      what the store said, and `error`; TL_NO_MEMORY */
TL_MUST_USE tl_status tl_sync_latencies_measure(const tl_recording *recording, const char *dir,
                                                size_t runs, tl_sync_latencies *latencies,
                                                char *error, size_t error_bytes);
void tl_sync_latencies_clear(tl_sync_latencies *latencies);

/* Mean and 99th percentile (nearest rank) of the samples whose entry `takes` wants; false: there
 * is none. */
bool tl_sync_latencies_of(const tl_sync_latencies *latencies,
                          bool (*takes)(void *context, size_t entry), void *context, double *mean,
                          uint64_t *p99, uint64_t *count);

#endif
