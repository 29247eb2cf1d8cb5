/* harness/cli/cmd_noise.c -- `treelab noise`: bad neighbours on purpose, to see what they do to a
 * measurement. */
#include "harness/calibrate/neighbours.h"
#include "harness/cli/arguments.h"

#include <string.h>
#include <time.h>

enum { OPTION_KIND = 256, OPTION_PROCESSES, OPTION_ON, OPTION_OFF, OPTION_SEED, OPTION_SECONDS };
#define SECONDS_MAX  (UINT64_C(7) * 86400)
#define SECOND_NS    UINT64_C(1000000000)
#define SPELL_NS_MAX (3600 * SECOND_NS)

typedef struct noise_options {
    tl_neighbours_request noise;
    double seconds;
} noise_options;

static const struct argp_option options[] = {
    {"kind",                                            OPTION_KIND, "KIND,...", 0, "spin, memcpy, or both by turns (default: both)", 0},
    {"processes",                                       OPTION_PROCESSES, "N", 0, "How many neighbours (default: 3)", 0},
    {"on", OPTION_ON, "TIME", 0, "Mean time at work (default: 1s)", 0},
    {"off",                                                 OPTION_OFF, "TIME", 0, "Mean time at rest (default: 2s)", 0},
    {"seconds",OPTION_SECONDS, "TIME", 0, "How long; wanted", 0},
    {"seed",                                                OPTION_SEED, "S", 0, "Of the spells (default: 1)", 0},
    {0                                               },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    noise_options *asked = state->input;
    switch (key) {
    case OPTION_KIND:
        if (!tl_neighbours_kinds_parse(value, &asked->noise.kinds))
            argp_error(state, "--kind takes spin, memcpy, or both with a comma, not '%s'", value);
        return 0;
    case OPTION_PROCESSES:
        asked->noise.processes = (unsigned)tl_arguments_number(state, "processes", value, 1,
                                                               TL_NEIGHBOURS_PROCESSES_MAX);
        return 0;
    case OPTION_ON:
        asked->noise.on_ns = tl_arguments_time(state, "on", value, SPELL_NS_MAX);
        return 0;
    case OPTION_OFF:
        asked->noise.off_ns = tl_arguments_time(state, "off", value, SPELL_NS_MAX);
        return 0;
    case OPTION_SECONDS:
        asked->seconds = tl_arguments_seconds(state, "seconds", value, SECONDS_MAX);
        return 0;
    case OPTION_SEED:
        asked->noise.seed = tl_arguments_seed(state, value);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument '%s'", value);
        return 0;
    case ARGP_KEY_END:
        if (asked->seconds == 0)
            argp_error(state, "how long? for example --seconds 60");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp noise_argp = {
    .options = options,
    .parser = parse,
    .doc = "Disturb this machine: processes that work in bursts, each with spells of its own "
           "from half to one and a half of the means.\v"
           "Examples:\n"
           "  treelab noise --seconds 60\n"
           "  treelab noise --kind memcpy --processes 1 --on 200ms --off 200ms --seconds 30\n",
};

int tl_cmd_noise(int argc, char **argv)
{
    noise_options asked = {.noise = tl_neighbours_default()};
    tl_neighbours noise;
    int exit_code = tl_arguments_parse(&noise_argp, argc, argv, &asked);
    if (exit_code != TL_EXIT_OK)
        return exit_code;
    tl_catch_interrupt();
    tl_status status = tl_neighbours_start(&asked.noise, &noise);
    if (status != TL_OK) {
        tl_complain("noise", "cannot start a process");
        return tl_exit_code(status);
    }
    for (double left = asked.seconds; left > 0 && !tl_interrupted(); left--) {
        const struct timespec step = {.tv_sec = left >= 1,
                                      .tv_nsec = left >= 1 ? 0 : (long)(left * 1e9)};
        nanosleep(&step, NULL); /* SIGINT ends it */
    }
    tl_neighbours_stop(&noise);
    return tl_interrupted() ? TL_EXIT_INTERRUPTED : TL_EXIT_OK;
}
