/* harness/fuzz/shrink.c -- fewer steps that still fail, by delta debugging.
 *
 * Algorithm ddmin of A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing
 * Input", IEEE Transactions on Software Engineering 28(2), 2002: leave out one of n parts; when
 * that still fails go on with the rest, otherwise cut finer; done when parts are single steps and
 * none can be left out.
 */
#include "harness/fuzz/steps.h"

/* Leave out one of `parts` parts, the last first: what comes late is needed least often.  True:
 * *steps is smaller now. */
static bool leave_one_out(tl_steps *steps, size_t parts, tl_steps_fail_fn fails, void *context,
                          tl_status *status)
{
    size_t count = steps->count;
    for (size_t part = parts; part-- > 0;) {
        tl_steps rest;
        *status =
            tl_steps_part(steps, part * count / parts, (part + 1) * count / parts, false, &rest);
        if (*status != TL_OK)
            return false;
        if (rest.count < count && fails(context, &rest)) {
            tl_steps_free(steps);
            *steps = rest;
            return true;
        }
        tl_steps_free(&rest);
    }
    return false;
}

tl_status tl_steps_shrink(tl_steps *steps, tl_steps_fail_fn fails, void *context)
{
    tl_status status = TL_OK;
    size_t parts = 2;
    while (status == TL_OK && steps->count > 0) { /* ends: fewer steps or finer parts each round */
        if (parts > steps->count)
            parts = steps->count;
        if (leave_one_out(steps, parts, fails, context, &status))
            parts = parts > 2 ? parts - 1 : 2;
        else if (parts == steps->count)
            break;
        else
            parts *= 2;
    }
    return status;
}
