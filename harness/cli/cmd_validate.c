/* harness/cli/cmd_validate.c -- `treelab validate FILE...`: is this what it seems to be?
 *
 *     SCRIPT.tls               parsed
 *     run.json                 held against the main rules of the result schema
 *     SPEC.ini, SPEC.json      judged as `treelab run` does, workloads made and let go
 *
 * What a file is follows from its beginning, not from its name.
 */
#include "harness/cli/cmd_validate.h"

#include "harness/cli/cmd_run.h"
#include "harness/report/wholefile.h"
#include "harness/script/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 1024 };
#define FILE_BYTES_MAX ((size_t)1 << 30)

typedef struct request {
    const char *files[FILES_MAX];
    size_t count;
    bool quiet;
} request;

static const struct argp_option rows[] = {
    {"quiet", 'q', NULL, 0, "Say nothing about files that are well", 0},
    {0  },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    request *wanted = state->input;
    switch (key) {
    case 'q':
        wanted->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (wanted->count == FILES_MAX)
            argp_error(state, "more than %d files at once", FILES_MAX);
        wanted->files[wanted->count++] = argument;
        return 0;
    case ARGP_KEY_END:
        if (wanted->count == 0)
            argp_error(state, "which FILE?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = rows,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Check specs, scripts and results without running anything."
           "\vExamples:\n"
           "  treelab validate mix.ini\n"
           "  treelab validate specs/*.ini findings/*.tls out/*/run.json\n\n"
           "Exit codes: 0 all are well, 2 something is wrong in one, 5 one cannot be read.",
};

static void tell(void *context, const char *text)
{
    (void)context;
    tl_complain("validate", "%s", text);
}

/* Judged as `treelab run FILE` would; the options of that are large, and used once per file. */
static bool spec_is_well(const char *path)
{
    tl_run_options *asked = calloc(1, sizeof *asked);
    if (asked == NULL) {
        tl_complain("validate", "%s: out of memory", path);
        exit(TL_EXIT_ENVIRONMENT);
    }
    tl_spec_begin(&asked->spec, tell, NULL);
    asked->spec_path = path;
    bool well = tl_run_spec_judge(asked, NULL);
    tl_spec_release(&asked->spec);
    tl_choice_release(&asked->choice);
    free(asked);
    return well;
}

static bool script_is_well(const char *path)
{
    tl_script *script = NULL;
    tl_script_error error;
    tl_status status = tl_script_read(path, &script, &error);
    if (status != TL_OK)
        tl_complain("validate", "%s:%u: %s", path, (unsigned)error.line, error.text);
    tl_script_free(script);
    return status == TL_OK;
}

/* Name of the kind, or NULL: something is wrong, which was told. */
static const char *judge(const char *path, const char *text, size_t size_bytes)
{
    static const char script_head[] = "treelab-script";
    size_t length = strlen(path), error_at;
    const char *begin = text;
    tl_json *root = NULL;
    while (isspace((unsigned char)*begin))
        begin++;
    if (strncmp(begin, script_head, sizeof script_head - 1) == 0 ||
        (length > 4 && strcmp(path + length - 4, ".tls") == 0))
        return script_is_well(path) ? "script" : NULL;
    if (*begin == '{' && tl_json_parse(text, size_bytes, &root, &error_at) == TL_OK &&
        tl_json_get(root, "schema") != NULL) {
        size_t troubles = tl_validate_result(path, root);
        tl_json_free(root);
        return troubles == 0 ? "result" : NULL;
    }
    tl_json_free(root);
    return spec_is_well(path) ? "spec" : NULL;
}

static int validate(const char *path, bool quiet)
{
    char *text = NULL;
    size_t size_bytes = 0;
    tl_status status = tl_wholefile_read(path, FILE_BYTES_MAX, &text, &size_bytes);
    if (status != TL_OK) {
        tl_complain("validate", "cannot read '%s': %s", path,
                    status == TL_INVALID ? "it is too large" : strerror(errno));
        return tl_exit_code(status);
    }
    const char *kind = judge(path, text, size_bytes);
    free(text);
    if (kind != NULL && !quiet)
        printf("%s: a well-formed %s\n", path, kind);
    return kind != NULL ? TL_EXIT_OK : TL_EXIT_USAGE;
}

int tl_cmd_validate(int argc, char **argv)
{
    static request wanted;
    int exit_code = tl_arguments_parse(&argp, argc, argv, &wanted);
    for (size_t i = 0; exit_code != TL_EXIT_ENVIRONMENT && i < wanted.count; i++) {
        int code = validate(wanted.files[i], wanted.quiet);
        exit_code = code == TL_EXIT_OK ? exit_code : code;
    }
    return exit_code;
}
