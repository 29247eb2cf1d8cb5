/* harness/report/noise.c -- what else went on while a run was measured. */
#define _GNU_SOURCE
#include "harness/report/machine.h"

#include "harness/report/sysfile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LINE_BYTES = 256 };

/* "cpu user nice system idle iowait irq softirq steal ...", in ticks of 1/100 s. */
static bool steal_read(uint64_t *ticks)
{
    char line[LINE_BYTES];
    unsigned long long steal = 0;
    if (!tl_sysfile_line("/proc/stat", line, sizeof line) ||
        sscanf(line, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
        return false;
    *ticks = steal;
    return true;
}

void tl_noise_read(tl_noise *noise)
{
    *noise = (tl_noise){.load1 = NAN};
    double load = 0;
    if (getloadavg(&load, 1) == 1)
        noise->load1 = load;
    noise->steal_known = steal_read(&noise->steal_ticks);
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        noise->vol_cs = (uint64_t)usage.ru_nvcsw;
        noise->invol_cs = (uint64_t)usage.ru_nivcsw;
    }
}

/* Kernels have let steal time run backwards across a migration: that counts as none. */
static uint64_t difference(uint64_t start, uint64_t stop)
{
    return stop > start ? stop - start : 0;
}

tl_json *tl_noise_json(const tl_noise *start, const tl_noise *stop)
{
    tl_json *noise = tl_json_object_new();
    tl_json_add_real(noise, "load1", start->load1);
    if (start->steal_known && stop->steal_known)
        tl_json_add_count(noise, "steal_ticks", difference(start->steal_ticks, stop->steal_ticks));
    else
        tl_json_add_null(noise, "steal_ticks");
    tl_json_add_count(noise, "vol_cs", difference(start->vol_cs, stop->vol_cs));
    tl_json_add_count(noise, "invol_cs", difference(start->invol_cs, stop->invol_cs));
    return noise;
}
