/* harness/measure/instrument.h -- where counting begins and ends for a program under callgrind.
 *
 * Outside valgrind each call is a handful of instructions that do nothing.  Under
 * `valgrind --tool=callgrind --instr-atstart=no` only what lies between begin and end is counted,
 * and each end writes a file of its own with the phase's name in it.  Without valgrind's headers at
 * build time both are empty.
 */
#ifndef TL_HARNESS_INSTRUMENT_H
#define TL_HARNESS_INSTRUMENT_H

#include <stdbool.h>

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define TL_INSTRUMENTS 1
#endif
#endif

/* Whether the program runs under valgrind: what depends on time is then left out of what counts. */
static inline bool tl_instrument_is_on(void)
{
#ifdef TL_INSTRUMENTS
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

static inline void tl_instrument_begin(void)
{
#ifdef TL_INSTRUMENTS
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
#endif
}

static inline void tl_instrument_end(const char *phase)
{
    (void)phase;
#ifdef TL_INSTRUMENTS
    CALLGRIND_DUMP_STATS_AT(phase);
    CALLGRIND_STOP_INSTRUMENTATION;
#endif
}

#endif
