/* harness/cli/progress.c -- where long work stands, on stderr.
 *
 * On a terminal one line is drawn over and over.  Elsewhere (a file, a pipe, CI, TERM=dumb) a new
 * line is written when the step has another name, and at least every tenth of the way.
 */
#include "harness/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30, LABEL_BYTES = 48, STEP_BYTES = 64, TENTHS = 10 };

#define REDRAW_S 0.1
#define GREEN    "\033[32m"
#define PLAIN    "\033[0m"
#define WIPE     "\r\033[K"

struct tl_progress {
    char label[LABEL_BYTES], step[STEP_BYTES];
    uint64_t total, done;
    uint64_t tenth; /* of the way, when a line was last written */
    double start_s, drawn_s;
    bool bar, colour;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

static bool terminal_draws(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) != 0 && !is_set("CI") && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

static const char *const forms[] = {"auto", "bar", "lines", "none"};
static const char *const colours[] = {"auto", "always", "never"};
enum { FORM_AUTO, FORM_BAR, FORM_LINES, FORM_NONE };
enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
static int form, colour; /* chosen before any progress begins */

static bool choose(const char *word, const char *const *words, int count, int *chosen)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0) {
            *chosen = i;
            return true;
        }
    return false;
}

bool tl_progress_choose(const char *word)
{
    return choose(word, forms, sizeof forms / sizeof forms[0], &form);
}

bool tl_progress_choose_colour(const char *word)
{
    return choose(word, colours, sizeof colours / sizeof colours[0], &colour);
}

tl_progress *tl_progress_begin(const char *label, uint64_t total, bool quiet)
{
    tl_progress *progress = quiet || form == FORM_NONE ? NULL : calloc(1, sizeof *progress);
    if (progress == NULL)
        return NULL;
    snprintf(progress->label, sizeof progress->label, "%s", label);
    progress->total = total;
    progress->start_s = now_s();
    progress->bar = form == FORM_AUTO ? terminal_draws() : form == FORM_BAR;
    progress->colour =
        progress->bar && (colour == COLOUR_AUTO ? !is_set("NO_COLOR") : colour == COLOUR_ALWAYS);
    return progress;
}

static double share_done(const tl_progress *progress)
{
    if (progress->total == 0)
        return 0;
    double share = (double)progress->done / (double)progress->total;
    return share > 1 ? 1 : share;
}

static void draw_bar(const tl_progress *progress, double now)
{
    double share = share_done(progress), spent_s = now - progress->start_s;
    int filled = (int)(share * BAR_WIDTH);
    fprintf(stderr, WIPE "%s [%s", progress->label, progress->colour ? GREEN : "");
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "%s] %3d%%", progress->colour ? PLAIN : "", (int)(share * 100));
    if (share > 0 && share < 1)
        fprintf(stderr, " %.0f s left", spent_s * (1 - share) / share);
    if (progress->step[0] != '\0')
        fprintf(stderr, " %s", progress->step);
    fflush(stderr);
}

static void write_line(const tl_progress *progress, double now)
{
    fprintf(stderr, "%s: %3d%%, %.1f s%s%s\n", progress->label, (int)(share_done(progress) * 100),
            now - progress->start_s, progress->step[0] != '\0' ? ", " : "", progress->step);
}

void tl_progress_update(tl_progress *progress, uint64_t done, const char *step)
{
    if (progress == NULL)
        return;
    bool renamed = step != NULL && strncmp(step, progress->step, STEP_BYTES - 1) != 0;
    if (renamed)
        snprintf(progress->step, sizeof progress->step, "%s", step);
    progress->done = done;
    double now = now_s();
    uint64_t tenth = (uint64_t)(share_done(progress) * TENTHS);
    if (progress->bar && (renamed || now - progress->drawn_s >= REDRAW_S)) {
        draw_bar(progress, now);
        progress->drawn_s = now;
    } else if (!progress->bar && (renamed || tenth > progress->tenth)) {
        write_line(progress, now);
        progress->tenth = tenth;
    }
}

void tl_progress_end(tl_progress *progress)
{
    if (progress != NULL && progress->bar)
        fputs(WIPE, stderr); /* what is printed next begins on a clean line */
    free(progress);
}
