/* harness/cli/cmd_crash_shrink.c -- `treelab crash shrink`: a finding cut down to the few lines
 * that show it; and a campaign that tells how well that goes.
 */
#define _GNU_SOURCE
#include "harness/cli/cmd_crash_shrink.h"
#include "harness/cli/cmd_crash_cells.h"

#include "harness/check/script_state.h"
#include "harness/fuzz/crash_shrink.h"
#include "harness/run/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_OUT = 256, OPTION_MUTANT, OPTION_CAMPAIGN, OPTION_SEEDS, OPTION_BOUND, OPTION_OPS };

/* clang-format off */
static const struct argp_option options[] = {
    {"out", OPTION_OUT, "FILE", 0, "Write the script to FILE (default: to stdout)", 0},
    {"bound", OPTION_BOUND, "SECONDS", 0, "Stop after so long, with what there is (default: 10)", 0},
    {"driver", 'd', "NAME", 0, "The store that runs the script (default: tree)", 0},
    {"mutant", OPTION_MUTANT, "NAME[+NAME]...", 0, "Wake a seeded bug of the engine: treelab-mutants only; of a campaign: these bugs alone, by commas", 0},
    {"campaign", OPTION_CAMPAIGN, NULL, 0, "Find each seeded bug in random scripts and shrink what is found: treelab-mutants only", 0},
    {"seeds", OPTION_SEEDS, "N", 0, "Scripts of a campaign for each bug (default: 3)", 0},
    {"ops", OPTION_OPS, "N", 0, "Operations in each script of a campaign (default: 1000)", 0},
    {"quiet", 'q', NULL, 0, "Nothing on stderr but errors", 0},
    {0},
};
/* clang-format on */

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_shrink_request *request = state->input;
    switch (key) {
    case OPTION_OUT:
        request->out_path = value;
        return 0;
    case OPTION_BOUND:
        request->bound_s = tl_arguments_number(state, "bound", value, 1, 3600);
        return 0;
    case 'd':
        request->driver = tl_driver_find(value);
        if (request->driver == NULL || (request->driver->capabilities & TL_DRIVER_SIM_IO) == 0)
            argp_error(state, "'%s' is no store that runs on a simulated disk, such as 'tree'",
                       value);
        return 0;
    case OPTION_MUTANT:
        request->mutant = value;
        return 0;
    case OPTION_CAMPAIGN:
        request->campaign = true;
        return 0;
    case OPTION_SEEDS:
        request->seeds = tl_arguments_number(state, "seeds", value, 1, 1000);
        return 0;
    case OPTION_OPS:
        request->ops = tl_arguments_number(state, "ops", value, 1, 100000);
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (request->what != NULL)
            argp_error(state, "'%s' is one argument too many", value);
        request->what = value;
        return 0;
    case ARGP_KEY_END:
        if (request->campaign == (request->what != NULL))
            argp_error(state, "a script with a crash in it, or the id of a state, is wanted; or "
                              "--campaign");
        if (request->campaign && tl_mutant_engine_here == NULL)
            argp_error(state,
                       "a campaign needs seeded bugs: treelab-mutants crash shrink --campaign");
        if (request->mutant != NULL && !request->campaign)
            tl_crash_mutant_check(state, request->mutant);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp shrink_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "FINDING.tls|ID",
    .doc =
        "Cut a finding down to the few operations that still break the same rule with the same "
        "status: what is behind the crash, transactions, operations, options, sizes; then the "
        "sectors that need not be old.  The result is a script for `treelab apply` and `treelab "
        "crash`."
        "\vThe script says crash profile=NAME state=WORD, as findings do.  Each candidate runs in "
        "a child process under that profile.\n\n"
        "Examples:\n"
        "  treelab crash shrink out/X/finding-0.tls --out small.tls\n"
        "  treelab crash shrink tree/insert/4096/42/12/log/commit/posix/31.0/ --bound 30\n"
        "  treelab-mutants crash shrink finding-0.tls --mutant ack_before_sync\n"
        "  treelab-mutants crash shrink --campaign --seeds 5\n"
        "\n"
        "Exit codes: 0 a script was written, 2 usage or no finding to begin with, 3 a campaign "
        "missed its bar (ten operations in ten seconds, nine times of ten), 5 the machine "
        "refused.\n",
};

