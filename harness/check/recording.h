/* harness/check/recording.h -- a store, its history and the trace of its run, made in one go.
 *
 * What every sweep begins with: the oracle of a history, the inspector that judges a store by it,
 * and the log of the store's run through it on a simulated disk.
 */
#ifndef TL_HARNESS_RECORDING_H
#define TL_HARNESS_RECORDING_H

#include "harness/check/trace.h"

typedef struct tl_recording_spec {
    const tl_driver *driver; /* has TL_DRIVER_SIM_IO */
    const tl_driver_setting *settings;
    size_t setting_count;
    tl_durability durability;
    uint32_t page_bytes;
    const tl_history *history; /* NULL: mixed */
    uint64_t seed;
    size_t commits;
    tl_arena *arena;   /* for every open; NULL: the driver makes its own each time */
    uint64_t schedule; /* of a history with writers: the order of their threads; 0: one thread */
} tl_recording_spec;

typedef struct tl_recording {
    tl_oracle *oracle;
    tl_inspector inspector; /* borrows what the spec pointed to */
    tl_trace trace;
} tl_recording;

/* Run the history.  Release with tl_recording_clear, also after a failure.
 *
 * TL_OK
 * others   what the store said, and `error` at which commit; or TL_NO_MEMORY */
TL_MUST_USE tl_status tl_recording_make(const tl_recording_spec *spec, tl_recording *recording,
                                        char *error, size_t error_bytes);
void tl_recording_clear(tl_recording *recording);

#endif
