/* harness/cli/cmd_crash_request.c -- the command line of `treelab crash`. */
#include "harness/cli/cmd_crash_request.h"

#include <dirent.h>
#include <string.h>

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
    if (request->seeds_given && request->repro != NULL)
        argp_error(state, "--repro is about one seed");
    if (!request->seeds_given)
        request->seed_last = request->seed;
    if (request->way == TL_CRASH_RATE)
        rate_defaults(state);
    if (request->way == TL_CRASH_SYNCS && request->tier == TL_TIER_NESTED)
        argp_error(state, "`crash syncs` looks at one crash, not at a second one (--tier T4)");
    if (request->timeline && request->only_state.nested)
        argp_error(state, "a timeline shows one crash, and this state has two");
    if (request->timeline && request->repro == NULL)
        argp_error(state, "--timeline goes with `crash replay ID`, or --repro of one state");
    if (!request->tier_given)
        request->tier = request->way == TL_CRASH_SYNCS ? TL_TIER_EXACT : TL_TIER_SINGLES;
    default_profiles(request);
    for (size_t i = 0; i < request->profile_count && request->repro == NULL; i++)
        if (!tl_profile_at(request->profiles[i])->exact && request->tier != TL_TIER_SAMPLED)
            argp_error(state, "of profile %s only samples can be looked at: --tier T3",
                       tl_profile_at(request->profiles[i])->name);
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
        tl_crash_take_repro(state, request->repro);
    if (request->script_path != NULL && (request->way != TL_CRASH_PROFILES || request->seeds_given))
        argp_error(
            state,
            "a script or spec goes with plain `treelab crash`; `crash syncs`, `crash rate` and "
            "--seeds take built-in histories");
    if (request->script_path != NULL)
        tl_crash_script_take(state);
    if (request->crash_line != NULL)
        tl_crash_take_repro(state, request->repro);
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
    tl_crash_schedules_choose(state);
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
    if (request->keep_dir != NULL && request->repro == NULL)
        argp_error(state, "--keep is about one state: `treelab crash replay ID --keep DIR`");
    if (request->keep_dir != NULL && has_files(request->keep_dir))
        argp_error(state, "--keep %s: there are files in it already; choose a new directory",
                   request->keep_dir);
    if (request->repro != NULL &&
        (request->choice.driver_count != 1 || request->history_count != 1))
        argp_error(state, request->of_id
                              ? "the id names one store and one history; leave out --driver and "
                                "--history"
                              : "--repro is about one driver and one history");
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
    if (tl_crash_option_take(key, value, state))
        return 0;
    switch (key) {
    case ARGP_KEY_ARG:
        if (request->script_path == NULL && (is_script(value) || tl_crash_is_spec(value))) {
            request->script_path = value;
            return 0;
        }
        argp_error(state,
                   "'%s' is no option, no script (FILE.tls) and no spec (FILE.ini, FILE.json, a "
                   "name of `treelab list catalogue`); stores are given by --driver",
                   value);
        return 0;
    case ARGP_KEY_END:
        set_defaults(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char crash_doc[] =
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
    "  treelab crash ycsb_a --ops 50 --durability commit --profile journal\n"
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
    "checked, 130 interrupted (what was found is kept).\n";

static const char syncs_doc[] =
    "Leave each sync of a recorded run out in turn, as if the store had not made it, and look "
    "at the states that a crash may then leave until one breaks a promise: that sync is "
    "necessary, and the state is its witness.  When every state was looked at and none does, "
    "it is redundant in this run under this profile.  The unchanged run is looked at first."
    "\vOne line for each place that syncs: how often it does, how many of them are necessary, "
    "redundant, undecided, and how long they take.  Latencies are those of the real disk that "
    "the result goes to: the history runs there five times, one thread, nothing beside it; "
    "they say which places cost, not what they cost under load.  The profile is journal and "
    "the tier T2 unless others are given.  A witness is no finding: it is what is asked "
    "for.\n\n"
    "Examples:\n"
    "  treelab crash syncs --history checkpoint --commit log --durability commit\n"
    "  treelab crash syncs --profile journal,posix --history insert --budget 60s\n"
    "  treelab crash syncs --driver tree:log_pad_bytes=4096 --json -\n"
    "\n"
    "Exit codes: 0 every sync was looked at, 2 usage, 4 some stayed undecided (the budget ended "
    "first, or there was too much to try), 5 the machine refused, 6 nothing was looked at, 130 "
    "interrupted "
    "(what was found is kept).\n";

static const char rate_doc[] =
    "How many full checks a core makes in a second: open with recovery, structure of every page, "
    "hash of every record, one put, one delete and a commit, a close, and all but the put again."
    "\vThe states are different disk images, each looked at once, of crash points where the "
    "store's "
    "file has about as many pages as asked for; the history is made as long as that takes.  Each "
    "row is made twice: with what is remembered of pages that were checked before, and without.\n\n"
    "Examples:\n"
    "  treelab crash rate\n"
    "  treelab crash rate --pages 64,256 --history all\n"
    "  treelab crash rate --commit log --profile posix,garbage --budget 5s\n"
    "\n"
    "Exit codes: 0 no finding, 2 usage, 3 a finding, 5 the machine refused, 6 no state was "
    "checked, "
    "130 interrupted (what was found is kept).\n";

int tl_crash_request_parse(int argc, char **argv, tl_crash_request *request)
{
    static const char *const texts[] = {
        [TL_CRASH_PROFILES] = crash_doc, [TL_CRASH_SYNCS] = syncs_doc, [TL_CRASH_RATE] = rate_doc};
    const struct argp argp = {
        .options = tl_crash_options_of(request->way),
        .args_doc = request->way == TL_CRASH_PROFILES ? "[SCRIPT.tls|SPEC]" : NULL,
        .parser = parse_option,
        .doc = texts[request->way],
    };
    request->seed = TL_STANDARD_SEED;
    return tl_arguments_parse(&argp, argc, argv, request);
}
