/* harness/run/schedule.h -- one thread keeping to a timetable, and how well it did.
 *
 * A store that cannot keep up falls behind further and further: its response times then say how
 * long the run was, not how fast the store is.  `late_ns` tells: how long after its time the last
 * operation started.  A stall that was made up for before the end leaves it at 0.
 */
#ifndef TL_HARNESS_RUN_SCHEDULE_H
#define TL_HARNESS_RUN_SCHEDULE_H

#include "harness/measure/clock.h"
#include "harness/run/arrivals.h"

typedef struct tl_schedule { /* of one thread while it runs */
    const tl_clock *clock;
    tl_arrivals next, ahead; /* `ahead` has counted what was due when an operation was late */
    uint64_t begin_ticks, op_count_max, started, came, came_next_ns;

    /* What came of it. */
    uint64_t intended_ticks; /* of the operation that started last */
    uint64_t late_ns;        /* how long after that it started */
    uint64_t backlog_max;    /* operations whose time had come and that had not started */
} tl_schedule;

/* Begin now; at most `op_count_max` operations will be asked for. */
void tl_schedule_begin(tl_schedule *schedule, const tl_clock *clock, const tl_rate *rate,
                       uint64_t seed, uint64_t share, uint64_t share_count, uint64_t op_count_max);

/* Wait for the next operation's time; gives the clock's reading when it starts. */
uint64_t tl_schedule_wait(tl_schedule *schedule);

typedef struct tl_run_schedule { /* of a phase, all its threads together */
    tl_rate rate;                /* mode TL_RATE_CLOSED: it had no timetable, and the rest is 0 */
    double achieved_per_s; /* operations over the timetable's length or the phase's, if longer */
    uint64_t length_ns;    /* of the timetable */
    uint64_t backlog_max;  /* the threads' largest ones added up */
    uint64_t late_ns;      /* of the thread that was latest at the end */
    bool overloaded;       /* late by more than 1 % of the timetable, and by more than 1 ms */
} tl_run_schedule;

/* Add a thread's schedule, which has come to its end. */
void tl_schedule_add(tl_run_schedule *whole, tl_schedule *schedule);
void tl_schedule_conclude(tl_run_schedule *whole, uint64_t ops, uint64_t wall_ns);

#endif
