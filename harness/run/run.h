/* harness/run/run.h -- run drivers against workloads and hand back what was measured.
 *
 *     tl_run_probe -> tl_run_execute -> tl_run_print_table, tl_run_cell_json -> tl_run_free
 *
 * A cell is one driver running one workload once, in a directory of its own.  Every repetition
 * runs each workload on all drivers, one after the other, in an order that rotates, so that a slow
 * minute of the machine hits all of them.
 *
 * Threads   one run at a time per process: resource counts are the process's.
 * Memory    a request and all it points to belongs to the caller and outlives the run.
 */
#ifndef TL_HARNESS_RUN_H
#define TL_HARNESS_RUN_H

#include "harness/driver.h"
#include "harness/measure/histogram.h"
#include "harness/measure/resources.h"
#include "harness/report/resultfile.h"
#include "harness/run/limits.h"
#include "harness/run/pace.h"
#include "harness/run/schedule.h"
#include "harness/run/series.h"
#include "harness/run/shapes.h"
#include "workloads/workload.h"

#include <stdio.h>

enum {
    TL_RUN_TEXT_MAX = 512,    /* bytes that always hold a message of this room */
    TL_RUN_COUNTER_MAX = 192, /* engine counters kept per phase */
    TL_RUN_NAME_MAX = 48,     /* bytes kept of a phase's name */
};

typedef struct tl_run_arm { /* a driver, as asked for */
    const tl_driver *driver;
    const char *label; /* "tree:leaf=rebuild"; unique in the request */
    const tl_driver_setting *settings;
    size_t setting_count;
} tl_run_arm;

typedef struct tl_run_own { /* what one load has of its own, instead of the request's */
    uint64_t ops, seed;
    tl_durability durability;
    uint32_t page_bytes;
    bool batch_given;
    uint64_t batch;
} tl_run_own;

typedef struct tl_run_load { /* a workload, as asked for */
    const tl_workload *workload;
    const char *name; /* in ids, tables and results, unique in the request; NULL: the workload's */
    const tl_run_own *own;   /* NULL: as the request says */
    const char *plugin_base; /* file name of the plug-in it came from; NULL when built in */
    const tl_workload_setting *settings;
    size_t setting_count;
} tl_run_load;

typedef struct tl_run_cell tl_run_cell;

typedef struct tl_run_request {
    const tl_run_arm *arms;
    size_t arm_count;
    const tl_run_load *loads;
    size_t load_count;
    uint64_t ops, seed;
    tl_durability durability;
    uint32_t page_bytes;
    uint64_t repeat;
    bool batch_given; /* `batch` replaces the batch of every phase that writes */
    uint64_t batch;
    bool pin_reader; /* a read txn from before the first measured phase to the end of the last */
    bool compact;    /* give space back before the store is closed, where the driver can */
    size_t shapes;   /* samples of the tree's shape in each phase that writes; 0: none */
    tl_rate rate;    /* of measured phases; all zeros: a closed loop */
    uint64_t duration_ns;        /* end measured phases after so long, where they may; 0: never */
    uint64_t warmup_ns;          /* of measured phases: the first part is a phase of its own */
    tl_steady_rule until;        /* end measured phases when steady; all zeros: no rule */
    uint64_t interval_ns;        /* of each phase's series; 0: none */
    size_t value_bytes_max;      /* see tl_run_probe */
    const char *data_dir;        /* an existing directory; each store gets a fresh one inside */
    bool (*stop)(void *context); /* asked now and then; true ends the run; may be NULL */
    void (*step)(void *context, uint64_t cells_done, const char *cell_id); /* may be NULL */
    /* Asked before a cell: true when an earlier start finished it and *cell was filled.  May be
     * NULL. */
    bool (*earlier)(void *context, tl_run_cell *cell);
    /* Told of each cell that was run to its end; what is not TL_OK ends the run.  May be NULL. */
    tl_status (*finished)(void *context, const tl_run_cell *cell);
    void *context;
} tl_run_request;

