/* harness/cli/cmd_duel_options.c -- the command line of `treelab duel`.
 *
 * An arm is [BINARY][:KEY=VALUE,...].  An empty BINARY is this program; so is the name of a driver,
 * which then is the arm's.  Keys: driver, durability, batch, page_size, inject (again and again);
 * every other one is a setting of the driver.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "harness/cli/cmd_duel.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_SEED = 256,
    OPTION_DURABILITY,
    OPTION_PAGE_SIZE,
    OPTION_BATCH,
    OPTION_SET,
    OPTION_PLUGIN,
    OPTION_LAUNCHES,
    OPTION_LOOKS,
    OPTION_BUDGET,
    OPTION_MDE,
    OPTION_DELTA,
    OPTION_CONFIRM,
    OPTION_TIMEOUT,
    OPTION_CPU,
    OPTION_LAYOUTS,
    OPTION_DIR,
    OPTION_JSON,
    SEED_DEFAULT = 42,
    CONFIRM_DEFAULT = 40,
    BUDGET_DEFAULT_S = 240,
    TIMEOUT_DEFAULT_S = 120,
    LAYOUTS_DEFAULT = 8,
    CPU_LAST = 1023,
};
#define OPS_MAX   (UINT64_C(1) << 40)
#define PAGE_MAX  (1u << 20)
#define BATCH_MAX (UINT64_C(1) << 40)
#define SECOND_NS UINT64_C(1000000000)

/* clang-format off */
static const struct argp_option options[] = {
    {"workload", 'w', "NAME,...", 0, "What to ask of both (default: random)", 0},
    {"ops", 'n', "N", 0,
     "Scale of each workload (default: as many as 20 slices of 5 ms need)", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0,
     "Workload setting; DRIVER.KEY=VALUE sets one of a driver. May be given again", 0},
    {"plugin", OPTION_PLUGIN, "FILE.so", 0, "Load a workload", 0},
    {"durability", OPTION_DURABILITY, "none|async|commit", 0,
     "What survives when a commit has returned; but for none (the default), counters decide", 0},
    {"page-size", OPTION_PAGE_SIZE, "BYTES", 0, "Wanted of stores with pages", 0},
    {"batch", OPTION_BATCH, "B", 0, "Operations per write transaction", 0},
    {"launches", OPTION_LAUNCHES, "auto|N", 0,
     "One look after N launches of each row, instead of the schedule, 1..128", 0},
    {"looks", OPTION_LOOKS, "N[:LEVEL],...", 0,
     "Schedule (default: 16:0.1%,32:0.2%,64:0.3%,128:0.4%)", 0},
    {"budget", OPTION_BUDGET, "TIME", 0,
     "For the looks, per workload, e.g. 90s or 4m; 0: no bound (default: 240s)", 0},
    {"mde", OPTION_MDE, "PERCENT", 0,
     "Slowdown that a pass excludes (default: 5%)", 0},
    {"delta", OPTION_DELTA, "PERCENT", 0,
     "Slowdown that does not count as a regression (default: 0.5%)", 0},
    {"confirm", OPTION_CONFIRM, "N", 0,
     "Fresh launches that confirm a row that failed; 0: none (default: 40)", 0},
    {"seed", OPTION_SEED, "S", 0, "Of operations, orders and offsets (default: 42)", 0},
    {"cpu", OPTION_CPU, "N|any", 0, "Processor that both share (default: the last one)", 0},
    {"layouts", OPTION_LAYOUTS, "auto|N", 0,
     "Links in other orders among which launches take turns; 0: none (default: 8, if both have "
     "them: `cmake --build build --target links`)", 0},
    {"timeout", OPTION_TIMEOUT, "TIME", 0, "Longest wait for an answer (default: 120s)", 0},
    {"dir", OPTION_DIR, "DIR", 0, "Where stores live (default: /dev/shm, else the run's)", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Also write the result to FILE; '-': stdout, the table then goes to stderr", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

static void add_word(const struct argp_state *state, tl_duel_words *words, const char *word)
{
    if (words->count == TL_DUEL_ARGUMENTS_MAX)
        argp_error(state, "too many settings");
    char *copy = strdup(word);
    if (copy == NULL)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
    words->words[words->count++] = copy;
}

static void add_words(const struct argp_state *state, tl_duel_words *words, const char *option,
                      const char *value)
{
    add_word(state, words, option);
    add_word(state, words, value);
}

/* --- values --- */

static tl_durability durability_of(const struct argp_state *state, const char *word)
{
    const char *names[3];
    for (int i = 0; i < 3; i++) {
        names[i] = tl_run_durability_name((tl_durability)i);
        if (strcmp(word, names[i]) == 0)
            return (tl_durability)i;
    }
    tl_arguments_unknown(state, "durability", word, names, 3, NULL);
    return TL_DURABILITY_NONE;
}

static uint64_t time_of(const struct argp_state *state, const char *option, const char *text)
{
    return tl_arguments_time(state, option, text, (uint64_t)1e6 * SECOND_NS); /* 11 days */
}

static double percent_of(const struct argp_state *state, const char *option, const char *text)
{
    return tl_effect_log(tl_arguments_share(state, option, text));
}

/* --- arms --- */

static void arm_binary(struct argp_state *state, unsigned side, const char *name, size_t length)
{
    tl_duel_options *asked = state->input;
    char word[TL_DUEL_WORD_MAX];
    if (length >= sizeof word)
        argp_error(state, "arm %c: the name of its program is too long", side == 0 ? 'A' : 'B');
    memcpy(word, name, length);
    word[length] = '\0';
    const tl_driver *driver = strchr(word, '/') == NULL ? tl_driver_find(word) : NULL;
    memcpy(asked->binaries[side], asked->own_binary, sizeof asked->own_binary);
    if (driver != NULL)
        snprintf(asked->drivers[side], sizeof asked->drivers[side], "%s", driver->name);
    else if (length > 0) {
        if (access(word, X_OK) != 0)
            argp_error(state,
                       "arm '%s': '%s' is neither a program that can be run nor a driver; an arm "
                       "is [BINARY][:KEY=VALUE,...]",
                       asked->arm_texts[side], word);
        memcpy(asked->binaries[side], word, sizeof word);
    }
}

static void arm_setting(struct argp_state *state, unsigned side, const char *name,
                        const char *value, char spec[TL_DUEL_WORD_MAX])
{
    tl_duel_options *asked = state->input;
    tl_duel_words *words = &asked->arms[side];
    tl_inject inject = {0};
    if (strcmp(name, "driver") == 0)
        snprintf(asked->drivers[side], sizeof asked->drivers[side], "%s", value);
    else if (strcmp(name, "durability") == 0) {
        tl_durability durability = durability_of(state, value);
        asked->request.by_counters = asked->request.by_counters || durability != TL_DURABILITY_NONE;
        add_words(state, words, "--durability", value);
    } else if (strcmp(name, "batch") == 0)
        add_words(state, words, "--batch", value);
    else if (strcmp(name, "page_size") == 0)
        add_words(state, words, "--page-size", value);
    else if (strcmp(name, "inject") == 0) {
        if (!tl_inject_parse(value, &inject))
            argp_error(state, "inject takes cpu:F, work:F, alloc:N or io:US, not '%s'", value);
        add_words(state, words, "--inject", value);
    } else {
        size_t length = strlen(spec);
        snprintf(spec + length, TL_DUEL_WORD_MAX - length, ":%s=%s", name, value);
    }
}

static void parse_arm(struct argp_state *state, unsigned side)
{
    tl_duel_options *asked = state->input;
    const char *text = asked->arm_texts[side];
    char settings[TL_DUEL_WORD_MAX] = "", copy[TL_DUEL_WORD_MAX], spec[2 * TL_DUEL_WORD_MAX];
    size_t length = strcspn(text, ":");
    if (strlen(text) >= sizeof copy)
        argp_error(state, "arm '%.60s...' is too long", text);
    strcpy(asked->drivers[side], "tree");
    arm_binary(state, side, text, length);
    snprintf(copy, sizeof copy, "%s", text[length] == ':' ? text + length + 1 : "");
    char *rest = copy;
    for (char *word; rest != NULL && *rest != '\0' && (word = strsep(&rest, ",")) != NULL;) {
        char *equals = strchr(word, '=');
        if (equals == NULL || equals == word)
            argp_error(state, "'%s' in arm '%s' is not KEY=VALUE", word, text);
        *equals = '\0';
        arm_setting(state, side, word, equals + 1, settings);
    }
    snprintf(spec, sizeof spec, "%s%s", asked->drivers[side], settings);
    add_words(state, &asked->arms[side], "--driver", spec);
    if (strcmp(asked->binaries[side], asked->own_binary) != 0)
        return; /* another program may have other drivers */
    const char *names[TL_CHOICE_MAX];
    size_t count = 0;
    for (; count < tl_driver_count() && count < TL_CHOICE_MAX; count++)
        names[count] = tl_driver_at(count)->name;
    if (tl_driver_find(asked->drivers[side]) == NULL)
        tl_arguments_unknown(state, "driver", asked->drivers[side], names, count, "drivers");
}

/* --- settings --- */

/* "tree.commit=shadow2": of the arms with that driver.  "run.keys=zipf": of a phase. */
static void add_setting(struct argp_state *state, const char *text)
{
    tl_duel_options *asked = state->input;
    size_t name = strcspn(text, "=."), taken = 0;
    if (text[name] != '.' || !tl_choice_is_of_driver(text)) {
        tl_choice_add_setting(&asked->choice, state, text, text[name] == '.');
        return;
    }
    bool every = name == strlen("driver") && strncmp(text, "driver", name) == 0;
    for (unsigned side = 0; side < 2; side++) {
        const char *driver = asked->drivers[side];
        if (!every && (strlen(driver) != name || strncmp(text, driver, name) != 0))
            continue;
        add_words(state, &asked->arms[side], "--set", text);
        taken++;
    }
    if (taken == 0)
        argp_error(state, "--set %s: no arm has the driver '%.*s'", text, (int)name, text);
}

static void take_workloads(struct argp_state *state)
{
    tl_duel_options *asked = state->input;
    tl_choice *choice = &asked->choice;
    char text[TL_DUEL_WORD_MAX];
    if (choice->workload_count > TL_DUEL_LOADS_MAX)
        argp_error(state, "more than %d workloads in one duel", (int)TL_DUEL_LOADS_MAX);
    if (choice->workload_count == 0)
        tl_choice_add_workloads(choice, state, "random");
    tl_choice_resolve(choice, state);
    for (size_t i = 0; i < choice->workload_count; i++) {
        const tl_run_load *load = &choice->loads[i];
        add_words(state, &asked->loads[i], "--workload", choice->workload_names[i]);
        for (size_t j = 0; j < load->setting_count; j++) {
            snprintf(text, sizeof text, "%s=%s", load->settings[j].name, load->settings[j].value);
            add_words(state, &asked->loads[i], "--set", text);
        }
        asked->load_rows[i] = (tl_duel_load){
            .name = choice->workload_names[i],
            .arguments = (const char *const *)asked->loads[i].words,
            .argument_count = asked->loads[i].count,
        };
    }
}

static void take_layouts(const struct argp_state *state)
{
    tl_duel_options *asked = state->input;
    tl_duel_request *request = &asked->request;
    const char *const programs[2] = {asked->binaries[0], asked->binaries[1]};
    request->layouts = tl_links_pair(programs, request->by_counters ? 0 : asked->layouts,
                                     asked->links, asked->layout_note, sizeof asked->layout_note);
    request->layout_note = asked->layout_note;
    for (unsigned side = 0; side < 2; side++)
        request->links[side] = &asked->links[side];
    if (asked->layouts_demanded && request->layouts < asked->layouts && !request->by_counters)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "--layouts %zu: both programs have %zu%s%s",
                     asked->layouts, request->layouts, asked->layout_note[0] != '\0' ? "; " : "",
                     asked->layout_note);
}

static void finish(struct argp_state *state, char *const *settings, size_t setting_count)
{
    tl_duel_options *asked = state->input;
    tl_duel_request *request = &asked->request;
    if (asked->arm_count != 2)
        argp_error(state, "two arms are wanted, [BINARY][:KEY=VALUE,...] each, e.g. tree "
                          "tree:leaf=rebuild");
    parse_arm(state, 0);
    parse_arm(state, 1);
    for (size_t i = 0; i < setting_count; i++)
        add_setting(state, settings[i]);
    take_workloads(state);
    add_words(state, &asked->common, "--durability", tl_run_durability_name(asked->durability));
    request->by_counters = request->by_counters || asked->durability != TL_DURABILITY_NONE;
    if (asked->launches > 0 && asked->looks_given)
        argp_error(state, "--launches and --looks are two ways to say one thing");
    if (asked->launches > 0)
        request->looks = (tl_looks){
            .count = 1,
            .rows = {{(unsigned)asked->launches, tl_looks_alpha(&request->looks)}},
        };
    if (!(request->margins.delta < request->margins.largest))
        argp_error(state, "--delta must be smaller than --mde");
    for (unsigned side = 0; side < 2; side++)
        request->arms[side] = (tl_launch_arm){
            .label = asked->arm_texts[side][0] == '\0' ? "tree" : asked->arm_texts[side],
            .binary = asked->binaries[side],
            .arguments = (const char *const *)asked->arms[side].words,
            .argument_count = asked->arms[side].count,
        };
    take_layouts(state);
    request->arguments = (const char *const *)asked->common.words;
    request->argument_count = asked->common.count;
    request->loads = asked->load_rows;
    request->load_count = asked->choice.workload_count;
}

typedef struct settings_kept { /* until the arms are known */
    char *texts[TL_CHOICE_MAX];
    size_t count;
} settings_kept;
static settings_kept kept;

/* Unless it is one that this process may use, both sides would run anywhere. */
static int processor_of(struct argp_state *state, const char *value)
{
    cpu_set_t set;
    if (strcmp(value, "any") == 0)
        return -1;
    int cpu = (int)tl_arguments_number(state, "cpu", value, 0, CPU_LAST);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && !CPU_ISSET((size_t)cpu, &set))
        argp_error(state, "--cpu %d: this process may not run there; the last one is %d", cpu,
                   tl_launch_cpu());
    return cpu;
}

