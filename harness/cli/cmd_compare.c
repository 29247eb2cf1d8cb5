/* harness/cli/cmd_compare.c -- `treelab compare`: two stored runs, counters exactly, times in
 * words. */
#include "harness/cli/arguments.h"

#include "harness/compare/stored.h"
#include "harness/report/resultfile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPTION_COUNTERS = 256, OPTION_ANY_MACHINE, OPTION_JSON, PATH_BYTES = 1024 };

static const struct argp_option options[] = {
    {"counters",               OPTION_COUNTERS, NULL, 0, "Compare counters only", 0},
    {"allow-different-machine",                    OPTION_ANY_MACHINE, NULL, 0, "Show times of unlike machines too",
     0},
    {"json", OPTION_JSON, "FILE", 0, "Also write the comparison to FILE; '-': stdout", 0},
    {0                       },
};

typedef struct compare_options {
    const char *dirs[2];
    size_t dir_count;
    bool counters_only, any_machine;
    const char *json_path;
} compare_options;

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    compare_options *asked = state->input;
    switch (key) {
    case OPTION_COUNTERS:
        asked->counters_only = true;
        return 0;
    case OPTION_ANY_MACHINE:
        asked->any_machine = true;
        return 0;
    case OPTION_JSON:
        asked->json_path = value;
        return 0;
    case ARGP_KEY_ARG:
        if (asked->dir_count == 2)
            argp_error(state, "'%s' is a third run; two are compared", value);
        asked->dirs[asked->dir_count++] = value;
        return 0;
    case ARGP_KEY_END:
        if (asked->dir_count != 2)
            argp_error(state, "two runs are wanted, each the directory of a run.json");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp compare_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "DIR DIR",
    .doc = "Compare two stored runs: engine counters exactly, wherever both asked the same of the "
           "same engine; times are described and decide nothing."
           "\vExamples:\n"
           "  treelab compare out/20261121T150000Z_ab12cd34ef56 "
           "out/20261122T150000Z_cd34ef56ab12\n"
           "  treelab compare --counters results/2026-11-21_large_values "
           "out/20261122T150000Z_cd34ef56ab12\n\n"
           "To compare times, run both side by side: `treelab duel`.\n\n"
           "Exit codes: 0 compared (equal or not), 2 usage, 3 equal operations read different "
           "things, 5 times of unlike machines were not shown (see --counters and "
           "--allow-different-machine), 6 the runs have nothing in common.\n",
};

static int read_run(const char *dir, tl_json **run)
{
    char path[PATH_BYTES];
    struct stat info;
    bool is_dir = stat(dir, &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, is_dir ? "%.900s/" TL_RESULT_FILE : "%.900s", dir);
    tl_status status = tl_json_read(path, run);
    if (status == TL_OK &&
        strcmp(tl_json_text(tl_json_get(*run, "schema"), ""), TL_RESULT_SCHEMA) != 0) {
        tl_json_free(*run);
        *run = NULL;
        status = TL_INVALID;
    }
    if (status == TL_OK)
        return TL_EXIT_OK;
    tl_complain("compare", "%s: %s", path,
                status == TL_INVALID ? "not a result of schema " TL_RESULT_SCHEMA
                                     : tl_status_reason(status));
    return tl_exit_code(status);
}

static int conclude(const compare_options *asked, const tl_stored *found)
{
    if (found->wrong > 0) {
        tl_complain("compare", "%zu phases read different things for equal operations",
                    found->wrong);
        return TL_EXIT_WRONG;
    }
    if (found->matched == 0 || found->matched == found->refused_specs) {
        tl_complain("compare", "the runs have no cell in common that may be compared");
        return TL_EXIT_NOTHING;
    }
    if (found->unlike_machines && !asked->counters_only && !asked->any_machine) {
        tl_complain("compare", "the machines differ in class: times are not compared; --counters "
                               "asks for counters only");
        return TL_EXIT_ENVIRONMENT;
    }
    return TL_EXIT_OK;
}

static int compare(const compare_options *asked, tl_json *const runs[2])
{
    bool json_on_stdout = asked->json_path != NULL && strcmp(asked->json_path, "-") == 0;
    FILE *out = json_on_stdout ? stderr : stdout;
    tl_stored_request request = {
        .runs = {runs[0], runs[1]},
        .times = !asked->counters_only,
        .any_machine = asked->any_machine
    };
    tl_json *document = tl_json_object_new();
    tl_json_add_text(document, "schema", "treelab.compare/1");
    for (int side = 0; side < 2; side++)
        tl_json_add_text(document, side == 0 ? "a" : "b",
                         tl_json_text(tl_json_get(runs[side], "id"), NULL));
    tl_stored found = tl_stored_compare(&request, out, document);
    fprintf(out,
            "%zu cells met; %zu counters compared in %zu phases, %zu differ; alone: %zu of A, %zu "
            "of B\n",
            found.matched, found.counters, found.counter_sets, found.differing, found.unmatched[0],
            found.unmatched[1]);
    tl_json_add_bool(document, "unlike_machines", found.unlike_machines);
    tl_json_add_count(document, "matched", found.matched);
    tl_json_add_count(document, "counters", found.counters);
    tl_json_add_count(document, "differing", found.differing);
    int exit_code = conclude(asked, &found);
    tl_status status = asked->json_path == NULL ? TL_OK : tl_json_write(document, asked->json_path);
    tl_json_free(document);
    if (status == TL_OK)
        return exit_code;
    tl_complain("compare", "%s: %s", asked->json_path, tl_status_reason(status));
    return exit_code == TL_EXIT_OK ? tl_exit_code(status) : exit_code;
}

int tl_cmd_compare(int argc, char **argv)
{
    compare_options asked = {.dir_count = 0};
    tl_json *runs[2] = {NULL, NULL};
    int exit_code = tl_arguments_parse(&compare_argp, argc, argv, &asked);
    for (int side = 0; side < 2 && exit_code == TL_EXIT_OK; side++)
        exit_code = read_run(asked.dirs[side], &runs[side]);
    if (exit_code == TL_EXIT_OK)
        exit_code = compare(&asked, runs);
    tl_json_free(runs[0]);
    tl_json_free(runs[1]);
    return exit_code;
}
