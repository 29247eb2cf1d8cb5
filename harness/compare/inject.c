/* harness/compare/inject.c -- see inject.h. */
#include "harness/compare/inject.h"

#include "harness/measure/clock.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4096, ALLOC_MAX = 1000000, IO_US_MAX = 1000000 };
#define CPU_MAX 10.0

static const char *after(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 ? text + length : NULL;
}

bool tl_inject_parse(const char *text, tl_inject *inject)
{
    tl_inject made = *inject;
    const char *number;
    char *end = NULL;
    double value = 0;
    if ((number = after(text, "cpu:")) != NULL)
        value = made.cpu = strtod(number, &end);
    else if ((number = after(text, "alloc:")) != NULL)
        value = (double)(made.alloc = strtoull(number, &end, 10)) / ALLOC_MAX;
    else if ((number = after(text, "io:")) != NULL)
        value = (double)(made.io_us = strtoull(number, &end, 10)) / IO_US_MAX;
    else
        return false;
    bool is_number = (*number >= '0' && *number <= '9') || *number == '.';
    if (!is_number || *end != '\0' || !(value >= 0 && value <= (made.cpu > 0 ? CPU_MAX : 1.0)))
        return false;
    *inject = made;
    return true;
}

void tl_inject_chunk(const tl_inject *inject)
{
    for (uint64_t i = 0; i < inject->alloc; i++) {
        volatile unsigned char *block = malloc(BLOCK_BYTES);
        if (block != NULL)
            block[BLOCK_BYTES / 2] = 1; /* so that the compiler keeps the pair of calls */
        free((void *)block);
    }
    if (inject->io_us > 0)
        nanosleep(&(struct timespec){.tv_sec = (time_t)(inject->io_us / 1000000),
                                     .tv_nsec = (long)(inject->io_us % 1000000) * 1000},
                  NULL);
}

void tl_inject_slice(const tl_inject *inject, uint64_t begin_cpu_ns)
{
    if (!(inject->cpu > 0))
        return;
    uint64_t now_ns = tl_clock_cpu_ns();
    uint64_t until_ns = now_ns + (uint64_t)((double)(now_ns - begin_cpu_ns) * inject->cpu);
    while (now_ns < until_ns)
        now_ns = tl_clock_cpu_ns();
}
