/* harness/cli/cmd_crash_faults.h -- `treelab crash faults`: what was asked for. */
#ifndef TL_HARNESS_CMD_CRASH_FAULTS_H
#define TL_HARNESS_CMD_CRASH_FAULTS_H

#include "harness/check/faultsweep.h"
#include "harness/check/standard.h"
#include "harness/cli/cmd_run.h"
#include "harness/cli/crash_words.h"

enum {
    TL_FAULTS_COMMITS = 16,
    TL_FAULTS_PAGE_BYTES = 1024, /* small pages: many of them, and so many calls, in few commits */
};

typedef struct tl_faults_request {
    tl_choice choice; /* of drivers */
    const char *protocols[TL_CRASH_PROTOCOLS_MAX];
    tl_durability durabilities[TL_STANDARD_DURABILITIES];
    size_t protocol_count, durability_count;
    bool classes[TL_FAULT_CLASS_MAX], quiet;
    uint32_t page_bytes;
    uint64_t seed, commits, budget_ns, stride;
    const char *json_path, *only_text;
    tl_fault_case only; /* with only_text */
} tl_faults_request;

/* Parse the command line, with defaults for what it leaves out; usage errors end the process.
 * argv[0] is what messages call the command. */
int tl_faults_request_parse(int argc, char **argv, tl_faults_request *request);

#endif
