/* harness/cli/cmd_agent.c -- `treelab agent`: one side of a duel's launch, started by `treelab
 * duel` and spoken to as harness/compare/protocol.h says. */
#include "harness/cli/cmd_run.h"
#include "harness/cli/seeded.h"

#include "harness/compare/agent.h"

#include <string.h>

enum {
    OPTION_SEED = 256,
    OPTION_DURABILITY,
    OPTION_PAGE_SIZE,
    OPTION_BATCH,
    OPTION_DIR,
    OPTION_SET,
    OPTION_PLUGIN,
    OPTION_CPU,
    OPTION_HEAP,
    OPTION_STACK,
    OPTION_INJECT,
};
#define OPS_MAX   (UINT64_C(1) << 40)
#define PAGE_MAX  (1u << 20)
#define BATCH_MAX (UINT64_C(1) << 40)
#define SHIFT_MAX (1u << 20)
#define CPU_LAST  1023

static const struct argp_option options[] = {
    {"driver",                 'd', "NAME", 0, "The store", 0},
    {"workload",                  'w', "NAME", 0, "What to ask of it", 0},
    {"ops",             'n', "N", 0, "Scale of the workload", 0},
    {"seed",                        OPTION_SEED, "S", 0, "Of the operations", 0},
    {"durability",    OPTION_DURABILITY, "WORD", 0, "none, async or commit", 0},
    {"page-size",                       OPTION_PAGE_SIZE, "BYTES", 0, "Wanted of the store", 0},
    {"batch",                       OPTION_BATCH, "B", 0, "Operations per write transaction", 0},
    {"set",                    OPTION_SET, "KEY=VALUE", 0, "As of `treelab run`", 0},
    {"plugin",                     OPTION_PLUGIN, "FILE.so", 0, "Load a workload", 0},
    {"dir", OPTION_DIR, "DIR", 0, "The store's: must not exist yet", 0},
    {"cpu",                        OPTION_CPU, "N", 0, "Run on this processor only", 0},
    {"heap",OPTION_HEAP, "BYTES", 0, "Shift the heap", 0},
    {"stack",                       OPTION_STACK, "BYTES", 0, "Shift the stack", 0},
    {"inject",                       OPTION_INJECT, "WHAT", 0, "cpu:F, work:F, alloc:N, io:US: be slower so", 0},
    {0            },
};

typedef struct agent_options {
    tl_choice choice;
    tl_run_request run;
    tl_agent_request agent;
} agent_options;

static void parse_durability(struct argp_state *state, const char *word)
{
    agent_options *asked = state->input;
    for (int i = 0; i < 3; i++)
        if (strcmp(word, tl_run_durability_name((tl_durability)i)) == 0) {
            asked->run.durability = (tl_durability)i;
            return;
        }
    argp_error(state, "unknown durability '%s'", word);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    agent_options *asked = state->input;
    tl_run_request *run = &asked->run;
    switch (key) {
    case 'd':
        tl_choice_add_drivers(&asked->choice, state, value);
        return 0;
    case 'w':
        tl_choice_add_workloads(&asked->choice, state, value);
        return 0;
    case 'n':
        run->ops = tl_arguments_number(state, "ops", value, 1, OPS_MAX);
        return 0;
    case OPTION_SEED:
        run->seed = tl_arguments_seed(state, value);
        return 0;
    case OPTION_DURABILITY:
        parse_durability(state, value);
        return 0;
    case OPTION_PAGE_SIZE:
        run->page_bytes = (uint32_t)tl_arguments_number(state, "page-size", value, 0, PAGE_MAX);
        return 0;
    case OPTION_BATCH:
        run->batch = tl_arguments_number(state, "batch", value, 0, BATCH_MAX);
        run->batch_given = true;
        return 0;
    case OPTION_SET:
        tl_choice_add_setting(&asked->choice, state, value,
                              value[strcspn(value, "=.")] == '.' && !tl_choice_is_of_driver(value));
        return 0;
    case OPTION_PLUGIN:
        tl_choice_add_plugin(&asked->choice, state, value);
        return 0;
    case OPTION_DIR:
        asked->agent.dir = value;
        return 0;
    case OPTION_CPU:
        asked->agent.cpu = (int)tl_arguments_number(state, "cpu", value, 0, CPU_LAST);
        return 0;
    case OPTION_HEAP:
        asked->agent.heap_bytes = tl_arguments_number(state, "heap", value, 0, SHIFT_MAX);
        return 0;
    case OPTION_STACK:
        asked->agent.stack_bytes = tl_arguments_number(state, "stack", value, 0, SHIFT_MAX);
        return 0;
    case OPTION_INJECT:
        if (!tl_inject_parse(value, &asked->agent.inject))
            argp_error(state, "--inject takes cpu:F, work:F, alloc:N or io:US, not '%s'", value);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is no option", value);
        return 0;
    case ARGP_KEY_END:
        if (asked->agent.dir == NULL)
            argp_error(state, "--dir is missing; `treelab duel` starts agents, people do not");
        if (asked->choice.workload_count == 0)
            tl_choice_add_workloads(&asked->choice, state, "random");
        tl_choice_resolve(&asked->choice, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp agent_argp = {
    .options = options,
    .parser = parse_option,
    .doc = "One side of a duel: obeys lines on stdin.  `treelab duel` starts it.",
};

int tl_cmd_agent(int argc, char **argv)
{
    static agent_options asked; /* large; used once per process */
    asked.run = (tl_run_request){
        .arms = asked.choice.arms,
        .loads = asked.choice.loads,
        .ops = 1,
        .durability = TL_DURABILITY_NONE,
        .repeat = 1,
    };
    asked.agent = (tl_agent_request){.run = &asked.run, .cpu = -1};
    int exit_code = tl_seeded_take("agent", &argc, argv);
    if (exit_code == TL_EXIT_OK)
        exit_code = tl_arguments_parse(&agent_argp, argc, argv, &asked);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    asked.run.arm_count = asked.choice.driver_count;
    asked.run.load_count = asked.choice.workload_count;
    return tl_exit_code(tl_agent_serve(&asked.agent, stdin, stdout));
}
