/* harness/measure/clock.c -- choosing and calibrating the clock, once per process. */
#include "harness/measure/clock.h"

#include <pthread.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum {
    CALIBRATION_NS = 20000000, /* 50 ns of bracket over 20 ms: 2.5 millionths */
    BRACKET_TRIES = 16,
    COST_READINGS = 4096,
    COST_ROUNDS = 5,
    DRIFT_MAX_PPM = 200, /* two calibrations that differ by more: not one rate for ever */
};

uint64_t tl_clock_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec;
}

enum { WATCHED_NS = 150000 }; /* a sleeper wakes up 50 to 100 us late */

static void sleep_ns(const tl_clock *clock, uint64_t ns)
{
    if (clock->source != NULL) {
        clock->source->sleep_ns(clock->source->context, ns);
        return;
    }
    if (ns <= WATCHED_NS)
        return;
    ns -= WATCHED_NS;
    struct timespec span = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL); /* woken early: the caller looks again */
}

uint64_t tl_clock_wait(const tl_clock *clock, uint64_t until)
{
    uint64_t now = tl_clock_ticks(clock);
    while (now < until) {
        sleep_ns(clock, tl_clock_span_ns(clock, now, until));
        now = tl_clock_ticks(clock);
    }
    return now;
}

/* The cheapest of some rounds: interruptions only ever add. */
static double reading_cost_ns(const tl_clock *clock)
{
    uint64_t best_ns = UINT64_MAX;
    for (int round = 0; round < COST_ROUNDS; round++) {
        uint64_t begin_ns = tl_clock_ns();
        for (int i = 0; i < COST_READINGS; i++) {
            uint64_t ticks = tl_clock_ticks(clock);
            __asm__ volatile("" : : "r"(ticks)); /* the reading is used: keep it */
        }
        uint64_t spent_ns = tl_clock_ns() - begin_ns;
        if (spent_ns < best_ns)
            best_ns = spent_ns;
    }
    return (double)best_ns / COST_READINGS;
}

#if defined(__x86_64__)

/* "Invariant TSC": what Linux shows as constant_tsc and nonstop_tsc. */
static bool tsc_is_invariant(void)
{
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid(0x80000007u, &eax, &ebx, &ecx, &edx))
        return false;
    return (edx & (1u << 8)) != 0;
}

typedef struct clock_pair { /* both clocks at one moment */
    uint64_t ns, ticks;
} clock_pair;

/* The tightest bracket of some tries, so that an interruption between the readings is left out. */
static clock_pair read_pair(void)
{
    clock_pair best = {0, 0};
    uint64_t best_width_ns = UINT64_MAX;
    for (int try = 0; try < BRACKET_TRIES; try++) {
        uint64_t before_ns = tl_clock_ns();
        uint64_t ticks = __rdtsc();
        uint64_t width_ns = tl_clock_ns() - before_ns;
        if (width_ns < best_width_ns) {
            best_width_ns = width_ns;
            best = (clock_pair){before_ns + width_ns / 2, ticks};
        }
    }
    return best;
}

static clock_pair pair_after(clock_pair from)
{
    while (tl_clock_ns() - from.ns < CALIBRATION_NS)
        ;
    return read_pair();
}

static double pair_rate(clock_pair from, clock_pair to)
{
    if (to.ticks <= from.ticks)
        return 0;
    return (double)(to.ns - from.ns) / (double)(to.ticks - from.ticks);
}

static bool tsc_calibrate(tl_clock *clock)
{
    if (!tsc_is_invariant())
        return false;
    clock_pair first = read_pair();
    clock_pair middle = pair_after(first);
    clock_pair last = pair_after(middle);
    double rate = pair_rate(first, last);
    double drift = pair_rate(first, middle) - pair_rate(middle, last);
    double drift_max = rate * DRIFT_MAX_PPM / 1e6;
    /* Four hours fit in 64 bits when one tick is at most 1 ns. */
    if (rate <= 0 || rate > 1 || drift > drift_max || drift < -drift_max)
        return false;
    clock->is_tsc = true;
    clock->ns_per_tick = (uint64_t)(rate * (1 << TL_CLOCK_SCALE_BITS) + 0.5);
    return true;
}

#else

static bool tsc_calibrate(tl_clock *clock)
{
    (void)clock;
    return false;
}

#endif

static pthread_once_t chosen = PTHREAD_ONCE_INIT;
static tl_clock plain = {.name = "CLOCK_MONOTONIC"};
static tl_clock fastest = {.name = "tsc"};
static bool fastest_is_plain;

static void choose(void)
{
    plain.cost_ns = reading_cost_ns(&plain);
    fastest_is_plain = !tsc_calibrate(&fastest);
    if (!fastest_is_plain)
        fastest.cost_ns = reading_cost_ns(&fastest);
}

const tl_clock *tl_clock_plain(void)
{
    pthread_once(&chosen, choose);
    return &plain;
}

const tl_clock *tl_clock_fastest(void)
{
    pthread_once(&chosen, choose);
    return fastest_is_plain ? &plain : &fastest;
}
