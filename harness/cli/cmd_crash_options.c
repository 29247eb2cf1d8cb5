/* harness/cli/cmd_crash_options.c -- the options of `treelab crash`, `crash syncs` and `crash
 * rate`.
 *
 * One table: a row is an option, the ways of the command that take it, and what is done with its
 * value.  Each way's --help lists its own.
 */
#include "harness/cli/cmd_crash_request.h"
#include "harness/cli/crash_words.h"

#include "workloads/number.h"

#include <inttypes.h>
#include <string.h>

enum { COMMITS_MAX = 100000 };

static void parse_budget(struct argp_state *state, char *text)
{
    tl_crash_request *request = state->input;
    tl_crash_budget(state, text, &request->budget_ns, &request->budget_states);
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

static void parse_tier(struct argp_state *state, char *word)
{
    tl_crash_request *request = state->input;
    const char *names[TL_TIER_COUNT];
    for (unsigned i = 0; i < TL_TIER_COUNT; i++)
        names[i] = tl_tier_at((tl_tier)i)->name;
    if (!tl_tier_find(word, &request->tier))
        tl_arguments_unknown(state, "tier", word, names, TL_TIER_COUNT, NULL);
    request->tier_given = true;
}

static void parse_shard(struct argp_state *state, char *text)
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
    uint64_t from = 0, to = 0;
    const char *at = text;
    bool read = tl_number_read(&at, &from) && strncmp(at, "..", 2) == 0;
    at += read ? 2 : 0;
    if (!read || !tl_number_read(&at, &to) || *at != '\0' || from > to)
        argp_error(state, "--%s takes A..B with A no larger than B, such as 1..1000, not '%s'",
                   option, text);
    *first = from;
    *last = to;
}

static void parse_seeds(struct argp_state *state, char *text)
{
    tl_crash_request *request = state->input;
    parse_range(state, "seeds", text, &request->seed, &request->seed_last);
    request->seeds_given = true;
}

static void parse_schedules(struct argp_state *state, char *text)
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

static void contradicts(struct argp_state *state, const char *option, const char *value,
                        const char *named)
{
    argp_error(state, "--%s %s: the state's name says %s; leave the option out, or change the name",
               option, value, named);
}

/* What else the command line asked for is what the name of the state says, or an error. */
static void agree_with_repro(struct argp_state *state, const char *protocol, const char *durability)
{
    const tl_crash_request *request = state->input;
    const char *profile = tl_profile_at(request->only_state.profile)->name;
    for (size_t i = 0; i < request->protocol_count; i++)
        if (strcmp(request->protocols[i], protocol) != 0)
            contradicts(state, "commit", request->protocols[i], protocol);
    for (size_t i = 0; i < request->durability_count; i++) {
        const char *given = tl_run_durability_name(request->durabilities[i]);
        if (strcmp(given, durability) != 0)
            contradicts(state, "durability", given, durability);
    }
    for (size_t i = 0; i < request->profile_count && !request->only_state.run; i++)
        if (request->profiles[i] != request->only_state.profile)
            contradicts(state, "profile", tl_profile_at(request->profiles[i])->name, profile);
    if (request->tier_given)
        argp_error(state, "--tier chooses among states, and this is one by its name; leave it out");
}

/* "log/commit/journal/57.0/oldest": protocol and durability, then a state. */
void tl_crash_take_repro(struct argp_state *state, const char *text)
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
    agree_with_repro(state, words, durability + 1);
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

static void read_contracts(struct argp_state *state, char *path)
{
    static tl_contracts contracts; /* large; once per process */
    tl_crash_request *request = state->input;
    char error[160] = "";
    if (tl_contracts_read(path, &contracts, error, sizeof error) != TL_OK)
        argp_error(state, "--contract %s: %s; see `treelab list contracts` for how it looks", path,
                   error);
    request->contracts = &contracts;
}

/* A number that the id of a state fixes: given once more, it is the same. */
static void fix_number(struct argp_state *state, const char *option, const char *text, bool given,
                       uint64_t before, uint64_t now)
{
    const tl_crash_request *request = state->input;
    char named[24];
    if (!request->of_id || !given || before == now)
        return;
    snprintf(named, sizeof named, "%" PRIu64, before);
    contradicts(state, option, text, named);
}

