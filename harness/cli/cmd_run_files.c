/* harness/cli/cmd_run_files.c -- what a run leaves beside run.json: series.csv and latency.hlog. */
#include "harness/cli/cmd_run.h"

#include "harness/report/wholefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static tl_status write_one(const char *dir, const char *name, const tl_run *run,
                           void (*write)(FILE *out, const tl_run *run), char *error,
                           size_t error_bytes)
{
    char path[TL_RUN_TEXT_MAX], *bytes = NULL;
    size_t size_bytes = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = open_memstream(&bytes, &size_bytes);
    if (out == NULL)
        return TL_NO_MEMORY;
    write(out, run);
    bool whole = ferror(out) == 0;
    whole = fclose(out) == 0 && whole;
    tl_status status = whole ? tl_wholefile_write(path, bytes, size_bytes) : TL_NO_MEMORY;
    if (status != TL_OK)
        snprintf(error, error_bytes, "cannot write '%.200s': %s", path, strerror(errno));
    free(bytes);
    return status;
}

/* A phase with a rule of its own has a series whatever the run's interval is. */
static bool any_series(const tl_run *run)
{
    for (size_t c = 0; c < run->cell_count; c++)
        for (size_t p = 0; p < run->cells[c].phase_count; p++)
            if (run->cells[c].phases[p].series.rows != NULL)
                return true;
    return false;
}

tl_status tl_run_write_files(const char *dir, const tl_run *run, char *error, size_t error_bytes)
{
    if (run->request->interval_ns == 0 && run->request->until.windows == 0 && !any_series(run))
        return TL_OK;
    tl_status status = write_one(dir, "series.csv", run, tl_run_write_series, error, error_bytes);
    if (status == TL_OK)
        status = write_one(dir, "latency.hlog", run, tl_run_write_hlog, error, error_bytes);
    return status;
}
