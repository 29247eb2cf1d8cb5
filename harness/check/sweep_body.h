/* harness/check/sweep_body.h -- a sweep that runs; for the files of this folder. */
#ifndef TL_HARNESS_SWEEP_BODY_H
#define TL_HARNESS_SWEEP_BODY_H

#include "harness/check/hashset.h"
#include "harness/check/sweep.h"

typedef struct tl_recovery { /* the recorded recovery of one kill, and the commit after it */
    size_t opened, begun, acknowledged; /* entries of its log at these moments */
    tl_content found, after;            /* contents before and after that commit */
} tl_recovery;

struct tl_sweep {
    const tl_sweep_options *options;
    tl_sweep_result *result;
    tl_recording recording;
    tl_simdisk *recovery_disk; /* keeps a log: the recovery that a power loss interrupts */
    tl_simdisk *state_disk;    /* shows one state after the other */
    tl_crash_walk *walk, *recovery_walk;
    tl_recovery recovery;
    tl_hashset seen;
    uint64_t started_ns;
    bool stopped;
};

#endif
