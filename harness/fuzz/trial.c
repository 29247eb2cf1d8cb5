/* harness/fuzz/trial.c -- a list of steps on a store beside the model, here or in a child. */
#define _GNU_SOURCE
#include "harness/fuzz/steps.h"
#include "harness/run/directory.h"
#include "harness/script/simhost.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *tl_trial_name(tl_trial trial)
{
    static const char *const names[] = {[TL_TRIAL_AGREED] = "agreed",
                                        [TL_TRIAL_DIFFERED] = "differed",
                                        [TL_TRIAL_DIED] = "died",
                                        [TL_TRIAL_HUNG] = "hung",
                                        [TL_TRIAL_UNFIT] = "unfit"};
    return names[trial];
}

static tl_trial trial_of(tl_script_outcome outcome)
{
    if (outcome == TL_SCRIPT_PASSED)
        return TL_TRIAL_AGREED;
    return outcome == TL_SCRIPT_MISMATCH ? TL_TRIAL_DIFFERED : TL_TRIAL_UNFIT;
}

static void run_in(const tl_script *script, const tl_driver *driver, const tl_script_host *host,
                   const char *dir, tl_script_result *result)
{
    const tl_script_config config = {.driver = driver,
                                     .model = tl_driver_find("model"),
                                     .dir = dir,
                                     .host = host,
                                     .skip_unsupported = true,
                                     .model_only = true};
    tl_script_run(script, &config, result);
}

/* What a child that dies leaves behind is the parent's to remove: a directory around its own. */
static const char *around; /* set in a child alone */

static bool make_directory(char dir[PATH_MAX])
{
    const char *wanted = around != NULL ? around : getenv("TMPDIR");
    int length = snprintf(dir, PATH_MAX, "%s/treelab-fuzz-XXXXXX",
                          wanted != NULL && wanted[0] != '\0' ? wanted : "/tmp");
    return length > 0 && length < PATH_MAX && mkdtemp(dir) != NULL;
}

static tl_status run_script(const tl_script *script, const tl_driver *driver,
                            tl_script_result *result)
{
    tl_simhost *host = NULL;
    char dir[PATH_MAX];
    if ((driver->capabilities & TL_DRIVER_SIM_IO) != 0) {
        tl_status status = tl_simhost_create(script, &host);
        if (status != TL_OK)
            return status;
    }
    tl_status status = TL_ACCESS;
    if (make_directory(dir)) {
        run_in(script, driver, host != NULL ? tl_simhost_get(host) : NULL, dir, result);
        status = tl_directory_remove(dir);
    }
    tl_simhost_destroy(host);
    return status;
}

tl_trial tl_steps_try(const tl_steps *steps, const tl_driver *driver,
                      char message[TL_TRIAL_MESSAGE_BYTES])
{
    char *text;
    tl_script *script;
    tl_script_error error = {.text = "out of memory"};
    tl_script_result result = {.outcome = TL_SCRIPT_NO_MEMORY};
    tl_status status = tl_steps_text(steps, &text);
    if (status == TL_OK) {
        status = tl_script_parse("fuzz", (tl_slice){text, strlen(text)}, &script, &error);
        free(text);
    }
    if (status != TL_OK) {
        snprintf(message, TL_TRIAL_MESSAGE_BYTES, "%u: %s", error.line, error.text);
        return TL_TRIAL_UNFIT;
    }
    status = run_script(script, driver, &result);
    tl_script_free(script);
    snprintf(message, TL_TRIAL_MESSAGE_BYTES, "%s",
             status == TL_OK ? result.message : tl_status_text(status));
    return status == TL_OK ? trial_of(result.outcome) : TL_TRIAL_UNFIT;
}

/* --- in a child --- */

typedef struct telegram { /* what the child sends home */
    tl_trial trial;
    char message[TL_TRIAL_MESSAGE_BYTES];
} telegram;

static void child_body(const tl_steps *steps, const tl_driver *driver, const char *dir, int home)
{
    telegram news = {.trial = TL_TRIAL_UNFIT};
    around = dir;
    alarm(TL_TRIAL_SECONDS);
    news.trial = tl_steps_try(steps, driver, news.message);
    ssize_t sent = write(home, &news, sizeof news); /* fits into a pipe: whole or not at all */
    _exit(sent == sizeof news ? 0 : 1);
}

