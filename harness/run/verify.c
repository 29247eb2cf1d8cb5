/* harness/run/verify.c -- a phase that asks a store whether it is sound, in the middle of a cell.
 */
#include "harness/run/phase.h"

#include <string.h>

static bool note_finding(void *context, const tl_finding *finding)
{
    tl_check_wrong(context, NULL, "the store's own check: %s, page %u: %.300s", finding->rule,
                   (unsigned)finding->pgno, finding->text);
    return true;
}

/* Findings are wrong answers; that there are some is no failure of the call. */
static tl_status check_structure(const tl_driver *driver, tl_store *store, tl_check *check)
{
    uint64_t finding_count = 0, told = check->wrong;
    if (driver->verify == NULL)
        return TL_OK;
    tl_status status = driver->verify(store, note_finding, check, &finding_count);
    if (finding_count > 0 && check->wrong == told)
        tl_check_wrong(check, NULL, "the store's own check has %llu findings",
                       (unsigned long long)finding_count);
    return status == TL_CORRUPT && check->wrong > told ? TL_OK : status;
}

tl_status tl_phase_verify(const tl_driver *driver, tl_store *store, const char *name,
                          const tl_truth *truth, tl_scan *scan, tl_check *check,
                          tl_run_phase *result)
{
    uint64_t begin_cpu_ns = tl_clock_cpu_ns(), begin_ns = tl_clock_ns();
    memset(result, 0, sizeof *result);
    tl_status status = check_structure(driver, store, check);
    uint64_t structure_ns = tl_clock_ns() - begin_ns;
    uint64_t structure_cpu_ns = tl_clock_cpu_ns() - begin_cpu_ns;
    if (status == TL_OK && truth != NULL && check->enabled && driver->scan != NULL)
        status = tl_phase_audit(driver, store, truth, scan, check, result);
    snprintf(result->name, sizeof result->name, "%s", name);
    result->threads = 1;
    result->wall_ns += structure_ns;
    result->cpu_ns += structure_cpu_ns;
    return status;
}
