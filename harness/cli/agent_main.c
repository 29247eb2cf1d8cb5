/* harness/cli/agent_main.c -- a program that is `treelab agent` and nothing else: what a duel
 * starts.  Its links in seeded orders cost a fraction of those of the whole program. */
#include "harness/cli/cli.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "agent") == 0)
        return tl_cmd_agent(argc - 1, argv + 1);
    fputs("treelab: this is a link of the agent alone, for duels; see harness/compare\n", stderr);
    return TL_EXIT_USAGE;
}