tl_trial tl_steps_try_apart(const tl_steps *steps, const tl_driver *driver,
                            char message[TL_TRIAL_MESSAGE_BYTES])
{
    int ends[2], how = 0;
    telegram news;
    char dir[PATH_MAX];
    snprintf(message, TL_TRIAL_MESSAGE_BYTES, "no directory for the stores could be made");
    if (!make_directory(dir))
        return TL_TRIAL_UNFIT;
    snprintf(message, TL_TRIAL_MESSAGE_BYTES, "no child process could be made");
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        (void)tl_directory_remove(dir);
        return TL_TRIAL_UNFIT;
    }
    pid_t child = fork();
    if (child == 0)
        child_body(steps, driver, dir, ends[1]);
    close(ends[1]);
    ssize_t got = child < 0 ? 0 : read(ends[0], &news, sizeof news);
    close(ends[0]);
    bool ended = child > 0 && waitpid(child, &how, 0) == child;
    (void)tl_directory_remove(dir); /* what is left there tells nothing that the script does not */
    if (!ended)
        return TL_TRIAL_UNFIT;
    if (got == sizeof news) {
        memcpy(message, news.message, sizeof news.message);
        return news.trial;
    }
    bool hung = WIFSIGNALED(how) && WTERMSIG(how) == SIGALRM;
    snprintf(message, TL_TRIAL_MESSAGE_BYTES, "the process ended by %s %d",
             WIFSIGNALED(how) ? "signal" : "exit code",
             WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
    return hung ? TL_TRIAL_HUNG : TL_TRIAL_DIED;
}

/* --- wants --- */

typedef struct answers { /* what the model said to each line that is not TL_OK */
    tl_status *of_line;  /* by line number */
    uint32_t count;
} answers;

static void hear(void *context, uint32_t line, tl_status status)
{
    answers *heard = context;
    if (line < heard->count)
        heard->of_line[line] = status;
}

static tl_status ask_model(const char *text, answers *heard)
{
    tl_script *script;
    tl_script_error error;
    tl_script_result result;
    tl_status status = tl_script_parse("fuzz", (tl_slice){text, strlen(text)}, &script, &error);
    if (status != TL_OK)
        return status;
    const tl_driver *model = tl_driver_find("model");
    char dir[PATH_MAX];
    if (!make_directory(dir)) {
        tl_script_free(script);
        return TL_ACCESS;
    }
    const tl_script_config config = {.driver = model,
                                     .model = model,
                                     .dir = dir,
                                     .skip_unsupported = true,
                                     .model_only = true,
                                     .on_answer = hear,
                                     .on_answer_context = heard};
    tl_script_run(script, &config, &result);
    tl_script_free(script);
    return tl_directory_remove(dir);
}

static uint32_t line_count(const char *text)
{
    uint32_t count = 1;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static tl_status write_told(const tl_steps *steps, const char *remark, const answers *heard,
                            char **told)
{
    size_t size_bytes = 0;
    FILE *out = open_memstream(told, &size_bytes);
    if (out == NULL)
        return TL_NO_MEMORY;
    fprintf(out, "treelab-script 1\n# %s\n", remark);
    uint32_t line = 2; /* in the text that the model was asked */
    for (size_t i = 0; i < steps->count; i++) {
        tl_status status = line < heard->count ? heard->of_line[line] : TL_OK;
        fputs(steps->at[i], out);
        if (status != TL_OK && status != TL_UNSUPPORTED)
            fprintf(out, " -> %s", tl_status_name(status));
        fputc('\n', out);
        line += line_count(steps->at[i]);
    }
    return fclose(out) == 0 ? TL_OK : TL_NO_MEMORY;
}

tl_status tl_steps_tell(const tl_steps *steps, const char *remark, char **told)
{
    char *text;
    tl_status status = tl_steps_text(steps, &text);
    if (status != TL_OK)
        return status;
    answers heard = {.count = line_count(text) + 1};
    heard.of_line = calloc(heard.count, sizeof *heard.of_line);
    status = heard.of_line == NULL ? TL_NO_MEMORY : ask_model(text, &heard);
    free(text);
    if (status == TL_OK)
        status = write_told(steps, remark, &heard, told);
    free(heard.of_line);
    return status;
}
