/* harness/cli/cmd_crash.h -- what `treelab crash` was asked for, and what it has found so far. */
#ifndef TL_HARNESS_CMD_CRASH_H
#define TL_HARNESS_CMD_CRASH_H

#include "harness/check/document.h"
#include "harness/check/standard.h"
#include "harness/cli/cmd_run.h"
#include "harness/report/resultfile.h"

#include <stdio.h>

enum { TL_CRASH_LIST_MAX = 16, TL_CRASH_PATH_BYTES = 400, TL_CRASH_TEXT_BYTES = 512 };

typedef struct tl_crash_request {
    tl_choice choice; /* of drivers */
    const char *protocols[TL_CRASH_LIST_MAX];
    tl_durability durabilities[TL_CRASH_LIST_MAX];
    const tl_history *histories[TL_CRASH_LIST_MAX];
    size_t protocol_count, durability_count, variant_count, history_count;
    bool variants[TL_CRASH_VARIANT_COUNT], quiet;
    uint32_t page_bytes;               /* 0: what each history is made for */
    uint64_t seed, commits;            /* 0 commits: likewise */
    uint64_t budget_ns, budget_states; /* 0: no bound */
    const char *json_path, *out_dir, *repro;
    tl_case only; /* with repro */
} tl_crash_request;

typedef struct tl_crash_campaign { /* all cells of one request */
    const tl_crash_request *request;
    FILE *table;
    tl_result *result; /* NULL: nothing is written */
    char run_dir[TL_CRASH_PATH_BYTES];
    uint64_t states, elapsed_ns, findings, failed_cells;
    tl_status failure; /* of the first sweep that could not be done */
} tl_crash_campaign;

/* Parse the command line, with defaults for what it leaves out; usage errors end the process. */
int tl_crash_request_parse(int argc, char **argv, tl_crash_request *request);

/* `treelab crash WORD`, each in cmd_crash_<word>.c. */
int tl_cmd_crash_processes(int argc, char **argv);

/* Sweep every cell: one row of the table and one cell of the result each. */
void tl_crash_campaign_run(tl_crash_campaign *campaign);

#endif
