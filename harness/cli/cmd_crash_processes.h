/* harness/cli/cmd_crash_processes.h -- `treelab crash processes`: what was asked for. */
#ifndef TL_HARNESS_CMD_CRASH_PROCESSES_H
#define TL_HARNESS_CMD_CRASH_PROCESSES_H

#include "harness/check/process.h"
#include "harness/check/standard.h"
#include "harness/cli/cmd_run.h"
#include "harness/cli/crash_words.h"

enum {
    TL_PROCESSES_COMMITS = 16,
    TL_PROCESSES_READERS = 3,
    TL_PROCESSES_READERS_MAX = 8,
    TL_PROCESSES_DIR_BYTES = 300,
};
#define TL_PROCESSES_OWN "own" /* the commit protocol of a store that has no choice of them */

typedef struct tl_processes_request {
    tl_choice choice; /* of drivers */
    const char *protocols[TL_CRASH_PROTOCOLS_MAX];
    tl_durability durabilities[TL_STANDARD_DURABILITIES];
    size_t protocol_count, durability_count;
    const tl_history *history;
    uint32_t page_bytes; /* 0: what the history is made for */
    unsigned readers;
    uint64_t seed, commits;            /* 0 commits: likewise; of `mixed` a third */
    uint64_t budget_ns, budget_states; /* 0: no bound */
    const char *dir, *json_path, *only_text;
    tl_process_case only; /* with only_text */
    bool only_own, quiet; /* only_own: `only` is about a store with its own protocol */
} tl_processes_request;

/* Does this store have commit protocols to choose from?  (Those that take an I/O table: ours.) */
static inline bool tl_processes_have_protocols(const tl_driver *driver)
{
    return (driver->capabilities & TL_DRIVER_SIM_IO) != 0;
}

/* Parse the command line, with defaults for what it leaves out; usage errors end the process. */
int tl_processes_request_parse(int argc, char **argv, tl_processes_request *request);

#endif
