/* harness/fuzz/ddmin.c -- see ddmin.h.
 *
 * Algorithm ddmin of A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing
 * Input", IEEE Transactions on Software Engineering 28(2), 2002: leave out one of n parts; when
 * that still fails go on with the rest, otherwise cut finer; done when parts are single items and
 * none can be left out.
 */
#include "harness/fuzz/ddmin.h"

#include <stdlib.h>
#include <string.h>

/* Leave out one of `parts` parts.  True: there are fewer items now. */
static bool leave_one_out(size_t *items, size_t *count, size_t parts, size_t *rest,
                          tl_ddmin_fn does, void *context)
{
    for (size_t part = parts; part-- > 0;) {
        size_t begin = part * *count / parts, end = (part + 1) * *count / parts;
        if (begin == end)
            continue;
        memcpy(rest, items, begin * sizeof *rest);
        memcpy(rest + begin, items + end, (*count - end) * sizeof *rest);
        size_t left = *count - (end - begin);
        if (does(context, rest, left)) {
            memcpy(items, rest, left * sizeof *rest);
            *count = left;
            return true;
        }
    }
    return false;
}

tl_status tl_ddmin(size_t *items, size_t *count, tl_ddmin_fn does, void *context)
{
    size_t *rest = malloc((*count + 1) * sizeof *rest);
    if (rest == NULL)
        return TL_NO_MEMORY;
    size_t parts = 2;
    while (*count > 0) { /* ends: fewer items or finer parts each round */
        if (parts > *count)
            parts = *count;
        if (leave_one_out(items, count, parts, rest, does, context))
            parts = parts > 2 ? parts - 1 : 2;
        else if (parts == *count)
            break;
        else
            parts *= 2;
    }
    free(rest);
    return TL_OK;
}
