/* harness/cli/cmd_calibrate.h -- what `treelab calibrate` was asked for. */
#ifndef TL_HARNESS_CMD_CALIBRATE_H
#define TL_HARNESS_CMD_CALIBRATE_H

#include "harness/calibrate/calibration.h"
#include "harness/calibrate/neighbours.h"
#include "harness/cli/arguments.h"
#include "harness/gate/gate.h"
#include "harness/gate/policy.h"

#include <limits.h>

enum { TL_CALIBRATE_BUILDS_MAX = 64 };

typedef struct tl_calibrate_build { /* that ought to be as fast as this one */
    char name[48];
    const char *program;
} tl_calibrate_build;

typedef struct tl_calibrate_options {
    const char *policy_path, *out, *json;
    const char *only[TL_GATE_ROWS_MAX + 1];
    size_t only_count;
    double levels[TL_LEVELS_MAX]; /* shares */
    size_t level_count;
    uint64_t launches, injected_launches, replays, power_replays, seed;
    uint64_t fresh_gates; /* `calibrate gates N`; 0: not this form */
    bool neutral;         /* `calibrate neutral NAME=PROGRAM...` */
    tl_calibrate_build builds[TL_CALIBRATE_BUILDS_MAX];
    size_t build_count;
    double budget_s;        /* 0: the policy's */
    double exclude_percent; /* 0: the policy's */
    bool noise, resume, quiet;
    char program[PATH_MAX];
} tl_calibrate_options;

/* TL_EXIT_OK, or TL_EXIT_ENVIRONMENT; ends the process on a usage error. */
int tl_calibrate_options_parse(int argc, char **argv, tl_calibrate_options *asked);

/* What the journals of this request begin with: `title`, then what they are of.  Launches are the
 * same however they are looked at; gates are not. */
void tl_calibrate_head(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                       const char *title, bool looks, char head[TL_SAMPLES_HEAD_MAX]);

/* N whole gates of this program against itself, each added to gates.tsv.  An exit code. */
int tl_calibrate_gates(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                       const char *scratch);

/* A whole gate of this program against each of the builds, added to neutral.tsv.  An exit code:
 * TL_EXIT_REGRESSION when one failed. */
int tl_calibrate_neutral(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                         const char *scratch);

/* Count the lines of a log that begins with `head`; none is there: no lines.
 *
 * An exit code; what is wrong is told: a log of something else (TL_EXIT_USAGE), or unreadable. */
int tl_calibrate_read_log(const char *path, const char *head,
                          void (*count)(const char *line, void *log), void *log);

/* One whole gate of layer time of this program against `candidate`, `name` in messages or NULL.
 * *report is filled, to be released by the caller in any case; `interrupted` there: half a gate,
 * which is none.
 *
 * TL_EXIT_OK when it came to an end, whatever its verdict, or was interrupted; else told. */
int tl_calibrate_gate(const tl_calibrate_options *asked, const tl_gate_policy *policy,
                      const char *scratch, const char *candidate, const char *name, uint64_t seed,
                      tl_gate_report *report, double *seconds);

#endif
