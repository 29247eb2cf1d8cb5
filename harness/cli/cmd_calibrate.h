/* harness/cli/cmd_calibrate.h -- what `treelab calibrate` was asked for. */
#ifndef TL_HARNESS_CMD_CALIBRATE_H
#define TL_HARNESS_CMD_CALIBRATE_H

#include "harness/calibrate/calibration.h"
#include "harness/calibrate/neighbours.h"
#include "harness/cli/arguments.h"
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

#endif
