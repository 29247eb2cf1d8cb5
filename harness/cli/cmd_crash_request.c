/* harness/cli/cmd_crash_request.c -- the command line of `treelab crash`. */
#include "harness/cli/cmd_crash.h"
#include "harness/cli/crash_words.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMMITS_MAX = 100000, SCHEDULES = 32 };
#define NS_PER_S UINT64_C(1000000000)

enum { /* options without a letter */
       OPTION_COMMIT = 256,
       OPTION_DURABILITY,
       OPTION_HISTORY,
       OPTION_PAGE_SIZE,
       OPTION_SEED,
       OPTION_SEEDS,
       OPTION_SCHEDULES,
       OPTION_PAGES,
       OPTION_PROFILE,
       OPTION_TIER,
       OPTION_SHARD,
       OPTION_BUDGET,
       OPTION_CONTRACT,
       OPTION_JSON,
       OPTION_JUNIT,
       OPTION_OUT,
       OPTION_REPRO,
       OPTION_MUTANT,
       OPTION_TIMELINE,
       OPTION_ARTIFACT,
       OPTION_KEEP,
};

/* clang-format off */
static const struct argp_option options[] = {
    {"driver", 'd', "NAME[:KEY=VALUE]...,...", 0, "Stores to crash (default: tree)", 0},
    {"commit", OPTION_COMMIT, "NAME,...", 0, "Commit protocols (default: log,shadow2,shadow1)", 0},
    {"durability", OPTION_DURABILITY, "NAME,...", 0, "none, async, commit (default: all three)", 0},
    {"history", OPTION_HISTORY, "NAME,...", 0, "What is recorded: mixed, insert, split_merge, delete, overflow, growth, checkpoint, or all of these; or threads, threads_big, run by several (default: mixed)", 0},
    {"page-size", OPTION_PAGE_SIZE, "BYTES", 0, "Page size of the store (default: the history's own)", 0},
    {"seed", OPTION_SEED, "S", 0, "Equal seeds give equal states (default: 42)", 0},
    {"seeds", OPTION_SEEDS, "A..B", 0, "All seeds from A to B, summed: with --tier", 0},
    {"schedules", OPTION_SCHEDULES, "A..B", 0, "Of a history that several threads run: all orders from A to B, from 1 on, summed (default: 1..32)", 0},
    {"pages", OPTION_PAGES, "N,...", 0, "Of `crash rate`: pages of the store's file (default: 64,256)", 0},
    {"ops", 'n', "N", 0, "Commits in the history (default: its own)", 0},
    {"profile", OPTION_PROFILE, "NAME,...", 0, "What the disk may forget: sigkill, prefix, journal, posix, garbage, liar (default: the first four)", 0},
    {"tier", OPTION_TIER, "T0|T1|T2|T3|T4", 0, "How many of the states a profile allows: T0 both ends, T1 and each operation alone, T2 every one, counted, T3 drawn by number, T4 those of a crash in recovery (default: T1)", 0},
    {"shard", OPTION_SHARD, "I/N", 0, "Part I of N, I from 1: the parts together are the whole", 0},
    {"budget", OPTION_BUDGET, "N|Ns", 0, "Stop after N states, or N seconds of judging them; recording the history comes before (default: no bound)", 0},
    {"contract", OPTION_CONTRACT, "FILE", 0, "What the stores promise, in place of the table that `treelab list contracts` shows", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Also write the result to FILE; '-': stdout, the table then goes to stderr", 0},
    {"junit", OPTION_JUNIT, "FILE", 0, "Also write a JUnit file: one test case for each store and profile", 0},
    {"out", OPTION_OUT, "DIR", 0, "The run's directory (default: a new one under out/)", 0},
    {"repro", OPTION_REPRO, "STATE", 0, "Build and check this one state, as a finding named it", 0},
    {"timeline", OPTION_TIMELINE, NULL, 0, "With --repro, or `crash replay`: the run as a list of operations, syncs and commits, and what the crash took", 0},
    {"mutant", OPTION_MUTANT, "NAME[+NAME]...", 0, "Wake a seeded bug of the engine: treelab-mutants only", 0},
    {"artifact", OPTION_ARTIFACT, "DIR", 0, "Also write the first finding to DIR: log, script, state, contract, at most 1 MiB", 0},
    {"keep", OPTION_KEEP, "DIR", 0, "With --repro: leave the files of that state in DIR", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

/* "60s" is a time, "60" a count of states. */
static void parse_budget(struct argp_state *state, const char *text)
{
    tl_crash_request *request = state->input;
    char number[32];
    size_t length = strlen(text);
    bool seconds = length > 1 && text[length - 1] == 's' && length < sizeof number;
    snprintf(number, sizeof number, "%.*s", (int)(seconds ? length - 1 : length), text);
    uint64_t value = tl_arguments_number(state, "budget", number, 1, UINT64_C(1) << 40);
    if (seconds)
        request->budget_ns = value < UINT32_MAX ? value * NS_PER_S : UINT64_MAX;
    else
        request->budget_states = value;
}

static void add_protocol(struct argp_state *state, const char *word)
{
    tl_crash_request *request = state->input;
    tl_crash_add_protocol(state, word, request->protocols, &request->protocol_count);
}

static void add_durability(struct argp_state *state, const char *word)
{
    tl_crash_request *request = state->input;
    tl_crash_add_durability(state, word, request->durabilities, &request->durability_count);
}

static void add_history(struct argp_state *state, const char *word)
{
    tl_crash_request *request = state->input;
    const char *names[TL_CRASH_LIST_MAX];
    size_t plain = tl_history_count(), count = plain + tl_history_threaded_count();
    bool all = strcmp(word, "all") == 0, found = false;
    for (size_t i = 0; i < count; i++) {
        const tl_history *history =
            i < plain ? tl_history_at(i) : tl_history_threaded_at(i - plain);
        names[i] = history->name;
        bool wanted = (all && i < plain) || strcmp(names[i], word) == 0;
        bool had = false;
        for (size_t h = 0; h < request->history_count; h++)
            had |= request->histories[h] == history;
        if (wanted && !had)
            request->histories[request->history_count++] = history;
        found |= wanted;
    }
    if (!found)
        tl_arguments_unknown(state, "history", word, names, count, NULL);
}

static void add_profile(struct argp_state *state, const char *word)
{
    tl_crash_request *request = state->input;
    const char *names[TL_PROFILE_COUNT];
    tl_profile profile;
    for (unsigned i = 0; i < TL_PROFILE_COUNT; i++)
        names[i] = tl_profile_at((tl_profile)i)->name;
    if (!tl_profile_find(word, &profile))
        tl_arguments_unknown(state, "profile", word, names, TL_PROFILE_COUNT, NULL);
    for (size_t i = 0; i < request->profile_count; i++)
        if (request->profiles[i] == profile)
            return;
    request->profiles[request->profile_count++] = profile;
}

static void parse_tier(struct argp_state *state, const char *word)
{
    tl_crash_request *request = state->input;
    const char *names[TL_TIER_COUNT];
    for (unsigned i = 0; i < TL_TIER_COUNT; i++)
        names[i] = tl_tier_at((tl_tier)i)->name;
    if (!tl_tier_find(word, &request->tier))
        tl_arguments_unknown(state, "tier", word, names, TL_TIER_COUNT, NULL);
    request->tier_given = true;
}

static void parse_shard(struct argp_state *state, const char *text)
{
    tl_crash_request *request = state->input;
    unsigned part = 0, count = 0;
    int used = 0;
    sscanf(text, "%6u/%6u%n", &part, &count, &used);
    if (used == 0 || text[used] != '\0' || part < 1 || part > count)
        argp_error(state, "--shard takes I/N with I from 1 to N, such as 1/4, not '%s'", text);
    request->shard = part - 1;
    request->shard_count = count;
}

static void parse_range(struct argp_state *state, const char *option, const char *text,
                        uint64_t *first, uint64_t *last)
{
    unsigned long long from = 0, to = 0;
    int used = 0;
    sscanf(text, "%19llu..%19llu%n", &from, &to, &used);
    if (used == 0 || text[used] != '\0' || from > to)
        argp_error(state, "--%s takes A..B with A no larger than B, such as 1..1000, not '%s'",
                   option, text);
    *first = from;
    *last = to;
}

static void parse_seeds(struct argp_state *state, const char *text)
{
    tl_crash_request *request = state->input;
    parse_range(state, "seeds", text, &request->seed, &request->seed_last);
    request->seeds_given = true;
}

static void parse_schedules(struct argp_state *state, const char *text)
{
    tl_crash_request *request = state->input;
    parse_range(state, "schedules", text, &request->schedule, &request->schedule_last);
    if (request->schedule == 0)
        argp_error(state, "--schedules are counted from 1");
}

static void add_pages(struct argp_state *state, const char *word)
{
    tl_crash_request *request = state->input;
    if (request->page_count == TL_CRASH_LIST_MAX)
        argp_error(state, "--pages takes no more than %d numbers", TL_CRASH_LIST_MAX);
    else
        request->pages[request->page_count++] = tl_arguments_number(state, "pages", word, 8, 65536);
}

/* "log/commit/journal/57.0/oldest": protocol and durability, then a state. */
static void parse_repro(struct argp_state *state, const char *text)
{
    tl_crash_request *request = state->input;
    static char words[TL_STATE_ID_TEXT_MAX + 64];
    snprintf(words, sizeof words, "%s", text);
    char *durability = strchr(words, '/');
    char *rest = durability == NULL ? NULL : strchr(durability + 1, '/');
    if (rest == NULL || !tl_state_id_parse(rest + 1, &request->only_state)) {
        argp_error(state,
                   "--repro takes a state as a finding names it, such as "
                   "log/commit/journal/57.0/oldest, not '%s'",
                   text);
        return;
    }
    *durability = *rest = '\0';
    request->protocol_count = request->durability_count = request->profile_count = 0;
    add_protocol(state, words);
    add_durability(state, durability + 1);
    const tl_state_id *only = &request->only_state;
    if (only->run)
        return; /* no crash, so no profile of one */
    request->profiles[request->profile_count++] = only->profile;
    bool drawn = only->pick == TL_PICK_SAMPLE || !tl_profile_at(only->profile)->exact;
    request->tier = only->nested ? TL_TIER_NESTED : drawn ? TL_TIER_SAMPLED : TL_TIER_EXACT;
    request->tier_given = true;
}

static void read_contracts(struct argp_state *state, const char *path)
{
    static tl_contracts contracts; /* large; once per process */
    tl_crash_request *request = state->input;
    char error[160] = "";
    if (tl_contracts_read(path, &contracts, error, sizeof error) != TL_OK)
        argp_error(state, "--contract %s: %s; see `treelab list contracts` for how it looks", path,
                   error);
    request->contracts = &contracts;
}

static void default_profiles(tl_crash_request *request)
{
    static const tl_profile gated[] = {TL_PROFILE_SIGKILL, TL_PROFILE_PREFIX, TL_PROFILE_JOURNAL,
                                       TL_PROFILE_POSIX};
    if (request->profile_count > 0)
        return;
    if (request->way == TL_CRASH_SYNCS)
        request->profiles[request->profile_count++] = TL_PROFILE_JOURNAL;
    else
        for (size_t i = 0; i < sizeof gated / sizeof gated[0]; i++)
            request->profiles[request->profile_count++] = gated[i];
}

/* What a rate is stated for, when nothing else is asked for. */
static void rate_defaults(struct argp_state *state)
{
    tl_crash_request *request = state->input;
    if (request->repro != NULL || request->tier_given || request->shard_count > 0)
        argp_error(state, "--repro, --tier and --shard do not go with `crash rate`");
    request->tier = TL_TIER_SAMPLED;
    request->tier_given = true;
    if (request->profile_count == 0)
        request->profiles[request->profile_count++] = TL_PROFILE_POSIX;
    if (request->page_count == 0) {
        request->pages[request->page_count++] = 64;
        request->pages[request->page_count++] = 256;
    }
    if (request->durabilities_defaulted) {
        request->durability_count = 1;
        request->durabilities[0] = TL_DURABILITY_COMMIT;
    }
}

/* Which states: tier, profiles, part; and what does not go together. */
static void choose_states(struct argp_state *state)
{
    tl_crash_request *request = state->input;
    if ((request->shard_count > 0 || request->seeds_given) && request->way != TL_CRASH_PROFILES)
        argp_error(state, "--shard and --seeds do not go with `crash syncs` and `crash rate`");
    if (request->seeds_given && request->repro != NULL)
        argp_error(state, "--repro is about one seed");
    if (request->page_count > 0 && request->way != TL_CRASH_RATE)
        argp_error(state, "--pages goes with `crash rate`");
    if (!request->seeds_given)
        request->seed_last = request->seed;
    if (request->way == TL_CRASH_RATE)
        rate_defaults(state);
    if (request->way == TL_CRASH_SYNCS && request->repro != NULL)
        argp_error(state, "--repro looks at a state of the unchanged run, not of `crash syncs`");
    if (request->timeline && request->only_state.nested)
        argp_error(state, "a timeline shows one crash, and this state has two");
    if (request->timeline && (request->repro == NULL || request->way != TL_CRASH_PROFILES))
        argp_error(state, "--timeline goes with `crash replay ID`, or --repro of one state");
    if (!request->tier_given)
        request->tier = request->way == TL_CRASH_SYNCS ? TL_TIER_EXACT : TL_TIER_SINGLES;
    default_profiles(request);
    for (size_t i = 0; i < request->profile_count && request->repro == NULL; i++)
        if (!tl_profile_at(request->profiles[i])->exact && request->tier != TL_TIER_SAMPLED)
            argp_error(state, "of profile %s only samples can be looked at: --tier T3",
                       tl_profile_at(request->profiles[i])->name);
}

/* Which orders of threads; and what does not go together. */
static void choose_schedules(struct argp_state *state)
{
    tl_crash_request *request = state->input;
    const tl_state_id *only = request->repro != NULL ? &request->only_state : NULL;
    size_t threaded = 0;
    for (size_t i = 0; i < request->history_count; i++)
        threaded += request->histories[i]->writers > 0;
    request->threaded = threaded > 0;
    if (threaded > 0 && threaded < request->history_count)
        argp_error(state, "histories that several threads run are looked at by themselves: leave "
                          "the others out of --history");
    if (threaded > 0 && (request->way != TL_CRASH_PROFILES || request->seeds_given))
        argp_error(state, "a history that several threads run goes with plain `treelab crash`, one "
                          "--seed and --schedules");
    if (threaded == 0 && request->schedule != 0)
        argp_error(state, "--schedules are orders of threads: give --history threads");
    if (only != NULL && (only->schedule != 0) != (threaded > 0))
        argp_error(state, "a state with schedule/N is one of --history threads, and no other is");
    if (only != NULL && request->schedule != 0)
        argp_error(state, "--repro names its schedule itself");
    if (only != NULL)
        request->schedule = request->schedule_last = only->schedule;
    else if (threaded > 0 && request->schedule == 0) {
        request->schedule = 1;
        request->schedule_last = SCHEDULES;
    }
    if (request->timeline && request->only_state.run)
        argp_error(state, "a timeline shows a crash, and this run is judged without one");
}

static bool has_files(const char *dir)
{
    DIR *list = opendir(dir);
    size_t entries = 0;
    while (list != NULL && readdir(list) != NULL)
        entries++;
    if (list != NULL)
        closedir(list);
    return entries > 2; /* "." and ".." */
}

static void set_defaults(struct argp_state *state)
{
    tl_crash_request *request = state->input;
    if (request->repro != NULL)
        parse_repro(state, request->repro);
    if (request->script_path != NULL && (request->way != TL_CRASH_PROFILES || request->seeds_given))
        argp_error(state,
                   "a script goes with plain `treelab crash`; `crash syncs`, `crash rate` and "
                   "--seeds take built-in histories");
    if (request->script_path != NULL)
        tl_crash_script_take(state);
    if (request->crash_line != NULL)
        parse_repro(state, request->repro);
    bool take_protocols = request->protocol_count == 0;
    bool take_durabilities = request->durability_count == 0;
    for (size_t i = 0; take_protocols && i < TL_STANDARD_PROTOCOLS; i++)
        request->protocols[request->protocol_count++] = tl_standard_protocols[i];
    request->durabilities_defaulted = take_durabilities;
    for (size_t i = 0; take_durabilities && i < TL_STANDARD_DURABILITIES; i++)
        request->durabilities[request->durability_count++] = tl_standard_durabilities[i];
    choose_states(state);
    if (request->history_count == 0)
        request->histories[request->history_count++] = tl_history_at(0);
    choose_schedules(state);
    tl_choice_resolve(&request->choice, state);
    for (size_t i = 0; i < request->choice.driver_count; i++) {
        const tl_driver *driver = request->choice.arms[i].driver;
        if ((driver->capabilities & TL_DRIVER_SIM_IO) == 0)
            argp_error(state,
                       "driver '%s' does not run on a simulated disk; only stores that take "
                       "an I/O table do, such as 'tree'",
                       driver->name);
        if (request->threaded && (driver->capabilities & TL_DRIVER_THREADS) == 0)
            argp_error(state, "driver '%s' is one for a single thread", driver->name);
    }
    if ((request->keep_dir != NULL || request->artifact_dir != NULL) &&
        request->way != TL_CRASH_PROFILES)
        argp_error(state, "--keep and --artifact do not go with `crash syncs` and `crash rate`");
    if (request->keep_dir != NULL && request->repro == NULL)
        argp_error(state, "--keep is about one state: `treelab crash replay ID --keep DIR`");
    if (request->keep_dir != NULL && has_files(request->keep_dir))
        argp_error(state, "--keep %s: there are files in it already; choose a new directory",
                   request->keep_dir);
    if (request->repro != NULL &&
        (request->choice.driver_count != 1 || request->history_count != 1))
        argp_error(state, "--repro is about one driver and one history");
    const char *fixed = tl_crash_protocol_of(&request->choice.arms[0]);
    if (request->repro != NULL && fixed != NULL && strcmp(fixed, request->protocols[0]) != 0)
        argp_error(state, "the state is one of protocol %s, but --driver says commit=%s",
                   request->protocols[0], fixed);
}

static bool is_script(const char *path)
{
    size_t length = strlen(path);
    return strcmp(path, "-") == 0 || (length > 4 && strcmp(path + length - 4, ".tls") == 0);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_crash_request *request = state->input;
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
        tl_arguments_list(state, value, add_history);
        return 0;
    case OPTION_PAGE_SIZE:
        request->page_bytes = tl_arguments_page_bytes(state, value);
        return 0;
    case OPTION_SEED:
        request->seed = tl_arguments_seed(state, value);
        return 0;
    case OPTION_SEEDS:
        parse_seeds(state, value);
        return 0;
    case OPTION_SCHEDULES:
        parse_schedules(state, value);
        return 0;
    case OPTION_PAGES:
        tl_arguments_list(state, value, add_pages);
        return 0;
    case 'n':
        request->commits = tl_arguments_number(state, "ops", value, 1, COMMITS_MAX);
        return 0;
    case OPTION_PROFILE:
        tl_arguments_list(state, value, add_profile);
        return 0;
    case OPTION_TIER:
        parse_tier(state, value);
        return 0;
    case OPTION_SHARD:
        parse_shard(state, value);
        return 0;
    case OPTION_BUDGET:
        parse_budget(state, value);
        return 0;
    case OPTION_CONTRACT:
        read_contracts(state, value);
        return 0;
    case OPTION_JSON:
        request->json_path = value;
        return 0;
    case OPTION_JUNIT:
        request->junit_path = value;
        return 0;
    case OPTION_OUT:
        request->out_dir = value;
        return 0;
    case OPTION_REPRO:
        request->repro = value;
        return 0;
    case OPTION_MUTANT:
        tl_crash_mutant_check(state, value);
        request->mutant = value;
        return 0;
    case OPTION_TIMELINE:
        request->timeline = true;
        return 0;
    case OPTION_ARTIFACT:
        request->artifact_dir = value;
        return 0;
    case OPTION_KEEP:
        request->keep_dir = value;
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (request->script_path == NULL && is_script(value)) {
            request->script_path = value;
            return 0;
        }
        argp_error(state,
                   "'%s' is no option and no script (FILE.tls); stores are given by --driver",
                   value);
        return 0;
    case ARGP_KEY_END:
        set_defaults(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp crash_argp = {
    .options = options,
    .args_doc = "[SCRIPT.tls]",
    .parser = parse_option,
    .doc =
        "Crash a store at every write and sync of a recorded run, in memory, and check what it "
        "recovers: it opens, its verifier finds nothing, its content is exactly one commit "
        "prefix and at least what was promised, it takes another commit and keeps it."
        "\vThe result is DIR/run.json.  A finding is named by an id for `treelab crash replay`, "
        "and "
        "the first of each store leaves DIR/finding-*.tls, a script for `treelab apply`.  The "
        "tier is T1 unless another is given, of `crash syncs` T2.  See harness/fault/README.md "
        "for what a crash may leave.\n\n"
        "Examples:\n"
        "  treelab crash\n"
        "  treelab crash --commit log --durability commit --budget 60s\n"
        "  treelab crash --history split_merge,overflow --durability commit\n"
        "  treelab crash --tier T2 --profile journal,posix --history all --commit log\n"
        "  treelab crash syncs --history checkpoint --commit log --durability commit\n"
        "  treelab crash --tier T3 --profile garbage --budget 100000 --shard 2/8\n"
        "  treelab crash --tier T1 --seeds 1..1000 --history all --durability commit\n"
        "  treelab crash --history threads --schedules 1..1000 --commit log --durability commit\n"
        "  treelab crash rate --pages 64,256 --history all\n"
        "  treelab crash --driver tree:leaf=rebuild --page-size 1024 --seed 7\n"
        "  treelab crash --tier T4 --profile journal --history delete --durability commit\n"
        "  treelab crash mine.tls --profile journal --tier T2\n"
        "  treelab crash out/X/finding-0.tls\n"
        "  treelab crash replay tree/insert/4096/42/12/log/commit/posix/31.0/\n"
        "\n"
        "Other forms, each with its own --help:\n"
        "  treelab crash damage     flip, lose, misplace and cut bytes of a store\n"
        "  treelab crash faults     let each call of a run fail instead\n"
        "  treelab crash mutants    try every sweep on the engine's seeded bugs\n"
        "  treelab crash processes  kill real processes on real files\n"
        "  treelab crash rate       full checks of distinct states per second\n"
        "  treelab crash replay     build one state again and check it\n"
        "  treelab crash shrink     cut a finding down to the few operations that show it\n"
        "  treelab crash syncs      leave each sync out in turn: which are necessary?\n"
        "\n"
        "Exit codes: 0 no finding, 2 usage, 3 a finding, 5 the machine refused, 6 no state was "
        "checked, 130 interrupted (what was found is kept).\n",
};

static const struct argp syncs_argp = {
    .options = options,
    .parser = parse_option,
    .doc =
        "Leave each sync of a recorded run out in turn, as if the store had not made it, and look "
        "at the states that a crash may then leave until one breaks a promise: that sync is "
        "necessary, and the state is its witness.  When every state was looked at and none does, "
        "it is redundant in this run under this profile.  The unchanged run is looked at first."
        "\vOne line for each place that syncs: how often it does, how many of them are necessary, "
        "redundant, undecided, and how long they take.  Latencies are those of the real disk that "
        "the result goes to: the history runs there five times, one thread, nothing beside it; "
        "they say which places cost, not what they cost under load.  The profile is journal and "
        "the tier T2 unless others are given; --shard, --repro and --timeline do not "
        "go with it.\n\n"
        "Examples:\n"
        "  treelab crash syncs --history checkpoint --commit log --durability commit\n"
        "  treelab crash syncs --profile journal,posix --history insert --budget 60s\n"
        "  treelab crash syncs --driver tree:log_pad_bytes=4096 --json -\n"
        "\n"
        "Exit codes: 0 every sync was looked at, 2 usage, 5 the machine refused, 130 interrupted "
        "(what was found is kept).\n",
};

int tl_crash_request_parse(int argc, char **argv, tl_crash_request *request)
{
    request->seed = TL_STANDARD_SEED;
    bool syncs = request->way == TL_CRASH_SYNCS;
    return tl_arguments_parse(syncs ? &syncs_argp : &crash_argp, argc, argv, request);
}
