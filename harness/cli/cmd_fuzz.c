/* harness/cli/cmd_fuzz.c -- `treelab fuzz`: random scripts until one shows a difference, which is
 * then cut down to the lines that matter. */
#include "harness/cli/arguments.h"
#include "harness/drivers/drivers.h"
#include "harness/fuzz/steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const tl_driver *driver;
    uint64_t seed, rounds, steps;
    const char *save;
    bool quiet;
} request;

static const struct argp_option rows[] = {
    {"driver",                     'd', "NAME", 0, "The store (default: tree)", 0},
    {"seed",                      's', "N", 0, "Seed of the first script; the next one has the next (default: 1)", 0},
    {"rounds", 'n', "N", 0, "Scripts to run (default: 1000)", 0},
    {"steps",                            'l', "N", 0, "Lines of each (default: 800)", 0},
    {"save",    'o', "FILE", 0, "Write the shrunk script there as well", 0},
    {"quiet",                           'q', 0, 0, "No progress on stderr", 0},
    {0                          },
};

static const tl_driver *driver_of(const struct argp_state *state, const char *name)
{
    const char *names[32];
    size_t count = 0;
    const tl_driver *driver = tl_driver_find(name);
    if (driver != NULL && (driver->capabilities & TL_DRIVER_READS_BACK) != 0)
        return driver;
    if (driver != NULL)
        argp_error(state, "driver %s does not answer reads: nothing can be compared", name);
    for (; count < tl_driver_count() && count < 32; count++)
        names[count] = tl_driver_at(count)->name;
    tl_arguments_unknown(state, "driver", name, names, count, "drivers");
    return NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    request *wanted = state->input;
    switch (key) {
    case 'd':
        wanted->driver = driver_of(state, argument);
        return 0;
    case 's':
        wanted->seed = tl_arguments_seed(state, argument);
        return 0;
    case 'n':
        wanted->rounds = tl_arguments_number(state, "rounds", argument, 1, UINT32_MAX);
        return 0;
    case 'l':
        wanted->steps = tl_arguments_number(state, "steps", argument, 1, 100000);
        return 0;
    case 'o':
        wanted->save = argument;
        return 0;
    case 'q':
        wanted->quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    rows,
    parse,
    NULL,
    "Run random scripts on a store, each line beside a model, the verifier now and then.  The "
    "first\n"
    "script that shows a difference, dies or hangs is cut down and printed: `treelab apply` runs "
    "it.\v"
    "Examples:\n"
    "  treelab fuzz --rounds 100\n"
    "  treelab fuzz --driver tree --seed 4711 --rounds 1 --save found.tls\n\n"
    "Exit codes: 0 all agree, 3 a difference, 5 environment, 130 interrupted.",
    NULL,
    NULL,
    NULL,
};

typedef struct hunt {
    const tl_driver *driver;
    tl_trial trial;
} hunt;

static bool still_fails(void *context, const tl_steps *steps)
{
    const hunt *wanted = context;
    char message[TL_TRIAL_MESSAGE_BYTES];
    return tl_steps_try_apart(steps, wanted->driver, message) == wanted->trial;
}

static int save(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    bool written = out != NULL && fputs(text, out) >= 0;
    written = (out == NULL || fclose(out) == 0) && written;
    if (!written)
        tl_complain("fuzz", "cannot write '%s': %s", path, strerror(errno));
    return written ? TL_EXIT_WRONG : TL_EXIT_ENVIRONMENT;
}

/* Shrink what was found and show it. */
static int tell(const request *wanted, uint64_t seed, tl_steps *steps, tl_trial trial,
                const char *message)
{
    hunt sought = {wanted->driver, trial};
    char remark[TL_TRIAL_MESSAGE_BYTES + 120], *text = NULL;
    size_t before = steps->count;
    int code = TL_EXIT_WRONG;
    tl_complain("fuzz", "seed %" PRIu64 ": %s: %s; shrinking", seed, tl_trial_name(trial), message);
    tl_status status = tl_steps_shrink(steps, still_fails, &sought);
    snprintf(remark, sizeof remark, "driver %s, seed %" PRIu64 ", %zu of %zu steps: %s: %s",
             wanted->driver->name, seed, steps->count, before, tl_trial_name(trial), message);
    if (status == TL_OK)
        status = tl_steps_tell(steps, remark, &text);
    if (status != TL_OK) {
        tl_complain("fuzz", "%s", tl_status_text(status));
        return tl_exit_code(status);
    }
    fputs(text, stdout);
    if (wanted->save != NULL)
        code = save(wanted->save, text);
    free(text);
    return code;
}

static int run_round(const request *wanted, uint64_t seed)
{
    char message[TL_TRIAL_MESSAGE_BYTES] = "";
    tl_choices choices = tl_choices_of_seed(seed);
    tl_steps steps = {NULL, 0, 0};
    int code = TL_EXIT_OK;
    tl_status status = tl_steps_make(&choices, (size_t)wanted->steps, &steps);
    tl_trial trial = TL_TRIAL_UNFIT;
    if (status == TL_OK)
        trial = tl_steps_try_apart(&steps, wanted->driver, message);
    if (status != TL_OK || trial == TL_TRIAL_UNFIT) {
        tl_complain("fuzz", "seed %" PRIu64 ": %s", seed,
                    status != TL_OK ? tl_status_text(status) : message);
        code = TL_EXIT_ENVIRONMENT;
    } else if (trial != TL_TRIAL_AGREED) {
        code = tell(wanted, seed, &steps, trial, message);
    }
    tl_steps_free(&steps);
    return code;
}

int tl_cmd_fuzz(int argc, char **argv)
{
    request wanted = {.seed = 1, .rounds = 1000, .steps = 800};
    int code = tl_arguments_parse(&argp, argc, argv, &wanted);
    if (code != TL_EXIT_OK)
        return code;
    if (wanted.driver == NULL)
        wanted.driver = tl_driver_find("tree");
    tl_catch_interrupt();
    tl_progress *progress = tl_progress_begin("fuzz", wanted.rounds, wanted.quiet);
    uint64_t round = 0;
    for (; round < wanted.rounds && code == TL_EXIT_OK && !tl_interrupted(); round++) {
        code = run_round(&wanted, wanted.seed + round);
        tl_progress_update(progress, round + 1, wanted.driver->name);
    }
    tl_progress_end(progress);
    if (code == TL_EXIT_OK && round < wanted.rounds)
        return TL_EXIT_INTERRUPTED;
    if (code == TL_EXIT_OK)
        printf("%" PRIu64 " scripts of %" PRIu64 " steps agree with the model\n", round,
               wanted.steps);
    return code;
}
