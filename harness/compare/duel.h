/* harness/compare/duel.h -- two arms under some workloads: launches, looks, verdicts.
 *
 *     pilots -> launches of all workloads in lock-step -> look -> ... -> confirmation -> verdicts
 *
 * A row is one measured phase of one workload; each of its launches gives two values, the median
 * over slices of log(tB/tA) and log(sum tB / sum tA), in CPU time of the processes.  The second
 * sees rare bursts that the first does not.  Both are held against +delta, all rows together by
 * Holm at the look's level; a row regresses when one of its two does.  It passes when both exclude
 * a slowdown of M, at 5 % shared by the rows and by the looks.  Rows that are decided stop.
 *
 * A row that regressed is confirmed with fresh launches, whose statistic of the same kind must be
 * above 0 at 5 %; what is told of it then comes from these launches, which nobody chose to stop at.
 *
 * Where commits wait for the disk, time decides nothing: counters of the pilots are compared.  A
 * store whose threads work on while the other side runs does part of its work unseen: its rows are
 * inconclusive.
 *
 * Threads   one duel at a time per process.
 */
#ifndef TL_HARNESS_DUEL_H
#define TL_HARNESS_DUEL_H

#include "harness/compare/launch.h"
#include "harness/compare/layouts.h"
#include "harness/compare/links.h"
#include "harness/compare/looks.h"
#include "harness/compare/verdict.h"
#include "harness/report/json.h"

#include <stdio.h>

enum {
    TL_DUEL_TEXT_MAX = 512,
    TL_DUEL_LOADS_MAX = 32,
    TL_DUEL_VALUES_MAX = TL_SIGNED_RANK_N_MAX,
};

typedef enum tl_duel_statistic {
    TL_DUEL_MEDIAN,
    TL_DUEL_SUMS,
    TL_DUEL_STATISTICS
} tl_duel_statistic;
const char *tl_duel_statistic_name(tl_duel_statistic statistic); /* "median" */

typedef struct tl_duel_load { /* a workload, with the arguments of `treelab agent` that ask for it
                               */
    const char *name;
    const char *const *arguments;
    size_t argument_count;
    const char *const *phases; /* those that are compared, NULL-terminated; NULL: all */
} tl_duel_load;

typedef enum tl_duel_stage { TL_DUEL_PILOT, TL_DUEL_LOOKS, TL_DUEL_CONFIRM } tl_duel_stage;
const char *tl_duel_stage_name(tl_duel_stage stage); /* "confirm" */

typedef struct tl_duel_request {
    tl_launch_arm arms[2];
    const tl_links *links[2]; /* of the arms' programs; read when layouts > 0 */
    size_t layouts;           /* launch i runs link i mod layouts of both; 0: the programs */
    const char *layout_note;  /* why there are none; NULL or "": nobody asked */
    const tl_duel_load *loads;
    size_t load_count;            /* TL_DUEL_LOADS_MAX at most */
    const char *const *arguments; /* of `treelab agent`, for all */
    size_t argument_count;
    unsigned slices; /* of a phase, at most; 0: 20 */
    uint64_t ops;    /* 0: as many as these slices need */
    uint64_t seed;   /* of the operations, and of everything drawn by lot */
    tl_looks looks;
    tl_margins margins;
    unsigned confirm_launches; /* 0: none */
    uint64_t budget_ns;        /* for the looks, per workload; 0: no bound */
    uint64_t patience_ns;      /* with an agent */
    const char *dir;
    int cpu;
    bool by_counters;            /* time decides nothing */
    bool (*stop)(void *context); /* may be NULL */
    void (*step)(void *context, uint64_t done, uint64_t total, const char *what); /* may be NULL */
    void (*sample)(void *context, tl_duel_stage stage, const char *load, uint64_t number,
                   const tl_launch *launch); /* each launch, before it is forgotten; may be NULL */
    void *context;
} tl_duel_request;

