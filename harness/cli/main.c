/* harness/cli/main.c -- `treelab`: finds the subcommand and lets it do the work. */
#define _GNU_SOURCE
#include "harness/cli/commands.h"

#include "harness/report/machine.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMANDS_MAX = 32, VERSION_BYTES = 96 };

static void print_help(void)
{
    puts("Usage: treelab COMMAND [ARGUMENT...]\n"
         "Measure and break key-value stores, our own B+tree first among them.\n");
    for (size_t i = 0; i < tl_command_count(); i++)
        printf("  %-12s %s\n", tl_command_at(i)->name, tl_command_at(i)->summary);
    puts("\n"
         "  --help     this text; `treelab COMMAND --help` tells about a command\n"
         "  --version  version and revision\n"
         "\n"
         "Examples:\n"
         "  treelab run --driver tree,lmdb --workload random --ops 100000\n"
         "  treelab crash --driver tree\n"
         "  treelab report out/20261121T150000Z_ab12cd34ef56\n"
         "  treelab list drivers\n"
         "\n"
         "Results go to stdout, messages and progress to stderr.  Exit codes: 0 well, 2 usage,\n"
         "3 a wrong answer, damage or a finding, 5 the machine refused (disk full, no access),\n"
         "6 nothing was measured or checked, 130 interrupted; all are in harness/cli/README.md.");
}

static int unknown_command(const char *word)
{
    const char *names[COMMANDS_MAX];
    size_t count = 0;
    for (; count < tl_command_count() && count < COMMANDS_MAX; count++)
        names[count] = tl_command_at(count)->name;
    const char *nearest = tl_nearest(word, names, count);
    if (nearest != NULL)
        fprintf(stderr, "treelab: unknown command '%s'; did you mean '%s'?\n", word, nearest);
    else
        fprintf(stderr, "treelab: unknown command '%s'; `treelab --help` shows them all\n", word);
    return TL_EXIT_USAGE;
}

/* Results that did not reach stdout are no success, also where argp ends the process after --help.
 */
static void close_stdout(int exit_code, void *context)
{
    (void)context;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return;
    perror("treelab: cannot write to stdout");
    if (exit_code == TL_EXIT_OK)
        _exit(TL_EXIT_ENVIRONMENT);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        fputs("treelab: no command given; `treelab --help` shows them all\n", stderr);
        return TL_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts(argp_program_version);
        return TL_EXIT_OK;
    }
    bool help = strcmp(word, "help") == 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (help && argc == 2)) {
        print_help();
        return TL_EXIT_OK;
    }
    if (help) { /* `treelab help run` is `treelab run --help` */
        static char asks_help[] = "--help";
        word = argv[2];
        argv[1] = argv[2];
        argv[2] = asks_help;
        argc = 3;
    }
    const tl_command *command = tl_command_find(word);
    return command == NULL ? unknown_command(word) : command->main(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    static char version[VERSION_BYTES];
    snprintf(version, sizeof version, "treelab %s (%s)", tl_build_version(), tl_build_revision());
    argp_program_version = version;
    argp_err_exit_status = TL_EXIT_USAGE;
    if (on_exit(close_stdout, NULL) != 0) {
        fputs("treelab: out of memory\n", stderr);
        return TL_EXIT_ENVIRONMENT;
    }
    return dispatch(argc, argv);
}