static void take_driver(struct argp_state *state, char *value)
{
    tl_crash_request *request = state->input;
    tl_choice_add_drivers(&request->choice, state, value);
}

static void take_protocols(struct argp_state *state, char *value)
{
    tl_arguments_list(state, value, add_protocol);
}

static void take_durabilities(struct argp_state *state, char *value)
{
    tl_arguments_list(state, value, add_durability);
}

static void take_histories(struct argp_state *state, char *value)
{
    tl_arguments_list(state, value, add_history);
}

static void take_page_size(struct argp_state *state, char *value)
{
    tl_crash_request *request = state->input;
    uint32_t page_bytes = tl_arguments_page_bytes(state, value);
    fix_number(state, "page-size", value, request->page_bytes != 0, request->page_bytes,
               page_bytes);
    request->page_bytes = page_bytes;
}

static void take_seed(struct argp_state *state, char *value)
{
    tl_crash_request *request = state->input;
    uint64_t seed = tl_arguments_seed(state, value);
    fix_number(state, "seed", value, request->seed_given, request->seed, seed);
    request->seed = seed;
    request->seed_given = true;
}

static void take_ops(struct argp_state *state, char *value)
{
    tl_crash_request *request = state->input;
    uint64_t commits = tl_arguments_number(state, "ops", value, 1, COMMITS_MAX);
    fix_number(state, "ops", value, request->commits != 0, request->commits, commits);
    request->commits = commits;
}

static void take_pages(struct argp_state *state, char *value)
{
    tl_arguments_list(state, value, add_pages);
}

static void take_profiles(struct argp_state *state, char *value)
{
    tl_arguments_list(state, value, add_profile);
}

static void take_mutant(struct argp_state *state, char *value)
{
    tl_crash_request *request = state->input;
    tl_crash_mutant_check(state, value);
    request->mutant = value;
}

static void take_json(struct argp_state *state, char *value)
{
    ((tl_crash_request *)state->input)->json_path = value;
}

static void take_junit(struct argp_state *state, char *value)
{
    ((tl_crash_request *)state->input)->junit_path = value;
}

static void take_out(struct argp_state *state, char *value)
{
    ((tl_crash_request *)state->input)->out_dir = value;
}

static void take_repro(struct argp_state *state, char *value)
{
    ((tl_crash_request *)state->input)->repro = value;
}

static void take_artifact(struct argp_state *state, char *value)
{
    ((tl_crash_request *)state->input)->artifact_dir = value;
}

static void take_keep(struct argp_state *state, char *value)
{
    ((tl_crash_request *)state->input)->keep_dir = value;
}

static void take_timeline(struct argp_state *state, char *value)
{
    (void)value;
    ((tl_crash_request *)state->input)->timeline = true;
}

static void take_quiet(struct argp_state *state, char *value)
{
    (void)value;
    ((tl_crash_request *)state->input)->quiet = true;
}

enum { /* ways of the command, as bits */
       PLAIN = 1 << TL_CRASH_PROFILES,
       SYNCS = 1 << TL_CRASH_SYNCS,
       RATE = 1 << TL_CRASH_RATE,
       ALL = PLAIN | SYNCS | RATE,
};

typedef struct crash_option {
    const char *name;
    int letter; /* 0: none */
    unsigned ways;
    void (*take)(struct argp_state *state, char *value);
    const char *value, *text; /* value NULL: it has none */
} crash_option;

