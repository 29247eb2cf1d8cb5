/* harness/cli/cmd_regressions.c -- `treelab-mutants regressions`: does the gate catch losses of
 * speed whose size and layer were written down before? */
#include "harness/cli/arguments.h"
#include "harness/gate/gate.h"
#include "harness/gate/regressions.h"
#include "harness/report/machine.h"
#include "harness/report/text.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLICY "ci/gate.json"

enum { ONLY_MAX = 64 };
enum { OPTION_POLICY = 256, OPTION_LAYERS, OPTION_ONLY, OPTION_LIST, OPTION_JSON, OPTION_TSV };

typedef struct request {
    const char *policy_path, *json, *tsv;
    const char *only[ONLY_MAX + 1];
    size_t only_count;
    unsigned layers;
    bool list, quiet;
    char program[PATH_MAX], scratch[64], baseline[128];
} request;

static const struct argp_option options[] = {
    {"policy",                            OPTION_POLICY, "FILE", 0, "Whose rows (default: " POLICY ")", 0},
    {"layers",                             OPTION_LAYERS, "NAME,...", 0,
     "Only these: counters, instructions, time (default: the first two)", 0},
    {"only", OPTION_ONLY, "NAME,...", 0, "Only these of the list", 0},
    {"list",                                   OPTION_LIST, NULL, 0, "Show the list and what is expected", 0},
    {"json",OPTION_JSON, "FILE", 0, "Also write the outcome as JSON", 0},
    {"tsv",                                  OPTION_TSV, "FILE", 0, "Also write it as a table", 0},
    {"quiet",                                  'q', NULL, 0, "No progress on stderr", 0},
    {0                             },
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

static void add_only(struct argp_state *state, const char *word)
{
    request *asked = state->input;
    const char *names[ONLY_MAX];
    bool found = false;
    for (size_t i = 0; i < tl_regression_count(); i++) {
        names[i] = tl_regression_at(i)->name;
        if (strcmp(word, names[i]) == 0 && asked->only_count < ONLY_MAX) {
            asked->only[asked->only_count++] = names[i];
            found = true;
        }
    }
    if (!found)
        tl_arguments_unknown(state, "loss of speed", word, names, tl_regression_count(), NULL);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    request *asked = state->input;
    switch (key) {
    case OPTION_POLICY:
        asked->policy_path = value;
        return 0;
    case OPTION_LAYERS:
        tl_arguments_list(state, value, add_layer);
        return 0;
    case OPTION_ONLY:
        tl_arguments_list(state, value, add_only);
        return 0;
    case OPTION_LIST:
        asked->list = true;
        return 0;
    case OPTION_JSON:
        asked->json = value;
        return 0;
    case OPTION_TSV:
        asked->tsv = value;
        return 0;
    case 'q':
        asked->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument '%s'; --only names some of the list", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp regressions_argp = {
    .options = options,
    .parser = parse,
    .doc = "Wake one seeded loss of speed after the other and let the gate judge this program with "
           "it against this program without.  Only `treelab-mutants`, built beside the tests, has "
           "them.\v"
           "Examples:\n"
           "  treelab-mutants regressions\n"
           "  treelab-mutants regressions --layers time --only no_prefetch,no_huge_pages\n\n"
           "Exit codes: 0 each was caught by the layer that was named for it, 3 one was not, 5 the "
           "surroundings, 130 interrupted.",
};

/* --- the gate, asked --- */

static bool interrupted(void *context)
{
    (void)context;
    return tl_interrupted();
}

/* Counters of this program with all asleep, as the baseline. */
static tl_status take_baseline(const request *asked, const tl_gate_policy *policy)
{
    tl_json *root = tl_baseline_begin("this program, nothing awake", tl_build_revision());
    tl_counts_source source = {
        .binary = asked->program, .scratch = asked->scratch, .stop = interrupted};
    tl_status status = TL_OK;
    for (size_t i = 0; i < policy->row_count && status == TL_OK; i++) {
        char complaint[TL_PROGRAM_TEXT_MAX];
        tl_counts counts;
        status = tl_counts_take(&source, &policy->rows[i], &counts, complaint);
        if (status == TL_OK)
            tl_baseline_add(root, &policy->rows[i], &counts);
        else
            tl_complain("regressions", "row '%s': %s", policy->rows[i].name, complaint);
        tl_counts_release(&counts);
    }
    if (status == TL_OK)
        status = tl_json_write(root, asked->baseline);
    tl_json_free(root);
    return status;
}

typedef struct outcome {
    unsigned caught;                     /* layers */
    bool failed;                         /* something could not be judged */
    char summaries[3][TL_GATE_TEXT_MAX]; /* of the layers, in their order */
} outcome;

static void note(const tl_gate_report *report, outcome *made)
{
    for (size_t i = 0; i < report->count; i++) {
        const tl_gate_finding *finding = &report->findings[i];
        size_t at = finding->layer == TL_LAYER_COUNTERS ? 0
                    : finding->layer == TL_LAYER_TIME   ? 2
                                                        : 1;
        if (finding->verdict == TL_GATE_REGRESSED)
            made->caught |= finding->layer;
        made->failed = made->failed || finding->verdict >= TL_GATE_FAILED;
        snprintf(made->summaries[at], sizeof made->summaries[at], "%s: %.480s",
                 tl_gate_verdict_name(finding->verdict), finding->summary);
    }
}

static tl_status judge(const request *asked, const tl_gate_policy *policy,
                       const tl_regression_row *row, outcome *made)
{
    char error[TL_GATE_TEXT_MAX] = "";
    const char *const words[] = {"--regress", row->name}, *const only[] = {row->row, NULL};
    tl_gate_report report;
    tl_gate_request wanted = {
        .policy = policy,
        .base = asked->program,
        .candidate = asked->program,
        .candidate_words = words,
        .candidate_word_count = 2,
        .baseline = asked->baseline,
        .scratch = asked->scratch,
        .seed = 1,
        .layers = asked->layers,
        .only = only,
        .stop = interrupted,
    };
    *made = (outcome){0};
    tl_status status = tl_gate_judge(&wanted, &report, error, sizeof error);
    if (status != TL_OK)
        tl_complain("regressions", "%s", error);
    note(&report, made);
    tl_gate_report_release(&report);
    return status;
}

/* --- telling --- */

static void layers_text(unsigned layers, char text[64])
{
    text[0] = '\0';
    for (unsigned bit = 1; bit < TL_LAYERS_ALL; bit <<= 1)
        if ((layers & bit) != 0) {
            size_t length = strlen(text);
            snprintf(text + length, 64 - length, "%s%s", length == 0 ? "" : ",",
                     tl_layer_name(bit));
        }
    if (text[0] == '\0')
        strcpy(text, "none");
}

/* NULL: the layer that was named was not asked. */
static const char *word_for(const request *asked, const tl_regression_row *row, const outcome *made)
{
    if (made->failed)
        return "failed";
    if ((made->caught & row->layer) != 0)
        return "as expected";
    if ((asked->layers & row->layer) == 0)
        return made->caught != 0 ? "caught, its layer not asked" : "its layer not asked";
    return made->caught != 0 ? "caught by another layer" : "missed";
}

static void tell(const request *asked, const tl_regression_row *row, const outcome *made,
                 tl_json *list, tl_text *table)
{
    char caught[64];
    const char *word = word_for(asked, row, made);
    layers_text(made->caught, caught);
    printf("%-26s %-13s %-26s %s\n", row->name, tl_layer_name(row->layer), caught, word);
    for (size_t i = 0; i < 3; i++)
        if (made->summaries[i][0] != '\0')
            printf("    %-13s %.120s\n", tl_layer_name(1u << i), made->summaries[i]);
    tl_text_addf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", row->name, row->row, tl_layer_name(row->layer),
                 caught, word, row->size);
    tl_json *object = tl_json_add_object(list, NULL);
    tl_json_add_text(object, "name", row->name);
    tl_json_add_text(object, "breaks", row->breaks);
    tl_json_add_text(object, "row", row->row);
    tl_json_add_text(object, "expected_layer", tl_layer_name(row->layer));
    tl_json_add_text(object, "expected_size", row->size);
    tl_json_add_text(object, "caught", caught);
    tl_json_add_text(object, "outcome", word);
    for (size_t i = 0; i < 3; i++)
        tl_json_add_text(object, tl_layer_name(1u << i),
                         made->summaries[i][0] == '\0' ? NULL : made->summaries[i]);
}

static void list_all(void)
{
    for (size_t i = 0; i < tl_regression_count(); i++) {
        const tl_regression_row *row = tl_regression_at(i);
        printf("%-26s %-11s %-13s %s\n    expected: %s\n", row->name, row->row,
               tl_layer_name(row->layer), row->breaks, row->size);
    }
}

static int save(const request *asked, const tl_json *root, const tl_text *table, int exit_code)
{
    tl_status status = asked->json == NULL ? TL_OK : tl_json_write(root, asked->json);
    if (status == TL_OK && asked->tsv != NULL)
        status = tl_text_save(table, asked->tsv);
    if (status == TL_OK)
        return exit_code;
    tl_complain("regressions", "the outcome could not be written: %s", tl_status_text(status));
    return tl_exit_code(status);
}

static int run(const request *asked, const tl_gate_policy *policy)
{
    size_t done = 0, asked_of = 0, expected = 0;
    tl_text table = {0};
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.regressions/1");
    tl_json_add_text(root, "rev", tl_build_revision());
    tl_json *list = tl_json_add_array(root, "regressions");
    tl_text_add(&table, "name\trow\texpected_layer\tcaught\toutcome\texpected_size\n");
    tl_status status = take_baseline(asked, policy);
    tl_progress *progress = tl_progress_begin("regressions", tl_regression_count(), asked->quiet);
    for (size_t i = 0; i < tl_regression_count() && status == TL_OK && !tl_interrupted(); i++) {
        const tl_regression_row *row = tl_regression_at(i);
        outcome made;
        tl_progress_update(progress, i, row->name);
        if (asked->only_count > 0 && !tl_gate_wanted(asked->only, row->name))
            continue;
        status = judge(asked, policy, row, &made);
        if (status != TL_OK || tl_interrupted())
            break;
        tell(asked, row, &made, list, &table);
        done++;
        asked_of += (asked->layers & row->layer) != 0;
        expected += (made.caught & row->layer) != 0;
    }
    tl_progress_end(progress);
    printf("%zu judged, %zu of %zu caught by the layer that was named\n", done, expected, asked_of);
    int exit_code = status != TL_OK        ? tl_exit_code(status)
                    : done == 0            ? TL_EXIT_NOTHING
                    : expected == asked_of ? TL_EXIT_OK
                                           : TL_EXIT_WRONG;
    exit_code = save(asked, root, &table, exit_code);
    tl_text_clear(&table);
    tl_json_free(root);
    return tl_interrupted() ? TL_EXIT_INTERRUPTED : exit_code;
}

static int prepare(request *asked, tl_gate_policy *policy)
{
    char error[TL_GATE_TEXT_MAX + PATH_MAX];
    int exit_code = tl_check_output("regressions", "--json", asked->json);
    if (exit_code == TL_EXIT_OK)
        exit_code = tl_check_output("regressions", "--tsv", asked->tsv);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    if (tl_regression_wake_here == NULL) {
        tl_complain("regressions", "this program has no seeded losses of speed; `treelab-mutants`, "
                                   "built beside the tests, has");
        return TL_EXIT_ENVIRONMENT;
    }
    ssize_t length = readlink("/proc/self/exe", asked->program, sizeof asked->program - 1);
    tl_status status = tl_gate_policy_read(asked->policy_path, policy, error, sizeof error);
    if (length <= 0 || status != TL_OK) {
        tl_complain("regressions", "%s", length <= 0 ? "is /proc there?" : error);
        return status == TL_NOT_FOUND ? TL_EXIT_USAGE : tl_exit_code(status);
    }
    strcpy(asked->scratch, access("/dev/shm", W_OK) == 0 ? "/dev/shm/treelab-regressions-XXXXXX"
                                                         : "/tmp/treelab-regressions-XXXXXX");
    if (mkdtemp(asked->scratch) == NULL) {
        asked->scratch[0] = '\0';
        tl_complain("regressions", "no directory for the stores: %s", strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    snprintf(asked->baseline, sizeof asked->baseline, "%s/baseline.json", asked->scratch);
    return TL_EXIT_OK;
}

int tl_cmd_regressions(int argc, char **argv)
{
    static request asked; /* large; used once per process */
    static tl_gate_policy policy;
    asked.policy_path = POLICY;
    int exit_code = tl_arguments_parse(&regressions_argp, argc, argv, &asked);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    if (asked.list) {
        list_all();
        return TL_EXIT_OK;
    }
    if (asked.layers == 0)
        asked.layers = TL_LAYER_COUNTERS | TL_LAYER_INSTRUCTIONS;
    exit_code = prepare(&asked, &policy);
    if (exit_code == TL_EXIT_OK) {
        tl_catch_interrupt();
        signal(SIGPIPE, SIG_IGN);
        exit_code = run(&asked, &policy);
    }
    if (asked.scratch[0] != '\0') {
        unlink(asked.baseline);
        rmdir(asked.scratch);
    }
    tl_gate_policy_release(&policy);
    return exit_code;
}
