/* harness/gate/program.c -- see program.h. */
#define _GNU_SOURCE
#include "harness/gate/program.h"

#include "harness/measure/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_PROGRAM = 127, POLL_MS = 100 };

/* PATH and HOME as they are; a long environment moves the stack, and with it counts. */
static char **small_environment(char *variables[4])
{
    static char locale[] = "LC_ALL=C";
    size_t count = 0;
    const char *const kept[] = {"PATH", "HOME"};
    for (size_t i = 0; i < 2; i++) {
        const char *value = getenv(kept[i]);
        char *text = NULL;
        if (value != NULL && asprintf(&text, "%s=%s", kept[i], value) >= 0)
            variables[count++] = text; /* the child's: gone with exec */
    }
    variables[count++] = locale;
    variables[count] = NULL;
    return variables;
}

/* In the child: never returns. */
static void become(const tl_program_request *request, int complaint_fd)
{
    char *variables[4];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* of the terminal: the parent ends this in its own way */
    int null_fd = open("/dev/null", O_RDWR);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0 ||
        dup2(complaint_fd, STDERR_FILENO) < 0)
        _exit(NO_PROGRAM - 1);
    if (request->still)
        personality(ADDR_NO_RANDOMIZE); /* where it is refused, counts stray a little */
    execvpe(request->argv[0], (char *const *)request->argv, small_environment(variables));
    _exit(errno == ENOENT ? NO_PROGRAM : NO_PROGRAM - 1);
}

/* Keep the last bytes of what the child says. */
static void tail_add(char tail[TL_PROGRAM_TEXT_MAX], const char *more, size_t more_bytes)
{
    size_t have = strlen(tail), room = TL_PROGRAM_TEXT_MAX - 1;
    if (more_bytes > room) {
        more += more_bytes - room;
        more_bytes = room;
    }
    if (have + more_bytes > room) {
        size_t gone = have + more_bytes - room;
        memmove(tail, tail + gone, have - gone + 1);
        have -= gone;
    }
    for (size_t i = 0; i < more_bytes; i++)
        tail[have + i] = more[i] == '\0' ? ' ' : more[i];
    tail[have + more_bytes] = '\0';
}

/* Listen until the child closes its stderr; TL_OK, or why it must be killed. */
static tl_status listen_to(const tl_program_request *request, int fd,
                           char complaint[TL_PROGRAM_TEXT_MAX])
{
    uint64_t start = tl_clock_ns();
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = poll(&wait, 1, POLL_MS);
        if (request->stop != NULL && request->stop(request->context))
            return TL_UNSUPPORTED;
        if (request->timeout_ns != 0 && tl_clock_ns() - start > request->timeout_ns)
            return TL_BUSY;
        if (ready <= 0)
            continue; /* EINTR, or nothing said */
        char chunk[512];
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got > 0)
            tail_add(complaint, chunk, (size_t)got);
        else if (got == 0 || errno != EINTR)
            return TL_OK;
    }
}

static tl_status conclude(pid_t child, tl_status status, int *exit_code)
{
    int how = 0;
    if (status != TL_OK)
        kill(child, SIGKILL);
    while (waitpid(child, &how, 0) < 0)
        if (errno != EINTR)
            return TL_IO;
    if (status == TL_OK)
        *exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return status;
}

tl_status tl_program_run(const tl_program_request *request, int *exit_code,
                         char complaint[TL_PROGRAM_TEXT_MAX])
{
    int fds[2], code = 0;
    complaint[0] = '\0';
    if (pipe2(fds, O_CLOEXEC) != 0) {
        snprintf(complaint, TL_PROGRAM_TEXT_MAX, "no pipe: %s", strerror(errno));
        return TL_IO;
    }
    pid_t child = fork();
    if (child == 0)
        become(request, fds[1]);
    int fork_errno = errno;
    close(fds[1]);
    if (child < 0) {
        close(fds[0]);
        snprintf(complaint, TL_PROGRAM_TEXT_MAX, "cannot fork: %s", strerror(fork_errno));
        return TL_NO_MEMORY;
    }
    tl_status status = conclude(child, listen_to(request, fds[0], complaint), &code);
    close(fds[0]);
    if (status == TL_OK && code == NO_PROGRAM) {
        snprintf(complaint, TL_PROGRAM_TEXT_MAX, "there is no program '%s'", request->argv[0]);
        return TL_NOT_FOUND;
    }
    if (status == TL_OK)
        *exit_code = code;
    return status;
}
