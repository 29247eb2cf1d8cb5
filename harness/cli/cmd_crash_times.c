/* harness/cli/cmd_crash_times.c -- `treelab crash replay ID --times N`: is it the same each time?
 *
 * Each replay is a process of its own, from the beginning: this program again, with other
 * addresses, told nothing of the replays before.  Two are the same when they end alike and tell the
 * same on stderr, where findings and their causes go, to the letter.  (The table on stdout has a
 * rate in it.)
 */
#define _GNU_SOURCE
#include "harness/cli/cmd_crash_cells.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOLD_BYTES = 1 << 16, ARGUMENTS_MAX = 64, TIMES_MAX = 1000000, NOT_STARTED = 127 };

typedef struct replay { /* how one went */
    int end;            /* as waitpid tells it */
    size_t told_bytes;
    char told[TOLD_BYTES];
} replay;

/* The child's side; comes back from nowhere. */
static void replay_be(char *const *arguments, int told)
{
    int nowhere = open("/dev/null", O_RDWR);
    if (nowhere >= 0 && dup2(nowhere, STDIN_FILENO) >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0 &&
        dup2(told, STDERR_FILENO) >= 0)
        execv("/proc/self/exe", arguments);
    _exit(NOT_STARTED);
}

static tl_status replay_read(FILE *file, replay *one)
{
    rewind(file);
    one->told_bytes = fread(one->told, 1, sizeof one->told - 1, file);
    one->told[one->told_bytes] = '\0';
    return ferror(file) ? TL_IO : TL_OK;
}

static tl_status replay_run(char *const *arguments, replay *one)
{
    FILE *file = tmpfile();
    if (file == NULL)
        return TL_IO;
    tl_status status = TL_OK;
    pid_t pid = fork();
    if (pid == 0)
        replay_be(arguments, fileno(file));
    if (pid < 0)
        status = TL_NO_MEMORY;
    while (status == TL_OK && waitpid(pid, &one->end, 0) < 0) {
        if (errno != EINTR)
            status = TL_IO;
    }
    if (status == TL_OK && WIFEXITED(one->end) && WEXITSTATUS(one->end) == NOT_STARTED)
        status = TL_IO;
    if (status == TL_OK)
        status = replay_read(file, one);
    fclose(file);
    return status;
}

static bool is_same(const replay *one, const replay *other)
{
    return one->end == other->end && one->told_bytes == other->told_bytes &&
           memcmp(one->told, other->told, one->told_bytes) == 0;
}

static void print_replay(const char *which, const replay *one)
{
    if (WIFEXITED(one->end))
        printf("%s: exit code %d\n", which, WEXITSTATUS(one->end));
    else
        printf("%s: ended by signal %d\n", which, WTERMSIG(one->end));
    fputs(one->told, stdout);
}

/* Nothing was replayed: no such state, or no such option. */
static bool is_refused(const replay *one)
{
    return WIFEXITED(one->end) && WEXITSTATUS(one->end) != TL_EXIT_OK &&
           WEXITSTATUS(one->end) != TL_EXIT_WRONG;
}

/* Those that went as the first one did, of `done`; the exit code of all of them. */
static int replay_all(char *const *arguments, uint64_t times, bool quiet, replay *first,
                      replay *other)
{
    uint64_t same = 0, done = 0;
    tl_status status = TL_OK;
    tl_progress *progress = tl_progress_begin("replay", times, quiet);
    while (done < times) {
        replay *one = done == 0 ? first : other;
        status = replay_run(arguments, one);
        if (status != TL_OK || tl_interrupted() || (done == 0 && is_refused(one)))
            break;
        done++;
        if (is_same(first, one))
            same++;
        else if (same + 1 == done) /* the first that goes another way */
            print_replay("one of them otherwise", one);
        tl_progress_update(progress, done, NULL);
    }
    tl_progress_end(progress);
    if (status != TL_OK) {
        tl_complain("crash replay", "cannot start this program once more: %s",
                    tl_status_text(status));
        return tl_exit_code(status);
    }
    if (done == 0 && !tl_interrupted()) {
        fputs(first->told, stderr);
        return WEXITSTATUS(first->end);
    }
    if (done > 0)
        print_replay("the first", first);
    printf("%" PRIu64 " of %" PRIu64 " replays the same, to the letter\n", same, done);
    if (tl_interrupted())
        return TL_EXIT_INTERRUPTED;
    return same == done && WIFEXITED(first->end) ? WEXITSTATUS(first->end) : TL_EXIT_WRONG;
}

/* Options that leave a file behind, each replay the same one. */
static const char *leaves_a_file(const char *word)
{
    static const char *const names[] = {"--json", "--junit",    "--out",
                                        "--keep", "--artifact", "--timeline"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(word, names[i], length) == 0 && (word[length] == '\0' || word[length] == '='))
            return names[i];
    }
    return NULL;
}

/* The value of --times at argv[*at], in one word or two; NULL: it is another option. */
static const char *times_at(int argc, char **argv, int *at)
{
    if (strncmp(argv[*at], "--times=", 8) == 0)
        return argv[*at] + 8;
    if (strcmp(argv[*at], "--times") != 0)
        return NULL;
    return *at + 1 < argc ? argv[++*at] : "";
}

bool tl_crash_replay_times(int argc, char **argv, int *exit_code)
{
    char *arguments[ARGUMENTS_MAX + 1] = {(char *)"treelab", (char *)"crash", (char *)"replay"};
    int count = 3;
    uint64_t times = 0;
    bool quiet = false;
    const char *refused = NULL;
    for (int i = 1; i < argc && count + 1 < ARGUMENTS_MAX; i++) {
        const char *text = times_at(argc, argv, &i);
        if (text == NULL) {
            quiet = quiet || strcmp(argv[i], "-q") == 0 || strcmp(argv[i], "--quiet") == 0;
            refused = refused != NULL ? refused : leaves_a_file(argv[i]);
            arguments[count++] = argv[i];
        } else if (!tl_parse_size(text, 1, TIMES_MAX, &times)) {
            tl_complain("crash replay", "--times: '%s' is no number from 1 to %d", text, TIMES_MAX);
            *exit_code = TL_EXIT_USAGE;
            return true;
        }
    }
    if (times == 0)
        return false;
    arguments[count++] = (char *)"-q";
    arguments[count] = NULL;
    if (refused != NULL) {
        tl_complain("crash replay", "%s does not go with --times; replay once with it", refused);
        *exit_code = TL_EXIT_USAGE;
        return true;
    }
    tl_catch_interrupt();
    replay *both = calloc(2, sizeof *both);
    *exit_code = both == NULL ? tl_exit_code(TL_NO_MEMORY)
                              : replay_all(arguments, times, quiet, &both[0], &both[1]);
    free(both);
    return true;
}