/* --- one finding --- */

/* The script as text, and the state that its crash line names, or two of them. */
static int read_finding(const char *path, char **text, tl_crash_question *question,
                        tl_state_id *where)
{
    tl_script *script = NULL;
    tl_script_error error;
    char why[256];
    tl_script_opening opening;
    const tl_script_line *crash = NULL;
    tl_status status = tl_script_read(path, &script, &error);
    if (status != TL_OK) {
        if (error.line == 0) /* of the file, which the text names */
            tl_complain("crash shrink", "cannot read %s", error.text);
        else
            tl_complain("crash shrink", "%s:%u: %s", path, error.line, error.text);
        return tl_exit_code(status);
    }
    status = tl_script_print(script, text);
    if (status == TL_OK)
        status = tl_script_history_look(script, &opening, &crash, why, sizeof why);
    const char *words = status == TL_OK && crash != NULL ? tl_crash_state_words(crash) : NULL;
    if (status == TL_OK && (words == NULL || !tl_script_state_parse(crash->name, words, where) ||
                            where->pick == TL_PICK_KILLED)) {
        snprintf(why, sizeof why, "%s: no line says crash profile=NAME state=WORD", path);
        status = TL_INVALID;
    }
    if (status == TL_OK) {
        question->profile = where->profile;
        question->seed =
            crash->pairs->next == NULL ? 42 : strtoull(crash->pairs->next->word, NULL, 10);
    } else {
        free(*text);
        *text = NULL;
        tl_complain("crash shrink", "%s", why);
    }
    tl_script_free(script);
    return tl_exit_code(status);
}

/* Find the script's own state again, then the cheapest tier that shows the same. */
static bool find_again(const tl_steps *steps, tl_crash_question *question, const tl_state_id *where,
                       tl_crash_answer *answer)
{
    const tl_tier tiers[] = {TL_TIER_SINGLES, TL_TIER_EXACT, TL_TIER_SAMPLED, TL_TIER_NESTED};
    question->any = true;
    question->only = where;
    question->tier = where->nested                   ? TL_TIER_NESTED
                     : where->pick == TL_PICK_SAMPLE ? TL_TIER_SAMPLED
                                                     : TL_TIER_EXACT;
    tl_crash_try(steps, question, false, answer);
    question->only = NULL;
    question->any = false;
    if (!answer->found)
        return false;
    question->rule = answer->verdict.rule;
    question->status = answer->verdict.status;
    bool exact = tl_profile_at(question->profile)->exact;
    unsigned first = where->nested ? 3 : exact ? 0 : 2, last = where->nested ? 3 : 2;
    for (unsigned i = first; i <= last; i++) {
        tl_crash_answer other;
        question->tier = tiers[i];
        question->budget_ns = UINT64_C(4000000000);
        tl_crash_try(steps, question, false, &other);
        if (other.found) {
            *answer = other;
            return true;
        }
    }
    return false;
}

static int write_text(const tl_shrink_request *request, const char *text)
{
    FILE *out = request->out_path == NULL ? stdout : fopen(request->out_path, "w");
    bool bad = out == NULL || fputs(text, out) == EOF;
    if (out != NULL && out != stdout)
        bad |= fclose(out) != 0;
    if (!bad)
        return TL_EXIT_OK;
    tl_complain("crash shrink", "cannot write %s: %s", request->out_path, strerror(errno));
    return TL_EXIT_ENVIRONMENT;
}

