/* harness/cli/crash_result.h -- begin and end the result of a form of `treelab crash`. */
#ifndef TL_HARNESS_CRASH_RESULT_H
#define TL_HARNESS_CRASH_RESULT_H

#include "harness/report/resultfile.h"

#include <stdio.h>

typedef struct tl_crash_frame {
    const char *command; /* "crash damage": what messages are signed with */
    int argc;
    char **argv;             /* from "crash" on */
    const char *out_dir;     /* as in tl_result_request, like the next two */
    const char *json_path;   /* may be NULL */
    const char *storage_dir; /* may be NULL */
} tl_crash_frame;

/* What every form was asked for; a form may add its own. */
tl_json *tl_crash_options_json(uint64_t commits, uint64_t seed, uint32_t page_bytes);

/* Begin `*result`, with `options`, which become its own.  An exit code: when it is not TL_EXIT_OK,
 * the reason is told on stderr and there is no result. */
int tl_crash_result_begin(const tl_crash_frame *frame, tl_json *options, tl_result **result);

/* Write `result` and tell on `told` where it is; `told` may be NULL.  With no result nothing is
 * done. Gives `exit_code`, or that of a write that failed where it would have been TL_EXIT_OK. */
int tl_crash_result_end(const char *command, tl_result *result, const tl_result_summary *summary,
                        tl_result_status ended, int exit_code, FILE *told);

#endif
