/* harness/run/plan.c -- interleaving: neighbours in time are the drivers to be compared. */
#include "harness/run/plan.h"

#include <stdlib.h>

tl_status tl_plan_make(size_t arm_count, size_t load_count, uint64_t repeat, tl_plan_row **rows,
                       size_t *count)
{
    size_t total;
    if (__builtin_mul_overflow(arm_count, load_count, &total) ||
        __builtin_mul_overflow(total, repeat, &total))
        return TL_NO_MEMORY;
    tl_plan_row *made = calloc(total == 0 ? 1 : total, sizeof *made);
    if (made == NULL)
        return TL_NO_MEMORY;

    tl_plan_row *row = made;
    for (uint64_t repetition = 0; repetition < repeat; repetition++)
        for (size_t load = 0; load < load_count; load++)
            for (size_t order = 0; order < arm_count; order++)
                *row++ = (tl_plan_row){(order + (size_t)(repetition % arm_count)) % arm_count, load,
                                       repetition, load * arm_count + order};
    *rows = made;
    *count = total;
    return TL_OK;
}
