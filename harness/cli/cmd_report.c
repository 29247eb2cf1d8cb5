/* harness/cli/cmd_report.c -- `treelab report DIR`: tables, pictures and one HTML page of a run. */
#include "harness/cli/arguments.h"
#include "harness/report/html.h"
#include "harness/report/plot.h"
#include "harness/report/suite.h"
#include "harness/report/tsv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_BYTES = 4096,
    PICTURES_MAX = 48, /* drawn unless more are asked for: what fits a page, in a few seconds */
};

typedef struct report_options {
    const char *dir, *templates;
    bool png, all_pictures;
} report_options;

static const struct argp_option rows[] = {
    {"plots",                                                                                 'p', "TEMPLATES", 0,
     "gnuplot templates (default: TREELAB_PLOTS, else plots, else those beside the program)", 0},
    {"all-pictures",                                                                            'a', 0, 0, "draw every picture, not the first 48 alone", 0},
    {"no-png", 'n', 0, 0, "draw SVG only", 0},
    {0                                                                                      },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    report_options *options = state->input;
    switch (key) {
    case 'p':
        options->templates = argument;
        return 0;
    case 'a':
        options->all_pictures = true;
        return 0;
    case 'n':
        options->png = false;
        return 0;
    case ARGP_KEY_ARG:
        if (options->dir != NULL)
            argp_error(state, "one directory at a time: '%s' or '%s'", options->dir, argument);
        options->dir = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->dir == NULL)
            argp_error(state, "name a directory that holds a run.json, such as out/<id>");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    rows,
    parse_option,
    "DIR",
    "Draw the plots and write the page of a run: DIR/plots/*.tsv, *.svg and *.png, and the "
    "self-contained DIR/report.html.\v"
    "DIR holds a run.json, or subdirectories that each hold one; all are joined in one report, "
    "with "
    "what `treelab calibrate --out` left there.\n\n"
    "Examples:\n"
    "  treelab report out/bench\n"
    "  treelab report results/2026-11-21_first_run --no-png\n\n"
    "Exit codes: 0 written, 2 no run there, 3 damaged run.json, 5 gnuplot missing or not writable, "
    "6 nothing was measured.",
    NULL,
    NULL,
    NULL,
};

/* `rest` in the directory that stands `up` levels above the program's file. */
static bool beside_program(int up, const char *rest, char *path)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_BYTES - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    for (; up > 0; up--) {
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    size_t used = strlen(path);
    int more = snprintf(path + used, PATH_BYTES - used, "/%s", rest);
    return more > 0 && (size_t)more < PATH_BYTES - used;
}

static bool has_templates(const char *dir)
{
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/style.gp", dir);
    return access(path, R_OK) == 0;
}

/* The templates named by the user, by --plots or TREELAB_PLOTS; in ./plots; where a checkout
 * (build/treelab and plots/) or an installation (bin/treelab) has them; where the source was. */
static const char *find_templates(const char *wanted, char *path)
{
    const char *named = getenv("TREELAB_PLOTS");
    if (wanted != NULL)
        return wanted;
    if (named != NULL && named[0] != '\0')
        return named;
    if (has_templates("plots"))
        return "plots";
    if ((beside_program(2, "plots", path) && has_templates(path)) ||
        (beside_program(2, "share/treelab/plots", path) && has_templates(path)))
        return path;
#ifdef TREELAB_PLOTS_DIR
    return TREELAB_PLOTS_DIR;
#else
    return "plots";
#endif
}

typedef struct report_work {
    tl_suite suite;
    tl_groups groups;
    tl_pictures pictures;
    tl_text page;
    char plots_dir[PATH_BYTES], page_path[PATH_BYTES], templates[PATH_BYTES];
} report_work;

/* Tables, pictures, page.  Pictures that cannot be drawn do not keep the page from being written:
 * it says so, and the exit code does. */
