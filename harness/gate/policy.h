/* harness/gate/policy.h -- what a gate asks: ci/gate.json, read and checked.
 *
 *     {"schema": "treelab.gate/1",
 *      "rows": [{"name": "random",
 *                "run": ["--driver", "tree:checkpoint_thread=off", "--workload", "random"],
 *                "layers": ["counters", "instructions", "time"]}],
 *      "instructions": {"tolerance": 0.001},
 *      "time": {...}}
 *
 * A row is one `treelab run`; everything that tells what it measures stands in `run`.
 */
#ifndef TL_HARNESS_GATE_POLICY_H
#define TL_HARNESS_GATE_POLICY_H

#include "harness/report/json.h"

enum { TL_GATE_ROWS_MAX = 64, TL_GATE_WORDS_MAX = 64, TL_GATE_TEXT_MAX = 512 };

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
    unsigned layers;
} tl_gate_row;

typedef struct tl_gate_policy {
    tl_json *root; /* owned: all texts live in it */
    tl_gate_row rows[TL_GATE_ROWS_MAX];
    size_t row_count;
    double instruction_tolerance; /* 0.001: a tenth of a percent */
    const tl_json *time;          /* the object `time`, or NULL; the duel reads it */
    bool inconclusive_fails;
} tl_gate_policy;

/* Read the policy at `path`.
 *
 * TL_OK         *policy is ready; release it with tl_gate_policy_release
 * TL_INVALID    it is not JSON, or says something that is not understood; `error` names what
 * TL_NOT_FOUND, TL_ACCESS, TL_IO, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_gate_policy_read(const char *path, tl_gate_policy *policy, char *error,
                                          size_t error_bytes);
void tl_gate_policy_release(tl_gate_policy *policy);

#endif
