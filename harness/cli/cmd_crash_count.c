/* harness/cli/cmd_crash_count.c -- how many states there should have been.
 *
 * Counted by code that shares none with the enumeration (harness/fault/count.h).  Two different
 * totals of a run that was not cut short mean that one of them is wrong.
 */
#include "harness/cli/cmd_crash_cells.h"
#include "harness/fault/count.h"

static bool add_point(void *context, size_t at, mpz_srcptr states, mpz_srcptr outcomes)
{
    mpz_ptr sum = context;
    (void)at;
    (void)outcomes;
    mpz_add(sum, sum, states);
    return true;
}

tl_status tl_crash_count_log(const tl_simdisk *log, tl_tiers_row *row)
{
    tl_status status = tl_count_trace(log, row->profile, add_point, row->allowed);
    row->counted = row->counted && status == TL_OK;
    return status;
}

tl_status tl_crash_count_agrees(const tl_crash_request *request, tl_tiers_row *row)
{
    bool exact = row->counted && row->done.complete && row->done.findings == 0 &&
                 request->shard_count <= 1 && mpz_sgn(row->done.not_covered) == 0;
    if (!exact || mpz_cmp(row->done.represented, row->allowed) == 0)
        return TL_OK;
    snprintf(row->done.error, sizeof row->done.error,
             "the states enumerated are not as many as those counted: the lab itself is wrong");
    return TL_INVALID;
}