/* How it is measured and judged. */
static error_t parse_method(int key, char *value, struct argp_state *state)
{
    tl_duel_options *asked = state->input;
    tl_duel_request *request = &asked->request;
    switch (key) {
    case OPTION_LAUNCHES:
        asked->launches = strcmp(value, "auto") == 0 ? 0
                                                     : tl_arguments_number(state, "launches", value,
                                                                           1, TL_SIGNED_RANK_N_MAX);
        return 0;
    case OPTION_LOOKS:
        asked->looks_given = true;
        if (!tl_looks_parse(value, &request->looks))
            argp_error(state,
                       "--looks takes ascending N[:LEVEL],..., up to %d launches and %d "
                       "looks, not '%s'",
                       (int)TL_SIGNED_RANK_N_MAX, (int)TL_LOOKS_MAX, value);
        return 0;
    case OPTION_BUDGET:
        request->budget_ns = time_of(state, "budget", value);
        return 0;
    case OPTION_MDE:
        request->margins.largest = percent_of(state, "mde", value);
        return 0;
    case OPTION_DELTA:
        request->margins.delta = percent_of(state, "delta", value);
        return 0;
    case OPTION_CONFIRM:
        request->confirm_launches =
            (unsigned)tl_arguments_number(state, "confirm", value, 0, TL_SIGNED_RANK_N_MAX);
        return 0;
    case OPTION_SEED:
        request->seed = tl_arguments_seed(state, value);
        return 0;
    case OPTION_CPU:
        request->cpu = processor_of(state, value);
        return 0;
    case OPTION_LAYOUTS:
        asked->layouts_demanded = strcmp(value, "auto") != 0;
        asked->layouts = asked->layouts_demanded
                             ? tl_arguments_number(state, "layouts", value, 0, TL_LINKS_MAX)
                             : LAYOUTS_DEFAULT;
        if (asked->layouts == 1)
            argp_error(state, "--layouts 1 is what --layouts 0 says: no turns to take");
        return 0;
    case OPTION_TIMEOUT:
        request->patience_ns = time_of(state, "timeout", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_duel_options *asked = state->input;
    tl_duel_request *request = &asked->request;
    switch (key) {
    case 'w':
        tl_choice_add_workloads(&asked->choice, state, value);
        return 0;
    case 'n':
        request->ops = tl_arguments_number(state, "ops", value, 1, OPS_MAX);
        return 0;
    case OPTION_SET:
        if (kept.count == TL_CHOICE_MAX || strchr(value, '=') == NULL)
            argp_error(state, "--set takes KEY=VALUE, not '%s'", value);
        kept.texts[kept.count++] = value;
        return 0;
    case OPTION_PLUGIN:
        tl_choice_add_plugin(&asked->choice, state, value);
        add_words(state, &asked->common, "--plugin", value);
        return 0;
    case OPTION_DURABILITY:
        asked->durability = durability_of(state, value);
        return 0;
    case OPTION_PAGE_SIZE:
        (void)tl_arguments_number(state, "page-size", value, 0, PAGE_MAX);
        add_words(state, &asked->common, "--page-size", value);
        return 0;
    case OPTION_BATCH:
        (void)tl_arguments_number(state, "batch", value, 0, BATCH_MAX);
        add_words(state, &asked->common, "--batch", value);
        return 0;
    case OPTION_DIR:
        asked->stores_dir = value;
        return 0;
    case OPTION_JSON:
        asked->json_path = value;
        return 0;
    case 'q':
        asked->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (asked->arm_count == 2)
            argp_error(state, "'%s' is a third arm; a duel has two", value);
        asked->arm_texts[asked->arm_count++] = value;
        return 0;
    case ARGP_KEY_END:
        finish(state, kept.texts, kept.count);
        return 0;
    default:
        return parse_method(key, value, state);
    }
}

static const struct argp duel_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "ARM ARM",
    .doc =
        "Is the second arm slower than the first?  Pairs of fresh processes run slices of a "
        "workload in turn on one processor; each pair is one sample."
        "\vAn arm is [BINARY][:KEY=VALUE,...].  Without BINARY it is this program; a driver's "
        "name in its place is that driver of this program.  Keys are driver, durability, "
        "batch, page_size, inject (cpu:F, work:F, alloc:N, io:US), or settings of the driver.\n\n"
        "Examples:\n"
        "  treelab duel tree tree:leaf=rebuild\n"
        "  treelab duel :split=half_bytes :split=adaptive --workload random,mixed\n"
        "  treelab duel ../before/treelab build/treelab --mde 3% --budget 4m\n"
        "  treelab duel tree :driver=lmdb --set phases=insert,get\n"
        "  treelab duel tree tree:inject=cpu:0.03 --launches 40\n"
        "\n"
        "Exit codes: 0 every row passes, 1 a row regressed, 2 usage, 3 a wrong answer or "
        "different answers, 4 inconclusive, 5 the machine refused or the arms do not fit, 6 "
        "nothing was measured, 130 interrupted (samples are kept).\n",
};

int tl_duel_options_parse(int argc, char **argv, tl_duel_options *asked)
{
    asked->durability = TL_DURABILITY_NONE;
    asked->layouts = LAYOUTS_DEFAULT;
    asked->request = (tl_duel_request){
        .seed = SEED_DEFAULT,
        .looks = tl_looks_default(),
        .margins = tl_margins_default(),
        .confirm_launches = CONFIRM_DEFAULT,
        .budget_ns = BUDGET_DEFAULT_S * SECOND_NS,
        .patience_ns = TIMEOUT_DEFAULT_S * SECOND_NS,
        .cpu = tl_launch_cpu(),
    };
    ssize_t length = readlink("/proc/self/exe", asked->own_binary, sizeof asked->own_binary - 1);
    if (length <= 0 || (size_t)length >= sizeof asked->own_binary - 1) {
        tl_complain("duel", "cannot tell where this program is; is /proc there?");
        return TL_EXIT_ENVIRONMENT;
    }
    return tl_arguments_parse(&duel_argp, argc, argv, asked);
}