static int write_report(const report_options *options, report_work *work)
{
    char message[PATH_BYTES + 512] = "";
    tl_status status = tl_groups_make(&work->suite, &work->groups);
    if (status != TL_OK) {
        tl_complain("report", "%s", tl_status_text(status));
        return tl_exit_code(status);
    }
    if (mkdir(work->plots_dir, 0777) != 0 && errno != EEXIST) {
        tl_complain("report", "cannot make %s: %s", work->plots_dir, strerror(errno));
        return TL_EXIT_ENVIRONMENT;
    }
    status = tl_tsv_write(&work->suite, &work->groups, work->plots_dir, &work->pictures, message,
                          sizeof message);
    if (status != TL_OK) {
        tl_complain("report", "cannot write %s: %s", message, tl_status_reason(status));
        return TL_EXIT_ENVIRONMENT;
    }
    tl_pictures_choose(&work->pictures, options->all_pictures ? 0 : PICTURES_MAX);
    tl_plot_request plot = {.dir = work->plots_dir,
                            .templates = find_templates(options->templates, work->templates),
                            .png = options->png};
    tl_status drawn = tl_plot_run(&plot, &work->pictures, message, sizeof message);
    if (drawn != TL_OK)
        tl_complain("report", "%s", message);
    tl_html_request html = {.suite = &work->suite,
                            .groups = &work->groups,
                            .pictures = &work->pictures,
                            .plots_dir = work->plots_dir,
                            .plot_error = drawn == TL_OK ? NULL : message};
    tl_html_render(&html, &work->page);
    status = tl_text_save(&work->page, work->page_path);
    if (status != TL_OK) {
        tl_complain("report", "cannot write %s: %s", work->page_path, tl_status_reason(status));
        return TL_EXIT_ENVIRONMENT;
    }
    printf("%s\n", work->page_path);
    if (drawn != TL_OK)
        return TL_EXIT_ENVIRONMENT;
    if (work->suite.cell_count == 0 && work->suite.extras.count == 0) {
        tl_complain("report", "nothing was measured or checked: no run in %s has a cell",
                    options->dir);
        return TL_EXIT_NOTHING;
    }
    return TL_EXIT_OK;
}

static bool join_paths(const char *dir, report_work *work)
{
    int plots = snprintf(work->plots_dir, sizeof work->plots_dir, "%s/plots", dir);
    int page = snprintf(work->page_path, sizeof work->page_path, "%s/report.html", dir);
    return plots > 0 && (size_t)plots < sizeof work->plots_dir && page > 0 &&
           (size_t)page < sizeof work->page_path;
}

int tl_cmd_report(int argc, char **argv)
{
    report_options options = {.png = true};
    int code = tl_arguments_parse(&argp, argc, argv, &options);
    if (code != TL_EXIT_OK)
        return code;
    report_work *work = calloc(1, sizeof *work); /* large: not for the stack */
    if (work == NULL) {
        tl_complain("report", "out of memory");
        return TL_EXIT_ENVIRONMENT;
    }
    char error[TL_SUITE_ERROR_BYTES] = "";
    tl_status status = TL_INVALID;
    if (join_paths(options.dir, work))
        status = tl_suite_load(options.dir, &work->suite, error, sizeof error);
    else
        snprintf(error, sizeof error, "the directory's name is too long");
    if (status == TL_OK) {
        code = write_report(&options, work);
    } else {
        tl_complain("report", "%s", error);
        code = status == TL_CORRUPT ? TL_EXIT_WRONG
               : status == TL_NOT_FOUND || status == TL_VERSION || status == TL_INVALID
                   ? TL_EXIT_USAGE
                   : TL_EXIT_ENVIRONMENT;
    }
    tl_text_clear(&work->page);
    tl_pictures_clear(&work->pictures);
    tl_groups_clear(&work->groups);
    tl_suite_clear(&work->suite);
    free(work);
    return code;
}
