/* harness/cli/cmd_doctor.c -- `treelab doctor`: is this machine fit to measure on? */
#include "harness/cli/arguments.h"
#include "harness/doctor/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct request {
    tl_doctor_request doctor;
    const char *json;
    bool wanted[TL_PURPOSE_COUNT], any_wanted;
} request;

enum { OPTION_JSON = 256, OPTION_DIR, OPTION_FOR, OPTION_SECONDS };
#define SECONDS_MAX 60

static const struct argp_option rows[] = {
    {"for",                                                                                 OPTION_FOR, "PURPOSE,...", 0,
     "Exit by these alone: counters, instructions, time, latency, durable (default: time)", 0},
    {"dir",                                                                        OPTION_DIR, "DIR", 0, "Where stores would live (default: .)", 0},
    {"seconds", OPTION_SECONDS, "N", 0,
     "How long to listen to the machine, 0..60 (default: 2; 0: settings only)", 0},
    {"json",                                                                                     OPTION_JSON, "FILE", 0, "Also write the outcome as JSON; '-': stdout alone", 0},
    {0   },
};

static void want(struct argp_state *state, const char *word)
{
    request *asked = state->input;
    const char *names[TL_PURPOSE_COUNT];
    for (tl_purpose purpose = 0; purpose < TL_PURPOSE_COUNT; purpose++) {
        names[purpose] = tl_purpose_name(purpose);
        if (strcmp(word, names[purpose]) == 0) {
            asked->wanted[purpose] = asked->any_wanted = true;
            return;
        }
    }
    tl_arguments_unknown(state, "purpose", word, names, TL_PURPOSE_COUNT, NULL);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    request *asked = state->input;
    switch (key) {
    case OPTION_FOR:
        tl_arguments_list(state, argument, want);
        return 0;
    case OPTION_DIR:
        asked->doctor.dir = argument;
        return 0;
    case OPTION_SECONDS:
        asked->doctor.measure_ns =
            tl_arguments_number(state, "seconds", argument, 0, SECONDS_MAX) * UINT64_C(1000000000);
        return 0;
    case OPTION_JSON:
        asked->json = argument;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument '%s'; see treelab doctor --help", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    rows,
    parse,
    NULL,
    "Say whether this machine is fit to measure on, for what, and what to change.\v"
    "Purposes: counters (exact), instructions (callgrind), time (pairs in processor time), latency "
    "(tails and rates by the clock), durable (commits that wait for a disk).\n\n"
    "Examples:\n"
    "  treelab doctor\n"
    "  treelab doctor --for latency,durable --dir out\n"
    "  treelab doctor --seconds 0 --json -\n\n"
    "Exit codes: 0 fit, or fit with care; 5 unfit for a purpose asked for.",
    NULL,
    NULL,
    NULL,
};

static void print_symptoms(FILE *out, const tl_examination *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const tl_symptom *symptom = &found->symptoms[i];
        fprintf(out, "%-8s %-21s %s\n", tl_fitness_name(symptom->fitness), symptom->name,
                symptom->value);
        if (symptom->remedy[0] != '\0')
            fprintf(out, "%-30s-> %s\n", "", symptom->remedy);
    }
    fprintf(out, "\nfit for");
    for (tl_purpose purpose = 0; purpose < TL_PURPOSE_COUNT; purpose++)
        fprintf(out, "%s %s: %s", purpose > 0 ? "," : "", tl_purpose_name(purpose),
                tl_fitness_name(tl_doctor_conclude(found, purpose)));
    fprintf(out, "\n");
}

static int exit_code(const request *asked, const tl_examination *found)
{
    int code = TL_EXIT_OK;
    for (tl_purpose purpose = 0; purpose < TL_PURPOSE_COUNT; purpose++)
        if (asked->wanted[purpose] && tl_doctor_conclude(found, purpose) == TL_UNFIT) {
            tl_complain("doctor", "this machine is unfit for %s; the rows marked unfit say why",
                        tl_purpose_name(purpose));
            code = TL_EXIT_ENVIRONMENT;
        }
    return code;
}

int tl_cmd_doctor(int argc, char **argv)
{
    request asked = {
        .doctor = {.dir = ".", .measure_ns = UINT64_C(2000000000)}
    };
    int code = tl_arguments_parse(&argp, argc, argv, &asked);
    if (code != TL_EXIT_OK)
        return code;
    if (!asked.any_wanted)
        asked.wanted[TL_PURPOSE_TIME] = true;
    if (access(asked.doctor.dir, F_OK) != 0) {
        tl_complain("doctor", "there is no directory '%s'; --dir names one", asked.doctor.dir);
        return TL_EXIT_USAGE;
    }
    tl_examination found;
    tl_doctor_examine(&asked.doctor, &found);
    bool json_alone = asked.json != NULL && strcmp(asked.json, "-") == 0;
    if (!json_alone)
        print_symptoms(stdout, &found);
    if (asked.json != NULL) {
        tl_json *root = tl_doctor_json(&found);
        tl_status status = tl_json_write(root, asked.json);
        tl_json_free(root);
        if (status != TL_OK) {
            tl_complain("doctor", "cannot write '%s': %s", asked.json, tl_status_reason(status));
            return tl_exit_code(status);
        }
    }
    return exit_code(&asked, &found);
}
