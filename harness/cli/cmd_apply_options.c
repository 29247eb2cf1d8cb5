/* harness/cli/cmd_apply_options.c -- the command line of `treelab apply`. */
#define _GNU_SOURCE
#include "harness/cli/cmd_apply.h"
#include "harness/cli/cmd_crash.h"
#include "harness/cli/plugin.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_IO = 256, KEY_JSON, KEY_SET, KEY_FORMAT, KEY_SKIP, KEY_DIR, KEY_PLUGIN, KEY_MUTANT };
enum { DRIVERS_MAX = 64, REPEAT_MAX = 1000000 };

/* A copy that the request keeps: labels and settings point into it. */
static char *copy_text(struct argp_state *state, tl_apply_request *request, const char *text)
{
    if (request->copy_count == sizeof request->copies / sizeof request->copies[0])
        argp_error(state, "more than %d drivers and settings", TL_APPLY_MAX);
    char *copy = strdup(text);
    if (copy == NULL)
        argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
    request->copies[request->copy_count++] = copy;
    return copy;
}

void tl_apply_request_free(tl_apply_request *request)
{
    while (request->copy_count > 0)
        free(request->copies[--request->copy_count]);
}

/* Cut "KEY=VALUE" in two. */
static tl_driver_setting cut_setting(struct argp_state *state, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        argp_error(state, "'%s' is not KEY=VALUE", text);
    *equals = '\0';
    return (tl_driver_setting){text, equals + 1};
}

static void name_driver(struct argp_state *state, tl_apply_arm *arm, const char *name)
{
    const char *names[DRIVERS_MAX];
    size_t name_count = 0;
    for (; name_count < tl_driver_count() && name_count < DRIVERS_MAX; name_count++)
        names[name_count] = tl_driver_at(name_count)->name;
    arm->driver = tl_driver_find(name);
    if (arm->driver == NULL)
        tl_arguments_unknown(state, "driver", name, names, name_count, "drivers");
    if ((arm->driver->capabilities & TL_DRIVER_BLIND_WRITES) != 0)
        argp_error(state, "driver '%s' cannot read what a transaction has written; scripts do",
                   arm->driver->name);
    if ((arm->driver->capabilities & TL_DRIVER_READS_BACK) == 0)
        argp_error(state, "driver '%s' does not answer reads, so nothing could be checked", name);
}

/* "tree:leaf=rebuild" */
static void add_driver(struct argp_state *state, tl_apply_request *request, const char *spec)
{
    if (request->arm_count == TL_APPLY_MAX)
        argp_error(state, "more than %d drivers", TL_APPLY_MAX);
    tl_apply_arm *arm = &request->arms[request->arm_count++];
    arm->label = copy_text(state, request, spec);
    char *rest = copy_text(state, request, spec);
    name_driver(state, arm, strsep(&rest, ":"));
    for (char *word; (word = strsep(&rest, ":")) != NULL;) {
        if (arm->setting_count == TL_APPLY_MAX)
            argp_error(state, "more than %d settings of '%s'", TL_APPLY_MAX, spec);
        arm->settings[arm->setting_count++] = cut_setting(state, word);
    }
}

static void add_drivers(struct argp_state *state, tl_apply_request *request, const char *list)
{
    char *rest = copy_text(state, request, list);
    for (char *spec; (spec = strsep(&rest, ",")) != NULL;) {
        if (spec[0] == '\0')
            argp_error(state, "empty driver name in '%s'; names are separated by single commas",
                       list);
        add_driver(state, request, spec);
    }
}

static void add_override(struct argp_state *state, tl_apply_request *request, const char *text)
{
    if (request->override_count == TL_APPLY_MAX)
        argp_error(state, "more than %d settings", TL_APPLY_MAX);
    request->overrides[request->override_count++] =
        cut_setting(state, copy_text(state, request, text));
}

static void set_io(struct argp_state *state, tl_apply_request *request, const char *word)
{
    if (strcmp(word, "sim") == 0)
        request->io = TL_APPLY_IO_SIM;
    else if (strcmp(word, "real") == 0)
        request->io = TL_APPLY_IO_REAL;
    else
        argp_error(state, "--io takes 'sim' or 'real', not '%s'", word);
}

static void set_repeat(struct argp_state *state, tl_apply_request *request, const char *text)
{
    request->repeat = (unsigned)tl_arguments_number(state, "repeat", text, 1, REPEAT_MAX);
}

