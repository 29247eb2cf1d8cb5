/* harness/report/plot.c -- gnuplot as child processes, one per picture, as many as there are
 * processors at work.
 *
 * A gnuplot that draws several pictures would start less often, but 5.4 crashes now and then when
 * arrays are declared again.  A start costs 30 ms. */
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

/* A gnuplot at work on a picture. */
typedef struct painting {
    tl_text template_path; /* for complaints */
    char **argv;           /* owned, and its words; NULL ends it */
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

/* gnuplot -e SCRIPT TEMPLATE */
static tl_status painter_prepare(painting *painter, const tl_plot_request *request,
                                 const char *pieces, const tl_picture *picture)
{
    tl_text script = {0}, dir = {0};
    tl_text_addf(&dir, "%s/%s", pieces, picture->name);
    tl_text_addf(&painter->template_path, "%s/%s.gp", request->templates, picture->kind);
    add_assignment(&script, "dir", tl_text_data(&dir));
    add_assignment(&script, "out", request->dir);
    add_assignment(&script, "templates", request->templates);
    add_assignment(&script, "formats", request->png ? "svg png" : "svg");
    bool failed = dir.failed || script.failed || painter->template_path.failed;
    const char *const words[] = {request->program == NULL ? "gnuplot" : request->program, "-e",
                                 tl_text_data(&script), tl_text_data(&painter->template_path)};
    tl_status status = failed ? TL_NO_MEMORY : TL_OK;
    for (size_t i = 0; status == TL_OK && i < sizeof words / sizeof words[0]; i++)
        status = painter_add_word(painter, words[i]);
    tl_text_clear(&script);
    tl_text_clear(&dir);
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
                 tl_text_data(&painter->template_path), complaint);
        return TL_IO;
    }
    return TL_OK;
}

static void painter_clear(painting *painter)
{
    for (size_t i = 0; i < painter->argc; i++)
        free(painter->argv[i]);
    free(painter->argv);
    tl_text_clear(&painter->template_path);
    *painter = (painting){0};
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

static tl_status begin_picture(painting *painter, const tl_plot_request *request,
                               const char *pieces, const tl_picture *picture, char *error,
                               size_t error_bytes)
{
    tl_status status = painter_prepare(painter, request, pieces, picture);
    if (status == TL_OK)
        status = painter_start(painter, error, error_bytes);
    else
        snprintf(error, error_bytes, "out of memory");
    if (status != TL_OK)
        painter_clear(painter);
    return status;
}

/* Draw the chosen pictures, `width` at a time; the first error ends it and is the one told. */
static tl_status paint(const tl_plot_request *request, const char *pieces,
                       const tl_pictures *pictures, size_t width, char *error, size_t error_bytes)
{
    painting painters[PAINTERS_MAX] = {0};
    tl_status status = TL_OK;
    size_t begun = 0, ended = 0;
    for (size_t i = 0; i < pictures->count || ended < begun;) {
        bool more = status == TL_OK && i < pictures->count;
        if (more && !pictures->rows[i].chosen) {
            i++;
            continue;
        }
        if (more && begun - ended < width) {
            status = begin_picture(&painters[begun % width], request, pieces, &pictures->rows[i++],
                                   error, error_bytes);
            begun += status == TL_OK;
            continue;
        }
        if (ended == begun)
            break; /* an error, and nobody is at work any more */
        char later[1024];
        bool first = status == TL_OK;
        tl_status end = painter_finish(&painters[ended % width], first ? error : later,
                                       first ? error_bytes : sizeof later);
        painter_clear(&painters[ended++ % width]);
        status = first ? end : status;
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
    size_t width = processors < 1 ? 1 : (size_t)processors;
    width = width > PAINTERS_MAX ? PAINTERS_MAX : width;

    tl_text pieces = {0};
    char failed[4096];
    tl_text_addf(&pieces, "%s/.pieces", request->dir);
    status = pieces.failed ? TL_NO_MEMORY
                           : tl_pieces_write(request->dir, tl_text_data(&pieces), pictures, failed,
                                             sizeof failed);
    if (status == TL_OK)
        status = paint(request, tl_text_data(&pieces), pictures, width, error, error_bytes);
    else
        snprintf(error, error_bytes, "cannot cut the tables into pieces at %.300s: %s", failed,
                 status == TL_NO_MEMORY ? "out of memory" : strerror(errno));
    tl_pieces_remove(tl_text_data(&pieces), pictures);
    tl_text_clear(&pieces);
    return status;
}
