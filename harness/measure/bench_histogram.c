/* harness/measure/bench_histogram.c -- what recording one latency costs, in ns.
 *
 * Latencies as a store gives them are made beforehand, 4096 of them, and recorded over and over:
 * the histogram's pages they need are in the cache, as in a run.  The loop over the same numbers
 * without recording is taken off.  Processor time, of some rounds the fastest: others on the
 * machine only ever add.
 */
#include "harness/measure/clock.h"
#include "harness/measure/hdr_codec.h"

#include <stdio.h>
#include <stdlib.h>

enum { VALUES = 4096, REPEATS = 500, ROUNDS = 21 };

static uint64_t values[VALUES];

static void make_values(void)
{
    uint64_t state = 42;
    for (size_t i = 0; i < VALUES; i++) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        uint64_t random = state * UINT64_C(2685821657736338717);
        unsigned long_one =
            random % 100 == 0; /* 500 ns to 1500 ns, one in a hundred 64 times that */
        values[i] = (500 + (random >> 32) % 1000) << (long_one ? 6 : 0);
    }
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double bare_ns(void)
{
    uint64_t begin_ns = tl_clock_cpu_ns();
    for (int repeat = 0; repeat < REPEATS; repeat++)
        for (size_t i = 0; i < VALUES; i++) {
            uint64_t value = values[i];
            __asm__ volatile("" : : "r"(value)); /* the number is read: keep it */
        }
    return (double)(tl_clock_cpu_ns() - begin_ns) / ((double)REPEATS * VALUES);
}

static double record_ns(tl_histogram *histogram)
{
    uint64_t begin_ns = tl_clock_cpu_ns();
    for (int repeat = 0; repeat < REPEATS; repeat++)
        for (size_t i = 0; i < VALUES; i++) {
            uint64_t value = values[i];
            __asm__ volatile("" : "+r"(value) : : "memory"); /* each one is recorded by itself */
            tl_histogram_record(histogram, value);
        }
    return (double)(tl_clock_cpu_ns() - begin_ns) / ((double)REPEATS * VALUES);
}

/* What the end of an interval costs for one kind of operation, outside of latencies. */
static double interval_us(const tl_histogram *histogram)
{
    tl_hdr_layout layout = tl_hdr_layout_of_interval();
    tl_hdr *hdr = tl_hdr_new(&layout);
    tl_histogram *before = tl_histogram_new();
    char *text = NULL;
    double best = 1e9;
    for (int round = 0; round < ROUNDS && hdr != NULL && before != NULL; round++) {
        tl_histogram_reset(before);
        tl_hdr_reset(hdr);
        uint64_t begin_ns = tl_clock_cpu_ns();
        tl_hdr_add_since(hdr, histogram, before);
        *before = *histogram;
        if (tl_hdr_encode(hdr, &text) != TL_OK)
            break;
        best = least(best, (double)(tl_clock_cpu_ns() - begin_ns) / 1e3);
        free(text);
    }
    tl_hdr_free(hdr);
    tl_histogram_free(before);
    return best;
}

int main(void)
{
    tl_histogram *histogram = tl_histogram_new();
    if (histogram == NULL)
        return 1;
    make_values();
    double bare = 1e9, recording = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        bare = least(bare, bare_ns());
        recording = least(recording, record_ns(histogram));
    }
    printf("record      %6.2f ns per value (%.2f ns with the loop around it)\n", recording - bare,
           recording);
    printf("clock       %6.2f ns per reading (%s)\n", tl_clock_fastest()->cost_ns,
           tl_clock_fastest()->name);
    printf("interval    %6.1f us per kind of operation and interval\n", interval_us(histogram));
    tl_histogram_free(histogram);
    return 0;
}