typedef struct tl_duel_row {
    size_t load, phase;
    char name[2 * TL_LAUNCH_NAME_MAX]; /* "random/insert" */
    tl_slice_plan plan;
    bool repeats;
    tl_verdict verdict;
    bool active;   /* more launches are wanted */
    unsigned look; /* at which it was decided, from 1; 0: none */
    double values[TL_DUEL_STATISTICS][TL_DUEL_VALUES_MAX], wall[TL_DUEL_VALUES_MAX];
    size_t n;
    double p[TL_DUEL_STATISTICS];          /* against delta, at its last look */
    tl_effect effects[TL_DUEL_STATISTICS]; /* at its last look */
    bool judged;                           /* the two above are there */
    tl_duel_statistic failed;              /* of a row that regressed: with the smaller p */
    double fresh[TL_DUEL_STATISTICS][TL_DUEL_VALUES_MAX];
    size_t fresh_n;
    bool confirmation;                 /* was tried */
    tl_effect confirmed;               /* of statistic `failed` */
    double busy_ns[2], idle_ns[2];     /* CPU time in slices, and of its threads outside of them */
    double slice_ns_min, ns_per_op[2]; /* the shortest median slice of a launch; pilot's cost */
    tl_launch_counter counters[2][TL_LAUNCH_COUNTERS_MAX]; /* of the pilot, whole phase */
    size_t counter_count[2];
    char note[TL_DUEL_TEXT_MAX]; /* "" when there is nothing to tell */
} tl_duel_row;

typedef struct tl_duel_noise { /* sums over the launches of one workload, both sides */
    uint64_t launches, minflt, invol_cs, runwait_ns, hiccups, hiccup_max_ns, steal_ticks;
    bool steal_known;
} tl_duel_noise;

typedef struct tl_duel_setup { /* of one workload */
    uint64_t ops;
    uint64_t setup_cpu_ns[2];        /* of the last pilot, which runs the whole workload, */
    uint64_t records, content_hash;  /* as are these */
    bool not_compared;               /* a side does not claim to read back */
    char threaded[TL_DUEL_TEXT_MAX]; /* phases of several threads: not compared */
    uint64_t launch_ns;              /* sum over launches */
    tl_duel_noise noise;
} tl_duel_setup;

typedef struct tl_duel {
    const tl_duel_request *request;
    tl_duel_row *rows;
    size_t row_count, row_capacity;
    tl_duel_setup setups[TL_DUEL_LOADS_MAX];
    char revision[2][TL_LAUNCH_NAME_MAX];
    uint64_t launches; /* of all workloads and stages */
    uint64_t begin_ns, wall_ns;
    bool interrupted, out_of_budget;
    tl_launch launch; /* the one under way */
    char error[TL_DUEL_TEXT_MAX];
} tl_duel;

/* Do it all.  TL_OK, also when interrupted: *duel is ready, release it with tl_duel_free.  Else as
 * tl_launch_run says, with a message in `error`; *duel is there all the same, with what was found
 * before, unless memory was short. */
TL_MUST_USE tl_status tl_duel_run(const tl_duel_request *request, tl_duel **duel, char *error,
                                  size_t error_bytes);
void tl_duel_free(tl_duel *duel); /* NULL is fine */

typedef enum tl_duel_answer { /* of all rows together, the gravest first */
                              TL_DUEL_REGRESSED,
                              TL_DUEL_INCONCLUSIVE,
                              TL_DUEL_NOTHING, /* no row could be judged */
                              TL_DUEL_PASS,
} tl_duel_answer;
tl_duel_answer tl_duel_conclude(const tl_duel *duel);

/* What lasting differences between layouts add to the row's medians; NAN: not told apart. */
double tl_duel_layout_deviation(const tl_duel *duel, const tl_duel_row *row);
/* "8 layouts of both programs ...", or why there was one; nothing when nobody asked. */
void tl_duel_layouts_text(const tl_duel_request *request, char *text, size_t text_bytes);

void tl_duel_print(FILE *out, const tl_duel *duel);

/* The row as a cell of the result, and a launch as a line of samples.jsonl; the caller owns them.
 * NULL when memory is short. */
tl_json *tl_duel_cell_json(const tl_duel *duel, const tl_duel_row *row, uint64_t order);
tl_json *tl_duel_launch_json(tl_duel_stage stage, const char *load, uint64_t number,
                             const tl_launch *launch);

/* Within the room, and for `treelab calibrate`, which judges made-up launches by the same code. */

/* Rows from the pilot just run; or no rows, and *again, which must be true to allow it: the scale
 * has grown and another pilot is to run.  `late`: only because a phase could not be compared. */
TL_MUST_USE tl_status tl_duel_rows_plan(tl_duel *duel, size_t load, bool late, bool *again);
void tl_duel_rows_add(tl_duel *duel, size_t load, tl_duel_stage stage);
TL_MUST_USE tl_status tl_duel_rows_look(tl_duel *duel, size_t look);
TL_MUST_USE tl_status tl_duel_rows_confirm(tl_duel *duel);
void tl_duel_rows_count(tl_duel *duel); /* verdicts by counters */
/* Would launches number `done` to `next` end within the budget, at the pace so far? */
bool tl_duel_within_budget(const tl_duel *duel, unsigned done, unsigned next);

#endif
