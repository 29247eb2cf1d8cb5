/* harness/check/mutant_run.h -- a seeded bug awake in a process of its own, and a sweep at it.
 *
 * A sweep is told nothing of the bug: it looks at a store as it always does and says what it saw.
 * The process apart makes a crash, an assertion and an endless loop answers too.
 *
 *     row of mutants.h x row of the sweeps -> tl_mutant_trial_start -> tl_mutant_trial_end
 *
 * To join, a sweep gives a row: see mutant_sweeps.c.
 */
#ifndef TL_HARNESS_MUTANT_RUN_H
#define TL_HARNESS_MUTANT_RUN_H

#include "harness/check/mutants.h"
#include "tl/status.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- the side of a sweep ---- */

enum { TL_PROBE_WHERE_BYTES = 512, TL_PROBE_TEXT_BYTES = 320 };

typedef struct tl_mutant_sweep tl_mutant_sweep;

typedef struct tl_probe {         /* what a sweep says, in memory that outlives its process */
    _Atomic uint64_t states;      /* judged so far; of random tests: runs */
    const tl_mutant_sweep *sweep; /* the row that runs */
    unsigned stride;              /* look at every so manieth state or run; 1: at all */
    bool found, complete, unfit, reached;
    char where[TL_PROBE_WHERE_BYTES]; /* the case that was found, as the sweep names it */
    char rule[48];                    /* that it broke */
    char text[TL_PROBE_TEXT_BYTES];   /* in words; or why the sweep could not be done */
} tl_probe;

/* The sweep found something and is about to return.  The first call counts. */
void tl_probe_found(tl_probe *probe, const char *where, const char *rule, const char *text);
/* The sweep could not be done, for a reason that is not the store's. */
void tl_probe_unfit(tl_probe *probe, const char *text);

struct tl_mutant_sweep {
    const char *name, *summary;
    tl_finder finder; /* what it is, or is a part of */
    bool whole;       /* all there is of it: a bug that this finder must find dies here, or else */
    unsigned glance;  /* the stride for a bug that it must not find; 0: it does not look */
    unsigned seconds_max;         /* a process that takes longer hangs */
    void (*run)(tl_probe *probe); /* returns at the first finding, or with everything judged */
    const void *what;             /* the function's own business, by probe->sweep; may be NULL */
};

size_t tl_mutant_sweep_count(void);
const tl_mutant_sweep *tl_mutant_sweep_at(size_t index);

/* ---- the side of the program ---- */

typedef struct tl_mutant_engine {    /* the engine that a program is linked with */
    void (*wake)(const char *names); /* "name", "name+name"; NULL: all asleep */
    bool (*reached)(void);           /* all that are awake were asked for */
    const tl_mutant_sweep *sweeps;   /* those that come with its tests */
    size_t sweep_count;
} tl_mutant_engine;
/* NULL: the program's engine has no seeded bugs. */
extern const tl_mutant_engine *const tl_mutant_engine_here;

typedef enum tl_mutant_fate {
    TL_MUTANT_SURVIVED,
    TL_MUTANT_FOUND, /* by a judge */
    TL_MUTANT_DIED,  /* the process: an assertion, a signal, a sanitizer */
    TL_MUTANT_HUNG,
    TL_MUTANT_UNFIT, /* no trial: the sweep could not be done */
} tl_mutant_fate;
const char *tl_mutant_fate_name(tl_mutant_fate fate); /* "survived" "found" ... */

typedef struct tl_mutant_trial {
    const tl_mutant_row *row; /* NULL: no bug is awake */
    bool paired;              /* with the defence that covers it turned off */
    const char *more;         /* and with these, see tl_mutant_note; NULL: none */
    const tl_mutant_sweep *sweep;
    unsigned stride;
    /* while it runs */
    pid_t process;
    tl_probe *probe;
    uint64_t begin_ns;
    /* when it has ended */
    tl_mutant_fate fate;
    uint64_t states, elapsed_ns;
    bool complete, reached;
    char where[TL_PROBE_WHERE_BYTES], rule[48], text[TL_PROBE_TEXT_BYTES];
} tl_mutant_trial;

/* "name+name" of a trial. */
void tl_mutant_trial_names(const tl_mutant_trial *trial, char names[TL_MUTANT_NAME_MAX]);
static inline bool tl_mutant_is_dead(tl_mutant_fate fate)
{
    return fate == TL_MUTANT_FOUND || fate == TL_MUTANT_DIED || fate == TL_MUTANT_HUNG;
}

/* Start a trial whose row, paired, sweep and stride are set.  TL_NO_MEMORY, TL_BUSY: no process. */
TL_MUST_USE tl_status tl_mutant_trial_start(tl_mutant_trial *trial);
/* Its process has ended with `how`, as waitpid says. */
void tl_mutant_trial_end(tl_mutant_trial *trial, int how);

/* Must this trial find its bug; must it not? */
bool tl_mutant_must_die(const tl_mutant_trial *trial);
bool tl_mutant_must_live(const tl_mutant_trial *trial);
/* Can a sweep be expected to find what a row breaks at all? */
bool tl_mutant_may_find(const tl_mutant_sweep *sweep, const tl_mutant_row *row);

#endif
