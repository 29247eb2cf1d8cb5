/* harness/fault/baton.h -- real threads of which one runs at a time, in an order that a number
 * decides.
 *
 *     tl_baton_run(seed, body)     body starts threads, as any program does; they lock, wait and
 *                                  signal, as any program does; the same seed, the same run
 *
 * Of the threads below tl_baton_run exactly one runs: the one that holds the baton.  It hands the
 * baton over only where it locks, unlocks, waits, signals, starts or joins a thread, yields, calls
 * the disk (baton_io.h) or says so (tl_baton_pass); who goes on is drawn.  So everything between
 * two such places happens at once for the others, and all that the run does follows from the seed.
 *
 * How lots are drawn is drawn first: each time anew; mostly the same thread again; or by rank, the
 * highest that can run, which now and then loses its rank and stands still until no other can go
 * on (after S. Burckhardt and others, "A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs", ASPLOS 2010).
 *
 * Locks are caught by the linker: the functions of pthread that take part are wrapped
 * (baton_wrap.c; `--wrap`), for a thread below tl_baton_run and for no other.  Such a thread's
 * mutexes and conditions are kept here alone: a mutex belongs to threads of one baton, or to none.
 * A timed wait may end at any time, as if the others had been slow; random bytes of the system come
 * from the seed too.
 *
 * Threads   tl_baton_run by one thread, for itself; the rest by the threads below it.
 */
#ifndef TL_HARNESS_BATON_H
#define TL_HARNESS_BATON_H

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TL_BATON_THREADS_MAX = 32 };

typedef struct tl_baton_spec {
    uint64_t seed;
    uint64_t steps_max;          /* places with a choice before a run counts as endless; 0: 2^20 */
    void (*body)(void *context); /* in a thread of its own; it need not join what it starts */
    void *context;
} tl_baton_spec;

typedef struct tl_baton_report {
    uint64_t steps;    /* places where the baton could change hands */
    uint64_t switches; /* where it did */
    uint64_t order;    /* hash of who held it from step to step */
    char stuck[512];   /* TL_BUSY: who waits for what */
} tl_baton_report;

/* Run spec->body and the threads it starts to their ends.
 *
 * TL_OK         all have ended
 * TL_BUSY       none can go on, or there is no end: report->stuck tells.  The threads stay where
 *               they are until the process ends, and so must what they use
 * TL_NO_MEMORY  also for a thread that could not be started */
TL_MUST_USE tl_status tl_baton_run(const tl_baton_spec *spec, tl_baton_report *report);

/* The calling thread lets others go on, if their turn has come; nothing outside of a baton.  With
 * `rather_others` one of them goes on when one can. */
void tl_baton_pass(bool rather_others);
/* What `stuck` calls the calling thread: "writer", 2.  The name is borrowed. */
void tl_baton_name(const char *name, unsigned number);

#endif
