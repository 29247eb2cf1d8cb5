/* harness/cli/tests/program.h -- run `treelab` as a user does and look at what it says. */
#ifndef TL_TEST_PROGRAM_H
#define TL_TEST_PROGRAM_H

#include "harness/report/tests/folder.h"

#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAM_TEXT_BYTES = 65536 };

typedef struct program {
    folder *scratch; /* where its output is caught */
    int exit_code;   /* -1 when a signal ended it */
    char out[PROGRAM_TEXT_BYTES], err[PROGRAM_TEXT_BYTES];
} program;

/* Run `treelab ARGUMENTS` through the shell; both outputs are caught unless redirected there. */
__attribute__((format(printf, 2, 3))) static inline void program_run(program *treelab,
                                                                     const char *arguments, ...)
{
    char line[2 * PATH_MAX], command[3 * PATH_MAX];
    va_list list;
    va_start(list, arguments);
    vsnprintf(line, sizeof line, arguments, list);
    va_end(list);
    const char *caught = treelab->scratch->path;
    snprintf(command, sizeof command, "{ " TREELAB " %s ; } >'%s/.out' 2>'%s/.err'", line, caught,
             caught);
    int status = system(command);
    treelab->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    folder_read(folder_join(treelab->scratch, ".out"), treelab->out, sizeof treelab->out);
    folder_read(folder_join(treelab->scratch, ".err"), treelab->err, sizeof treelab->err);
}

static inline void program_says(const char *where, const char *text)
{
    if (strstr(where, text) == NULL)
        fail_msg("'%s' is not in:\n%s", text, where);
}

static inline int program_setup(void **state)
{
    program *treelab = calloc(1, sizeof *treelab);
    void *scratch = NULL;
    if (treelab == NULL || folder_setup(&scratch) != 0)
        return -1;
    treelab->scratch = scratch;
    *state = treelab;
    return 0;
}

static inline int program_teardown(void **state)
{
    program *treelab = *state;
    void *scratch = treelab->scratch;
    free(treelab);
    return folder_teardown(&scratch);
}

#endif
