/* harness/fuzz/shrink.c -- fewer steps that still fail. */
#include "harness/fuzz/ddmin.h"
#include "harness/fuzz/steps.h"

#include <stdlib.h>

typedef struct shrinking {
    const tl_steps *whole;
    tl_steps_fail_fn fails;
    void *context;
} shrinking;

/* A list that borrows its steps. */
static bool still_fails(void *context, const size_t *items, size_t count)
{
    const shrinking *of = context;
    tl_steps part = {.at = malloc((count + 1) * sizeof *part.at), .count = count};
    if (part.at == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        part.at[i] = of->whole->at[items[i]];
    bool failed = of->fails(of->context, &part);
    free(part.at);
    return failed;
}

tl_status tl_steps_shrink(tl_steps *steps, tl_steps_fail_fn fails, void *context)
{
    shrinking of = {steps, fails, context};
    size_t count = steps->count, *items = malloc((count + 1) * sizeof *items);
    if (items == NULL)
        return TL_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        items[i] = i;
    tl_status status = tl_ddmin(items, &count, still_fails, &of);
    size_t kept = 0;
    for (size_t i = 0; i < steps->count; i++) {
        if (kept < count && items[kept] == i)
            steps->at[kept++] = steps->at[i];
        else
            free(steps->at[i]);
    }
    steps->count = kept;
    free(items);
    return status;
}
