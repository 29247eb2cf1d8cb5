/* harness/check/mutant_campaign.h -- every seeded bug against every sweep that has to do with it.
 *
 * Each bug goes through the sweeps of the weakest kind that must find it until one does; only when
 * none did through those of stronger kinds; and at a glance through those that must not find it.
 * One that another defence covers goes alone through all of them at a glance, and
 * once more with that defence off.  Several processes run beside each other; the result does not
 * depend on how many, but for what threads show.
 */
#ifndef TL_HARNESS_MUTANT_CAMPAIGN_H
#define TL_HARNESS_MUTANT_CAMPAIGN_H

#include "harness/check/mutant_run.h"

typedef enum tl_mutant_verdict {
    TL_VERDICT_FOUND,    /* and nowhere where it must not be */
    TL_VERDICT_COVERED,  /* by another defence: survived alone; its pair has a verdict of its own */
    TL_VERDICT_WAITS,    /* survived; the sweep that must find it is not among these */
    TL_VERDICT_SURVIVED, /* the sweep that must find it did not */
    TL_VERDICT_STRONGER, /* that did not, but one of a stronger kind did */
    TL_VERDICT_UNEXPECTED, /* found where it must not be: the table or the lab is wrong */
    TL_VERDICT_UNFIT,      /* a sweep could not be done */
} tl_mutant_verdict;
const char *tl_mutant_verdict_name(tl_mutant_verdict verdict);

enum { TL_MUTANT_SWEEPS_MAX = 64, TL_MUTANT_PASSES = 3 };

typedef struct tl_mutant_task { /* one bug, alone or with its pair */
    const tl_mutant_row *row;   /* NULL: the engine as it is */
    bool paired;
    const char *more; /* as in a trial */
    tl_mutant_trial trials[TL_MUTANT_SWEEPS_MAX];
    size_t trial_count; /* that have ended, or run */
    size_t next;        /* sweep to look at next */
    unsigned pass;      /* those that must find it, those that may, those that must not */
    bool found;
    bool running, done;        /* done: also when no sweep had anything to do with it */
    tl_mutant_verdict verdict; /* then */
} tl_mutant_task;

typedef struct tl_mutant_campaign {
    bool all; /* each sweep whole on each bug, found or not */
    unsigned jobs;
    const char *const *only; /* names; only_count 0: every row */
    size_t only_count;
    bool (*stop)(void); /* asked between trials; NULL: never */
    void (*on_task)(void *context, const tl_mutant_task *task, size_t done, size_t total);
    void *context;
    tl_mutant_task *tasks; /* out: owned, free() */
    size_t task_count, tasks_done;
} tl_mutant_campaign;

/* TL_OK also when stopped early: tasks_done tells. */
TL_MUST_USE tl_status tl_mutant_campaign_run(tl_mutant_campaign *campaign);

/* The trial that found it first; NULL: none did. */
const tl_mutant_trial *tl_mutant_task_finding(const tl_mutant_task *task);
/* The trial that contradicts the table; NULL: none does, or what does is that no one found it. */
const tl_mutant_trial *tl_mutant_task_contradiction(const tl_mutant_task *task);
/* What stands beside the table about what happened here; NULL: it is as the table says, or it is
 * not told. */
const tl_mutant_note *tl_mutant_task_note(const tl_mutant_task *task);
/* Is the verdict what the table says, or told beside it?  One that nothing found never is, but
 * where the sweep that must find it is not there, or further defences are known, with which it is a
 * task of its own. */
bool tl_mutant_task_is_fine(const tl_mutant_task *task);

#endif
