/* harness/cli/cmd_dump.c -- `treelab dump FILE`: what lies where in a database, as text. */
#include "harness/cli/cmd_dump.h"

#include "harness/cli/arguments.h"
#include "harness/cli/database.h"

#include <stdio.h>

enum { OPTION_PAGES = 1000 };

typedef struct request {
    const char *file, *pages;
    bool tree, shape, space, meta, page;
    uint64_t pgno;
} request;

static const struct argp_option rows[] = {
    {"page",                                      'p', "N", 0, "one page: header, fences and every entry", 0},
    {"tree",                                        't', 0, 0, "the shape of the tree, level by level", 0},
    {"shape", 'S', 0, 0, "as --tree, with a histogram of fill, key sizes and locality", 0},
    {"pages",                                           OPTION_PAGES, "FILE.tsv", 0,
     "a row for each page: what it is, how full ('-': stdout)", 0},
    {"space", 's', 0, 0, "which pages are live (#) and free (.)", 0},
    {"meta",                                          'm', 0, 0, "the checkpoint, and what recovery found in the log", 0},
    {0                                         },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    request *wanted = state->input;
    switch (key) {
    case 'p':
        wanted->page = true;
        wanted->pgno = tl_arguments_number(state, "page", argument, 0, UINT32_MAX);
        return 0;
    case 't':
        wanted->tree = true;
        return 0;
    case 'S':
        wanted->shape = true;
        return 0;
    case 's':
        wanted->space = true;
        return 0;
    case OPTION_PAGES:
        wanted->pages = argument;
        return 0;
    case 'm':
        wanted->meta = true;
        return 0;
    default:
        return tl_database_argument(key, argument, state, "dump", &wanted->file);
    }
}

static const struct argp argp = {
    rows,
    parse,
    "FILE",
    "Print the insides of a treelab database; FILE is opened read-only.\v"
    "Without an option: --meta and --tree.\n\n"
    "Examples:\n"
    "  treelab dump data.tl\n"
    "  treelab dump data.tl --space\n"
    "  treelab dump data.tl --page 12\n"
    "  treelab dump data.tl --pages out/look/pages-after.tsv && treelab report out/look\n\n"
    "Exit codes: 0 printed, 2 not a treelab file, no such page, or a file that --pages does not "
    "overwrite, 3 damaged, 5 in use or not writable.",
    NULL,
    NULL,
    NULL,
};

static void print_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static tl_status dump(const request *wanted, tl_env *env)
{
    bool by_default = !wanted->tree && !wanted->shape && !wanted->space && !wanted->meta &&
                      !wanted->page && wanted->pages == NULL;
    tl_status status = TL_OK;
    if (wanted->meta || by_default)
        status = tl_dump_meta(env, print_line, stdout);
    if (status == TL_OK && (wanted->tree || by_default))
        status = tl_dump_tree(env, print_line, stdout);
    if (status == TL_OK && wanted->shape)
        status = tl_dump_shape(env, print_line, stdout);
    if (status == TL_OK && wanted->space)
        status = tl_dump_space(env, print_line, stdout);
    if (status == TL_OK && wanted->page)
        status = tl_dump_page(env, (uint32_t)wanted->pgno, print_line, stdout);
    return status;
}

int tl_cmd_dump(int argc, char **argv)
{
    request wanted = {0};
    int code = tl_arguments_parse(&argp, argc, argv, &wanted);
    if (code != TL_EXIT_OK)
        return code;
    tl_env *env = NULL;
    code = tl_database_open("dump", wanted.file, &env);
    if (code != TL_EXIT_OK)
        return code;
    tl_error error = {.text = ""};
    tl_status status = TL_OK;
    if (wanted.pages != NULL)
        code = tl_dump_pages_check(wanted.file, wanted.pages);
    if (code == TL_EXIT_OK)
        status = dump(&wanted, env);
    if (code == TL_EXIT_OK && status == TL_OK && wanted.pages != NULL)
        code = tl_dump_page_table(env, wanted.file, wanted.pages, &status);
    tl_env_error(env, &error);
    tl_env_abandon(env);
    if (status != TL_OK)
        tl_complain("dump", "%s (%s)", error.text[0] != '\0' ? error.text : wanted.file,
                    tl_status_name(status));
    return status == TL_OK ? code : tl_exit_code(status);
}
