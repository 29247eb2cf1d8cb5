/* harness/fuzz/crash_trial.c -- one list of steps under the crash lab, in a child process. */
#define _GNU_SOURCE
#include "harness/check/script_history.h"
#include "harness/check/state_make.h"
#include "harness/fuzz/crash_shrink.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool enough; /* of the child: what was wanted was found */

static bool is_enough(void)
{
    return enough;
}

typedef struct trial {
    const tl_crash_question *question;
    const tl_oracle *oracle;
    tl_crash_answer *answer;
} trial;

static void take_finding(void *context, const tl_enumerate_finding *finding)
{
    const trial *of = context;
    const tl_crash_question *question = of->question;
    tl_crash_answer *answer = of->answer;
    bool wanted = question->any || (finding->verdict.rule == question->rule &&
                                    finding->verdict.status == question->status);
    if (!wanted || answer->found || finding->known != NULL)
        return;
    answer->found = enough = true;
    answer->where = finding->where;
    answer->verdict = finding->verdict;
    answer->allowed = finding->allowed;
    answer->marker = finding->verdict.rule != TL_RULE_NONE &&
                     tl_oracle_has_marker(of->oracle, finding->verdict.content);
}

/* Entries of the log when each step was done: ends[i] of step i. */
static void ends_of_steps(const tl_steps *steps, const size_t *line_ends, size_t *ends)
{
    size_t line = 2, so_far = 0; /* behind the header */
    for (size_t i = 0; i < steps->count; i++) {
        size_t next = line + 1;
        for (const char *c = steps->at[i]; *c != '\0'; c++)
            next += *c == '\n';
        for (; line < next; line++)
            if (line_ends[line] != SIZE_MAX && line_ends[line] > so_far)
                so_far = line_ends[line];
        ends[i] = so_far;
    }
}

/* Where the last step began; when it ends a transaction, where that began. */
static size_t late_point(const tl_steps *steps, const size_t *ends)
{
    size_t last = steps->count - 1;
    if (strncmp(steps->at[last], "commit", 6) == 0 || strncmp(steps->at[last], "abort", 5) == 0)
        while (last > 1 && strncmp(steps->at[last], "begin", 5) != 0)
            last--;
    return last > 0 ? ends[last - 1] : 0;
}

static size_t step_of(const size_t *ends, size_t count, size_t point)
{
    size_t step = 0;
    while (step < count && ends[step] <= point)
        step++;
    return step;
}

static void look(const tl_recording *recording, const tl_steps *steps, const size_t *ends,
                 const tl_crash_question *question, bool late, size_t lines_end,
                 tl_crash_answer *answer)
{
    trial of = {question, recording->oracle, answer};
    tl_state_id plain;
    tl_enumeration result;
    tl_enumerate_options options = {
        .recording = recording,
        .profile = question->profile,
        .tier = question->tier,
        .seed = question->seed,
        .budget_ns = question->budget_ns,
        .point_first = late ? late_point(steps, ends) : 0,
        .only = question->only,
        .stop = is_enough,
        .on_finding = take_finding,
        .context = &of,
    };
    tl_enumeration_init(&result);
    tl_status status = tl_enumerate(&options, &result);
    answer->ran = status == TL_OK || answer->found;
    answer->leaves = result.leaves;
    tl_enumeration_clear(&result);
    if (!answer->found)
        return;
    size_t point = answer->where.nested ? answer->where.first.point : answer->where.point;
    answer->step = step_of(ends, steps->count, point);
    answer->in_closing = point > lines_end;
    if (tl_state_spell(recording, question->seed, &answer->where, &plain) == TL_OK)
        answer->where = plain;
    if (tl_profile_at(question->profile)->exact &&
        tl_state_list(recording, question->seed, &answer->where, &plain) == TL_OK &&
        plain.branch_count > 0)
        answer->where = plain;
}

static void run_lab(const tl_steps *steps, const tl_crash_question *question, bool late,
                    tl_crash_answer *answer)
{
    char *text = NULL, error[256];
    tl_script *script = NULL;
    tl_script_error wrong;
    tl_script_opening opening;
    const tl_script_line *crash = NULL;
    tl_script_history *history = NULL;
    tl_recording recording = {0};
    enough = false;
    if (tl_steps_text(steps, &text) != TL_OK)
        return;
    size_t line_count = 3;
    for (const char *c = text; *c != '\0'; c++)
        line_count += *c == '\n';
    size_t *line_ends = calloc(line_count, sizeof *line_ends);
    size_t *ends = calloc(steps->count + 1, sizeof *ends);
    tl_status status = line_ends == NULL || ends == NULL ? TL_NO_MEMORY : TL_OK;
    if (status == TL_OK)
        status = tl_script_parse("steps", (tl_slice){text, strlen(text)}, &script, &wrong);
    if (status == TL_OK)
        status = tl_script_history_look(script, &opening, &crash, error, sizeof error);
    if (status == TL_OK && crash == NULL) {
        const tl_script_history_spec spec = {.script = script,
                                             .driver = question->driver,
                                             .arena = question->arena,
                                             .model_only = true,
                                             .line_ends = line_ends,
                                             .line_count = line_count};
        status = tl_script_history_record(&spec, &recording, &history, error, sizeof error);
        if (status == TL_OK) {
            ends_of_steps(steps, line_ends, ends);
            look(&recording, steps, ends, question, late, tl_script_history_end(history), answer);
        }
    }
    tl_recording_clear(&recording);
    tl_script_history_free(history);
    tl_script_free(script);
    free(line_ends);
    free(ends);
    free(text);
}

static void child_body(const tl_steps *steps, const tl_crash_question *question, bool late,
                       int home)
{
    static_assert(sizeof(tl_crash_answer) <= PIPE_BUF, "an answer goes home in one piece");
    static tl_crash_answer answer;
    int null = open("/dev/null", O_WRONLY); /* an engine that dies need not say so */
    if (null >= 0)
        (void)dup2(null, STDERR_FILENO);
    alarm(TL_TRIAL_SECONDS);
    run_lab(steps, question, late, &answer);
    ssize_t sent = write(home, &answer, sizeof answer);
    _exit(sent == sizeof answer ? 0 : 1);
}

void tl_crash_try(const tl_steps *steps, const tl_crash_question *question, bool late,
                  tl_crash_answer *answer)
{
    int ends[2];
    *answer = (tl_crash_answer){.ran = false};
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    pid_t child = fork();
    if (child == 0)
        child_body(steps, question, late, ends[1]);
    close(ends[1]);
    ssize_t got = child < 0 ? 0 : read(ends[0], answer, sizeof *answer);
    close(ends[0]);
    if (got != sizeof *answer)
        *answer = (tl_crash_answer){.ran = false};
    if (child > 0)
        (void)waitpid(child, NULL, 0);
}
