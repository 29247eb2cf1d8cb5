/* harness/cli/cmd_gate.c -- `treelab gate`: is the candidate worse than the base?
 * `treelab baseline`: keep the counters that it is held to. */
#define _GNU_SOURCE
#include "harness/cli/arguments.h"
#include "harness/gate/gate.h"
#include "harness/report/machine.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY   "ci/gate.json"
#define BASELINE "results/baselines/gate.counters.json"

enum { ROWS_MAX = TL_GATE_ROWS_MAX };

typedef struct request {
    const char *policy_path, *baseline, *base, *candidate, *scratch;
    const char *json, *junit, *markdown, *reason;
    const char *only[ROWS_MAX + 1];
    size_t only_count;
    unsigned layers;
    uint64_t seed;
    double budget_s; /* 0: the policy's */
    double exclude_percent;
    bool quiet;
    char self[PATH_MAX], made[PATH_MAX]; /* this program; a scratch directory of our own */
    tl_progress *progress;
} request;

enum {
    OPTION_BASE = 256,
    OPTION_CANDIDATE,
    OPTION_POLICY,
    OPTION_BASELINE,
    OPTION_LAYERS,
    OPTION_ROWS,
    OPTION_QUICK,
    OPTION_SCRATCH,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_MARKDOWN,
    OPTION_REASON,
    OPTION_SEED,
    OPTION_EXCLUDE,
    OPTION_BUDGET,
};

static const struct argp_option gate_rows[] = {
    {"base",                                                              OPTION_BASE, "PROGRAM", 0,
     "The treelab to compare with; without it counters alone are judged", 0},
    {"candidate",                                                          OPTION_CANDIDATE, "PROGRAM", 0, "The treelab to judge (default: this one)", 0},
    {"policy", OPTION_POLICY, "FILE", 0, "What is asked (default: " POLICY ")", 0},
    {"baseline",                                                                   OPTION_BASELINE, "FILE", 0, "Kept counters (default: " BASELINE ")", 0},
    {"layers",OPTION_LAYERS, "NAME,...", 0, "Only these: counters, instructions, time", 0},
    {"rows",                                                                  OPTION_ROWS, "NAME,...", 0, "Only these rows of the policy", 0},
    {"quick",                                                                  OPTION_QUICK, NULL, 0, "Counters and instructions only", 0},
    {"scratch",                                                            OPTION_SCRATCH, "DIR", 0,
     "Where stores live while they run (default: a new one below $TMPDIR, /dev/shm or /tmp)", 0},
    {"seed",                                                             OPTION_SEED, "S", 0, "Of the layer time (default: 1)", 0},
    {"exclude",                              OPTION_EXCLUDE, "PERCENT", 0,
     "The slowdown that a pass of layer time excludes (default: the policy's)", 0},
    {"budget",                                                                   OPTION_BUDGET, "TIME", 0, "Of layer time, per row (default: the policy's)", 0},
    {"json",OPTION_JSON, "FILE", 0, "Also write the report as JSON; '-': stdout alone", 0},
    {"junit",                                                                  OPTION_JUNIT, "FILE", 0, "Also write it as JUnit XML", 0},
    {"markdown",                                                                  OPTION_MARKDOWN, "FILE", 0, "Also write it as Markdown, for a pull request", 0},
    {"quiet",                                                            'q', NULL, 0, "No progress on stderr", 0},
    {0                                                        },
};

static const struct argp_option baseline_rows[] = {
    {"reason",                             OPTION_REASON, "TEXT", 0, "Why they change; wanted by update", 0},
    {"candidate",                              OPTION_CANDIDATE, "PROGRAM", 0, "The treelab to run (default: this one)", 0},
    {"policy", OPTION_POLICY, "FILE", 0, "What is run (default: " POLICY ")", 0},
    {"baseline",                                    OPTION_BASELINE, "FILE", 0, "Where they are kept (default: " BASELINE ")", 0},
    {"scratch",OPTION_SCRATCH, "DIR", 0, "Where stores live while they run", 0},
    {"quiet",                                   'q', NULL, 0, "No progress on stderr", 0},
    {0                                  },
};

static void add_layer(struct argp_state *state, const char *word)
{
    static const char *const names[] = {"counters", "instructions", "time"};
    request *asked = state->input;
    unsigned bit = tl_layer_find(word);
    if (bit == 0)
        tl_arguments_unknown(state, "layer", word, names, 3, NULL);
    asked->layers |= bit;
}

