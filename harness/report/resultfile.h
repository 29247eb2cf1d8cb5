/* harness/report/resultfile.h -- the frame of a run's result: run.json, schema "treelab.run/1".
 *
 *     tl_result_begin -> tl_result_set_options -> tl_result_add_cell ... -> tl_result_set_summary
 *                     -> tl_result_finish -> tl_result_free
 *
 * begin makes the id and the directory out/<id>/ and notes machine, build, storage and noise;
 * finish adds what is known only at the end and writes the file whole or not at all.  The shape is
 * results/schema/run-1.json; results/README.md explains it.
 *
 * Threads   one result is used by one thread at a time.
 * Memory    a tl_json handed in becomes the result's own, also when it is NULL for want of memory:
 *           tl_result_finish then says TL_NO_MEMORY.  Texts are copied.
 */
#ifndef TL_HARNESS_RESULTFILE_H
#define TL_HARNESS_RESULTFILE_H

#include "harness/report/json.h"

#define TL_RESULT_SCHEMA   "treelab.run/1"
#define TL_RESULT_OUT_DIR  "out"      /* where runs go unless the user says otherwise */
#define TL_RESULT_FILE     "run.json" /* inside a run's directory */
#define TL_RESULT_TEXT_MAX 256        /* bytes that always hold a message of this module */

typedef struct tl_result tl_result;

typedef struct tl_result_request {
    int argc; /* the command line from the subcommand on: argv[0] is "run" */
    char **argv;
    const char *out_dir;     /* the run's directory is made below it; NULL: none is made */
    const char *json_path;   /* also write run.json there ("-": stdout); NULL: do not */
    const char *storage_dir; /* an existing directory where the stores live, for "storage" and
                                the fsync probe; NULL: the run's directory, else "." */
    bool probe_fsync;        /* 20 small writes with fdatasync in storage_dir */
    char *error;             /* one line for people when begin fails; may be NULL */
    size_t error_bytes;
} tl_result_request;

/* Begin a result.
 *
 * TL_OK         *result is ready; release it with tl_result_free
 * TL_INVALID    neither out_dir nor json_path is given
 * TL_ACCESS, TL_NO_SPACE, TL_IO   the run's directory cannot be made; `error` names it
 * as tl_wholefile_check   json_path cannot be written; `error` names it, no directory stays
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_result_begin(const tl_result_request *request, tl_result **result);

const char *tl_result_id(const tl_result *result);    /* "20261121T150000Z_ab12cd34ef56+dirty" */
const char *tl_result_dir(const tl_result *result);   /* "out/<id>"; NULL when none was made */
const char *tl_result_class(const tl_result *result); /* key of the machine's class; "" unknown */

/* "options": an object with what the run was asked for; "seed" (tl_json_add_hex) is required, the
 * rest is the subcommand's: ops, durability, page_bytes, batch, repeat, ...  The last call wins. */
void tl_result_set_options(tl_result *result, tl_json *options);

typedef struct tl_result_harness { /* what measuring costs */
    double null_op_ns;             /* one operation of the null driver; NAN: not measured */
    double harness_op_ns; /* of it, what a latency has beyond the clock; NAN: not measured */
    const char *clock;    /* "CLOCK_MONOTONIC" */
    double clock_cost_ns; /* one reading; NAN: not measured */
    uint64_t sampling;    /* one operation in this many is timed */
} tl_result_harness;
void tl_result_set_harness(tl_result *result, const tl_result_harness *harness);

/* Add a finished cell: an object of kind "bench" or "crash" as in the schema.  Cells keep the
 * order in which they were added. */
void tl_result_add_cell(tl_result *result, tl_json *cell);
uint64_t tl_result_cell_count(const tl_result *result);

typedef struct tl_result_summary {
    uint64_t failed;          /* cells that did not end with status "ok" */
    uint64_t wrong_answers;   /* reads whose answer was not what was written */
    uint64_t answers_checked; /* reads compared with what was written */
    uint64_t states;          /* crash states checked in full */
    double states_per_s;      /* NAN: no crash sweep in this run */
    uint64_t findings;        /* crash states in which the store broke its promise */
    bool missing_known;       /* false: this command does not count them, and writes no number */
    uint64_t missing;         /* cells that were asked for and are not here: the run was ended */
} tl_result_summary;
void tl_result_set_summary(tl_result *result, const tl_result_summary *summary);

typedef enum tl_result_status {
    TL_RESULT_OK,
    TL_RESULT_INVALID,      /* measured, but not to be trusted: see the cells' errors */
    TL_RESULT_ABORTED,      /* interrupted or ended early; the cells present are whole */
    TL_RESULT_CRASH_FAILED, /* the crash sweep has findings */
    TL_RESULT_WRONG,        /* a store gave a wrong answer */
} tl_result_status;
const char *tl_result_status_name(tl_result_status status); /* "crash-failed" */

/* Complete the result and write it to out/<id>/run.json and to json_path; each is written whole
 * or left as it was.  A count of 2^53 or more turns TL_RESULT_OK into "invalid".  May be called
 * once.  TL_IO, TL_ACCESS, TL_NO_SPACE, TL_NO_MEMORY with a message in `error` (may be NULL). */
TL_MUST_USE tl_status tl_result_finish(tl_result *result, tl_result_status status, int exit_code,
                                       char *error, size_t error_bytes);

void tl_result_free(tl_result *result); /* unfinished ones leave no file; NULL is fine */

#endif
