/* harness/run/arrivals.h -- when operations of an open loop are meant to start.
 *
 * In a closed loop the next operation waits for the one before, so a stalled store is asked little
 * and the stall is seen once.  An open loop has a timetable: users do not stop coming.  What an
 * operation takes from its intended start is its response time, waiting included; from its real
 * start, its service time.
 *
 * Timetables follow from mode, rate, seed and share alone, in integer arithmetic: the same on
 * every compiler and host.
 *
 *     constant   operation i at i / rate
 *     poisson    gaps are exponential: -ln(u) / rate, with log2 from a table of 256 chords, whose
 *                error is below 3 in a million of the mean
 */
#ifndef TL_HARNESS_RUN_ARRIVALS_H
#define TL_HARNESS_RUN_ARRIVALS_H

#include "workloads/keys.h"

#include <stdbool.h>

typedef enum tl_rate_mode { TL_RATE_CLOSED, TL_RATE_CONSTANT, TL_RATE_POISSON } tl_rate_mode;

typedef struct tl_rate {
    tl_rate_mode mode;
    uint64_t per_s; /* 1..TL_RATE_MAX; 0 when closed */
} tl_rate;
#define TL_RATE_MAX UINT64_C(1000000000)

/* "constant:20000", "poisson:2e4", "closed".  False: anything else. */
bool tl_rate_parse(const char *text, tl_rate *rate);
const char *tl_rate_mode_name(tl_rate_mode mode); /* "poisson" */

typedef struct tl_arrivals { /* one thread's timetable */
    tl_rate rate;
    uint64_t share, share_count, count;
    uint64_t at_ns, at_fraction; /* poisson: the time reached, and its 2^-32ths of a ns */
    tl_dice dice;
} tl_arrivals;

/* `share` of `share_count` threads that together keep the rate. */
void tl_arrivals_begin(tl_arrivals *arrivals, const tl_rate *rate, uint64_t seed, uint64_t share,
                       uint64_t share_count);
uint64_t tl_arrivals_next(tl_arrivals *arrivals); /* ns since the phase began; never falls */

#endif