static void add_row(struct argp_state *state, const char *word)
{
    request *asked = state->input;
    if (asked->only_count == ROWS_MAX)
        argp_error(state, "more than %d rows", ROWS_MAX);
    asked->only[asked->only_count] = strdup(word); /* kept until the process ends */
    if (asked->only[asked->only_count++] == NULL)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    request *asked = state->input;
    const struct {
        int key;
        const char **where;
    } texts[] = {
        {OPTION_BASE,      &asked->base       },
        {OPTION_CANDIDATE, &asked->candidate  },
        {OPTION_POLICY,    &asked->policy_path},
        {OPTION_BASELINE,  &asked->baseline   },
        {OPTION_SCRATCH,   &asked->scratch    },
        {OPTION_JSON,      &asked->json       },
        {OPTION_JUNIT,     &asked->junit      },
        {OPTION_MARKDOWN,  &asked->markdown   },
        {OPTION_REASON,    &asked->reason     },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].key == key) {
            *texts[i].where = value;
            return 0;
        }
    switch (key) {
    case OPTION_LAYERS:
        tl_arguments_list(state, value, add_layer);
        return 0;
    case OPTION_ROWS:
        tl_arguments_list(state, value, add_row);
        return 0;
    case OPTION_QUICK:
        asked->layers |= TL_LAYER_COUNTERS | TL_LAYER_INSTRUCTIONS;
        return 0;
    case OPTION_EXCLUDE:
        asked->exclude_percent = tl_arguments_percent(state, "exclude", value);
        return 0;
    case OPTION_BUDGET:
        asked->budget_s = tl_arguments_seconds(state, "budget", value, 86400);
        return 0;
    case OPTION_SEED:
        asked->seed = tl_arguments_seed(state, value);
        return 0;
    case 'q':
        asked->quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_gate(int key, char *value, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        argp_error(state, "takes no argument '%s'; --base and --candidate name programs", value);
    return parse(key, value, state);
}

static error_t parse_baseline(int key, char *value, struct argp_state *state)
{
    request *asked = state->input;
    if (key == ARGP_KEY_ARG && strcmp(value, "update") != 0)
        argp_error(state, "'%s' is not understood; `treelab baseline update` is all there is",
                   value);
    if (key == ARGP_KEY_ARG)
        return 0;
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "what is to be done? `treelab baseline update --reason TEXT`");
    if (key == ARGP_KEY_END && (asked->reason == NULL || asked->reason[0] == '\0'))
        argp_error(state, "--reason is wanted: reviewers read it beside the new counters");
    return parse(key, value, state);
}

static const struct argp gate_argp = {
    gate_rows,
    parse_gate,
    NULL,
    "Judge a candidate in three layers: exact engine counters against the kept baseline, "
    "instruction "
    "counts against a base, processor time against a base.\v"
    "Examples:\n"
    "  treelab gate                                  counters, against " BASELINE "\n"
    "  treelab gate --quick --base ../base/build/treelab\n"
    "  treelab gate --base OLD --candidate NEW --junit gate.xml --markdown gate.md\n\n"
    "ci/gate REVISION builds the base for you.\n"
    "Exit codes: 0 pass, 1 regressed, 3 a wrong answer, 4 inconclusive (where the policy says it "
    "fails), 5 a program or tool failed, 6 nothing was judged.",
    NULL,
    NULL,
    NULL,
};

static const struct argp baseline_argp = {
    baseline_rows,
    parse_baseline,
    "update",
    "Run every row of the policy and keep its exact counters, for `treelab gate`.\v"
    "Examples:\n"
    "  treelab baseline update --reason \"splits leave more room since ...\"\n",
    NULL,
    NULL,
    NULL,
};

static bool interrupted(void *context)
{
    (void)context;
    return tl_interrupted();
}

/* A directory of our own unless one was given: in memory where there is some. */
static bool scratch_make(const char *command, request *asked)
{
    if (asked->scratch != NULL)
        return true;
    const char *const places[] = {getenv("TMPDIR"), "/dev/shm", "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] == NULL || places[i][0] == '\0')
            continue;
        snprintf(asked->made, sizeof asked->made, "%s/treelab-gate-XXXXXX", places[i]);
        if (mkdtemp(asked->made) != NULL) {
            asked->scratch = asked->made;
            return true;
        }
    }
    asked->made[0] = '\0';
    tl_complain(command, "no directory for the stores: %s; name one with --scratch",
                strerror(errno));
    return false;
}

/* A name without a slash is looked for in PATH when it is run.  Under callgrind a program that is
 * not there looks like a callgrind that is not there. */