static int shrink_file(const tl_shrink_request *request, const char *path)
{
    tl_crash_question question = {.driver = request->driver};
    static tl_crash_answer answer;
    static tl_state_id where;
    tl_steps steps = {NULL, 0, 0};
    char *text = NULL, *told = NULL, remark[200];
    int exit_code = read_finding(path, &text, &question, &where);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    tl_status status = tl_crash_steps_of(text, &steps);
    if (status == TL_OK && !find_again(&steps, &question, &where, &answer)) {
        tl_complain("crash shrink", "%s: this state shows no finding%s", path,
                    request->mutant == NULL ? "" : ", also with the bug awake");
        free(text);
        tl_steps_free(&steps);
        return TL_EXIT_USAGE;
    }
    tl_crash_shrunk shrunk;
    if (status == TL_OK)
        status =
            tl_crash_shrink(&steps, &question, &answer, request->bound_s * 1000000000, &shrunk);
    snprintf(remark, sizeof remark, "%s: %.120s", tl_rule_name(answer.verdict.rule),
             answer.verdict.text);
    if (status == TL_OK)
        status = tl_crash_steps_tell(&steps, &question, &answer, remark, &told);
    if (status == TL_OK && !request->quiet)
        tl_complain("crash shrink", "%zu lines, %zu are left; %" PRIu64 " tries in %.1f s%s",
                    shrunk.steps_before, shrunk.steps, shrunk.tries,
                    (double)shrunk.elapsed_ns / 1e9, shrunk.in_time ? "" : ", stopped by --bound");
    exit_code = status == TL_OK ? write_text(request, told) : tl_exit_code(status);
    free(text);
    free(told);
    tl_steps_free(&steps);
    return exit_code;
}

/* --- the id of a state: its finding leaves a script, and that is shrunk --- */

/* STORE/HISTORY/PAGE/SEED/COMMITS/PROTOCOL/DURABILITY/STATE */
static bool has_fields_of_an_id(const char *text)
{
    unsigned slashes = 0;
    for (; *text != '\0'; text++)
        slashes += *text == '/';
    return slashes >= 7;
}

static int shrink_id(const tl_shrink_request *request)
{
    if (!has_fields_of_an_id(request->what)) {
        tl_complain("crash shrink",
                    "'%s' is neither a script, FILE.tls, nor the id of a state, such as "
                    "tree/insert/4096/42/12/log/commit/posix/31.0/",
                    request->what);
        return TL_EXIT_USAGE;
    }
    char dir[] = "/tmp/treelab-shrink-XXXXXX", out[64], path[96];
    if (strstr(request->what, "/schedule/") != NULL) {
        tl_complain("crash shrink", "a script runs in one thread, so none shows what several did; "
                                    "`treelab crash replay ID --artifact DIR` writes it down");
        return TL_EXIT_USAGE;
    }
    if (mkdtemp(dir) == NULL) {
        tl_complain("crash shrink", "cannot make %s: %s", dir, strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    snprintf(out, sizeof out, "%s/run", dir);
    snprintf(path, sizeof path, "%s/finding-0.tls", out);
    char *arguments[] = {(char *)"crash shrink", request->what,    (char *)"--out",     out,
                         (char *)"-q",           (char *)"--json", (char *)"/dev/null", NULL};
    int script_goes_to = dup(STDOUT_FILENO); /* the table is not part of the script */
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    int exit_code = tl_cmd_crash_replay(7, arguments);
    fflush(stdout);
    (void)dup2(script_goes_to, STDOUT_FILENO);
    (void)close(script_goes_to);
    if (exit_code == TL_EXIT_WRONG)
        exit_code = shrink_file(request, path);
    else if (exit_code == TL_EXIT_OK) {
        tl_complain("crash shrink", "this state shows no finding");
        exit_code = TL_EXIT_USAGE;
    }
    if (tl_directory_remove(dir) != TL_OK)
        tl_complain("crash shrink", "cannot remove %s; it is not needed any more", dir);
    return exit_code;
}

int tl_cmd_crash_shrink(int argc, char **argv)
{
    static tl_shrink_request request = {.bound_s = 10, .seeds = 3, .ops = 1000};
    request.driver = tl_driver_find("tree");
    static char name[] = "crash shrink";
    char *word = argv[0];
    argv[0] = name; /* what messages are signed with */
    int exit_code = tl_arguments_parse(&shrink_argp, argc, argv, &request);
    argv[0] = word;
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    if (request.campaign)
        return tl_shrink_campaign(&request);
    if (request.mutant != NULL)
        tl_mutant_engine_here->wake(request.mutant);
    size_t length = strlen(request.what);
    if (length > 4 && strcmp(request.what + length - 4, ".tls") == 0)
        return shrink_file(&request, request.what);
    return shrink_id(&request);
}
