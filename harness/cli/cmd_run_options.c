/* harness/cli/cmd_run_options.c -- the command line of `treelab run`.
 *
 * Whatever a spec can say is said to the spec, by the option's key; limits and defaults are those
 * of harness/spec/keys.c.
 */
#include "harness/cli/cmd_run.h"

#include "workloads/catalogue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
       OPTION_TIMEOUT,
       OPTION_RESUME,
       OPTION_PROGRESS,
       OPTION_COLOR,
       OPTION_INTERVAL,
       OPTION_RATE,
       OPTION_DURATION,
       OPTION_WARMUP,
       OPTION_UNTIL,
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
     "Any key of a spec: of the run, of workloads, PHASE.KEY of a phase, DRIVER.KEY of a driver. May "
     "be given again", 0},
    {"list", 'L', "KEY=VALUE,VALUE...", 0,
     "Measure with each of these values; several lists: with each combination", 0},
    {"range", 'P', "KEY=FROM:TO:STEP", 0,
     "The same with numbers; a step such as *2 multiplies", 0},
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
    {"rate", OPTION_RATE, "MODE:OPS", 0,
     "Open loop: constant:20000 or poisson:20000 operations a second in measured phases; latency is "
     "told from the real start (service) and from the intended one (response)", 0},
    {"duration", OPTION_DURATION, "TIME", 0,
     "End measured phases after so long, e.g. 30s: those that only read, and the last one", 0},
    {"warmup", OPTION_WARMUP, "TIME", 0,
     "Let measured phases run so long before they are measured, in a phase NAME.warmup", 0},
    {"until", OPTION_UNTIL, "RULE", 0,
     "End them when throughput has settled: 'steady(slope<1%/5s, windows=2)'", 0},
    {"interval", OPTION_INTERVAL, "TIME", 0,
     "Of series.csv and latency.hlog, 1ms..1h; 0s: neither is written (default: 1s)", 0},
    {"timeout", OPTION_TIMEOUT, "TIME", 0,
     "End after this time (30s, 5m), keeping the cells finished by then", 0},
    {"resume", OPTION_RESUME, NULL, 0,
     "Go on in the --out directory of a run that was ended: finished cells are not run again", 0},
    {"progress", OPTION_PROGRESS, "auto|bar|lines|none", 0,
     "How progress is shown on stderr (default: auto)", 0},
    {"color", OPTION_COLOR, "auto|always|never", 0, "Colour of the bar (default: auto)", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr; the same as --progress none", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Print the cells in running order and stop", 0},
    {"explain", OPTION_EXPLAIN, NULL, 0, "Print the resolved spec and where each value is from, as INI that can be run (with --json "
     "FILE: as JSON) and stop", 0},
    {0},
};
/* clang-format on */

/* Options that say what a spec can say, too. */
static const struct {
    int option;
    const char *key;
    const char *value; /* of an option without one */
    bool list;         /* given again, it adds */
} spec_options[] = {
    {'d',               "driver",     NULL,  true },
    {'w',               "workload",   NULL,  true },
    {OPTION_PLUGIN,     "plugin",     NULL,  true },
    {'n',               "ops",        NULL,  false},
    {OPTION_SEED,       "seed",       NULL,  false},
    {OPTION_DURABILITY, "durability", NULL,  false},
    {OPTION_PAGE_SIZE,  "page_bytes", NULL,  false},
    {OPTION_REPEAT,     "repeat",     NULL,  false},
    {OPTION_BATCH,      "batch",      NULL,  false},
    {OPTION_BASELINE,   "baseline",   NULL,  false},
    {OPTION_DIR,        "dir",        NULL,  false},
    {OPTION_PIN_READER, "pin_reader", "yes", false},
    {OPTION_COMPACT,    "compact",    "yes", false},
    {OPTION_SHAPES,     "shapes",     NULL,  false},
    {OPTION_TIMEOUT,    "timeout",    NULL,  false},
    {OPTION_RATE,       "rate",       NULL,  false},
    {OPTION_DURATION,   "duration",   NULL,  false},
    {OPTION_WARMUP,     "warmup",     NULL,  false},
    {OPTION_UNTIL,      "until",      NULL,  false},
    {OPTION_INTERVAL,   "interval",   NULL,  false},
};

