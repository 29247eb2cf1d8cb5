/* harness/compare/peer.c -- see peer.h. */
#define _GNU_SOURCE /* pipe2, memfd_create */
#include "harness/compare/peer.h"

#include "harness/measure/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASK_MS = 100, GRACE_MS = 1000, CANNOT_EXECUTE = 127 };

/* In the child: the pipes become stdin and stdout. */
static void become(const tl_peer *peer, int in_fd, int out_fd, char *const *arguments,
                   size_t environment_bytes, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CANNOT_EXECUTE);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    char *padding = malloc(environment_bytes + 1);
    if (padding != NULL) {
        memset(padding, 'x', environment_bytes);
        padding[environment_bytes] = '\0';
        setenv("TREELAB_PADDING", padding, 1);
    }
    if (dup2(in_fd, 0) == 0 && dup2(out_fd, 1) == 1 && dup2(peer->stderr_fd, 2) == 2)
        execv(peer->binary, arguments);
    fprintf(stderr, "cannot execute %s: %s", peer->binary, strerror(errno));
    _exit(CANNOT_EXECUTE);
}

tl_status tl_peer_start(tl_peer *peer, const char *binary, char *const *arguments,
                        size_t environment_bytes)
{
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    tl_peer made = {.binary = binary, .to_fd = -1, .from_fd = -1};
    made.stderr_fd = memfd_create("treelab-agent-stderr", MFD_CLOEXEC);
    if (made.stderr_fd < 0 || pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        goto fail;
    fflush(NULL); /* nothing of ours is written twice */
    pid_t parent = getpid();
    made.pid = fork();
    if (made.pid < 0)
        goto fail;
    if (made.pid == 0)
        become(&made, to[0], from[1], arguments, environment_bytes, parent);
    close(to[0]);
    close(from[1]);
    made.to_fd = to[1];
    made.from_fd = from[0];
    *peer = made;
    return TL_OK;

fail:;
    int error_number = errno;
    for (int i = 0; i < 2; i++) {
        if (to[i] >= 0)
            close(to[i]);
        if (from[i] >= 0)
            close(from[i]);
    }
    if (made.stderr_fd >= 0)
        close(made.stderr_fd);
    return error_number == ENOMEM || error_number == EAGAIN ? TL_NO_MEMORY : TL_IO;
}

bool tl_peer_tell(tl_peer *peer, const char *format, ...)
{
    char line[TL_PROTOCOL_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line - 1)
        return false;
    line[length++] = '\n';
    return write(peer->to_fd, line, (size_t)length) == length; /* shorter than PIPE_BUF: whole */
}

/* Give out the first of the lines that were read. */
static bool take_line(tl_peer *peer, char *line)
{
    char *end = memchr(peer->held, '\n', peer->held_bytes);
    if (end == NULL)
        return false;
    size_t length = (size_t)(end - peer->held);
    memcpy(line, peer->held, length);
    line[length] = '\0';
    peer->held_bytes -= length + 1;
    memmove(peer->held, end + 1, peer->held_bytes);
    return true;
}

tl_peer_end tl_peer_hear(tl_peer *peer, char line[TL_PROTOCOL_LINE_MAX], uint64_t patience_ns,
                         bool (*stop)(void *context), void *context)
{
    uint64_t begin_ns = tl_clock_ns();
    while (!take_line(peer, line)) {
        if (peer->held_bytes == sizeof peer->held)
            return TL_PEER_GARBLED;
        struct pollfd wait = {.fd = peer->from_fd, .events = POLLIN};
        int ready = poll(&wait, 1, ASK_MS);
        if (stop != NULL && stop(context))
            return TL_PEER_STOPPED;
        if (ready > 0) {
            ssize_t got = read(peer->from_fd, peer->held + peer->held_bytes,
                               sizeof peer->held - peer->held_bytes);
            if (got == 0 || (got < 0 && errno != EINTR))
                return TL_PEER_DEAD;
            peer->held_bytes += got > 0 ? (size_t)got : 0;
        } else if (tl_clock_ns() - begin_ns > patience_ns)
            return TL_PEER_STUCK;
    }
    return TL_PEER_HEARD;
}

/* Give it a moment to end by itself. */
static bool reap(tl_peer *peer, int *how)
{
    for (int waited_ms = 0; waited_ms < GRACE_MS; waited_ms++) {
        if (waitpid(peer->pid, how, WNOHANG) == peer->pid) {
            peer->pid = 0;
            return true;
        }
        poll(NULL, 0, 1);
    }
    return false;
}

void tl_peer_why(tl_peer *peer, char text[TL_PEER_WHY_MAX])
{
    int how = 0;
    char said[TL_PEER_WHY_MAX / 2] = "";
    close(peer->to_fd);
    peer->to_fd = -1;
    bool ended = peer->pid > 0 && reap(peer, &how);
    off_t size = lseek(peer->stderr_fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof said - 1 ? size - ((off_t)sizeof said - 1) : 0;
    ssize_t got = pread(peer->stderr_fd, said, sizeof said - 1, from);
    size_t length = got > 0 ? (size_t)got : 0;
    while (length > 0 && said[length - 1] == '\n')
        length--;
    said[length] = '\0';
    for (char *at = said; *at != '\0'; at++)
        *at = *at == '\n' ? ';' : *at;
    const char *between = said[0] == '\0' ? "" : ": ";
    if (!ended)
        snprintf(text, TL_PEER_WHY_MAX, "did not end%s%s", between, said);
    else if (WIFSIGNALED(how))
        snprintf(text, TL_PEER_WHY_MAX, "killed by signal %d%s%s", WTERMSIG(how), between, said);
    else
        snprintf(text, TL_PEER_WHY_MAX, "ended with exit code %d%s%s", WEXITSTATUS(how), between,
                 said);
    tl_peer_end_now(peer);
}

void tl_peer_end_now(tl_peer *peer)
{
    if (peer->binary == NULL)
        return;
    if (peer->pid > 0) {
        kill(peer->pid, SIGKILL);
        while (waitpid(peer->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (peer->to_fd >= 0)
        close(peer->to_fd);
    close(peer->from_fd);
    close(peer->stderr_fd);
    *peer = (tl_peer){0};
}