static bool can_be_run(const char *command, const char *option, const char *program)
{
    struct stat info;
    if (program == NULL || strchr(program, '/') == NULL)
        return true;
    if (stat(program, &info) == 0 && !S_ISDIR(info.st_mode) && access(program, X_OK) == 0)
        return true;
    tl_complain(command, "%s '%s' is no program that can be run; name a treelab", option, program);
    return false;
}

static int outputs_check(const request *asked)
{
    int code = tl_check_output("gate", "--json", asked->json);
    if (code == TL_EXIT_OK)
        code = tl_check_output("gate", "--junit", asked->junit);
    return code == TL_EXIT_OK ? tl_check_output("gate", "--markdown", asked->markdown) : code;
}

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* A baseline asked for by name must be there; in place of the usual one each row is told. */
static bool baseline_is_there(const request *asked)
{
    bool usual = strcmp(asked->baseline, BASELINE) == 0;
    bool counters = asked->layers == 0 || (asked->layers & TL_LAYER_COUNTERS) != 0;
    if (usual || !counters || access(asked->baseline, F_OK) == 0)
        return true;
    tl_complain("gate",
                "there is no baseline '%s'; `treelab baseline update --baseline %s --reason TEXT` "
                "makes one",
                asked->baseline, asked->baseline);
    return false;
}

