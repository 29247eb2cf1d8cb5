/* harness/cli/cli.h -- subcommands of `treelab`: a registry, exit codes, and shared manners.
 *
 * stdout carries results only; progress and messages go to stderr.  A message names what is wrong
 * and the next step: "treelab run: unknown driver 'lmbd'; did you mean 'lmdb'?".
 */
#ifndef TL_HARNESS_CLI_H
#define TL_HARNESS_CLI_H

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* exit codes */
       TL_EXIT_OK = 0,
       TL_EXIT_REGRESSION = 1,
       TL_EXIT_USAGE = 2, /* usage or spec error */
       TL_EXIT_WRONG = 3, /* wrong answer, damaged file, finding, surviving mutant */
       TL_EXIT_INCONCLUSIVE = 4,
       TL_EXIT_ENVIRONMENT = 5, /* not writable, disk full, out of memory, driver missing, busy */
       TL_EXIT_NOTHING = 6,     /* measured or checked nothing */
       TL_EXIT_UNTESTABLE = 125,
       TL_EXIT_INTERRUPTED = 130,
};

typedef struct tl_command {
    const char *name, *summary;
    int (*main)(int argc, char **argv); /* argv[0] is the subcommand's name; returns exit code */
} tl_command;

/* One per file harness/cli/cmd_<name>.c; main.c lists them. */
int tl_cmd_run(int argc, char **argv);
int tl_cmd_duel(int argc, char **argv);
int tl_cmd_compare(int argc, char **argv);
int tl_cmd_agent(int argc, char **argv);
int tl_cmd_validate(int argc, char **argv);
int tl_cmd_list(int argc, char **argv);
int tl_cmd_verify(int argc, char **argv);
int tl_cmd_dump(int argc, char **argv);
int tl_cmd_apply(int argc, char **argv);
int tl_cmd_fuzz(int argc, char **argv);
int tl_cmd_crash(int argc, char **argv);
int tl_cmd_report(int argc, char **argv);
int tl_cmd_export(int argc, char **argv);
int tl_cmd_keep(int argc, char **argv);
int tl_cmd_sweep(int argc, char **argv);
int tl_cmd_merge(int argc, char **argv);
int tl_cmd_gate(int argc, char **argv);
int tl_cmd_baseline(int argc, char **argv);
int tl_cmd_doctor(int argc, char **argv);
int tl_cmd_calibrate(int argc, char **argv);
int tl_cmd_noise(int argc, char **argv);
int tl_cmd_regressions(int argc, char **argv);

/* The exit code a status leads to when it ends a command (TL_CORRUPT: 3, TL_INVALID: 2, …). */
int tl_exit_code(tl_status status);

/* Why a file or directory could not be made, read or written: the system's reason, right after the
 * call that failed; the status's text where there is none. */
const char *tl_status_reason(tl_status status);

/* Print "treelab COMMAND: MESSAGE" to stderr, printf-like. */
void tl_complain(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* TL_EXIT_OK when the file that `option` names can be written, as `path` NULL and "-" can;
 * otherwise a complaint and the status's exit code.  Asked before the work whose outcome goes
 * there, and after the command has made its own directories. */
int tl_check_output(const char *command, const char *option, const char *path);

/* The candidate nearest to `word` by edit distance, or NULL when none is near enough to suggest. */
const char *tl_nearest(const char *word, const char *const *candidates, size_t candidate_count);

/* A size, count or seed as workloads/number.h reads it: "4096", "4k", "64KiB", "1e6", "0x2a".
 * False: not a number, or outside min..max. */
bool tl_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* A time as read there: "30s", "500ms", "1.5m", "1h"; a number alone is seconds.  False: not one.
 */
bool tl_parse_seconds(const char *text, double *seconds);

/* Progress of long work on stderr: a bar on a terminal, a line per step otherwise.  Honours
 * NO_COLOR, TERM=dumb and CI. */
typedef struct tl_progress tl_progress;
tl_progress *tl_progress_begin(const char *label, uint64_t total, bool quiet); /* NULL is fine */
void tl_progress_update(tl_progress *progress, uint64_t done, const char *step);
void tl_progress_end(tl_progress *progress);
/* For those that begin later: "auto", "bar", "lines", "none"; "auto", "always", "never".  False:
 * no such word. */
bool tl_progress_choose(const char *word);
bool tl_progress_choose_colour(const char *word);

/* Set by SIGINT; long loops test it and end with TL_EXIT_INTERRUPTED, keeping what they have. */
bool tl_interrupted(void);
void tl_catch_interrupt(void);

#endif
