/* harness/cli/complain.c -- how a command says that something is wrong: a line and a code. */
#include "harness/cli/cli.h"

#include "harness/report/wholefile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tl_complain(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout); /* results printed so far come before the reason why there are no more */
    flockfile(stderr);
    fprintf(stderr, "treelab %s: ", command);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(arguments);
}

/* A name that names nothing is the user's error; a place that cannot be used is not. */
static const unsigned char exit_codes[TL_STATUS_COUNT] = {
    [TL_OK] = TL_EXIT_OK,
    [TL_NOT_FOUND] = TL_EXIT_USAGE,
    [TL_EXISTS] = TL_EXIT_USAGE,
    [TL_INVALID] = TL_EXIT_USAGE,
    [TL_BUSY] = TL_EXIT_ENVIRONMENT,
    [TL_NO_MEMORY] = TL_EXIT_ENVIRONMENT,
    [TL_NO_SPACE] = TL_EXIT_ENVIRONMENT,
    [TL_IO] = TL_EXIT_ENVIRONMENT,
    [TL_ACCESS] = TL_EXIT_ENVIRONMENT,
    [TL_CORRUPT] = TL_EXIT_WRONG,
    [TL_POISONED] = TL_EXIT_ENVIRONMENT,
    [TL_KEY_SIZE] = TL_EXIT_USAGE,
    [TL_VALUE_SIZE] = TL_EXIT_USAGE,
    [TL_READ_ONLY] = TL_EXIT_ENVIRONMENT,
    [TL_NOT_OURS] = TL_EXIT_USAGE,
    [TL_VERSION] = TL_EXIT_ENVIRONMENT,
    [TL_UNSUPPORTED] = TL_EXIT_USAGE,
};

int tl_exit_code(tl_status status)
{
    return (size_t)status < TL_STATUS_COUNT ? exit_codes[status] : TL_EXIT_ENVIRONMENT;
}

const char *tl_status_reason(tl_status status)
{
    switch (status) {
    case TL_NOT_FOUND:
    case TL_EXISTS:
    case TL_NO_SPACE:
    case TL_IO:
    case TL_ACCESS:
    case TL_NOT_OURS:
        return errno != 0 ? strerror(errno) : tl_status_text(status);
    default:
        return tl_status_text(status);
    }
}

int tl_check_output(const char *command, const char *option, const char *path)
{
    tl_status status = tl_wholefile_check(path);
    if (status != TL_OK)
        tl_complain(command, "%s %s: %s; choose another file", option, path, strerror(errno));
    return tl_exit_code(status);
}
