/* harness/cli/cmd_calibrate_options.c -- the command line of `treelab calibrate`, and what its
 * journals are told by. */
#include "harness/cli/cmd_calibrate.h"

#include "harness/compare/links.h"
#include "harness/report/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLICY "ci/gate.json"
#define OUT    "out/calibrate"

enum {
    LAUNCHES_DEFAULT = 320,
    INJECTED_DEFAULT = 128,
    REPLAYS_DEFAULT = 10000,
    POWER_DEFAULT = 1000,
    LAUNCHES_MAX = 100000,
    REPLAYS_MAX = 10000000,
    GATES_MAX = 10000,
};

enum {
    OPTION_POLICY = 256,
    OPTION_ROWS,
    OPTION_OUT,
    OPTION_JSON,
    OPTION_LAUNCHES,
    OPTION_INJECT,
    OPTION_INJECTED,
    OPTION_REPLAYS,
    OPTION_POWER,
    OPTION_NOISE,
    OPTION_RESUME,
    OPTION_SEED,
    OPTION_EXCLUDE,
    OPTION_BUDGET,
};

/* clang-format off */
static const struct argp_option options[] = {
    {"policy", OPTION_POLICY, "FILE", 0, "Whose rows and looks (default: " POLICY ")", 0},
    {"rows", OPTION_ROWS, "NAME,...", 0, "Only these rows of the policy", 0},
    {"launches", OPTION_LAUNCHES, "N", 0, "Recorded of each row, without an effect (default: 320)", 0},
    {"inject", OPTION_INJECT, "PERCENT,...", 0, "Effects to inject, and of the power curves (default: 1,2,3,5)", 0},
    {"injected-launches", OPTION_INJECTED, "N", 0, "Recorded of each row and effect; 0: none (default: 128)", 0},
    {"replays", OPTION_REPLAYS, "N", 0, "Gates made of the recorded launches (default: 10000)", 0},
    {"power-replays", OPTION_POWER, "N", 0, "The same for each point of a power curve (default: 1000)", 0},
    {"exclude", OPTION_EXCLUDE, "PERCENT", 0, "The slowdown that a pass of layer time excludes (default: the policy's)", 0},
    {"budget", OPTION_BUDGET, "TIME", 0, "Of layer time, per row (default: the policy's)", 0},
    {"noise", OPTION_NOISE, NULL, 0, "With the neighbours of `treelab noise`", 0},
    {"resume", OPTION_RESUME, NULL, 0, "Add to what --out has", 0},
    {"out", OPTION_OUT, "DIR", 0, "Where journals and tables go (default: " OUT ")", 0},
    {"json", OPTION_JSON, "FILE", 0, "Also write the document there; '-': stdout alone", 0},
    {"seed", OPTION_SEED, "S", 0, "Of operations and of everything drawn by lot (default: 1)", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

static void add_row(struct argp_state *state, const char *word)
{
    tl_calibrate_options *asked = state->input;
    if (asked->only_count == TL_GATE_ROWS_MAX)
        argp_error(state, "more than %d rows", (int)TL_GATE_ROWS_MAX);
    asked->only[asked->only_count] = strdup(word); /* kept until the process ends */
    if (asked->only[asked->only_count++] == NULL)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
}

static void add_level(struct argp_state *state, const char *word)
{
    tl_calibrate_options *asked = state->input;
    if (asked->level_count == TL_LEVELS_MAX)
        argp_error(state, "more than %d effects", (int)TL_LEVELS_MAX);
    asked->levels[asked->level_count++] = tl_arguments_percent(state, "inject", word) / 100;
}

static void take_gates(struct argp_state *state, const char *word)
{
    tl_calibrate_options *asked = state->input;
    if (!tl_parse_size(word, 1, GATES_MAX, &asked->fresh_gates))
        argp_error(state, "`calibrate gates` takes a number from 1 to %d, not '%s'", (int)GATES_MAX,
                   word);
}

/* Names are fields of neutral.tsv, as they were typed. */
static void add_build(struct argp_state *state, const char *word)
{
    static const char of_names[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    tl_calibrate_options *asked = state->input;
    const char *equals = strchr(word, '=');
    if (asked->build_count == TL_CALIBRATE_BUILDS_MAX)
        argp_error(state, "more than %d builds", (int)TL_CALIBRATE_BUILDS_MAX);
    tl_calibrate_build *build = &asked->builds[asked->build_count++];
    size_t length = equals == NULL ? 0 : (size_t)(equals - word);
    if (length == 0 || equals[1] == '\0')
        argp_error(state, "'%s' is not NAME=PROGRAM", word);
    if (length >= sizeof build->name || strspn(word, of_names) < length)
        argp_error(state, "'%.*s' is no NAME of a build: up to %zu of A-Z a-z 0-9 _ . -",
                   (int)length, word, sizeof build->name - 1);
    memcpy(build->name, word, length);
    build->program = equals + 1;
}

static void add_word(struct argp_state *state, const char *word)
{
    tl_calibrate_options *asked = state->input;
    if (state->arg_num == 0 && strcmp(word, "gates") == 0)
        asked->fresh_gates = 1;
    else if (state->arg_num == 0 && strcmp(word, "neutral") == 0)
        asked->neutral = true;
    else if (asked->neutral)
        add_build(state, word);
    else if (state->arg_num == 1 && asked->fresh_gates == 1)
        take_gates(state, word);
    else
        argp_error(state,
                   "'%s' is not understood; there are `treelab calibrate gates N` and `treelab "
                   "calibrate neutral NAME=PROGRAM...`",
                   word);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    tl_calibrate_options *asked = state->input;
    switch (key) {
    case OPTION_POLICY:
        asked->policy_path = value;
        return 0;
    case OPTION_ROWS:
        tl_arguments_list(state, value, add_row);
        return 0;
    case OPTION_OUT:
        asked->out = value;
        return 0;
    case OPTION_JSON:
        asked->json = value;
        return 0;
    case OPTION_LAUNCHES:
        asked->launches = tl_arguments_number(state, "launches", value, 1, LAUNCHES_MAX);
        return 0;
    case OPTION_INJECTED:
        asked->injected_launches =
            tl_arguments_number(state, "injected-launches", value, 0, LAUNCHES_MAX);
        return 0;
    case OPTION_INJECT:
        asked->level_count = 0;
        tl_arguments_list(state, value, add_level);
        return 0;
    case OPTION_REPLAYS:
        asked->replays = tl_arguments_number(state, "replays", value, 1, REPLAYS_MAX);
        return 0;
    case OPTION_POWER:
        asked->power_replays = tl_arguments_number(state, "power-replays", value, 0, REPLAYS_MAX);
        return 0;
    case OPTION_NOISE:
        asked->noise = true;
        return 0;
    case OPTION_RESUME:
        asked->resume = true;
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
    case ARGP_KEY_ARG:
        add_word(state, value);
        return 0;
    case ARGP_KEY_END:
        if (asked->neutral && asked->build_count == 0)
            argp_error(state, "neutral NAME=PROGRAM...: which builds? `ci/neutral` makes some");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp calibrate_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[gates N | neutral NAME=PROGRAM...]",
    .doc =
        "How often is the gate's layer time wrong, and what does it see?  Records launches of "
        "this program against itself, without an effect and with injected ones, and replays "
        "gates from them.  `calibrate gates N` runs N whole gates instead, and adds them to a "
        "log.  `calibrate neutral` runs a whole gate against each of some builds that ought to be "
        "equal, and tells what layouts differ by; `ci/neutral` makes such builds.\v"
        "Examples:\n"
        "  treelab calibrate --noise --out out/noisy\n"
        "  treelab calibrate --noise --out out/noisy --resume --launches 640\n"
        "  treelab calibrate --noise --exclude 3% --budget 4m --out out/nightly\n"
        "  treelab calibrate gates 30 --noise --out out/noisy --resume\n"
        "  treelab calibrate neutral same=../again/build/treelab --out out/neutral\n\n"
        "Ctrl-C keeps what was recorded; --resume goes on.\n"
        "Exit codes: 0 done, 1 a neutral build failed, 2 usage, or --out was begun otherwise, 3 a "
        "wrong answer, 5 the "
        "surroundings, 6 nothing was recorded, 130 interrupted.",
};

int tl_calibrate_options_parse(int argc, char **argv, tl_calibrate_options *asked)
{
    *asked = (tl_calibrate_options){
        .policy_path = POLICY,
        .out = OUT,
        .levels = {0.01, 0.02, 0.03, 0.05},
        .level_count = 4,
        .launches = LAUNCHES_DEFAULT,
        .injected_launches = INJECTED_DEFAULT,
        .replays = REPLAYS_DEFAULT,
        .power_replays = POWER_DEFAULT,
        .seed = 1,
    };
    ssize_t length = readlink("/proc/self/exe", asked->program, sizeof asked->program - 1);
    if (length <= 0) {
        tl_complain("calibrate", "cannot tell where this program is; is /proc there?");
        return TL_EXIT_ENVIRONMENT;
    }
    return tl_arguments_parse(&calibrate_argp, argc, argv, asked);
}

/* --- heads of journals --- */

static uint64_t mixed(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 1) * UINT64_C(0x100000001b3); /* a boundary */
}

/* FNV-1a over what the rows ask and, with `looks`, how they are looked at. */
static uint64_t hash_of(const tl_gate_policy *policy, bool looks)
{
    const tl_gate_timing *timing = &policy->timing;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    char text[128];
    for (size_t r = 0; r < policy->row_count; r++) {
        const tl_gate_row *row = &policy->rows[r];
        if ((row->layers & TL_LAYER_TIME) == 0)
            continue;
        hash = mixed(hash, row->name);
        for (size_t i = 0; i < row->word_count; i++)
            hash = mixed(hash, row->words[i]);
        for (size_t i = 0; row->phases[i] != NULL; i++)
            hash = mixed(hash, row->phases[i]);
    }
    snprintf(text, sizeof text, "%u slices", timing->slices);
    hash = mixed(hash, text);
    if (!looks)
        return hash;
    for (size_t i = 0; i < timing->looks.count; i++) {
        snprintf(text, sizeof text, "%u:%.9g", timing->looks.rows[i].launches,
                 timing->looks.rows[i].alpha);
        hash = mixed(hash, text);
    }
    snprintf(text, sizeof text, "%.9g %.9g %u %.9g", timing->margins.delta, timing->margins.largest,
             timing->confirm_launches, timing->budget_s);
    return mixed(hash, text);
}

void tl_calibrate_head(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                       const char *title, bool looks, char head[TL_SAMPLES_HEAD_MAX])
{
    tl_json *machine = tl_machine_json();
    tl_json *class_ = tl_class_json(machine, NULL); /* stores are in memory */
    size_t at = (size_t)snprintf(head, TL_SAMPLES_HEAD_MAX,
                                 "# %s\n# policy %016" PRIx64 "\n# machine class %s\n# noise %s\n",
                                 title, hash_of(policy, looks),
                                 tl_json_text(tl_json_get(class_, "key"), "unknown"),
                                 asked->noise ? "spin,memcpy 3 processes 1 s on 2 s off" : "none");
    const char *const programs[2] = {asked->program, asked->program};
    tl_links links[2];
    char note[TL_LINKS_TEXT_MAX];
    size_t layouts = tl_links_pair(programs, policy->timing.layouts, links, note, sizeof note);
    if (layouts > 0) /* journals of one layout say nothing of it */
        at += (size_t)snprintf(head + at, TL_SAMPLES_HEAD_MAX - at, "# layouts %zu %s\n", layouts,
                               links[0].how);
    at += (size_t)snprintf(head + at, TL_SAMPLES_HEAD_MAX - at, "# rows");
    for (size_t i = 0; i < asked->only_count && at < TL_SAMPLES_HEAD_MAX / 2; i++)
        at += (size_t)snprintf(head + at, TL_SAMPLES_HEAD_MAX - at, " %s", asked->only[i]);
    snprintf(head + at, TL_SAMPLES_HEAD_MAX - at, "%s\n", asked->only_count == 0 ? " all" : "");
    tl_json_free(class_);
    tl_json_free(machine);
}
