/* harness/cli/cmd_crash_shrink.h -- what `treelab crash shrink` was asked for. */
#ifndef TL_HARNESS_CMD_CRASH_SHRINK_H
#define TL_HARNESS_CMD_CRASH_SHRINK_H

#include "harness/cli/cmd_crash.h"

typedef struct tl_shrink_request {
    char *what; /* a script, or the id of a state */
    const char *out_path;
    char *mutant; /* of a campaign: a list */
    const tl_driver *driver;
    uint64_t bound_s, seeds, ops;
    bool campaign, quiet;
} tl_shrink_request;

int tl_cmd_crash_shrink(int argc, char **argv);

/* cmd_crash_shrink_campaign.c: seeded bugs, found in random scripts and shrunk; the table goes to
 * --out or stdout.  An exit code. */
int tl_shrink_campaign(const tl_shrink_request *request);

#endif
