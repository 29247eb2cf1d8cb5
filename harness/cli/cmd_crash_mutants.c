/* harness/cli/cmd_crash_mutants.c -- `treelab crash mutants`: do the sweeps find the bugs that were
 * put into the engine for them?
 *
 *     command line -> campaign (harness/check/mutant_campaign.h) -> a row each, result, verdict
 */
#include "harness/check/mutant_campaign.h"
#include "harness/check/mutant_document.h"
#include "harness/check/standard.h"
#include "harness/cli/cmd_crash.h"
#include "harness/cli/crash_result.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 64, LIST_BYTES = 1024, JOBS_MAX = 64, WHO_BYTES = 48 };

typedef struct mutants_request {
    const char *names[NAMES_MAX];
    size_t name_count;
    char list[LIST_BYTES];
    const char *json_path;
    bool all, quiet;
    unsigned jobs;
    FILE *table;
    tl_progress *progress;
} mutants_request;

enum { OPTION_MUTANT = 256, OPTION_ALL, OPTION_JOBS, OPTION_JSON };

/* clang-format off */
static const struct argp_option options[] = {
    {"mutant", OPTION_MUTANT, "NAME,...", 0, "Only these (default: every one)", 0},
    {"all", OPTION_ALL, NULL, 0, "Each sweep whole on each bug, found or not (minutes)", 0},
    {"jobs", OPTION_JOBS, "N", 0, "Processes beside each other (default: one for each processor)", 0},
    {"json", OPTION_JSON, "FILE", 0,
     "Write the result to FILE; '-': stdout, the table then goes to stderr", 0},
    {"quiet", 'q', NULL, 0, "No progress on stderr", 0},
    {0},
};
/* clang-format on */

static void complain_of_absence(const struct argp_state *state)
{
    argp_error(state, "this program's engine has no seeded bugs in it; run `treelab-mutants crash "
                      "...`, which is built beside the tests (ninja treelab-mutants)");
}

static void check_name(const struct argp_state *state, const char *word)
{
    const char *names[2 * NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < tl_mutant_count() && count < 2 * NAMES_MAX; i++)
        if (tl_mutant_at(i)->absent == NULL)
            names[count++] = tl_mutant_at(i)->name;
    for (size_t i = 0; i < tl_mutant_helper_count() && count < 2 * NAMES_MAX; i++)
        names[count++] = tl_mutant_helper_at(i);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], word) == 0)
            return;
    const tl_mutant_row *row = tl_mutant_find(word);
    if (row != NULL)
        argp_error(state, "the engine cannot have '%s': %s", word, row->absent);
    tl_arguments_unknown(state, "seeded bug", word, names, count, NULL);
}

void tl_crash_mutant_check(const struct argp_state *state, const char *names)
{
    char words[TL_MUTANT_NAME_MAX], *rest = words;
    if (tl_mutant_engine_here == NULL)
        complain_of_absence(state);
    if (snprintf(words, sizeof words, "%s", names) >= (int)sizeof words)
        argp_error(state, "--mutant: '%.40s...' is too long", names);
    for (char *word; (word = strsep(&rest, "+")) != NULL;)
        check_name(state, word);
}

