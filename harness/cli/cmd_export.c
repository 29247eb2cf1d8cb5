/* harness/cli/cmd_export.c -- `treelab export FORMAT RUN`: a result as other tools read it. */
#include "harness/cli/arguments.h"
#include "harness/report/export.h"
#include "harness/report/resultfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct request {
    const char *format, *run, *out;
} request;

static const struct argp_option rows[] = {
    {"out",   'o', "FILE", 0, "Write to FILE instead of stdout", 0},
    {0},
};

static void take_format(struct argp_state *state, const char *word)
{
    const char *const *formats = tl_export_formats();
    size_t count = 0;
    for (; formats[count] != NULL; count++)
        if (strcmp(formats[count], word) == 0) {
            ((request *)state->input)->format = formats[count];
            return;
        }
    tl_arguments_unknown(state, "format", word, formats, count, NULL);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    request *asked = state->input;
    switch (key) {
    case 'o':
        asked->out = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (asked->format == NULL)
            take_format(state, argument);
        else if (asked->run == NULL)
            asked->run = argument;
        else
            argp_error(state, "'%s' is one argument too many", argument);
        return 0;
    case ARGP_KEY_END:
        if (asked->run == NULL)
            argp_error(state, "FORMAT and RUN are wanted: a run's directory or its run.json");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    rows,
    parse,
    "FORMAT RUN",
    "Write the measured phases of RUN in the format of another tool: go (benchstat), google "
    "(google-benchmark JSON), bencher (Bencher Metric Format), smaller "
    "(customSmallerIsBetter of github-action-benchmark).\v"
    "Examples:\n"
    "  treelab export go out/<run> > new.txt; benchstat old.txt new.txt\n"
    "  treelab export bencher out/<run>/run.json --out bmf.json\n\n"
    "Times of two machines or two days are not to be compared by their size: treelab duel and "
    "treelab gate measure both sides in one go.\n"
    "Exit codes: 0 well, 2 no such format or run, 5 cannot be written, 6 nothing was measured in "
    "it.",
    NULL,
    NULL,
    NULL,
};

int tl_cmd_export(int argc, char **argv)
{
    request asked = {0};
    char path[PATH_MAX];
    struct stat info;
    int code = tl_arguments_parse(&argp, argc, argv, &asked);
    if (code != TL_EXIT_OK)
        return code;
    bool is_directory = stat(asked.run, &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, "%s%s", asked.run, is_directory ? "/" TL_RESULT_FILE : "");
    tl_json *run = NULL;
    tl_status status = tl_json_read(path, &run);
    if (status == TL_OK &&
        strcmp(tl_json_text(tl_json_get(run, "schema"), ""), TL_RESULT_SCHEMA) != 0)
        status = TL_INVALID;
    if (status != TL_OK) {
        if (status == TL_INVALID)
            tl_complain("export", "'%s' is no result of a run (schema " TL_RESULT_SCHEMA ")", path);
        else
            tl_complain("export", "cannot read '%s': %s", path, tl_status_reason(status));
        tl_json_free(run);
        return status == TL_NO_MEMORY ? TL_EXIT_ENVIRONMENT : TL_EXIT_USAGE;
    }
    tl_text text = {0};
    size_t count = 0;
    status = tl_export(run, asked.format, &text, &count);
    if (status == TL_OK && count > 0)
        status = tl_text_save(&text, asked.out != NULL ? asked.out : "-");
    if (status != TL_OK)
        tl_complain("export", "cannot write '%s': %s", asked.out != NULL ? asked.out : "stdout",
                    status == TL_NO_MEMORY ? tl_status_text(status) : strerror(errno));
    else if (count == 0)
        tl_complain("export", "'%s' has no measured phase of a cell that ended well", path);
    tl_text_clear(&text);
    tl_json_free(run);
    return status != TL_OK ? TL_EXIT_ENVIRONMENT : count == 0 ? TL_EXIT_NOTHING : TL_EXIT_OK;
}