static int prepare(const char *command, request *asked, tl_gate_policy *policy)
{
    if (!can_be_run(command, "--base", asked->base) ||
        !can_be_run(command, "--candidate", asked->candidate))
        return TL_EXIT_USAGE;
    char error[TL_GATE_TEXT_MAX + PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", asked->self, sizeof asked->self - 1);
    if (asked->candidate == NULL && length > 0) {
        asked->self[length] = '\0';
        asked->candidate = asked->self;
    }
    tl_status status = tl_gate_policy_read(asked->policy_path, policy, error, sizeof error);
    if (status != TL_OK) {
        tl_complain(command, "%s", error);
        return status == TL_NOT_FOUND ? TL_EXIT_USAGE : tl_exit_code(status);
    }
    if (!tl_gate_timing_set(&policy->timing, asked->exclude_percent, asked->budget_s)) {
        tl_complain(command, "--exclude must be above the policy's delta");
        return TL_EXIT_USAGE;
    }
    for (size_t i = 0; i < asked->only_count; i++) {
        bool found = false;
        for (size_t r = 0; r < policy->row_count; r++)
            found = found || strcmp(policy->rows[r].name, asked->only[i]) == 0;
        if (!found) {
            tl_complain(command, "'%s' has no row '%s'", asked->policy_path, asked->only[i]);
            return TL_EXIT_USAGE;
        }
    }
    return scratch_make(command, asked) ? TL_EXIT_OK : TL_EXIT_ENVIRONMENT;
}

static void tell_step(void *context, const char *row, unsigned layer)
{
    const request *asked = context;
    if (!asked->quiet)
        fprintf(stderr, "gate: %s of %s\n", tl_layer_name(layer), row);
}

static bool save(const char *command, const char *path,
                 void (*write)(const tl_gate_report *report, tl_text *out),
                 const tl_gate_report *report)
{
    tl_text text = {0};
    if (path == NULL)
        return true;
    write(report, &text);
    tl_status status = tl_text_save(&text, path);
    tl_text_clear(&text);
    if (status != TL_OK)
        tl_complain(command, "cannot write '%s': %s", path, strerror(errno));
    return status == TL_OK;
}

static bool save_all(const request *asked, const tl_gate_report *report)
{
    bool well = save("gate", asked->junit, tl_gate_junit, report);
    well = save("gate", asked->markdown, tl_gate_markdown, report) && well;
    if (asked->json == NULL)
        return well;
    tl_json *root = tl_gate_json(report);
    tl_status status = tl_json_write(root, asked->json);
    tl_json_free(root);
    if (status != TL_OK)
        tl_complain("gate", "cannot write '%s': %s", asked->json, strerror(errno));
    return well && status == TL_OK;
}

static int exit_code(const tl_gate_policy *policy, const tl_gate_report *report)
{
    switch (tl_gate_conclude(report)) {
    case TL_GATE_SKIPPED:
        tl_complain("gate", "nothing was judged; is there a base (--base) or a baseline?");
        return TL_EXIT_NOTHING;
    case TL_GATE_INCONCLUSIVE:
        return policy->inconclusive_fails ? TL_EXIT_INCONCLUSIVE : TL_EXIT_OK;
    case TL_GATE_REGRESSED:
        return TL_EXIT_REGRESSION;
    case TL_GATE_FAILED:
        return TL_EXIT_ENVIRONMENT;
    case TL_GATE_WRONG:
        return TL_EXIT_WRONG;
    default:
        return TL_EXIT_OK;
    }
}

static int judge(const request *asked, const tl_gate_policy *policy)
{
    char error[TL_GATE_TEXT_MAX + PATH_MAX];
    tl_gate_report report;
    tl_gate_request wanted = {
        .policy = policy,
        .base = asked->base,
        .candidate = asked->candidate,
        .seed = asked->seed,
        .baseline = asked->baseline,
        .scratch = asked->scratch,
        .layers = asked->layers != 0 ? asked->layers : TL_LAYERS_ALL,
        .only = asked->only_count > 0 ? asked->only : NULL,
        .stop = interrupted,
        .step = tell_step,
        .context = (void *)asked,
    };
    tl_status status = tl_gate_judge(&wanted, &report, error, sizeof error);
    if (status != TL_OK) {
        tl_complain("gate", "%s", status == TL_NO_MEMORY ? "out of memory" : error);
        tl_gate_report_release(&report);
        return tl_exit_code(status);
    }
    tl_text text = {0};
    tl_gate_text(&report, &text);
    bool other = is_stdout(asked->json) || is_stdout(asked->junit) || is_stdout(asked->markdown);
    fputs(tl_text_data(&text), other ? stderr : stdout);
    tl_text_clear(&text);
    int code = exit_code(policy, &report);
    if (!save_all(asked, &report))
        code = TL_EXIT_ENVIRONMENT;
    if (report.interrupted)
        code = TL_EXIT_INTERRUPTED;
    tl_gate_report_release(&report);
    return code;
}

static request defaults(void)
{
    return (request){.policy_path = POLICY, .baseline = BASELINE, .seed = 1};
}

int tl_cmd_gate(int argc, char **argv)
{
    request asked = defaults();
    tl_gate_policy policy = {0};
    int code = tl_arguments_parse(&gate_argp, argc, argv, &asked);
    if (code == TL_EXIT_OK)
        code = outputs_check(&asked);
    if (code == TL_EXIT_OK)
        code = baseline_is_there(&asked) ? prepare("gate", &asked, &policy) : TL_EXIT_USAGE;
    if (code == TL_EXIT_OK) {
        tl_catch_interrupt();
        signal(SIGPIPE, SIG_IGN); /* an agent that died is noticed when it does not answer */
        code = judge(&asked, &policy);
    }
    if (asked.made[0] != '\0')
        rmdir(asked.made);
    tl_gate_policy_release(&policy);
    return code;
}

static int update(const request *asked, const tl_gate_policy *policy)
{
    tl_json *root = tl_baseline_begin(asked->reason, tl_build_revision());
    tl_counts_source source = {
        .binary = asked->candidate, .scratch = asked->scratch, .stop = interrupted};
    tl_status status = TL_OK;
    for (size_t i = 0; i < policy->row_count && status == TL_OK; i++) {
        const tl_gate_row *row = &policy->rows[i];
        char complaint[TL_PROGRAM_TEXT_MAX];
        tl_counts counts;
        if ((row->layers & TL_LAYER_COUNTERS) == 0)
            continue;
        tell_step((void *)asked, row->name, TL_LAYER_COUNTERS);
        status = tl_counts_take(&source, row, &counts, complaint);
        if (status == TL_OK)
            tl_baseline_add(root, row, &counts);
        else
            tl_complain("baseline", "row '%s': %s", row->name, complaint);
        tl_counts_release(&counts);
    }
    if (status == TL_OK) {
        status = tl_json_write(root, asked->baseline);
        if (status != TL_OK)
            tl_complain("baseline", "cannot write '%s': %s", asked->baseline, strerror(errno));
    }
    tl_json_free(root);
    return tl_interrupted() ? TL_EXIT_INTERRUPTED : tl_exit_code(status);
}

int tl_cmd_baseline(int argc, char **argv)
{
    request asked = defaults();
    tl_gate_policy policy = {0};
    int code = tl_arguments_parse(&baseline_argp, argc, argv, &asked);
    if (code == TL_EXIT_OK)
        code = prepare("baseline", &asked, &policy);
    if (code == TL_EXIT_OK) {
        tl_catch_interrupt();
        code = update(&asked, &policy);
    }
    if (asked.made[0] != '\0')
        rmdir(asked.made);
    tl_gate_policy_release(&policy);
    return code;
}
