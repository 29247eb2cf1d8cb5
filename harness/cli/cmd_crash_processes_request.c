/* harness/cli/cmd_crash_processes_request.c -- the command line of `treelab crash processes`. */
#include "harness/cli/cmd_crash_processes.h"

#include <stdio.h>
#include <string.h>

enum { COMMITS_MAX = 10000 };

enum { /* options without a letter */
       OPTION_COMMIT = 256,
       OPTION_HISTORY,
       OPTION_DURABILITY,
       OPTION_PAGE_SIZE,
       OPTION_SEED,
       OPTION_READERS,
       OPTION_DIR,
       OPTION_BUDGET,
       OPTION_ONLY,
       OPTION_JSON,
};

/* clang-format off */
static const struct argp_option options[] = {
    {"driver", 'd', "NAME[:KEY=VALUE]...,...", 0, "Stores to kill: tree, lmdb, sqlite (default: tree)", 0},
    {"commit", OPTION_COMMIT, "NAME,...", 0, "Commit protocols of tree (default: log,shadow2,shadow1)", 0},
    {"durability", OPTION_DURABILITY, "NAME,...", 0, "none, async, commit (default: all three)", 0},
    {"history", OPTION_HISTORY, "NAME", 0, "What they do: mixed, insert, split_merge, delete, overflow, growth, checkpoint (default: mixed)", 0},
    {"page-size", OPTION_PAGE_SIZE, "BYTES", 0, "Page size of the store (default: the history's own)", 0},
    {"seed", OPTION_SEED, "S", 0, "Equal seeds give equal states (default: 42)", 0},
    {"ops", 'n', "N", 0, "Commits in the history, at least 8 (default: its own; 16 of mixed)", 0},
    {"readers", OPTION_READERS, "N", 0, "Processes that read beside a writer, 2 to 8 (default: 3)", 0},
    {"dir", OPTION_DIR, "DIR", 0, "Where the stores live while they are killed (default: tmpfs)", 0},
    {"budget", OPTION_BUDGET, "N|TIME", 0, "Stop after N states, or a TIME (default: no bound)", 0},
    {"only", OPTION_ONLY, "CASE", 0, "Make this one state, as a finding named it", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Also write the result to FILE; '-': stdout, the table then goes to stderr", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

static void add_protocol(struct argp_state *state, const char *word)
{
    tl_processes_request *request = state->input;
    tl_crash_add_protocol(state, word, request->protocols, &request->protocol_count);
}

static void add_durability(struct argp_state *state, const char *word)
{
    tl_processes_request *request = state->input;
    tl_crash_add_durability(state, word, request->durabilities, &request->durability_count);
}

static void choose_history(struct argp_state *state, const char *word)
{
    tl_processes_request *request = state->input;
    const char *names[16];
    size_t count = tl_history_count();
    for (size_t i = 0; i < count && i < sizeof names / sizeof names[0]; i++)
        names[i] = tl_history_at(i)->name;
    request->history = tl_history_find(word);
    if (request->history == NULL)
        tl_arguments_unknown(state, "history", word, names, count, NULL);
}

/* "log/commit/31.1" or "own/commit/killed_writer.0": protocol, durability, a case of that store. */
static void parse_only(struct argp_state *state, const char *text)
{
    tl_processes_request *request = state->input;
    char words[TL_PROCESS_CASE_MAX + 64];
    snprintf(words, sizeof words, "%s", text);
    char *durability = strchr(words, '/');
    char *rest = durability == NULL ? NULL : strchr(durability + 1, '/');
    if (rest == NULL || !tl_process_case_parse(rest + 1, &request->only)) {
        argp_error(state,
                   "--only takes a case as a finding names it, such as log/commit/31.0 or "
                   "log/commit/killed_holder.1, not '%s'",
                   text);
        return;
    }
    *durability = *rest = '\0';
    request->protocol_count = request->durability_count = 0;
    request->only_own = strcmp(words, TL_PROCESSES_OWN) == 0;
    if (!request->only_own)
        add_protocol(state, words);
    add_durability(state, durability + 1);
}

static void check_drivers(struct argp_state *state)
{
    tl_processes_request *request = state->input;
    const char *known[8];
    size_t count = tl_process_known(known, sizeof known / sizeof known[0]);
    char names[120] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ",
                                 known[i]);
    for (size_t i = 0; i < request->choice.driver_count; i++)
        if (!tl_process_knows(request->choice.arms[i].driver))
            argp_error(state,
                       "what driver '%s' promises to several processes is not in the table; those "
                       "of %s are",
                       request->choice.arms[i].driver->name, names);
    if (request->only_text == NULL)
        return;
    if (request->choice.driver_count != 1)
        argp_error(state, "--only is about one driver");
    bool own = !tl_processes_have_protocols(request->choice.arms[0].driver);
    if (own != request->only_own)
        argp_error(state, "cases of driver '%s' begin with %s",
                   request->choice.arms[0].driver->name,
                   own ? TL_PROCESSES_OWN "/" : "a commit protocol");
}

static void set_defaults(struct argp_state *state)
{
    tl_processes_request *request = state->input;
    if (request->only_text != NULL)
        parse_only(state, request->only_text);
    tl_crash_default_protocols(request->protocols, &request->protocol_count);
    tl_crash_default_durabilities(request->durabilities, &request->durability_count);
    if (request->page_bytes == 0)
        request->page_bytes = request->history->page_bytes;
    if (request->commits == 0)
        request->commits =
            request->history == tl_history_at(0) ? TL_PROCESSES_COMMITS : request->history->commits;
    tl_choice_resolve(&request->choice, state);
    check_drivers(state);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_processes_request *request = state->input;
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
    case OPTION_HISTORY:
        choose_history(state, value);
        return 0;
    case OPTION_PAGE_SIZE:
        request->page_bytes = tl_arguments_page_bytes(state, value);
        return 0;
    case OPTION_SEED:
        request->seed = tl_arguments_seed(state, value);
        return 0;
    case 'n':
        request->commits =
            tl_arguments_number(state, "ops", value, TL_PROCESS_COMMITS_MIN, COMMITS_MAX);
        return 0;
    case OPTION_READERS:
        request->readers =
            (unsigned)tl_arguments_number(state, "readers", value, 2, TL_PROCESSES_READERS_MAX);
        return 0;
    case OPTION_DIR:
        request->dir = value;
        return 0;
    case OPTION_BUDGET:
        tl_crash_budget(state, value, &request->budget_ns, &request->budget_states);
        return 0;
    case OPTION_ONLY:
        request->only_text = value;
        return 0;
    case OPTION_JSON:
        request->json_path = value;
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is no option; stores are given by --driver", value);
        return 0;
    case ARGP_KEY_END:
        set_defaults(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp processes_argp = {
    .options = options,
    .parser = parse_option,
    .doc =
        "Kill real processes on real files, at every operation of a history: before it, and inside "
        "it where a write crosses a page of the file; never by a timer.  Another process opens "
        "what "
        "is left: it has to be one commit prefix that holds all that was acknowledged, sound, and "
        "writable.  Then several processes open, read, write, stop and are killed around each "
        "other: locks and snapshots have to be what the store promises."
        "\vStores that take no I/O table (lmdb, sqlite) are killed between the calls of their "
        "driver.  A process that makes no progress for 30 seconds is a finding.\n\n"
        "Examples:\n"
        "  treelab crash processes\n"
        "  treelab crash processes --driver tree,lmdb,sqlite --durability commit\n"
        "  treelab crash processes --commit log --dir /var/tmp --budget 60s\n"
        "  treelab crash processes --only log/commit/31.0\n"
        "  treelab crash processes --driver lmdb --only own/commit/killed_writer.1\n"
        "\n"
        "Exit codes: 0 no finding, 2 usage, 3 a finding, 5 the machine refused, 6 nothing was "
        "checked, 130 interrupted (what was found is kept).\n",
};

int tl_processes_request_parse(int argc, char **argv, tl_processes_request *request)
{
    request->history = tl_history_at(0);
    request->seed = TL_STANDARD_SEED;
    request->readers = TL_PROCESSES_READERS;
    return tl_arguments_parse(&processes_argp, argc, argv, request);
}
