/* harness/cli/cmd_crash_faults_request.c -- the command line of `treelab crash faults`. */
#include "harness/cli/cmd_crash_faults.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
enum { COMMITS_MAX = 10000 };

enum { /* options without a letter */
       OPTION_COMMIT = 256,
       OPTION_DURABILITY,
       OPTION_PAGE_SIZE,
       OPTION_SEED,
       OPTION_CLASS,
       OPTION_EVERY,
       OPTION_BUDGET,
       OPTION_JSON,
       OPTION_ONLY,
};

/* clang-format off */
static const struct argp_option options[] = {
    {"driver", 'd', "NAME[:KEY=VALUE]...", 0, "The store (default: tree)", 0},
    {"commit", OPTION_COMMIT, "NAME,...", 0, "Commit protocols (default: log,shadow2,shadow1)", 0},
    {"durability", OPTION_DURABILITY, "NAME,...", 0, "none, async, commit (default: all three)", 0},
    {"class", OPTION_CLASS, "NAME,...", 0,
     "What fails: open size pread pwritev fdatasync fsync_dir truncate fallocate rename unlink lock "
     "memory quota (default: all)", 0},
    {"only", OPTION_ONLY, "CASE", 0, "Make this one run, as a finding named it, in every cell", 0},
    {"page-size", OPTION_PAGE_SIZE, "BYTES", 0, "Page size of the store (default: 1024)", 0},
    {"seed", OPTION_SEED, "S", 0, "Equal seeds give equal runs (default: 42)", 0},
    {"ops", 'n', "N", 0, "Commits in the history (default: 16)", 0},
    {"every", OPTION_EVERY, "N", 0, "Fail every Nth call only; the sweep is then not complete", 0},
    {"budget", OPTION_BUDGET, "TIME", 0, "Stop after it (default: no bound)", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Also write the result to FILE; '-': stdout, the table then goes to stderr", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

static void add_protocol(struct argp_state *state, const char *word)
{
    tl_faults_request *request = state->input;
    tl_crash_add_protocol(state, word, request->protocols, &request->protocol_count);
}

static void add_durability(struct argp_state *state, const char *word)
{
    tl_faults_request *request = state->input;
    tl_crash_add_durability(state, word, request->durabilities, &request->durability_count);
}

static void add_class(struct argp_state *state, const char *word)
{
    tl_faults_request *request = state->input;
    const char *names[TL_FAULT_CLASS_MAX];
    bool found = false;
    for (size_t i = 0; i < tl_fault_class_count(); i++) {
        names[i] = tl_fault_class_at(i)->name;
        bool same = strcmp(names[i], word) == 0;
        request->classes[i] = request->classes[i] || same;
        found = found || same;
    }
    if (!found)
        tl_arguments_unknown(state, "class", word, names, tl_fault_class_count(), NULL);
}

static void parse_budget(struct argp_state *state, const char *text)
{
    tl_faults_request *request = state->input;
    size_t length = strlen(text);
    if (length < 2 || strchr("smh", text[length - 1]) == NULL) /* elsewhere it counts states */
        argp_error(state, "--budget takes seconds such as 30s, not '%s'", text);
    request->budget_ns = tl_arguments_time(state, "budget", text, UINT64_C(1000000) * NS_PER_S);
    if (request->budget_ns == 0)
        argp_error(state, "--budget takes a time above 0, such as 30s, not '%s'", text);
}

static void set_defaults(struct argp_state *state)
{
    tl_faults_request *request = state->input;
    bool any_class = false;
    tl_crash_default_protocols(request->protocols, &request->protocol_count);
    tl_crash_default_durabilities(request->durabilities, &request->durability_count);
    for (size_t i = 0; i < tl_fault_class_count(); i++)
        any_class = any_class || request->classes[i];
    for (size_t i = 0; i < tl_fault_class_count() && !any_class; i++)
        request->classes[i] = true;
    tl_choice_resolve(&request->choice, state);
    if (request->choice.driver_count != 1)
        argp_error(state, "one driver at a time");
    tl_crash_need_simulated(state, request->choice.arms[0].driver);
    if (request->only_text != NULL && !tl_fault_case_parse(request->only_text, &request->only))
        argp_error(state,
                   "--only takes a case as a finding names it, such as fdatasync:17:once:clean, "
                   "not '%s'",
                   request->only_text);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_faults_request *request = state->input;
    switch (key) {
    case 'd':
        tl_choice_add_drivers(&request->choice, state, value);
        return 0;
    case OPTION_COMMIT:
        tl_arguments_list(state, value, add_protocol);
        return 0;
    case OPTION_DURABILITY:
        tl_arguments_list(state, value, add_durability);
        return 0;
    case OPTION_CLASS:
        tl_arguments_list(state, value, add_class);
        return 0;
    case OPTION_ONLY:
        request->only_text = value;
        return 0;
    case OPTION_PAGE_SIZE:
        request->page_bytes = tl_arguments_page_bytes(state, value);
        return 0;
    case OPTION_SEED:
        request->seed = tl_arguments_seed(state, value);
        return 0;
    case 'n':
        request->commits = tl_arguments_number(state, "ops", value, 1, COMMITS_MAX);
        return 0;
    case OPTION_EVERY:
        request->stride = tl_arguments_number(state, "every", value, 1, 1000000);
        return 0;
    case OPTION_BUDGET:
        parse_budget(state, value);
        return 0;
    case OPTION_JSON:
        request->json_path = value;
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is no option; see --class and --only", value);
        return 0;
    case ARGP_KEY_END:
        set_defaults(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp faults_argp = {
    .options = options,
    .parser = parse_option,
    .doc =
        "Let the first call of a run fail, then the second, until none is left, once and for good: "
        "disk calls, allocations, room on the disk, and fdatasync in four ways.  Each time: the "
        "status is a documented one, what was acknowledged can be read, snapshots stay, the store "
        "closes and leaves nothing open, the next process finds one allowed commit prefix and can "
        "commit, and after a failed sync a power loss at any later moment leaves what was promised."
        "\vThe table tells what the store does after each kind of failure: absorbed (no call told "
        "of it, nothing is missing), reopened (open or close refused, the next open finds all), "
        "retried (the same once more succeeds), sticky (no more "
        "commits "
        "until it is opened again, reads go on), abort (nothing until then), unsafe (a finding).  "
        "The result is out/ID/run.json.\n\n"
        "Examples:\n"
        "  treelab crash faults\n"
        "  treelab crash faults --commit log --durability commit --class fdatasync,pwritev\n"
        "  treelab crash faults --driver tree:leaf=dense --page-size 4096 --ops 24\n"
        "  treelab crash faults --commit log --durability commit --only fdatasync:17:once:clean\n"
        "\n"
        "Exit codes: 0 no finding, 2 usage, 3 a finding, 5 the machine refused, 6 nothing failed, "
        "130 interrupted (what was found is kept).\n",
};

int tl_faults_request_parse(int argc, char **argv, tl_faults_request *request)
{
    request->page_bytes = TL_FAULTS_PAGE_BYTES;
    request->seed = TL_STANDARD_SEED;
    request->commits = TL_FAULTS_COMMITS;
    return tl_arguments_parse(&faults_argp, argc, argv, request);
}
