/* harness/report/plot.c -- gnuplot as a child process, one per template. */
#include "harness/report/plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_NO_PROGRAM = 127, COMPLAINT_BYTES = 1024 };

/* name='text'; inside gnuplot's single quotes only the quote itself is special, and doubled. */
static void add_assignment(tl_text *script, const char *name, const char *text)
{
    tl_text_addf(script, "%s='", name);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            tl_text_add(script, "''");
        else
            tl_text_add_bytes(script, text, 1);
    }
    tl_text_add(script, "'; ");
}

/* In the child: never returns. */
static void exec_gnuplot(const char *program, const char *script, const char *template_path,
                         int complaint_fd)
{
    if (dup2(complaint_fd, STDERR_FILENO) < 0 || dup2(complaint_fd, STDOUT_FILENO) < 0)
        _exit(1);
    execlp(program, program, "-e", script, template_path, (char *)NULL);
    _exit(errno == ENOENT ? CHILD_NO_PROGRAM : 126);
}

/* Read what the child says until it closes the pipe; keep the beginning. */
static void read_complaint(int fd, char *complaint, size_t complaint_bytes)
{
    size_t length = 0;
    char chunk[512];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size_t room = complaint_bytes - 1 - length;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(complaint + length, chunk, kept);
        length += kept;
    }
    complaint[length] = '\0';
    for (size_t i = 0; i < length; i++)
        complaint[i] = complaint[i] == '\n' ? ' ' : complaint[i];
}

static tl_status run_gnuplot(const char *program, const char *script, const char *template_path,
                             char *error, size_t error_bytes)
{
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0) {
        snprintf(error, error_bytes, "cannot make a pipe: %s", strerror(errno));
        return TL_IO;
    }
    pid_t child = fork();
    if (child == 0) {
        close(pipe_fds[0]);
        exec_gnuplot(program, script, template_path, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    char complaint[COMPLAINT_BYTES] = "";
    int wait_status = 0;
    if (child > 0)
        read_complaint(pipe_fds[0], complaint, sizeof complaint);
    close(pipe_fds[0]);
    if (child < 0) {
        snprintf(error, error_bytes, "cannot start %s: %s", program, strerror(errno));
        return TL_IO;
    }
    while (waitpid(child, &wait_status, 0) < 0) {
        if (errno != EINTR) {
            snprintf(error, error_bytes, "cannot wait for %s: %s", program, strerror(errno));
            return TL_IO;
        }
    }
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == CHILD_NO_PROGRAM) {
        snprintf(error, error_bytes,
                 "%s is not installed, so no pictures were drawn; install it with `apt-get install "
                 "gnuplot-nox` and run `treelab report` again",
                 program);
        return TL_UNSUPPORTED;
    }
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        snprintf(error, error_bytes, "%s failed on %s: %.300s", program, template_path, complaint);
        return TL_IO;
    }
    return TL_OK;
}

static tl_status run_template(const tl_plot_request *request, const char *kind, char *error,
                              size_t error_bytes)
{
    const char *program = request->program == NULL ? "gnuplot" : request->program;
    tl_text script = {0}, path = {0};
    add_assignment(&script, "dir", request->dir);
    add_assignment(&script, "templates", request->templates);
    add_assignment(&script, "formats", request->png ? "svg png" : "svg");
    tl_text_addf(&path, "%s/%s.gp", request->templates, kind);

    tl_status status = TL_OK;
    if (script.failed || path.failed) {
        snprintf(error, error_bytes, "out of memory");
        status = TL_NO_MEMORY;
    } else if (access(tl_text_data(&path), R_OK) != 0) {
        snprintf(
            error, error_bytes,
            "cannot read the template %s: %s; name its directory with --plots or TREELAB_PLOTS",
            tl_text_data(&path), strerror(errno));
        status = TL_NOT_FOUND;
    } else {
        status =
            run_gnuplot(program, tl_text_data(&script), tl_text_data(&path), error, error_bytes);
    }
    tl_text_clear(&script);
    tl_text_clear(&path);
    return status;
}

tl_status tl_plot_run(const tl_plot_request *request, const tl_pictures *pictures, char *error,
                      size_t error_bytes)
{
    tl_status status = TL_OK;
    for (size_t i = 0; status == TL_OK && i < pictures->count; i++) {
        const char *kind = pictures->rows[i].kind;
        bool done = false;
        for (size_t before = 0; before < i; before++)
            done = done || strcmp(pictures->rows[before].kind, kind) == 0;
        if (!done)
            status = run_template(request, kind, error, error_bytes);
    }
    return status;
}
