/* harness/doctor/noise.c -- listening to the machine: fixed work again and again, on one thread.
 *
 * Each round spins through the same number of steps.  The processor time of rounds tells how even
 * work is (frequency, caches shared with others); the clock within a round tells when the thread
 * stood still.  Whatever took it away for 100 us or more is a gap.
 */
#include "harness/doctor/doctor_body.h"

#include "harness/measure/clock.h"
#include "harness/report/machine.h"
#include "harness/report/sysfile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS_MAX = 4096, STEPS_AT_ONCE = 2000, BURSTS = 1000 };
#define GAP_NS 100e3

static volatile uint64_t sink; /* what the spinning computes; keeps it from being left out */

/* About 2 us of arithmetic that depends on itself. */
static void spin_burst(void)
{
    uint64_t x = sink | 1;
    for (unsigned i = 0; i < STEPS_AT_ONCE; i++)
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
    sink = x;
}

/* One round; its processor time. */
static double spin_round(tl_doctor_noise *noise)
{
    uint64_t cpu = tl_clock_cpu_ns(), last = tl_clock_ns();
    for (unsigned i = 0; i < BURSTS; i++) {
        spin_burst();
        uint64_t now = tl_clock_ns();
        double span = (double)(now - last);
        last = now;
        if (span < GAP_NS)
            continue;
        noise->gaps++;
        noise->gap_ns += span;
        noise->gap_ns_max = span > noise->gap_ns_max ? span : noise->gap_ns_max;
    }
    return (double)(tl_clock_cpu_ns() - cpu);
}

static int compare_reals(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof values[0], compare_reals);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* 1.4826 times the median absolute deviation, by the median: sigma / mean for even noise. */
static double spread(double *values, size_t count)
{
    double middle = median(values, count);
    for (size_t i = 0; i < count; i++)
        values[i] = fabs(values[i] - middle);
    return 1.4826 * median(values, count) / middle;
}

/* Nanoseconds this thread was ready and waited for a processor; false where not told. */
static bool waited_ns(double *ns)
{
    char line[128];
    return tl_sysfile_line("/proc/thread-self/schedstat", line, sizeof line) &&
           sscanf(line, "%*f %lf", ns) == 1;
}

void tl_doctor_listen(uint64_t measure_ns, tl_examination *found)
{
    static double rounds[ROUNDS_MAX]; /* too large for a stack; one examination at a time */
    tl_doctor_noise noise = {.steal = NAN, .waited = NAN, .others = NAN};
    tl_noise before, after;
    double wait_before = 0, wait_after = 0;
    tl_census *census = tl_census_begin();
    tl_noise_read(&before);
    bool wait_known = waited_ns(&wait_before);
    uint64_t start = tl_clock_ns();
    size_t count = 0;
    spin_round(&(tl_doctor_noise){0}); /* the first warms up */
    while (count < ROUNDS_MAX && tl_clock_ns() - start < measure_ns)
        rounds[count++] = spin_round(&noise);
    noise.elapsed_ns = (double)(tl_clock_ns() - start);
    if (wait_known && waited_ns(&wait_after))
        noise.waited = (wait_after - wait_before) / noise.elapsed_ns;
    tl_noise_read(&after);
    if (before.steal_known && after.steal_known && after.steal_ticks >= before.steal_ticks)
        noise.steal = (double)(after.steal_ticks - before.steal_ticks) /
                      (double)sysconf(_SC_CLK_TCK) / (noise.elapsed_ns / 1e9) /
                      (double)sysconf(_SC_NPROCESSORS_ONLN);
    noise.others = tl_census_end(census, noise.elapsed_ns, noise.busiest, sizeof noise.busiest);
    noise.spread = count > 0 ? spread(rounds, count) : NAN;
    tl_doctor_judge_noise(&noise, found);
}

static tl_fitness grade(double value, double care, double unfit)
{
    return isnan(value)     ? TL_FIT_UNKNOWN
           : value >= unfit ? TL_UNFIT
           : value >= care  ? TL_FIT_CARE
                            : TL_FIT;
}

void tl_doctor_judge_noise(const tl_doctor_noise *noise, tl_examination *found)
{
    double seconds = noise->elapsed_ns / 1e9;
    tl_symptom *symptom =
        tl_symptom_add(found, "others", grade(noise->others, 0.1, 0.5), FOR(LATENCY) | FOR(DURABLE),
                       "%.2f processors are kept busy by others%s%s", noise->others,
                       noise->busiest[0] != '\0' ? ", most by " : "", noise->busiest);
    if (symptom->fitness >= TL_FIT_CARE)
        tl_symptom_remedy(symptom, "wait for it to end, or stop it; pairs in processor time "
                                   "(treelab duel) bear it");
    symptom = tl_symptom_add(found, "steal", grade(noise->steal, 0.01, 0.1), FOR_CLOCKS,
                             "%.1f %% of the processors' time taken by the hypervisor",
                             100 * noise->steal);
    if (symptom->fitness >= TL_FIT_CARE)
        tl_symptom_remedy(symptom, "the host is overcommitted: come back later or move");
    symptom =
        tl_symptom_add(found, "run_queue", grade(noise->waited, 0.01, 0.2), FOR(LATENCY),
                       "%.1f %% of the time spent waiting for a processor", 100 * noise->waited);
    if (symptom->fitness >= TL_FIT_CARE)
        tl_symptom_remedy(symptom, "more threads are ready than there are processors");
    symptom = tl_symptom_add(
        found, "hiccups", grade((double)noise->gaps / seconds, 20, 500), FOR(LATENCY),
        "%.0f a second of 100 us or more, longest %.2f ms, %.2f %% of the time",
        (double)noise->gaps / seconds, noise->gap_ns_max / 1e6,
        100 * noise->gap_ns / noise->elapsed_ns);
    if (symptom->fitness >= TL_FIT_CARE)
        tl_symptom_remedy(symptom, "percentiles beyond p99 are the machine's: isolate a processor "
                                   "(isolcpus), or read medians");
    symptom = tl_symptom_add(
        found, "evenness", grade(noise->spread, 0.02, 0.10), FOR(TIME) | FOR(LATENCY),
        "fixed work differs by %.2f %% in processor time (robust deviation)", 100 * noise->spread);
    if (symptom->fitness >= TL_FIT_CARE)
        tl_symptom_remedy(symptom, "frequency or caches move: take more launches, never single "
                                   "runs");
}
