/* harness/cli/cmd_merge.c -- `treelab merge OUT DIR...`: the parts of a sweep as one. */
#include "harness/cli/arguments.h"

#include "harness/report/resultfile.h"
#include "harness/run/directory.h"
#include "harness/run/journal.h"
#include "harness/sweep/merge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_COUNTERS = 256, OPTION_TABLE, DIRS_MAX = 4096, PATH_BYTES = 1024 };

static const struct argp_option rows[] = {
    {"counters",                                                                        OPTION_COUNTERS, "FILE", 0,
     "Also write the exact counters alone, in one form: equal whatever the parts were", 0},
    {"table",                                                                           OPTION_TABLE, "FILE", 0, "Also write a table of what each point cost, tab-separated",
     0},
    {0},
};

typedef struct command {
    const char *counters_path, *table_path;
    const char *dirs[DIRS_MAX]; /* the first is OUT */
    size_t dir_count;
} command;

static error_t parse(int key, char *value, struct argp_state *state)
{
    command *asked = state->input;
    switch (key) {
    case OPTION_COUNTERS:
        asked->counters_path = value;
        return 0;
    case OPTION_TABLE:
        asked->table_path = value;
        return 0;
    case ARGP_KEY_ARG:
        if (asked->dir_count == DIRS_MAX)
            argp_error(state, "more than %d directories; merge some of them first", DIRS_MAX - 1);
        asked->dirs[asked->dir_count++] = value;
        return 0;
    case ARGP_KEY_END:
        if (asked->dir_count < 2)
            argp_error(state, "a directory to write and one or more to read are wanted");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp merge_argp = {
    .options = rows,
    .parser = parse,
    .args_doc = "OUT DIR...",
    .doc = "Put the parts of a sweep together: all finished cells of all directories, each once. "
           "What OUT has from an earlier merge stays in it."
           "\vOUT gets samples.jsonl and run.json (all cells) and merged.json (repetitions as one: "
           "counters summed, histograms slot by slot, times by class of machine).\n\n"
           "Examples:\n"
           "  treelab merge out/whole out/part1 out/part2\n"
           "  treelab merge --counters a.json --table a.tsv out/whole out/part*\n\n"
           "Exit codes: 0 merged, 2 usage, 3 a cell was run twice and counted differently, 5 cells "
           "of two builds, or a file cannot be written, 6 there is no cell.\n",
};

static void tell(void *context, const char *text)
{
    (void)context;
    tl_complain("merge", "%s", text);
}

static int complain_write(const char *path, tl_status status)
{
    tl_complain("merge", "cannot write '%s': %s", path,
                status == TL_NO_MEMORY ? "out of memory" : strerror(errno));
    return tl_exit_code(status);
}

/* Write one document and release it; NULL is want of memory. */
static int write_json(tl_json *root, const char *path)
{
    tl_status status = root == NULL ? TL_NO_MEMORY : tl_json_write(root, path);
    tl_json_free(root);
    return status == TL_OK ? TL_EXIT_OK : complain_write(path, status);
}

static int write_text(const tl_merge *merge, void (*write)(const tl_merge *merge, tl_text *out),
                      const char *path)
{
    tl_text text = {0};
    write(merge, &text);
    tl_status status = tl_text_save(&text, path);
    tl_text_clear(&text);
    return status == TL_OK ? TL_EXIT_OK : complain_write(path, status);
}

static int write_all(const command *asked, const tl_merge *merge)
{
    char path[PATH_BYTES];
    const char *out = asked->dirs[0];
    tl_status made = tl_directory_make(out);
    if (made != TL_OK)
        return complain_write(out, made);
    snprintf(path, sizeof path, "%.900s/" TL_JOURNAL_FILE, out);
    int code = write_text(merge, tl_merge_journal, path);
    snprintf(path, sizeof path, "%.900s/merged.json", out);
    if (code == TL_EXIT_OK)
        code = write_json(tl_merge_pooled(merge), path);
    snprintf(path, sizeof path, "%.900s/" TL_RESULT_FILE, out);
    if (code == TL_EXIT_OK && merge->frame == NULL)
        tl_complain("merge",
                    "no part has a " TL_RESULT_FILE ", so %s has none; finish one with "
                    "`treelab sweep --resume`",
                    out);
    else if (code == TL_EXIT_OK)
        code = write_json(tl_merge_run(merge), path);
    if (code == TL_EXIT_OK && asked->counters_path != NULL)
        code = write_json(tl_merge_counters(merge), asked->counters_path);
    if (code == TL_EXIT_OK && asked->table_path != NULL)
        code = write_text(merge, tl_merge_table, asked->table_path);
    return code;
}

static int merge_all(const command *asked, tl_merge *merge)
{
    tl_status status = tl_merge_add(merge, asked->dirs[0], true);
    for (size_t i = 1; i < asked->dir_count && status == TL_OK; i++)
        status = tl_merge_add(merge, asked->dirs[i], false);
    if (status == TL_OK)
        status = tl_merge_settle(merge);
    if (status == TL_UNSUPPORTED)
        return TL_EXIT_ENVIRONMENT; /* not comparable */
    if (status != TL_OK)
        return status == TL_NOT_FOUND ? TL_EXIT_USAGE : tl_exit_code(status);
    if (merge->conflicts > 0) /* nothing is written: there is no right one to keep */
        return TL_EXIT_WRONG;
    if (merge->count == 0) {
        tl_complain("merge", "no part has a finished cell");
        return TL_EXIT_NOTHING;
    }
    int code = write_all(asked, merge);
    if (code == TL_EXIT_OK)
        printf("%zu cells of %zu directories, %zu found again and equal\nresult: %s/%s\n",
               merge->count, merge->added, merge->duplicates, asked->dirs[0],
               merge->frame != NULL ? TL_RESULT_FILE : "merged.json");
    return code;
}

int tl_cmd_merge(int argc, char **argv)
{
    static command asked; /* large; used once per process */
    tl_merge merge;
    int code = tl_arguments_parse(&merge_argp, argc, argv, &asked);
    if (code != TL_EXIT_OK)
        return code;
    tl_merge_begin(&merge, tell, NULL);
    code = merge_all(&asked, &merge);
    tl_merge_release(&merge);
    return code;
}
