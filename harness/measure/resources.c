/* harness/measure/resources.c -- getrusage and a few files of /proc/self, read as they are. */
#include "harness/measure/resources.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* The number behind `label` ("read_bytes:") in a file of lines; 0 when either is missing. */
static uint64_t labelled_number(const char *path, const char *label)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    char line[256];
    uint64_t number = 0;
    size_t label_bytes = strlen(label);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, label, label_bytes) == 0 &&
            sscanf(line + label_bytes, "%" SCNu64, &number) == 1)
            break;
    (void)fclose(file); /* read only: nothing can be lost */
    return number;
}

tl_resources tl_resources_now(void)
{
    tl_resources now = {0};
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        now.minflt = (uint64_t)usage.ru_minflt;
        now.majflt = (uint64_t)usage.ru_majflt;
        now.vol_cs = (uint64_t)usage.ru_nvcsw;
        now.invol_cs = (uint64_t)usage.ru_nivcsw;
        now.rss_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    }
    now.rd_bytes = labelled_number("/proc/self/io", "read_bytes:");
    now.wr_bytes = labelled_number("/proc/self/io", "write_bytes:");
    uint64_t peak_kib = labelled_number("/proc/self/status", "VmHWM:");
    if (peak_kib != 0)
        now.rss_peak_bytes = peak_kib * 1024;
    return now;
}

static uint64_t gain(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

tl_resources tl_resources_between(const tl_resources *before, const tl_resources *after)
{
    tl_resources between;
#define SET_GAIN(name) between.name = gain(before->name, after->name);
    TL_RESOURCES_MAP(SET_GAIN)
#undef SET_GAIN
    between.rss_peak_bytes = after->rss_peak_bytes;
    return between;
}

void tl_resources_reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL)
        return;
    (void)fputs("5", file); /* refused: the peak stays the process's, as documented */
    (void)fclose(file);
}
