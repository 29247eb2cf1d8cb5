/* harness/compare/inject.c -- see inject.h. */
#include "harness/compare/inject.h"

#include "harness/measure/clock.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4096, ALLOC_MAX = 1000000, IO_US_MAX = 1000000 };
#define SHARE_MAX 10.0

static const char *after(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 ? text + length : NULL;
}

static bool share(const char *text, double *value)
{
    char *end;
    double number = strtod(text, &end);
    if (*end != '\0' || !(number >= 0 && number <= SHARE_MAX))
        return false;
    *value = number;
    return true;
}

static bool count(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*end != '\0' || number > max)
        return false;
    *value = number;
    return true;
}

bool tl_inject_parse(const char *text, tl_inject *inject)
{
    const char *number = strchr(text, ':');
    if (number == NULL || !((number[1] >= '0' && number[1] <= '9') || number[1] == '.'))
        return false; /* nor a sign, nor a word that strtod would take */
    if ((number = after(text, "cpu:")) != NULL)
        return share(number, &inject->cpu);
    if ((number = after(text, "work:")) != NULL)
        return share(number, &inject->work);
    if ((number = after(text, "alloc:")) != NULL)
        return count(number, ALLOC_MAX, &inject->alloc);
    if ((number = after(text, "io:")) != NULL)
        return count(number, IO_US_MAX, &inject->io_us);
    return false;
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