typedef struct tl_run_latency { /* of one kind of operation in one phase; all ns */
    uint64_t count, min, p50, p90, p99, p99_9, p99_99, max, clamped;
    double mean;
    tl_histogram_point curve[TL_HISTOGRAM_CURVE_MAX];
    size_t curve_count;
    char *hdr; /* the whole histogram, "HISTF…"; NULL when count is 0 */
} tl_run_latency;

typedef struct tl_run_counter {
    const char *name; /* the driver's, static */
    uint64_t value;   /* what this phase added */
} tl_run_counter;

typedef struct tl_run_phase {
    char name[TL_RUN_NAME_MAX];
    bool measured;
    uint64_t ops, transactions, errors, wrong;
    uint64_t retries; /* transactions done again because another thread's was in the way */
    uint32_t threads; /* that shared it; 1 for most */
    bool blind_gets;  /* gets in txns that write showed what was committed before */
    bool many_looped; /* gets asked together were a loop of get: the driver has no other */
    uint64_t wall_ns; /* the whole loop: operations, generating them, checking answers */
    uint64_t cpu_ns;  /* the same stretch in CPU time of the process */
    uint64_t ops_ns;  /* the sum of all latencies: operations and commits only */
    tl_run_latency latency[TL_OP_KIND_COUNT]; /* count 0: the phase had no such operation */
    bool is_warmup;                           /* of the phase that follows, whose name it has */
    bool limited;                             /* was to end by time or when steady */
    bool asked_whole; /* its own limit says that it runs to the end of its stream */
    bool partial;     /* how much of the stream it had was a matter of time */
    tl_run_end end;   /* what ended it */
    tl_run_latency response[TL_OP_KIND_COUNT]; /* the same from the intended start, in open loops */
    tl_run_schedule schedule;                  /* of open loops */
    tl_run_counter counters[TL_RUN_COUNTER_MAX];
    size_t counter_count;
    tl_resources os;
    bool space_known;
    tl_driver_space space;
    bool logical_known;
    uint64_t logical_bytes;   /* keys and values that live in the store when the phase ends */
    uint64_t answers_checked; /* answers to GET and records of SCANs compared with the truth */
    uint64_t result_hash;     /* equal for all stores that answer rightly */
    tl_series series;         /* rows == NULL: none was asked for */
    tl_shapes shapes;         /* at == NULL: none were asked for, or the store has none to tell */
} tl_run_phase;

typedef struct tl_run_life { /* of a store, around its phases; all 0 until it was closed well */
    uint64_t open_ns, close_ns;
    uint64_t compact_ns;            /* 0: was not asked for, or the driver has none */
    uint64_t data_bytes, log_bytes; /* on disk when closed; log_bytes: what a clean close makes
                                       redundant */
} tl_run_life;

typedef enum tl_run_cell_status {
    TL_RUN_CELL_OK,
    TL_RUN_CELL_WRONG,       /* an answer was not what was written */
    TL_RUN_CELL_FAILED,      /* a call failed; `failure` tells how */
    TL_RUN_CELL_UNSUPPORTED, /* the store lacks an operation that the workload asks for */
} tl_run_cell_status;
const char *tl_run_cell_status_name(tl_run_cell_status status); /* "wrong" */

struct tl_run_cell {
    const tl_run_arm *arm;
    const tl_run_load *load;
    uint64_t repetition;
    uint64_t order; /* place among the cells of this repetition, from 0 */
    char id[TL_RUN_TEXT_MAX];
    tl_run_cell_status status;
    tl_status failure;           /* TL_OK unless FAILED */
    char error[TL_RUN_TEXT_MAX]; /* "" when there is nothing to tell */
    char note[TL_RUN_TEXT_MAX];  /* the workload's remark; "" when it has none */
    tl_run_life life;
    tl_run_phase *phases; /* the workload's, then "audit" for stores that read back */
    size_t phase_count;
};