/* False: the option is none of the spec's. */
static bool parse_spec_option(int option, const char *value, struct argp_state *state)
{
    tl_run_options *asked = state->input;
    for (size_t i = 0; i < sizeof spec_options / sizeof spec_options[0]; i++) {
        const char *key = spec_options[i].key;
        if (spec_options[i].option != option)
            continue;
        const char *before = tl_spec_get(&asked->spec, "", key, NULL);
        if (spec_options[i].value != NULL)
            value = spec_options[i].value;
        if (spec_options[i].list && before != NULL) {
            char both[4 * TL_SPEC_TEXT_MAX];
            if (snprintf(both, sizeof both, "%s,%s", before, value) >= (int)sizeof both)
                argp_error(state, "--%s: too long a list", key);
            tl_run_spec_set(asked, state, key, both);
        } else
            tl_run_spec_set(asked, state, key, value);
        return true;
    }
    return false;
}

/* --set KEY=VALUE */
static void parse_set(struct argp_state *state, const char *text)
{
    char key[TL_SPEC_TEXT_MAX];
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof key)
        argp_error(state, "--set takes KEY=VALUE, not '%s'", text);
    else {
        snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
        tl_run_spec_set(state->input, state, key, equals + 1);
    }
}

/* A word that can only be a name: tell which there are. */
static void refuse_name(struct argp_state *state, const char *word)
{
    enum { NAMES_MAX = 128 };
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; count < tl_catalogue_count() && count < NAMES_MAX; count++)
        names[count] = tl_catalogue_at(count)->name;
    const char *nearest = tl_nearest(word, names, count);
    if (nearest != NULL)
        argp_error(state, "there is no file '%s'; did you mean '%s', of the catalogue?", word,
                   nearest);
    else
        argp_error(state, "there is no file '%s', and `treelab list catalogue` has no such spec",
                   word);
}

static void parse_spec_path(struct argp_state *state, const char *path)
{
    tl_run_options *asked = state->input;
    if (asked->spec_path != NULL)
        argp_error(state, "one spec at a time: '%s' or '%s'", asked->spec_path, path);
    if (tl_driver_find(path) != NULL || tl_workload_find(path) != NULL)
        argp_error(state, "'%s' is no file; drivers are given by --driver, workloads by --workload",
                   path);
    if (tl_catalogue_find(path) != NULL && access(path, F_OK) != 0)
        (void)parse_spec_option('w', path, state); /* a spec that needs no file */
    else if (strpbrk(path, "./") == NULL && access(path, F_OK) != 0)
        refuse_name(state, path);
    else
        asked->spec_path = path;
}

