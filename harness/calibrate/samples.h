/* harness/calibrate/samples.h -- launches of known truth, recorded one line each.
 *
 * samples.tsv only grows.  Its head tells what was measured, so that nothing is added that was
 * measured otherwise; a line cut off by a kill is not read.
 *
 *     # a line of the head, any number of them
 *     arm  row  load  block  median  sums  wall  launch_s
 *
 * An arm is what B was made to do: "aa" is nothing, "cpu:0.03" see harness/compare/inject.h.
 */
#ifndef TL_HARNESS_SAMPLES_H
#define TL_HARNESS_SAMPLES_H

#include "harness/compare/duel.h"

enum { TL_SERIES_MAX = 512, TL_ARM_NAME_MAX = 24, TL_SAMPLES_HEAD_MAX = 8192 };

typedef struct tl_series { /* launches of one row with one arm, in the order of recording */
    char arm[TL_ARM_NAME_MAX], row[2 * TL_LAUNCH_NAME_MAX], load[TL_LAUNCH_NAME_MAX];
    double *values[TL_DUEL_STATISTICS], *wall; /* owned; logarithms of tB/tA */
    double launch_s;                           /* sum over launches */
    size_t n, capacity;
} tl_series;

typedef struct tl_samples { /* zeros: empty */
    tl_series series[TL_SERIES_MAX];
    size_t count;
} tl_samples;

typedef struct tl_sample {
    const char *arm, *row, *load;
    unsigned block;
    double median, sums, wall, launch_s;
} tl_sample;

/* TL_OK, TL_NO_MEMORY, or TL_INVALID: more than TL_SERIES_MAX series. */
TL_MUST_USE tl_status tl_samples_add(tl_samples *samples, const tl_sample *sample);
void tl_samples_release(tl_samples *samples);

const tl_series *tl_samples_find(const tl_samples *samples, const char *arm, const char *row);
/* Launches that every row of the load has with this arm; 0 when it has no row. */
size_t tl_samples_launches(const tl_samples *samples, const char *arm, const char *load);

/* Read a journal that begins with `head`.
 *
 * TL_OK         *samples holds its lines
 * TL_NOT_FOUND  there is no such file
 * TL_VERSION    its head says otherwise; `error` has the first line that differs
 * TL_CORRUPT    a line before the last is not understood; `error` names it
 * TL_INVALID, TL_IO, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_samples_read(const char *path, const char *head, tl_samples *samples,
                                      char *error, size_t error_bytes);

/* Open it for more lines, after cutting off a last line that is not whole; a new one begins with
 * `head`.  NULL: see errno. */
FILE *tl_samples_open(const char *path, const char *head);
/* False when it could not be written. */
bool tl_samples_write(FILE *file, const tl_sample *sample);

#endif
