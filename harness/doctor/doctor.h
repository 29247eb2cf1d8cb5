/* harness/doctor/doctor.h -- is this machine fit to measure on, for what, and what would help?
 *
 *     tl_doctor_examine -> tl_doctor_conclude -> tl_doctor_json
 *
 * The examination reads settings, then measures for a second or two: how even a fixed piece of
 * work is, how often a spinning thread is interrupted, who else runs, what a sync costs.  Each
 * symptom says what it means for which kind of figure and what to change.
 *
 * Threads   one examination at a time per process: it measures that process.
 */
#ifndef TL_HARNESS_DOCTOR_H
#define TL_HARNESS_DOCTOR_H

#include "harness/report/json.h"

typedef enum tl_purpose {                          /* what one may want to measure */
                          TL_PURPOSE_COUNTERS,     /* exact counters of the engine */
                          TL_PURPOSE_INSTRUCTIONS, /* instruction counts under callgrind */
                          TL_PURPOSE_TIME,         /* processor time, two arms in pairs */
                          TL_PURPOSE_LATENCY,      /* tails and rates by the clock */
                          TL_PURPOSE_DURABLE,      /* commits that wait for a disk */
                          TL_PURPOSE_COUNT,
} tl_purpose;
const char *tl_purpose_name(tl_purpose purpose); /* "counters" */

typedef enum tl_fitness { /* in rising gravity */
                          TL_FIT,
                          TL_FIT_UNKNOWN, /* could not be learnt here; stands in nobody's way */
                          TL_FIT_CARE,    /* measure, and look at the spread */
                          TL_UNFIT,
} tl_fitness;
const char *tl_fitness_name(tl_fitness fitness); /* "care" */

enum { TL_SYMPTOM_TEXT_MAX = 240, TL_SYMPTOM_MAX = 32 };

typedef struct tl_symptom {
    const char *name;                 /* "governor": stable, for scripts */
    char value[TL_SYMPTOM_TEXT_MAX];  /* what was found, with units */
    tl_fitness fitness;               /* for the purposes below */
    unsigned purposes;                /* bits: 1 << tl_purpose */
    char remedy[TL_SYMPTOM_TEXT_MAX]; /* what to change; "" when nothing */
} tl_symptom;

typedef struct tl_examination {
    tl_symptom symptoms[TL_SYMPTOM_MAX];
    size_t count;
} tl_examination;

typedef struct tl_doctor_request {
    const char *dir;     /* where stores would live: its file system is probed */
    uint64_t measure_ns; /* how long to listen to the machine; 0: settings only */
} tl_doctor_request;

/* Fill *found.  Cannot fail: what cannot be learnt is a symptom of fitness UNKNOWN. */
void tl_doctor_examine(const tl_doctor_request *request, tl_examination *found);

/* The gravest fitness for `purpose`; UNKNOWN counts as FIT. */
tl_fitness tl_doctor_conclude(const tl_examination *found, tl_purpose purpose);

/* Schema "treelab.doctor/1"; the caller owns it.  NULL when memory is short. */
tl_json *tl_doctor_json(const tl_examination *found);

#endif