/* clang-format off */
static const crash_option rows[] = {
    {"driver", 'd', ALL, take_driver, "NAME[:KEY=VALUE]...,...", "Stores to crash (default: tree)"},
    {"commit", 0, ALL, take_protocols, "NAME,...", "Commit protocols (default: log,shadow2,shadow1)"},
    {"durability", 0, PLAIN | SYNCS, take_durabilities, "NAME,...", "none, async, commit (default: all three)"},
    {"durability", 0, RATE, take_durabilities, "NAME,...", "none, async, commit (default: commit)"},
    {"history", 0, ALL, take_histories, "NAME,...", "What is recorded: mixed, insert, split_merge, delete, overflow, growth, checkpoint, or all of these; or threads, threads_big, run by several (default: mixed)"},
    {"page-size", 0, PLAIN | SYNCS, take_page_size, "BYTES", "Page size of the store (default: the history's own)"},
    {"page-size", 0, RATE, take_page_size, "BYTES", "Page size of the store (default: 4096)"},
    {"seed", 0, ALL, take_seed, "S", "Equal seeds give equal states (default: 42)"},
    {"seeds", 0, PLAIN, parse_seeds, "A..B", "All seeds from A to B, summed: with --tier"},
    {"schedules", 0, PLAIN, parse_schedules, "A..B", "Of a history that several threads run: all orders from A to B, from 1 on, summed (default: 1..32)"},
    {"pages", 0, RATE, take_pages, "N,...", "Pages of the store's file (default: 64,256)"},
    {"ops", 'n', PLAIN | SYNCS, take_ops, "N", "Commits in the history (default: its own); of a spec its scale (default: its ops, or 100)"},
    {"ops", 'n', RATE, take_ops, "N", "Commits to begin with; more, until the file has its pages (default: 4)"},
    {"profile", 0, PLAIN, take_profiles, "NAME,...", "What the disk may forget: sigkill, prefix, journal, posix, garbage, liar (default: the first four)"},
    {"profile", 0, SYNCS, take_profiles, "NAME,...", "What the disk may forget: sigkill, prefix, journal, posix; garbage and liar with --tier T3 (default: journal)"},
    {"profile", 0, RATE, take_profiles, "NAME,...", "What the disk may forget: sigkill, prefix, journal, posix, garbage, liar (default: posix)"},
    {"tier", 0, PLAIN, parse_tier, "T0|T1|T2|T3|T4", "How many of the states a profile allows: T0 both ends, T1 and each operation alone, T2 every one, counted, T3 drawn by number, T4 those of a crash in recovery (default: T1)"},
    {"tier", 0, SYNCS, parse_tier, "T0|T1|T2|T3", "How many states are looked at for each sync, as of plain `treelab crash`; below T2 none is ever redundant (default: T2)"},
    {"shard", 0, PLAIN, parse_shard, "I/N", "Part I of N, I from 1: the parts together are the whole"},
    {"budget", 0, PLAIN | SYNCS, parse_budget, "N|TIME", "Stop after N states, or a TIME of judging them; recording the history comes before (default: no bound)"},
    {"budget", 0, RATE, parse_budget, "N|TIME", "States of each row, or a time (default: 1s)"},
    {"contract", 0, ALL, read_contracts, "FILE", "What the stores promise, in place of the table that `treelab list contracts` shows"},
    {"json", 0, ALL, take_json, "FILE", "Also write the result to FILE; '-': stdout, the table then goes to stderr"},
    {"junit", 0, PLAIN, take_junit, "FILE", "Also write a JUnit file: one test case for each store and profile"},
    {"out", 0, ALL, take_out, "DIR", "The run's directory (default: a new one under out/)"},
    {"repro", 0, PLAIN, take_repro, "STATE", "Build and check this one state, as a finding named it"},
    {"timeline", 0, PLAIN, take_timeline, NULL, "With --repro, or `crash replay`: the run as a list of operations, syncs and commits, and what the crash took"},
    {"mutant", 0, ALL, take_mutant, "NAME[+NAME]...", "Wake a seeded bug of the engine: treelab-mutants only"},
    {"artifact", 0, PLAIN, take_artifact, "DIR", "Also write the first finding to DIR: log, script, state, contract, at most 1 MiB"},
    {"keep", 0, PLAIN, take_keep, "DIR", "With --repro: leave the files of that state in DIR"},
    {"quiet", 'q', ALL, take_quiet, NULL, "No progress on stderr"},
};
/* clang-format on */

enum {
    ROW_COUNT = sizeof rows / sizeof rows[0],
    KEY_FIRST = 256 /* of options without a letter */
};

static int key_of(size_t row)
{
    return rows[row].letter != 0 ? rows[row].letter : KEY_FIRST + (int)row;
}

const struct argp_option *tl_crash_options_of(tl_crash_way way)
{
    static struct argp_option made[ROW_COUNT + 1]; /* argp borrows it; one way per process */
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if ((rows[i].ways >> way & 1) != 0)
            made[count++] = (struct argp_option){
                .name = rows[i].name, .key = key_of(i), .arg = rows[i].value, .doc = rows[i].text};
    made[count] = (struct argp_option){0};
    return made;
}

bool tl_crash_option_take(int key, char *value, struct argp_state *state)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (key_of(i) == key) {
            rows[i].take(state, value);
            return true;
        }
    return false;
}