/* What holds for all options together. */
static void finish(struct argp_state *state, tl_apply_request *request)
{
    if (request->script == NULL)
        argp_error(state, "SCRIPT is wanted, a file that ends in .tls, or - for stdin");
    if (request->dir != NULL && request->io == TL_APPLY_IO_SIM)
        argp_error(state, "--dir keeps files, but --io sim makes none; drop one of them");
    if (request->dir != NULL)
        request->io = TL_APPLY_IO_REAL;
    if (request->arm_count == 0 && !request->format)
        add_driver(state, request, "tree");
    for (size_t i = 0; i < request->arm_count && request->io == TL_APPLY_IO_SIM; i++)
        if ((request->arms[i].driver->capabilities & TL_DRIVER_SIM_IO) == 0)
            argp_error(state,
                       "driver '%s' works on real files only; without --io each driver "
                       "takes what it can",
                       request->arms[i].label);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    tl_apply_request *request = state->input;
    switch (key) {
    case 'd':
        add_drivers(state, request, value);
        return 0;
    case KEY_PLUGIN:
        tl_arguments_plugin(state, value);
        return 0;
    case KEY_IO:
        set_io(state, request, value);
        return 0;
    case 'r':
        set_repeat(state, request, value);
        return 0;
    case KEY_JSON:
        request->json_path = value;
        return 0;
    case KEY_SET:
        add_override(state, request, value);
        return 0;
    case KEY_FORMAT:
        request->format = true;
        return 0;
    case KEY_SKIP:
        request->skip_unsupported = true;
        return 0;
    case KEY_DIR:
        request->dir = value;
        return 0;
    case KEY_MUTANT:
        tl_crash_mutant_check(state, value);
        tl_mutant_engine_here->wake(value);
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (request->script != NULL)
            argp_error(state, "'%s' is one argument too many: one SCRIPT is wanted", value);
        request->script = value;
        return 0;
    case ARGP_KEY_END:
        finish(state, request);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* clang-format off */
static const struct argp_option options[] = {
    {"driver", 'd', "LIST", 0,
     "Stores to run on, each NAME[:KEY=VALUE...], separated by commas (default: tree)", 0},
    {"plugin", KEY_PLUGIN, "FILE.so", 0, "Load a driver, for a later --driver to name", 0},
    {"io", KEY_IO, "sim|real", 0,
     "Simulated disk or real files (default: simulated where the driver can)", 0},
    {"repeat", 'r', "N", 0, "Run N times, each in a fresh store (default: 1)", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "An option of `open` that overrides the script's", 0},
    {"skip-unsupported", KEY_SKIP, NULL, 0, "Step over lines that a driver lacks, telling so", 0},
    {"dir", KEY_DIR, "DIR", 0, "Make the stores in DIR and keep them (default: a temporary one)", 0},
    {"json", KEY_JSON, "FILE", 0, "Write the outcome to FILE, or to stdout for -", 0},
    {"format", KEY_FORMAT, NULL, 0, "Print the script in its canonical form and run nothing", 0},
    {"mutant", KEY_MUTANT, "NAME[+NAME]...", 0, "Wake a seeded bug of the engine: treelab-mutants only", 0},
    {"quiet", 'q', NULL, 0, "Do not list skipped lines", 0},
    {0},
};
/* clang-format on */

static const struct argp apply_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "SCRIPT",
    .doc = "Run the operation script SCRIPT on each driver, line by line beside a model, and "
           "compare every answer.  A wrong one prints file:line: want X, got Y."
           "\vExamples:\n"
           "  treelab apply harness/tests/scripts/basics.tls\n"
           "  treelab apply cursors.tls --driver tree,tree:leaf=rebuild,lmdb,sqlite\n"
           "  treelab apply growth.tls --set page_bytes=65536 --skip-unsupported\n"
           "  treelab apply found.tls --io real --dir /tmp/look && treelab verify "
           "/tmp/look/tree-0-r0/tree.tl\n"
           "  treelab apply --format mine.tls > tidy.tls\n"
           "  treelab apply out/X/finding-0.tls\n"
           "\n"
           "A crash is spelled by hand as operations of the disk, numbered as findings and "
           "`treelab crash` number them: crash profile=posix at=31 drop=4,6 (or keep=, or "
           "torn=31:2, of the write in flight its first two sectors; without at= it comes now); or "
           "by the name of a state: crash profile=journal state=31.0/oldest.  The next line is "
           "reopen.\n"
           "\n"
           "The language is told in harness/script/README.md.  Exit codes: 0 all answers right, "
           "2 no script or a bad option, 3 a wrong answer, 5 a driver lacks a verb or the machine "
           "refused, 6 nothing was checked.\n",
};

int tl_apply_request_parse(int argc, char **argv, tl_apply_request *request)
{
    request->repeat = 1;
    return tl_arguments_parse(&apply_argp, argc, argv, request);
}
