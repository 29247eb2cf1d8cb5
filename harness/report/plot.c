/* harness/report/plot.c -- gnuplot as child processes, each given a share of the pictures. */
#include "harness/report/plot.h"

#include "harness/report/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_NO_PROGRAM = 127, COMPLAINT_BYTES = 1024, PAINTERS_MAX = 16 };

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

/* A gnuplot at work. */
typedef struct painting {
    tl_text kinds; /* of its pictures, for complaints: "plots/throughput.gp, plots/crash.gp" */
    char **argv;   /* owned, and its words; NULL ends it */
    size_t argc;
    pid_t child;
    int complaint_fd;
} painting;

/* In the child: never returns. */
static void exec_gnuplot(const char *program, char **argv, int complaint_fd)
{
    if (dup2(complaint_fd, STDERR_FILENO) < 0 || dup2(complaint_fd, STDOUT_FILENO) < 0)
        _exit(1);
    execvp(program, argv);
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

static tl_status painter_add_word(painting *painter, const char *word)
{
    char **argv = realloc(painter->argv, (painter->argc + 2) * sizeof *argv);
    if (argv == NULL)
        return TL_NO_MEMORY;
    painter->argv = argv;
    argv[painter->argc] = strdup(word);
    argv[painter->argc + 1] = NULL;
    return argv[painter->argc++] == NULL ? TL_NO_MEMORY : TL_OK;
}

/* "-e" and `script`, which is cleared. */
static tl_status painter_add_script(painting *painter, tl_text *script)
{
    tl_status status = script->failed ? TL_NO_MEMORY : painter_add_word(painter, "-e");
    if (status == TL_OK)
        status = painter_add_word(painter, tl_text_data(script));
    tl_text_clear(script);
    return status;
}

static tl_status painter_begin(painting *painter, const tl_plot_request *request,
                               const char *program)
{
    tl_text script = {0};
    add_assignment(&script, "out", request->dir);
    add_assignment(&script, "templates", request->templates);
    add_assignment(&script, "formats", request->png ? "svg png" : "svg");
    tl_status status = painter_add_word(painter, program);
    if (status != TL_OK) {
        tl_text_clear(&script);
        return status;
    }
    return painter_add_script(painter, &script);
}

static tl_status painter_add_picture(painting *painter, const tl_plot_request *request,
                                     const char *pieces, const tl_picture *picture)
{
    tl_text script = {0}, path = {0};
    tl_text_addf(&path, "%s/%s", pieces, picture->name);
    tl_text_add(&script, "reset; ");
    add_assignment(&script, "dir", tl_text_data(&path));
    script.failed = script.failed || path.failed;
    tl_text_clear(&path);
    tl_status status = painter_add_script(painter, &script);
    tl_text_addf(&path, "%s/%s.gp", request->templates, picture->kind);
    if (status == TL_OK)
        status = path.failed ? TL_NO_MEMORY : painter_add_word(painter, tl_text_data(&path));
    if (strstr(tl_text_data(&painter->kinds), tl_text_data(&path)) == NULL)
        tl_text_addf(&painter->kinds, "%s%s", painter->kinds.size_bytes > 0 ? ", " : "",
                     tl_text_data(&path));
    tl_text_clear(&path);
    return status;
}

static tl_status painter_start(painting *painter, char *error, size_t error_bytes)
{
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0) {
        snprintf(error, error_bytes, "cannot make a pipe: %s", strerror(errno));
        return TL_IO;
    }
    fcntl(pipe_fds[0], F_SETFD, FD_CLOEXEC); /* the next painter must not keep it open */
    painter->child = fork();
    if (painter->child == 0) {
        close(pipe_fds[0]);
        exec_gnuplot(painter->argv[0], painter->argv, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    painter->complaint_fd = pipe_fds[0];
    if (painter->child > 0)
        return TL_OK;
    snprintf(error, error_bytes, "cannot start %s: %s", painter->argv[0], strerror(errno));
    close(painter->complaint_fd);
    return TL_IO;
}

/* Wait for a painter that was started. */
static tl_status painter_finish(painting *painter, char *error, size_t error_bytes)
{
    char complaint[COMPLAINT_BYTES] = "";
    int wait_status = 0;
    read_complaint(painter->complaint_fd, complaint, sizeof complaint);
    close(painter->complaint_fd);
    while (waitpid(painter->child, &wait_status, 0) < 0) {
        if (errno != EINTR) {
            snprintf(error, error_bytes, "cannot wait for %s: %s", painter->argv[0],
                     strerror(errno));
            return TL_IO;
        }
    }
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == CHILD_NO_PROGRAM) {
        snprintf(error, error_bytes,
                 "%s is not installed, so no pictures were drawn; install it with `apt-get install "
                 "gnuplot-nox` and run `treelab report` again",
                 painter->argv[0]);
        return TL_UNSUPPORTED;
    }
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        snprintf(error, error_bytes, "%s failed on %.300s: %.300s", painter->argv[0],
                 tl_text_data(&painter->kinds), complaint);
        return TL_IO;
    }
    return TL_OK;
}

