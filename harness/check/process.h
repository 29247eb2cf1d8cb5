/* harness/check/process.h -- real processes on real files, killed at every operation.
 *
 * A child opens the store and commits the history.  Before operation k, or inside it where a write
 * crosses a page of the file, it kills itself with SIGKILL; another child then opens what is left
 * and inspects it, as after any killed process.  k counts what a recorder would log, so case "31.1"
 * is what crash point 31 of sigkill leaves, cut once, on the simulated disk, made by a real kernel.
 * Stores that do not take an I/O table are killed between the calls of their driver instead.
 *
 * Then the scenes: several processes that open, read, write, stop and are killed around each other,
 * told step by step by the parent.  Which scenes depends on what the store promises: one process at
 * a time, or many.
 *
 * Nothing depends on timers; only a process that shows no progress for `patience_ns` is killed and
 * told as a finding, "hangs".  A process that dies unasked is one too, "dies".
 *
 * Threads   the calling process has one.  It never opens a store itself.
 */
#ifndef TL_HARNESS_PROCESS_H
#define TL_HARNESS_PROCESS_H

#include "harness/check/recording.h"

enum { TL_PROCESS_CASE_MAX = 48, TL_PROCESS_RULE_MAX = 24, TL_PROCESS_COMMITS_MIN = 8 };
#define TL_PROCESS_PATIENCE_NS UINT64_C(30000000000)

typedef struct tl_process_case { /* of one store */
    const char *scene;           /* NULL: killed at `point` */
    uint64_t point;              /* operation, or 0 */
    unsigned index; /* so many file pages of a write were written; or turn of a scene */
} tl_process_case;
/* "31.1", "killed_holder.2" */
void tl_process_case_print(const tl_process_case *which, char text[TL_PROCESS_CASE_MAX]);
bool tl_process_case_parse(const char *text, tl_process_case *which);

typedef struct tl_process_finding {
    tl_process_case where;
    char rule[TL_PROCESS_RULE_MAX]; /* of tl_rule_name; or dies, hangs, busy, free, snapshot */
    char text[256];
} tl_process_finding;

typedef struct tl_process_options {
    tl_recording_spec store;     /* with its history; any driver that tl_process_knows; no arena */
    const char *dir;             /* an existing directory: the store lives in one below it */
    unsigned readers;            /* processes that read beside a writer, at least 2 */
    uint64_t patience_ns;        /* without progress, before it is a finding */
    uint64_t states_max;         /* stop after so many; 0: no bound */
    uint64_t budget_ns;          /* stop after so long; 0: no bound */
    const tl_process_case *only; /* NULL: all */
    bool (*stop)(void);          /* asked now and then; NULL: never */
    void (*on_progress)(void *context, uint64_t point, uint64_t point_count); /* may be NULL */
    void (*on_finding)(void *context, const tl_process_finding *finding);     /* may be NULL */
    /* The files as a kill left them, before they are opened; may be NULL. */
    void (*on_killed)(void *context, const tl_process_case *where, const char *dir);
    void *context;
} tl_process_options;

typedef struct tl_process_sum {
    uint64_t states, findings;
} tl_process_sum;

typedef struct tl_process_result {
    uint64_t io_ops, writes, syncs, commits; /* of the history */
    tl_trace_counters counters;
    uint64_t points;              /* operations at which it was killed */
    tl_process_sum kills, scenes; /* states: inspected in full */
    uint64_t distinct;            /* different files among the kills */
    uint64_t recovered, findings, by_rule[TL_RULE_COUNT];
    uint64_t elapsed_ns;
    bool complete;   /* all that was asked for was done */
    char error[256]; /* why the run itself failed */
} tl_process_result;

/* Can this driver be tested here?  Whether several processes may have one of its stores open has to
 * be known: that is a row of a table. */
bool tl_process_knows(const tl_driver *driver);
size_t tl_process_known(const char **names, size_t capacity); /* how many; all drivers' names */

/* TL_OK       *result is filled, whether there are findings or not
 * TL_INVALID  `only` names no case of this store
 * others      the history itself failed, result->error tells how; a directory could not be
 *             made; or TL_NO_MEMORY */
TL_MUST_USE tl_status tl_process_run(const tl_process_options *options, tl_process_result *result);

#endif