/* A baseline asked for by name must be there; the usual one may be missing. */
static void check_baseline(struct argp_state *state)
{
    tl_run_options *asked = state->input;
    const char *usual = tl_spec_row(tl_spec_globals, "baseline")->fallback;
    const tl_spec_entry *entry = tl_spec_find(&asked->spec, "", "baseline");
    asked->baseline = entry == NULL ? usual : entry->value;
    if (entry == NULL || (entry->origin == TL_SPEC_FILE && strcmp(entry->value, usual) == 0))
        return;
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
    if (parse_spec_option(key, value, state))
        return 0;
    switch (key) {
    case OPTION_SET:
        parse_set(state, value);
        return 0;
    case 'L':
        tl_choice_add_list(&asked->choice, state, value);
        return 0;
    case 'P':
        tl_choice_add_range(&asked->choice, state, value);
        return 0;
    case OPTION_JSON:
        asked->json_path = value;
        return 0;
    case OPTION_OUT:
        asked->out_dir = value;
        return 0;
    case OPTION_RESUME:
        asked->resume = true;
        return 0;
    case OPTION_PROGRESS:
        if (!tl_progress_choose(value))
            argp_error(state, "--progress takes auto, bar, lines or none, not '%s'", value);
        return 0;
    case OPTION_COLOR:
        if (!tl_progress_choose_colour(value))
            argp_error(state, "--color takes auto, always or never, not '%s'", value);
        return 0;
    case 'q':
        asked->quiet = true;
        return 0;
    case OPTION_DRY_RUN:
        asked->dry_run = true;
        return 0;
    case OPTION_EXPLAIN:
        asked->explain = true;
        return 0;
    case ARGP_KEY_ARG:
        parse_spec_path(state, value);
        return 0;
    case ARGP_KEY_END:
        if (asked->resume && asked->out_dir == NULL)
            argp_error(state, "--resume goes on in a run's directory: name it with --out DIR");
        tl_run_spec_resolve(asked, state);
        check_baseline(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp run_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "[SPEC.ini|SPEC.json|NAME]",
    .doc = "Run workloads on stores, check every answer, and keep what was measured.  NAME is a "
           "spec of `treelab list catalogue`."
           "\vThe result is DIR/run.json; `treelab report DIR` draws it.  Rates are operations per "
           "second of the whole loop, generating and checking included.\n\n"
           "Examples:\n"
           "  treelab run --driver tree,lmdb,sqlite --workload random,mixed -n 1e6\n"
           "  treelab run --driver tree,tree:leaf=rebuild --baseline tree\n"
           "  treelab run --durability commit --batch 1 --set phases=insert\n"
           "  treelab run mix.ini -n 1e6 --set run.keys=zipf:0.9 --explain\n"
           "  treelab run mix.ini --out out/mix --resume\n"
           "  treelab run -P page_bytes=4k:64k:*4 -L tree.split=half_bytes,half_keys\n"
           "  treelab run --plugin build/workloads/example_fifo.so --json -\n"
           "  treelab run --plugin build/harness/drivers/example_sorted.so --driver sorted,tree\n"
           "\n"
           "Exit codes: 0 well, 2 usage, 3 a wrong answer, 5 the machine refused, 6 nothing was "
           "measured, 130 interrupted or over the --timeout (finished cells are kept).\n",
};

static void tell(void *context, const char *text)
{
    (void)context;
    tl_complain("run", "%s", text);
}

int tl_run_options_parse(int argc, char **argv, tl_run_options *asked)
{
    tl_spec_begin(&asked->spec, tell, NULL);
    asked->request = (tl_run_request){.arms = asked->choice.arms, .loads = asked->choice.loads};
    int exit_code = tl_arguments_parse(&run_argp, argc, argv, asked);
    asked->request.arm_count = asked->choice.driver_count;
    asked->request.load_count = asked->choice.load_count;
    return exit_code;
}

/* Remarks, for these are no keys: values to vary, and what stores make of the durability. */
static void explain_parameters(const tl_choice *choice)
{
    for (size_t i = 0; i < choice->parameter_count; i++) {
        printf("; -L %s=", choice->parameters[i].key);
        for (size_t v = 0; v < choice->parameters[i].count; v++)
            printf("%s%s", v == 0 ? "" : ",", choice->parameters[i].values[v]);
        puts(": each of them, whatever stands below");
    }
}

static void explain_contracts(const tl_run_request *request)
{
    for (size_t i = 0; i < request->arm_count; i++) {
        const tl_run_arm *arm = &request->arms[i];
        const tl_driver_contract *contract = &arm->driver->contracts[request->durability];
        printf("; driver %s (%s): promise %s, asks for %s%s%s\n", arm->label,
               arm->driver->version(), tl_run_promise_name(contract->promise), contract->options,
               contract->remark[0] == '\0' ? "" : "; ", contract->remark);
    }
}

int tl_run_options_explain(const tl_run_options *asked)
{
    static tl_spec_words words;
    words = asked->words;
    for (size_t i = 0; i < words.workload_count && i < TL_CHOICE_MAX; i++)
        words.bases[i] = asked->choice.catalogue[i];
    if (asked->json_path == NULL) {
        explain_parameters(&asked->choice);
        explain_contracts(&asked->request);
        tl_spec_print(&asked->spec, &words, stdout);
        return TL_EXIT_OK;
    }
    tl_json *root = tl_spec_json(&asked->spec, &words);
    tl_status status = tl_json_write(root, asked->json_path);
    if (status != TL_OK)
        tl_complain("run", "cannot write '%s': %s", asked->json_path, strerror(errno));
    tl_json_free(root);
    return tl_exit_code(status);
}
