/* harness/check/faultsweep_body.h -- a fault sweep that runs; for the files of this folder. */
#ifndef TL_HARNESS_FAULTSWEEP_BODY_H
#define TL_HARNESS_FAULTSWEEP_BODY_H

#include "harness/check/faultsweep.h"
#include "harness/fault/memory.h"

typedef struct tl_fault_sweep {
    const tl_faultsweep_options *options;
    tl_faultsweep_result *result;
    tl_oracle *oracle;
    tl_inspector inspector; /* options.io and options.memory are the run's */
    tl_fault_memory memory;
    uint64_t clean_bytes;        /* that the files have after the run without a fault */
    size_t *begun_at, *acked_at; /* [commits + 1]: log entries when commit n was begun, and when it
                                    was acknowledged; of the run under way */
    uint64_t *quotas;            /* to try, ascending */
    size_t quota_count;
    uint64_t started_ns;
    bool stopped;
} tl_fault_sweep;

typedef struct tl_fault_run {
    tl_fault_sweep *sweep;
    const tl_fault_case *plan; /* NULL: nothing fails */
    const tl_fault_class *class_;
    tl_simdisk *disk;
    tl_store *store;
    tl_store_txn *snapshot;
    size_t snapshot_of; /* the commit that it shows */
    size_t acked;       /* the last commit acknowledged */
    size_t begun;       /* the last one handed to commit */
    bool unknown;       /* `begun` may be there or not */
    bool healed;        /* nothing fails any more */
    bool open;          /* the store is, and not being closed */
    bool refused;       /* some call told of a failure */
    bool in_place;      /* one while it was open */
    bool sticky;        /* it takes no more commits */
    bool dead;          /* not even reads */
    bool broken;        /* there is a finding */
    uint64_t fired;     /* calls refused until it was healed */
} tl_fault_run;

/* Note a finding; the run is broken and goes to its end. */
__attribute__((format(printf, 3, 4))) void tl_fault_broken(tl_fault_run *run, const char *rule,
                                                           const char *format, ...);
void tl_fault_heal(tl_fault_run *run); /* everything works from here on */
bool tl_fault_fired(const tl_fault_run *run);

/* The history, with whatever is planned, until the store is closed.  faultsweep_run.c */
void tl_fault_live(tl_fault_run *run);
/* What the next processes find.  faultsweep_after.c */
tl_status tl_fault_aftermath(tl_fault_run *run);

#endif
