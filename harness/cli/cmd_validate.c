/* harness/cli/cmd_validate.c -- `treelab validate FILE...`: is this what it seems to be?
 *
 *     SCRIPT.tls               parsed
 *     run.json                 held against the main rules of the result schema
 *     gate.json                read as `treelab gate` does; its baseline likewise
 *     GRID.ini, GRID.json      read as `treelab sweep` does: a spec with [axes]
 *     SPEC.ini, SPEC.json      judged as `treelab run` does, workloads made and let go
 *
 * What a file is follows from its beginning, not from its name.
 */
#include "harness/cli/cmd_validate.h"

#include "harness/cli/cmd_run.h"
#include "harness/report/wholefile.h"
#include "harness/script/script.h"
#include "harness/sweep/grid.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
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
    .doc = "Check specs, grids, scripts, results, gate policies and baselines without running "
           "anything.  What a file is follows from what is in it."
           "\vExamples:\n"
           "  treelab validate mix.ini\n"
           "  treelab validate ci/gate.json ci/strategies.ini\n"
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

static void tell_nobody(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static bool is_grid(const char *path, const char *text, size_t size_bytes)
{
    tl_spec spec;
    bool axes = false;
    tl_spec_begin(&spec, tell_nobody, NULL);
    (void)!tl_spec_read_text(&spec, path, text, size_bytes); /* what is wrong is told later */
    for (size_t i = 0; i < spec.section_count; i++)
        axes = axes || strcmp(spec.sections[i].name, "axes") == 0;
    tl_spec_release(&spec);
    return axes;
}

static bool grid_is_well(const char *path, tl_validate_found *what)
{
    tl_grid *grid = calloc(1, sizeof *grid);
    if (grid == NULL) {
        tl_complain("validate", "%s: out of memory", path);
        exit(TL_EXIT_ENVIRONMENT);
    }
    bool well = tl_grid_read(path, tell, NULL, grid) == TL_OK;
    *what = (tl_validate_found){.kind = "grid", .count = grid->cell_count, .of = "cell"};
    tl_grid_release(grid);
    free(grid);
    return well;
}

/* JSON that says what it is. */
static bool schema_is_well(const char *path, const tl_json *root, tl_validate_found *what)
{
    bool well;
    if (tl_validate_gate(path, root, &well, what))
        return well;
    *what = (tl_validate_found){
        .kind = "result", .count = tl_json_size(tl_json_get(root, "cells")), .of = "cell"};
    return tl_validate_result(path, root) == 0;
}

/* False: something is wrong, which was told. */
static bool judge(const char *path, const char *text, size_t size_bytes, tl_validate_found *what)
{
    static const char script_head[] = "treelab-script";
    size_t length = strlen(path), error_at;
    const char *begin = text;
    tl_json *root = NULL;
    while (isspace((unsigned char)*begin))
        begin++;
    if (strncmp(begin, script_head, sizeof script_head - 1) == 0 ||
        (length > 4 && strcmp(path + length - 4, ".tls") == 0)) {
        *what = (tl_validate_found){.kind = "script"};
        return script_is_well(path);
    }
    if (*begin == '{' && tl_json_parse(text, size_bytes, &root, &error_at) == TL_OK &&
        tl_json_get(root, "schema") != NULL) {
        bool well = schema_is_well(path, root, what);
        tl_json_free(root);
        return well;
    }
    tl_json_free(root);
    if (is_grid(path, text, size_bytes))
        return grid_is_well(path, what);
    *what = (tl_validate_found){.kind = "spec"};
    return spec_is_well(path);
}

static void say(const char *path, const tl_validate_found *what)
{
    printf("%s: a well-formed %s", path, what->kind);
    if (what->of != NULL)
        printf(" with %zu %s%s", what->count, what->of, what->count == 1 ? "" : "s");
    putchar('\n');
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
    tl_validate_found what = {0};
    bool well = judge(path, text, size_bytes, &what);
    free(text);
    if (well && !quiet)
        say(path, &what);
    return well ? TL_EXIT_OK : TL_EXIT_USAGE;
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
