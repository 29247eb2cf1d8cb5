/* harness/cli/commands.c -- a new subcommand is a file cmd_<name>.c and a row here. */
#include "harness/cli/commands.h"

#include <string.h>

static const tl_command commands[] = {
    {"run",         "measure stores under workloads, checking every answer",      tl_cmd_run        },
    {"crash",       "crash a store at every write and check what it recovers",    tl_cmd_crash      },
    {"apply",       "run a script of operations against stores and a model",      tl_cmd_apply      },
    {"fuzz",        "run random scripts until one shows a difference; shrink it", tl_cmd_fuzz       },
    {"duel",        "is B slower than A: paired launches, exact statistics",      tl_cmd_duel       },
    {"compare",     "two stored runs: counters exactly, times in words",          tl_cmd_compare    },
    {"validate",    "check specs, scripts and results without running them",      tl_cmd_validate   },
    {"sweep",       "measure each combination of a grid of values",               tl_cmd_sweep      },
    {"merge",       "put the parts of a sweep together",                          tl_cmd_merge      },
    {"gate",        "judge a program: counters, instructions, time",              tl_cmd_gate       },
    {"baseline",    "keep the counters that the gate holds a program to",         tl_cmd_baseline   },
    {"calibrate",   "how often is the gate wrong, what does it see",              tl_cmd_calibrate  },
    {"noise",       "disturb this machine on purpose",                            tl_cmd_noise      },
    {"regressions", "does the gate catch what slows a store (treelab-mutants)",   tl_cmd_regressions},
    {"verify",      "check every invariant of a database file",                   tl_cmd_verify     },
    {"dump",        "print a page, the tree, the free space or the meta blocks",  tl_cmd_dump       },
    {"report",      "draw the plots and the page of a run",                       tl_cmd_report     },
    {"export",      "give a run to benchstat, google-benchmark or Bencher",       tl_cmd_export     },
    {"keep",        "copy a run to results/ with its question and answer",        tl_cmd_keep       },
    {"doctor",      "say whether this machine is fit to measure on",              tl_cmd_doctor     },
    {"list",        "show drivers, workloads, strategies and counters",           tl_cmd_list       },
};

/* Spoken to by this program, not by people; listed nowhere. */
static const tl_command hidden[] = {
    {"agent", "one side of a duel", tl_cmd_agent},
};

size_t tl_command_count(void)
{
    return sizeof commands / sizeof commands[0];
}

const tl_command *tl_command_at(size_t index)
{
    return &commands[index];
}

const tl_command *tl_command_find(const char *name)
{
    for (size_t i = 0; i < tl_command_count(); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (strcmp(hidden[i].name, name) == 0)
            return &hidden[i];
    return NULL;
}
