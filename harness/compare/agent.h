/* harness/compare/agent.h -- one side of a launch: a process that runs slices when it is told to.
 *
 * It opens a store of its own in a fresh directory, runs what lies before the phase that is asked
 * for, and then obeys protocol.h.  It has no verdict and compares nothing; answers of the store are
 * checked as in any run.
 */
#ifndef TL_HARNESS_AGENT_H
#define TL_HARNESS_AGENT_H

#include "harness/compare/inject.h"
#include "harness/run/run.h"

#include <stdio.h>

typedef struct tl_agent_request {
    const tl_run_request *run; /* its first arm and load; ops, seed, durability, pages, batch */
    const char *dir;           /* the store's: must not exist yet, and is gone afterwards */
    int cpu;                   /* the only processor to run on; -1: any */
    uint64_t heap_bytes;       /* taken first and never used: shifts the heap */
    uint64_t stack_bytes;      /* the same for the stack, 64 KiB at most */
    tl_inject inject;
} tl_agent_request;

/* Serve until the store was closed, or `in` ends, or something fails: `out` was told then.
 * TL_OK, or what failed. */
TL_MUST_USE tl_status tl_agent_serve(const tl_agent_request *request, FILE *in, FILE *out);

#endif