static void painter_clear(painting *painter)
{
    for (size_t i = 0; i < painter->argc; i++)
        free(painter->argv[i]);
    free(painter->argv);
    tl_text_clear(&painter->kinds);
}

static tl_status find_templates(const tl_plot_request *request, const tl_pictures *pictures,
                                char *error, size_t error_bytes)
{
    for (size_t i = 0; i < pictures->count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.gp", request->templates, pictures->rows[i].kind);
        if (!pictures->rows[i].chosen || access(path, R_OK) == 0)
            continue;
        snprintf(error, error_bytes,
                 "cannot read the template %s: %s; name its directory with --plots or "
                 "TREELAB_PLOTS",
                 path, strerror(errno));
        return TL_NOT_FOUND;
    }
    return TL_OK;
}

/* Deal the chosen pictures to the painters, start them all, wait for each; the first error is the
 * one that is told. */
static tl_status paint(const tl_plot_request *request, const char *pieces,
                       const tl_pictures *pictures, painting *painters, size_t painter_count,
                       char *error, size_t error_bytes)
{
    const char *program = request->program == NULL ? "gnuplot" : request->program;
    tl_status status = TL_OK;
    for (size_t i = 0; status == TL_OK && i < painter_count; i++)
        status = painter_begin(&painters[i], request, program);
    for (size_t i = 0, dealt = 0; status == TL_OK && i < pictures->count; i++) {
        if (pictures->rows[i].chosen)
            status = painter_add_picture(&painters[dealt++ % painter_count], request, pieces,
                                         &pictures->rows[i]);
    }
    if (status != TL_OK) {
        snprintf(error, error_bytes, "out of memory");
        return status;
    }
    size_t started = 0;
    while (status == TL_OK && started < painter_count) {
        status = painter_start(&painters[started], error, error_bytes);
        started += status == TL_OK;
    }
    for (size_t i = 0; i < started; i++) {
        char later[1024];
        bool first = status == TL_OK;
        tl_status ended =
            painter_finish(&painters[i], first ? error : later, first ? error_bytes : sizeof later);
        status = first ? ended : status;
    }
    return status;
}

tl_status tl_plot_run(const tl_plot_request *request, const tl_pictures *pictures, char *error,
                      size_t error_bytes)
{
    size_t chosen = 0;
    for (size_t i = 0; i < pictures->count; i++)
        chosen += pictures->rows[i].chosen;
    tl_status status = find_templates(request, pictures, error, error_bytes);
    if (status != TL_OK || chosen == 0)
        return status;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t painter_count = processors < 1 ? 1 : (size_t)processors;
    painter_count = painter_count > PAINTERS_MAX ? PAINTERS_MAX : painter_count;
    painter_count = painter_count > chosen ? chosen : painter_count;

    tl_text pieces = {0};
    painting painters[PAINTERS_MAX] = {0};
    char failed[4096];
    tl_text_addf(&pieces, "%s/.pieces", request->dir);
    status = pieces.failed ? TL_NO_MEMORY
                           : tl_pieces_write(request->dir, tl_text_data(&pieces), pictures, failed,
                                             sizeof failed);
    if (status == TL_OK)
        status = paint(request, tl_text_data(&pieces), pictures, painters, painter_count, error,
                       error_bytes);
    else
        snprintf(error, error_bytes, "cannot cut the tables into pieces at %.300s: %s", failed,
                 status == TL_NO_MEMORY ? "out of memory" : strerror(errno));
    tl_pieces_remove(tl_text_data(&pieces), pictures);
    for (size_t i = 0; i < painter_count; i++)
        painter_clear(&painters[i]);
    tl_text_clear(&pieces);
    return status;
}
