/* harness/doctor/doctor_body.h -- what the doctor's files share. */
#ifndef TL_HARNESS_DOCTOR_BODY_H
#define TL_HARNESS_DOCTOR_BODY_H

#include "harness/doctor/doctor.h"

#define FOR(purpose) (1u << TL_PURPOSE_##purpose)
#define FOR_CLOCKS   (FOR(TIME) | FOR(LATENCY) | FOR(DURABLE))
#define FOR_ALL      (FOR_CLOCKS | FOR(COUNTERS) | FOR(INSTRUCTIONS))

/* Add a symptom with its value, printf-like.  Its remedy is empty; see tl_symptom_remedy. */
tl_symptom *tl_symptom_add(tl_examination *found, const char *name, tl_fitness fitness,
                           unsigned purposes, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void tl_symptom_remedy(tl_symptom *symptom, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The parts of an examination, in the order they are told. */
void tl_doctor_look_at_settings(tl_examination *found);
void tl_doctor_look_at_storage(const char *dir, tl_examination *found);
void tl_doctor_look_at_tools(tl_examination *found);
void tl_doctor_listen(uint64_t measure_ns, tl_examination *found);

/* What listening measured, and what it is worth; apart so that a test can judge made-up noise. */
typedef struct tl_doctor_noise {
    double elapsed_ns;
    double spread;             /* of fixed pieces of work, in processor time: 1.4826 MAD / median */
    uint64_t gaps;             /* times a spinning thread stood still for 100 us or more */
    double gap_ns, gap_ns_max; /* their sum and the longest */
    double steal;     /* share of the processors' time that a hypervisor took; NAN unknown */
    double waited;    /* share of the time this thread waited for a processor; NAN unknown */
    double others;    /* processors that others kept busy; NAN unknown */
    char busiest[64]; /* the process that took most of it; "" unknown or none */
} tl_doctor_noise;
void tl_doctor_judge_noise(const tl_doctor_noise *noise, tl_examination *found);

/* Processor time of everybody and of the busiest process but this one, between two calls. */
typedef struct tl_census tl_census;
tl_census *tl_census_begin(void); /* NULL when memory is short or there is no /proc */
/* Processors that others kept busy since; `name` gets the busiest one's.  Frees the census.
 * NAN when unknown, as for NULL. */
double tl_census_end(tl_census *census, double elapsed_ns, char *name, size_t name_bytes);

#endif
