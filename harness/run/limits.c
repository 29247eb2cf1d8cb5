/* harness/run/limits.c -- see limits.h. */
#include "harness/run/limits.h"

#include "workloads/number.h"

#include <string.h>

#define LIMIT_NS_MIN UINT64_C(1000000)
#define LIMIT_NS_MAX (UINT64_C(3600) * 1000000000)

bool tl_limits_parse(const char *text, tl_limits *limits)
{
    tl_limits found = {.duration_ns = 0};
    bool is_time = tl_number_parse(text, TL_NUMBER_TIME, &found.duration_ns) == NULL;
    if (is_time && (found.duration_ns < LIMIT_NS_MIN || found.duration_ns > LIMIT_NS_MAX))
        return false;
    if (!is_time && strcmp(text, "stream") != 0 && !tl_steady_parse(text, &found.until))
        return false;
    *limits = found;
    return true;
}

bool tl_limits_any(const tl_limits *limits)
{
    return limits->duration_ns > 0 || limits->until.windows > 0;
}

bool tl_limits_own(const tl_phase *phase, tl_limits *own)
{
    return phase->until != NULL && tl_limits_parse(phase->until, own);
}

tl_limits tl_limits_for(const tl_limits *of_run, const tl_phase *phase)
{
    tl_limits own;
    return tl_limits_own(phase, &own) ? own : *of_run;
}
