/* harness/compare/inject.h -- making an arm slower by a known amount, to see what a duel sees.
 *
 *     cpu:0.03    after each slice, spin for 3 % of the CPU time it took
 *     work:0.03   for every 100 operations 3 more reads, drawn from another stream of the same law:
 *                 their answers are looked at by nobody
 *     alloc:4     before each chunk of operations, take and give back 4 blocks of 4 KiB
 *     io:20       before each chunk of operations, sleep 20 us: wall time without CPU time
 */
#ifndef TL_HARNESS_INJECT_H
#define TL_HARNESS_INJECT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct tl_inject { /* zeros: nothing */
    double cpu, work;
    uint64_t alloc, io_us;
} tl_inject;

/* False: not understood; *inject is untouched. */
bool tl_inject_parse(const char *text, tl_inject *inject);

void tl_inject_chunk(const tl_inject *inject); /* within the timed part, before a chunk */
/* Within the timed part, after its operations: the process's CPU clock said `begin_cpu_ns`. */
void tl_inject_slice(const tl_inject *inject, uint64_t begin_cpu_ns);

#endif
