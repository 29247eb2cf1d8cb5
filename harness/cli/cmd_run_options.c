/* harness/cli/cmd_run_options.c -- the command line of `treelab run`: options, limits, defaults. */
#include "harness/cli/cmd_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPS_DEFAULT = 100000,
    SEED_DEFAULT = 42,
    PAGE_BYTES_DEFAULT = 0,
    REPEAT_DEFAULT = 3,
    REPEAT_MAX = 1000,
};
#define OPS_MAX   (UINT64_C(1) << 40)
#define PAGE_MAX  (1u << 20)
#define BATCH_MAX (UINT64_C(1) << 40)
#define BASELINE  "lmdb"

enum { /* options without a letter */
       OPTION_SEED = 256,
       OPTION_DURABILITY,
       OPTION_PAGE_SIZE,
       OPTION_REPEAT,
       OPTION_BATCH,
       OPTION_JSON,
       OPTION_OUT,
       OPTION_DIR,
       OPTION_SET,
       OPTION_PLUGIN,
       OPTION_BASELINE,
       OPTION_PIN_READER,
       OPTION_COMPACT,
       OPTION_SHAPES,
       OPTION_DRY_RUN,
       OPTION_EXPLAIN,
};

/* clang-format off */
static const struct argp_option options[] = {
    {"driver", 'd', "NAME[:KEY=VALUE]...,...", 0, "Stores to measure (default: tree)", 0},
    {"workload", 'w', "NAME,...", 0, "What to ask of them (default: random)", 0},
    {"ops", 'n', "N", 0, "Scale of each workload, e.g. 1e6 (default: 100000)", 0},
    {"seed", OPTION_SEED, "S", 0, "Equal seeds give equal operations (default: 42)", 0},
    {"durability", OPTION_DURABILITY, "none|async|commit", 0,
     "What survives when a commit has returned (default: none)", 0},
    {"page-size", OPTION_PAGE_SIZE, "BYTES", 0,
     "Wanted of stores with pages; 0: each one's own (the default)", 0},
    {"repeat", OPTION_REPEAT, "R", 0,
     "Run everything R times, drivers interleaved (default: 3)", 0},
    {"batch", OPTION_BATCH, "B", 0,
     "Operations per write transaction; 0 = a phase in one (default: the workload's)", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0,
     "Workload setting; DRIVER.KEY=VALUE sets one of a driver. May be given again", 0},
    {"plugin", OPTION_PLUGIN, "FILE.so", 0, "Load a workload or a driver, for --workload and --driver to name", 0},
    {"baseline", OPTION_BASELINE, "NAME", 0, "Driver that ratios are taken to (default: lmdb)", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Also write the result to FILE; '-': stdout, the table then goes to stderr", 0},
    {"out", OPTION_OUT, "DIR", 0, "The run's directory (default: a new one under out/)", 0},
    {"dir", OPTION_DIR, "DIR", 0,
     "Where stores live while they run (default: in the run's directory)", 0},
    {"pin-reader", OPTION_PIN_READER, NULL, 0,
     "Keep a read transaction open while the measured phases run", 0},
    {"compact", OPTION_COMPACT, NULL, 0,
     "Give space back before a store is closed, where it can", 0},
    {"shapes", OPTION_SHAPES, "N", 0,
     "Measure the tree N times within each phase that writes, 1..64 (its time is in the phase's)", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Print the cells in running order and stop", 0},
    {"explain", OPTION_EXPLAIN, NULL, 0, "Print everything the run would use and stop", 0},
    {0},
};
/* clang-format on */

static void parse_durability(struct argp_state *state, const char *word)
{
    tl_run_options *asked = state->input;
    const char *names[] = {
        tl_run_durability_name(TL_DURABILITY_COMMIT),
        tl_run_durability_name(TL_DURABILITY_ASYNC),
        tl_run_durability_name(TL_DURABILITY_NONE),
    };
    for (int i = 0; i < 3; i++)
        if (strcmp(word, names[i]) == 0) {
            asked->request.durability = (tl_durability)i;
            return;
        }
    tl_arguments_unknown(state, "durability", word, names, 3, NULL);
}

/* A baseline asked for by name must be there; the usual one may be missing. */
static void check_baseline(struct argp_state *state)
{
    tl_run_options *asked = state->input;
    if (asked->baseline == NULL) {
        asked->baseline = BASELINE;
        return;
    }
    for (size_t i = 0; i < asked->choice.driver_count; i++)
        if (strcmp(asked->baseline, asked->choice.driver_specs[i]) == 0)
            return;
    tl_arguments_unknown(state, "baseline among the drivers of this run", asked->baseline,
                         (const char *const *)asked->choice.driver_specs,
                         asked->choice.driver_count, NULL);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_run_options *asked = state->input;
    tl_run_request *request = &asked->request;
    switch (key) {
    case 'd':
        tl_choice_add_drivers(&asked->choice, state, value);
        return 0;
    case 'w':
        tl_choice_add_workloads(&asked->choice, state, value);
        return 0;
    case 'n':
        request->ops = tl_arguments_number(state, "ops", value, 1, OPS_MAX);
        return 0;
    case OPTION_SEED:
        request->seed = tl_arguments_seed(state, value);
        return 0;
    case OPTION_DURABILITY:
        parse_durability(state, value);
        return 0;
    case OPTION_PAGE_SIZE:
        request->page_bytes = (uint32_t)tl_arguments_number(state, "page-size", value, 0, PAGE_MAX);
        return 0;
    case OPTION_REPEAT:
        request->repeat = tl_arguments_number(state, "repeat", value, 1, REPEAT_MAX);
        return 0;
    case OPTION_BATCH:
        request->batch = tl_arguments_number(state, "batch", value, 0, BATCH_MAX);
        request->batch_given = true;
        return 0;
    case OPTION_SET:
        tl_choice_add_setting(&asked->choice, state, value);
        return 0;
    case OPTION_PLUGIN:
        tl_choice_add_plugin(&asked->choice, state, value);
        return 0;
    case OPTION_BASELINE:
        asked->baseline = value;
        return 0;
    case OPTION_JSON:
        asked->json_path = value;
        return 0;
    case OPTION_OUT:
        asked->out_dir = value;
        return 0;
    case OPTION_DIR:
        asked->stores_dir = value;
        return 0;
    case 'q':
        asked->quiet = true;
        return 0;
    case OPTION_PIN_READER:
        request->pin_reader = true;
        return 0;
    case OPTION_COMPACT:
        request->compact = true;
        return 0;
    case OPTION_SHAPES:
        request->shapes = (size_t)tl_arguments_number(state, "shapes", value, 1, TL_SHAPES_MAX);
        return 0;
    case OPTION_DRY_RUN:
        asked->dry_run = true;
        return 0;
    case OPTION_EXPLAIN:
        asked->explain = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state,
                   "'%s' is no option; drivers are given by --driver, workloads by "
                   "--workload",
                   value);
        return 0;
    case ARGP_KEY_END:
        tl_choice_resolve(&asked->choice, state);
        check_baseline(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp run_argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Run workloads on stores, check every answer, and keep what was measured."
           "\vThe result is DIR/run.json; `treelab report DIR` draws it.  Rates are operations per "
           "second of the whole loop, generating and checking included.\n\n"
           "Examples:\n"
           "  treelab run --driver tree,lmdb,sqlite --workload random,mixed -n 1e6\n"
           "  treelab run --driver tree,tree:leaf=rebuild --baseline tree\n"
           "  treelab run --durability commit --batch 1 --set phases=insert\n"
           "  treelab run --plugin build/workloads/example_fifo.so --json -\n"
           "  treelab run --plugin build/harness/drivers/example_sorted.so --driver sorted,tree\n"
           "\n"
           "Exit codes: 0 well, 2 usage, 3 a wrong answer, 5 the machine refused, 6 nothing was "
           "measured, 130 interrupted (finished cells are kept).\n",
};

int tl_run_options_parse(int argc, char **argv, tl_run_options *asked)
{
    asked->request = (tl_run_request){
        .arms = asked->choice.arms,
        .loads = asked->choice.loads,
        .ops = OPS_DEFAULT,
        .seed = SEED_DEFAULT,
        .durability = TL_DURABILITY_NONE,
        .page_bytes = PAGE_BYTES_DEFAULT,
        .repeat = REPEAT_DEFAULT,
    };
    int exit_code = tl_arguments_parse(&run_argp, argc, argv, asked);
    asked->request.arm_count = asked->choice.driver_count;
    asked->request.load_count = asked->choice.workload_count;
    return exit_code;
}

static const char *given_or_fallback(const tl_run_load *load, const tl_workload_option *option)
{
    const char *value = option->fallback;
    for (size_t i = 0; i < load->setting_count; i++)
        if (strcmp(load->settings[i].name, option->name) == 0)
            value = load->settings[i].value;
    return value;
}

void tl_run_options_explain(const tl_run_options *asked)
{
    const tl_run_request *request = &asked->request;
    printf("ops %" PRIu64 "\nseed 0x%016" PRIx64 "\ndurability %s\npage_bytes %u\nrepeat %" PRIu64
           "\n",
           request->ops, request->seed, tl_run_durability_name(request->durability),
           (unsigned)request->page_bytes, request->repeat);
    if (request->batch_given)
        printf("batch %" PRIu64 "\n", request->batch);
    for (size_t i = 0; i < request->arm_count; i++) {
        const tl_run_arm *arm = &request->arms[i];
        const tl_driver_contract *contract = &arm->driver->contracts[request->durability];
        printf("driver %s (%s): promise %s, asks for %s%s%s\n", arm->label, arm->driver->version(),
               tl_run_promise_name(contract->promise), contract->options,
               contract->remark[0] == '\0' ? "" : "; ", contract->remark);
        for (size_t j = 0; j < arm->setting_count; j++)
            printf("  %s=%s\n", arm->settings[j].name, arm->settings[j].value);
    }
    for (size_t i = 0; i < request->load_count; i++) {
        const tl_workload_option *option = request->loads[i].workload->options;
        printf("workload %s\n", request->loads[i].workload->name);
        for (; option != NULL && option->name != NULL; option++)
            printf("  %s=%s\n", option->name, given_or_fallback(&request->loads[i], option));
    }
}
