/* harness/check/sweep.h -- break a store at every place of a recorded run and look what is left.
 *
 * One sweep is one store (driver, settings, durability): record the trace, walk over its crash
 * points, build every state of every variant asked for, inspect each.  Deterministic: the same
 * options give the same states in the same order, so a case names its state for ever.
 */
#ifndef TL_HARNESS_SWEEP_H
#define TL_HARNESS_SWEEP_H

#include "harness/check/recording.h"
#include "harness/fault/crash.h"

typedef struct tl_sweep tl_sweep; /* one that runs */

typedef struct tl_case { /* which state of a sweep */
    tl_crash_variant variant;
    size_t point;  /* crash at this entry of the trace's log */
    size_t index;  /* state of the variant there */
    size_t nested; /* kill_then_power_loss: power loss at this entry of the recovery's log; 0: the
                      kill itself */
} tl_case;

enum { TL_CASE_TEXT_MAX = 96 };
/* "torn_sector/31.5", "kill_then_power_loss/31.0.7" */
void tl_case_print(const tl_case *state, char text[TL_CASE_TEXT_MAX]);
bool tl_case_parse(const char *text, tl_case *state);

typedef struct tl_sweep_finding {
    tl_case where;
    tl_verdict verdict;
    tl_allowed allowed;
} tl_sweep_finding;

typedef struct tl_sweep_options {
    const tl_driver *driver; /* has TL_DRIVER_SIM_IO */
    const tl_driver_setting *settings;
    size_t setting_count;
    tl_durability durability;
    uint32_t page_bytes;
    const tl_history *history; /* NULL: mixed */
    uint64_t seed;
    size_t commits;
    bool variants[TL_CRASH_VARIANT_COUNT];
    const tl_case *only; /* inspect this state alone; NULL: all */
    unsigned stride;     /* crash at every so manieth point of the log; 0, 1: at all */
    uint64_t states_max; /* stop after so many; 0: no bound */
    uint64_t budget_ns;  /* stop after so long; 0: no bound */
    tl_arena *arena;     /* for every open; NULL: the driver makes its own each time */
    bool (*stop)(void);  /* asked now and then; NULL: never */
    void (*on_progress)(void *context, size_t point, size_t point_count); /* may be NULL */
    void (*on_state)(void *context); /* one more was inspected; may be NULL */
    void (*on_finding)(void *context, const tl_sweep *sweep,
                       const tl_sweep_finding *finding); /* may be NULL */
    void *context;
} tl_sweep_options;

/* What is recorded under these options. */
tl_recording_spec tl_sweep_recording(const tl_sweep_options *options);

typedef struct tl_sweep_variant {
    uint64_t states, findings;
} tl_sweep_variant;

typedef struct tl_sweep_result {
    tl_trace_counters counters;
    size_t commits, io_ops, points; /* points: of those, at how many the store was crashed */
    uint64_t writes, syncs;
    uint64_t states;             /* states inspected in full */
    uint64_t distinct;           /* different contents of the disk among them */
    uint64_t recovered, refused; /* opened and right; refused where that is allowed */
    uint64_t findings, by_rule[TL_RULE_COUNT];
    tl_sweep_variant variants[TL_CRASH_VARIANT_COUNT];
    uint64_t elapsed_ns; /* of the walk, not of the recording */
    bool complete;       /* every state asked for was inspected */
    char error[256];     /* why the sweep itself failed */
} tl_sweep_result;

/* TL_OK       *result is filled, whether there are findings or not
 * TL_INVALID  the only case names no state of this sweep
 * others      the recording failed, result->error tells how; or TL_NO_MEMORY */
TL_MUST_USE tl_status tl_sweep_run(const tl_sweep_options *options, tl_sweep_result *result);

/* For on_finding: write the finding as a script that brings the store to this state again. */
TL_MUST_USE tl_status tl_sweep_write_script(const tl_sweep *sweep, const tl_sweep_finding *finding,
                                            const char *command, const char *path);

#endif
