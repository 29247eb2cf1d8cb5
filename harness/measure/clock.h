/* harness/measure/clock.h -- which clock times an operation, and what reading it costs.
 *
 * Reading CLOCK_MONOTONIC costs 25 to 40 ns, as much as the rest of the harness, so operations are
 * timed by the processor's time-stamp counter where that counter runs at one rate for ever and
 * two calibrations against CLOCK_MONOTONIC agree; anywhere else by CLOCK_MONOTONIC itself.  The
 * counter is read without a fence: a reading may slip by what the processor has in flight, some
 * tens of ns, in either direction.  Readings are shared between the end of one operation and the
 * start of the next, so such slips cancel in every sum.
 *
 * Whole phases are timed by tl_clock_ns, never by ticks.
 */
#ifndef TL_HARNESS_CLOCK_H
#define TL_HARNESS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

enum { TL_CLOCK_SCALE_BITS = 20 };

typedef struct tl_clock_source { /* a clock that a test winds */
    uint64_t (*now_ns)(void *context);
    void (*sleep_ns)(void *context, uint64_t ns);
    void *context;
} tl_clock_source;

typedef struct tl_clock {
    const char *name;              /* "CLOCK_MONOTONIC" or "tsc" */
    double cost_ns;                /* one reading, measured */
    bool is_tsc;                   /* ticks are time-stamps, not nanoseconds */
    uint64_t ns_per_tick;          /* times 2^TL_CLOCK_SCALE_BITS; unused unless is_tsc */
    const tl_clock_source *source; /* NULL but in tests; then is_tsc is false */
} tl_clock;

/* CLOCK_MONOTONIC in ns. */
static inline uint64_t tl_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock exists and `now` is ours */
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t tl_clock_cpu_ns(void); /* CPU time of this process, all threads; costs about 0.5 us */

/* The clock for operations.  The first call takes some 40 ms to calibrate; any thread may call. */
const tl_clock *tl_clock_fastest(void);
const tl_clock *tl_clock_plain(void); /* the one that is always there: CLOCK_MONOTONIC */

static inline uint64_t tl_clock_ticks(const tl_clock *clock)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock->is_tsc, 1))
        return __rdtsc();
#endif
    return clock->source == NULL ? tl_clock_ns() : clock->source->now_ns(clock->source->context);
}

/* The time of a whole phase, by the clock that its operations are timed by or agree with. */
static inline uint64_t tl_clock_phase_ns(const tl_clock *clock)
{
    return clock->source == NULL ? tl_clock_ns() : clock->source->now_ns(clock->source->context);
}

/* Nanoseconds from one reading to a later one, good for four hours; 0 when a migration between
 * processors made the later one smaller. */
static inline uint64_t tl_clock_span_ns(const tl_clock *clock, uint64_t from, uint64_t to)
{
    uint64_t ticks = to > from ? to - from : 0;
    return clock->is_tsc ? (ticks * clock->ns_per_tick) >> TL_CLOCK_SCALE_BITS : ticks;
}

/* Let the thread rest until a reading is `until` or later, and give that reading.  It sleeps for
 * the longest part and looks at the clock for the last 0.15 ms, to be there in time. */
uint64_t tl_clock_wait(const tl_clock *clock, uint64_t until);

/* How far apart two readings are that lie `ns` apart, for spans of up to four hours. */
static inline uint64_t tl_clock_ticks_of_ns(const tl_clock *clock, uint64_t ns)
{
    return clock->is_tsc ? (ns << TL_CLOCK_SCALE_BITS) / clock->ns_per_tick : ns;
}

#endif
