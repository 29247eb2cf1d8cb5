/* harness/cli/cmd_calibrate_log.c -- what `calibrate gates` and `calibrate neutral` share: whole
 * gates of layer time, and reading a log that only grows. */
#include "harness/cli/cmd_calibrate.h"

#include "harness/gate/timing.h"
#include "harness/measure/clock.h"
#include "harness/report/wholefile.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_MAX = 64 << 20 };

int tl_calibrate_read_log(const char *path, const char *head,
                          void (*count)(const char *line, void *log), void *log)
{
    char *text;
    size_t bytes;
    tl_status status = tl_wholefile_read(path, LOG_MAX, &text, &bytes);
    if (status == TL_NOT_FOUND)
        return TL_EXIT_OK;
    if (status != TL_OK) {
        tl_complain("calibrate", "%s: %s", path, tl_status_reason(status));
        return tl_exit_code(status);
    }
    bool same = strncmp(text, head, strlen(head)) == 0;
    for (char *line = text, *next; same && (next = strchr(line, '\n')) != NULL; line = next) {
        *next++ = '\0'; /* sscanf measures all that follows, at each call */
        if (*line != '#')
            count(line, log);
    }
    free(text);
    if (same)
        return TL_EXIT_OK;
    tl_complain("calibrate",
                "%s was begun with another policy, machine or noise; name another --out", path);
    return TL_EXIT_USAGE;
}

static bool stop(void *context)
{
    (void)context;
    return tl_interrupted();
}

int tl_calibrate_gate(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                      const char *scratch, const char *candidate, const char *name, uint64_t seed,
                      tl_gate_report *report, double *seconds)
{
    tl_gate_request request = {
        .policy = policy,
        .base = asked->program,
        .candidate = candidate,
        .scratch = scratch,
        .layers = TL_LAYER_TIME,
        .only = asked->only_count > 0 ? asked->only : NULL,
        .seed = seed,
        .stop = stop,
    };
    uint64_t begin_ns = tl_clock_ns();
    tl_status status = tl_gate_judge_time(&request, report);
    *seconds = (double)(tl_clock_ns() - begin_ns) / 1e9;
    if (report->interrupted)
        return TL_EXIT_OK;
    tl_gate_verdict verdict = tl_gate_conclude(report);
    int exit_code = status != TL_OK              ? tl_exit_code(status)
                    : verdict == TL_GATE_WRONG   ? TL_EXIT_WRONG
                    : verdict == TL_GATE_FAILED  ? TL_EXIT_ENVIRONMENT
                    : verdict == TL_GATE_SKIPPED ? TL_EXIT_NOTHING
                                                 : TL_EXIT_OK;
    if (exit_code != TL_EXIT_OK)
        tl_complain("calibrate", "%s%s%s", name == NULL ? "" : name, name == NULL ? "" : ": ",
                    report->count > 0 ? report->findings[0].summary : tl_status_text(status));
    return exit_code;
}
