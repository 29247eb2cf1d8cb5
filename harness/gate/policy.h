/* harness/gate/policy.h -- what a gate asks: ci/gate.json, read and checked.
 *
 *     {"schema": "treelab.gate/1",
 *      "rows": [{"name": "random",
 *                "run": ["--driver", "tree:checkpoint_thread=off", "--workload", "random"],
 *                "layers": ["counters", "instructions", "time"]}],
 *      "instructions": {"tolerance": 0.001},
 *      "time": {"looks": [16, 32, 64, 128], "alphas": [0.001, 0.002, 0.003, 0.004],
 *               "delta": 0.005, "exclude": 0.05, "confirm": 40, "budget_s": 90, "slices": 20,
 *               "layouts": 8}}
 *
 * A row is one `treelab run`; everything that tells what it measures stands in `run`.  The layer
 * `time` compares the phases named in its "phases", or all of them.
 *
 * Of `time`: after how many launches samples are looked at, and the one-sided level of each look;
 * what does not count as a regression (delta) and what a pass excludes, both as shares; launches
 * that confirm a regression; seconds per row; slices per phase and launch; how many layouts
 * launches take turns among, when both programs have links (harness/compare/links.h).
 */
#ifndef TL_HARNESS_GATE_POLICY_H
#define TL_HARNESS_GATE_POLICY_H

#include "harness/compare/looks.h"
#include "harness/compare/verdict.h"
#include "harness/report/json.h"

#define TL_GATE_SCHEMA "treelab.gate/1"

enum {
    TL_GATE_ROWS_MAX = 64,
    TL_GATE_WORDS_MAX = 64,
    TL_GATE_TEXT_MAX = 512,
    TL_GATE_PHASES_MAX = 8
};

enum { /* the layers, as bits */
       TL_LAYER_COUNTERS = 1,
       TL_LAYER_INSTRUCTIONS = 2,
       TL_LAYER_TIME = 4,
       TL_LAYERS_ALL = 7,
};
const char *tl_layer_name(unsigned layer); /* of one bit: "counters" */
/* The bit of that name; 0 when there is none. */
unsigned tl_layer_find(const char *name);

typedef struct tl_gate_row {
    const char *name;                     /* unique; letters, digits, _ and - */
    const char *words[TL_GATE_WORDS_MAX]; /* of `treelab run`; NULL-terminated */
    size_t word_count;
    const char *phases[TL_GATE_PHASES_MAX + 1]; /* NULL-terminated; empty: all */
    unsigned layers;
} tl_gate_row;

typedef struct tl_gate_timing {
    tl_looks looks;
    tl_margins margins;
    unsigned confirm_launches, slices, layouts;
    double budget_s; /* per row, without confirmations */
} tl_gate_timing;

typedef struct tl_gate_policy {
    tl_json *root; /* owned: all texts live in it */
    tl_gate_row rows[TL_GATE_ROWS_MAX];
    size_t row_count;
    double instruction_tolerance; /* 0.001: a tenth of a percent */
    tl_gate_timing timing;
    bool inconclusive_fails;
} tl_gate_policy;

/* Read the policy at `path`.
 *
 * TL_OK         *policy is ready; release it with tl_gate_policy_release
 * TL_INVALID    it is not JSON, or says something that is not understood; `error` names what
 * TL_NOT_FOUND, TL_ACCESS, TL_IO, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_gate_policy_read(const char *path, tl_gate_policy *policy, char *error,
                                          size_t error_bytes);
/* Other answers than the file's for this once: the slowdown that a pass excludes and the seconds
 * per row; 0 keeps the file's.  False: nothing is left between delta and `exclude`. */
bool tl_gate_timing_set(tl_gate_timing *timing, double exclude_percent, double budget_s);
void tl_gate_policy_release(tl_gate_policy *policy);

#endif
