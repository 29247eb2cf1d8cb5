/* harness/cli/size.c -- numbers and times of workloads/number.h, within bounds. */
#include "harness/cli/cli.h"

#include "workloads/number.h"

bool tl_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;
    if (tl_number_parse(text, TL_NUMBER_SIZE, &number) != NULL || number < min || number > max)
        return false;
    *value = number;
    return true;
}

bool tl_parse_seconds(const char *text, double *seconds)
{
    uint64_t ns = 0;
    if (tl_number_parse(text, TL_NUMBER_TIME, &ns) != NULL)
        return false;
    *seconds = (double)ns / 1e9;
    return true;
}