static void parse_names(struct argp_state *state, const char *list)
{
    mutants_request *request = state->input;
    char *rest = request->list;
    if (snprintf(request->list, sizeof request->list, "%s", list) >= (int)sizeof request->list)
        argp_error(state, "--mutant: '%.40s...' is too long a list", list);
    for (char *word; (word = strsep(&rest, ",")) != NULL && request->name_count < NAMES_MAX;) {
        check_name(state, word);
        if (tl_mutant_find(word) == NULL)
            argp_error(state, "'%s' is no bug by itself: it turns a defence off", word);
        request->names[request->name_count++] = word;
    }
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    mutants_request *request = state->input;
    switch (key) {
    case OPTION_MUTANT:
        parse_names(state, value);
        return 0;
    case OPTION_ALL:
        request->all = true;
        return 0;
    case OPTION_JOBS:
        request->jobs = (unsigned)tl_arguments_number(state, "jobs", value, 1, JOBS_MAX);
        return 0;
    case OPTION_JSON:
        request->json_path = value;
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is no option; bugs are given by --mutant", value);
        return 0;
    case ARGP_KEY_END:
        if (tl_mutant_engine_here == NULL)
            complain_of_absence(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp mutants_argp = {
    .options = options,
    .parser = parse_option,
    .doc =
        "Wake the bugs that were put into the engine for this, one by one, and let every sweep "
        "look at it that may find it, told nothing.  Which sweep must find a bug, and which must "
        "not, was written down before any was run (harness/check/mutants.c)."
        "\vThis needs `treelab-mutants`, which is built beside the tests: `treelab` has an engine "
        "without seeded bugs.\n\n"
        "A bug is `found`; `covered` by another defence, and its next row is the pair with that "
        "defence off; or `waits` for a sweep that is not among these.  `survived`, `stronger` "
        "(found, but not by what must find it) and `unexpected` (found where it must not be) are "
        "not as expected.\n\n"
        "Examples:\n"
        "  treelab-mutants crash mutants\n"
        "  treelab-mutants crash mutants --mutant skip_data_sync,free_twice --json mutants.json\n"
        "  treelab-mutants crash --mutant skip_data_sync --commit log --durability commit\n"
        "\n"
        "Exit codes: 0 all as expected, 2 usage, 3 not all, 5 the machine refused, 6 no bug was "
        "tried, 130 interrupted.\n",
};

/* ---- the table ---- */

static void print_task(void *context, const tl_mutant_task *task, size_t done, size_t total)
{
    mutants_request *request = context;
    char names[TL_MUTANT_NAME_MAX];
    const tl_mutant_trial *finding = tl_mutant_task_finding(task);
    uint64_t states = 0, elapsed = 0;
    for (size_t i = 0; i < task->trial_count; i++) {
        states += task->trials[i].states;
        elapsed += task->trials[i].elapsed_ns;
    }
    (void)total;
    tl_mutant_trial_names(
        &(tl_mutant_trial){.row = task->row, .paired = task->paired, .more = task->more}, names);
    tl_progress_update(request->progress, done, names);
    fprintf(request->table, "%-*s %-13s %-10s ", WHO_BYTES, names[0] == '\0' ? "(none)" : names,
            task->row == NULL ? "-" : tl_finder_name(task->row->finder),
            task->row == NULL && finding == NULL ? "sound" : tl_mutant_verdict_name(task->verdict));
    if (finding == NULL)
        fprintf(request->table, "%-20s %8" PRIu64 " %8.0f\n", "-", states, (double)elapsed / 1e6);
    else
        fprintf(request->table, "%-20s %8" PRIu64 " %8.0f  %s %s\n", finding->sweep->name,
                finding->states, (double)finding->elapsed_ns / 1e6,
                finding->fate == TL_MUTANT_FOUND ? finding->rule
                                                 : tl_mutant_fate_name(finding->fate),
                finding->where[0] != '\0' ? finding->where : finding->text);
    fflush(request->table);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Milliseconds to the first finding, in the middle of all that were found; NAN: none was. */
static double median_ms(const tl_mutant_campaign *campaign)
{
    size_t count = 0;
    double *times = calloc(campaign->task_count + 1, sizeof *times), median = (double)NAN;
    for (size_t i = 0; i < campaign->task_count && times != NULL; i++) {
        const tl_mutant_trial *finding = tl_mutant_task_finding(&campaign->tasks[i]);
        if (finding != NULL)
            times[count++] = (double)finding->elapsed_ns / 1e6;
    }
    if (count != 0) {
        qsort(times, count, sizeof *times, by_value);
        median = (times[(count - 1) / 2] + times[count / 2]) / 2;
    }
    free(times);
    return median;
}

typedef struct score {
    size_t verdicts[TL_VERDICT_UNFIT + 1], waits[TL_FINDER_COUNT], done;
    size_t told, wrong; /* not as expected, and told why; or not */
    uint64_t states, busy_ns, dead;
} score;

static score count_all(const tl_mutant_campaign *campaign)
{
    score sum = {.done = 0};
    for (size_t i = 0; i < campaign->task_count; i++) {
        const tl_mutant_task *task = &campaign->tasks[i];
        for (size_t t = 0; t < task->trial_count; t++) {
            sum.states += task->trials[t].states;
            sum.busy_ns += task->trials[t].elapsed_ns;
            sum.dead += tl_mutant_is_dead(task->trials[t].fate);
        }
        if (!task->done)
            continue;
        sum.done++;
        sum.wrong += !tl_mutant_task_is_fine(task);
        sum.told += task->verdict > TL_VERDICT_WAITS && tl_mutant_task_is_fine(task);
        if (task->row == NULL)
            continue;
        sum.verdicts[task->verdict]++;
        if (task->verdict == TL_VERDICT_WAITS)
            sum.waits[task->row->finder]++;
    }
    return sum;
}

static void print_notes(FILE *table, const tl_mutant_campaign *campaign)
{
    for (size_t i = 0; i < campaign->task_count; i++) {
        const tl_mutant_task *task = &campaign->tasks[i];
        const tl_mutant_note *note = task->done ? tl_mutant_task_note(task) : NULL;
        if (note != NULL)
            fprintf(table, "otherwise than the table says: %s%s, %s: %s\n", note->name,
                    task->paired ? " with its pair" : "", tl_finder_name(note->finder), note->text);
    }
}

static void print_score(const mutants_request *request, const tl_mutant_campaign *campaign,
                        const score *sum, double elapsed_s)
{
    double median = median_ms(campaign);
    fprintf(request->table,
            "%zu found, half of them within %.0f ms; %zu covered by another defence",
            sum->verdicts[TL_VERDICT_FOUND], isnan(median) ? 0 : median,
            sum->verdicts[TL_VERDICT_COVERED]);
    fprintf(request->table,
            "; %zu not as expected, and told why; %zu not as expected; %.1f s on %u processes\n",
            sum->told, sum->wrong, elapsed_s, campaign->jobs);
    print_notes(request->table, campaign);
    for (unsigned i = 0; i < TL_FINDER_COUNT; i++)
        if (sum->waits[i] != 0)
            fprintf(request->table, "%zu wait for %s: %s\n", sum->waits[i],
                    tl_finder_name((tl_finder)i), tl_finder_text((tl_finder)i));
    for (size_t i = 0; i < tl_mutant_count() && request->name_count == 0; i++)
        if (tl_mutant_at(i)->absent != NULL)
            fprintf(request->table, "not applicable: %s: %s\n", tl_mutant_at(i)->name,
                    tl_mutant_at(i)->absent);
}

/* ---- the result ---- */

static int begin_result(const mutants_request *request, int argc, char **argv, tl_result **result)
{
    if (request->json_path == NULL)
        return TL_EXIT_OK;
    const tl_crash_frame frame = {
        .command = "crash mutants", .argc = argc, .argv = argv, .json_path = request->json_path};
    return tl_crash_result_begin(
        &frame,
        tl_crash_options_json(TL_STANDARD_COMMITS, TL_STANDARD_SEED, TL_STANDARD_PAGE_BYTES),
        result);
}

static int write_result(tl_result *result, const tl_mutant_campaign *campaign, const score *sum,
                        int exit_code)
{
    uint64_t order = 0;
    for (size_t i = 0; i < campaign->task_count; i++)
        for (size_t t = 0; t < campaign->tasks[i].trial_count; t++)
            tl_result_add_cell(result, tl_mutant_cell_json(&campaign->tasks[i],
                                                           &campaign->tasks[i].trials[t], order++));
    const tl_result_summary summary = {.failed = sum->dead,
                                       .states = sum->states,
                                       .states_per_s = tl_cell_rate(sum->states, sum->busy_ns),
                                       .findings = sum->dead};
    tl_result_status end = exit_code == TL_EXIT_OK            ? TL_RESULT_OK
                           : exit_code == TL_EXIT_INTERRUPTED ? TL_RESULT_ABORTED
                                                              : TL_RESULT_CRASH_FAILED;
    return tl_crash_result_end("crash mutants", result, &summary, end, exit_code, NULL);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run(mutants_request *request, tl_result *result)
{
    tl_mutant_campaign campaign = {.all = request->all,
                                   .jobs = request->jobs,
                                   .only = request->names,
                                   .only_count = request->name_count,
                                   .stop = tl_interrupted,
                                   .on_task = print_task,
                                   .context = request};
    double begin = now_s();
    fprintf(request->table, "%-*s %-13s %-10s %-20s %8s %8s  %s\n", WHO_BYTES, "seeded bug",
            "must find it", "verdict", "found by", "states", "ms", "what, where");
    request->progress = tl_progress_begin("mutants", 2 * tl_mutant_count(),
                                          request->quiet || isatty(fileno(request->table)));
    tl_status status = tl_mutant_campaign_run(&campaign);
    tl_progress_end(request->progress);
    score sum = count_all(&campaign);
    print_score(request, &campaign, &sum, now_s() - begin);
    int exit_code = tl_interrupted()  ? TL_EXIT_INTERRUPTED
                    : status != TL_OK ? tl_exit_code(status)
                    : sum.done == 0   ? TL_EXIT_NOTHING
                    : sum.wrong == 0  ? TL_EXIT_OK
                                      : TL_EXIT_WRONG;
    if (status != TL_OK)
        tl_complain("crash mutants", "%s", tl_status_text(status));
    if (exit_code == TL_EXIT_INTERRUPTED)
        tl_complain("crash mutants", "interrupted after %zu bugs; what was found is kept",
                    campaign.tasks_done);
    if (result != NULL)
        exit_code = write_result(result, &campaign, &sum, exit_code);
    free(campaign.tasks);
    return exit_code;
}

int tl_cmd_crash_mutants(int argc, char **argv)
{
    static mutants_request request; /* zero at the start, used once per process */
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    char name[] = "crash mutants"; /* as messages call it */
    tl_result *result = NULL;
    request.jobs = processors < 1 ? 1 : processors > JOBS_MAX ? JOBS_MAX : (unsigned)processors;
    char *word = argv[0];
    argv[0] = name;
    int exit_code = tl_arguments_parse(&mutants_argp, argc, argv, &request);
    argv[0] = word;
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    request.table =
        request.json_path != NULL && strcmp(request.json_path, "-") == 0 ? stderr : stdout;
    tl_catch_interrupt();
    exit_code = begin_result(&request, argc + 1, argv - 1, &result);
    if (exit_code == TL_EXIT_OK)
        exit_code = run(&request, result);
    tl_result_free(result);
    return exit_code;
}