typedef struct tl_run {
    const tl_run_request *request;
    tl_run_cell *cells; /* finished ones, in the order they ran */
    size_t cell_count;
    bool interrupted;  /* request->stop said so */
    bool cut_short;    /* a failure of the machine ended it early */
    tl_status failure; /* of the first cell that failed; TL_OK when none did */
    char error[TL_RUN_TEXT_MAX];
    uint64_t failed_cells;  /* that did not end OK */
    uint64_t wrong_cells;   /* that are WRONG */
    uint64_t wrong_answers; /* counted one by one */
    uint64_t answers_checked;
    uint64_t measured_ops; /* operations of measured phases of cells that ended OK */
} tl_run;

/* The request with what is the load's own in its place. */
tl_run_request tl_run_request_of(const tl_run_request *request, const tl_run_load *load);
const char *tl_run_load_name(const tl_run_load *load);

/* When phases that have no limit of their own end before their streams. */
tl_limits tl_run_limits(const tl_run_request *request);
const char *tl_run_end_name(tl_run_end end);                  /* "duration" */
const char *tl_run_durability_name(tl_durability durability); /* "commit"; as on the command line */
const char *tl_run_promise_name(tl_promise promise);          /* "weaker" */

/* Open each arm's store once to see that its settings are understood, and set
 * request->value_bytes_max to the largest value that all of them take.
 *
 * TL_OK       every store opened
 * otherwise   the status of the first that did not; `error` says which and why */
TL_MUST_USE tl_status tl_run_probe(tl_run_request *request, char *error, size_t error_bytes);

/* Run all cells.  Failures of stores do not fail this call: they are in the cells.  A full disk,
 * refused access or lack of memory ends the run early with the cells so far.
 *
 * TL_OK         *run is ready; release it with tl_run_free
 * TL_INVALID    a workload refuses its settings, or one that does not keep its own rules; `error`
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_run_execute(const tl_run_request *request, tl_run **run, char *error,
                                     size_t error_bytes);
void tl_run_free(tl_run *run); /* NULL is fine */

/* What the run is worth; the gravest thing names it: a wrong answer, an interruption, trouble of
 * the machine, a failed cell, nothing measured. */
tl_result_status tl_run_status(const tl_run *run);

typedef struct tl_run_cost { /* of the harness per operation, with the driver that does nothing */
    double null_op_ns;       /* everything: generating, clock, checking, filing, the call */
    double harness_op_ns;    /* of a latency, what is not the clock: filing, checking, the call */
} tl_run_cost;

/* Measure it in this process.  NAN when this build has no driver "null" or no workload "random". */
tl_run_cost tl_run_cost_measure(void);

/* The cell as the schema wants it; the caller owns it.  NULL when memory is short. */
tl_json *tl_run_cell_json(const tl_run_request *request, const tl_run_cell *cell);

/* Fill *cell, whose arm, load, repetition and order are set, from what tl_run_cell_json made of it:
 * what tables and comparisons use, not samples of shapes.  TL_INVALID: it is another cell, or none.
 * TL_NO_MEMORY. . */
TL_MUST_USE tl_status tl_run_cell_restore(const tl_json *json, tl_run_cell *cell);

/* Print one row per driver, workload and measured phase.  Rates are medians over repetitions with
 * minimum and maximum; ratios are to the arm labelled `baseline` (may be NULL), repetition by
 * repetition. */
void tl_run_print_table(FILE *out, const tl_run *run, const char *baseline);

/* The intervals of all phases as files: series.csv and latency.hlog (series_files.c tells their
 * columns and tags).  Failures of `out` are remembered by it: see ferror(). */
void tl_run_write_series(FILE *out, const tl_run *run);
void tl_run_write_hlog(FILE *out, const tl_run *run);

/* Print the cells in running order without running them. */
TL_MUST_USE tl_status tl_run_print_plan(FILE *out, const tl_run_request *request);

#endif
