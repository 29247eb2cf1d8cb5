/* harness/check/faultsweep.h -- every call of a run fails, one after the other: once, and for good.
 *
 * One sweep is one store (driver, settings, durability).  A fixed history -- commits of the oracle
 * with reads between them, a snapshot held over several, a checkpoint, a close and a second life --
 * runs on a simulated disk with the first call of a class made to fail, then with the second, until
 * a run ends in which nothing failed.  After the failure the disk works again, and the store must
 * show what it makes of it.  Checked in each run:
 *
 *   what the failing call returned is a documented status, never one that tells another story
 *   what was acknowledged can be read meanwhile, and the snapshot is what it was until it ends
 *   the store closes, and no file, lock or block of memory stays behind
 *   the next process finds one allowed commit prefix, sound, and can commit (tl_inspect)
 *   a refusal for want of room changed nothing: with room again the same commit succeeds, and the
 *   files do not end longer than without it
 *   after a failed sync: at each later entry of the log, up to the end of the next process's first
 *   commit, a power loss leaves what was promised, whatever the failed sync lost
 *
 * Deterministic: the same options give the same runs, so a case names its run for ever.
 */
#ifndef TL_HARNESS_FAULTSWEEP_H
#define TL_HARNESS_FAULTSWEEP_H

#include "harness/check/inspect.h"
#include "harness/fault/simdisk.h"

typedef enum tl_fault_source {                  /* who refuses */
                               TL_FAULT_CALL,   /* a function of tl/io.h */
                               TL_FAULT_SYNC,   /* fdatasync, in one of its ways */
                               TL_FAULT_MEMORY, /* an allocation */
                               TL_FAULT_QUOTA,  /* a disk that is full at so many bytes */
                               TL_FAULT_FILE,   /* all writes of one file, from one on */
} tl_fault_source;

typedef struct tl_fault_class { /* a row of the registry */
    const char *name, *error;   /* "fdatasync", "clean"; together they name it */
    tl_fault_source source;
    tl_simdisk_call call;
    tl_status status; /* what the call returns */
    tl_sync_failure failure;
} tl_fault_class;

enum { TL_FAULT_CLASS_MAX = 32 };
size_t tl_fault_class_count(void);
const tl_fault_class *tl_fault_class_at(size_t index);

typedef struct tl_fault_case { /* which run of a sweep */
    size_t class_;             /* index of its class */
    uint64_t nth;              /* call, or allocation; of a quota: bytes */
    bool sticky;               /* all later ones fail too, until the first refusal was seen */
} tl_fault_case;

enum { TL_FAULT_CASE_TEXT_MAX = 64 };
/* "fdatasync:17:once:clean" */
void tl_fault_case_print(const tl_fault_case *which, char text[TL_FAULT_CASE_TEXT_MAX]);
bool tl_fault_case_parse(const char *text, tl_fault_case *which);

/* What the store does after a failure; X(upper, lower, meaning). */
#define TL_FAULT_POLICY_MAP(X)                                                                     \
    X(ABSORBED, absorbed, "no call told of it, and nothing is missing")                            \
    X(REOPEN_SAFE, reopen_safe, "open or close refused; the next open works and finds all")        \
    X(RETRY_SAFE, retry_safe, "refused; the same once more succeeds, and is kept")                 \
    X(STICKY_READ_ONLY, sticky_read_only, "no more commits until it is opened again; reads go on") \
    X(ABORT, abort, "not even reads until it is opened again")                                     \
    X(UNSAFE, unsafe, "it broke its promise")

#define TL_FAULT_POLICY_AS_ENUM(upper, lower, text) TL_FAULT_POLICY_##upper,
typedef enum tl_fault_policy {
    TL_FAULT_POLICY_MAP(TL_FAULT_POLICY_AS_ENUM) TL_FAULT_POLICY_COUNT
} tl_fault_policy;
const char *tl_fault_policy_name(tl_fault_policy policy); /* "sticky_read_only" */

typedef struct tl_fault_finding {
    tl_fault_case where;
    const char *rule; /* one of this sweep's (status, snapshot, ...) or of inspect.h */
    char text[320];
} tl_fault_finding;

typedef struct tl_faultsweep_options {
    const tl_driver *driver; /* has TL_DRIVER_SIM_IO */
    const tl_driver_setting *settings;
    size_t setting_count;
    tl_durability durability;
    uint32_t page_bytes;
    uint64_t seed;
    size_t commits;
    bool classes[TL_FAULT_CLASS_MAX];
    const tl_fault_case *only; /* this run alone; NULL: all */
    uint64_t stride;           /* of each class every so manieth; 0 and 1: all */
    uint64_t budget_ns;        /* stop after so long; 0: no bound */
    tl_arena *arena;           /* for every open; NULL: the driver makes its own each time */
    bool (*stop)(void);        /* asked before each run; NULL: never */
    void (*on_progress)(void *context, size_t class_index);             /* may be NULL */
    void (*on_finding)(void *context, const tl_fault_finding *finding); /* may be NULL */
    void *context;
} tl_faultsweep_options;

typedef struct tl_fault_tally { /* of one class */
    uint64_t points;            /* runs in which the fault was reached */
    uint64_t injected;          /* calls that were refused in them */
    uint64_t states;            /* stores opened and inspected in full afterwards */
    uint64_t by_policy[TL_FAULT_POLICY_COUNT];
    uint64_t findings;
    bool complete; /* the last run ended with nothing refused, or all quotas were tried */
} tl_fault_tally;

typedef struct tl_faultsweep_result {
    tl_fault_tally classes[TL_FAULT_CLASS_MAX];
    uint64_t points, injected, states, findings;
    uint64_t elapsed_ns;
    size_t commits, checkpoints, io_ops; /* of the run without a fault */
    uint64_t grown_bytes;                /* what its files came to */
    bool complete;                       /* every run asked for was made */
    char error[320];                     /* why the sweep itself failed */
} tl_faultsweep_result;

/* The policy that stands for a class: UNSAFE if one run was, else the strictest that occurred. */
tl_fault_policy tl_fault_tally_policy(const tl_fault_tally *tally);

/* TL_OK       *result is filled, whether there are findings or not
 * TL_INVALID  the only case is not reached by this history
 * others      the run without a fault failed, result->error tells how; or TL_NO_MEMORY */
TL_MUST_USE tl_status tl_faultsweep_run(const tl_faultsweep_options *options,
                                        tl_faultsweep_result *result);

#endif
